//! A session provider that refreshes sessions.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use top_protocol::PlatformError;

use super::provider::SessionProvider;
use super::refresh_handle::{RefreshHandle, RefreshResult};
use super::refresh_state::RefreshState;
use super::refresh_task::RefreshTask;
use super::store::SessionStore;
use super::user::UserSession;
use crate::error::SessionError;
use crate::oauth::server::Refresh;
use crate::oauth::token::Token;
use crate::transport::BoxFuture;

/// Sessions from a store, refreshed before they end and when the platform refuses them.
///
/// Concurrent calls share one refresh, and so do machines that share a store. It continues when the calls that wait
/// for it are dropped, because a refresh token may be valid only once.
///
/// ```no_run
/// use generated_sdk::{AppCredentials, Client, Gateway};
/// use generated_sdk::api::top::TopClientTokenGetRequest;
/// use generated_sdk::client::{MemorySessionStore, OAuth, RefreshingSessions};
/// use std::sync::Arc;
///
/// # async fn example(code: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret")).build()?;
/// let oauth = OAuth::new(&client, OAuth::PRODUCTION)?;
/// let sessions = Arc::new(RefreshingSessions::new(oauth.clone(), MemorySessionStore::new()));
///
/// // Once, when the seller returns from the authorization page:
/// sessions.put("seller 1", oauth.token(code, "https://shop.test/back").await?).await?;
///
/// // Afterwards:
/// let seller = client.with_session_from(sessions.clone(), "seller 1");
/// match seller.execute(&TopClientTokenGetRequest::new("sec_token")).await {
///     Err(error) if error.needs_authorization() => println!("send the seller to the authorization page"),
///     other => println!("{:?}", other?.token),
/// }
/// # Ok(())
/// # }
/// ```
///
/// # When the store or the server is down
///
/// Calls use the session until it ends, and the refresh is retried. After that, calls fail with
/// [`Error::Session`](crate::Error::Session), which tells whether the user must authorize the application again.
///
/// # When the platform refuses a session
///
/// Another one is looked for at once: first in the store, where another machine may have put it, then by a refresh. A
/// token younger than a minute is not refreshed, because the platform would refuse the next one too. If the refusal
/// [may have another reason](PlatformError::is_session_ambiguous), this is done once an hour per user, and the session
/// stays in use if no other is found.
pub struct RefreshingSessions {
    state: Arc<RefreshState>,
}

impl RefreshingSessions {
    /// Creates a provider of sessions from `store`, refreshed by `refresh`: an [`OAuth`](crate::OAuth) or a
    /// [`TokenMethods`](crate::TokenMethods).
    pub fn new(refresh: impl Refresh, store: impl SessionStore) -> Self {
        let state = RefreshState {
            refresh: Box::new(refresh),
            store: Box::new(store),
            margin: Duration::from_secs(300),
            timeout: Duration::from_secs(30),
            clock: Arc::new(SystemTime::now),
            holder: format!("{:032x}", fastrand::u128(..)),
            users: Mutex::default(),
        };
        Self { state: Arc::new(state) }
    }

    /// Sets how long before its end a session is refreshed. Default: 5 minutes, and at most half of its lifetime. A token
    /// is used for at least a second.
    #[must_use]
    pub fn with_margin(self, margin: Duration) -> Self {
        self.with(|state| state.margin = margin)
    }

    /// Sets the timeout of a refresh. Default: 30 seconds. Other machines wait a little longer for the machine that
    /// refreshes.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        self.with(|state| state.timeout = timeout)
    }

    /// Sets the clock, for tests.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.with(|state| state.clock = Arc::new(clock))
    }

    /// Changes a setting. The state is not shared before its first use.
    fn with(mut self, f: impl FnOnce(&mut RefreshState)) -> Self {
        if let Some(state) = Arc::get_mut(&mut self.state) {
            f(state);
        }
        self
    }

    /// Stores a token that `user` granted, and replaces any other. The result of a running refresh is discarded.
    ///
    /// # Errors
    ///
    /// [`SessionError::unavailable`] if the store is down. This process uses the token nevertheless, and stores it
    /// when it can.
    pub async fn put(&self, user: &str, token: Token) -> Result<(), SessionError> {
        let token = Arc::new(token);
        let recheck_at = self.state.refresh_time(&token);
        self.state.users().entry(user.to_owned()).or_default().grant(token.clone(), recheck_at);
        match self.state.store.put(user, &token).await {
            Ok(()) => {
                if let Some(session) = self.state.users().get_mut(user) {
                    session.mark_stored(&token);
                }
                Ok(())
            }
            Err(error) => {
                RefreshTask::store_later(&self.state, user, token);
                Err(SessionError::unavailable(error).for_user(user))
            }
        }
    }

    /// Removes the token of `user` from this process and the store. Another machine that has it cached stores it
    /// again, as after a loss of the store's data: remove it there too.
    ///
    /// # Errors
    ///
    /// [`SessionError::unavailable`] if the store is down.
    pub async fn remove(&self, user: &str) -> Result<(), SessionError> {
        self.state.users().remove(user);
        self.state.store.remove(user).await.map_err(|error| SessionError::unavailable(error).for_user(user))?;
        // A call may have read it from the store in the meantime.
        self.state.users().remove(user);
        Ok(())
    }

    /// Returns the token of `user`, refreshed if it is due.
    ///
    /// # Errors
    ///
    /// [`SessionError::unauthorized`] if the user must authorize the application. [`SessionError::unavailable`] if the
    /// store or the server is down and the cached token has ended.
    pub async fn token(&self, user: &str) -> Result<Token, SessionError> {
        self.cached_or_refreshed(user).await.map(Arc::unwrap_or_clone).map_err(|error| error.for_user(user))
    }
}

impl RefreshingSessions {
    /// Returns the cached token, or the result of a refresh that all callers share.
    async fn cached_or_refreshed(&self, user: &str) -> RefreshResult {
        let refresh = match self.cached(user) {
            Ok(token) => return Ok(token),
            Err(refresh) => refresh,
        };
        let token = refresh.result().await?;
        // The platform may have refused the token during the refresh that returned it.
        let refused = self.state.users().get(user).is_some_and(|session| session.is_refused(&token));
        match refused.then(|| self.cached(user)) {
            None => Ok(token),
            Some(Ok(token)) => Ok(token),
            Some(Err(refresh)) => refresh.result().await,
        }
    }

    /// Returns the cached token if it is valid, or else the refresh to wait for.
    fn cached(&self, user: &str) -> Result<Arc<Token>, RefreshHandle> {
        let mut users = self.state.users();
        if let Some(token) = users.get(user).and_then(|session| session.valid_token(self.state.now())) {
            return Ok(token);
        }
        Err(RefreshTask::start(&self.state, user, users.entry(user.to_owned()).or_default()))
    }
}

impl SessionProvider for RefreshingSessions {
    fn session<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<String, SessionError>> {
        Box::pin(async { Ok(self.cached_or_refreshed(user).await?.access_token.clone()) })
    }

    fn refused<'a>(&'a self, user: &'a str, session: &'a str, refusal: &'a PlatformError) -> BoxFuture<'a, bool> {
        let now = self.state.now();
        let clearly = !refusal.is_session_ambiguous();
        let refuse = |user: &mut UserSession| user.refuse(session, clearly, now);
        let has_other = self.state.users().get_mut(user).is_none_or(refuse);
        Box::pin(async move { has_other })
    }
}

impl fmt::Debug for RefreshingSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshingSessions")
            .field("margin", &self.state.margin)
            .field("timeout", &self.state.timeout)
            .field("users", &self.state.users().len())
            .finish_non_exhaustive()
    }
}
