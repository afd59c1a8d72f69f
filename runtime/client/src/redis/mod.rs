//! What several machines share, in Redis.

mod connections;
mod limits;
mod store;
mod turns;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::RedisResult;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::time::timeout;

pub use self::limits::RedisLimits;

use self::connections::Connections;
use super::runtime;
use super::session::StoreError;
use crate::error::{ConfigurationError, ConfigurationKind, Error};

/// A Redis that several machines share: a [`SessionStore`](super::SessionStore), and the place of [`RedisLimits`].
///
/// Clones share one connection in each tokio runtime that they are used in, so that a blocking client beside an async one
/// has one of its own. It is made when it is first needed, made anew when it is lost, and ends with its runtime. A command
/// that fails is not sent again by itself, and none takes longer than the [timeout](Self::with_timeout).
///
/// ```no_run
/// use generated_sdk::{AppCredentials, Client, Gateway};
/// use generated_sdk::client::{OAuth, Redis, RedisLimits, RefreshingSessions};
/// use std::sync::Arc;
///
/// # fn main() -> Result<(), generated_sdk::Error> {
/// let redis = Redis::open("redis://127.0.0.1/")?.with_prefix("my shop:");
/// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret"))
///     .limiter(RedisLimits::new(redis.clone()).per_second(40))
///     .build()?;
/// let oauth = OAuth::new(&client, OAuth::PRODUCTION)?;
/// let sessions = Arc::new(RefreshingSessions::new(oauth, redis));
/// let seller = client.with_session_from(sessions, "seller 1");
/// # Ok(())
/// # }
/// ```
///
/// Tokens stand in it as they are, in JSON: keep the Redis as well as a password file. `redis://` goes without TLS; for
/// `rediss://` name the crate `redis` among your own dependencies, with its feature `tokio-rustls-comp`.
#[derive(Clone)]
pub struct Redis {
    client: redis::Client,
    connections: Arc<Connections>,
    prefix: Arc<str>,
    timeout: Duration,
}

impl Redis {
    /// The Redis at `url`, as in `redis://:password@127.0.0.1:6379/0`. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] if the URL is not one of Redis.
    pub fn open(url: &str) -> Result<Self, Error> {
        // The URL may contain a password. The library's messages do not show it.
        let client = redis::Client::open(url).map_err(|error| {
            ConfigurationError::new(ConfigurationKind::Redis, "invalid URL of Redis").with_source(error)
        })?;
        Ok(Self { client, connections: Arc::default(), prefix: Arc::from("top:"), timeout: Duration::from_secs(1) })
    }

    /// What every key begins with; `top:` unless set. Applications that share a Redis need one each.
    #[must_use]
    pub fn with_prefix(self, prefix: &str) -> Self {
        Self { prefix: Arc::from(prefix), ..self }
    }

    /// How long a command may take, the making of a connection included; a second unless set.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    fn key(&self, kind: &str, name: &str) -> String {
        format!("{}{kind}:{name}", self.prefix)
    }

    /// Has `command` carried out, in time.
    async fn ask<T>(&self, command: impl AsyncFnOnce(ConnectionManager) -> RedisResult<T>) -> Result<T, StoreError> {
        runtime::check_io()?;
        let connection = self.connections.of(&runtime::current()?, || self.connect());
        let answer = async { command(connection?).await };
        match timeout(self.timeout, answer).await {
            Ok(result) => Ok(result.map_err(|source| CommandError { timeout: None, source: Box::new(source) })?),
            Err(elapsed) => Err(CommandError { timeout: Some(self.timeout), source: Box::new(elapsed) }.into()),
        }
    }

    /// A connection that is made with the first command, and anew with the first one after it is lost.
    fn connect(&self) -> RedisResult<ConnectionManager> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(Some(self.timeout));
        ConnectionManager::new_lazy_with_config(self.client.clone(), config)
    }
}

/// A command that Redis did not process, or may not have processed.
#[derive(Debug)]
struct CommandError {
    /// The time that was exceeded, if that is the reason.
    timeout: Option<Duration>,
    source: StoreError,
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.timeout {
            Some(timeout) => write!(f, "no response from Redis within {timeout:?}"),
            None => f.write_str("the Redis command failed"),
        }
    }
}

impl StdError for CommandError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_ref())
    }
}

impl fmt::Debug for Redis {
    /// Without the address, which holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.prefix).field("timeout", &self.timeout).finish_non_exhaustive()
    }
}
