//! The documents' demands on a request, held before anything is sent (docs/protocol.md section 6).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

use super::encode::text;
use super::{Decimal, Field, File, Kind, Limit, PUBLIC_PARAMETERS, Record, UntypedParameter, View, multipart};

/// Everything that is wrong with a request. The request was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violations {
    /// The API method.
    pub method: Cow<'static, str>,
    /// What is wrong, in the order of the documents' parameters.
    pub violations: Vec<Violation>,
}

impl Violations {
    /// What is wrong with a request for this method.
    pub fn new(method: impl Into<Cow<'static, str>>, violations: Vec<Violation>) -> Self {
        Self { method: method.into(), violations }
    }
}

/// One parameter and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The wire name; dots and indexes lead into objects and lists: `orders[2].tid`.
    pub parameter: String,
    /// What is wrong.
    pub problem: Problem,
}

impl Violation {
    /// What is wrong with the parameter of this name.
    pub fn new(parameter: impl Into<String>, problem: Problem) -> Self {
        Self { parameter: parameter.into(), problem }
    }
}

/// What can be wrong with a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It is required, and empty or blank.
    Missing,
    /// It is optional, set and blank: see [`Request::with_empty`](super::Request::with_empty).
    Empty,
    /// It is longer than so many characters; a file, than so many bytes.
    TooLong(u64),
    /// It has more elements than this.
    TooMany(u64),
    /// It is less than this.
    TooSmall(i64),
    /// It is greater than this.
    TooGreat(i64),
    /// It belongs to the protocol and not to the method, and is set elsewhere: there.
    Public(&'static str),
    /// A quote or a line break is in its name, and the request has files.
    Name,
    /// It has no name.
    Unnamed,
    /// It is an extra parameter with the name of a documented one.
    Documented,
    /// It is an extra parameter with the name of another.
    Repeated,
    /// It is to be sent empty and has a value.
    EmptyAndSet,
    /// It is a file, and the call is in a batch.
    FileInBatch,
}

impl Problem {
    /// The platform's code for it: 40 for what is missing, 41 for what is wrong (docs/protocol.md section 6).
    pub const fn code(&self) -> i64 {
        match self {
            Self::Missing => 40,
            Self::Empty
            | Self::TooLong(_)
            | Self::TooMany(_)
            | Self::TooSmall(_)
            | Self::TooGreat(_)
            | Self::Public(_)
            | Self::Name
            | Self::Unnamed
            | Self::Documented
            | Self::Repeated
            | Self::EmptyAndSet
            | Self::FileInBatch => 41,
        }
    }
}

/// Checks `request` against the demands on its documented parameters, and returns all that it breaks.
pub fn validate(request: &dyn Record) -> Vec<Violation> {
    unmet(request, &[])
}

/// [`validate`] for a request with `extra` parameters, among them those that are sent empty.
pub(super) fn unmet(request: &dyn Record, extra: &[UntypedParameter]) -> Vec<Violation> {
    let sent_empty = extra.iter().filter(|parameter| parameter.is_empty()).map(UntypedParameter::name).collect();
    let mut violations = Vec::new();
    check(request, "", &sent_empty, &mut violations);
    violations.extend(empty(extra));
    violations
}

fn check(record: &dyn Record, path: &str, sent_empty: &HashSet<&str>, violations: &mut Vec<Violation>) {
    let is_parameter = path.is_empty();
    for (index, field) in record.schema().fields.iter().enumerate() {
        let at = || if is_parameter { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        let view = record.view(index);
        if is_blank(view) && !(is_parameter && sent_empty.contains(field.name)) {
            if field.required {
                violations.push(Violation::new(at(), Problem::Missing));
            } else if is_parameter && !matches!(view, View::Absent) {
                violations.push(Violation::new(at(), Problem::Empty));
            }
        }
        for limit in field.limits {
            if let Some(problem) = beyond(field, view, *limit) {
                violations.push(Violation::new(at(), problem));
            }
        }
        match view {
            View::Object(object) => check(object, &at(), sent_empty, violations),
            View::Objects(objects) => {
                for (index, object) in objects.iter().enumerate() {
                    check(object, &format!("{}[{index}]", at()), sent_empty, violations);
                }
            }
            _ => {}
        }
    }
}

/// The parameters among `parameters` that are blank and not named as empty.
pub(super) fn empty(parameters: &[UntypedParameter]) -> impl Iterator<Item = Violation> {
    let blank = parameters.iter().filter(|parameter| parameter.is_blank());
    blank.map(|parameter| Violation::new(parameter.name(), Problem::Empty))
}

/// What is wrong with `parameters` whether or not requests are validated: it cannot be sent. `has_files` says whether the
/// request is sent in parts.
pub(super) fn unsendable(parameters: &[UntypedParameter], has_files: bool) -> Vec<Violation> {
    let problem = |name: &str| match name {
        "" => Some(Problem::Unnamed),
        name if has_files && !multipart::holds(name) => Some(Problem::Name),
        name => public(name).map(Problem::Public),
    };
    let names = parameters.iter().map(UntypedParameter::name);
    names.filter_map(|name| Some(Violation::new(name, problem(name)?))).collect()
}

/// [`unsendable`] for the parameters that a request has beside its documented ones: one that would replace another is
/// wrong too.
pub(super) fn unsendable_extra(request: &dyn Record, extra: &[UntypedParameter]) -> Vec<Violation> {
    if extra.is_empty() {
        return Vec::new();
    }
    let fields = request.schema().fields;
    let is_file = |index| matches!(request.view(index), View::File(_) | View::Files(_));
    let has_files = extra.iter().any(UntypedParameter::is_file) || (0..fields.len()).any(is_file);
    let mut violations = unsendable(extra, has_files);
    let mut names = HashMap::new();
    for parameter in extra {
        let documented = fields.iter().position(|field| field.name == parameter.name());
        let problem = match documented {
            Some(_) if !parameter.is_empty() => Problem::Documented,
            Some(index) if !is_blank(request.view(index)) => Problem::EmptyAndSet,
            _ => match names.insert(parameter.name(), parameter.is_file()) {
                // A parameter may have several files.
                Some(was_file) if !(was_file && parameter.is_file()) => Problem::Repeated,
                _ => continue,
            },
        };
        violations.push(Violation::new(parameter.name(), problem));
    }
    violations
}

/// Where a public parameter is set; `None` for the name of another.
fn public(name: &str) -> Option<&'static str> {
    Some(match name {
        "session" => "give the session to with_session of the client",
        "app_key" => "give the application to the client's builder",
        "method" => "the method is an argument of the call",
        "format" => "use format of the client's builder",
        "partner_id" => "use partner_id of the client's builder",
        "sign_method" => "use sign_method of the client's builder",
        "simplify" => "use simplify of the client's builder",
        "target_app_key" => "use target_app_key of the client's builder",
        name if PUBLIC_PARAMETERS.contains(&name) => "leave it out, as signing sets it",
        _ => return None,
    })
}

/// Whether nothing would be sent of a value. Only what is text, or lists of it, can be there and empty all the same.
fn is_blank(view: View<'_>) -> bool {
    match view {
        View::Absent => true,
        View::Text(_) | View::Texts(_) | View::OpenEnums(_) | View::Json(_) => text(view).trim().is_empty(),
        _ => false,
    }
}

/// Whether a value goes beyond a limit, and how. A value that the limit does not speak of is within it.
fn beyond(field: &Field, view: View<'_>, limit: Limit) -> Option<Problem> {
    match limit {
        Limit::MaxLength(most) => {
            longest(field, view).is_some_and(|length| length > most).then_some(Problem::TooLong(most))
        }
        Limit::MaxListSize(most) => size(view).is_some_and(|size| size > most).then_some(Problem::TooMany(most)),
        Limit::MinValue(least) => any_number(view, |number| number < least.into()).then_some(Problem::TooSmall(least)),
        Limit::MaxValue(most) => any_number(view, |number| number > most.into()).then_some(Problem::TooGreat(most)),
    }
}

/// The length of a text as it is sent, or of the longest text of a list; of a file, its bytes, if they are known.
fn longest(field: &Field, view: View<'_>) -> Option<u64> {
    // The official SDKs count what Java's String.length counts.
    let units = |text: &str| text.encode_utf16().count();
    let length = match view {
        View::Text(text) => units(text),
        View::Texts(_) if field.kind == Kind::FieldList => units(&text(view)),
        View::Texts(texts) => texts.iter().map(|text| units(text)).max()?,
        View::OpenEnums(values) => values.iter().map(units).max()?,
        View::Json(_) => units(&text(view)),
        View::File(file) => return file.length(),
        View::Files(files) => return files.iter().filter_map(File::length).max(),
        _ => return None,
    };
    u64::try_from(length).ok()
}

/// How many elements a list has, or a text of elements parted by commas.
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

fn any_number(view: View<'_>, is: impl Fn(Decimal) -> bool) -> bool {
    match view {
        View::Number(number) => is(number.into()),
        View::Decimal(decimal) => is(decimal),
        View::Numbers(numbers) => numbers.iter().any(|number| is((*number).into())),
        View::Decimals(decimals) => decimals.iter().any(|decimal| is(*decimal)),
        _ => false,
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is required"),
            Self::Empty => f.write_str("is empty: leave it unset, or name it in with_empty to send it empty"),
            Self::TooLong(most) => write!(f, "is longer than {most}"),
            Self::TooMany(most) => write!(f, "has more than {most} elements"),
            Self::TooSmall(least) => write!(f, "is less than {least}"),
            Self::TooGreat(most) => write!(f, "is greater than {most}"),
            Self::Name => f.write_str("has a quote or a line break in its name, which cannot be sent along with files"),
            Self::Unnamed => f.write_str("has no name: give the name that the platform documents"),
            Self::Documented => f.write_str("is a documented parameter of the request: use its setter"),
            Self::Repeated => f.write_str("is added twice: add it once"),
            Self::EmptyAndSet => f.write_str("has a value and is named in with_empty: do one of the two"),
            Self::FileInBatch => f.write_str("is a file, which a batch cannot send: call the method alone"),
            Self::Public(instead) => write!(f, "is a public parameter, no parameter of a method: {instead}"),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameter = if self.parameter.is_empty() { "a parameter" } else { &self.parameter };
        write!(f, "{parameter} {}", self.problem)?;
        // No parameter of a method is called so: it is the protocol's, and the caller looks for it in vain.
        if self.parameter == "session" && self.problem == Problem::Missing {
            f.write_str(": the method is called on behalf of a user; give the client a session")?;
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
