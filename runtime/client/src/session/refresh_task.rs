//! One refresh of a user's token: from the store, or from the server under a lock that all machines share.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tracing::instrument::WithSubscriber;

use super::refresh_handle::{RefreshHandle, RefreshResult};
use super::refresh_state::RefreshState;
use super::store::{SessionStore, StoreError};
use super::user::{FoundToken, UserSession};
use crate::error::{Error, SessionError};
use crate::oauth::token::{InvalidToken, Token};
use crate::{runtime, trace};

/// A refresh that runs in its own task, so that it continues when calls stop waiting for it.
pub(super) struct RefreshTask {
    state: Arc<RefreshState>,
    user: String,
    /// The handle of this refresh.
    handle: RefreshHandle,
    /// The generation of the user when the refresh started.
    generation: Arc<()>,
}

/// How long a session is used after its refresh failed, and the pause before a token that is missing in the store is stored
/// again.
const RETRY_PAUSE: Duration = Duration::from_secs(10);

/// How long a session is used while another machine refreshes it.
const OTHER_REFRESH_PAUSE: Duration = Duration::from_secs(1);

/// The pause between two looks for the token of another machine.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How much longer a lock lasts than a refresh: the store is also read and written under it.
const LOCK_MARGIN: Duration = Duration::from_secs(5);

/// The pauses between the attempts to store a new token. Other machines wait for it.
const STORE_PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

/// A token of the store and of this process, and what the store has.
type Newest = (Arc<Token>, Result<Option<Token>, StoreError>);

impl RefreshTask {
    /// Returns the running refresh of `user`, or starts one.
    pub(super) fn start(state: &Arc<RefreshState>, user: &str, session: &mut UserSession) -> RefreshHandle {
        if let Some(handle) = session.refresh.clone().filter(RefreshHandle::is_running) {
            return handle;
        }
        let (sender, handle) = RefreshHandle::new();
        let generation = session.generation.clone();
        let task = Self { state: state.clone(), user: user.to_owned(), handle: handle.clone(), generation };
        let task = async move { drop(sender.send_replace(Some(task.run().await))) };
        match runtime::current() {
            Ok(runtime) => drop(runtime.spawn(task.with_current_subscriber())),
            Err(error) => return RefreshHandle::finished(Err(SessionError::unavailable(error))),
        }
        session.refresh = Some(handle.clone());
        handle
    }

    /// Starts refreshes until the store has `token`, or another token replaces it.
    pub(super) fn store_later(state: &Arc<RefreshState>, user: &str, token: Arc<Token>) {
        // Without a runtime, the next refresh stores the token.
        let Ok(runtime) = runtime::current() else { return };
        let (state, user) = (Arc::downgrade(state), user.to_owned());
        let task = async move {
            loop {
                sleep(RETRY_PAUSE).await;
                let Some(state) = state.upgrade() else {
                    return;
                };
                match state.users().get_mut(&user).filter(|session| session.needs_storing(&token)) {
                    // Every refresh compares the store with the cached token.
                    Some(session) => drop(Self::start(&state, &user, session)),
                    None => return,
                }
            }
        };
        runtime.spawn(task.with_current_subscriber());
    }

    async fn run(self) -> RefreshResult {
        let found = self.find().await;
        let mut users = self.state.users();
        match users.get_mut(&self.user) {
            Some(session) if session.is_current(&self.handle) => {
                match &found {
                    Ok(found) => session.finish_refresh(found),
                    Err(_) if session.is_empty() => drop(users.remove(&self.user)),
                    Err(_) => {}
                }
                found.map(|(token, _)| token)
            }
            // The user granted another token in the meantime.
            Some(session) => session.token().cloned().ok_or_else(removed),
            None => Err(removed()),
        }
    }

    /// Accesses the session of the user. Fails if this refresh is obsolete.
    fn session<T>(&self, f: impl FnOnce(&mut UserSession) -> T) -> Result<T, SessionError> {
        let mut users = self.state.users();
        let session = users.get_mut(&self.user).filter(|session| session.is_current(&self.handle));
        session.map(f).ok_or_else(removed)
    }

    fn store(&self) -> &dyn SessionStore {
        self.state.store.as_ref()
    }

    /// Finds a token that is not refused: in the store, by a refresh, or the old token until it ends.
    async fn find(&self) -> Result<FoundToken, SessionError> {
        let (token, _) = self.newest().await?;
        if let Some(found) = self.fresh(&token)? {
            return Ok(found);
        }
        match self.refresh_once().await {
            Ok(found) => Ok(found),
            Err(error) => {
                let found = self.usable_for(&token, RETRY_PAUSE)?.ok_or_else(|| error.clone())?;
                trace::not_refreshed(&self.user, &error);
                Ok(found)
            }
        }
    }

    /// Refreshes the token on one of all machines, and waits for the result.
    async fn refresh_once(&self) -> Result<FoundToken, SessionError> {
        let (holder, time) = (&self.state.holder, self.state.timeout.saturating_add(LOCK_MARGIN));
        let started = Instant::now();
        loop {
            let locked = match self.store().try_lock(&self.user, holder, time).await {
                Ok(locked) => locked,
                Err(error) => {
                    // The lock may be held although its response was lost.
                    let _ = self.store().unlock(&self.user, holder).await;
                    return Err(SessionError::unavailable(error));
                }
            };
            let found = self.refresh_if_locked(locked).await;
            if locked {
                // A lock that is not released expires.
                let _ = self.store().unlock(&self.user, holder).await;
            }
            if let Some(found) = found.transpose() {
                return found;
            }
            if started.elapsed() > time.saturating_mul(2) {
                let problem = "timed out waiting for another machine to refresh the token";
                return Err(SessionError::unavailable(problem));
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Returns the token that another machine refreshed, or refreshes it if this one has the lock. Returns `None` if another
    /// machine is still refreshing and the old token has ended.
    async fn refresh_if_locked(&self, locked: bool) -> Result<Option<FoundToken>, SessionError> {
        let (old, stored) = self.newest().await?;
        if let Some(found) = self.fresh(&old)? {
            return Ok(Some(found));
        }
        if !locked {
            return self.usable_for(&old, OTHER_REFRESH_PAUSE);
        }
        let stored = stored.map_err(SessionError::unavailable)?;
        let new = Arc::new(self.request(&old).await?.with_defaults_of(&old));
        trace::refreshed(&self.user);
        // The refresh consumed the old token, so this process uses the new one even if it cannot be stored.
        self.set_token(&new, false)?;
        let new = self.store_new(new, stored.as_ref()).await?;
        Ok(Some((new.clone(), self.state.refresh_time(&new))))
    }

    /// Requests a new token from the server.
    async fn request(&self, old: &Token) -> Result<Token, SessionError> {
        let Some(refresh_token) = old.refresh_token.as_deref() else {
            return Err(SessionError::unauthorized("the session has expired, and it has no refresh token"));
        };
        let now = self.state.now();
        if !old.is_refreshable(now) {
            return Err(SessionError::unauthorized("the session and its refresh token have expired"));
        }
        if let Some(error) = self.session(|session| session.failure(refresh_token, now))? {
            return Err(error);
        }
        let error = match timeout(self.state.timeout, self.state.refresh.refresh(refresh_token)).await {
            Ok(Ok(token)) => {
                self.session(|session| session.refresh_succeeded(refresh_token))?;
                return Ok(token);
            }
            Ok(Err(error)) if is_refresh_token_refused(&error) => {
                let error = SessionError::unauthorized(error);
                self.session(|session| session.refresh_token_refused(refresh_token, error.clone()))?;
                return Err(error);
            }
            Ok(Err(error)) => SessionError::unavailable(error),
            Err(_) => SessionError::unavailable("the refresh timed out"),
        };
        self.session(|session| session.refresh_failed(refresh_token, error.clone(), self.state.now()))?;
        Err(error)
    }

    /// Replaces the `expected` token in the store with a new one. Returns the token to use, which is another one if a user granted
    /// it on another machine in the meantime.
    async fn store_new(&self, token: Arc<Token>, expected: Option<&Token>) -> RefreshResult {
        let mut pauses = STORE_PAUSES.into_iter();
        loop {
            match self.replace(expected, &token).await? {
                Ok(None) => {
                    self.session(|session| session.mark_stored(&token))?;
                    return Ok(token);
                }
                Ok(Some(other)) => return self.set_token(&Arc::new(other), true),
                Err(error) => match pauses.next() {
                    Some(pause) => sleep(pause).await,
                    None => {
                        trace::token_not_stored(&self.user, &error);
                        Self::store_later(&self.state, &self.user, token.clone());
                        return Ok(token);
                    }
                },
            }
        }
    }

    /// Returns the newest token of this process and the store, and the token of the store. Stores the token of this process
    /// if the store lacks it.
    async fn newest(&self) -> Result<Newest, SessionError> {
        let stored = match self.store().get(&self.user).await {
            Ok(stored) => stored,
            // A damaged token is replaced by the one of this process.
            Err(error) if error.is::<InvalidToken>() && self.session(|session| session.token().is_some())? => None,
            Err(error) => match self.session(|session| session.token().cloned())? {
                Some(cached) => return Ok((cached, Err(error))),
                None => return Err(SessionError::unavailable(error)),
            },
        };
        let Some(cached) = self.session(|session| session.newer_than(stored.as_ref()))? else {
            let stored = stored.ok_or_else(|| SessionError::unauthorized("the store has no token"))?;
            return Ok((self.set_token(&Arc::new(stored.clone()), true)?, Ok(Some(stored))));
        };
        if stored.as_ref() != Some(&*cached) {
            match self.replace(stored.as_ref(), &cached).await? {
                Ok(None) => {}
                Ok(Some(other)) => return Ok((self.set_token(&Arc::new(other.clone()), true)?, Ok(Some(other)))),
                Err(error) => {
                    trace::token_not_stored(&self.user, &error);
                    return Ok((cached, Ok(stored)));
                }
            }
        }
        self.session(|session| session.mark_stored(&cached))?;
        let stored = Token::clone(&cached);
        Ok((cached, Ok(Some(stored))))
    }

    /// Replaces the `expected` token in the store, as [`SessionStore::replace`] does. Fails if the user is removed,
    /// also during the replacement, and then removes the token again.
    async fn replace(
        &self,
        expected: Option<&Token>,
        token: &Token,
    ) -> Result<Result<Option<Token>, StoreError>, SessionError> {
        self.session(|_| ())?;
        let replaced = self.store().replace(&self.user, expected, token).await;
        let is_same = |session: &UserSession| Arc::ptr_eq(&session.generation, &self.generation);
        if self.state.users().get(&self.user).is_some_and(is_same) {
            return Ok(replaced);
        }
        // A store that failed may have written the token.
        if self.store().get(&self.user).await.is_ok_and(|stored| stored.as_ref() == Some(token)) {
            let _ = self.store().remove(&self.user).await;
        }
        // Another refresh may have read it from the store in the meantime.
        let mut users = self.state.users();
        if users.get(&self.user).is_some_and(|session| session.token().is_none_or(|cached| **cached == *token)) {
            users.remove(&self.user);
        }
        Err(removed())
    }

    /// Caches `token`.
    fn set_token(&self, token: &Arc<Token>, stored: bool) -> RefreshResult {
        let recheck_at = self.state.refresh_time(token);
        self.session(|session| session.set_token(token.clone(), recheck_at, stored))?;
        Ok(token.clone())
    }

    /// Returns the token if it is neither refused nor due for a refresh.
    fn fresh(&self, token: &Arc<Token>) -> Result<Option<FoundToken>, SessionError> {
        let recheck_at = self.state.refresh_time(token);
        let fresh = recheck_at.is_none_or(|time| self.state.now() < time);
        let accepted = self.session(|session| !session.is_refused(token))?;
        Ok((fresh && accepted).then(|| (token.clone(), recheck_at)))
    }

    /// Returns the token for use during `time`, at most until it ends. Returns `None` if it has ended or is retired.
    fn usable_for(&self, token: &Arc<Token>, time: Duration) -> Result<Option<FoundToken>, SessionError> {
        let now = self.state.now();
        let recheck_at = now.checked_add(time).unwrap_or(now);
        let recheck_at = token.expires_at().map_or(recheck_at, |end| end.min(recheck_at));
        let usable = !token.is_expired(now) && self.session(|session| !session.is_retired(token))?;
        Ok(usable.then(|| (token.clone(), Some(recheck_at))))
    }
}

/// Creates the error of a refresh whose user was removed.
fn removed() -> SessionError {
    SessionError::unauthorized("the token was removed")
}

/// Returns whether an error means that the refresh token is invalid: the authorization server refused it, or the method did,
/// whose only parameter is the refresh token.
fn is_refresh_token_refused(error: &Error) -> bool {
    let is_about_parameter = |code| matches!(code, 15 | 40 | 41 | 43 | 50);
    error.needs_authorization()
        || error.is_session_invalid()
        || error
            .platform()
            .is_some_and(|refusal| !refusal.is_retryable() && refusal.code.equivalent().is_some_and(is_about_parameter))
}
