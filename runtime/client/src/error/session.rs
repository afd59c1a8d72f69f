//! Calls without a session, because none could be had.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::Error;

/// No session could be had for a call, which therefore was not sent.
///
/// Providers of sessions make it with [`unauthorized`](Self::unauthorized) or
/// [`unavailable`](Self::unavailable).
#[derive(Clone)]
pub struct SessionError {
    user: String,
    unauthorized: bool,
    source: Arc<dyn StdError + Send + Sync>,
}

impl SessionError {
    /// The user has not authorised the application, or what was granted is used up: only the user can help.
    pub fn unauthorized(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { user: String::new(), unauthorized: true, source: Arc::from(source.into()) }
    }

    /// There may be a session, and it cannot be had now: a store or a server is down.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { user: String::new(), unauthorized: false, source: Arc::from(source.into()) }
    }

    /// The same error for this user.
    pub(crate) fn of(mut self, user: &str) -> Self {
        user.clone_into(&mut self.user);
        self
    }

    /// The user whose session was asked for, by the caller's own name for it; empty where it is not known.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Whether the user must authorise the application, for the first time or again. Otherwise a later call can
    /// succeed.
    ///
    /// # What to do
    ///
    /// Send the user to the authorisation page, and store the token that comes of it.
    pub fn needs_authorization(&self) -> bool {
        self.unauthorized
    }
}

/// For a provider that calls the platform itself: what only the user can mend is [`unauthorized`](SessionError::unauthorized),
/// and anything else [`unavailable`](SessionError::unavailable).
impl From<Error> for SessionError {
    fn from(error: Error) -> Self {
        match error {
            Error::Session(error) => *error,
            error if error.needs_authorization() => Self::unauthorized(error),
            error => Self::unavailable(error),
        }
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no session for the user {:?}: ", self.user)?;
        f.write_str(if self.unauthorized {
            "the user must authorize the application"
        } else {
            "temporarily unavailable, call again later"
        })
    }
}

impl fmt::Debug for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionError")
            .field("user", &self.user)
            .field("unauthorized", &self.unauthorized)
            .field("source", &self.source)
            .finish()
    }
}

impl StdError for SessionError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_ref())
    }
}
