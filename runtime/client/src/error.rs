//! What can go wrong with a call.

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

/// Why a call did not return its response.
///
/// What it was is told by the variant, and what comes next by the methods, each of which says what to do:
///
/// ```
/// use generated_sdk::Error;
/// use generated_sdk::protocol::{ConfigurationError, ConfigurationKind};
///
/// fn next(error: &Error) -> String {
///     if error.needs_authorization() {
///         "have the user authorise the application".to_owned()
///     } else if error.is_session_invalid() {
///         "renew the session".to_owned()
///     } else if error.is_callers_fault() {
///         format!("mend it: {error}")
///     } else if !error.is_retryable() {
///         format!("look at it: {error}")
///     } else if !error.was_not_carried_out() {
///         "call again, if a second time does no harm".to_owned()
///     } else if let Some(time) = error.retry_after() {
///         format!("call again after {time:?}")
///     } else {
///         "call again".to_owned()
///     }
/// }
///
/// let error = ConfigurationError::new(ConfigurationKind::Credentials, "the app key is empty");
/// assert_eq!(next(&error.into()), "mend it: invalid configuration: the app key is empty");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The client cannot be built or used with its settings. Nothing was sent.
    Configuration(ConfigurationError),
    /// The request breaks the documents' demands and was not sent.
    Invalid(Violations),
    /// A file of the request cannot be sent.
    File(FileError),
    /// The call's turn did not come, and it was not sent.
    Limit(LimitError),
    /// No answer came, or not all of it.
    Transport(TransportError),
    /// The answer has an HTTP status other than 2xx and is no refusal, so it does not come from the platform's API.
    Status(StatusError),
    /// The platform refused the call.
    Platform(Box<PlatformError>),
    /// The answer is no response of the protocol.
    Decode(Box<DecodeError>),
    /// The authorisation server refused to grant or to refresh a token.
    OAuth(Box<OAuthError>),
    /// No session could be had for the call, which was not sent.
    Session(Box<SessionError>),
    /// A list ended early, and the error has the position to continue from.
    Pagination(Box<PaginationError>),
}

impl Error {
    /// The platform's refusal, if that is what it is.
    pub fn platform(&self) -> Option<&PlatformError> {
        match self {
            Self::Platform(error) => Some(error),
            _ => None,
        }
    }

    /// The platform's name for the call, to give to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.platform()?.request_id.as_deref()
    }

    /// The answer's body, or what came of it; `None` if there was no answer.
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

    /// Whether the same call can succeed later without anything being changed. Whether it may be made again is another
    /// question: see [`was_not_carried_out`](Self::was_not_carried_out).
    ///
    /// # What to do
    ///
    /// Wait for [`retry_after`](Self::retry_after), or for a little while that grows, and call again.
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
    pub(crate) fn hide<'s>(&mut self, secrets: impl Iterator<Item = &'s str> + Clone) {
        match self {
            Self::Platform(refusal) => refusal.hide(secrets),
            Self::Decode(error) => error.hide(secrets),
            Self::Status(error) => error.body.hide(secrets),
            _ => {}
        }
    }

    /// How long to wait before another attempt, if the other side says so: the seconds of the platform's ban, or the
    /// `Retry-After` of whoever stands before it.
    ///
    /// # What to do
    ///
    /// Call again after this time and not before. If it is longer than you can wait, give up at once.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Limit(error) => error.retry_after,
            Self::Status(error) => error.retry_after.filter(|_| error.is_retryable()),
            Self::Platform(error) => error.retry_after(),
            _ => None,
        }
    }

    /// Whether it is certain that the call has changed nothing: it was never sent, or the platform refused it before it
    /// came to the service behind it, or the authorisation server granted no token and used up nothing.
    ///
    /// # What to do
    ///
    /// If this is so, a call that creates something can be repeated without creating it twice. Otherwise find out
    /// first whether it was carried out.
    pub fn was_not_carried_out(&self) -> bool {
        match self {
            Self::Configuration(_) | Self::Invalid(_) | Self::Limit(_) | Self::Session(_) => true,
            Self::File(error) => error.was_not_sent(),
            Self::Transport(error) => error.was_not_sent(),
            Self::Platform(error) => error.was_not_carried_out(),
            Self::OAuth(error) => error.was_not_carried_out(),
            Self::Status(_) | Self::Decode(_) | Self::Pagination(_) => false,
        }
    }

    /// Whether the session is missing, expired, revoked or of another application.
    ///
    /// # What to do
    ///
    /// Refresh the session, or have the user grant a new one, and call again with that.
    pub fn is_session_invalid(&self) -> bool {
        self.platform().is_some_and(PlatformError::is_session_invalid)
    }

    /// Whether only the user can help: the session is good and was not granted for this, or it has ended and cannot be
    /// refreshed, or there was none.
    ///
    /// # What to do
    ///
    /// Have the user authorise the application again; refreshing the session does not help.
    pub fn needs_authorization(&self) -> bool {
        match self {
            Self::OAuth(error) => error.needs_authorization(),
            Self::Session(error) => error.needs_authorization(),
            _ => self.platform().is_some_and(PlatformError::needs_authorization),
        }
    }

    /// Whether the caller must change something: the client's settings, the request and its files, the application's
    /// rights, its secret or the clock.
    ///
    /// # What to do
    ///
    /// Read the message and mend it. The same call fails again.
    pub fn is_callers_fault(&self) -> bool {
        match self {
            Self::Configuration(_) | Self::Invalid(_) | Self::File(_) => true,
            Self::Platform(error) => error.is_callers_fault(),
            Self::OAuth(error) => error.is_callers_fault(),
            Self::Transport(error) => error.kind == TransportKind::Redirected,
            Self::Limit(_) | Self::Status(_) | Self::Decode(_) | Self::Session(_) | Self::Pagination(_) => false,
        }
    }

    /// What the platform's code means, in the words of `specs/platform.yaml`.
    pub fn meaning(&self) -> Option<&'static str> {
        self.platform()?.meaning()
    }
}

impl Error {
    /// A mismatch, to a client that asked for none.
    pub(crate) fn mismatch(mismatch: &Mismatch, body: &str) -> Self {
        let list = if mismatch.list { "[]" } else { "" };
        let expected = format!("{}{list}", mismatch.kind.name());
        let mut error = DecodeError::new(mismatch.to_string(), expected, mismatch.found.clone());
        error.path.clone_from(&mismatch.path);
        Self::Decode(error.in_body(body))
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

/// Every variant shows the error inside it and has that error's source, so a chain says each thing once.
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
