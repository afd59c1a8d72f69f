//! Resolves pagination, with the Rust names of the fields on the path to the items.

use super::objects::Resolved;
use super::types::{Field, FieldKind, FieldPath, Paging, TimeWindow};
use crate::spec::{Pages, Spanned};

/// Resolves a valid pagination.
pub(super) fn resolve(pages: &Pages, request: &Resolved, response: &Resolved) -> Option<Paging> {
    let items = path(&pages.items);
    let leading = fields_on(&items, response)?;
    let (access, item) = (leading.iter().map(|field| field.name.clone()).collect(), leading.last()?.kind.clone());
    let size = pages.size.as_ref().map(|size| {
        let size = path(size);
        let default = fields_on(&size, request).and_then(|fields| fields.last()?.facts.default.as_ref()?.parse().ok());
        (size, default)
    });
    let number =
        pages.number.as_ref().map(|number| (path(number), pages.first.as_ref().map_or(1, |first| first.value)));
    Some(Paging {
        access,
        item,
        items,
        number,
        offset: pages.offset.as_ref().map(path),
        size,
        cursor: pages.cursor.as_ref().map(path).zip(pages.next.as_ref().map(path)),
        total: pages.total.as_ref().map(path),
        has_next: pages.has_next.as_ref().map(path),
        ask_has_next: pages.ask_has_next.as_ref().map(path),
        backwards: pages.backwards.as_ref().is_some_and(|backwards| backwards.value),
        window: pages.window.as_ref().map(|window| TimeWindow {
            from: path(&window.from),
            to: path(&window.to),
            minutes: window.minutes.value,
            to_excluded: window.to_excluded,
        }),
    })
}

fn path(named: &Spanned<String>) -> FieldPath {
    named.value.split('.').map(str::to_owned).collect()
}

/// Returns the fields on a path.
fn fields_on<'r>(path: &FieldPath, side: &'r Resolved) -> Option<Vec<&'r Field>> {
    let mut level = Some(&side.root);
    let mut fields = Vec::new();
    for wire in path {
        let field = level?.fields.iter().find(|field| field.wire == *wire)?;
        level = match &field.kind {
            FieldKind::Object { name, .. } => side.objects.iter().find(|object| object.name == *name),
            _ => None,
        };
        fields.push(field);
    }
    Some(fields)
}
