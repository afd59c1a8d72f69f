//! Errors of session providers.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// No session is available for a call. The call was not sent.
///
/// Session providers create it with [`unauthorized`](Self::unauthorized) or [`unavailable`](Self::unavailable).
#[derive(Clone)]
pub struct SessionError {
    user: String,
    unauthorized: bool,
    source: Arc<dyn StdError + Send + Sync>,
}

impl SessionError {
    /// Creates the error of a user who must authorize the application: there is no grant, or it cannot be used any
    /// more.
    pub fn unauthorized(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { user: String::new(), unauthorized: true, source: Arc::from(source.into()) }
    }

    /// Creates the error of a session that is temporarily unavailable, because a store or a server is down.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { user: String::new(), unauthorized: false, source: Arc::from(source.into()) }
    }

    /// Adds the name of the user.
    pub(crate) fn for_user(mut self, user: &str) -> Self {
        user.clone_into(&mut self.user);
        self
    }

    /// Returns the caller's name of the user. Empty if it is unknown.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Returns whether the user must authorize the application, for the first time or again. If `false`, a later call
    /// can succeed.
    ///
    /// # What to do
    ///
    /// Send the user to the authorization page, and store the new token.
    pub fn needs_authorization(&self) -> bool {
        self.unauthorized
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
