//! How generated requests say that their response is a page of a list.

use std::time::Duration;

use super::{Request, WithParameters};

/// The wire names that lead to a parameter or a field: one, or several where it stands in objects.
pub type Way = &'static [&'static str];

/// A request whose response is a page of a list.
pub trait Paged: Request + 'static {
    /// How the list is paged.
    const PAGING: Paging;

    /// What is in the list.
    type Item: Send + 'static;

    /// The items of a page.
    fn items(response: Self::Response) -> Vec<Self::Item>;
}

impl<R: Paged> Paged for WithParameters<R> {
    const PAGING: Paging = R::PAGING;
    type Item = R::Item;

    fn items(response: R::Response) -> Vec<R::Item> {
        R::items(response)
    }
}

/// How a list is paged: which parameter says what page is meant, and which field of the response whether there are more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paging {
    /// The list in the response.
    pub items: Way,
    /// The parameter that takes the page's number, and the number of the first page.
    pub number: Option<(Way, i64)>,
    /// The parameter that takes how many items come before the page.
    pub offset: Option<Way>,
    /// The parameter that takes what the page before returned, and where that is in the response. In an item it is what
    /// the last one has.
    pub cursor: Option<(Way, Way)>,
    /// The parameter that takes how many items a page may have, and how many it may where nothing is sent, if the documents
    /// tell it.
    pub size: Option<(Way, Option<i64>)>,
    /// The number of all items, in the response.
    pub total: Option<Way>,
    /// Whether there are more pages, in the response.
    pub has_next: Option<Way>,
    /// The parameter that asks for `has_next` in place of `total`.
    pub ask_has_next: Option<Way>,
    /// Whether pages are to be taken from the last to the first.
    pub backwards: bool,
    /// The span of time that one list may have.
    pub window: Option<Window>,
}

/// The span of time that one list may have. A longer one is walked in slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    /// The parameter that takes its beginning.
    pub from: Way,
    /// The parameter that takes its end.
    pub to: Way,
    /// How long it may be.
    pub longest: Duration,
    /// Whether what happened at the very second of the end lies outside of it.
    pub to_excluded: bool,
}

impl Paging {
    /// A list of these items, and nothing said of its pages yet.
    pub const fn new(items: Way) -> Self {
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

    /// The same, by the number of the page, counted from `first`.
    pub const fn number(mut self, number: Way, first: i64) -> Self {
        self.number = Some((number, first));
        self
    }

    /// The same, by the number of items before the page.
    pub const fn offset(mut self, offset: Way) -> Self {
        self.offset = Some(offset);
        self
    }

    /// The same, by what the page before returned as `next`.
    pub const fn cursor(mut self, cursor: Way, next: Way) -> Self {
        self.cursor = Some((cursor, next));
        self
    }

    /// The same with pages of as many items as `size` asks for, or else of `default`.
    pub const fn size(mut self, size: Way, default: Option<i64>) -> Self {
        self.size = Some((size, default));
        self
    }

    /// The same with a number of all items.
    pub const fn total(mut self, total: Way) -> Self {
        self.total = Some(total);
        self
    }

    /// The same with a word on whether there are more.
    pub const fn has_next(mut self, has_next: Way) -> Self {
        self.has_next = Some(has_next);
        self
    }

    /// The same with a parameter that asks for that word.
    pub const fn ask_has_next(mut self, ask: Way) -> Self {
        self.ask_has_next = Some(ask);
        self
    }

    /// The same from the last page to the first.
    pub const fn backwards(mut self) -> Self {
        self.backwards = true;
        self
    }

    /// The same over a span of time of so many minutes at most.
    pub const fn window(mut self, from: Way, to: Way, minutes: u64) -> Self {
        self.window = Some(Window { from, to, longest: Duration::from_secs(minutes * 60), to_excluded: false });
        self
    }

    /// The same, where what happened at the very second of the span's end lies outside of it.
    pub const fn to_excluded(mut self) -> Self {
        if let Some(window) = &mut self.window {
            window.to_excluded = true;
        }
        self
    }
}
