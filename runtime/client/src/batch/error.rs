//! Errors of calls in a batch.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::error::Error;

/// The error of a call in a batch.
#[derive(Clone)]
pub struct BatchError {
    error: Arc<Error>,
    whole: bool,
}

impl BatchError {
    /// The error of one call.
    pub(super) fn of_call(error: impl Into<Error>) -> Self {
        Self { error: Arc::new(error.into()), whole: false }
    }

    /// The error of a request, which its calls share.
    pub(super) fn of_request(error: Arc<Error>) -> Self {
        Self { error, whole: true }
    }

    /// Returns the error.
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Returns whether the request failed as a whole, so that the other calls in it have the same error.
    pub fn is_whole_request(&self) -> bool {
        self.whole
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl fmt::Debug for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchError").field("error", &self.error).field("whole", &self.whole).finish()
    }
}

impl StdError for BatchError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}
