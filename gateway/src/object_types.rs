//! Object types of a spec: one parameter defines the fields, and others may refer to the type by name.

use std::collections::BTreeMap;

use codegen::spec::Parameter;

/// The fields of each object type by name. The first definition of a type is used.
#[derive(Debug)]
pub(crate) struct ObjectTypes<'a>(BTreeMap<&'a str, &'a [Parameter]>);

impl<'a> ObjectTypes<'a> {
    /// Collects the types that `fields` define at any depth.
    pub(crate) fn of(fields: &'a [Parameter]) -> Self {
        let mut types = BTreeMap::new();
        collect(fields, &mut types);
        Self(types)
    }

    /// Returns the fields of an object: its own, or those of its type.
    pub(crate) fn fields(&self, object: &'a Parameter) -> &'a [Parameter] {
        if object.fields.is_empty() {
            self.0.get(object.type_name().name).copied().unwrap_or_default()
        } else {
            &object.fields
        }
    }
}

fn collect<'a>(fields: &'a [Parameter], types: &mut BTreeMap<&'a str, &'a [Parameter]>) {
    for field in fields.iter().filter(|field| !field.fields.is_empty()) {
        types.entry(field.type_name().name).or_insert(&field.fields);
        collect(&field.fields, types);
    }
}
