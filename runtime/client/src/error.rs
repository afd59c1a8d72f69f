//! Errors of calls.

mod configuration;
mod limit;
mod oauth;
mod pagination;
mod session;
mod status;
mod transport;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

pub use self::configuration::{ConfigurationError, ConfigurationKind};
pub use self::limit::LimitError;
pub use self::oauth::OAuthError;
pub use self::pagination::{PaginationError, PaginationErrorKind};
pub use self::session::SessionError;
pub use self::status::StatusError;
pub use self::transport::{Timeout, TransportError, TransportKind};
use top_protocol::{DecodeError, EnvironmentError, FileError, Mismatch, PlatformError, RawBody, Violations};

/// The error of a call.
///
/// The variant is the kind of error. The methods classify it, and their documentation says what to do:
///
/// ```
/// use generated_sdk::Error;
/// use generated_sdk::protocol::{ConfigurationError, ConfigurationKind};
///
/// fn next_step(error: &Error) -> String {
///     if error.needs_authorization() {
///         "ask the user to authorize the application".to_owned()
///     } else if error.is_session_invalid() {
///         "refresh the session".to_owned()
///     } else if error.is_client_error() {
///         format!("fix it: {error}")
///     } else if !error.is_retryable() {
///         format!("investigate: {error}")
///     } else if !error.was_not_processed() {
///         "call again if the call is idempotent".to_owned()
///     } else if let Some(time) = error.retry_after() {
///         format!("call again after {time:?}")
///     } else {
///         "call again".to_owned()
///     }
/// }
///
/// let error = ConfigurationError::new(ConfigurationKind::Credentials, "the app key is empty");
/// assert_eq!(next_step(&error.into()), "fix it: invalid configuration: the app key is empty");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The client cannot be built or used with its settings. Nothing was sent.
    Configuration(ConfigurationError),
    /// The request violates the documented limits. It was not sent.
    Invalid(Violations),
    /// A file of the request cannot be sent.
    File(FileError),
    /// The limiter did not admit the call. It was not sent.
    Limit(LimitError),
    /// No complete response was received.
    Transport(TransportError),
    /// The HTTP status is not 2xx and the body is not a refusal: the response is not from the platform's API.
    Status(StatusError),
    /// The platform refused the call.
    Platform(Box<PlatformError>),
    /// The response does not follow the protocol.
    Decode(Box<DecodeError>),
    /// The authorization server refused to grant or refresh a token.
    OAuth(Box<OAuthError>),
    /// No session is available for the call. It was not sent.
    Session(Box<SessionError>),
    /// A list ended early. The error has the position to continue from.
    Pagination(Box<PaginationError>),
}

impl Error {
    /// Returns the platform's refusal, if the error is one.
    pub fn platform(&self) -> Option<&PlatformError> {
        match self {
            Self::Platform(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the platform's id of the request. Quote it to the platform's support.
    pub fn request_id(&self) -> Option<&str> {
        self.platform()?.request_id.as_deref()
    }

    /// Returns the body of the response, as far as it was received. `None` if there was no response.
    pub fn body(&self) -> Option<&RawBody> {
        match self {
            Self::Configuration(_) | Self::Invalid(_) | Self::File(_) | Self::Limit(_) | Self::Session(_) => None,
            Self::Pagination(_) => None,
            Self::Transport(error) => Some(&error.body).filter(|body| !body.is_empty()),
            Self::Status(error) => Some(&error.body),
            Self::Platform(error) => Some(&error.body),
            Self::Decode(error) => Some(&error.body),
            Self::OAuth(error) => Some(&error.body),
        }
    }

    /// Returns whether the same call can succeed later without any change. Whether it is safe to send it again is a
    /// separate question: see [`was_not_processed`](Self::was_not_processed).
    ///
    /// # What to do
    ///
    /// Wait for [`retry_after`](Self::retry_after), or with exponential backoff, and call again.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Limit(_) => true,
            Self::Transport(error) => error.is_retryable(),
            Self::Status(error) => error.is_retryable(),
            Self::Platform(error) => error.is_retryable(),
            Self::OAuth(error) => error.is_retryable(),
            Self::Session(error) => !error.needs_authorization(),
            Self::Configuration(_) | Self::Invalid(_) | Self::File(_) | Self::Decode(_) => false,
            Self::Pagination(_) => false,
        }
    }

    /// Redacts `secrets` in what the error repeats of a response.
    pub(crate) fn redact<'s>(&mut self, secrets: impl Iterator<Item = &'s str> + Clone) {
        match self {
            Self::Platform(refusal) => refusal.redact(secrets),
            Self::Decode(error) => error.redact(secrets),
            Self::Status(error) => error.body.redact(secrets),
            _ => {}
        }
    }

    /// Returns the time to wait before the next attempt, if the response names one: the end of the platform's ban, or
    /// the `Retry-After` of a proxy.
    ///
    /// # What to do
    ///
    /// Call again after this time, not before. If you cannot wait that long, give up at once.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Limit(error) => error.retry_after,
            Self::Status(error) => error.retry_after.filter(|_| error.is_retryable()),
            Self::Platform(error) => error.retry_after(),
            _ => None,
        }
    }

    /// Returns whether it is certain that the call changed nothing. It was not sent, or the platform refused it before
    /// a service processed it, or the authorization server granted no token and consumed no code.
    ///
    /// # What to do
    ///
    /// If `true`, a call that creates something can be repeated without creating it twice. If `false`, check first
    /// whether the call was processed.
    pub fn was_not_processed(&self) -> bool {
        match self {
            Self::Configuration(_) | Self::Invalid(_) | Self::Limit(_) | Self::Session(_) => true,
            Self::File(error) => error.was_not_sent(),
            Self::Transport(error) => error.was_not_sent(),
            Self::Platform(error) => error.was_not_processed(),
            Self::OAuth(error) => error.was_not_processed(),
            Self::Status(_) | Self::Decode(_) | Self::Pagination(_) => false,
        }
    }

    /// Returns whether the session is missing, expired, revoked, or granted to another application.
    ///
    /// # What to do
    ///
    /// Refresh the session, or ask the user for a new grant, and call again with the new session.
    pub fn is_session_invalid(&self) -> bool {
        self.platform().is_some_and(PlatformError::is_session_invalid)
    }

    /// Returns whether only the user can help: the session lacks the permission, or it has ended and cannot be
    /// refreshed, or there is no session.
    ///
    /// # What to do
    ///
    /// Ask the user to authorize the application again. Refreshing the session does not help.
    pub fn needs_authorization(&self) -> bool {
        match self {
            Self::OAuth(error) => error.needs_authorization(),
            Self::Session(error) => error.needs_authorization(),
            _ => self.platform().is_some_and(PlatformError::needs_authorization),
        }
    }

    /// Returns whether the caller must change something: the client's settings, the request, its files, the
    /// permissions or the secret of the application, or the clock.
    ///
    /// # What to do
    ///
    /// Fix what the message names. The same call fails again.
    pub fn is_client_error(&self) -> bool {
        match self {
            Self::Configuration(_) | Self::Invalid(_) | Self::File(_) => true,
            Self::Platform(error) => error.is_client_error(),
            Self::OAuth(error) => error.is_client_error(),
            Self::Transport(error) => error.kind == TransportKind::Redirected,
            Self::Limit(_) | Self::Status(_) | Self::Decode(_) | Self::Session(_) | Self::Pagination(_) => false,
        }
    }

    /// Returns the meaning of the platform's code, as described in `specs/platform.yaml`.
    pub fn meaning(&self) -> Option<&'static str> {
        self.platform()?.meaning()
    }
}

impl Error {
    /// Creates the error of a mismatch, for a strict client.
    pub(crate) fn mismatch(mismatch: &Mismatch, body: &str) -> Self {
        let list = if mismatch.list { "[]" } else { "" };
        let expected = format!("{}{list}", mismatch.kind.name());
        let mut error = DecodeError::new(mismatch.to_string(), expected, mismatch.found.clone());
        error.path.clone_from(&mismatch.path);
        Self::Decode(error.with_body(body))
    }
}

impl From<top_protocol::Error> for Error {
    fn from(error: top_protocol::Error) -> Self {
        match error {
            top_protocol::Error::Invalid(error) => Self::Invalid(error),
            top_protocol::Error::File(error) => Self::File(error),
            top_protocol::Error::Platform(error) => Self::Platform(error),
            top_protocol::Error::Decode(error) => Self::Decode(error),
        }
    }
}

impl From<ConfigurationError> for Error {
    fn from(error: ConfigurationError) -> Self {
        Self::Configuration(error)
    }
}

impl From<EnvironmentError> for Error {
    fn from(error: EnvironmentError) -> Self {
        Self::Configuration(ConfigurationError::new(ConfigurationKind::Environment, error.to_string()))
    }
}

impl From<SessionError> for Error {
    fn from(error: SessionError) -> Self {
        Self::Session(Box::new(error))
    }
}

/// For a provider that calls the platform itself.
impl From<Error> for SessionError {
    fn from(error: Error) -> Self {
        match error {
            Error::Session(error) => *error,
            error if error.needs_authorization() => Self::unauthorized(error),
            error => Self::unavailable(error),
        }
    }
}

impl From<PaginationError> for Error {
    fn from(error: PaginationError) -> Self {
        Self::Pagination(Box::new(error))
    }
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(error) => error.fmt(f),
            Self::Invalid(violations) => violations.fmt(f),
            Self::File(error) => error.fmt(f),
            Self::Limit(error) => error.fmt(f),
            Self::Transport(error) => error.fmt(f),
            Self::Status(error) => error.fmt(f),
            Self::Platform(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
            Self::OAuth(error) => error.fmt(f),
            Self::Session(error) => error.fmt(f),
            Self::Pagination(error) => error.fmt(f),
        }
    }
}

/// `Display` and `source` are those of the wrapped error, so that a chain prints each message once.
impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Configuration(error) => error.source(),
            Self::Invalid(_) | Self::Pagination(_) => None,
            Self::File(error) => error.source(),
            Self::Limit(error) => error.source(),
            Self::Transport(error) => error.source(),
            Self::Status(error) => error.source(),
            Self::Platform(error) => error.source(),
            Self::Decode(error) => error.source(),
            Self::OAuth(error) => error.source(),
            Self::Session(error) => error.source(),
        }
    }
}
