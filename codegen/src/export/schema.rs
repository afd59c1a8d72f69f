//! JSON Schemas of requests, responses and their objects.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use serde_json::{Map, Value as Json, json};

use super::example::{kind, typed};
use crate::model::{Api, Field, FieldKind, Limit, Struct};
use crate::spec::{Kind, TypeName};

/// Whether values are sent or received. In a response, a list is an object around an array (docs/protocol.md section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Direction {
    Request,
    Response,
}

/// The schemas of the objects of several methods. Objects with the same type, fields and limits share one.
pub(super) struct Schemas<'a> {
    /// The start of a reference to a schema.
    prefix: &'static str,
    apis: &'a [Api],
    nodes: Vec<Node<'a>>,
    /// The indices of [`nodes`](Self::nodes) by method and Rust name.
    by_name: HashMap<(usize, &'a str), usize>,
    /// The class of each node: equal nodes have one class.
    classes: Vec<usize>,
    /// The name of each class.
    names: Vec<String>,
}

/// An object of a method.
struct Node<'a> {
    api: usize,
    direction: Direction,
    object: &'a Struct,
}

impl<'a> Schemas<'a> {
    /// Collects the objects of `apis`. `reserved` has names that schemas cannot have.
    pub(super) fn new(apis: &'a [Api], prefix: &'static str, reserved: BTreeSet<String>) -> Self {
        let mut nodes = Vec::new();
        for (api, item) in apis.iter().enumerate() {
            let objects =
                |direction, objects: &'a [Struct]| objects.iter().map(move |object| Node { api, direction, object });
            nodes.extend(objects(Direction::Response, &item.response_objects));
            nodes.extend(objects(Direction::Request, &item.request_objects));
        }
        let by_name: HashMap<_, _> =
            nodes.iter().enumerate().map(|(index, node)| ((node.api, node.object.name.as_str()), index)).collect();
        let references = nodes.iter().map(|node| {
            let objects = node.object.fields.iter().filter_map(|field| match &field.kind {
                FieldKind::Object { name, .. } => by_name.get(&(node.api, name.as_str())).copied(),
                _ => None,
            });
            objects.collect()
        });
        let classes = classes(nodes.iter().map(|node| node.key(&apis[node.api])), &references.collect::<Vec<_>>());
        let names = class_names(apis, &nodes, &classes, reserved);
        Self { prefix, apis, nodes, by_name, classes, names }
    }

    /// Returns the schema of each object by name, sorted.
    pub(super) fn definitions(&self) -> BTreeMap<&str, Json> {
        let mut definitions = BTreeMap::new();
        for (node, class) in self.nodes.iter().zip(&self.classes) {
            definitions
                .entry(self.names[*class].as_str())
                .or_insert_with(|| self.object(node.api, node.direction, &node.object.fields));
        }
        definitions
    }

    /// Returns the schema of an object of the method with this index.
    pub(super) fn object(&self, api: usize, direction: Direction, fields: &[Field]) -> Json {
        let properties: Map<_, _> =
            fields.iter().map(|field| (field.wire.clone(), self.field(api, direction, field))).collect();
        let required: Vec<_> = fields.iter().filter(|field| field.required).map(|field| &field.wire).collect();
        let mut schema = json!({ "type": "object", "properties": properties });
        // A response leaves out empty lists and absent values.
        if direction == Direction::Request && !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    }

    /// Returns the schema of a JSON response: the root node of a success.
    pub(super) fn response(&self, index: usize) -> Json {
        let api = &self.apis[index];
        let mut content = self.object(index, Direction::Response, &api.response.fields);
        let has_id = api.response.fields.iter().any(|field| field.wire == "request_id");
        if let Some(properties) = content["properties"].as_object_mut()
            && !has_id
        {
            properties.insert("request_id".to_owned(), json!({ "type": "string" }));
        }
        json!({ "type": "object", "required": [api.node], "properties": { &api.node: content } })
    }

    fn field(&self, api: usize, direction: Direction, field: &Field) -> Json {
        let kind = kind(field);
        // A field list in a response is one text.
        let is_list = field.list && (direction == Direction::Request || kind != Some(Kind::FieldList));
        let mut notes: Vec<String> = field.facts.description.iter().cloned().collect();
        let mut item = match &field.kind {
            FieldKind::Object { name, .. } => self.reference(api, name),
            FieldKind::OpenEnum(_) => json!({ "type": "string" }),
            FieldKind::Plain(kind) => plain(*kind, direction),
        };
        let mut max_items = None;
        for limit in &field.limits {
            match (*limit, kind) {
                (Limit::MaxLength(max), Some(Kind::FieldList)) => notes.push(format!("Max length {max}, with commas.")),
                (Limit::MaxLength(max), _) => item["maxLength"] = json!(max),
                (Limit::MaxListSize(max), _) if is_list => max_items = Some(max),
                (Limit::MaxListSize(max), _) => notes.push(format!("Max {max} values, separated by commas.")),
                (Limit::MinValue(min), Some(Kind::Price | Kind::BigDecimal)) => notes.push(format!("Min {min}.")),
                (Limit::MaxValue(max), Some(Kind::Price | Kind::BigDecimal)) => notes.push(format!("Max {max}.")),
                (Limit::MinValue(min), _) => item["minimum"] = json!(min),
                (Limit::MaxValue(max), _) => item["maximum"] = json!(max),
            }
        }
        let values = self.values(api, field);
        if !values.is_empty() {
            notes.push(format!("Values: {}.", values.join(", ")));
        }
        if field.secret && item["type"] == "string" && item.get("format").is_none() {
            item["format"] = json!("password");
        }
        let mut schema = if is_list { json!({ "type": "array", "items": item }) } else { item };
        if let Some(max) = max_items {
            schema["maxItems"] = json!(max);
        }
        if direction == Direction::Response && is_list {
            schema = json!({ "type": "object", "properties": { self.inner_key(api, field): schema } });
        }
        if let Some(note) = &field.facts.deprecated {
            schema["deprecated"] = json!(true);
            notes.push(format!("Deprecated: {note}"));
        }
        if !notes.is_empty() {
            schema["description"] = json!(notes.join("\n"));
        }
        // The examples of a list are not in the object around it.
        if direction == Direction::Request || !field.list {
            annotate(&mut schema, field, &values);
        }
        schema
    }

    /// Returns the documented values of a field.
    fn values(&self, api: usize, field: &Field) -> Vec<&'a str> {
        let FieldKind::OpenEnum(name) = &field.kind else { return Vec::new() };
        let item = self.apis[api].enums.iter().find(|item| item.name == *name);
        item.map(|item| item.values.iter().map(|(value, _)| value.as_str()).collect()).unwrap_or_default()
    }

    /// Returns the key of the elements of a list in a response.
    fn inner_key(&self, api: usize, field: &Field) -> String {
        let name = match (&field.kind, kind(field)) {
            (FieldKind::Object { name, .. }, _) => {
                let node = self.by_name.get(&(api, name.as_str()));
                node.map_or(name.as_str(), |node| self.nodes[*node].object.type_name.as_str())
            }
            (_, kind) => kind.map_or("String", Kind::name),
        };
        TypeName { name, list: true }.inner_key()
    }

    fn reference(&self, api: usize, name: &str) -> Json {
        match self.by_name.get(&(api, name)) {
            Some(node) => json!({ "$ref": format!("{}{}", self.prefix, self.names[self.classes[*node]]) }),
            None => json!({ "type": "object" }),
        }
    }
}

impl Node<'_> {
    /// Returns a key that is equal for objects of the same type with the same fields, apart from the objects in them.
    fn key(&self, api: &Api) -> String {
        let fields = self.object.fields.iter().map(|field| {
            let values = match &field.kind {
                FieldKind::OpenEnum(name) => api.enums.iter().find(|item| item.name == *name).map(|item| &item.values),
                _ => None,
            };
            let Field { wire, list, required, secret, limits, .. } = field;
            format!("{wire:?} {:?} {list} {required} {secret} {limits:?} {values:?}", kind(field))
        });
        format!("{:?} {}\n{}", self.direction, self.object.type_name, fields.collect::<Vec<_>>().join("\n"))
    }
}

/// Returns the schema of a built-in type.
fn plain(kind: Kind, direction: Direction) -> Json {
    match kind {
        Kind::String | Kind::FieldList => json!({ "type": "string" }),
        Kind::Number => json!({ "type": "integer", "format": "int64" }),
        Kind::Byte => json!({ "type": "integer", "minimum": -128, "maximum": 255 }),
        Kind::Boolean => json!({ "type": "boolean" }),
        // In GMT+8, so not the format `date-time`.
        Kind::Date => json!({ "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$" }),
        // Exact decimals are texts.
        Kind::Price | Kind::BigDecimal => json!({ "type": "string", "pattern": r"^[+-]?\d+(\.\d+)?$" }),
        Kind::Json => json!({ "type": "string", "contentMediaType": "application/json" }),
        Kind::Map if direction == Direction::Request => json!({ "type": "object" }),
        Kind::Map => json!({ "type": ["object", "string"] }),
        Kind::File if direction == Direction::Request => {
            json!({ "type": "string", "format": "binary", "contentMediaType": "application/octet-stream" })
        }
        Kind::File => json!({ "type": "string" }),
    }
}

/// Adds the default value and the examples.
fn annotate(schema: &mut Json, field: &Field, values: &[&str]) {
    if let Some(default) = field.facts.default.as_deref().and_then(|default| typed(field, default)) {
        schema["default"] = default;
    }
    let examples: Vec<_> = match field.facts.example.as_deref().and_then(|example| typed(field, example)) {
        Some(example) => vec![example],
        None => values.iter().filter_map(|value| typed(field, value)).collect(),
    };
    if !examples.is_empty() {
        schema["examples"] = json!(examples);
    }
}

/// Returns the schema of a refusal.
pub(super) fn error_response() -> Json {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "object",
        "required": ["error_response"],
        "properties": {
            "error_response": {
                "type": "object",
                "required": ["code", "msg"],
                "properties": {
                    "code": { "type": "integer", "description": "The platform's error code." },
                    "msg": text("The name of the code."),
                    "sub_code": text("The code of the method: `isp.` is a fault of the server, `isv.` one of the caller."),
                    "sub_msg": text("The message of the method."),
                    "request_id": text("The id of the call.")
                }
            }
        }
    })
}

/// Returns the class of each node. Nodes are equal if their keys are, and if the nodes that they refer to are equal.
fn classes(keys: impl Iterator<Item = String>, references: &[Vec<usize>]) -> Vec<usize> {
    let (mut classes, mut count) = numbered(keys);
    loop {
        let refined = classes.iter().zip(references);
        let refined =
            refined.map(|(class, nodes)| (*class, nodes.iter().map(|node| classes[*node]).collect::<Vec<_>>()));
        let (refined, refined_count) = numbered(refined);
        if refined_count == count {
            return classes;
        }
        (classes, count) = (refined, refined_count);
    }
}

/// Numbers equal keys equally, in the order of their first occurrence. Returns the numbers and their count.
fn numbered<K: Eq + Hash>(keys: impl Iterator<Item = K>) -> (Vec<usize>, usize) {
    let mut known = HashMap::new();
    let numbers = keys.map(|key| {
        let next = known.len();
        *known.entry(key).or_insert(next)
    });
    let numbers = numbers.collect();
    (numbers, known.len())
}

/// Returns the name of each class: the name of its type, or with the name of its first method if the type has several classes.
fn class_names(apis: &[Api], nodes: &[Node<'_>], classes: &[usize], mut used: BTreeSet<String>) -> Vec<String> {
    let mut first: BTreeMap<usize, &Node<'_>> = BTreeMap::new();
    for (node, class) in nodes.iter().zip(classes) {
        first.entry(*class).or_insert(node);
    }
    let mut counts: HashMap<(Direction, &str), usize> = HashMap::new();
    for node in first.values() {
        *counts.entry((node.direction, &node.object.type_name)).or_default() += 1;
    }
    let names = first.values().map(|node| {
        let word = node.object.type_name.as_str();
        let count = |direction| counts.get(&(direction, word)).copied().unwrap_or_default();
        let method = method_name(&apis[node.api]);
        let owner = if count(node.direction) > 1 { method } else { "" };
        let is_input = node.direction == Direction::Request && count(Direction::Response) > 0;
        let suffix = if is_input { "Input" } else { "" };
        unique(&format!("{owner}{word}{suffix}"), &mut used)
    });
    names.collect()
}

/// Returns the Rust name of a method, such as `TradeGet`.
pub(super) fn method_name(api: &Api) -> &str {
    api.request.name.strip_suffix("Request").unwrap_or(&api.request.name)
}

/// Returns an unused name that a reference may contain: ASCII letters, digits, `.`, `_` and `-`.
pub(super) fn unique(name: &str, used: &mut BTreeSet<String>) -> String {
    let mut ascii = String::new();
    for character in name.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-' => ascii.push(character),
            other => ascii.push_str(&format!("u{:x}", u32::from(other))),
        }
    }
    let numbered = (2..).map(|number| format!("{ascii}{number}"));
    let name = std::iter::once(ascii.clone()).chain(numbered).find(|name| !used.contains(name)).unwrap_or(ascii);
    used.insert(name.clone());
    name
}
