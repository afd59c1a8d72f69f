//! The interface of a pagination strategy.

use std::fmt;

use super::page::PageInfo;
use super::position::PagePosition;
use crate::error::PaginationErrorKind;

/// A way to get from one page of a list to the next, within one time window.
pub(super) trait Strategy: fmt::Debug + Send + Sync {
    /// Moves on from the page at the position `at`.
    fn advance(&mut self, at: &PagePosition, page: &PageInfo) -> Result<Step, PaginationErrorKind>;
}

/// What follows a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The page at this position.
    Next(PagePosition),
    /// The page at this position. The items of the current page are not returned: it is requested again later.
    Skip(PagePosition),
    /// The end of the list.
    End,
}
