//! Objects that a spec defines once, and names elsewhere by their type alone.

use std::collections::BTreeMap;

use codegen::spec::Parameter;

/// The fields of every object that is defined among some fields, at any depth, by the name of its type. The first
/// definition of a type counts.
#[derive(Debug)]
pub(crate) struct Objects<'a>(BTreeMap<&'a str, &'a [Parameter]>);

impl<'a> Objects<'a> {
    pub(crate) fn of(fields: &'a [Parameter]) -> Self {
        let mut objects = BTreeMap::new();
        collect(fields, &mut objects);
        Self(objects)
    }

    /// The fields of an object: its own, or those that its type has elsewhere.
    pub(crate) fn fields(&self, object: &'a Parameter) -> &'a [Parameter] {
        if object.fields.is_empty() {
            self.0.get(object.type_name().name).copied().unwrap_or_default()
        } else {
            &object.fields
        }
    }
}

fn collect<'a>(fields: &'a [Parameter], objects: &mut BTreeMap<&'a str, &'a [Parameter]>) {
    for field in fields.iter().filter(|field| !field.fields.is_empty()) {
        objects.entry(field.type_name().name).or_insert(&field.fields);
        collect(&field.fields, objects);
    }
}
