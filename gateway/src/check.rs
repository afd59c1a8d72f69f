//! What the platform checks before it lets a call through, in its order, with its codes (protocol.md 5.1).

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use codegen::spec::{Authorization, Kind, Pages, Parameter, Platform, Spec, TypeName};
use generated_sdk::protocol::{DateTime, Decimal, Format, SignMethod, signature};
use serde_json::Value;

use crate::Gateway;
use crate::example::Node;
use crate::incoming::{Incoming, Parameters, Unreadable};
use crate::pages;

/// A method as the gateway needs it.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) node: String,
    authorization: Option<Authorization>,
    request: Vec<Parameter>,
    answer: Vec<(String, Node)>,
    pages: Option<Pages>,
}

impl Method {
    /// Whether the value of a parameter is not to be shown: it is a secret, or holds one.
    pub(crate) fn hides(&self, name: &str, platform: &Platform) -> bool {
        let parameter = self.request.iter().find(|parameter| parameter.name.value == name);
        parameter.map_or_else(|| platform.is_secret(name), |parameter| hides(parameter, platform))
    }

    pub(crate) fn new(spec: Spec) -> Self {
        let answer = Node::of(&spec.response.fields);
        Self {
            node: spec.response.node.value,
            authorization: spec.authorization,
            request: spec.request,
            answer,
            pages: spec.pages,
        }
    }

    /// The members of the answer to a call that passed. `length` is how many items a list has, if somebody has said so.
    pub(crate) fn answer(&self, parameters: &Parameters, length: Option<i64>) -> Result<Vec<(String, Node)>, Refused> {
        let answer = self.answer.clone();
        match &self.pages {
            Some(pages) => pages::page(pages, &self.request, parameters, answer, length),
            None => Ok(answer),
        }
    }
}

fn hides(parameter: &Parameter, platform: &Platform) -> bool {
    parameter.secret.unwrap_or_else(|| platform.is_secret(&parameter.name.value))
        || parameter.fields.iter().any(|field| hides(field, platform))
}

/// A call that passed.
pub(crate) struct Passed<'a> {
    pub(crate) method: &'a Method,
}

/// A call that did not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: i64,
    /// What follows the code's name in `msg`.
    pub(crate) argument: Option<String>,
    pub(crate) sub_code: Option<String>,
    pub(crate) sub_msg: Option<String>,
    /// The two signatures, where they differ.
    pub(crate) signatures: Option<Signatures>,
}

/// A signature that is not what it should be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Signatures {
    pub(crate) method: SignMethod,
    pub(crate) expected: String,
}

impl Refused {
    fn new(code: i64) -> Self {
        Self { code, argument: None, sub_code: None, sub_msg: None, signatures: None }
    }

    fn because(code: i64, sub_code: &str, sub_msg: impl Into<String>) -> Self {
        Self { sub_code: Some(sub_code.to_owned()), sub_msg: Some(sub_msg.into()), ..Self::new(code) }
    }

    pub(crate) fn missing(name: &str) -> Self {
        let sub_code = format!("isv.missing-parameter:{name}");
        Self { argument: Some(name.to_owned()), ..Self::because(40, &sub_code, format!("{name} is required")) }
    }

    pub(crate) fn invalid(name: &str, expected: impl Display) -> Self {
        let sub_code = format!("isv.invalid-parameter:{name}");
        Self { argument: Some(name.to_owned()), ..Self::because(41, &sub_code, format!("{name} must be {expected}")) }
    }
}

/// A parameter that has content.
pub(crate) fn given<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    parameters.texts.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

/// What the answer is to be written in: XML unless JSON is asked for.
pub(crate) fn format(parameters: &Parameters) -> Format {
    given(parameters, "format").and_then(|format| format.parse().ok()).unwrap_or(Format::Xml)
}

/// Whether a JSON answer is to be simplified.
pub(crate) fn simplify(parameters: &Parameters) -> bool {
    given(parameters, "simplify").is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
}

impl Gateway {
    /// The parameters of a request, or why there are none.
    pub(crate) fn read(&self, incoming: &Incoming<'_>) -> Result<Parameters, Refused> {
        if incoming.verb != "POST" {
            return Err(Refused::because(9, "isv.invalid-http-action", "send the call as a POST"));
        }
        incoming.parameters().map_err(|unreadable| match unreadable {
            Unreadable::Encoding => Refused::because(47, "isv.invalid-encoding", "names and values are UTF-8"),
            Unreadable::ContentType => Refused::because(
                43,
                "isv.invalid-content-type",
                "the body is application/x-www-form-urlencoded, or multipart/form-data if there are files",
            ),
            Unreadable::Parts => Refused::because(3, "isv.invalid-multipart", "the body is not made of parts"),
        })
    }

    /// Holds a call against everything that the platform demands.
    pub(crate) fn check(&self, parameters: &Parameters) -> Result<Passed<'_>, Refused> {
        let name = given(parameters, "method").ok_or_else(|| Refused::new(21))?;
        let method = self
            .methods
            .get(name)
            .ok_or_else(|| Refused::because(22, "isv.invalid-method", format!("no spec describes {name}")))?;
        let key = given(parameters, "app_key").ok_or_else(|| Refused::new(28))?;
        let secret = self.applications.get(key).ok_or_else(|| {
            Refused::because(
                29,
                "isv.appkey-not-exists",
                format!("the gateway was not started with --app {key}=SECRET"),
            )
        })?;
        self.timestamp(given(parameters, "timestamp").ok_or_else(|| Refused::new(30))?)?;
        match given(parameters, "v") {
            None => return Err(Refused::new(32)),
            Some(version) if version == self.platform.version => {}
            Some(_) => {
                let problem = format!("v is {}", self.platform.version);
                return Err(Refused::because(33, "isv.invalid-version", problem));
            }
        }
        if given(parameters, "format").is_some_and(|format| format.parse::<Format>().is_err()) {
            return Err(Refused::because(23, "isv.invalid-format", "format is xml or json"));
        }
        sign(parameters, secret)?;
        if method.authorization == Some(Authorization::Required) && given(parameters, "session").is_none() {
            return Err(Refused::because(
                26,
                "isv.missing-session",
                "the method needs a session; any text will do here",
            ));
        }
        for parameter in &method.request {
            match parameter.type_name().kind() {
                Some(Kind::File) => {
                    files(parameter, parameters.files.get(&parameter.name.value).map_or(&[], Vec::as_slice))?
                }
                _ => text(parameter, given(parameters, &parameter.name.value))?,
            }
        }
        Ok(Passed { method })
    }

    /// A timestamp is text at GMT+8 or milliseconds since 1970.
    fn timestamp(&self, text: &str) -> Result<(), Refused> {
        let wrong = |problem: String| Refused::because(31, "isv.invalid-timestamp", problem);
        let sent = match (text.parse::<DateTime>(), text.parse::<i64>()) {
            (Ok(date), _) if text.len() == "yyyy-MM-dd HH:mm:ss".len() => Some(date),
            (_, Ok(milliseconds)) => DateTime::from_epoch_milliseconds(milliseconds),
            _ => None,
        };
        let sent = sent.ok_or_else(|| wrong("timestamp is yyyy-MM-dd HH:mm:ss at GMT+8".to_owned()))?.to_system_time();
        let now = (self.clock)();
        let apart = now.duration_since(sent).unwrap_or_else(|error| error.duration());
        let minutes = self.platform.timestamp_tolerance_minutes;
        if apart > Duration::from_secs(60 * u64::from(minutes)) {
            let now = DateTime::from(now);
            return Err(wrong(format!("the gateway's clock says {now}; timestamps are good for {minutes} minutes")));
        }
        Ok(())
    }
}

fn sign(parameters: &Parameters, secret: &str) -> Result<(), Refused> {
    let sent = given(parameters, "sign").ok_or_else(|| Refused::new(24))?;
    let method = given(parameters, "sign_method").unwrap_or_default();
    let method: SignMethod =
        method.parse().map_err(|error| Refused::because(25, "isv.invalid-sign-method", format!("{error}")))?;
    let expected = signature(method, secret, pairs(parameters), b"");
    // Some SDKs sign the name of an empty parameter, others skip it (protocol.md 2.2).
    let with_content = pairs(parameters).filter(|(_, value)| !value.is_empty());
    if sent == expected || sent == signature(method, secret, with_content, b"") {
        return Ok(());
    }
    Err(Refused { signatures: Some(Signatures { method, expected }), ..Refused::new(25) })
}

/// Names and values in the byte order of the names.
pub(crate) fn pairs(parameters: &Parameters) -> impl Iterator<Item = (&str, &str)> {
    parameters.texts.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

/// The files of a parameter, of which only the sizes matter.
fn files(parameter: &Parameter, sizes: &[usize]) -> Result<(), Refused> {
    let name = parameter.name.value.as_str();
    if sizes.is_empty() && parameter.is_required() {
        return Err(Refused::missing(name));
    }
    list(name, parameter, sizes.len())?;
    let longest = sizes.iter().max().and_then(|size| i64::try_from(*size).ok()).unwrap_or_default();
    match &parameter.max_length {
        Some(most) if longest > most.value => Err(Refused::invalid(name, format_args!("at most {} bytes", most.value))),
        _ => Ok(()),
    }
}

/// A parameter of the request, as text.
fn text(parameter: &Parameter, value: Option<&str>) -> Result<(), Refused> {
    let name = parameter.name.value.as_str();
    let Some(value) = value.filter(|value| !value.trim().is_empty()) else {
        return if parameter.is_required() { Err(Refused::missing(name)) } else { Ok(()) };
    };
    let type_name = parameter.type_name();
    match type_name.kind() {
        // Lists of JSON are JSON, all others are joined by commas.
        Some(kind) if type_name.list && !matches!(kind, Kind::Json | Kind::Map) => {
            let items: Vec<_> = value.split(',').collect();
            list(name, parameter, items.len())?;
            items.into_iter().try_for_each(|value| scalar(name, kind, value, parameter))
        }
        Some(kind) if !type_name.list => {
            if parameter.max_list_size.is_some() {
                list(name, parameter, value.split(',').count())?;
            }
            scalar(name, kind, value, parameter)
        }
        _ => {
            let value = serde_json::from_str(value).map_err(|_| Refused::invalid(name, "JSON"))?;
            structure(name, parameter, type_name, &value)
        }
    }
}

fn list(path: &str, parameter: &Parameter, size: usize) -> Result<(), Refused> {
    match &parameter.max_list_size {
        Some(most) if i64::try_from(size).is_ok_and(|size| size > most.value) => {
            Err(Refused::invalid(path, format_args!("at most {} elements", most.value)))
        }
        _ => Ok(()),
    }
}

fn scalar(path: &str, kind: Kind, value: &str, parameter: &Parameter) -> Result<(), Refused> {
    let (fits, expected) = match kind {
        Kind::String | Kind::FieldList | Kind::File => (true, ""),
        Kind::Number | Kind::Byte => (value.parse::<i64>().is_ok(), "a whole number"),
        Kind::Boolean => (matches!(value, "true" | "false"), "true or false"),
        Kind::Date => (value.parse::<DateTime>().is_ok(), "a date as yyyy-MM-dd HH:mm:ss"),
        Kind::Price | Kind::BigDecimal => (Decimal::from_str_exact(value).is_ok(), "a decimal"),
        Kind::Json => (serde_json::from_str::<Value>(value).is_ok(), "JSON"),
        Kind::Map => (serde_json::from_str::<BTreeMap<String, Value>>(value).is_ok(), "a JSON object"),
    };
    if !fits {
        return Err(Refused::invalid(path, expected));
    }
    let beyond = |limit: &Option<codegen::spec::Placed<i64>>, is: fn(Decimal, Decimal) -> bool| {
        let limit = limit.as_ref()?.value;
        let value = Decimal::from_str_exact(value).ok()?;
        is(value, limit.into()).then_some(limit)
    };
    if let Some(least) = beyond(&parameter.min_value, |value, least| value < least) {
        return Err(Refused::invalid(path, format_args!("at least {least}")));
    }
    if let Some(most) = beyond(&parameter.max_value, |value, most| value > most) {
        return Err(Refused::invalid(path, format_args!("at most {most}")));
    }
    // Characters as Java counts them, which the platform is written in.
    let units = i64::try_from(value.encode_utf16().count()).unwrap_or(i64::MAX);
    match &parameter.max_length {
        Some(most) if units > most.value => {
            Err(Refused::invalid(path, format_args!("at most {} characters", most.value)))
        }
        _ => Ok(()),
    }
}

/// A value inside the JSON of an object.
fn structure(path: &str, parameter: &Parameter, type_name: TypeName<'_>, value: &Value) -> Result<(), Refused> {
    if type_name.list {
        let items = value.as_array().ok_or_else(|| Refused::invalid(path, "a JSON list"))?;
        list(path, parameter, items.len())?;
        let one = TypeName { list: false, ..type_name };
        return items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| structure(&format!("{path}[{index}]"), parameter, one, item));
    }
    match (type_name.kind(), value) {
        (None, Value::Object(members)) => parameter.fields.iter().try_for_each(|field| {
            let path = format!("{path}.{}", field.name.value);
            match members.get(&field.name.value) {
                None | Some(Value::Null) if field.is_required() => Err(Refused::missing(&path)),
                Some(Value::String(text)) if field.is_required() && text.trim().is_empty() => {
                    Err(Refused::missing(&path))
                }
                None | Some(Value::Null) => Ok(()),
                Some(value) => structure(&path, field, field.type_name(), value),
            }
        }),
        (None, _) => Err(Refused::invalid(path, "a JSON object")),
        (Some(Kind::Json | Kind::Map), _) => Ok(()),
        // A field list is a list inside JSON.
        (Some(Kind::FieldList), Value::Array(_)) => Ok(()),
        (Some(kind), Value::String(text)) => scalar(path, kind, text, parameter),
        (Some(kind), value) => scalar(path, kind, &value.to_string(), parameter),
    }
}
