//! Limits that several machines share.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use top_protocol::internal::locked;

use tokio::time::Instant;

use super::database::Redis;
use super::schedule::{Schedule, Wait};
use crate::error::LimitError;
use crate::limit::bans::MAX_WAIT;
use crate::limit::limiter::{CallInfo, Limiter, Permit};
use crate::limit::limits::Limits;
use crate::session::store::StoreError;
use crate::trace;
use crate::transport::BoxFuture;

/// Limits that several machines share in [`Redis`]: the rate of an application, and the platform's bans. The number of
/// concurrent calls is limited per program.
///
/// Use the same prefix and the same rate on all machines. Calls are evenly spaced by the clock of Redis; the clocks of the
/// machines do not matter. A call that stops waiting releases its time to the next call that arrives. Calls that already
/// wait keep their times.
///
/// # When Redis is down
///
/// Each program enforces the rate and the known bans by itself, and tries Redis again after a second. Together, the programs
/// may then exceed the rate, and the platform may refuse some calls. With [`fail_closed`](Self::fail_closed), calls fail
/// instead.
///
/// Clones share the concurrency limit, and the limits without Redis.
#[derive(Clone)]
pub struct RedisLimits {
    schedule: Arc<Schedule>,
    interval: Duration,
    /// The limits that apply before Redis is asked: the concurrency, and the bans that are known here.
    local: Limits,
    /// The limits that apply without Redis.
    fallback: Limits,
    fail_closed: bool,
    /// Redis failed, and is not asked before this time.
    down_until: Arc<Mutex<Option<Instant>>>,
}

/// How long Redis is not asked after it failed.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

impl RedisLimits {
    /// Creates limits that only enforce the platform's bans, which the machines share.
    pub fn new(redis: Redis) -> Self {
        Self {
            schedule: Arc::new(Schedule::new(redis)),
            interval: Duration::ZERO,
            local: Limits::new(),
            fallback: Limits::new(),
            fail_closed: false,
            down_until: Arc::default(),
        }
    }

    /// Sets the maximum number of calls per second for each application, evenly spaced. 0 is taken as 1.
    #[must_use]
    pub fn per_second(self, calls: u32) -> Self {
        self.rate(calls, Duration::from_secs(1))
    }

    /// Sets the maximum number of calls per `time` for each application, evenly spaced. 0 is taken as 1.
    #[must_use]
    pub fn rate(self, calls: u32, time: Duration) -> Self {
        let interval = time.min(MAX_WAIT) / calls.max(1);
        Self { interval, fallback: self.fallback.rate(calls, time), ..self }
    }

    /// Sets the maximum number of concurrent calls of this program. 0 is taken as 1.
    #[must_use]
    pub fn concurrency(self, calls: usize) -> Self {
        Self { local: self.local.concurrency(calls), ..self }
    }

    /// Lets calls fail when Redis is down, instead of limiting them per program.
    #[must_use]
    pub fn fail_closed(self) -> Self {
        Self { fail_closed: true, ..self }
    }

    /// Waits for the time that Redis assigns to a call.
    async fn wait_for_redis(&self, call: CallInfo<'_>, end: Instant) -> Result<(), AcquireFailure> {
        match self.reserve(call, end, self.interval).await? {
            Wait::Ban(time) => Err(AcquireFailure::Ban(time)),
            Wait::TooLate(time) => Err(AcquireFailure::Limit(LimitError::too_late(time))),
            Wait::Reserved(reservation) => {
                // Another call may have reported a ban during the wait.
                if reservation.wait().await
                    && let Wait::Ban(time) = self.reserve(call, end, Duration::ZERO).await?
                {
                    return Err(AcquireFailure::Ban(time));
                }
                Ok(())
            }
        }
    }

    async fn reserve(&self, call: CallInfo<'_>, end: Instant, interval: Duration) -> Result<Wait, AcquireFailure> {
        let max_wait = end.saturating_duration_since(Instant::now());
        self.schedule.reserve(call, interval, max_wait).await.map_err(AcquireFailure::Redis)
    }

    fn is_down(&self) -> bool {
        locked(&self.down_until).is_some_and(|until| Instant::now() < until)
    }

    fn redis_failed(&self, error: &StoreError) {
        trace::redis_unavailable(error);
        *locked(&self.down_until) = Some(Instant::now() + RETRY_PAUSE);
    }
}

/// Why Redis did not admit a call.
enum AcquireFailure {
    Ban(Duration),
    Limit(LimitError),
    Redis(StoreError),
}

impl Limiter for RedisLimits {
    fn acquire<'a>(&'a self, call: CallInfo<'a>) -> BoxFuture<'a, Result<Permit, LimitError>> {
        Box::pin(async move {
            let end = Instant::now() + call.max_wait.min(MAX_WAIT);
            loop {
                let remaining = || CallInfo { max_wait: end.saturating_duration_since(Instant::now()), ..call };
                let permit = self.local.acquire(remaining()).await?;
                if self.fail_closed || !self.is_down() {
                    match self.wait_for_redis(call, end).await {
                        Ok(()) => return Ok(permit),
                        Err(AcquireFailure::Ban(time)) => {
                            // Waits without the permit, which calls of other methods may need.
                            self.local.banned(call.app_key, Some(call.method), time).await;
                            continue;
                        }
                        Err(AcquireFailure::Limit(error)) => return Err(error),
                        Err(AcquireFailure::Redis(error)) if self.fail_closed => return Err(LimitError::failed(error)),
                        Err(AcquireFailure::Redis(error)) => self.redis_failed(&error),
                    }
                }
                self.fallback.acquire(remaining()).await?;
                return Ok(permit);
            }
        })
    }

    fn banned<'a>(&'a self, app_key: &'a str, method: Option<&'a str>, time: Duration) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.local.banned(app_key, method, time).await;
            if self.is_down() {
                return;
            }
            if let Err(error) = self.schedule.ban(app_key, method, time.min(MAX_WAIT)).await {
                self.redis_failed(&error);
            }
        })
    }
}

impl fmt::Debug for RedisLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimits")
            .field("redis", &self.schedule.redis)
            .field("interval", &self.interval)
            .field("fail_closed", &self.fail_closed)
            .finish_non_exhaustive()
    }
}
