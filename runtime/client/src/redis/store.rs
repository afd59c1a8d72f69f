//! Tokens in Redis.

use std::time::Duration;

use redis::{Script, SetExpiry, SetOptions, cmd};

use super::database::Redis;
use crate::oauth::token::Token;
use crate::session::store::{SessionStore, StoreError};
use crate::transport::BoxFuture;

/// Sets a lock that is free or that the holder already has.
const LOCK_SCRIPT: &str = "
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 1
";

/// Replaces the expected text or nothing with a token. Otherwise returns the stored text.
const REPLACE_SCRIPT: &str = "
local stored = redis.call('get', KEYS[1])
if stored and stored ~= ARGV[1] then return stored end
if ARGV[3] == '' then redis.call('set', KEYS[1], ARGV[2]) else redis.call('set', KEYS[1], ARGV[2], 'px', ARGV[3]) end
return false
";

/// Deletes a lock of the holder. It is a script, because another machine may get the lock between two commands.
const UNLOCK_SCRIPT: &str =
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

/// Tokens have keys with `session:`, and locks with `session-lock:`, followed by the user. A token expires in Redis
/// when neither it nor its refresh token is valid.
impl SessionStore for Redis {
    fn get<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        Box::pin(async move {
            let key = self.key("session", user);
            let json: Option<String> =
                self.run(async |mut redis| cmd("GET").arg(&key).query_async(&mut redis).await).await?;
            Ok(json.map(|json| Token::from_json(&json)).transpose()?)
        })
    }

    fn put<'a>(&'a self, user: &'a str, token: &'a Token) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let mut options = SetOptions::default();
            if let Some(lifetime) = lifetime(token) {
                options = options.with_expiration(SetExpiry::PX(milliseconds(lifetime)));
            }
            let (key, json) = (self.key("session", user), token.to_json());
            self.run(async |mut redis| cmd("SET").arg(&key).arg(json).arg(options).query_async(&mut redis).await).await
        })
    }

    fn replace<'a>(
        &'a self,
        user: &'a str,
        expected: Option<&'a Token>,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        Box::pin(async move {
            let (script, key, json) = (Script::new(REPLACE_SCRIPT), self.key("session", user), token.to_json());
            let lifetime = lifetime(token).map(|lifetime| milliseconds(lifetime).to_string()).unwrap_or_default();
            let mut text = expected.map(Token::to_json).unwrap_or_default();
            loop {
                let mut script = script.key(&key);
                script.arg(&text).arg(&json).arg(&lifetime);
                let stored: Option<String> = self.run(async |mut redis| script.invoke_async(&mut redis).await).await?;
                let Some(stored) = stored else {
                    return Ok(None);
                };
                match Token::from_json(&stored) {
                    Ok(other) if Some(&other) != expected && other != *token => return Ok(Some(other)),
                    // The same token in another spelling, or an invalid token.
                    Ok(_) | Err(_) => text = stored,
                }
            }
        })
    }

    fn remove<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let key = self.key("session", user);
            self.run(async |mut redis| cmd("DEL").arg(&key).query_async(&mut redis).await).await
        })
    }

    fn try_lock<'a>(
        &'a self,
        user: &'a str,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let (script, key) = (Script::new(LOCK_SCRIPT), self.key("session-lock", user));
            let mut script = script.key(&key);
            script.arg(holder).arg(milliseconds(time));
            let locked: i64 = self.run(async |mut redis| script.invoke_async(&mut redis).await).await?;
            Ok(locked == 1)
        })
    }

    fn unlock<'a>(&'a self, user: &'a str, holder: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let (script, key) = (Script::new(UNLOCK_SCRIPT), self.key("session-lock", user));
            self.run(async |mut redis| script.key(&key).arg(holder).invoke_async(&mut redis).await).await
        })
    }
}

/// Returns how long a token or its refresh token is valid after its receipt. `None` if unknown.
fn lifetime(token: &Token) -> Option<Duration> {
    let end = match &token.refresh_token {
        Some(_) => token.expires_at()?.max(token.refresh_expires_at()?),
        None => token.expires_at()?,
    };
    Some(end.duration_since(token.received_at).unwrap_or_default())
}

/// Converts to the range of expiry times that Redis accepts.
fn milliseconds(time: Duration) -> u64 {
    const MAX: u128 = 1 << 50;
    u64::try_from(time.as_millis().clamp(1, MAX)).unwrap_or(1 << 50)
}
