//! Turns and bans as they stand in Redis.

use std::sync::Arc;
use std::time::Duration;

use redis::Script;
use tokio::runtime::Handle;
use tokio::time::sleep;

use super::Redis;
use crate::Turn;
use crate::session::StoreError;

/// Takes the first turn of an application that is free, unless it comes too late or there is a ban: turns at even
/// distances, by the one clock that all machines share. Answers what there is to wait for (0 a ban, 1 a turn that is
/// taken, 2 one that is not), for how many microseconds, and the turn. A turn that is further off than a day and a hundred
/// others is of a time at which that clock was ahead; without that bound all would wait until it is there again.
const TAKE: &str = "
local ban = math.max(redis.call('pttl', KEYS[2]), redis.call('pttl', KEYS[3]))
if ban > 0 then return {0, ban * 1000, ''} end
local distance, patience = tonumber(ARGV[1]), tonumber(ARGV[2])
if distance == 0 then return {1, 0, ''} end
local time = redis.call('time')
local now = time[1] * 1000000 + time[2]
redis.call('zremrangebyscore', KEYS[4], '-inf', now)
local free = redis.call('zrange', KEYS[4], 0, 0)[1]
local turn = math.max(now, tonumber(free or redis.call('get', KEYS[1]) or 0))
if turn - now > 86400000000 + 100 * distance then turn = now end
if turn - now > patience then return {2, turn - now, ''} end
if free then
  redis.call('zrem', KEYS[4], free)
else
  local next = turn + distance
  redis.call('set', KEYS[1], string.format('%.0f', next), 'px', math.ceil((next - now) / 1000) + 1000)
end
return {1, turn - now, string.format('%.0f', turn)}
";

/// Gives a turn back. Nobody needs to know of it once its time is over.
const GIVE: &str = "
local time = redis.call('time')
local left = tonumber(ARGV[1]) - (time[1] * 1000000 + time[2])
if left <= 0 then return 0 end
redis.call('zadd', KEYS[1], ARGV[1], ARGV[1])
if redis.call('pttl', KEYS[1]) * 1000 < left then redis.call('pexpire', KEYS[1], math.ceil(left / 1000) + 1000) end
return 0
";

/// Notes a ban, unless a longer one is known.
const BAN: &str = "
if redis.call('pttl', KEYS[1]) < tonumber(ARGV[1]) then redis.call('set', KEYS[1], 1, 'px', ARGV[1]) end
return 0
";

/// The turns and bans of all applications.
pub(super) struct Turns {
    pub(super) redis: Redis,
    take: Script,
    give: Script,
    ban: Script,
}

/// What there is to wait for.
pub(super) enum Wait {
    Ban(Duration),
    Turn(Reserved),
    TooLate(Duration),
}

impl Turns {
    pub(super) fn new(redis: Redis) -> Self {
        Self { redis, take: Script::new(TAKE), give: Script::new(GIVE), ban: Script::new(BAN) }
    }

    /// Takes a turn at this distance from the others, if one comes within `patience` and there is no ban. Without a
    /// distance it is at once.
    pub(super) async fn take(
        self: &Arc<Self>,
        turn: Turn<'_>,
        distance: Duration,
        patience: Duration,
    ) -> Result<Wait, StoreError> {
        let keys = self.keys(turn.app_key, turn.method);
        let turns = Arc::clone(self);
        // What is taken is known when the answer comes, so somebody has to be there for it, be it to give it back.
        let taken = tokio::spawn(async move { turns.taken(keys, distance, patience).await });
        taken.await.unwrap_or_else(|ended| Err(ended.into()))
    }

    async fn taken(self: Arc<Self>, keys: Keys, distance: Duration, patience: Duration) -> Result<Wait, StoreError> {
        let mut script = self.take.key(keys.next);
        script.key(keys.all).key(keys.one).key(&keys.free);
        script.arg(microseconds(distance)).arg(microseconds(patience));
        let answer = self.redis.ask(async |mut redis| script.invoke_async(&mut redis).await).await?;
        let (what, time, turn): (i64, u64, String) = answer;
        let wait = Duration::from_micros(time);
        Ok(match what {
            0 => Wait::Ban(wait),
            1 => Wait::Turn(Reserved { wait, turn, key: keys.free, turns: self, runtime: Handle::current() }),
            _ => Wait::TooLate(wait),
        })
    }

    async fn give(&self, key: &str, turn: &str) -> Result<(), StoreError> {
        let mut script = self.give.key(key);
        script.arg(turn);
        self.redis.ask(async |mut redis| script.invoke_async(&mut redis).await).await
    }

    /// Notes that an application's calls of `method`, or of every method, are refused for `time`.
    pub(super) async fn ban(&self, app_key: &str, method: Option<&str>, time: Duration) -> Result<(), StoreError> {
        let keys = self.keys(app_key, method.unwrap_or_default());
        let mut script = self.ban.key(if method.is_some() { keys.one } else { keys.all });
        script.arg(time.max(Duration::from_millis(1)).as_millis().to_string());
        self.redis.ask(async |mut redis| script.invoke_async(&mut redis).await).await
    }

    fn keys(&self, app_key: &str, method: &str) -> Keys {
        // The braces keep them on one machine of a Redis that has several.
        let key = |kind: &str, of: &str| self.redis.key("limit", &format!("{{{app_key}}}:{kind}{of}"));
        Keys { next: key("next", ""), free: key("free", ""), all: key("ban", ""), one: key("ban:", method) }
    }
}

/// Where things stand.
struct Keys {
    /// The first turn of an application that nobody has taken yet.
    next: String,
    /// Those before it that were given back.
    free: String,
    /// The ban of all of its calls.
    all: String,
    /// The ban of one method.
    one: String,
}

/// A turn that is taken, and given back if nobody waits for it any more.
pub(super) struct Reserved {
    wait: Duration,
    turn: String,
    key: String,
    turns: Arc<Turns>,
    runtime: Handle,
}

impl Reserved {
    /// Waits until it comes. Returns whether there was anything to wait for.
    pub(super) async fn come(mut self) -> bool {
        let wait = self.wait;
        sleep(wait).await;
        self.wait = Duration::ZERO;
        !wait.is_zero()
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if !self.wait.is_zero() {
            let turns = Arc::clone(&self.turns);
            let (key, turn) = (std::mem::take(&mut self.key), std::mem::take(&mut self.turn));
            // If Redis does not get to hear of it, it is a turn that nobody has.
            self.runtime.spawn(async move { turns.give(&key, &turn).await });
        }
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
