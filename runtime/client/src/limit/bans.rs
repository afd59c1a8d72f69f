//! What the platform refuses for some time.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::YEAR;

/// What the platform refuses, and until when: by application, and by method where it is not all of them.
#[derive(Debug, Default)]
pub(super) struct Bans(HashMap<(String, Option<String>), Instant>);

impl Bans {
    pub(super) fn add(&mut self, app_key: &str, method: Option<&str>, time: Duration) {
        let now = Instant::now();
        self.0.retain(|_, until| *until > now);
        let until = now + time.min(YEAR);
        let entry = self.0.entry((app_key.to_owned(), method.map(str::to_owned))).or_insert(until);
        *entry = until.max(*entry);
    }

    pub(super) fn until(&self, app_key: &str, method: &str) -> Option<Instant> {
        if self.0.is_empty() {
            return None;
        }
        let of = |method: Option<&str>| self.0.get(&(app_key.to_owned(), method.map(str::to_owned)));
        [of(None), of(Some(method))].into_iter().flatten().max().copied().filter(|until| *until > Instant::now())
    }
}
