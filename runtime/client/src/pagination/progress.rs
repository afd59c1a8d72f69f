//! The end of a list that is read forward.

use super::page::PageInfo;
use crate::error::PaginationErrorKind;

/// The maximum number of consecutive empty pages.
pub(super) const EMPTY_PAGES: u32 = 10;

/// Decides after each page whether a list that is read forward has more pages.
///
/// - `has_next: true` means more pages.
/// - A total ends the list when exactly as many items were received. Without a total, `has_next: false` ends it.
/// - An empty page ends the list, unless `has_next` or the total says that there are more items: the platform may withhold
///   all items of a page. Ten consecutive empty pages are [`PaginationErrorKind::EmptyPages`].
/// - Withheld items are part of the total. So an empty page ends the list if the pages before it have room for the total,
///   and ten of them end it if one more page of the requested size has.
/// - A total that is smaller than the number of received items is ignored.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The requested page size.
    pub(super) size: Option<i64>,
    /// The number of items up to the current page. Absent before the first page.
    received: Option<i64>,
    /// The number of items on the longest page.
    pub(super) longest: i64,
    /// The number of consecutive empty pages.
    empty: u32,
}

impl Progress {
    pub(super) fn new(size: Option<i64>) -> Self {
        Self { size, ..Self::default() }
    }

    /// Returns whether there are more pages after `page`. Before the first page that is read, the list has `before` items;
    /// before `page`, it has `pages` pages, or 0 if the strategy does not count pages.
    pub(super) fn has_more(&mut self, page: &PageInfo, before: i64, pages: i64) -> Result<bool, PaginationErrorKind> {
        let received = self.received.unwrap_or(before).saturating_add(page.count);
        self.received = Some(received);
        self.longest = self.longest.max(page.count);
        self.empty = if page.count == 0 { self.empty.saturating_add(1) } else { 0 };
        let non_empty = pages.saturating_sub(i64::from(self.empty).saturating_sub(1));
        let room = |size: i64| non_empty.saturating_mul(size).max(received);
        let more = match (page.has_next, page.total) {
            (Some(true), _) => true,
            (_, Some(total)) if received < total => page.count > 0 || room(self.longest) < total,
            (_, Some(total)) if received == total => false,
            (Some(false), _) => false,
            (None, _) => page.count > 0,
        };
        match (page.has_next, page.total, self.size) {
            _ if !more || self.empty < EMPTY_PAGES => Ok(more),
            (None | Some(false), Some(total), Some(size)) if room(size).saturating_add(size) >= total => Ok(false),
            _ => Err(PaginationErrorKind::EmptyPages),
        }
    }
}
