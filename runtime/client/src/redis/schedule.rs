//! The schedule of calls, and the bans, in Redis.

use std::sync::Arc;
use std::time::Duration;

use redis::Script;
use tokio::runtime::Handle;
use tokio::time::sleep;

use super::database::Redis;
use crate::limit::limiter::CallInfo;
use crate::session::store::StoreError;

/// Reserves the next free time of an application, by the clock of Redis. Returns the kind of wait (0 a ban, 1 a reservation,
/// 2 too late), its microseconds, and the reserved time.
///
/// If the clock of Redis was set back, the next time may be far off. A time more than a day and a hundred intervals away is
/// therefore reset to now.
const RESERVE_SCRIPT: &str = "
local ban = math.max(redis.call('pttl', KEYS[2]), redis.call('pttl', KEYS[3]))
if ban > 0 then return {0, ban * 1000, ''} end
local interval, max_wait = tonumber(ARGV[1]), tonumber(ARGV[2])
if interval == 0 then return {1, 0, ''} end
local clock = redis.call('time')
local now = clock[1] * 1000000 + clock[2]
redis.call('zremrangebyscore', KEYS[4], '-inf', now)
local released = redis.call('zrange', KEYS[4], 0, 0)[1]
local time = math.max(now, tonumber(released or redis.call('get', KEYS[1]) or 0))
if time - now > 86400000000 + 100 * interval then time = now end
if time - now > max_wait then return {2, time - now, ''} end
if released then
  redis.call('zrem', KEYS[4], released)
else
  local next = time + interval
  redis.call('set', KEYS[1], string.format('%.0f', next), 'px', math.ceil((next - now) / 1000) + 1000)
end
return {1, time - now, string.format('%.0f', time)}
";

/// Releases a reserved time, unless it is over.
const RELEASE_SCRIPT: &str = "
local clock = redis.call('time')
local remaining = tonumber(ARGV[1]) - (clock[1] * 1000000 + clock[2])
if remaining <= 0 then return 0 end
redis.call('zadd', KEYS[1], ARGV[1], ARGV[1])
if redis.call('pttl', KEYS[1]) * 1000 < remaining then
  redis.call('pexpire', KEYS[1], math.ceil(remaining / 1000) + 1000)
end
return 0
";

/// Stores a ban, unless a longer one is stored.
const BAN_SCRIPT: &str = "
if redis.call('pttl', KEYS[1]) < tonumber(ARGV[1]) then redis.call('set', KEYS[1], 1, 'px', ARGV[1]) end
return 0
";

/// The schedules and bans of all applications.
pub(super) struct Schedule {
    pub(super) redis: Redis,
    reserve: Script,
    release: Script,
    ban: Script,
}

/// The wait of a call.
pub(super) enum Wait {
    /// A ban, which ends after this time.
    Ban(Duration),
    Reserved(Reservation),
    /// The next free time is after this wait, which is too long.
    TooLate(Duration),
}

impl Schedule {
    pub(super) fn new(redis: Redis) -> Self {
        Self {
            redis,
            reserve: Script::new(RESERVE_SCRIPT),
            release: Script::new(RELEASE_SCRIPT),
            ban: Script::new(BAN_SCRIPT),
        }
    }

    /// Reserves the next free time for `call`, at most `max_wait` from now. If `interval` is zero, checks for bans only.
    pub(super) async fn reserve(
        self: &Arc<Self>,
        call: CallInfo<'_>,
        interval: Duration,
        max_wait: Duration,
    ) -> Result<Wait, StoreError> {
        let keys = self.keys(call.app_key, call.method);
        let schedule = Arc::clone(self);
        // A dropped call must still receive its reservation, to release it.
        let reserved = tokio::spawn(async move { schedule.run_reserve(keys, interval, max_wait).await });
        reserved.await.unwrap_or_else(|error| Err(error.into()))
    }

    async fn run_reserve(
        self: Arc<Self>,
        keys: Keys,
        interval: Duration,
        max_wait: Duration,
    ) -> Result<Wait, StoreError> {
        let mut script = self.reserve.key(keys.next);
        script.key(keys.application_ban).key(keys.method_ban).key(&keys.released);
        script.arg(microseconds(interval)).arg(microseconds(max_wait));
        let result = self.redis.run(async |mut redis| script.invoke_async(&mut redis).await).await?;
        let (kind, wait, time): (i64, u64, String) = result;
        let wait = Duration::from_micros(wait);
        Ok(match kind {
            0 => Wait::Ban(wait),
            1 => {
                let runtime = Handle::current();
                Wait::Reserved(Reservation { wait, time, key: keys.released, schedule: self, runtime })
            }
            _ => Wait::TooLate(wait),
        })
    }

    async fn release(&self, key: &str, time: &str) -> Result<(), StoreError> {
        let mut script = self.release.key(key);
        script.arg(time);
        self.redis.run(async |mut redis| script.invoke_async(&mut redis).await).await
    }

    /// Stores a ban of `method`, or of all methods, for `time`.
    pub(super) async fn ban(&self, app_key: &str, method: Option<&str>, time: Duration) -> Result<(), StoreError> {
        let keys = self.keys(app_key, method.unwrap_or_default());
        let mut script = self.ban.key(if method.is_some() { keys.method_ban } else { keys.application_ban });
        script.arg(time.max(Duration::from_millis(1)).as_millis().to_string());
        self.redis.run(async |mut redis| script.invoke_async(&mut redis).await).await
    }

    fn keys(&self, app_key: &str, method: &str) -> Keys {
        // The braces are a hash tag: a Redis cluster keeps all keys of an application on one node.
        let key = |kind: &str, method: &str| self.redis.key("limit", &format!("{{{app_key}}}:{kind}{method}"));
        Keys {
            next: key("next", ""),
            released: key("free", ""),
            application_ban: key("ban", ""),
            method_ban: key("ban:", method),
        }
    }
}

/// The keys of a call.
struct Keys {
    /// The first time of the application that was never reserved.
    next: String,
    /// The released times before that.
    released: String,
    application_ban: String,
    method_ban: String,
}

/// A reserved time. Dropping it before this time releases it.
pub(super) struct Reservation {
    wait: Duration,
    time: String,
    key: String,
    schedule: Arc<Schedule>,
    runtime: Handle,
}

impl Reservation {
    /// Waits until the reserved time. Returns whether it was in the future.
    pub(super) async fn wait(mut self) -> bool {
        let wait = self.wait;
        sleep(wait).await;
        self.wait = Duration::ZERO;
        !wait.is_zero()
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.wait.is_zero() {
            let schedule = Arc::clone(&self.schedule);
            let (key, time) = (std::mem::take(&mut self.key), std::mem::take(&mut self.time));
            // If this fails, the time stays unused.
            self.runtime.spawn(async move { schedule.release(&key, &time).await });
        }
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
