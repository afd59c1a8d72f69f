//! The session of one user in this process.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::refresh_handle::RefreshHandle;
use crate::error::SessionError;
use crate::oauth::token::Token;

/// The session of one user in this process.
#[derive(Default)]
pub(super) struct UserSession {
    cached: Option<CachedToken>,
    /// Tokens that are not used again, the latest first: the platform refused them, or they were replaced. A refresh may
    /// keep the access token, so whole tokens are compared.
    retired: VecDeque<Arc<Token>>,
    doubtful: Option<DoubtfulRefusal>,
    /// Failed refreshes, the latest first. The token of this process and that of the store may both have failed.
    failures: VecDeque<RefreshFailure>,
    /// The latest refresh, which may have finished.
    pub(super) refresh: Option<RefreshHandle>,
    /// Differs after the user was removed and added again.
    pub(super) generation: Arc<()>,
}

/// The token that calls use.
struct CachedToken {
    token: Arc<Token>,
    /// When to look for another token.
    recheck_at: Option<SystemTime>,
    /// Whether the store has the token.
    stored: bool,
}

/// A refusal that may have another reason than the session.
struct DoubtfulRefusal {
    /// The refused token, until a refresh has looked for another one.
    token: Option<Arc<Token>>,
    time: SystemTime,
}

/// A failed refresh.
struct RefreshFailure {
    refresh_token: String,
    error: SessionError,
    /// The time of the failure, and how long the error is returned without another attempt. `None` if the refresh token was
    /// refused: the error is final.
    backoff: Option<(SystemTime, Duration)>,
}

/// A token, and when to look for another one.
pub(super) type FoundToken = (Arc<Token>, Option<SystemTime>);

/// The maximum number of retired tokens, and of failures.
const HISTORY_LENGTH: usize = 4;

/// The minimum age of a refused token that is replaced. A younger one is refused for a reason that a refresh does not change.
const MIN_REFUSED_AGE: Duration = Duration::from_secs(60);

/// The minimum time between two refreshes after doubtful refusals. The platform may refuse a valid session for some methods,
/// which a refresh does not change.
const RECHECK_INTERVAL: Duration = Duration::from_secs(3600);

/// The backoff after a failed refresh, which doubles with each further failure.
const MIN_BACKOFF: Duration = Duration::from_secs(1);

/// The maximum backoff.
const MAX_BACKOFF: Duration = Duration::from_secs(10);

impl UserSession {
    /// Returns the cached token.
    pub(super) fn token(&self) -> Option<&Arc<Token>> {
        self.cached.as_ref().map(|cached| &cached.token)
    }

    /// Returns the cached token if it can be used without a check.
    pub(super) fn valid_token(&self, now: SystemTime) -> Option<Arc<Token>> {
        let cached = self.cached.as_ref()?;
        let valid = cached.recheck_at.is_none_or(|time| now < time) && !self.is_refused(&cached.token);
        valid.then(|| cached.token.clone())
    }

    /// Replaces the cached token.
    pub(super) fn set_token(&mut self, token: Arc<Token>, recheck_at: Option<SystemTime>, stored: bool) {
        if let Some(old) = self.cached.take() {
            push_recent(&mut self.retired, old.token);
        }
        self.retired.retain(|retired| *retired != token);
        self.cached = Some(CachedToken { token, recheck_at, stored });
    }

    /// Replaces the cached token with a new grant of the user, and forgets failures.
    pub(super) fn grant(&mut self, token: Arc<Token>, recheck_at: Option<SystemTime>) {
        self.set_token(token, recheck_at, false);
        self.doubtful = None;
        self.failures.clear();
        // The result of a running refresh is obsolete.
        self.refresh = None;
    }

    /// Records the result of a refresh.
    pub(super) fn finish_refresh(&mut self, (token, recheck_at): &FoundToken) {
        if let Some(cached) = self.cached.as_mut().filter(|cached| cached.token == *token) {
            cached.recheck_at = *recheck_at;
            if let Some(doubtful) = &mut self.doubtful {
                doubtful.token = None;
            }
        }
    }

    /// Records that the store has `token`.
    pub(super) fn mark_stored(&mut self, token: &Token) {
        if let Some(cached) = self.cached.as_mut().filter(|cached| *cached.token == *token) {
            cached.stored = true;
        }
    }

    /// Returns whether `token` is the cached token and the store lacks it.
    pub(super) fn needs_storing(&self, token: &Token) -> bool {
        self.cached.as_ref().is_some_and(|cached| !cached.stored && *cached.token == *token)
    }

    /// Returns the cached token if it is newer than the `stored` one. Clocks of machines differ, so times are compared only
    /// if nothing else decides.
    pub(super) fn newer_than(&self, stored: Option<&Token>) -> Option<Arc<Token>> {
        let cached = self.cached.as_ref()?;
        let newer = stored.is_none_or(|stored| {
            if *stored == *cached.token || self.is_unusable(stored) {
                return true;
            }
            // If the store had the cached token, another machine replaced it later.
            !cached.stored && !self.is_unusable(&cached.token) && cached.token.received_at > stored.received_at
        });
        newer.then(|| cached.token.clone())
    }

    /// Records that the platform refused `session`: `clearly` if the session is certainly the reason. Returns whether to
    /// look for another token.
    pub(super) fn refuse(&mut self, session: &str, clearly: bool, now: SystemTime) -> bool {
        let Some(token) = self.token().filter(|token| token.access_token == session).cloned() else {
            return true;
        };
        if self.is_refused(&token) {
            return true;
        }
        let since = |time| now.duration_since(time).unwrap_or_default();
        if since(token.received_at) < MIN_REFUSED_AGE {
            return false;
        }
        if clearly {
            push_recent(&mut self.retired, token);
            return true;
        }
        let due = self.doubtful.as_ref().is_none_or(|refusal| since(refusal.time) >= RECHECK_INTERVAL);
        if due {
            self.doubtful = Some(DoubtfulRefusal { token: Some(token), time: now });
        }
        due
    }

    /// Returns whether a token must not be used again.
    pub(super) fn is_retired(&self, token: &Token) -> bool {
        self.retired.iter().any(|retired| **retired == *token)
    }

    /// Returns whether a token is retired, or a doubtful refusal of it is still to be checked.
    pub(super) fn is_refused(&self, token: &Token) -> bool {
        let doubtful = self.doubtful.as_ref().and_then(|refusal| refusal.token.as_deref());
        self.is_retired(token) || doubtful == Some(token)
    }

    /// Returns whether a token is retired, or cannot be refreshed because its refresh token was refused.
    fn is_unusable(&self, token: &Token) -> bool {
        let is_final = |failure: &RefreshFailure| {
            failure.backoff.is_none() && Some(&failure.refresh_token) == token.refresh_token.as_ref()
        };
        self.is_retired(token) || self.failures.iter().any(is_final)
    }

    /// Returns the error of the last refresh with `refresh_token`, if it is too early for another one.
    pub(super) fn failure(&self, refresh_token: &str, now: SystemTime) -> Option<SessionError> {
        let failure = self.failures.iter().find(|failure| failure.refresh_token == refresh_token)?;
        let lasts = |(start, backoff)| now.duration_since(start).is_ok_and(|elapsed| elapsed < backoff);
        failure.backoff.is_none_or(lasts).then(|| failure.error.clone())
    }

    /// Records that the server refused a refresh token. It is not sent again.
    pub(super) fn refresh_token_refused(&mut self, refresh_token: &str, error: SessionError) {
        self.add_failure(refresh_token, error, None);
    }

    /// Records that a refresh failed temporarily. Calls get the same error until the backoff ends.
    pub(super) fn refresh_failed(&mut self, refresh_token: &str, error: SessionError, now: SystemTime) {
        let previous = self.failures.iter().find(|failure| failure.refresh_token == refresh_token);
        let previous = previous.and_then(|failure| failure.backoff);
        let backoff = previous.map_or(MIN_BACKOFF, |(_, backoff)| (2 * backoff).min(MAX_BACKOFF));
        self.add_failure(refresh_token, error, Some((now, backoff)));
    }

    fn add_failure(&mut self, refresh_token: &str, error: SessionError, backoff: Option<(SystemTime, Duration)>) {
        self.refresh_succeeded(refresh_token);
        push_recent(&mut self.failures, RefreshFailure { refresh_token: refresh_token.to_owned(), error, backoff });
    }

    /// Forgets the failures of a refresh token.
    pub(super) fn refresh_succeeded(&mut self, refresh_token: &str) {
        self.failures.retain(|failure| failure.refresh_token != refresh_token);
    }

    /// Returns whether `refresh` is the latest one. If it is not, the user has granted another token since it started.
    pub(super) fn is_current(&self, refresh: &RefreshHandle) -> bool {
        self.refresh.as_ref().is_some_and(|latest| latest.is(refresh))
    }

    /// Returns whether nothing is known of the user.
    pub(super) fn is_empty(&self) -> bool {
        self.cached.is_none() && self.failures.is_empty()
    }
}

/// Adds `item` to a bounded history.
fn push_recent<T>(history: &mut VecDeque<T>, item: T) {
    history.truncate(HISTORY_LENGTH - 1);
    history.push_front(item);
}
