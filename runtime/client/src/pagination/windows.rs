//! A time span in windows that the platform accepts.

use std::time::Duration;

use super::overlay::lookup;
use top_protocol::generated::{DateTime, Record, View, Window};

/// Cuts a time span into consecutive windows, the earliest first.
///
/// Every second of the span is in exactly one window: the next window starts where the last one ends if the list excludes
/// its end, and a second later if not. The last window ends with the span.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeWindows {
    /// The maximum length of a window.
    pub(super) longest: Duration,
    to_excluded: bool,
    from: DateTime,
    to: DateTime,
}

impl TimeWindows {
    /// Cuts the time span of `request`, if the request has a start and an end.
    pub(super) fn of(request: &dyn Record, window: Window) -> Option<Self> {
        let (from, to) = (time(lookup(request, window.from))?, time(lookup(request, window.to))?);
        Some(Self { longest: window.max_length, to_excluded: window.to_excluded, from, to })
    }

    pub(super) fn first(&self) -> (DateTime, DateTime) {
        self.starting_at(self.from)
    }

    /// Returns the window after the one that ends at `to`.
    pub(super) fn after(&self, to: DateTime) -> Option<(DateTime, DateTime)> {
        // There is no window after the last second that a date can have.
        let from = later(to, u64::from(!self.to_excluded)).filter(|_| to < self.to)?;
        Some(self.starting_at(from)).filter(|(_, end)| *end > to)
    }

    fn starting_at(&self, from: DateTime) -> (DateTime, DateTime) {
        // If the end belongs to the window, a window of an hour ends a second before the full hour.
        let seconds = self.longest.as_secs().max(1) - u64::from(!self.to_excluded);
        let to = later(from, seconds).filter(|to| (from..self.to).contains(to));
        (from, to.unwrap_or(self.to))
    }
}

pub(super) fn later(time: DateTime, seconds: u64) -> Option<DateTime> {
    time.to_system_time().checked_add(Duration::from_secs(seconds)).map(DateTime::from)
}

pub(super) fn time(view: View<'_>) -> Option<DateTime> {
    match view {
        View::Date(date) => Some(date),
        View::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}
