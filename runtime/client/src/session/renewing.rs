//! One renewal of a user's token: out of the store, or by a refresh under the lock of all machines.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::known::{Found, Known};
use super::refreshing::Shared;
use super::{SessionStore, StoreError};
use crate::error::{Error, SessionError};
use crate::{NoToken, Token, trace};

/// The outcome of a renewal, once there is one. It is the same for all who wait.
#[derive(Clone)]
pub(super) struct Renewal(watch::Receiver<Option<Outcome>>);

/// What a renewal brings.
pub(super) type Outcome = Result<Arc<Token>, SessionError>;

impl Renewal {
    /// A renewal that begins, and where to say how it has ended.
    pub(super) fn begin() -> (watch::Sender<Option<Outcome>>, Self) {
        let (sender, receiver) = watch::channel(None);
        (sender, Self(receiver))
    }

    /// A renewal that is over.
    pub(super) fn ended(outcome: Outcome) -> Self {
        Self(watch::channel(Some(outcome)).1)
    }

    /// Whether there is somebody still who is to say how it ends.
    pub(super) fn is_under_way(&self) -> bool {
        self.0.has_changed().is_ok()
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.0.same_channel(&other.0)
    }

    /// Waits for its end.
    pub(super) async fn outcome(mut self) -> Outcome {
        match self.0.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            _ => Err(SessionError::unavailable("the refresh was broken off")),
        }
    }
}

/// The work of a renewal.
pub(super) struct Renewing {
    shared: Arc<Shared>,
    user: String,
    /// Which one it is.
    this: Renewal,
    /// That of what is known of the user.
    life: Arc<()>,
}

/// How long a session is used further that could not be refreshed in time, and after how long a store that missed a
/// token is given it again.
pub(super) const PAUSE: Duration = Duration::from_secs(10);

/// How long a session is used further that another machine is refreshing.
const SHORT_PAUSE: Duration = Duration::from_secs(1);

/// How often a machine looks whether another one has the new token.
const POLL: Duration = Duration::from_millis(50);

/// How much longer a lock holds than a refresh may take: the store is read and written under it too.
const LOCK_MARGIN: Duration = Duration::from_secs(5);

/// The pauses between the attempts at storing a new token, for which other machines wait.
const STORING: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

impl Renewing {
    pub(super) fn new(shared: Arc<Shared>, user: String, this: Renewal, life: Arc<()>) -> Self {
        Self { shared, user, this, life }
    }

    /// Carries it out.
    pub(super) async fn outcome(self) -> Outcome {
        let found = self.found().await;
        let mut users = self.shared.users();
        let known = users.get_mut(&self.user);
        match known {
            Some(known) if known.waits_for(&self.this) => {
                match &found {
                    Ok(found) => known.settle(found),
                    // Nothing need be remembered of users that there are not.
                    Err(_) if known.is_nothing() => drop(users.remove(&self.user)),
                    Err(_) => {}
                }
                found.map(|(token, _)| token)
            }
            // The user has granted another one meanwhile.
            Some(known) => known.token().cloned().ok_or_else(removed),
            None => Err(removed()),
        }
    }

    /// Does something with what is known of the user, if it is this renewal still that everybody waits for.
    fn known<T>(&self, change: impl FnOnce(&mut Known) -> T) -> Result<T, SessionError> {
        let mut users = self.shared.users();
        let known = users.get_mut(&self.user).filter(|known| known.waits_for(&self.this));
        known.map(change).ok_or_else(removed)
    }

    fn store(&self) -> &dyn SessionStore {
        self.shared.store.as_ref()
    }

    /// A token other than one that is refused: out of the store, by a refresh, or as it is while it is good.
    async fn found(&self) -> Result<Found, SessionError> {
        let (token, _) = self.newest().await?;
        if let Some(found) = self.fresh(&token)? {
            return Ok(found);
        }
        match self.refreshed().await {
            Ok(found) => Ok(found),
            Err(error) => {
                let found = self.for_now(&token, PAUSE)?.ok_or_else(|| error.clone())?;
                trace::not_refreshed(&self.user, &error);
                Ok(found)
            }
        }
    }

    /// A token that this machine or another one refreshes.
    async fn refreshed(&self) -> Result<Found, SessionError> {
        let (holder, time) = (&self.shared.holder, self.shared.timeout.saturating_add(LOCK_MARGIN));
        let began = Instant::now();
        loop {
            let locked = match self.store().try_lock(&self.user, holder, time).await {
                Ok(locked) => locked,
                Err(error) => {
                    // The lock may be had all the same, and its answer lost.
                    let _ = self.store().unlock(&self.user, holder).await;
                    return Err(SessionError::unavailable(error));
                }
            };
            let found = self.refreshed_by(locked).await;
            if locked {
                // A lock that is not released ends by itself.
                let _ = self.store().unlock(&self.user, holder).await;
            }
            if let Some(found) = found.transpose() {
                return found;
            }
            if began.elapsed() > time.saturating_mul(2) {
                let problem = "other machines are refreshing the token and do not come to an end";
                return Err(SessionError::unavailable(problem));
            }
            sleep(POLL).await;
        }
    }

    /// What another machine has refreshed, or this one if it has the lock, or uses meanwhile; `None` if there is
    /// nothing yet.
    async fn refreshed_by(&self, this: bool) -> Result<Option<Found>, SessionError> {
        let (old, seen) = self.newest().await?;
        if let Some(found) = self.fresh(&old)? {
            return Ok(Some(found));
        }
        if !this {
            return self.for_now(&old, SHORT_PAUSE);
        }
        let seen = seen.map_err(SessionError::unavailable)?;
        let new = Arc::new(self.ask(&old).await?.following(&old));
        trace::refreshed(&self.user);
        // The old one is worth nothing now, so this process has the new one whatever becomes of the store.
        self.hold(&new, false)?;
        let new = self.keep(new, seen.as_ref()).await?;
        Ok(Some((new.clone(), self.shared.renew_at(&new))))
    }

    /// Asks for a token in place of `old`.
    async fn ask(&self, old: &Token) -> Result<Token, SessionError> {
        let Some(refresh_token) = old.refresh_token.as_deref() else {
            return Err(SessionError::unauthorized("the session has ended, and no refresh token came with it"));
        };
        let now = self.shared.now();
        if !old.is_refreshable(now) {
            return Err(SessionError::unauthorized("the session and its refresh token have ended"));
        }
        if let Some(error) = self.known(|known| known.failure(refresh_token, now))? {
            return Err(error);
        }
        let error = match timeout(self.shared.timeout, self.shared.refresh.refresh(refresh_token)).await {
            Ok(Ok(token)) => {
                self.known(|known| known.succeeded(refresh_token))?;
                return Ok(token);
            }
            Ok(Err(error)) if is_dead(&error) => {
                let error = SessionError::unauthorized(error);
                self.known(|known| known.dead(refresh_token, error.clone()))?;
                return Err(error);
            }
            Ok(Err(error)) => SessionError::unavailable(error),
            Err(_) => SessionError::unavailable("the refresh took too long"),
        };
        self.known(|known| known.failed(refresh_token, error.clone(), self.shared.now()))?;
        Err(error)
    }

    /// Puts a new token into the store in place of the one that was `seen` there. Returns the token to use: a user may
    /// have granted another one meanwhile, which another machine has put there.
    async fn keep(&self, token: Arc<Token>, seen: Option<&Token>) -> Outcome {
        let mut pauses = STORING.into_iter();
        loop {
            match self.replace(seen, &token).await? {
                Ok(None) => {
                    self.known(|known| known.stored(&token))?;
                    return Ok(token);
                }
                Ok(Some(other)) => return self.hold(&Arc::new(other), true),
                Err(error) => match pauses.next() {
                    Some(pause) => sleep(pause).await,
                    None => {
                        trace::not_kept(&self.user, &error);
                        self.shared.store_later(&self.user, token.clone());
                        return Ok(token);
                    }
                },
            }
        }
    }

    /// The newest token that this process or the store has, and the one that was seen in the store. The store is given
    /// what it has missed or lost.
    async fn newest(&self) -> Result<(Arc<Token>, Result<Option<Token>, StoreError>), SessionError> {
        let stored = match self.store().get(&self.user).await {
            Ok(stored) => stored,
            // A damaged token is as good as none, if this process has another to put in its place.
            Err(error) if error.is::<NoToken>() && self.known(|known| known.token().is_some())? => None,
            Err(error) => match self.known(|known| known.token().cloned())? {
                Some(held) => return Ok((held, Err(error))),
                None => return Err(SessionError::unavailable(error)),
            },
        };
        let Some(held) = self.known(|known| known.newer_than(stored.as_ref()))? else {
            let stored = stored.ok_or_else(|| SessionError::unauthorized("the store has no token"))?;
            return Ok((self.hold(&Arc::new(stored.clone()), true)?, Ok(Some(stored))));
        };
        if stored.as_ref() != Some(&*held) {
            match self.replace(stored.as_ref(), &held).await? {
                Ok(None) => {}
                Ok(Some(other)) => return Ok((self.hold(&Arc::new(other.clone()), true)?, Ok(Some(other)))),
                Err(error) => {
                    trace::not_kept(&self.user, &error);
                    return Ok((held, Ok(stored)));
                }
            }
        }
        self.known(|known| known.stored(&held))?;
        let seen = Token::clone(&held);
        Ok((held, Ok(Some(seen))))
    }

    /// Puts a token into the store in place of the one that was `seen` there, as [`SessionStore::replace`] does, unless
    /// the user is removed, be it meanwhile.
    async fn replace(
        &self,
        seen: Option<&Token>,
        token: &Token,
    ) -> Result<Result<Option<Token>, StoreError>, SessionError> {
        self.known(|_| ())?;
        let replaced = self.store().replace(&self.user, seen, token).await;
        let lives = |known: &Known| Arc::ptr_eq(&known.life, &self.life);
        if self.shared.users().get(&self.user).is_some_and(lives) {
            return Ok(replaced);
        }
        // If the store failed, it may have written all the same.
        if self.store().get(&self.user).await.is_ok_and(|stored| stored.as_ref() == Some(token)) {
            let _ = self.store().remove(&self.user).await;
        }
        // Another renewal may have had it out of the store meanwhile.
        let mut users = self.shared.users();
        if users.get(&self.user).is_some_and(|known| known.token().is_none_or(|held| **held == *token)) {
            users.remove(&self.user);
        }
        Err(removed())
    }

    /// Uses `token` from now on.
    fn hold(&self, token: &Arc<Token>, stored: bool) -> Outcome {
        let until = self.shared.renew_at(token);
        self.known(|known| known.hold(token.clone(), until, stored))?;
        Ok(token.clone())
    }

    /// The token, if its time to be refreshed has not come.
    fn fresh(&self, token: &Arc<Token>) -> Result<Option<Found>, SessionError> {
        let until = self.shared.renew_at(token);
        let fresh = until.is_none_or(|until| self.shared.now() < until);
        let good = self.known(|known| !known.is_bad(token))?;
        Ok((fresh && good).then(|| (token.clone(), until)))
    }

    /// The token, to be used for some time further, if the platform takes it still and for no longer than that.
    fn for_now(&self, token: &Arc<Token>, time: Duration) -> Result<Option<Found>, SessionError> {
        let now = self.shared.now();
        let pause = now.checked_add(time).unwrap_or(now);
        let until = token.expires_at().map_or(pause, |end| end.min(pause));
        let usable = !token.is_expired(now) && self.known(|known| !known.is_refused(token))?;
        Ok(usable.then(|| (token.clone(), Some(until))))
    }
}

/// The end of a renewal whose user is no longer known.
fn removed() -> SessionError {
    SessionError::unauthorized("the token was removed")
}

/// Whether an error says that the refresh token is no good: the authorisation server's refusal, or that of the method
/// for which the token was its only parameter.
fn is_dead(error: &Error) -> bool {
    let of_token = |code| matches!(code, 15 | 40 | 41 | 43 | 50);
    error.needs_authorization()
        || error.is_session_invalid()
        || error
            .platform()
            .is_some_and(|refusal| !refusal.is_retryable() && refusal.code.equivalent().is_some_and(of_token))
}
