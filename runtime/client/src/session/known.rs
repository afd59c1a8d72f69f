//! What is known of a user in this process.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::renewing::Renewal;
use crate::Token;
use crate::error::SessionError;

/// What is known of a user in this process.
#[derive(Default)]
pub(super) struct Known {
    held: Option<Held>,
    /// Tokens that are not to be used again, because the platform has refused them or others have replaced them here. The
    /// latest is the first. Some refreshes leave an access token as it was, and it is another token all the same.
    spent: VecDeque<Arc<Token>>,
    doubt: Option<Doubt>,
    /// How refresh tokens have failed, the latest first. One may be this process's, and another the store's.
    failures: VecDeque<Failure>,
    /// The latest renewal, which may be over.
    pub(super) renewal: Option<Renewal>,
    /// Another for a user who was removed and is known again.
    pub(super) life: Arc<()>,
}

/// The token that is in use.
struct Held {
    token: Arc<Token>,
    /// When to look for another token, if ever.
    until: Option<SystemTime>,
    /// Whether the store has been given it, or has given it.
    stored: bool,
}

/// A refusal that does not say whether it is the session's fault.
struct Doubt {
    /// What another token is looked for in place of.
    token: Option<Arc<Token>>,
    at: SystemTime,
}

/// How a refresh token has failed.
struct Failure {
    refresh_token: String,
    error: SessionError,
    /// From when on, and for how long, the error is the answer to all who ask; for ever if the token was refused.
    pause: Option<(SystemTime, Duration)>,
}

/// A token, and until when no other one need be looked for.
pub(super) type Found = (Arc<Token>, Option<SystemTime>);

/// How many tokens are remembered that are no good.
const REMEMBERED: usize = 4;

/// A token that is younger and refused is so for a reason that a refresh does not change.
const YOUNG: Duration = Duration::from_secs(60);

/// How long after one doubt the next is worth a refresh. The platform refuses sessions for some methods that it takes
/// for others, and a refresh changes nothing there.
const RARELY: Duration = Duration::from_secs(3600);

/// For how long a refresh that failed is not tried again, which doubles with every other one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// And at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl Known {
    /// The token that is in use.
    pub(super) fn token(&self) -> Option<&Arc<Token>> {
        self.held.as_ref().map(|held| &held.token)
    }

    /// The token in use, if no other one need be looked for.
    pub(super) fn at_hand(&self, now: SystemTime) -> Option<Arc<Token>> {
        let held = self.held.as_ref()?;
        let good = held.until.is_none_or(|until| now < until) && !self.is_bad(&held.token);
        good.then(|| held.token.clone())
    }

    /// Uses a token from now on, in place of the one before.
    pub(super) fn hold(&mut self, token: Arc<Token>, until: Option<SystemTime>, stored: bool) {
        if let Some(old) = self.held.take() {
            remember(&mut self.spent, old.token);
        }
        self.spent.retain(|spent| *spent != token);
        self.held = Some(Held { token, until, stored });
    }

    /// Uses a token that the user has granted, whatever was before.
    pub(super) fn granted(&mut self, token: Arc<Token>, until: Option<SystemTime>) {
        self.hold(token, until, false);
        self.doubt = None;
        self.failures.clear();
        // What the one under way finds is of no account any more.
        self.renewal = None;
    }

    /// Takes note of how long the token is to be used that has been looked for.
    pub(super) fn settle(&mut self, (token, until): &Found) {
        if let Some(held) = self.held.as_mut().filter(|held| held.token == *token) {
            held.until = *until;
            if let Some(doubt) = &mut self.doubt {
                doubt.token = None;
            }
        }
    }

    /// Takes note that the store has `token`.
    pub(super) fn stored(&mut self, token: &Token) {
        if let Some(held) = self.held.as_mut().filter(|held| *held.token == *token) {
            held.stored = true;
        }
    }

    /// Whether `token` is in use and the store is without it.
    pub(super) fn is_to_be_stored(&self, token: &Token) -> bool {
        self.held.as_ref().is_some_and(|held| !held.stored && *held.token == *token)
    }

    /// The token in use, if it and not the `stored` one is the user's newest. Clocks of machines differ, so their times
    /// count only where nothing else tells.
    pub(super) fn newer_than(&self, stored: Option<&Token>) -> Option<Arc<Token>> {
        let held = self.held.as_ref()?;
        let newer = stored.is_none_or(|stored| {
            if *stored == *held.token || self.is_spent(stored) {
                return true;
            }
            // Whoever has put another one in its place did so later.
            !held.stored && !self.is_spent(&held.token) && held.token.received_at > stored.received_at
        });
        newer.then(|| held.token.clone())
    }

    /// Takes note that the platform has refused `session`. Returns whether another one is to be looked for; `clearly` if
    /// it said that it is the session's fault.
    pub(super) fn refused(&mut self, session: &str, clearly: bool, now: SystemTime) -> bool {
        let Some(token) = self.held.as_ref().map(|held| &held.token).filter(|token| token.access_token == session)
        else {
            return true;
        };
        if self.is_bad(token) {
            return true;
        }
        let since = |time| now.duration_since(time).unwrap_or_default();
        if since(token.received_at) < YOUNG {
            return false;
        }
        if clearly {
            remember(&mut self.spent, token.clone());
            return true;
        }
        let worth = self.doubt.as_ref().is_none_or(|doubt| since(doubt.at) >= RARELY);
        if worth {
            self.doubt = Some(Doubt { token: Some(token.clone()), at: now });
        }
        worth
    }

    /// Whether a token is not to be used again.
    pub(super) fn is_refused(&self, token: &Token) -> bool {
        self.spent.iter().any(|spent| **spent == *token)
    }

    /// The same, or another one is looked for that may be better.
    pub(super) fn is_bad(&self, token: &Token) -> bool {
        let doubted = self.doubt.as_ref().and_then(|doubt| doubt.token.as_deref());
        self.is_refused(token) || doubted == Some(token)
    }

    /// Whether nothing can come of a token any more, or of its refresh token.
    fn is_spent(&self, token: &Token) -> bool {
        let dead =
            |failure: &Failure| failure.pause.is_none() && Some(&failure.refresh_token) == token.refresh_token.as_ref();
        self.is_refused(token) || self.failures.iter().any(dead)
    }

    /// Why a refresh token need not be asked for now.
    pub(super) fn failure(&self, refresh_token: &str, now: SystemTime) -> Option<SessionError> {
        let failure = self.failures.iter().find(|failure| failure.refresh_token == refresh_token)?;
        let lasts = |(at, pause)| now.duration_since(at).is_ok_and(|time| time < pause);
        failure.pause.is_none_or(lasts).then(|| failure.error.clone())
    }

    /// Takes note that a refresh token is refused, so that it is not asked for again.
    pub(super) fn dead(&mut self, refresh_token: &str, error: SessionError) {
        self.failed_for(refresh_token, error, None);
    }

    /// Takes note that a refresh failed for now: those who come next have its error, and not each a refresh of their own.
    pub(super) fn failed(&mut self, refresh_token: &str, error: SessionError, now: SystemTime) {
        let before = self.failures.iter().find(|failure| failure.refresh_token == refresh_token);
        let pause =
            before.and_then(|failure| failure.pause).map_or(FIRST_PAUSE, |(_, pause)| (2 * pause).min(LONGEST_PAUSE));
        self.failed_for(refresh_token, error, Some((now, pause)));
    }

    fn failed_for(&mut self, refresh_token: &str, error: SessionError, pause: Option<(SystemTime, Duration)>) {
        self.succeeded(refresh_token);
        remember(&mut self.failures, Failure { refresh_token: refresh_token.to_owned(), error, pause });
    }

    /// Forgets how a refresh token has failed.
    pub(super) fn succeeded(&mut self, refresh_token: &str) {
        self.failures.retain(|failure| failure.refresh_token != refresh_token);
    }

    /// Whether `renewal` is the one whose findings count. Since one began, the user may have granted another token.
    pub(super) fn waits_for(&self, renewal: &Renewal) -> bool {
        self.renewal.as_ref().is_some_and(|latest| latest.is(renewal))
    }

    /// Whether there is anything to remember.
    pub(super) fn is_nothing(&self) -> bool {
        self.held.is_none() && self.failures.is_empty()
    }
}

/// Puts `item` before the others of a few.
fn remember<T>(items: &mut VecDeque<T>, item: T) {
    items.truncate(REMEMBERED - 1);
    items.push_front(item);
}
