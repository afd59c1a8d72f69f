//! How a list is paged, with the fields that lead to its items by their Rust names.

use super::objects::Resolved;
use super::{FieldKind, Paging, Way, Window};
use crate::spec::{Pages, Placed};

/// Resolves a description that keeps to the rules, against the response that it speaks of.
pub(super) fn resolve(pages: &Pages, response: &Resolved) -> Option<Paging> {
    let items = way(&pages.items);
    let (access, item) = access(&items, response)?;
    let number = pages.number.as_ref().map(|number| (way(number), pages.first.as_ref().map_or(1, |first| first.value)));
    Some(Paging {
        access,
        item,
        items,
        number,
        offset: pages.offset.as_ref().map(way),
        cursor: pages.cursor.as_ref().map(way).zip(pages.next.as_ref().map(way)),
        total: pages.total.as_ref().map(way),
        has_next: pages.has_next.as_ref().map(way),
        ask_has_next: pages.ask_has_next.as_ref().map(way),
        backwards: pages.backwards.as_ref().is_some_and(|backwards| backwards.value),
        window: pages.window.as_ref().map(|window| Window {
            from: way(&window.from),
            to: way(&window.to),
            minutes: window.minutes.value,
            to_excluded: window.to_excluded,
        }),
    })
}

fn way(named: &Placed<String>) -> Way {
    named.value.split('.').map(str::to_owned).collect()
}

/// The Rust names of the fields that lead to the items, and the type of an item.
fn access(items: &Way, response: &Resolved) -> Option<(Vec<String>, FieldKind)> {
    let mut level = &response.root;
    let mut names = Vec::new();
    for (index, wire) in items.iter().enumerate() {
        let field = level.fields.iter().find(|field| field.wire == *wire)?;
        names.push(field.name.clone());
        if index + 1 == items.len() {
            return Some((names, field.kind.clone()));
        }
        let FieldKind::Object { name, .. } = &field.kind else { return None };
        level = response.objects.iter().find(|object| object.name == *name)?;
    }
    None
}
