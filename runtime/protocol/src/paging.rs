//! The description of a paged list in generated requests.

use std::time::Duration;

use crate::request::{Request, WithParameters};

/// The path to a parameter or a field: its wire name, after those of the objects that contain it.
pub type FieldPath = &'static [&'static str];

/// A request whose response is a page of a list.
pub trait Paged: Request + 'static {
    /// The description of the list.
    const PAGING: Paging;

    /// The type of an item.
    type Item: Send + 'static;

    /// Returns the items of a page.
    fn items(response: Self::Response) -> Vec<Self::Item>;
}

impl<R: Paged> Paged for WithParameters<R> {
    const PAGING: Paging = R::PAGING;
    type Item = R::Item;

    fn items(response: R::Response) -> Vec<R::Item> {
        R::items(response)
    }
}

/// The description of a paged list: the parameters that select a page, and the fields that report more pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paging {
    /// The list in the response.
    pub items: FieldPath,
    /// The parameter with the page number, and the number of the first page.
    pub number: Option<(FieldPath, i64)>,
    /// The parameter with the number of items before the page.
    pub offset: Option<FieldPath>,
    /// The parameter with the cursor, and the field with the next cursor. A path through the items means the last item.
    pub cursor: Option<(FieldPath, FieldPath)>,
    /// The parameter with the page size, and its documented default.
    pub size: Option<(FieldPath, Option<i64>)>,
    /// The field with the number of items in the list.
    pub total: Option<FieldPath>,
    /// The field that says whether there are more pages.
    pub has_next: Option<FieldPath>,
    /// The parameter that requests `has_next` instead of `total`.
    pub ask_has_next: Option<FieldPath>,
    /// Whether the pages are read from the last to the first.
    pub backwards: bool,
    /// The time window that one list may have.
    pub window: Option<Window>,
}

/// The time window that one list may have. A longer time span is read in several windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    /// The parameter with the start of the window.
    pub from: FieldPath,
    /// The parameter with the end of the window.
    pub to: FieldPath,
    /// The maximum length of the window.
    pub max_length: Duration,
    /// Whether the window excludes the second of its end.
    pub to_excluded: bool,
}

impl Paging {
    /// Creates a description with the path to the items.
    pub const fn new(items: FieldPath) -> Self {
        Self {
            items,
            number: None,
            offset: None,
            cursor: None,
            size: None,
            total: None,
            has_next: None,
            ask_has_next: None,
            backwards: false,
            window: None,
        }
    }

    /// Adds the page number, which starts at `first`.
    pub const fn number(mut self, number: FieldPath, first: i64) -> Self {
        self.number = Some((number, first));
        self
    }

    /// Adds the number of items before the page.
    pub const fn offset(mut self, offset: FieldPath) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Adds the cursor, which the page before returned as `next`.
    pub const fn cursor(mut self, cursor: FieldPath, next: FieldPath) -> Self {
        self.cursor = Some((cursor, next));
        self
    }

    /// Adds the page size and its default.
    pub const fn size(mut self, size: FieldPath, default: Option<i64>) -> Self {
        self.size = Some((size, default));
        self
    }

    /// Adds the number of items in the list.
    pub const fn total(mut self, total: FieldPath) -> Self {
        self.total = Some(total);
        self
    }

    /// Adds the field that says whether there are more pages.
    pub const fn has_next(mut self, has_next: FieldPath) -> Self {
        self.has_next = Some(has_next);
        self
    }

    /// Adds the parameter that requests `has_next`.
    pub const fn ask_has_next(mut self, ask: FieldPath) -> Self {
        self.ask_has_next = Some(ask);
        self
    }

    /// Reads the pages from the last to the first.
    pub const fn backwards(mut self) -> Self {
        self.backwards = true;
        self
    }

    /// Adds a time window of at most `minutes`.
    pub const fn window(mut self, from: FieldPath, to: FieldPath, minutes: u64) -> Self {
        self.window = Some(Window { from, to, max_length: Duration::from_secs(minutes * 60), to_excluded: false });
        self
    }

    /// Excludes the second of the end from the time window.
    pub const fn to_excluded(mut self) -> Self {
        if let Some(window) = &mut self.window {
            window.to_excluded = true;
        }
        self
    }
}
