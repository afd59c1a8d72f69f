//! A span of time in slices that a platform takes.

use std::time::Duration;

use super::super::turned::{Change, Set, current};
use top_protocol::{DateTime, Record, View, Window};

/// The slices of a span of time: the present one, and the end of the last.
#[derive(Clone, Debug)]
pub(super) struct Slices {
    window: Window,
    from: DateTime,
    to: DateTime,
    end: DateTime,
}

impl Slices {
    /// The first slice of the span that `request` asks for, if it asks for one.
    pub(super) fn of(request: &dyn Record, window: Window) -> Option<Self> {
        let (from, end) = (time(current(request, window.from))?, time(current(request, window.to))?);
        let mut slices = Self { window, from, to: end, end };
        slices.cut();
        Some(slices)
    }

    /// Cuts the present slice anew, and those to come: each no longer than this, nor than it may be.
    pub(super) fn no_longer_than(&mut self, longest: Duration) {
        self.window.longest = longest.min(self.window.longest);
        self.cut();
    }

    /// Sets the end of the slice that begins at `from`.
    fn cut(&mut self) {
        // Of a span whose end lies in it, a slice of an hour ends a second before the hour is full.
        let seconds = self.window.longest.as_secs().max(1) - u64::from(!self.window.to_excluded);
        // A slice that would end behind all calendars ends with the span.
        self.to = later(self.from, seconds).filter(|to| (self.from..self.end).contains(to)).unwrap_or(self.end);
    }

    /// Moves to the next slice, if there is one.
    pub(super) fn next(&mut self) -> bool {
        if self.to >= self.end {
            return false;
        }
        let before = self.to;
        self.from = later(self.to, u64::from(!self.window.to_excluded)).unwrap_or(self.end);
        self.cut();
        // At the end of the calendar time does not go on.
        self.to > before
    }

    /// What a request for the present slice sets.
    pub(super) fn changes(&self) -> [Change; 2] {
        let change = |way, date| Change { way, set: Set::Date(date) };
        [change(self.window.from, self.from), change(self.window.to, self.to)]
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
