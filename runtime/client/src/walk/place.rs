//! A place in a list, in the terms of what the list is paged by.

use super::super::turned::{Change, Set, current};
use super::page::{cursor, whole};
use top_protocol::{Paging, Record, View, Way};

/// How many pages or items further is behind the end of a list that does not tell how long it is.
const AFAR: i64 = 1_000_000;

/// Which page is meant.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// The page's number. A cursor may go with it.
    Number(i64, Option<String>),
    /// How many items come before it.
    Offset(i64),
    /// What the page before returned.
    Cursor(Option<String>, Circle),
}

impl Place {
    /// The place that parameters with these values ask for, or else the first.
    pub(super) fn of<'r>(paging: &Paging, value: impl Fn(Way) -> View<'r>) -> Self {
        let cursor = paging.cursor.and_then(|(way, _)| cursor(value(way)));
        match *paging {
            Paging { number: Some((way, first)), .. } => Self::Number(whole(value(way)).unwrap_or(first), cursor),
            Paging { cursor: Some(_), .. } => Self::Cursor(cursor.clone(), Circle::at(cursor)),
            Paging { offset, .. } => Self::Offset(offset.and_then(|way| whole(value(way))).unwrap_or_default()),
        }
    }

    /// What a request for the page at this place sets.
    pub(super) fn changes(&self, paging: &Paging) -> Vec<Change> {
        let (number, offset, cursor) = match self {
            Self::Number(number, cursor) => (Some(*number), None, cursor.as_ref()),
            Self::Offset(offset) => (None, Some(*offset), None),
            Self::Cursor(cursor, _) => (None, None, cursor.as_ref()),
        };
        let number = paging.number.zip(number).map(|((way, _), number)| Change { way, set: Set::Number(number) });
        let offset = paging.offset.zip(offset).map(|(way, offset)| Change { way, set: Set::Number(offset) });
        let cursor = paging.cursor.zip(cursor).map(|((way, _), text)| Change { way, set: Set::Text(text.clone()) });
        [number, offset, cursor].into_iter().flatten().collect()
    }

    /// What a request for the page at this place is to be without: the cursor of `request`, if it is that of another page.
    pub(super) fn without(&self, paging: &Paging, request: &dyn Record) -> Option<Change> {
        let (way, _) = paging.cursor?;
        let has_none = matches!(self, Self::Number(_, None) | Self::Cursor(None, _));
        (has_none && cursor(current(request, way)).is_some()).then_some(Change { way, set: Set::Nothing })
    }

    /// A place behind the end of a list of so many items, or of nobody knows how many. A cursor is nobody's to make up.
    pub(super) fn afar(&self, total: Option<i64>) -> Option<Self> {
        let far = total.unwrap_or(AFAR).clamp(1, AFAR);
        match self {
            Self::Number(number, cursor) => Some(Self::Number(number.saturating_add(far), cursor.clone())),
            Self::Offset(offset) => Some(Self::Offset(offset.saturating_add(far))),
            Self::Cursor(..) => None,
        }
    }

    /// The place in words, as `page_no 3`.
    pub(super) fn told(&self, paging: &Paging) -> String {
        match self.changes(paging).first() {
            Some(Change { way, set }) => format!("{} {}", way.join("."), set.json()),
            None => "another page".to_owned(),
        }
    }
}

/// A cursor that came, and how many came since. It is replaced by another after twice as many as the last time, so that a
/// cursor that comes again in a circle of any length is found (Brent's algorithm).
#[derive(Clone, Debug)]
pub(super) struct Circle {
    mark: Option<String>,
    since: u64,
    until: u64,
}

impl Circle {
    pub(super) fn at(cursor: Option<String>) -> Self {
        Self { mark: cursor, since: 0, until: 1 }
    }

    /// Whether a cursor is one that the walk has been at.
    pub(super) fn closes(&mut self, next: &str) -> bool {
        if self.mark.as_deref() == Some(next) {
            return true;
        }
        self.since += 1;
        if self.since == self.until {
            *self = Self { mark: Some(next.to_owned()), since: 0, until: self.until.saturating_mul(2) };
        }
        false
    }
}
