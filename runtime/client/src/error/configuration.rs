//! Errors of the client's configuration.

use std::error::Error as StdError;
use std::fmt;

/// An invalid or missing setting of the client. Nothing was sent.
#[derive(Debug)]
pub struct ConfigurationError {
    kind: ConfigurationKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The setting that is missing or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigurationKind {
    /// The app key or the app secret.
    Credentials,
    /// An environment variable: it is not set, or not UTF-8.
    Environment,
    /// The gateway: its id is unknown, its URL is invalid, or the client does not support it.
    Gateway,
    /// The URL of the authorization server.
    AuthorizationServer,
    /// An http URL of another machine, for a request that may only be sent over https.
    HttpsRequired,
    /// TLS: the crate is built without it.
    Tls,
    /// The proxy.
    Proxy,
    /// The HTTP client or the transport.
    Transport,
    /// The URL of Redis.
    Redis,
    /// The tokio runtime: it is missing, or has no time or I/O driver.
    Runtime,
}

impl ConfigurationError {
    /// Creates an error of this kind. The message says what is wrong, in lower case and without a full stop.
    pub fn new(kind: ConfigurationKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Adds the underlying error.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// Returns the setting that is missing or wrong.
    pub const fn kind(&self) -> ConfigurationKind {
        self.kind
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid configuration: {}", self.message)
    }
}

impl StdError for ConfigurationError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
