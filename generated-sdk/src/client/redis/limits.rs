//! Limits that several machines keep together.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::Script;
use tokio::time::{Instant, sleep};

use super::Redis;
use crate::client::session::StoreError;
use crate::client::trace;
use crate::client::{BoxFuture, Limiter, Limits, Permit, Turn};
use crate::protocol::LimitError;

/// Takes the next free turn of an application, unless it comes too late or there is a ban: turns at even distances, by
/// the one clock that all machines share. Answers what there is to wait for (0 a ban, 1 a turn that is taken, 2 one
/// that is not), and for how many microseconds.
const TAKE: &str = "
local ban = math.max(redis.call('pttl', KEYS[2]), redis.call('pttl', KEYS[3]))
if ban > 0 then return {0, ban * 1000} end
local distance, patience = tonumber(ARGV[1]), tonumber(ARGV[2])
if distance == 0 then return {1, 0} end
local time = redis.call('time')
local now = time[1] * 1000000 + time[2]
local turn = math.max(now, tonumber(redis.call('get', KEYS[1]) or 0))
if turn - now > patience then return {2, turn - now} end
local next = turn + distance
redis.call('set', KEYS[1], string.format('%.0f', next), 'px', math.ceil((next - now) / 1000) + 1000)
return {1, turn - now}
";

/// Notes a ban, unless a longer one is known.
const BAN: &str = "
if redis.call('pttl', KEYS[1]) < tonumber(ARGV[1]) then redis.call('set', KEYS[1], 1, 'px', ARGV[1]) end
return 0
";

/// Limits that machines keep together in a [`Redis`]: an application's rate, and the platform's bans. The number of
/// calls at once is each program's own.
///
/// Machines that keep to one rate have the same prefix and the same rate. Turns come at even distances, by the clock of
/// Redis, so the clocks of the machines do not matter.
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
    redis: Redis,
    take: Script,
    ban: Script,
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

/// As long as no program waits: what the script can count.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

impl RedisLimits {
    /// No limits but the platform's bans, of which one machine tells the others.
    pub fn new(redis: Redis) -> Self {
        Self {
            redis,
            take: Script::new(TAKE),
            ban: Script::new(BAN),
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
        let distance = time.min(LONGEST) / calls.max(1);
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
        loop {
            let wait = self.take(turn, end, self.distance).await?;
            match wait {
                Wait::Turn(time) if time.is_zero() => return Ok(()),
                Wait::Ban(time) => return Err(Failure::Ban(time)),
                Wait::TooLate(time) if Instant::now() + time > end => {
                    return Err(Failure::Limit(LimitError::too_late(time)));
                }
                // A turn that others have given back meanwhile is free.
                Wait::TooLate(time) => sleep(time).await,
                Wait::Turn(time) => {
                    sleep(time).await;
                    // Another call may have come back with a ban meanwhile.
                    return match self.take(turn, end, Duration::ZERO).await? {
                        Wait::Ban(time) => Err(Failure::Ban(time)),
                        Wait::Turn(_) | Wait::TooLate(_) => Ok(()),
                    };
                }
            }
        }
    }

    async fn take(&self, turn: Turn<'_>, end: Instant, distance: Duration) -> Result<Wait, Failure> {
        let patience = end.saturating_duration_since(Instant::now());
        let [next, all, one] = self.keys(turn.app_key, turn.method);
        let mut script = self.take.key(next);
        script.key(all).key(one).arg(microseconds(distance)).arg(microseconds(patience));
        let answer = self.redis.ask(async |mut redis| script.invoke_async(&mut redis).await).await;
        let (what, time): (i64, u64) = answer.map_err(Failure::Redis)?;
        let time = Duration::from_micros(time);
        Ok(match what {
            0 => Wait::Ban(time),
            1 => Wait::Turn(time),
            _ => Wait::TooLate(time),
        })
    }

    /// Where the next free turn of an application stands, the ban of all of its calls, and that of one method. The
    /// braces keep them on one machine of a Redis that has several.
    fn keys(&self, app_key: &str, method: &str) -> [String; 3] {
        let key = |kind: &str, of: &str| self.redis.key("limit", &format!("{{{app_key}}}:{kind}{of}"));
        [key("next", ""), key("ban", ""), key("ban:", method)]
    }

    fn is_down(&self) -> bool {
        self.down.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| Instant::now() < until)
    }

    /// Takes note that Redis has failed.
    fn failed(&self, error: &StoreError) {
        trace::alone(error);
        *self.down.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + PAUSE);
    }
}

/// What there is to wait for.
enum Wait {
    Ban(Duration),
    Turn(Duration),
    TooLate(Duration),
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
            let end = Instant::now() + turn.patience.min(LONGEST);
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
            let [_, all, one] = self.keys(app_key, method.unwrap_or_default());
            let milliseconds = time.clamp(Duration::from_millis(1), LONGEST).as_millis().to_string();
            let mut script = self.ban.key(if method.is_some() { one } else { all });
            script.arg(milliseconds);
            let told: Result<i64, _> = self.redis.ask(async |mut redis| script.invoke_async(&mut redis).await).await;
            if let Err(error) = told {
                self.failed(&error);
            }
        })
    }
}

impl fmt::Debug for RedisLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimits")
            .field("redis", &self.redis)
            .field("distance", &self.distance)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

fn microseconds(time: Duration) -> String {
    time.min(LONGEST).as_micros().to_string()
}
