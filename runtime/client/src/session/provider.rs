//! The source of the session of a call.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use top_protocol::{Authorization, PlatformError};

use crate::error::{Error, SessionError};
use crate::transport::BoxFuture;

/// Provides the sessions of users.
///
/// A client from [`with_session_from`](crate::Client::with_session_from) gets the session before every attempt at a
/// call, and reports refused sessions. [`RefreshingSessions`](super::RefreshingSessions) stores and refreshes tokens.
/// A custom provider is short:
///
/// ```
/// use generated_sdk::{AppCredentials, Gateway};
/// use generated_sdk::client::{BoxFuture, Client, SessionProvider};
/// use generated_sdk::protocol::SessionError;
/// use std::sync::Arc;
///
/// /// Sessions in files, one line each.
/// struct Files;
///
/// impl SessionProvider for Files {
///     fn session<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<String, SessionError>> {
///         let file = format!("/var/lib/sessions/{user}");
///         Box::pin(async move {
///             // Reading a file blocks the thread.
///             let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(file)).await;
///             let line = read.map_err(SessionError::unavailable)?.map_err(SessionError::unauthorized)?;
///             // Whitespace would be signed and sent.
///             Ok(line.trim().to_owned())
///         })
///     }
/// }
///
/// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret")).build()?;
/// let seller = client.with_session_from(Arc::new(Files), "seller 1");
/// # Ok::<(), generated_sdk::Error>(())
/// ```
pub trait SessionProvider: Send + Sync + 'static {
    /// Returns the session of `user`, the caller's name of a user. Called before every attempt at a call of a method
    /// that takes a session.
    ///
    /// # Errors
    ///
    /// [`SessionError::unauthorized`] if the user must authorize the application, [`SessionError::unavailable`] if the
    /// session is temporarily unavailable. The call fails with this error and is not sent.
    fn session<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<String, SessionError>>;

    /// Called when the platform refuses a session of `user`.
    ///
    /// The refusal names the session as the
    /// [reason](PlatformError::is_session_invalid), or [may have another one](PlatformError::is_session_ambiguous).
    /// Returns whether [`session`](Self::session) now returns another one. The call is then sent once more, unless the
    /// service may have processed it. This is called at most once per call.
    ///
    /// Default: returns `false`.
    fn refused<'a>(&'a self, user: &'a str, session: &'a str, refusal: &'a PlatformError) -> BoxFuture<'a, bool> {
        let _ = (user, session, refusal);
        Box::pin(async { false })
    }
}

impl<T: SessionProvider + ?Sized> SessionProvider for Arc<T> {
    fn session<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<String, SessionError>> {
        (**self).session(user)
    }

    fn refused<'a>(&'a self, user: &'a str, session: &'a str, refusal: &'a PlatformError) -> BoxFuture<'a, bool> {
        (**self).refused(user, session, refusal)
    }
}

/// The source of the session of a call.
#[derive(Clone)]
pub(crate) enum SessionSource {
    /// No session.
    None,
    /// A session from the caller.
    Fixed(SecretString),
    /// A provider, for this user.
    From(Arc<dyn SessionProvider>, Arc<str>),
}

impl SessionSource {
    /// Returns the session for an attempt at a call.
    pub(crate) async fn get(&self, authorization: Authorization) -> Result<Option<SecretString>, Error> {
        Ok(match self {
            Self::None => None,
            Self::Fixed(session) => Some(session.clone()),
            Self::From(..) if authorization == Authorization::None => None,
            Self::From(provider, user) => {
                let session = provider.session(user).await.map_err(|error| Error::from(error.for_user(user)))?;
                Some(SecretString::from(session))
            }
        })
    }

    /// Returns whether calls have a session. A provider may still fail to return it.
    pub(crate) fn is_set(&self) -> bool {
        match self {
            Self::None => false,
            Self::Fixed(session) => !session.expose_secret().is_empty(),
            Self::From(..) => true,
        }
    }

    /// Returns the session from the caller.
    pub(crate) fn fixed(&self) -> Option<&str> {
        match self {
            Self::None | Self::From(..) => None,
            Self::Fixed(session) => Some(session.expose_secret()),
        }
    }

    /// Reports that the platform refused `session`. Returns whether the provider has another one.
    pub(crate) async fn refused(&self, session: &SecretString, refusal: &PlatformError) -> bool {
        match self {
            Self::None | Self::Fixed(_) => false,
            Self::From(provider, user) => provider.refused(user, session.expose_secret(), refusal).await,
        }
    }
}

impl fmt::Debug for SessionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Fixed(session) => f.debug_tuple("Fixed").field(session).finish(),
            Self::From(_, user) => f.debug_tuple("From").field(user).finish(),
        }
    }
}
