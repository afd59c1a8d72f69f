//! The retry policy.
//!
//! `backon` and similar crates do not fit: their jitter makes pauses longer instead of spreading them over the whole
//! pause, and their time limit counts pauses but not attempts and waits.

use std::time::Duration;

use crate::error::Error;

/// Decides whether, when and how often a failed call is sent again.
///
/// By default a client does not retry ([`off`](Self::off)): each attempt counts against the quotas of the application,
/// and callers often have a queue or scheduler. With any number of attempts, a call is sent once more after a refused
/// session or timestamp, if [`scope`](Self::scope) allows it.
///
/// ```
/// use std::time::Duration;
///
/// use generated_sdk::{AppCredentials, Gateway};
/// use generated_sdk::client::{Client, RetryScope, RetryPolicy};
///
/// # fn main() -> Result<(), generated_sdk::Error> {
/// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret"))
///     .retry(RetryPolicy::new().attempts(5).deadline(Duration::from_secs(20)))
///     .build()?;
/// // For an idempotent call:
/// let idempotent = client.with_retry(RetryPolicy::new().scope(RetryScope::All));
/// # Ok(())
/// # }
/// ```
///
/// Only [temporary](Error::is_retryable) failures are retried. A call that may change something is retried only if it
/// certainly [was not processed](Error::was_not_processed), or if [`scope`](Self::scope) allows it. Each attempt waits
/// for the limiter, gets the session again, and is signed with the current time.
///
/// The pause before an attempt is random, up to [`first_pause`](Self::first_pause) before the second attempt. The
/// bound doubles with each attempt, up to [`longest_pause`](Self::longest_pause). A pause is at least as long as
/// [`retry_after`](Error::retry_after). If the next attempt would start after the [`deadline`](Self::deadline), the
/// call fails at once with the last error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    attempts: u32,
    first_pause: Duration,
    longest_pause: Duration,
    deadline: Option<Duration>,
    scope: RetryScope,
}

/// The calls that may be sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryScope {
    /// Calls that were certainly not processed.
    NotProcessed,
    /// Also calls that only [read](top_protocol::Request::READS).
    #[default]
    Reads,
    /// All calls. Use it for idempotent calls.
    All,
}

impl RetryPolicy {
    /// Creates a policy with four attempts and pauses from 0.2 to 20 seconds.
    pub const fn new() -> Self {
        Self {
            attempts: 4,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(20),
            deadline: None,
            scope: RetryScope::Reads,
        }
    }

    /// Creates a policy with one attempt.
    pub const fn off() -> Self {
        Self::new().attempts(1)
    }

    /// Sets the maximum number of attempts. Default: 4. 0 is taken as 1.
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets the bound of the first pause. Default: 0.2 seconds.
    #[must_use]
    pub const fn first_pause(mut self, pause: Duration) -> Self {
        self.first_pause = pause;
        self
    }

    /// Sets the maximum of the bound. Default: 20 seconds. [`retry_after`](Error::retry_after) may exceed it.
    #[must_use]
    pub const fn longest_pause(mut self, pause: Duration) -> Self {
        self.longest_pause = pause;
        self
    }

    /// Sets the maximum time of a call: all attempts, pauses, and waits for the session and the limiter. Default: 60
    /// seconds, or the timeout of one attempt if that is longer. It also applies to calls that are not retried.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets which calls may be sent again, including after a refused session or timestamp. Default: [`RetryScope::Reads`].
    #[must_use]
    pub const fn scope(mut self, scope: RetryScope) -> Self {
        self.scope = scope;
        self
    }

    /// Returns the maximum time of a call whose attempts may take `attempt` each.
    pub(super) fn total_time(&self, attempt: Duration) -> Duration {
        self.deadline.unwrap_or(attempt.max(Duration::from_secs(60)))
    }

    /// Returns whether a call that failed with `error` may be sent again.
    pub(super) fn allows(&self, error: &Error, reads: bool) -> bool {
        match self.scope {
            RetryScope::All => true,
            RetryScope::Reads => reads || error.was_not_processed(),
            RetryScope::NotProcessed => error.was_not_processed(),
        }
    }

    /// Returns the pause before the next attempt, or `None` if there is no next attempt. `made` is the number of
    /// attempts so far.
    pub(super) fn pause(&self, error: &Error, reads: bool, made: u32) -> Option<Duration> {
        if made >= self.attempts || !self.allows(error, reads) || !error.is_retryable() {
            return None;
        }
        let doubled = 2_u32.checked_pow(made.saturating_sub(1)).and_then(|factor| self.first_pause.checked_mul(factor));
        let bound = doubled.unwrap_or(Duration::MAX).min(self.longest_pause);
        // Full jitter, so that clients that failed together do not retry together.
        let pause = Duration::try_from_secs_f64(bound.as_secs_f64() * fastrand::f64()).unwrap_or(bound);
        Some(match error.retry_after() {
            Some(minimum) => minimum.saturating_add(pause.min(self.first_pause)),
            None => pause,
        })
    }
}

/// The default policy of a client: [`off`](RetryPolicy::off).
impl Default for RetryPolicy {
    fn default() -> Self {
        Self::off()
    }
}
