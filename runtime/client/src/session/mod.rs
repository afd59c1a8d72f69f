//! On whose behalf calls are made.

mod known;
mod refreshing;
mod renewing;
mod store;

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

pub use self::refreshing::RefreshingSessions;
pub use self::store::{MemorySessionStore, SessionStore, StoreError};

use super::BoxFuture;
use crate::error::{Error, SessionError};
use top_protocol::{Authorization, PlatformError};

/// Where the sessions of users come from.
///
/// A client that [`with_session_from`](super::Client::with_session_from) has made asks its provider before every
/// attempt at a call, and tells it when the platform refuses a session. [`RefreshingSessions`] is a provider that keeps
/// and refreshes tokens. One of your own is short:
///
/// ```
/// use generated_sdk::{AppCredentials, Gateway};
/// use generated_sdk::client::{BoxFuture, Client, SessionProvider};
/// use generated_sdk::protocol::SessionError;
/// use std::sync::Arc;
///
/// /// Sessions that somebody puts into files, a line each.
/// struct Files;
///
/// impl SessionProvider for Files {
///     fn session<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<String, SessionError>> {
///         let file = format!("/var/lib/sessions/{user}");
///         Box::pin(async move {
///             // Reading a file blocks, which is not for a thread that has other calls to see to.
///             let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(file)).await;
///             let line = read.map_err(SessionError::unavailable)?.map_err(SessionError::unauthorized)?;
///             // What is around it would be signed and sent.
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
    /// The session of `user`, which is the caller's own name for whoever granted it. It is asked for anew for every
    /// attempt at a call, but for calls of methods that need none.
    ///
    /// # Errors
    ///
    /// [`SessionError::unauthorized`] if the user must authorise the application, [`SessionError::unavailable`] if the
    /// session cannot be had now. The call then fails with it and is not sent.
    fn session<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<String, SessionError>>;

    /// Takes note that the platform has refused `session`, which was the user's, with `refusal`: one that
    /// [says so](PlatformError::is_session_invalid), or that [may mean something
    /// else](PlatformError::is_session_ambiguous). Returns whether [`session`](Self::session) returns a better one now. The
    /// call is then sent once more, unless the service may already have processed it. A call asks this once, whatever comes
    /// of its second attempt.
    ///
    /// There is nothing better unless an implementation says so.
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

/// Where a call's session comes from.
#[derive(Clone)]
pub(super) enum Session {
    /// There is none.
    None,
    /// The caller has it.
    Fixed(SecretString),
    /// A provider has it, for this user.
    From(Arc<dyn SessionProvider>, Arc<str>),
}

impl Session {
    /// The session for an attempt at a call. It is asked for anew for every attempt.
    pub(super) async fn get(&self, authorization: Authorization) -> Result<Option<SecretString>, Error> {
        Ok(match self {
            Self::None => None,
            Self::Fixed(session) => Some(session.clone()),
            Self::From(..) if authorization == Authorization::None => None,
            Self::From(provider, user) => {
                let session = provider.session(user).await.map_err(|error| Error::from(error.of(user)))?;
                Some(SecretString::from(session))
            }
        })
    }

    /// Returns whether calls are made for a user, whose session a provider may still fail to return.
    pub(super) fn is_set(&self) -> bool {
        match self {
            Self::None => false,
            Self::Fixed(session) => !session.expose_secret().is_empty(),
            Self::From(..) => true,
        }
    }

    /// The session that the caller has.
    pub(super) fn fixed(&self) -> Option<&str> {
        match self {
            Self::None | Self::From(..) => None,
            Self::Fixed(session) => Some(session.expose_secret()),
        }
    }

    /// Takes note that the platform has refused `session`. Returns whether another one can be had, so that the call is
    /// worth another attempt.
    pub(super) async fn refused(&self, session: &SecretString, refusal: &PlatformError) -> bool {
        match self {
            Self::None | Self::Fixed(_) => false,
            Self::From(provider, user) => provider.refused(user, session.expose_secret(), refusal).await,
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Fixed(session) => f.debug_tuple("Fixed").field(session).finish(),
            Self::From(_, user) => f.debug_tuple("From").field(user).finish(),
        }
    }
}
