//! Answers that cannot be read.

use std::error::Error as StdError;
use std::fmt;

use super::RawBody;
use super::body::hidden;

/// The answer cannot be read as a response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// What is wrong, and where, as a sentence.
    pub problem: String,
    /// The way to the field at which it is wrong, as in `trades[3].price`; empty for the answer as a whole.
    pub path: String,
    /// What was expected there.
    pub expected: String,
    /// What came instead, in short; hidden if the field is a secret.
    pub found: String,
    /// The body as it came.
    pub body: RawBody,
}

impl DecodeError {
    /// Of the answer as a whole.
    #[doc(hidden)]
    pub fn new(problem: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Box<Self> {
        let (problem, expected, found) = (problem.into(), expected.into(), found.into());
        Box::new(Self { problem, path: String::new(), expected, found, body: RawBody::default() })
    }

    /// The same error with the body in which it is.
    #[doc(hidden)]
    pub fn in_body(mut self: Box<Self>, body: &str) -> Box<Self> {
        self.body = RawBody::from(body);
        self
    }

    /// Redacts `secrets` in the parts of the response that the error repeats.
    #[doc(hidden)]
    pub fn hide<'s>(&mut self, secrets: impl Iterator<Item = &'s str> + Clone) {
        for text in [&mut self.problem, &mut self.path, &mut self.expected, &mut self.found] {
            *text = hidden(text, secrets.clone());
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer cannot be read: {}", self.problem)
    }
}

impl StdError for DecodeError {}
