//! Pages by the number of items before them.

use super::page::PageInfo;
use super::position::PagePosition;
use super::progress::Progress;
use super::strategy::{Step, Strategy};
use crate::error::PaginationErrorKind;

/// Reads pages by the number of items before them.
///
/// The next offset is the current one plus the number of received items, whatever page size was requested. If the gateway
/// withholds items of a page, the next page overlaps with it and items are returned twice; no item is lost. After an empty
/// page, the offset grows by the longest page. The list ends as [`Progress`] says.
#[derive(Debug)]
pub(super) struct ByOffset {
    pub(super) progress: Progress,
}

impl Strategy for ByOffset {
    fn advance(&mut self, at: &PagePosition, page: &PageInfo) -> Result<Step, PaginationErrorKind> {
        let offset = at.offset.unwrap_or_default();
        if !self.progress.has_more(page, offset.max(0), 0)? {
            return Ok(Step::End);
        }
        let length = match (page.count, self.progress.longest) {
            (0, 0) => self.progress.size.unwrap_or_default(),
            (0, longest) => longest,
            (count, _) => count,
        };
        Ok(Step::Next(PagePosition { offset: Some(offset.saturating_add(length)), ..PagePosition::default() }))
    }
}
