//! Resolves the objects of a request or a response, and their fields.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

use super::names::{self, TypeNames};
use super::types::{Field, FieldKind, Limit, OpenEnum, Struct};
use crate::graph::{Edges, between_cycles};
use crate::spec::{Kind, Parameter, Platform};

/// The maximum number of positional arguments of a constructor. More are hard to tell apart.
const MAX_POSITIONAL: usize = 4;

/// The used type names and the enums, shared by the request and the response.
pub(super) struct Scope<'a> {
    platform: &'a Platform,
    type_names: TypeNames,
    pub(super) enums: Vec<OpenEnum>,
    /// The names of [`enums`](Self::enums) by wire name and values.
    named: HashMap<(String, Vec<String>), String>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(names: impl IntoIterator<Item = String>, platform: &'a Platform) -> Self {
        Self { platform, type_names: TypeNames::new(names), enums: Vec::new(), named: HashMap::new() }
    }

    /// Returns the name of an enum. Fields with the same name and values share it.
    fn open_enum(&mut self, wire: &str, values: Vec<String>, owner: &str) -> String {
        let key = (wire.to_owned(), values);
        if let Some(name) = self.named.get(&key) {
            return name.clone();
        }
        let values = &key.1;
        let plain = names::pascal_case(wire);
        let name =
            if self.type_names.contains(&plain) { names::pascal_case(&format!("{owner}_{wire}")) } else { plain };
        let name = self.type_names.unique(name);
        // The variant for other values keeps its name; an equal value is numbered.
        let wires: Vec<&str> = values.iter().map(String::as_str).collect();
        let variants = names::unique_names_except(&wires, names::Case::Type, &[UNKNOWN_VARIANT]);
        let values = values.iter().cloned().zip(variants).collect();
        self.enums.push(OpenEnum { name: name.clone(), wire: wire.to_owned(), values });
        self.named.insert(key, name.clone());
        name
    }
}

/// The variant for values that the documentation does not list.
const UNKNOWN_VARIANT: &str = "Unknown";

/// A request or response with its objects.
pub(super) struct Resolved {
    pub(super) root: Struct,
    pub(super) objects: Vec<Struct>,
}

/// Resolves the request or the response. `suffix` makes used names unique.
pub(super) fn resolve(parameters: &[Parameter], name: &str, suffix: &'static str, scope: &mut Scope<'_>) -> Resolved {
    let mut shapes: BTreeMap<&str, Vec<ObjectShape<'_>>> = BTreeMap::new();
    collect(parameters, &mut Vec::new(), &mut shapes);
    let mut edges = Edges::new();
    for (type_name, shapes) in &shapes {
        let fields = shapes.iter().flat_map(|shape| shape.fields);
        let objects = fields.map(|field| field.type_name()).filter(|object| object.kind().is_none());
        edges.entry(type_name).or_default().extend(objects.map(|object| object.name));
    }
    let mut resolver = Resolver {
        scope,
        named: HashMap::new(),
        first: HashMap::new(),
        built: HashSet::new(),
        cyclic: between_cycles(&edges),
        objects: Vec::new(),
        enclosing: Vec::new(),
    };
    // All types are named first, sorted by name, so that their order does not matter. Types with one shape keep their
    // names.
    let (alone, several): (Vec<_>, Vec<_>) = shapes
        .into_iter()
        .map(|(type_name, shapes)| (type_name, distinct_shapes(shapes)))
        .partition(|(_, shapes)| shapes.len() == 1);
    for (type_name, shapes) in alone {
        resolver.name(type_name, shapes, |_| names::pascal_case(type_name), suffix);
    }
    for (type_name, shapes) in several {
        resolver.name(type_name, shapes, |shape| names::pascal_case(&shape.path), suffix);
    }
    let root = resolver.build_struct(name.to_owned(), String::new(), parameters);
    Resolved { root, objects: resolver.objects }
}

/// A description of an object.
struct ObjectShape<'a> {
    /// The names on the path to the object.
    path: String,
    fields: &'a [Parameter],
}

/// Returns one description per distinct shape: the one with the shortest path.
fn distinct_shapes(mut shapes: Vec<ObjectShape<'_>>) -> Vec<ObjectShape<'_>> {
    shapes.sort_by(|a, b| (a.path.len(), &a.path).cmp(&(b.path.len(), &b.path)));
    let mut seen = BTreeSet::new();
    shapes.retain(|shape| seen.insert(shape_key(shape.fields)));
    shapes
}

/// Returns a key that is equal for descriptions with the same Rust type.
fn shape_key(fields: &[Parameter]) -> String {
    let mut key = String::new();
    write_shape(fields, &mut key);
    key
}

/// Appends texts with their lengths, so that different shapes have different keys.
fn write_shape(fields: &[Parameter], key: &mut String) {
    for field in fields {
        let limits = limits(field);
        // Writing to a string cannot fail.
        let _ = write!(key, "{:?}{:?}{limits:?}{}", field.is_required(), field.secret, field.values.len());
        for text in [&field.name, &field.kind].into_iter().chain(&field.values) {
            let _ = write!(key, ":{}:{}", text.value.len(), text.value);
        }
        key.push('{');
        write_shape(&field.fields, key);
        key.push('}');
    }
}

fn collect<'a>(
    parameters: &'a [Parameter],
    path: &mut Vec<&'a str>,
    shapes: &mut BTreeMap<&'a str, Vec<ObjectShape<'a>>>,
) {
    for parameter in parameters.iter().filter(|parameter| !parameter.fields.is_empty()) {
        path.push(&parameter.name.value);
        let shape = ObjectShape { path: path.join("."), fields: &parameter.fields };
        shapes.entry(parameter.type_name().name).or_default().push(shape);
        collect(&parameter.fields, path, shapes);
        path.pop();
    }
}

struct Resolver<'a, 's, 'p> {
    scope: &'s mut Scope<'p>,
    /// The Rust names of shapes, by type and [`shape_key`].
    named: HashMap<(&'a str, String), String>,
    /// The Rust name of the first shape of each type.
    first: HashMap<&'a str, String>,
    /// The names in [`objects`](Self::objects).
    built: HashSet<String>,
    objects: Vec<Struct>,
    /// The enclosing described objects, each with its type and Rust name.
    enclosing: Vec<(&'a str, String)>,
    /// The types that may contain themselves.
    cyclic: BTreeSet<&'a str>,
}

impl<'a> Resolver<'a, '_, '_> {
    /// Names each shape of a type.
    fn name(
        &mut self,
        type_name: &'a str,
        shapes: Vec<ObjectShape<'a>>,
        name: impl Fn(&ObjectShape<'a>) -> String,
        suffix: &str,
    ) {
        for shape in shapes {
            let name = self.scope.type_names.unique_with_suffix(&name(&shape), suffix);
            self.first.entry(type_name).or_insert_with(|| name.clone());
            self.named.insert((type_name, shape_key(shape.fields)), name);
        }
    }

    fn build_struct(&mut self, name: String, type_name: String, parameters: &'a [Parameter]) -> Struct {
        let wires: Vec<&str> = parameters.iter().map(|parameter| parameter.name.value.as_str()).collect();
        let names = names::unique_names(&wires, names::Case::Field);
        let fields: Vec<Field> =
            parameters.iter().zip(names).map(|(parameter, rust)| self.field(parameter, rust, &name)).collect();
        let required = fields.iter().filter(|field| field.required).count();
        let stem = name.strip_suffix("Request").unwrap_or(&name);
        let required = (required > MAX_POSITIONAL).then(|| self.scope.type_names.unique(format!("{stem}Required")));
        Struct { name, type_name, fields, required }
    }

    fn field(&mut self, parameter: &'a Parameter, name: String, owner: &str) -> Field {
        let type_name = parameter.type_name();
        let kind = match type_name.kind() {
            Some(_) if !parameter.values.is_empty() => {
                let values = parameter.values.iter().map(|value| value.value.clone()).collect();
                FieldKind::OpenEnum(self.scope.open_enum(&parameter.name.value, values, owner))
            }
            Some(kind) => FieldKind::Plain(kind),
            None => self.object(parameter, type_name.name, type_name.list),
        };
        Field {
            wire: parameter.name.value.clone(),
            name,
            kind,
            list: type_name.list || type_name.kind() == Some(Kind::FieldList),
            required: parameter.is_required(),
            secret: parameter.secret.unwrap_or_else(|| self.scope.platform.is_secret(&parameter.name.value)),
            limits: limits(parameter),
            facts: parameter.facts.clone(),
        }
    }

    fn object(&mut self, parameter: &'a Parameter, type_name: &'a str, list: bool) -> FieldKind {
        if parameter.fields.is_empty() {
            return self.reference(type_name, list);
        }
        let name = self.named.get(&(type_name, shape_key(&parameter.fields))).cloned().unwrap_or_default();
        if self.built.insert(name.clone()) {
            // The index is reserved before the fields are resolved, so that objects are in spec order.
            let index = self.objects.len();
            self.objects.push(Struct {
                name: name.clone(),
                type_name: type_name.to_owned(),
                fields: Vec::new(),
                required: None,
            });
            self.enclosing.push((type_name, name.clone()));
            let object = self.build_struct(name.clone(), type_name.to_owned(), &parameter.fields);
            self.enclosing.pop();
            self.objects[index] = object;
        }
        FieldKind::Object { name, boxed: false }
    }

    /// Resolves an object that is described elsewhere: the innermost enclosing object with this name, or the only one.
    /// It is boxed where it could contain itself, except in a list.
    fn reference(&self, type_name: &'a str, list: bool) -> FieldKind {
        if let Some((_, name)) = self.enclosing.iter().rfind(|(parent, _)| *parent == type_name) {
            return FieldKind::Object { name: name.clone(), boxed: !list };
        }
        let name = self.first.get(type_name).cloned();
        let is_cyclic = |type_name| self.cyclic.contains(type_name);
        let boxed = !list && is_cyclic(type_name) && self.enclosing.last().is_some_and(|(parent, _)| is_cyclic(parent));
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
