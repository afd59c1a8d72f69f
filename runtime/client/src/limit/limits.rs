//! Limits within one program.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use top_protocol::internal::locked;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

use super::bans::{Bans, MAX_WAIT};
use super::limiter::{CallInfo, Limiter, Permit};
use super::rate::RateLimiter;
use crate::error::LimitError;
use crate::transport::BoxFuture;

/// Limits within one program: a rate, a maximum number of concurrent calls, or both.
///
/// Clones share their limits: clone them to limit several clients together.
///
/// ```
/// use generated_sdk::{AppCredentials, Gateway};
/// use generated_sdk::client::{Client, Limits};
///
/// # fn main() -> Result<(), generated_sdk::Error> {
/// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret"))
///     .limiter(Limits::new().per_second(40).concurrency(8))
///     .build()?;
/// # Ok(())
/// # }
/// ```
///
/// Calls are admitted in the order in which they arrive. A call that stops waiting gives its place to the next one. Calls
/// of a banned method wait until the ban ends; when the daily quota of the application is used up, calls of all methods do.
/// A call whose wait is known to exceed its [`max_wait`](CallInfo::max_wait) fails at once.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    rate: Option<Arc<RateLimiter>>,
    concurrency: Option<Arc<Semaphore>>,
    bans: Arc<Mutex<Bans>>,
}

impl Limits {
    /// Creates limits that only enforce the platform's bans.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the maximum number of calls per second, evenly spaced. 0 is taken as 1.
    #[must_use]
    pub fn per_second(self, calls: u32) -> Self {
        self.rate(calls, Duration::from_secs(1))
    }

    /// Sets the maximum number of calls per `time`, evenly spaced. 0 is taken as 1.
    #[must_use]
    pub fn rate(mut self, calls: u32, time: Duration) -> Self {
        self.rate = Some(Arc::new(RateLimiter::new(time.min(MAX_WAIT) / calls.max(1))));
        self
    }

    /// Sets the maximum number of concurrent calls. 0 is taken as 1.
    #[must_use]
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = Some(Arc::new(Semaphore::new(calls.clamp(1, Semaphore::MAX_PERMITS))));
        self
    }

    /// Waits for the end of a ban of `call`. Fails if the ban ends after `end`.
    async fn wait_for_ban(&self, call: CallInfo<'_>, end: Instant) -> Result<(), LimitError> {
        loop {
            let Some(until) = locked(&self.bans).until(call.app_key, call.method) else {
                return Ok(());
            };
            if until > end {
                return Err(LimitError::too_late(until - Instant::now()));
            }
            // Calls that waited for the same ban are spread, so that they do not cause the next one.
            let jitter = MAX_JITTER.min(end - until).mul_f64(fastrand::f64());
            sleep_until(until + jitter).await;
        }
    }
}

impl Limiter for Limits {
    fn acquire<'a>(&'a self, call: CallInfo<'a>) -> BoxFuture<'a, Result<Permit, LimitError>> {
        Box::pin(async move {
            let end = Instant::now() + call.max_wait.min(MAX_WAIT);
            loop {
                self.wait_for_ban(call, end).await?;
                let permit = match &self.concurrency {
                    // The semaphore is never closed.
                    Some(calls) => Arc::clone(calls).acquire_owned().await.map(Permit::with_guard).unwrap_or_default(),
                    None => Permit::new(),
                };
                if let Some(rate) = &self.rate {
                    rate.acquire(end).await?;
                }
                // Another call may have reported a ban during the wait.
                if locked(&self.bans).until(call.app_key, call.method).is_none() {
                    return Ok(permit);
                }
            }
        })
    }

    fn banned<'a>(&'a self, app_key: &'a str, method: Option<&'a str>, time: Duration) -> BoxFuture<'a, ()> {
        locked(&self.bans).add(app_key, method, time);
        Box::pin(std::future::ready(()))
    }
}

/// The maximum delay after the end of a ban.
const MAX_JITTER: Duration = Duration::from_secs(1);
