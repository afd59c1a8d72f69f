//! Limits that several machines keep together.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::Redis;
use super::turns::{Turns, Wait};
use crate::error::LimitError;
use crate::limit::YEAR;
use crate::lock::locked;
use crate::session::StoreError;
use crate::trace;
use crate::{BoxFuture, Limiter, Limits, Permit, Turn};

/// Limits that machines keep together in a [`Redis`]: an application's rate, and the platform's bans. The number of
/// calls at once is each program's own.
///
/// Machines that keep to one rate have the same prefix and the same rate. Turns come at even distances, by the clock of
/// Redis, so the clocks of the machines do not matter. A call that is given up while it waits gives its turn back: the next
/// call that comes has it, and those that wait already keep theirs.
///
/// # When Redis is down
///
/// Each program then keeps to the rate and to the bans that it knows of by itself, and asks Redis again a second later:
/// the calls of several machines together can be more than the rate, and the platform may refuse some. With
/// [`fail_closed`](Self::fail_closed) calls fail instead.
///
/// Clones share what is kept in the program: the number of calls at once, and what holds without Redis.
#[derive(Clone)]
pub struct RedisLimits {
    turns: Arc<Turns>,
    distance: Duration,
    /// What a call waits for before Redis is asked: the number of calls at once, and bans that are known here.
    here: Limits,
    /// What holds without Redis.
    alone: Limits,
    closed: bool,
    /// Redis was down, and is not asked before then.
    down: Arc<Mutex<Option<Instant>>>,
}

/// How long Redis is left alone after it failed.
const PAUSE: Duration = Duration::from_secs(1);

impl RedisLimits {
    /// No limits but the platform's bans, of which one machine tells the others.
    pub fn new(redis: Redis) -> Self {
        Self {
            turns: Arc::new(Turns::new(redis)),
            distance: Duration::ZERO,
            here: Limits::new(),
            alone: Limits::new(),
            closed: false,
            down: Arc::default(),
        }
    }

    /// So many calls a second for each application, evenly spread; 0 is taken as 1.
    #[must_use]
    pub fn per_second(self, calls: u32) -> Self {
        self.rate(calls, Duration::from_secs(1))
    }

    /// So many calls of each application in every such time, evenly spread; 0 is taken as 1.
    #[must_use]
    pub fn rate(self, calls: u32, time: Duration) -> Self {
        let distance = time.min(YEAR) / calls.max(1);
        Self { distance, alone: self.alone.rate(calls, time), ..self }
    }

    /// So many calls at once of this program; 0 is taken as 1.
    #[must_use]
    pub fn concurrency(self, calls: usize) -> Self {
        Self { here: self.here.concurrency(calls), ..self }
    }

    /// Calls fail when Redis cannot be asked, rather than go by what is known here.
    #[must_use]
    pub fn fail_closed(self) -> Self {
        Self { closed: true, ..self }
    }

    /// Waits for the turn that Redis gives.
    async fn shared(&self, turn: Turn<'_>, end: Instant) -> Result<(), Failure> {
        match self.take(turn, end, self.distance).await? {
            Wait::Ban(time) => Err(Failure::Ban(time)),
            Wait::TooLate(time) => Err(Failure::Limit(LimitError::too_late(time))),
            Wait::Turn(reserved) => {
                // Another call may have come back with a ban during the wait.
                if reserved.come().await
                    && let Wait::Ban(time) = self.take(turn, end, Duration::ZERO).await?
                {
                    return Err(Failure::Ban(time));
                }
                Ok(())
            }
        }
    }

    async fn take(&self, turn: Turn<'_>, end: Instant, distance: Duration) -> Result<Wait, Failure> {
        let patience = end.saturating_duration_since(Instant::now());
        self.turns.take(turn, distance, patience).await.map_err(Failure::Redis)
    }

    fn is_down(&self) -> bool {
        locked(&self.down).is_some_and(|until| Instant::now() < until)
    }

    /// Takes note that Redis has failed.
    fn failed(&self, error: &StoreError) {
        trace::alone(error);
        *locked(&self.down) = Some(Instant::now() + PAUSE);
    }
}

/// Why Redis gave no turn.
enum Failure {
    Ban(Duration),
    Limit(LimitError),
    Redis(StoreError),
}

impl Limiter for RedisLimits {
    fn acquire<'a>(&'a self, turn: Turn<'a>) -> BoxFuture<'a, Result<Permit, LimitError>> {
        Box::pin(async move {
            let end = Instant::now() + turn.patience.min(YEAR);
            loop {
                let left = || Turn::new(turn.app_key, turn.method, end.saturating_duration_since(Instant::now()));
                let permit = self.here.acquire(left()).await?;
                if self.closed || !self.is_down() {
                    match self.shared(turn, end).await {
                        Ok(()) => return Ok(permit),
                        Err(Failure::Ban(time)) => {
                            // It is waited for without the permit, which calls of other methods may need.
                            self.here.banned(turn.app_key, Some(turn.method), time).await;
                            continue;
                        }
                        Err(Failure::Limit(error)) => return Err(error),
                        Err(Failure::Redis(error)) if self.closed => return Err(LimitError::failed(error)),
                        Err(Failure::Redis(error)) => self.failed(&error),
                    }
                }
                self.alone.acquire(left()).await?;
                return Ok(permit);
            }
        })
    }

    fn banned<'a>(&'a self, app_key: &'a str, method: Option<&'a str>, time: Duration) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.here.banned(app_key, method, time).await;
            if self.is_down() {
                return;
            }
            if let Err(error) = self.turns.ban(app_key, method, time.min(YEAR)).await {
                self.failed(&error);
            }
        })
    }
}

impl fmt::Debug for RedisLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimits")
            .field("redis", &self.turns.redis)
            .field("distance", &self.distance)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}
