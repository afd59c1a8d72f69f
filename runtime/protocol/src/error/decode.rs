//! The error of a body that cannot be decoded.

use std::error::Error as StdError;
use std::fmt;

use super::body::RawBody;
use crate::redact::redacted;

/// The error of a response that cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The problem: what was expected and what was found.
    pub problem: String,
    /// The path to the field, such as `trades[3].price`. Empty for the whole response.
    pub path: String,
    /// The expected content.
    pub expected: String,
    /// The content found instead, shortened. Redacted if the field is a secret.
    pub found: String,
    /// The response body.
    pub body: RawBody,
}

impl DecodeError {
    /// Creates the error of a whole response.
    #[doc(hidden)]
    pub fn new(problem: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Box<Self> {
        let (problem, expected, found) = (problem.into(), expected.into(), found.into());
        Box::new(Self { problem, path: String::new(), expected, found, body: RawBody::default() })
    }

    /// Sets the response body.
    #[doc(hidden)]
    pub fn with_body(mut self: Box<Self>, body: &str) -> Box<Self> {
        self.body = RawBody::from(body);
        self
    }

    /// Redacts `secrets` in the parts of the response that the error repeats.
    #[doc(hidden)]
    pub fn redact<'s>(&mut self, secrets: impl Iterator<Item = &'s str> + Clone) {
        for text in [&mut self.problem, &mut self.path, &mut self.expected, &mut self.found] {
            *text = redacted(text, secrets.clone());
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot decode the response: {}", self.problem)
    }
}

impl StdError for DecodeError {}
