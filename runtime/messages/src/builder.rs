//! The settings of consumers and publishers.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::http::Uri;
use top_protocol::AppCredentials;
use top_protocol::internal::redacted_url;
use top_protocol::messages::ConnectRequest;

use crate::connect::Io;
use crate::consumer::Consumer;
use crate::driver::drive;
use crate::error::{BoxError, ConfigurationError};
use crate::publish::Publisher;
use crate::shared::{Settings, Shared, Task};

/// Builds a [`Consumer`] or a [`Publisher`].
#[derive(Clone)]
pub struct ConsumerBuilder {
    url: String,
    settings: Settings,
}

impl fmt::Debug for ConsumerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = redacted_url(&self.url);
        f.debug_struct("ConsumerBuilder").field("url", &url).field("settings", &self.settings).finish()
    }
}

impl ConsumerBuilder {
    pub(crate) fn new(url: String, credentials: AppCredentials) -> Self {
        let settings = Settings {
            url: Uri::default(),
            credentials,
            group: ConnectRequest::DEFAULT_GROUP.to_owned(),
            concurrency: 16,
            max_in_flight: 2000,
            pull_interval: Some(Duration::from_secs(15)),
            ping_interval: Duration::from_secs(45),
            handshake_timeout: Duration::from_secs(5),
            handler_timeout: Duration::from_secs(60),
            publish_timeout: Duration::from_secs(2),
            shutdown_timeout: Duration::from_secs(30),
            backoff: (Duration::from_secs(1), Duration::from_secs(30)),
            max_attempts: None,
            token_provider: None,
            connector: None,
        };
        Self { url, settings }
    }

    /// Sets the group. Default: `default`, which every application has.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.settings.group = group.into();
        self
    }

    /// Sets the maximum number of handlers that run at a time. Default: 16.
    #[must_use]
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.settings.concurrency = concurrency;
        self
    }

    /// Sets the maximum number of messages in flight, which bounds the memory: messages that wait, that are handled, or whose
    /// confirmation is not sent. A message counts once for each 32 KiB. Default: 2000. At most 1,000,000.
    #[must_use]
    pub fn max_in_flight(mut self, max_in_flight: usize) -> Self {
        self.settings.max_in_flight = max_in_flight.min(1_000_000);
        self
    }

    /// Sets the interval in which the consumer asks for messages. It asks at once after it connected. Default: 15 seconds.
    #[must_use]
    pub fn pull_interval(mut self, interval: Duration) -> Self {
        self.settings.pull_interval = Some(interval);
        self
    }

    /// Sets the time without traffic after which a ping is sent. If no answer arrives within the same time, the
    /// consumer reconnects.
    /// Default: 45 seconds.
    #[must_use]
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.settings.ping_interval = interval;
        self
    }

    /// Sets the time limit of connecting and the handshake. Default: 5 seconds.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.settings.handshake_timeout = timeout;
        self
    }

    /// Sets the time limit of a handler. A handler that takes longer is cancelled, and its message fails. Default: 60 seconds.
    #[must_use]
    pub fn handler_timeout(mut self, timeout: Duration) -> Self {
        self.settings.handler_timeout = timeout;
        self
    }

    /// Sets the time limit of publishing a message. Default: 2 seconds.
    #[must_use]
    pub fn publish_timeout(mut self, timeout: Duration) -> Self {
        self.settings.publish_timeout = timeout;
        self
    }

    /// Sets the time that a shutdown waits for the messages in flight. Default: 30 seconds.
    #[must_use]
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.settings.shutdown_timeout = timeout;
        self
    }

    /// Sets the first and the longest delay before connecting again. Delays double, with a jitter between 50 % and 100 %.
    /// A connection that lasts 10 seconds starts again with the first delay. Default: 1 second and 30 seconds.
    #[must_use]
    pub fn reconnect_backoff(mut self, first: Duration, max: Duration) -> Self {
        self.settings.backoff = (first, max);
        self
    }

    /// Sets the number of failed attempts to connect in a row after which the consumer gives up. Default: never.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.settings.max_attempts = Some(attempts);
        self
    }

    /// Sets a function that gets a token for each handshake: the result of the method `taobao.tmc.auth.get`. Default: no token.
    #[must_use]
    pub fn token_provider<P, F, E>(mut self, provider: P) -> Self
    where
        P: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<String, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.settings.token_provider =
            Some(Arc::new(move || provider().map(|token| token.map_err(Into::into)).boxed()));
        self
    }

    /// Sets a function that opens the byte stream of each connection, for TLS, proxies and tests. Default: TCP to the host and
    /// the port of the URL.
    #[must_use]
    pub fn connector<C, F, S>(mut self, connector: C) -> Self
    where
        C: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let boxed = move || connector().map(|stream| stream.map(|stream| Box::new(stream) as Box<dyn Io>)).boxed();
        self.settings.connector = Some(Arc::new(boxed));
        self
    }

    /// Builds a consumer. It connects when it runs.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`] if a setting is invalid.
    pub fn build(self) -> Result<Consumer, ConfigurationError> {
        self.settings().map(Consumer::new)
    }

    /// Builds a publisher, and connects in a spawned task.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`] if a setting is invalid.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn build_publisher(self) -> Result<Publisher, ConfigurationError> {
        let settings = Settings { pull_interval: None, ..self.settings()? };
        let (shared, queues, _) = Shared::new(settings);
        let task = tokio::spawn(drive(Arc::clone(&shared), queues));
        Ok(Publisher::new(shared, Task(task)))
    }

    fn settings(self) -> Result<Settings, ConfigurationError> {
        let Self { url, settings } = self;
        let url: Uri = url.trim().parse().map_err(|_| ConfigurationError::Url("the URL is invalid"))?;
        match url.scheme_str() {
            Some("ws") => {}
            Some("wss") if settings.connector.is_some() => {}
            Some("wss") => {
                return Err(ConfigurationError::Url(
                    "a URL starting with `wss://` needs a connector that opens a TLS stream",
                ));
            }
            _ => return Err(ConfigurationError::Url("expected a URL starting with `ws://`")),
        }
        match url.authority() {
            Some(authority) if authority.as_str().contains('@') => {
                return Err(ConfigurationError::Url("the URL contains credentials: remove them"));
            }
            Some(authority) if !authority.host().is_empty() => {}
            _ => return Err(ConfigurationError::Url("the URL has no host")),
        }
        for (name, value) in
            [("AppKey", settings.credentials.app_key()), ("AppSecret", settings.credentials.expose_secret())]
        {
            if value.trim().is_empty() {
                return Err(ConfigurationError::Credentials(name));
            }
        }
        for (name, is_zero) in [
            ("concurrency", settings.concurrency == 0),
            ("max_in_flight", settings.max_in_flight == 0),
            ("pull_interval", settings.pull_interval.is_some_and(|interval| interval.is_zero())),
            ("ping_interval", settings.ping_interval.is_zero()),
        ] {
            if is_zero {
                return Err(ConfigurationError::Zero(name));
            }
        }
        Ok(Settings { url, ..settings })
    }
}
