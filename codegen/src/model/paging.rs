//! How a list is paged, with the fields that lead to its items by their Rust names.

use super::objects::Resolved;
use super::{Field, FieldKind, FieldPath, Paging, Window};
use crate::spec::{Pages, Placed};

/// Resolves a description that keeps to the rules, against the request and the response that it speaks of.
pub(super) fn resolve(pages: &Pages, request: &Resolved, response: &Resolved) -> Option<Paging> {
    let items = way(&pages.items);
    let leading = fields(&items, response)?;
    let (access, item) = (leading.iter().map(|field| field.name.clone()).collect(), leading.last()?.kind.clone());
    let size = pages.size.as_ref().map(|size| {
        let size = way(size);
        let default = fields(&size, request).and_then(|fields| fields.last()?.default.as_ref()?.parse().ok());
        (size, default)
    });
    let number = pages.number.as_ref().map(|number| (way(number), pages.first.as_ref().map_or(1, |first| first.value)));
    Some(Paging {
        access,
        item,
        items,
        number,
        offset: pages.offset.as_ref().map(way),
        size,
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

fn way(named: &Placed<String>) -> FieldPath {
    named.value.split('.').map(str::to_owned).collect()
}

/// The fields that a way leads through.
fn fields<'r>(way: &FieldPath, side: &'r Resolved) -> Option<Vec<&'r Field>> {
    let mut level = Some(&side.root);
    let mut fields = Vec::new();
    for wire in way {
        let field = level?.fields.iter().find(|field| field.wire == *wire)?;
        level = match &field.kind {
            FieldKind::Object { name, .. } => side.objects.iter().find(|object| object.name == *name),
            _ => None,
        };
        fields.push(field);
    }
    Some(fields)
}
