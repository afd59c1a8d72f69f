//! Pages by the cursor that the page before returned.

use super::page::PageInfo;
use super::position::PagePosition;
use super::progress::Progress;
use super::strategy::{Step, Strategy};
use crate::error::PaginationErrorKind;

/// Reads pages by the cursor that the page before returned.
///
/// - A page without a next cursor ends the list, and so does one that returns the cursor it was requested with. If it says
///   `has_next: true`, that is [`PaginationErrorKind::MissingCursor`] or [`PaginationErrorKind::CursorCycle`].
/// - A cursor that leads back to an earlier page is [`PaginationErrorKind::CursorCycle`].
/// - Otherwise [`Progress`] decides when the list ends: an empty page ends it even if it has a new cursor.
#[derive(Debug)]
pub(super) struct ByCursor {
    pub(super) progress: Progress,
    pub(super) cycle: CycleDetector,
}

impl Strategy for ByCursor {
    fn advance(&mut self, at: &PagePosition, page: &PageInfo) -> Result<Step, PaginationErrorKind> {
        if !self.progress.has_more(page, 0, 0)? {
            return Ok(Step::End);
        }
        let says_more = page.has_next == Some(true);
        match &page.next {
            None if says_more => Err(PaginationErrorKind::MissingCursor),
            None => Ok(Step::End),
            next if *next == at.cursor && !says_more => Ok(Step::End),
            Some(next) if page.next == at.cursor || self.cycle.closes(next) => Err(PaginationErrorKind::CursorCycle),
            next => Ok(Step::Next(PagePosition { cursor: next.clone(), ..PagePosition::default() })),
        }
    }
}

/// Finds a cycle of cursors of any length with one stored cursor (Brent's algorithm).
///
/// Stores the cursors 1, 2, 4, 8 and so on, so a cycle is found after a few times its length.
#[derive(Debug, Default)]
pub(super) struct CycleDetector {
    stored: Option<String>,
    count: u64,
}

impl CycleDetector {
    /// Returns whether `cursor` is the stored one, and counts it if not.
    fn closes(&mut self, cursor: &str) -> bool {
        if self.stored.as_deref() == Some(cursor) {
            return true;
        }
        self.count += 1;
        if self.count.is_power_of_two() {
            self.stored = Some(cursor.to_owned());
        }
        false
    }
}
