//! The platform's bans of methods and applications.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// The longest wait and the longest ban: a year. Longer times are cut, so that no clock overflows, those of scripts in
/// Redis included.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(366 * 24 * 3600);

/// The end of each ban, by AppKey and method. A ban without a method is for all methods of the application.
#[derive(Debug, Default)]
pub(super) struct Bans(HashMap<(String, Option<String>), Instant>);

impl Bans {
    pub(super) fn add(&mut self, app_key: &str, method: Option<&str>, time: Duration) {
        let now = Instant::now();
        self.0.retain(|_, until| *until > now);
        let until = now + time.min(MAX_WAIT);
        let entry = self.0.entry((app_key.to_owned(), method.map(str::to_owned))).or_insert(until);
        *entry = until.max(*entry);
    }

    /// Returns the end of the ban of `method`, if it is banned now.
    pub(super) fn until(&self, app_key: &str, method: &str) -> Option<Instant> {
        if self.0.is_empty() {
            return None;
        }
        let ban = |method: Option<&str>| self.0.get(&(app_key.to_owned(), method.map(str::to_owned)));
        [ban(None), ban(Some(method))].into_iter().flatten().max().copied().filter(|until| *until > Instant::now())
    }
}
