//! Pages by number, from the first to the last.

use super::page::PageInfo;
use super::position::PagePosition;
use super::progress::Progress;
use super::strategy::{Step, Strategy};
use crate::error::PaginationErrorKind;

/// Reads pages by number, from the first to the last.
///
/// [`Progress`] decides when the list ends. A cursor that a page returns is sent with the next number.
#[derive(Debug)]
pub(super) struct ByNumber {
    pub(super) first: i64,
    pub(super) progress: Progress,
}

impl Strategy for ByNumber {
    fn advance(&mut self, at: &PagePosition, page: &PageInfo) -> Result<Step, PaginationErrorKind> {
        let number = at.number.unwrap_or(self.first);
        let pages = number.saturating_sub(self.first).max(0);
        // Assumes full pages before the first one that is read. If it is short, the list takes some requests more to end.
        if !self.progress.has_more(page, pages.saturating_mul(page.count), pages)? {
            return Ok(Step::End);
        }
        let cursor = page.next.clone().or_else(|| at.cursor.clone());
        Ok(Step::Next(PagePosition { number: Some(number.saturating_add(1)), cursor, ..PagePosition::default() }))
    }
}
