//! The position of a page in a list.

use std::fmt;

use serde_json::Value as Json;

use super::overlay::{FieldOverride, lookup};
use super::page::{cursor, integer};
use top_protocol::generated::{DateTime, Paging, Record};

/// The position of a page in a list: what the request for this page sets.
///
/// A position without a number, an offset and a cursor is the start of the list. To continue in another process, store the
/// fields, and set them on `PagePosition::default()`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PagePosition {
    /// The page number.
    pub number: Option<i64>,
    /// The number of items before the page.
    pub offset: Option<i64>,
    /// The cursor that the page before returned.
    pub cursor: Option<String>,
    /// The start and the end of the time window that the page belongs to.
    pub window: Option<(DateTime, DateTime)>,
}

impl PagePosition {
    /// Reads the position that `request` asks for, without the time window.
    pub(super) fn of(paging: &Paging, request: &dyn Record) -> Self {
        let number = paging.number.and_then(|(path, first)| {
            // The first page of a list that is read backward asks for the last one.
            integer(lookup(request, path)).filter(|number| !paging.backwards || *number != first)
        });
        Self {
            number,
            offset: paging.offset.and_then(|path| integer(lookup(request, path))),
            cursor: paging.cursor.and_then(|(path, _)| cursor(lookup(request, path))),
            window: None,
        }
    }

    /// Returns the overrides that turn `request` into the request for this page.
    pub(super) fn overrides(&self, paging: &Paging, request: &dyn Record) -> Vec<FieldOverride> {
        let number = paging.number.map(|(path, first)| (path, Json::from(self.number.unwrap_or(first))));
        let offset = paging.offset.map(|path| (path, Json::from(self.offset.unwrap_or_default())));
        // The cursor of the request is that of another page.
        let is_set = |path| self.cursor.is_some() || cursor(lookup(request, path)).is_some();
        let cursor = paging.cursor.filter(|(path, _)| is_set(*path));
        let cursor = cursor.map(|(path, _)| (path, Json::from(self.cursor.clone())));
        let window = paging.window.zip(self.window).map(|(window, (from, to))| {
            [(window.from, Json::from(from.to_string())), (window.to, Json::from(to.to_string()))]
        });
        let fields = [number, offset, cursor].into_iter().flatten().chain(window.into_iter().flatten());
        fields.map(|(path, value)| FieldOverride { path, value }).collect()
    }
}

/// `page 3`, `offset 40`, `cursor "a"` or `the first page`, with the time window.
impl fmt::Display for PagePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.number, self.offset, &self.cursor) {
            (Some(number), ..) => write!(f, "page {number}")?,
            (None, Some(offset), _) => write!(f, "offset {offset}")?,
            (None, None, Some(cursor)) => write!(f, "cursor {cursor:?}")?,
            (None, None, None) => f.write_str("the first page")?,
        }
        match self.window {
            Some((from, to)) => write!(f, " of the time window from {from} to {to}"),
            None => Ok(()),
        }
    }
}
