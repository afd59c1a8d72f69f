//! Errors of a client's settings.

use std::error::Error as StdError;
use std::fmt;

/// A setting of the client is wrong or missing, or a call needs one that the client does not have. Nothing was sent.
#[derive(Debug)]
pub struct ConfigurationError {
    problem: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl ConfigurationError {
    /// Returns an error that says what is wrong and what to do.
    pub fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), source: None }
    }

    /// Returns the same error with its cause.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid configuration: {}", self.problem)
    }
}

impl StdError for ConfigurationError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
