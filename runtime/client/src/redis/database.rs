//! The connection to a Redis database.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::RedisResult;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::time::timeout;

use super::connections::Connections;
use crate::error::{ConfigurationError, ConfigurationKind, Error};
use crate::runtime;
use crate::session::store::StoreError;

/// A Redis database that several machines share: a [`SessionStore`](crate::SessionStore), and the store of
/// [`RedisLimits`](super::RedisLimits).
///
/// Clones share one connection per tokio runtime. It is made when it is first used, made again when it is lost, and
/// ends with its runtime. Failed commands are not retried. Each command has a [timeout](Self::with_timeout).
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
/// Tokens are stored as plain JSON: protect the database like a password file. `redis://` has no TLS. For `rediss://`,
/// depend on the crate `redis` with its feature `tokio-rustls-comp`.
#[derive(Clone)]
pub struct Redis {
    client: redis::Client,
    connections: Arc<Connections>,
    prefix: Arc<str>,
    timeout: Duration,
}

impl Redis {
    /// Opens the database at `url`, such as `redis://:password@127.0.0.1:6379/0`. The connection is made later.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] if the URL is not a Redis URL.
    pub fn open(url: &str) -> Result<Self, Error> {
        // The URL may contain a password. The library's messages do not show it.
        let client = redis::Client::open(url).map_err(|error| {
            ConfigurationError::new(
                ConfigurationKind::Redis,
                "invalid URL of Redis: expected `redis://HOST:PORT/DATABASE`",
            )
            .with_source(error)
        })?;
        Ok(Self { client, connections: Arc::default(), prefix: Arc::from("top:"), timeout: Duration::from_secs(1) })
    }

    /// Sets the prefix of all keys. Default: `top:`. Applications that share a database need different prefixes.
    #[must_use]
    pub fn with_prefix(self, prefix: &str) -> Self {
        Self { prefix: Arc::from(prefix), ..self }
    }

    /// Sets the timeout of a command, which includes making a connection. Default: 1 second.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    pub(super) fn key(&self, kind: &str, name: &str) -> String {
        format!("{}{kind}:{name}", self.prefix)
    }

    /// Runs `command` within the timeout.
    pub(super) async fn run<T>(
        &self,
        command: impl AsyncFnOnce(ConnectionManager) -> RedisResult<T>,
    ) -> Result<T, StoreError> {
        runtime::check_io()?;
        let connection = self.connections.get(&runtime::current()?, || self.connect());
        let response = async { command(connection?).await };
        match timeout(self.timeout, response).await {
            Ok(result) => Ok(result.map_err(|source| CommandError { timeout: None, source: Box::new(source) })?),
            Err(elapsed) => Err(CommandError { timeout: Some(self.timeout), source: Box::new(elapsed) }.into()),
        }
    }

    /// Creates a connection that connects at its first command, and again after it is lost.
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
    /// Omits the URL, which may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.prefix).field("timeout", &self.timeout).finish_non_exhaustive()
    }
}
