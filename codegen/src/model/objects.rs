//! The objects of a request or a response, and their fields.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{self, Taken};
use super::{Field, FieldKind, Struct};
use crate::spec::{Kind, Parameter, Platform};

/// How many required parameters a constructor takes one after the other. Of more, nobody remembers the order.
const POSITIONAL: usize = 4;

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
    let mut shapes = BTreeMap::new();
    collect(parameters, &mut Vec::new(), &mut shapes);
    let mut resolver = Resolver { platform, taken, named: BTreeMap::new(), objects: Vec::new() };
    // Types are named before any is built, in the order of their names, so that where they stand does not matter; and
    // those that are alone with their name come first, so that no other takes it from them.
    let (alone, several): (Vec<_>, Vec<_>) =
        shapes.into_iter().map(|(word, shapes)| (word, different(shapes))).partition(|(_, shapes)| shapes.len() == 1);
    for (word, shapes) in alone {
        resolver.name(word, shapes, |_| names::pascal(word), suffix);
    }
    for (word, shapes) in several {
        resolver.name(word, shapes, |shape| names::pascal(&shape.path), suffix);
    }
    let root = resolver.structure(name.to_owned(), String::new(), parameters);
    Resolved { root, objects: resolver.objects }
}

/// One description of an object.
struct Shape<'a> {
    /// The names of the fields that lead to it.
    path: String,
    fields: &'a [Parameter],
}

/// One description of each shape: the one with the shortest way to it.
fn different(mut shapes: Vec<Shape<'_>>) -> Vec<Shape<'_>> {
    shapes.sort_by(|a, b| (a.path.len(), &a.path).cmp(&(b.path.len(), &b.path)));
    let mut seen = BTreeSet::new();
    shapes.retain(|shape| seen.insert(key(shape.fields)));
    shapes
}

/// What descriptions of the same Rust type have in common.
fn key(fields: &[Parameter]) -> String {
    let mut text = String::new();
    for field in fields {
        let (name, kind) = (&field.name.value, &field.kind.value);
        text.push_str(&format!("{name}:{kind}:{}:{:?}{{{}}}", field.is_required(), field.secret, key(&field.fields)));
    }
    text
}

fn collect<'a>(parameters: &'a [Parameter], path: &mut Vec<&'a str>, shapes: &mut BTreeMap<&'a str, Vec<Shape<'a>>>) {
    for parameter in parameters.iter().filter(|parameter| !parameter.fields.is_empty()) {
        path.push(&parameter.name.value);
        let shape = Shape { path: path.join("."), fields: &parameter.fields };
        shapes.entry(parameter.type_name().word).or_default().push(shape);
        collect(&parameter.fields, path, shapes);
        path.pop();
    }
}

struct Resolver<'a> {
    platform: &'a Platform,
    taken: &'a mut Taken,
    /// The Rust names of a type, one for each of its shapes.
    named: BTreeMap<&'a str, Vec<(String, String)>>,
    objects: Vec<Struct>,
}

impl<'a> Resolver<'a> {
    /// Gives a name to each shape of a type.
    fn name(&mut self, word: &'a str, shapes: Vec<Shape<'a>>, name: impl Fn(&Shape<'a>) -> String, suffix: &str) {
        for shape in shapes {
            let name = self.taken.take(&name(&shape), suffix);
            self.named.entry(word).or_default().push((key(shape.fields), name));
        }
    }

    fn structure(&mut self, name: String, type_name: String, parameters: &'a [Parameter]) -> Struct {
        let wires: Vec<&str> = parameters.iter().map(|parameter| parameter.name.value.as_str()).collect();
        let names = names::distinct(&wires, names::snake);
        let fields: Vec<Field> =
            parameters.iter().zip(names).map(|(parameter, name)| self.field(parameter, name)).collect();
        let required = fields.iter().filter(|field| field.required).count();
        let stem = name.strip_suffix("Request").unwrap_or(&name);
        let required = (required > POSITIONAL).then(|| self.taken.take_or_number(format!("{stem}Required")));
        Struct { name, type_name, fields, required }
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
            list: type_name.list || type_name.kind() == Some(Kind::FieldList),
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
            self.objects.push(Struct {
                name: name.clone(),
                type_name: word.to_owned(),
                fields: Vec::new(),
                required: None,
            });
            let object = self.structure(name.clone(), word.to_owned(), &parameter.fields);
            self.objects[place] = object;
        }
        FieldKind::Object { name, boxed: false }
    }
}
