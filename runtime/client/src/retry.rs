//! When a call is made again, and after how long.
//!
//! The arithmetic of a pause is all that a retry crate would do for it, and `backon` does another: its jitter makes a pause
//! longer, up to twice its length, where clients that failed together are to come back spread over all of it; and its bound
//! on time counts the pauses alone, where a call's deadline counts attempts and waits too.

use std::time::Duration;

use crate::error::Error;

/// Whether a call that fails is made again, how often, and after how long.
///
/// By default a client does not repeat failed calls ([`off`](Self::off)): each attempt counts against the quotas of the
/// application, and callers often have a queue or a scheduler of their own. Whatever the number of attempts, a call is sent
/// once more after a refused session or timestamp, if [`repeat`](Self::repeat) allows it.
///
/// ```
/// use std::time::Duration;
///
/// use generated_sdk::{AppCredentials, Gateway};
/// use generated_sdk::client::{Client, Repeat, RetryPolicy};
///
/// # fn main() -> Result<(), generated_sdk::Error> {
/// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret"))
///     .retry(RetryPolicy::new().attempts(5).deadline(Duration::from_secs(20)))
///     .build()?;
/// // For a call that may be made twice, because the caller knows that the second does no harm:
/// let bold = client.with_retry(RetryPolicy::new().repeat(Repeat::All));
/// # Ok(())
/// # }
/// ```
///
/// What is repeated is a failure that [passes](Error::is_retryable). Of a call that may create or change something, it
/// is repeated only if it is certain that the call [was not carried out](Error::was_not_processed), or if
/// [`repeat`](Self::repeat) says otherwise. Each attempt waits for its turn at the limiter, asks for the session again,
/// and is signed anew with the time of then.
///
/// Before the second attempt there is a pause of a random length up to [`first_pause`](Self::first_pause), and the
/// bound doubles with every attempt up to [`longest_pause`](Self::longest_pause). A pause is no shorter than the other
/// side [asks for](Error::retry_after): the platform's ban, or `Retry-After`. If the next attempt would begin after the
/// [`deadline`](Self::deadline), the call fails at once with the error of the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    attempts: u32,
    first_pause: Duration,
    longest_pause: Duration,
    deadline: Option<Duration>,
    repeat: Repeat,
}

/// Which calls may be made again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repeat {
    /// None of which it is not certain that it was not carried out.
    NotCarriedOut,
    /// Those too that only [read](top_protocol::Request::READS).
    #[default]
    Reads,
    /// All: the caller knows that a second time does no harm.
    All,
}

impl RetryPolicy {
    /// Four attempts, with pauses from 0.2 to 20 seconds.
    pub const fn new() -> Self {
        Self {
            attempts: 4,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(20),
            deadline: None,
            repeat: Repeat::Reads,
        }
    }

    /// One attempt.
    pub const fn off() -> Self {
        Self::new().attempts(1)
    }

    /// How many attempts are made in all; 4 unless set. 0 is taken as 1.
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The bound of the first pause; 0.2 seconds unless set.
    #[must_use]
    pub const fn first_pause(mut self, pause: Duration) -> Self {
        self.first_pause = pause;
        self
    }

    /// The bound that no pause goes beyond, unless the other side asks for a longer one; 20 seconds unless set.
    #[must_use]
    pub const fn longest_pause(mut self, pause: Duration) -> Self {
        self.longest_pause = pause;
        self
    }

    /// How long a call may take in all: every attempt, the pauses, and the waits for the session and the limiter. A
    /// minute unless set, or the time of one attempt if that is longer. It holds whether calls are repeated or not.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets which calls may be sent again, including after a refused session or timestamp. Default: [`Repeat::Reads`].
    #[must_use]
    pub const fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// How long a call may take in all, if one attempt may take `attempt`.
    pub(super) fn whole(&self, attempt: Duration) -> Duration {
        self.deadline.unwrap_or(attempt.max(Duration::from_secs(60)))
    }

    /// Whether a call that failed with `error` may be sent again without the risk of doing something twice.
    pub(super) fn allows(&self, error: &Error, reads: bool) -> bool {
        match self.repeat {
            Repeat::All => true,
            Repeat::Reads => reads || error.was_not_processed(),
            Repeat::NotCarriedOut => error.was_not_processed(),
        }
    }

    /// The pause before the next attempt at a call, after `made` of them and the last with `error`; `None` if there is
    /// to be no other.
    pub(super) fn pause(&self, error: &Error, reads: bool, made: u32) -> Option<Duration> {
        if made >= self.attempts || !self.allows(error, reads) || !error.is_retryable() {
            return None;
        }
        let doubled = 2_u32.checked_pow(made.saturating_sub(1)).and_then(|factor| self.first_pause.checked_mul(factor));
        let bound = doubled.unwrap_or(Duration::MAX).min(self.longest_pause);
        // Any part of the bound, so that clients that failed together do not come back together.
        let pause = Duration::try_from_secs_f64(bound.as_secs_f64() * fastrand::f64()).unwrap_or(bound);
        Some(match error.retry_after() {
            Some(asked) => asked.saturating_add(pause.min(self.first_pause)),
            None => pause,
        })
    }
}

/// The policy of a client that sets none: [`off`](RetryPolicy::off).
impl Default for RetryPolicy {
    fn default() -> Self {
        Self::off()
    }
}
