//! The time that calls are signed with: this machine's, or the platform's where the two differ.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use crate::protocol::{DateTime, Head, http_date};

/// How far the clocks must be apart for the one to be mended by the other. The platform minds ten minutes; what is less
/// than this is no reason for its refusal.
const APART: i64 = 60;

/// This machine's clock, with what is known of its distance to the platform's.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// How many seconds the platform is ahead.
    ahead: AtomicI64,
}

impl Clock {
    /// The time to sign with.
    pub(super) fn now(&self) -> DateTime {
        let (now, ahead) = (SystemTime::now(), self.ahead.load(Ordering::Relaxed));
        let distance = Duration::from_secs(ahead.unsigned_abs());
        let mended = if ahead < 0 { now.checked_sub(distance) } else { now.checked_add(distance) };
        DateTime::from(mended.unwrap_or(now))
    }

    /// Learns the distance from the `Date` of an answer that has just come, and returns it in seconds if it is news: if
    /// another signature will have another time.
    pub(super) fn learn(&self, head: &Head) -> Option<i64> {
        let platform = http_date(head.headers.get("Date")?)?;
        let seconds = |distance: Duration| i64::try_from(distance.as_secs()).ok();
        let ahead = match platform.duration_since(SystemTime::now()) {
            Ok(ahead) => seconds(ahead)?,
            Err(behind) => -seconds(behind.duration())?,
        };
        let before = self.ahead.load(Ordering::Relaxed);
        if ahead.abs_diff(before) < APART.unsigned_abs() {
            return None;
        }
        self.ahead.store(ahead, Ordering::Relaxed);
        Some(ahead)
    }
}
