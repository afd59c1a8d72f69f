//! What a page says of its list.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::turned::current;
use top_protocol::__private::serialize;
use top_protocol::internal::size;
use top_protocol::{Paging, Record, View};

/// What a page says of its list.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// How many items it has.
    pub(super) count: i64,
    /// How many the list has.
    pub(super) total: Option<i64>,
    /// Whether there are more pages.
    pub(super) has_next: Option<bool>,
    /// The cursor of the next page.
    pub(super) next: Option<String>,
    /// Its items and the cursor, as a number that two pages share if one of them came twice or their items are alike. A page
    /// without items has none.
    pub(super) print: Option<u64>,
    /// Whether its items are several and all different.
    pub(super) distinct: bool,
}

impl Page {
    pub(super) fn of(paging: &Paging, response: &dyn Record) -> Self {
        let items = current(response, paging.items);
        let prints = prints(&items);
        let next = paging.cursor.and_then(|(_, next)| cursor(current(response, next)));
        let different: HashSet<&u64> = prints.iter().collect();
        Self {
            count: size(items).and_then(|size| i64::try_from(size).ok()).unwrap_or(0),
            total: paging.total.and_then(|way| whole(current(response, way))),
            has_next: paging.has_next.and_then(|way| word(current(response, way))),
            print: (!prints.is_empty()).then(|| print(&(&prints, &next))),
            distinct: prints.len() > 1 && different.len() == prints.len(),
            next,
        }
    }

    /// Whether this is `other` once more.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.print.is_some() && self.print == other.print && self.has_next == other.has_next
    }
}

fn print(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Each item in one number.
fn prints(items: &View<'_>) -> Vec<u64> {
    match items {
        View::Numbers(list) => list.iter().map(print).collect(),
        View::Texts(list) => list.iter().map(print).collect(),
        View::Jsons(list) => list.iter().map(print).collect(),
        View::Objects(list) => {
            list.iter().map(|object| print(&serialize(object, serde_json::value::Serializer).ok())).collect()
        }
        _ => Vec::new(),
    }
}

pub(super) fn whole(view: View<'_>) -> Option<i64> {
    match view {
        View::Number(number) => Some(number),
        View::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

pub(super) fn word(view: View<'_>) -> Option<bool> {
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
