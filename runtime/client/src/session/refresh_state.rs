//! The state that [`RefreshingSessions`](super::RefreshingSessions) shares with its refreshes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime};
use top_protocol::internal::locked;

use super::store::SessionStore;
use super::user::UserSession;
use crate::oauth::server::{Refresh, SystemClock};
use crate::oauth::token::Token;

/// The minimum age of a token that is refreshed. Without it, every call would refresh a token that the server issued without
/// a lifetime.
const MIN_REFRESH_AGE: Duration = Duration::from_secs(1);

/// The state that outlives the calls that wait for a refresh.
pub(super) struct RefreshState {
    pub(super) refresh: Box<dyn Refresh>,
    pub(super) store: Box<dyn SessionStore>,
    pub(super) margin: Duration,
    pub(super) timeout: Duration,
    pub(super) clock: SystemClock,
    /// The name of this process in locks. It never changes, so that the process owns a lock whose response was lost.
    pub(super) holder: String,
    pub(super) users: Mutex<HashMap<String, UserSession>>,
}

impl RefreshState {
    pub(super) fn users(&self) -> MutexGuard<'_, HashMap<String, UserSession>> {
        locked(&self.users)
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// Returns when to refresh a token, or when it ends if it cannot be refreshed then. `None` if it never ends.
    pub(super) fn refresh_time(&self, token: &Token) -> Option<SystemTime> {
        let end = token.expires_at()?;
        let lifetime = end.duration_since(token.received_at).unwrap_or_default();
        let age = (lifetime - self.margin.min(lifetime / 2)).max(MIN_REFRESH_AGE);
        let time = token.received_at.checked_add(age)?;
        Some(if token.is_refreshable(time) { time } else { end })
    }
}
