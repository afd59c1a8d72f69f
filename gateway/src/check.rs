//! What the platform checks before it lets a call through, in its order, with its codes (protocol.md 5.1).

use std::collections::BTreeMap;
use std::time::Duration;

use codegen::spec::{Kind, Parameter, Spec, TypeName};
use generated_sdk::protocol::{DateTime, Decimal, Format, SignMethod, VERSION, signature};
use serde_json::Value;

use crate::Gateway;
use crate::example::Node;
use crate::incoming::{Incoming, Unreadable};

/// A method as the gateway needs it.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) node: String,
    request: Vec<Parameter>,
    pub(crate) answer: Vec<(String, Node)>,
}

impl Method {
    pub(crate) fn new(spec: Spec) -> Self {
        let answer = Node::of(&spec.response.fields);
        Self { node: spec.response.node.value, request: spec.request, answer }
    }
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

    fn missing(name: &str) -> Self {
        let sub_code = format!("isv.missing-parameter:{name}");
        Self { argument: Some(name.to_owned()), ..Self::because(40, &sub_code, format!("{name} is required")) }
    }

    fn invalid(name: &str, expected: &str) -> Self {
        let sub_code = format!("isv.invalid-parameter:{name}");
        Self { argument: Some(name.to_owned()), ..Self::because(41, &sub_code, format!("{name} must be {expected}")) }
    }
}

/// The parameters of a call by name.
pub(crate) type Parameters = BTreeMap<String, String>;

/// A parameter that has content.
pub(crate) fn given<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
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
            Unreadable::ContentType => {
                Refused::because(43, "isv.invalid-content-type", "the body is application/x-www-form-urlencoded")
            }
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
            Some(VERSION) => {}
            Some(_) => return Err(Refused::because(33, "isv.invalid-version", format!("v is {VERSION}"))),
        }
        if given(parameters, "format").is_some_and(|format| format.parse::<Format>().is_err()) {
            return Err(Refused::because(23, "isv.invalid-format", "format is xml or json"));
        }
        sign(parameters, secret)?;
        for parameter in &method.request {
            text(parameter, given(parameters, &parameter.name.value))?;
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
    if sent == expected {
        return Ok(());
    }
    Err(Refused { signatures: Some(Signatures { method, expected }), ..Refused::new(25) })
}

/// Names and values in the byte order of the names.
pub(crate) fn pairs(parameters: &Parameters) -> impl Iterator<Item = (&str, &str)> {
    parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

/// A parameter of the request, as text.
fn text(parameter: &Parameter, value: Option<&str>) -> Result<(), Refused> {
    let name = parameter.name.value.as_str();
    let Some(value) = value.filter(|value| !value.trim().is_empty()) else {
        return if parameter.is_required() { Err(Refused::missing(name)) } else { Ok(()) };
    };
    let type_name = parameter.type_name();
    match type_name.kind() {
        Some(kind) if type_name.list => value.split(',').try_for_each(|value| scalar(name, kind, value)),
        Some(kind) => scalar(name, kind, value),
        None => {
            let value = serde_json::from_str(value).map_err(|_| Refused::invalid(name, "JSON"))?;
            structure(name, parameter, type_name, &value)
        }
    }
}

fn scalar(name: &str, kind: Kind, value: &str) -> Result<(), Refused> {
    let (fits, expected) = match kind {
        Kind::String | Kind::FieldList => (true, ""),
        Kind::Number => (value.parse::<i64>().is_ok(), "a whole number"),
        Kind::Boolean => (matches!(value, "true" | "false"), "true or false"),
        Kind::Date => (value.parse::<DateTime>().is_ok(), "a date as yyyy-MM-dd HH:mm:ss"),
        Kind::Price | Kind::BigDecimal => (Decimal::from_str_exact(value).is_ok(), "a decimal"),
        Kind::Json => (serde_json::from_str::<Value>(value).is_ok(), "JSON"),
        Kind::Map => (serde_json::from_str::<BTreeMap<String, Value>>(value).is_ok(), "a JSON object"),
    };
    if fits { Ok(()) } else { Err(Refused::invalid(name, expected)) }
}

/// A value inside the JSON of an object.
fn structure(path: &str, parameter: &Parameter, type_name: TypeName<'_>, value: &Value) -> Result<(), Refused> {
    if type_name.list {
        let items = value.as_array().ok_or_else(|| Refused::invalid(path, "a JSON list"))?;
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
                None | Some(Value::Null) => Ok(()),
                Some(value) => structure(&path, field, field.type_name(), value),
            }
        }),
        (None, _) => Err(Refused::invalid(path, "a JSON object")),
        (Some(kind), Value::String(text)) => scalar(path, kind, text),
        (Some(kind), value) => scalar(path, kind, &value.to_string()),
    }
}
