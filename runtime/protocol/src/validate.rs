//! The documents' demands on a request, held before anything is sent (protocol.md 6).

use std::borrow::Cow;
use std::fmt;

use super::encode::text;
use super::{Decimal, Field, File, Kind, Limit, Record, View};

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
}

impl Problem {
    /// The platform's code for it: 40 for what is missing, 41 for what is wrong (protocol.md 6).
    pub const fn code(&self) -> i64 {
        match self {
            Self::Missing => 40,
            Self::TooLong(_)
            | Self::TooMany(_)
            | Self::TooSmall(_)
            | Self::TooGreat(_)
            | Self::Public(_)
            | Self::Name => 41,
        }
    }
}

/// Holds `request` against the demands on its parameters and returns all that it breaks.
pub fn validate(request: &dyn Record) -> Vec<Violation> {
    let mut violations = Vec::new();
    check(request, "", &mut violations);
    violations
}

fn check(record: &dyn Record, path: &str, violations: &mut Vec<Violation>) {
    for (index, field) in record.schema().fields.iter().enumerate() {
        let at = || if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        let view = record.view(index);
        if field.required && is_blank(view) {
            violations.push(Violation::new(at(), Problem::Missing));
        }
        for limit in field.limits {
            if let Some(problem) = beyond(field, view, *limit) {
                violations.push(Violation::new(at(), problem));
            }
        }
        match view {
            View::Object(object) => check(object, &at(), violations),
            View::Objects(objects) => {
                for (index, object) in objects.iter().enumerate() {
                    check(object, &format!("{}[{index}]", at()), violations);
                }
            }
            _ => {}
        }
    }
}

/// Whether nothing would be sent of a value. Only what is text, or lists of it, can be there and empty all the same.
fn is_blank(view: View<'_>) -> bool {
    match view {
        View::Absent => true,
        View::Text(_) | View::Texts(_) | View::Choices(_) | View::Json(_) => text(view).trim().is_empty(),
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
        View::Choices(choices) => choices.iter().map(units).max()?,
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
        View::Choices(list) => list.count(),
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
            Self::TooLong(most) => write!(f, "is longer than {most}"),
            Self::TooMany(most) => write!(f, "has more than {most} elements"),
            Self::TooSmall(least) => write!(f, "is less than {least}"),
            Self::TooGreat(most) => write!(f, "is greater than {most}"),
            Self::Name => f.write_str("has a quote or a line break in its name, which cannot be sent along with files"),
            Self::Public(instead) => write!(f, "is a public parameter, no parameter of a method: {instead}"),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.parameter, self.problem)?;
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
