//! Tokens in Redis.

use std::time::Duration;

use redis::{Script, SetExpiry, SetOptions, cmd};

use super::Redis;
use crate::session::{SessionStore, StoreError};
use crate::{BoxFuture, Token};

/// Sets a lock that nobody has, or that is the holder's already.
const LOCK: &str = "
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 1
";

/// Sets a token in place of the text that was seen, or of nothing; otherwise tells the text that is there.
const REPLACE: &str = "
local stored = redis.call('get', KEYS[1])
if stored and stored ~= ARGV[1] then return stored end
if ARGV[3] == '' then redis.call('set', KEYS[1], ARGV[2]) else redis.call('set', KEYS[1], ARGV[2], 'px', ARGV[3]) end
return false
";

/// Deletes a lock if it is its holder's. Between a look and a deletion of two commands, it could become another's.
const UNLOCK: &str = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

/// Tokens under `session:` and the user's name, and locks under `session-lock:`. A token leaves Redis when neither it
/// nor its refresh token is good any more.
impl SessionStore for Redis {
    fn get<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        Box::pin(async move {
            let key = self.key("session", user);
            let json: Option<String> =
                self.ask(async |mut redis| cmd("GET").arg(&key).query_async(&mut redis).await).await?;
            Ok(json.map(|json| Token::from_json(&json)).transpose()?)
        })
    }

    fn put<'a>(&'a self, user: &'a str, token: &'a Token) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let mut options = SetOptions::default();
            if let Some(life) = life(token) {
                options = options.with_expiration(SetExpiry::PX(milliseconds(life)));
            }
            let (key, json) = (self.key("session", user), token.to_json());
            self.ask(async |mut redis| cmd("SET").arg(&key).arg(json).arg(options).query_async(&mut redis).await).await
        })
    }

    fn replace<'a>(
        &'a self,
        user: &'a str,
        seen: Option<&'a Token>,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        Box::pin(async move {
            let (script, key, json) = (Script::new(REPLACE), self.key("session", user), token.to_json());
            let life = life(token).map(|life| milliseconds(life).to_string()).unwrap_or_default();
            let mut expected = seen.map(Token::to_json).unwrap_or_default();
            loop {
                let mut script = script.key(&key);
                script.arg(&expected).arg(&json).arg(&life);
                let stored: Option<String> = self.ask(async |mut redis| script.invoke_async(&mut redis).await).await?;
                let Some(stored) = stored else {
                    return Ok(None);
                };
                match Token::from_json(&stored) {
                    Ok(other) if Some(&other) != seen && other != *token => return Ok(Some(other)),
                    // It is the same token, as another program has written it, or a damaged one that nobody can use.
                    Ok(_) | Err(_) => expected = stored,
                }
            }
        })
    }

    fn remove<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let key = self.key("session", user);
            self.ask(async |mut redis| cmd("DEL").arg(&key).query_async(&mut redis).await).await
        })
    }

    fn try_lock<'a>(
        &'a self,
        user: &'a str,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let (script, key) = (Script::new(LOCK), self.key("session-lock", user));
            let mut script = script.key(&key);
            script.arg(holder).arg(milliseconds(time));
            let locked: i64 = self.ask(async |mut redis| script.invoke_async(&mut redis).await).await?;
            Ok(locked == 1)
        })
    }

    fn unlock<'a>(&'a self, user: &'a str, holder: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let (script, key) = (Script::new(UNLOCK), self.key("session-lock", user));
            self.ask(async |mut redis| script.key(&key).arg(holder).invoke_async(&mut redis).await).await
        })
    }
}

/// How long anything can be done with a token from when it was received; `None` if that is not known.
fn life(token: &Token) -> Option<Duration> {
    let end = match &token.refresh_token {
        Some(_) => token.expires_at()?.max(token.refresh_expires_at()?),
        None => token.expires_at()?,
    };
    Some(end.duration_since(token.received_at).unwrap_or_default())
}

/// As Redis counts expiry: at least one, and no more than it accepts.
fn milliseconds(time: Duration) -> u64 {
    const MOST: u128 = 1 << 50;
    u64::try_from(time.as_millis().clamp(1, MOST)).unwrap_or(1 << 50)
}
