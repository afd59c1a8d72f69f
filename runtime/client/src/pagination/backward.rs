//! Pages by number, from the last to the first.

use super::page::PageInfo;
use super::position::PagePosition;
use super::progress::EMPTY_PAGES;
use super::strategy::{Step, Strategy};
use crate::error::PaginationErrorKind;

/// Reads pages by number, from the last to the first, so that items that leave the list only move to pages still to come.
///
/// - At the start of the list, the first page is requested for the total. It is requested again as the last one.
/// - The last page is `total / page size`, rounded up. The page size is the requested one.
/// - If the first page is shorter, items may be withheld, or the gateway limits the page size. A probe decides: the page
///   after the computed last one. If it has items, the last page is computed from the longer of these two pages.
/// - Without a usable total and page size: [`PaginationErrorKind::UnknownLastPage`].
/// - Empty pages are skipped. Ten consecutive ones are [`PaginationErrorKind::EmptyPages`].
#[derive(Debug)]
pub(super) struct Backward {
    pub(super) first: i64,
    /// The requested page size.
    pub(super) size: Option<i64>,
    pub(super) probe: Option<Probe>,
    /// The number of consecutive empty pages.
    pub(super) empty: u32,
}

/// The facts of the first page, while the page after the computed last one is requested.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probe {
    total: i64,
    count: i64,
}

impl Backward {
    /// Returns the number of the last page of `total` items, `size` items each.
    fn last(&self, total: i64, size: i64) -> i64 {
        self.first.saturating_add((total - 1) / size.max(1))
    }

    /// Moves on from the first page, which was requested for the total.
    fn start(&mut self, page: &PageInfo) -> Result<Step, PaginationErrorKind> {
        let count = page.count;
        let (total, size) = match (page.total, self.size.unwrap_or_default().max(count)) {
            (None | Some(i64::MIN..=0), _) if count == 0 => return Ok(Step::End),
            (None, _) if page.has_next == Some(false) => return Ok(Step::End),
            (Some(total), _) if total == count => return Ok(Step::End),
            (Some(total), size) if total > count && size > 0 => (total, size),
            _ => return Err(PaginationErrorKind::UnknownLastPage),
        };
        let last = self.last(total, size);
        if self.last(total, count) == last {
            return Ok(Step::Skip(number(last)));
        }
        self.probe = Some(Probe { total, count });
        Ok(Step::Skip(number(last.saturating_add(1))))
    }
}

fn number(number: i64) -> PagePosition {
    PagePosition { number: Some(number), ..PagePosition::default() }
}

impl Strategy for Backward {
    fn advance(&mut self, at: &PagePosition, page: &PageInfo) -> Result<Step, PaginationErrorKind> {
        let Some(current) = at.number else { return self.start(page) };
        let before = number(current.saturating_sub(1));
        if let Some(Probe { total, count }) = self.probe.take() {
            return Ok(Step::Skip(match page.count {
                0 => before,
                probed => number(current.max(self.last(total, count.max(probed)))),
            }));
        }
        self.empty = if page.count == 0 { self.empty.saturating_add(1) } else { 0 };
        match current {
            current if current <= self.first => Ok(Step::End),
            _ if self.empty >= EMPTY_PAGES => Err(PaginationErrorKind::EmptyPages),
            _ => Ok(Step::Next(before)),
        }
    }
}
