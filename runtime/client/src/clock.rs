//! The time that calls are signed with: this machine's, or the platform's where the two differ.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use super::trace;
use top_protocol::DateTime;
use top_protocol::internal::{ResponseHead, http_date};

/// How far the clocks must be apart for the one to be mended by the other. The platform minds ten minutes; what is less
/// than this is no reason for its refusal.
const APART: u64 = 60;

/// This machine's clock, with what is known of its distance to the platform's.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// How many seconds the platform is ahead.
    ahead: AtomicI64,
}

impl Clock {
    /// By how many seconds the platform is ahead, as far as is known.
    pub(super) fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }

    /// The time to sign with.
    pub(super) fn now(&self) -> DateTime {
        Self::at(self.ahead())
    }

    /// The time to sign with, if the platform is so many seconds ahead.
    pub(super) fn at(ahead: i64) -> DateTime {
        let (now, distance) = (SystemTime::now(), Duration::from_secs(ahead.unsigned_abs()));
        let mended = if ahead < 0 { now.checked_sub(distance) } else { now.checked_add(distance) };
        DateTime::from(mended.unwrap_or(now))
    }

    /// Learns the distance from the `Date` of an answer that has just come. Returns whether a call that was signed with
    /// the distance `used` would be signed with another time now: calls that went out together are refused together, and
    /// only the first of them learns.
    pub(super) fn learn(&self, head: &ResponseHead, used: i64) -> bool {
        let Some(ahead) = distance(head) else { return false };
        if ahead.abs_diff(self.ahead()) >= APART {
            self.ahead.store(ahead, Ordering::Relaxed);
            trace::clock(ahead);
        }
        ahead.abs_diff(used) >= APART
    }
}

/// By how many seconds the clock of whoever sent an answer is ahead of this machine's.
fn distance(head: &ResponseHead) -> Option<i64> {
    let platform = http_date(head.headers.get("Date")?)?;
    let seconds = |distance: Duration| i64::try_from(distance.as_secs()).ok();
    match platform.duration_since(SystemTime::now()) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => seconds(behind.duration()).map(|behind| -behind),
    }
}
