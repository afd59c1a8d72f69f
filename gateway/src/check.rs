//! What the platform checks before it lets a call through, in its order, with its codes (docs/protocol.md section 5.1).

use std::fmt::Display;
use std::time::{Duration, SystemTime};

use codegen::spec::{Authorization, Kind, Pages, Parameter, Platform, Spec, TypeName};
use serde::de::IgnoredAny;
use serde_json::Value;
use top_protocol::{DateTime, Decimal, Format};

use crate::Gateway;
use crate::example::Node;
use crate::excerpt::excerpt;
use crate::incoming::{Incoming, Parameters, Unreadable};
use crate::objects::Objects;
use crate::pages;
use crate::signing::{self, Mismatch};

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
        let objects = Objects::of(&self.request);
        let mut within = Vec::new();
        parameter
            .map_or_else(|| platform.is_secret(name), |parameter| hides(parameter, &objects, platform, &mut within))
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

    /// Whether a call of the method may carry files.
    fn takes_files(&self) -> bool {
        self.request.iter().any(|parameter| parameter.type_name().kind() == Some(Kind::File))
    }

    /// The members of the answer to a call that passed. `length` is how many items a list has, if somebody has said so.
    pub(crate) fn answer(
        &self,
        parameters: &Parameters<'_>,
        length: Option<i64>,
    ) -> Result<Vec<(String, Node)>, Refused> {
        let answer = self.answer.clone();
        match &self.pages {
            Some(pages) => pages::page(pages, &self.request, parameters, answer, length),
            None => Ok(answer),
        }
    }
}

/// Whether a parameter is a secret or has a field that is one. `within` are the types that were looked into.
fn hides<'a>(parameter: &'a Parameter, objects: &Objects<'a>, platform: &Platform, within: &mut Vec<&'a str>) -> bool {
    if parameter.secret.unwrap_or_else(|| platform.is_secret(&parameter.name.value)) {
        return true;
    }
    let word = parameter.type_name().name;
    if parameter.fields.is_empty() {
        if within.contains(&word) {
            return false;
        }
        within.push(word);
    }
    objects.fields(parameter).iter().any(|field| hides(field, objects, platform, within))
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
    /// The signature that was expected, where it does not match.
    pub(crate) mismatch: Option<Mismatch>,
}

impl Refused {
    pub(crate) fn new(code: i64) -> Self {
        Self { code, argument: None, sub_code: None, sub_msg: None, mismatch: None }
    }

    pub(crate) fn because(code: i64, sub_code: &str, sub_msg: impl Into<String>) -> Self {
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

/// The value of a parameter, if it has one.
pub(crate) fn given<'p>(parameters: &'p Parameters<'_>, name: &str) -> Option<&'p str> {
    parameters.texts.get(name).map(AsRef::as_ref).filter(|value| !value.is_empty())
}

/// The format of the answer: XML unless JSON is asked for.
pub(crate) fn format(parameters: &Parameters<'_>) -> Format {
    given(parameters, "format").and_then(named_format).unwrap_or(Format::Xml)
}

/// The format of a name in any case.
fn named_format(name: &str) -> Option<Format> {
    name.to_ascii_lowercase().parse().ok()
}

/// Whether a JSON answer is to be simplified.
pub(crate) fn simplify(parameters: &Parameters<'_>) -> bool {
    given(parameters, "simplify").is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
}

/// The parameters of a request.
pub(crate) fn read<'a>(incoming: &Incoming<'a>) -> Result<Parameters<'a>, Refused> {
    if !matches!(incoming.verb, "GET" | "POST") {
        return Err(Refused::because(9, "isv.invalid-http-action", "the HTTP verb must be GET or POST"));
    }
    incoming.parameters().map_err(|unreadable| match unreadable {
        Unreadable::Encoding => Refused::because(47, "isv.invalid-encoding", "names and values must be UTF-8"),
        Unreadable::ContentType => Refused::because(
            43,
            "isv.invalid-content-type",
            "the content type must be application/x-www-form-urlencoded, or multipart/form-data for files",
        ),
        Unreadable::Parts(problem) => {
            Refused::because(3, "isv.invalid-multipart", format!("the multipart body cannot be read: {problem}"))
        }
        Unreadable::TooMany => Refused::because(43, "isv.too-many-parameters", "the request has too many parameters"),
    })
}

impl Gateway {
    /// Checks a call in the order of the platform: what is cheap to check first, then the signature, then the parameters of
    /// the method.
    pub(crate) fn check(&self, verb: &str, parameters: &Parameters<'_>) -> Result<Passed<'_>, Refused> {
        let name = given(parameters, "method").ok_or_else(|| Refused::new(21))?;
        let method = self.methods.get(name).ok_or_else(|| {
            Refused::because(22, "isv.invalid-method", format!("no spec describes {}", excerpt(name)))
        })?;
        if verb != "POST" && method.takes_files() {
            return Err(Refused::because(
                9,
                "isv.invalid-http-action",
                "a method that takes files must be called by POST",
            ));
        }
        let key = given(parameters, "app_key").ok_or_else(|| Refused::new(28))?;
        let secret = self.applications.get(key).ok_or_else(|| {
            Refused::because(
                29,
                "isv.appkey-not-exists",
                format!("the gateway was not started with --app {}=SECRET", excerpt(key)),
            )
        })?;
        self.timestamp(given(parameters, "timestamp").ok_or_else(|| Refused::new(30))?)?;
        match given(parameters, "v") {
            None => return Err(Refused::new(32)),
            Some(version) if version == self.platform.version => {}
            Some(_) => {
                let problem = format!("v must be {}", self.platform.version);
                return Err(Refused::because(33, "isv.invalid-version", problem));
            }
        }
        if given(parameters, "format").is_some_and(|format| named_format(format).is_none()) {
            return Err(Refused::because(23, "isv.invalid-format", "format must be xml or json"));
        }
        signing::check(parameters, secret)?;
        if method.authorization == Some(Authorization::Required) && given(parameters, "session").is_none() {
            return Err(Refused::because(
                26,
                "isv.missing-session",
                "the method needs a session; any text will do here",
            ));
        }
        let objects = Objects::of(&method.request);
        for parameter in &method.request {
            match parameter.type_name().kind() {
                Some(Kind::File) => {
                    files(parameter, parameters.files.get(parameter.name.value.as_str()).map_or(&[], Vec::as_slice))?
                }
                _ => text(parameter, &objects, given(parameters, &parameter.name.value))?,
            }
        }
        Ok(Passed { method })
    }

    /// Checks a timestamp, which is text at GMT+8 or milliseconds since 1970.
    fn timestamp(&self, text: &str) -> Result<(), Refused> {
        let wrong = |problem: String| Refused::because(31, "isv.invalid-timestamp", problem);
        let sent = match (text.parse::<DateTime>(), text.parse::<i64>()) {
            (Ok(date), _) if text.len() == "yyyy-MM-dd HH:mm:ss".len() => Some(date),
            (_, Ok(milliseconds)) => DateTime::from_epoch_milliseconds(milliseconds),
            _ => None,
        };
        let sent = sent.ok_or_else(|| wrong("timestamp must be yyyy-MM-dd HH:mm:ss at GMT+8".to_owned()))?;
        let now = (self.clock)();
        let ahead = seconds_between(now, sent.to_system_time());
        let minutes = self.platform.timestamp_tolerance_minutes;
        if ahead.unsigned_abs() <= 60 * u64::from(minutes) {
            return Ok(());
        }
        let now = DateTime::from(now);
        let mut problem =
            format!("timestamp must be within {minutes} minutes of the gateway's clock, which is at {now}");
        if let Some(zone) = local_zone(ahead) {
            problem += &format!("; it looks like the local time at {zone}: send the time at GMT+8");
        }
        Err(wrong(problem))
    }
}

/// How far `later` is after `earlier`; negative if it is before.
fn seconds_between(earlier: SystemTime, later: SystemTime) -> i64 {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match later.duration_since(earlier) {
        Ok(ahead) => seconds(ahead),
        Err(error) => -seconds(error.duration()),
    }
}

/// The time zone whose local time is this far ahead of GMT+8, if there is one.
fn local_zone(seconds_ahead: i64) -> Option<String> {
    const HALF_HOUR: i64 = 30 * 60;
    const SLACK: i64 = 2 * 60;
    let offset = seconds_ahead.checked_add(16 * HALF_HOUR)?;
    let half_hours = (offset.checked_add(HALF_HOUR / 2)?).div_euclid(HALF_HOUR);
    let is_zone = (-24..=28).contains(&half_hours) && (offset - half_hours * HALF_HOUR).abs() <= SLACK;
    let sign = if half_hours < 0 { '-' } else { '+' };
    let minutes = half_hours.unsigned_abs() * 30;
    is_zone.then(|| format!("GMT{sign}{:02}:{:02}", minutes / 60, minutes % 60))
}

/// Checks the files of a parameter, of which only the sizes matter.
fn files(parameter: &Parameter, contents: &[&[u8]]) -> Result<(), Refused> {
    let name = parameter.name.value.as_str();
    if contents.is_empty() && parameter.is_required() {
        return Err(Refused::missing(name));
    }
    list(name, parameter, contents.len())?;
    let longest = contents.iter().map(|content| content.len()).max().unwrap_or_default();
    let longest = i64::try_from(longest).unwrap_or(i64::MAX);
    match &parameter.max_length {
        Some(most) if longest > most.value => Err(Refused::invalid(name, format_args!("at most {} bytes", most.value))),
        _ => Ok(()),
    }
}

/// The most bytes of JSON that are read into a tree, which takes many times the memory of the text.
const MAX_JSON: usize = 4 << 20;

/// Checks a text parameter.
fn text<'a>(parameter: &'a Parameter, objects: &Objects<'a>, value: Option<&str>) -> Result<(), Refused> {
    let name = parameter.name.value.as_str();
    let Some(value) = value.filter(|value| !value.trim().is_empty()) else {
        return if parameter.is_required() { Err(Refused::missing(name)) } else { Ok(()) };
    };
    let type_name = parameter.type_name();
    match type_name.kind() {
        // A list of JSON values is JSON. Other lists are joined by commas, and JSON is read as well.
        Some(kind) if type_name.list && !matches!(kind, Kind::Json | Kind::Map) => {
            if let Some(items) = json_list(name, value)? {
                return structure(name, parameter, objects, type_name, &items);
            }
            list(name, parameter, value.split(',').count())?;
            // Blanks belong to a text, and to nothing else.
            let is_text = matches!(kind, Kind::String | Kind::FieldList);
            let mut items = value.split(',').map(|item| if is_text { item } else { item.trim() });
            items.try_for_each(|item| scalar(name, kind, item, parameter))
        }
        Some(kind) if !type_name.list => {
            if parameter.max_list_size.is_some() {
                list(name, parameter, value.split(',').count())?;
            }
            scalar(name, kind, value, parameter)
        }
        _ => structure(name, parameter, objects, type_name, &json(name, value)?),
    }
}

fn json(name: &str, text: &str) -> Result<Value, Refused> {
    if text.len() > MAX_JSON {
        return Err(Refused::invalid(name, format_args!("at most {MAX_JSON} bytes of JSON")));
    }
    serde_json::from_str(text).map_err(|_| Refused::invalid(name, "JSON"))
}

/// The value of a list that is written as JSON.
fn json_list(name: &str, text: &str) -> Result<Option<Value>, Refused> {
    let trimmed = text.trim();
    if ["['", "[u'", "[b'"].iter().any(|start| trimmed.starts_with(start)) && trimmed.ends_with("']") {
        let expected = "a list joined by commas, or a JSON list; it looks like the text of a Python list";
        return Err(Refused::invalid(name, expected));
    }
    let is_list = trimmed.starts_with('[') && serde_json::from_str::<Vec<IgnoredAny>>(trimmed).is_ok();
    if is_list { json(name, trimmed).map(Some) } else { Ok(None) }
}

fn list(path: &str, parameter: &Parameter, size: usize) -> Result<(), Refused> {
    match &parameter.max_list_size {
        Some(most) if i64::try_from(size).is_ok_and(|size| size > most.value) => {
            Err(Refused::invalid(path, format_args!("at most {} elements", most.value)))
        }
        _ => Ok(()),
    }
}

/// Whether a text is a value of the type, and what it must be.
fn fits(kind: Kind, value: &str) -> (bool, &'static str) {
    match kind {
        Kind::String | Kind::FieldList | Kind::File => (true, ""),
        Kind::Number | Kind::Byte => (value.parse::<i64>().is_ok(), "a whole number"),
        // Python prints True, and PHP 1.
        Kind::Boolean => {
            let is_boolean = ["true", "false", "1", "0"].iter().any(|word| value.eq_ignore_ascii_case(word));
            (is_boolean, "true or false")
        }
        Kind::Date => (value.parse::<DateTime>().is_ok(), "a date as yyyy-MM-dd HH:mm:ss"),
        Kind::Price | Kind::BigDecimal => (Decimal::from_str_exact(value).is_ok(), "a decimal"),
        Kind::Json => (serde_json::from_str::<IgnoredAny>(value).is_ok(), "JSON"),
        Kind::Map => {
            let is_json = serde_json::from_str::<IgnoredAny>(value).is_ok();
            (is_json && value.trim_start().starts_with('{'), "a JSON object")
        }
    }
}

fn scalar(path: &str, kind: Kind, value: &str, parameter: &Parameter) -> Result<(), Refused> {
    let (is_value, expected) = fits(kind, value);
    if !is_value && fits(kind, value.trim()).0 {
        return Err(Refused::invalid(path, format_args!("{expected} without blanks around it")));
    }
    if !is_value {
        return Err(Refused::invalid(path, expected));
    }
    let beyond = |limit: &Option<codegen::spec::Spanned<i64>>, is: fn(Decimal, Decimal) -> bool| {
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
fn structure<'a>(
    path: &str,
    parameter: &'a Parameter,
    objects: &Objects<'a>,
    type_name: TypeName<'_>,
    value: &Value,
) -> Result<(), Refused> {
    if type_name.list {
        let items = value.as_array().ok_or_else(|| Refused::invalid(path, "a JSON list"))?;
        list(path, parameter, items.len())?;
        let one = TypeName { list: false, ..type_name };
        return items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| structure(&format!("{path}[{index}]"), parameter, objects, one, item));
    }
    match (type_name.kind(), value) {
        (None, Value::Object(members)) => objects.fields(parameter).iter().try_for_each(|field| {
            let path = format!("{path}.{}", field.name.value);
            match members.get(&field.name.value) {
                None | Some(Value::Null) if field.is_required() => Err(Refused::missing(&path)),
                Some(Value::String(text)) if field.is_required() && text.trim().is_empty() => {
                    Err(Refused::missing(&path))
                }
                None | Some(Value::Null) => Ok(()),
                Some(value) => structure(&path, field, objects, field.type_name(), value),
            }
        }),
        (None, _) => Err(Refused::invalid(path, "a JSON object")),
        (Some(Kind::Json | Kind::Map), _) => Ok(()),
        (Some(_), Value::Null) => Err(Refused::invalid(path, "a value, not null")),
        // A field list is a list inside JSON.
        (Some(Kind::FieldList), Value::Array(_)) => Ok(()),
        (Some(kind), Value::String(text)) => scalar(path, kind, text, parameter),
        (Some(kind), value) => scalar(path, kind, &value.to_string(), parameter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_zones() {
        const HOUR: i64 = 3600;
        for (ahead, expected) in [
            (-8 * HOUR, Some("GMT+00:00")),
            (-6 * HOUR + 119, Some("GMT+02:00")),
            (-6 * HOUR - 120, Some("GMT+02:00")),
            (-6 * HOUR - 121, None),
            (-15 * HOUR, Some("GMT-07:00")),
            (-5 * HOUR / 2, Some("GMT+05:30")),
            (HOUR, Some("GMT+09:00")),
            (6 * HOUR, Some("GMT+14:00")),
            (7 * HOUR, None),
            (-20 * HOUR, Some("GMT-12:00")),
            (-21 * HOUR, None),
            (15 * 60, None),
            (i64::MIN, None),
            (i64::MAX, None),
        ] {
            assert_eq!(local_zone(ahead).as_deref(), expected, "{ahead}");
        }
    }
}
