//! The time in signatures: this machine's, corrected by the platform's.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use top_protocol::DateTime;
use top_protocol::internal::{ResponseHead, http_date};

use crate::trace;

/// The smallest difference of the clocks, in seconds, that is corrected. The platform accepts ten minutes, so a smaller
/// difference is not the reason of a refusal.
const CORRECTION_THRESHOLD: u64 = 60;

/// This machine's clock, with its known offset to the platform's clock.
#[derive(Debug, Default)]
pub(super) struct PlatformClock {
    /// How many seconds the platform is ahead.
    offset: AtomicI64,
}

impl PlatformClock {
    /// Returns how many seconds the platform is ahead, as far as is known.
    pub(super) fn offset(&self) -> i64 {
        self.offset.load(Ordering::Relaxed)
    }

    /// Returns the time to sign with.
    pub(super) fn now(&self) -> DateTime {
        Self::at(self.offset())
    }

    /// Returns the time to sign with, if the platform is `offset` seconds ahead.
    pub(super) fn at(offset: i64) -> DateTime {
        let (now, difference) = (SystemTime::now(), Duration::from_secs(offset.unsigned_abs()));
        let corrected = if offset < 0 { now.checked_sub(difference) } else { now.checked_add(difference) };
        DateTime::from(corrected.unwrap_or(now))
    }

    /// Updates the offset from the `Date` of a response that was just received.
    ///
    /// Returns whether a call that was signed with the offset `used` would now be signed with another time. Concurrent calls are refused together, and only the first
    /// one updates the offset.
    pub(super) fn update(&self, head: &ResponseHead, used: i64) -> bool {
        let Some(offset) = offset(head) else { return false };
        if offset.abs_diff(self.offset()) >= CORRECTION_THRESHOLD {
            self.offset.store(offset, Ordering::Relaxed);
            trace::clock_corrected(offset);
        }
        offset.abs_diff(used) >= CORRECTION_THRESHOLD
    }
}

/// Returns how many seconds the clock of the sender of a response is ahead of this machine's.
fn offset(head: &ResponseHead) -> Option<i64> {
    let platform = http_date(head.headers.get("Date")?)?;
    let seconds = |difference: Duration| i64::try_from(difference.as_secs()).ok();
    match platform.duration_since(SystemTime::now()) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => seconds(behind.duration()).map(|behind| -behind),
    }
}
