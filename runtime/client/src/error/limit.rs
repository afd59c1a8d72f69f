//! Errors of the limiter.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// The limiter did not admit the call. It was not sent.
#[derive(Debug)]
pub struct LimitError {
    /// The time until the limiter would admit the call, if it is known.
    pub retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl LimitError {
    /// Creates the error of a call that would be admitted after `wait`, which is longer than the caller waits.
    pub const fn too_late(wait: Duration) -> Self {
        Self { retry_after: Some(wait), source: None }
    }

    /// Creates the error of a call that reached its deadline in the queue.
    pub(crate) const fn out_of_time() -> Self {
        Self { retry_after: None, source: None }
    }

    /// Creates the error of a limiter that failed, such as one whose store cannot be reached.
    pub fn failed(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { retry_after: None, source: Some(source.into()) }
    }
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was not sent: ")?;
        match (&self.source, self.retry_after) {
            (Some(_), _) => f.write_str("the limiter failed"),
            (None, Some(wait)) => {
                let seconds = wait.as_millis().div_ceil(1000).max(1);
                write!(f, "the limiter allows it in {seconds} seconds, after the deadline of the call's retry policy")
            }
            (None, None) => f.write_str("the limiter did not allow it before the deadline of the call's retry policy"),
        }
    }
}

impl StdError for LimitError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
