//! The documents' demands on a request, held before anything is sent (protocol.md 6).

use std::fmt;

use super::{Record, View};

/// Everything that is wrong with a request. The request was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations {
    /// The API method.
    pub method: &'static str,
    /// What is wrong, in the order of the documents' parameters.
    pub violations: Vec<Violation>,
}

/// One parameter and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The wire name; dots and indexes lead into objects and lists: `orders[2].tid`.
    pub parameter: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What can be wrong with a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It is required, and empty or blank.
    Missing,
}

impl Problem {
    /// The platform's code for it: 40 for what is missing, 41 for what is wrong (protocol.md 6).
    pub const fn code(&self) -> i64 {
        match self {
            Self::Missing => 40,
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
        let blank = match view {
            View::Absent => true,
            View::Text(text) => text.trim().is_empty(),
            _ => false,
        };
        if field.required && blank {
            violations.push(Violation { parameter: at(), problem: Problem::Missing });
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

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is required"),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.parameter, self.problem)
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
