//! The facts about a list in the response of one page.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::overlay::lookup;
use top_protocol::generated::{Paging, Record, View};
use top_protocol::internal::{SerializedView, size};

/// The facts about a list in the response of one page.
#[derive(Clone, Debug, Default)]
pub(super) struct PageInfo {
    /// The number of items on the page.
    pub(super) count: i64,
    /// The number of items in the list.
    pub(super) total: Option<i64>,
    pub(super) has_next: Option<bool>,
    /// The cursor of the next page.
    pub(super) next: Option<String>,
    /// A hash of the items and the next cursor. Absent if the page is empty.
    pub(super) fingerprint: Option<u64>,
}

impl PageInfo {
    pub(super) fn of(paging: &Paging, response: &dyn Record) -> Self {
        let items = lookup(response, paging.items);
        let count = size(items).and_then(|size| i64::try_from(size).ok()).unwrap_or(0);
        let next = paging.cursor.and_then(|(_, path)| cursor(lookup(response, path)));
        let fingerprint = serde_json::to_string(&SerializedView(items)).ok().filter(|_| count > 0).map(|items| {
            let mut hasher = DefaultHasher::new();
            (items, &next).hash(&mut hasher);
            hasher.finish()
        });
        Self {
            count,
            total: paging.total.and_then(|path| integer(lookup(response, path))),
            has_next: paging.has_next.and_then(|path| boolean(lookup(response, path))),
            next,
            fingerprint,
        }
    }
}

pub(super) fn integer(view: View<'_>) -> Option<i64> {
    match view {
        View::Number(number) => Some(number),
        View::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

pub(super) fn boolean(view: View<'_>) -> Option<bool> {
    match view {
        View::Boolean(flag) => Some(flag),
        View::Number(number) => Some(number != 0),
        View::Text(text) => match text.trim() {
            "1" => Some(true),
            "0" => Some(false),
            text => text.to_ascii_lowercase().parse().ok(),
        },
        _ => None,
    }
}

pub(super) fn cursor(view: View<'_>) -> Option<String> {
    match view {
        View::Text(text) => Some(text.to_owned()).filter(|text| !text.trim().is_empty()),
        View::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
