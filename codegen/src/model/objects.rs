//! The objects of a request or a response, and their fields.

use std::collections::BTreeMap;

use super::names::{self, Taken};
use super::{Field, FieldKind, Struct};
use crate::spec::{Parameter, Platform};

/// A request or response with the objects in it.
pub(super) struct Resolved {
    pub(super) root: Struct,
    pub(super) objects: Vec<Struct>,
}

/// Resolves one side of a method. `suffix` tells apart what has a name that is taken.
pub(super) fn resolve(
    parameters: &[Parameter],
    name: &str,
    suffix: &'static str,
    taken: &mut Taken,
    platform: &Platform,
) -> Resolved {
    let mut names = BTreeMap::new();
    collect(parameters, &mut names);
    let mut resolver = Resolver { platform, named: BTreeMap::new(), objects: Vec::new() };
    // Types are named before any is built, in the order of their names, so that where they stand does not matter.
    for (type_name, mut shapes) in names {
        shapes.sort_by_key(|shape| shape.key());
        shapes.dedup_by_key(|shape| shape.key());
        let alone = shapes.len() == 1;
        for shape in shapes {
            let plain = names::pascal(type_name);
            let full = if alone { plain } else { names::pascal(&format!("{}_{type_name}", shape.parent)) };
            let name = taken.take(&full, suffix);
            resolver.named.entry(type_name).or_default().push((shape.key(), name));
        }
    }
    let root = resolver.structure(name.to_owned(), String::new(), parameters);
    Resolved { root, objects: resolver.objects }
}

/// One description of an object.
#[derive(Clone)]
struct Shape<'a> {
    /// The object or field around it.
    parent: &'a str,
    fields: &'a [Parameter],
}

impl Shape<'_> {
    /// What two descriptions of the same type have in common: everything that reaches Rust.
    fn key(&self) -> String {
        key(self.fields)
    }
}

fn key(fields: &[Parameter]) -> String {
    let mut text = String::new();
    for field in fields {
        let (name, kind) = (&field.name.value, &field.kind.value);
        text.push_str(&format!("{name}:{kind}:{}:{:?}{{{}}}", field.is_required(), field.secret, key(&field.fields)));
    }
    text
}

fn collect<'a>(parameters: &'a [Parameter], names: &mut BTreeMap<&'a str, Vec<Shape<'a>>>) {
    for parameter in parameters.iter().filter(|parameter| !parameter.fields.is_empty()) {
        let shape = Shape { parent: &parameter.name.value, fields: &parameter.fields };
        names.entry(parameter.type_name().word).or_default().push(shape);
        collect(&parameter.fields, names);
    }
}

struct Resolver<'a> {
    platform: &'a Platform,
    /// The Rust names of a type, one for each of its shapes.
    named: BTreeMap<&'a str, Vec<(String, String)>>,
    objects: Vec<Struct>,
}

impl<'a> Resolver<'a> {
    fn structure(&mut self, name: String, type_name: String, parameters: &'a [Parameter]) -> Struct {
        let wires: Vec<&str> = parameters.iter().map(|parameter| parameter.name.value.as_str()).collect();
        let names = names::distinct(&wires, names::snake);
        let fields = parameters.iter().zip(names).map(|(parameter, name)| self.field(parameter, name)).collect();
        Struct { name, type_name, fields }
    }

    fn field(&mut self, parameter: &'a Parameter, name: String) -> Field {
        let type_name = parameter.type_name();
        let kind = match type_name.kind() {
            Some(kind) => FieldKind::Plain(kind),
            None => self.object(parameter, type_name.word, type_name.list),
        };
        Field {
            wire: parameter.name.value.clone(),
            name,
            kind,
            list: type_name.list,
            required: parameter.is_required(),
            secret: parameter.secret.unwrap_or_else(|| self.platform.is_secret(&parameter.name.value)),
            example: parameter.example.clone().filter(|example| !example.is_empty()),
            description: parameter.description.clone(),
        }
    }

    fn object(&mut self, parameter: &'a Parameter, word: &'a str, list: bool) -> FieldKind {
        let shapes = self.named.get(word).map(Vec::as_slice).unwrap_or_default();
        if parameter.fields.is_empty() {
            // A mention of an object that is described elsewhere may stand within it. A list is a box already.
            let name = shapes.first().map(|(_, name)| name.clone()).unwrap_or_default();
            return FieldKind::Object { name, boxed: !list };
        }
        let key = key(&parameter.fields);
        let name = shapes.iter().find(|(shape, _)| *shape == key).map(|(_, name)| name.clone()).unwrap_or_default();
        if !self.objects.iter().any(|object| object.name == name) {
            // The place is kept before the fields are resolved, so that objects stand in the spec's order.
            let place = self.objects.len();
            self.objects.push(Struct { name: name.clone(), type_name: word.to_owned(), fields: Vec::new() });
            let object = self.structure(name.clone(), word.to_owned(), &parameter.fields);
            self.objects[place] = object;
        }
        FieldKind::Object { name, boxed: false }
    }
}
