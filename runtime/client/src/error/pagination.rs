//! Errors of a paginated list.

use std::error::Error as StdError;
use std::fmt;

use crate::pagination::position::PagePosition;

/// A list ended although there may be more items: the responses of its pages contradict each other.
///
/// To continue, pass [`position`](Self::position) to [`Pages::start_at`](crate::Pages::start_at) or
/// [`Items::start_at`](crate::Items::start_at). They request this page again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PaginationError {
    /// The fault of the page.
    pub kind: PaginationErrorKind,
    /// The position of the page that ended the list.
    pub position: PagePosition,
}

/// A fault in the pages of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PaginationErrorKind {
    /// The page has the same items and the same next cursor as the page before. Its items were not returned.
    ///
    /// The gateway ignores the position, or returns its last page again after the end of the list; or the requested fields
    /// do not tell the items apart.
    Repeated,
    /// The page is the last of ten consecutive empty pages, and the gateway reports more items.
    EmptyPages,
    /// The page has `has_next: true` but no next cursor. Its items were returned.
    MissingCursor,
    /// The next cursor of the page is that of an earlier page. The items of the page were returned.
    CursorCycle,
    /// The number of the last page is unknown, and the list is read from there. The first page has no total, no items,
    /// or a total smaller than its number of items. No item was returned.
    UnknownLastPage,
}

impl PaginationErrorKind {
    /// Returns whether the items of the page are part of the result.
    pub(crate) const fn includes_page(self) -> bool {
        !matches!(self, Self::Repeated | Self::UnknownLastPage)
    }
}

impl fmt::Display for PaginationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (problem, action) = match self.kind {
            PaginationErrorKind::Repeated => (
                "expected other items than those of the page before, found the same",
                "request a field that differs between items, such as an id, or allow it with `accept_repeated_pages`",
            ),
            PaginationErrorKind::EmptyPages => (
                "expected items, found the last of ten empty pages",
                "check the permissions for the items, and continue from this page with `start_at`",
            ),
            PaginationErrorKind::MissingCursor => {
                ("expected the cursor of the next page, found none", "request this page again with `start_at`")
            }
            PaginationErrorKind::CursorCycle => (
                "expected a new cursor for the next page, found that of an earlier page",
                "request this page again with `start_at`",
            ),
            PaginationErrorKind::UnknownLastPage => (
                "expected a total and a page size that tell which page is the last",
                "set the page size and the page number to start from",
            ),
        };
        write!(f, "the list ends early at {}: {problem}; {action}", self.position)
    }
}

impl StdError for PaginationError {}
