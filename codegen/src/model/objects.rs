//! The objects of a request or a response, and their fields.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::names::{self, Taken};
use super::{Choice, Field, FieldKind, Limit, Struct};
use crate::graph::{Edges, between_cycles};
use crate::spec::{Kind, Parameter, Platform};

/// How many required parameters a constructor takes one after the other. Of more, nobody remembers the order.
const POSITIONAL: usize = 4;

/// What the two sides of a method share: the names that are given away, and the enums.
pub(super) struct Scope<'a> {
    platform: &'a Platform,
    taken: Taken,
    pub(super) choices: Vec<Choice>,
    /// The names of [`choices`](Self::choices) by wire name and values.
    named: HashMap<(String, Vec<String>), String>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(names: impl IntoIterator<Item = String>, platform: &'a Platform) -> Self {
        Self { platform, taken: Taken::new(names), choices: Vec::new(), named: HashMap::new() }
    }

    /// The name of the enum of these values. Fields that list the same values under the same name share it.
    fn choice(&mut self, wire: &str, values: Vec<String>, owner: &str) -> String {
        let key = (wire.to_owned(), values);
        if let Some(name) = self.named.get(&key) {
            return name.clone();
        }
        let values = &key.1;
        let plain = names::pascal(wire);
        let name = if self.taken.has(&plain) { names::pascal(&format!("{owner}_{wire}")) } else { plain };
        let name = self.taken.take_or_number(name);
        // The variant for other values keeps its name; a listed value that has it is numbered.
        let wires: Vec<&str> = values.iter().map(String::as_str).collect();
        let variants = names::distinct_from(&wires, names::Case::Type, &[UNKNOWN]);
        let values = values.iter().cloned().zip(variants).collect();
        self.choices.push(Choice { name: name.clone(), wire: wire.to_owned(), values });
        self.named.insert(key, name.clone());
        name
    }
}

/// The variant for values that the documentation does not list.
const UNKNOWN: &str = "Unknown";

/// A request or response with the objects in it.
pub(super) struct Resolved {
    pub(super) root: Struct,
    pub(super) objects: Vec<Struct>,
}

/// Resolves one side of a method. `suffix` tells apart what has a name that is taken.
pub(super) fn resolve(parameters: &[Parameter], name: &str, suffix: &'static str, scope: &mut Scope<'_>) -> Resolved {
    let mut shapes: BTreeMap<&str, Vec<Shape<'_>>> = BTreeMap::new();
    collect(parameters, &mut Vec::new(), &mut shapes);
    let mut edges = Edges::new();
    for (word, shapes) in &shapes {
        let fields = shapes.iter().flat_map(|shape| shape.fields);
        let objects = fields.map(|field| field.type_name()).filter(|held| held.kind().is_none());
        edges.entry(word).or_default().extend(objects.map(|held| held.word));
    }
    let mut resolver = Resolver {
        scope,
        named: HashMap::new(),
        first: HashMap::new(),
        built: HashSet::new(),
        cyclic: between_cycles(&edges),
        objects: Vec::new(),
        within: Vec::new(),
    };
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
        let values: Vec<_> = field.values.iter().map(|value| &value.value).collect();
        let (required, limits) = (field.is_required(), limits(field));
        text.push_str(&format!("{name:?}:{kind:?}:{required}:{:?}:{limits:?}:{values:?}", field.secret));
        text.push_str(&format!("{{{}}}", key(&field.fields)));
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

struct Resolver<'a, 's, 'p> {
    scope: &'s mut Scope<'p>,
    /// The Rust names of the shapes of each type, by type and [`key`].
    named: HashMap<(&'a str, String), String>,
    /// The Rust name of the first shape of each type.
    first: HashMap<&'a str, String>,
    /// The Rust names in [`objects`](Self::objects).
    built: HashSet<String>,
    objects: Vec<Struct>,
    /// The described objects around the present place: each with its type and its Rust name.
    within: Vec<(&'a str, String)>,
    /// The types that may hold themselves.
    cyclic: BTreeSet<&'a str>,
}

impl<'a> Resolver<'a, '_, '_> {
    /// Gives a name to each shape of a type.
    fn name(&mut self, word: &'a str, shapes: Vec<Shape<'a>>, name: impl Fn(&Shape<'a>) -> String, suffix: &str) {
        for shape in shapes {
            let name = self.scope.taken.take(&name(&shape), suffix);
            self.first.entry(word).or_insert_with(|| name.clone());
            self.named.insert((word, key(shape.fields)), name);
        }
    }

    fn structure(&mut self, name: String, type_name: String, parameters: &'a [Parameter]) -> Struct {
        let wires: Vec<&str> = parameters.iter().map(|parameter| parameter.name.value.as_str()).collect();
        let names = names::distinct(&wires, names::Case::Field);
        let fields: Vec<Field> =
            parameters.iter().zip(names).map(|(parameter, rust)| self.field(parameter, rust, &name)).collect();
        let required = fields.iter().filter(|field| field.required).count();
        let stem = name.strip_suffix("Request").unwrap_or(&name);
        let required = (required > POSITIONAL).then(|| self.scope.taken.take_or_number(format!("{stem}Required")));
        Struct { name, type_name, fields, required }
    }

    fn field(&mut self, parameter: &'a Parameter, name: String, owner: &str) -> Field {
        let type_name = parameter.type_name();
        let kind = match type_name.kind() {
            Some(_) if !parameter.values.is_empty() => {
                let values = parameter.values.iter().map(|value| value.value.clone()).collect();
                FieldKind::Choice(self.scope.choice(&parameter.name.value, values, owner))
            }
            Some(kind) => FieldKind::Plain(kind),
            None => self.object(parameter, type_name.word, type_name.list),
        };
        Field {
            wire: parameter.name.value.clone(),
            name,
            kind,
            list: type_name.list || type_name.kind() == Some(Kind::FieldList),
            required: parameter.is_required(),
            secret: parameter.secret.unwrap_or_else(|| self.scope.platform.is_secret(&parameter.name.value)),
            limits: limits(parameter),
            default: parameter.default.clone(),
            deprecated: parameter.deprecated.clone(),
            example: parameter.example.clone().filter(|example| !example.is_empty()),
            description: parameter.description.clone(),
        }
    }

    fn object(&mut self, parameter: &'a Parameter, word: &'a str, list: bool) -> FieldKind {
        if parameter.fields.is_empty() {
            return self.mention(word, list);
        }
        let name = self.named.get(&(word, key(&parameter.fields))).cloned().unwrap_or_default();
        if self.built.insert(name.clone()) {
            // The place is kept before the fields are resolved, so that objects stand in the spec's order.
            let place = self.objects.len();
            self.objects.push(Struct {
                name: name.clone(),
                type_name: word.to_owned(),
                fields: Vec::new(),
                required: None,
            });
            self.within.push((word, name.clone()));
            let object = self.structure(name.clone(), word.to_owned(), &parameter.fields);
            self.within.pop();
            self.objects[place] = object;
        }
        FieldKind::Object { name, boxed: false }
    }

    /// An object that is described elsewhere: the innermost around the mention that has its name, or else the only one.
    /// It is boxed where it could hold itself; a list is a box already.
    fn mention(&self, word: &'a str, list: bool) -> FieldKind {
        if let Some((_, name)) = self.within.iter().rfind(|(around, _)| *around == word) {
            return FieldKind::Object { name: name.clone(), boxed: !list };
        }
        let name = self.first.get(word).cloned();
        let is_cyclic = |word| self.cyclic.contains(word);
        let boxed = !list && is_cyclic(word) && self.within.last().is_some_and(|(around, _)| is_cyclic(around));
        FieldKind::Object { name: name.unwrap_or_default(), boxed }
    }
}

fn limits(parameter: &Parameter) -> Vec<Limit> {
    let limits = [
        parameter.max_length.as_ref().map(|limit| Limit::MaxLength(limit.value)),
        parameter.max_list_size.as_ref().map(|limit| Limit::MaxListSize(limit.value)),
        parameter.min_value.as_ref().map(|limit| Limit::MinValue(limit.value)),
        parameter.max_value.as_ref().map(|limit| Limit::MaxValue(limit.value)),
    ];
    limits.into_iter().flatten().collect()
}
