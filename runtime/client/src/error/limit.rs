//! Calls whose turn did not come.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// The call's turn at the limiter did not come, so it was not sent.
#[derive(Debug)]
pub struct LimitError {
    /// How long it would have had to wait, if that is known.
    pub retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl LimitError {
    /// The turn comes in `wait`, which is longer than the caller has.
    pub const fn too_late(wait: Duration) -> Self {
        Self { retry_after: Some(wait), source: None }
    }

    /// The turn did not come before the call's deadline, and when it would have is not known.
    pub(crate) const fn out_of_time() -> Self {
        Self { retry_after: None, source: None }
    }

    /// The limiter itself has failed, as one over a store that cannot be reached.
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
