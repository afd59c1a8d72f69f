//! Validation of requests before they are sent (docs/protocol.md section 6).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;

use rust_decimal::Decimal;
use serde_json::Value as Json;

use crate::encode::text;
use crate::file::File;
use crate::multipart;
use crate::parameters::PUBLIC_PARAMETERS;
use crate::record::{Field, Kind, Limit, Record, View};
use crate::untyped::UntypedParameter;

/// The violations of an invalid request, which was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violations {
    /// The API method.
    pub method: Cow<'static, str>,
    /// The violations, in the order of the documented parameters.
    pub violations: Vec<Violation>,
}

impl Violations {
    /// Creates the violations of a request for this method.
    pub fn new(method: impl Into<Cow<'static, str>>, violations: Vec<Violation>) -> Self {
        Self { method: method.into(), violations }
    }
}

/// A parameter and its problem.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The path to the parameter, such as `orders[2].tid`.
    pub parameter: String,
    /// The problem.
    pub problem: Problem,
}

impl Violation {
    /// Creates the violation of a parameter.
    pub fn new(parameter: impl Into<String>, problem: Problem) -> Self {
        Self { parameter: parameter.into(), problem }
    }
}

/// A problem with a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The parameter is required, and absent or blank.
    Missing,
    /// The parameter is optional, set and blank: see [`Request::with_empty`](crate::request::Request::with_empty).
    Empty,
    /// The text exceeds this number of characters, or the file this number of bytes.
    TooLong(u64),
    /// The list exceeds this number of elements.
    TooMany(u64),
    /// The number is less than this minimum.
    TooSmall(i64),
    /// The number is greater than this maximum.
    TooLarge(i64),
    /// The parameter is a public parameter. The text says where it is set.
    PublicParameter(&'static str),
    /// The name has a quote or a line break, and the request has files.
    InvalidName,
    /// The name is empty.
    MissingName,
    /// The added parameter has the name of a documented parameter.
    Documented,
    /// The added parameter has the name of another added parameter.
    Duplicate,
    /// The parameter has a value and is set with `with_empty`.
    EmptyWithValue,
    /// The parameter is a file, and the call is part of a batch.
    FileInBatch,
    /// The parameter is a file, and the gateway expects a JSON or XML body.
    FileInBody,
    /// The name is not that of an XML element, and the gateway expects an XML body.
    InvalidXmlName,
}

impl Problem {
    /// Returns the platform's code: 40 for a missing parameter, 41 for an invalid one (docs/protocol.md section 6).
    pub const fn code(&self) -> i64 {
        match self {
            Self::Missing => 40,
            Self::Empty
            | Self::TooLong(_)
            | Self::TooMany(_)
            | Self::TooSmall(_)
            | Self::TooLarge(_)
            | Self::PublicParameter(_)
            | Self::InvalidName
            | Self::MissingName
            | Self::Documented
            | Self::Duplicate
            | Self::EmptyWithValue
            | Self::FileInBatch
            | Self::FileInBody
            | Self::InvalidXmlName => 41,
        }
    }
}

/// Checks the documented parameters of `request`. Returns every violation.
pub fn validate(request: &dyn Record) -> Vec<Violation> {
    check_request(request, &[])
}

/// Checks the documented parameters of a request with added parameters.
pub(crate) fn check_request(request: &dyn Record, extra: &[UntypedParameter]) -> Vec<Violation> {
    let sent_empty = |name: &str| extra.iter().any(|parameter| parameter.is_empty() && parameter.name() == name);
    let mut violations = Vec::new();
    check_record(request, "", &sent_empty, &mut violations);
    violations.extend(empty_parameters(extra));
    violations
}

fn check_record(record: &dyn Record, path: &str, sent_empty: &dyn Fn(&str) -> bool, violations: &mut Vec<Violation>) {
    let is_parameter = path.is_empty();
    for (index, field) in record.schema().fields.iter().enumerate() {
        let at = || if is_parameter { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        let view = record.view(index);
        if is_blank(view) && !(is_parameter && sent_empty(field.name)) {
            if field.required {
                violations.push(Violation::new(at(), Problem::Missing));
            } else if is_parameter && !matches!(view, View::Absent) {
                violations.push(Violation::new(at(), Problem::Empty));
            }
        }
        for limit in field.limits {
            if let Some(problem) = violated(field, view, *limit) {
                violations.push(Violation::new(at(), problem));
            }
        }
        match view {
            View::Object(object) => check_record(object, &at(), sent_empty, violations),
            View::Objects(objects) => {
                for (index, object) in objects.iter().enumerate() {
                    check_record(object, &format!("{}[{index}]", at()), sent_empty, violations);
                }
            }
            _ => {}
        }
    }
}

/// Returns a violation for each blank parameter that is not set with `with_empty`.
pub(crate) fn empty_parameters(parameters: &[UntypedParameter]) -> impl Iterator<Item = Violation> {
    let blank = parameters.iter().filter(|parameter| parameter.is_blank());
    blank.map(|parameter| Violation::new(parameter.name(), Problem::Empty))
}

/// Checks the names of parameters, also without validation. `has_files` is whether the body is multipart.
pub(crate) fn check_names(parameters: &[UntypedParameter], has_files: bool) -> Vec<Violation> {
    let problem = |name: &str| match name {
        "" => Some(Problem::MissingName),
        name if has_files && !multipart::is_sendable_name(name) => Some(Problem::InvalidName),
        name => public_parameter(name).map(Problem::PublicParameter),
    };
    let names = parameters.iter().map(UntypedParameter::name);
    names.filter_map(|name| Some(Violation::new(name, problem(name)?))).collect()
}

/// Checks the names of added parameters, which must not replace other parameters. Applies also without validation.
pub(crate) fn check_extra(request: &dyn Record, extra: &[UntypedParameter]) -> Vec<Violation> {
    if extra.is_empty() {
        return Vec::new();
    }
    let fields = request.schema().fields;
    let is_file = |index| matches!(request.view(index), View::File(_) | View::Files(_));
    let has_files = extra.iter().any(UntypedParameter::is_file) || (0..fields.len()).any(is_file);
    let mut violations = check_names(extra, has_files);
    let mut names = HashMap::new();
    for parameter in extra {
        let documented = fields.iter().position(|field| field.name == parameter.name());
        let problem = match documented {
            Some(_) if !parameter.is_empty() => Problem::Documented,
            Some(index) if !is_blank(request.view(index)) => Problem::EmptyWithValue,
            _ => match names.insert(parameter.name(), parameter.is_file()) {
                // A parameter may have several files.
                Some(was_file) if !(was_file && parameter.is_file()) => Problem::Duplicate,
                _ => continue,
            },
        };
        violations.push(Violation::new(parameter.name(), problem));
    }
    violations
}

/// Returns where a public parameter is set; `None` for other parameters.
fn public_parameter(name: &str) -> Option<&'static str> {
    Some(match name {
        "session" => "use with_session of the client",
        "app_key" => "use the credentials of the client's builder",
        "method" => "use the argument of the call",
        "format" => "use format of the client's builder",
        "partner_id" => "use partner_id of the client's builder",
        "sign_method" => "use sign_method of the client's builder",
        "simplify" => "use simplify of the client's builder",
        "target_app_key" => "use target_app_key of the client's builder",
        name if PUBLIC_PARAMETERS.contains(&name) => "remove it, because signing sets it",
        _ => return None,
    })
}

/// Returns whether a value is absent or a blank text.
fn is_blank(view: View<'_>) -> bool {
    match view {
        View::Absent => true,
        View::Text(text) => text.trim().is_empty(),
        // Several elements are joined by commas.
        View::Texts(texts) => texts.len() < 2 && texts.iter().all(|text| text.trim().is_empty()),
        View::OpenEnums(values) => values.count() < 2 && values.iter().all(|text| text.trim().is_empty()),
        View::Json(Json::String(text)) => text.trim().is_empty(),
        _ => false,
    }
}

/// Returns the problem if a value violates a limit. A limit of another type does not apply.
fn violated(field: &Field, view: View<'_>, limit: Limit) -> Option<Problem> {
    match limit {
        Limit::MaxLength(most) => is_longer(field, view, most).then_some(Problem::TooLong(most)),
        Limit::MaxListSize(most) => size(view).is_some_and(|size| size > most).then_some(Problem::TooMany(most)),
        Limit::MinValue(least) => any_number(view, Ordering::Less, least).then_some(Problem::TooSmall(least)),
        Limit::MaxValue(most) => any_number(view, Ordering::Greater, most).then_some(Problem::TooLarge(most)),
    }
}

/// Returns whether a text, a text of a list, or a file is longer than `most`.
fn is_longer(field: &Field, view: View<'_>, most: u64) -> bool {
    let exceeds = |length: usize| u64::try_from(length).is_ok_and(|length| length > most);
    // The official SDKs count UTF-16 units, as Java's String.length does. A text has at least as many bytes.
    let is_longer = |text: &str| exceeds(text.len()) && exceeds(text.encode_utf16().count());
    match view {
        View::Text(text) => is_longer(text),
        View::Texts(_) if field.kind == Kind::FieldList => is_longer(&text(view)),
        View::Texts(texts) => texts.iter().any(|text| is_longer(text)),
        View::OpenEnums(values) => values.iter().any(is_longer),
        View::Json(_) => is_longer(&text(view)),
        View::File(file) => file.length().is_some_and(|length| length > most),
        View::Files(files) => files.iter().filter_map(File::length).any(|length| length > most),
        _ => false,
    }
}

/// Returns the number of elements of a list, or of a text with commas.
pub fn size(view: View<'_>) -> Option<u64> {
    let size = match view {
        View::Text(text) => text.split(',').count(),
        View::Texts(list) => list.len(),
        View::Numbers(list) => list.len(),
        View::Booleans(list) => list.len(),
        View::Dates(list) => list.len(),
        View::Decimals(list) => list.len(),
        View::Jsons(list) => list.len(),
        View::Files(list) => list.len(),
        View::OpenEnums(list) => list.count(),
        View::Objects(list) => list.count(),
        _ => return None,
    };
    u64::try_from(size).ok()
}

/// Returns whether a number is less or greater than a limit.
fn any_number(view: View<'_>, is: Ordering, limit: i64) -> bool {
    let number = |number: &i64| number.cmp(&limit) == is;
    let decimal = |decimal: &Decimal| decimal.cmp(&limit.into()) == is;
    match view {
        View::Number(value) => number(&value),
        View::Decimal(value) => decimal(&value),
        View::Numbers(values) => values.iter().any(number),
        View::Decimals(values) => values.iter().any(decimal),
        _ => false,
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is required"),
            Self::Empty => f.write_str("is empty: leave it unset, or use with_empty to send an empty value"),
            Self::TooLong(most) => write!(f, "is longer than {most}"),
            Self::TooMany(most) => write!(f, "has more than {most} elements"),
            Self::TooSmall(least) => write!(f, "is less than {least}"),
            Self::TooLarge(most) => write!(f, "is greater than {most}"),
            Self::InvalidName => {
                f.write_str("has a quote or a line break in its name: a request with files cannot send it")
            }
            Self::MissingName => f.write_str("has no name: use the documented name"),
            Self::Documented => f.write_str("is a documented parameter of the request: use its setter"),
            Self::Duplicate => f.write_str("is added twice: add it once"),
            Self::EmptyWithValue => f.write_str("has a value and is set with with_empty: remove one of them"),
            Self::FileInBatch => f.write_str("is a file, which a batch cannot send: call the method alone"),
            Self::FileInBody => {
                f.write_str("is a file, which the JSON or XML body that the gateway expects cannot contain")
            }
            Self::InvalidXmlName => f.write_str("is not a name of an XML element, which the gateway expects"),
            Self::PublicParameter(instead) => {
                write!(f, "is a public parameter, not a parameter of the method: {instead}")
            }
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameter = if self.parameter.is_empty() { "a parameter" } else { &self.parameter };
        write!(f, "{parameter} {}", self.problem)?;
        // The session is not a field of a request, so the message says where to set it.
        if self.parameter == "session" && self.problem == Problem::Missing {
            f.write_str(": the method requires a user; set it with with_session of the client")?;
        }
        Ok(())
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was not sent: ", self.method)?;
        for (index, violation) in self.violations.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{violation}")?;
        }
        Ok(())
    }
}
