//! Responses with records: the spec says which fields they have and of which types, a record has the values, and the
//! examples have the values of the other fields.

use codegen::spec::Parameter;
use serde_json::Value as Json;

use super::record::Record;
use super::route::Call;
use crate::object_types::ObjectTypes;
use crate::pagination::{self, Items};
use crate::refusal::Refusal;
use crate::value::{self, Members, Value};

/// Returns the response with a record at the path `node`.
pub(super) fn record(call: &Call<'_>, node: Option<&str>, record: &Record) -> Members {
    let mut response = call.method.examples().clone();
    let fields = &call.method.spec.response.fields;
    let types = ObjectTypes::of(fields);
    match node {
        None => {}
        Some("") => response = fill(&response, fields, record, &types, &Selection::all()),
        Some(path) => {
            let selection = Selection::of(call);
            let field = field_at(fields, path, &types);
            value::replace(&mut response, path, |example| {
                Some(filled(example, field.map(|field| types.fields(field))?, record, &types, &selection))
            });
        }
    }
    response
}

/// Returns the response with a list of records at the path `node`, or with its requested page if the method has pages.
pub(super) fn list(
    call: &Call<'_>,
    node: Option<&str>,
    count: usize,
    record: &dyn Fn(usize) -> Record,
) -> Result<Members, Refusal> {
    let spec = &call.method.spec;
    let mut response = call.method.examples().clone();
    let path = spec.pages.as_ref().map(|pages| pages.items.value.as_str()).or(node).unwrap_or_default();
    let types = ObjectTypes::of(&spec.response.fields);
    let fields = field_at(&spec.response.fields, path, &types).map(|field| types.fields(field)).unwrap_or_default();
    let (example, key) = match value::find(&response, path) {
        Some(Value::List(key, items)) => (items.first().cloned(), key.clone()),
        _ => (None, String::new()),
    };
    let example = example.unwrap_or(Value::Object(Vec::new()));
    let selection = Selection::of(call);
    let item = |index: usize| filled(&example, fields, &record(index), &types, &selection);
    match &spec.pages {
        Some(pages) => {
            pagination::page(pages, &spec.request, call.parameters, response, &Items::Records { count, item: &item })
        }
        None => {
            // An empty list is left out (docs/protocol.md section 4.2).
            let items = (count > 0).then(|| Value::List(key, (0..count).map(item).collect()));
            value::replace(&mut response, path, |_| items);
            Ok(response)
        }
    }
}

/// Returns the content of a message: the fields that the record has, and examples of the required ones that it lacks.
pub(super) fn message(fields: &[Parameter], record: &Record) -> String {
    let types = ObjectTypes::of(fields);
    let known: Vec<Parameter> =
        fields.iter().filter(|field| field.is_required() || record.contains_key(&field.name.value)).cloned().collect();
    let members = fill(&Value::examples(&known), &known, record, &types, &Selection::all());
    Value::Object(members).to_json(None, true)
}

/// Returns the field of a response at a path.
fn field_at<'f>(fields: &'f [Parameter], path: &str, types: &ObjectTypes<'f>) -> Option<&'f Parameter> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let field = fields.iter().find(|field| field.name.value == name)?;
    match rest {
        Some(rest) => field_at(types.fields(field), rest, types),
        None => Some(field),
    }
}

/// Returns an example object with the values of a record.
fn filled<'f>(
    example: &Value,
    fields: &'f [Parameter],
    record: &Record,
    types: &ObjectTypes<'f>,
    selection: &Selection<'_>,
) -> Value {
    match example {
        Value::Object(members) => Value::Object(fill(members, fields, record, types, selection)),
        other => other.clone(),
    }
}

/// Returns the members of an example with the values of a record. `null` leaves a member out.
fn fill<'f>(
    example: &Members,
    fields: &'f [Parameter],
    record: &Record,
    types: &ObjectTypes<'f>,
    selection: &Selection<'_>,
) -> Members {
    let member = |field: &'f Parameter| {
        let name = field.name.value.as_str();
        let inner = selection.of_member(name, &field.type_name().inner_key())?;
        let example = example.iter().find(|(member, _)| member == name).map(|(_, value)| value);
        let value = match record.get(name) {
            Some(json) => typed(json, field, example, types, &inner)?,
            None => inner.apply(example?.clone()),
        };
        Some((name.to_owned(), value))
    };
    fields.iter().filter_map(member).collect()
}

/// Converts a value of a record to the type of a field. `None` for `null`, an empty list, and a value of another type.
fn typed<'f>(
    json: &Json,
    field: &'f Parameter,
    example: Option<&Value>,
    types: &ObjectTypes<'f>,
    selection: &Selection<'_>,
) -> Option<Value> {
    let type_name = field.type_name();
    let one = |json: &Json, example: Option<&Value>| match (type_name.kind(), json) {
        (Some(kind), json) => Value::typed(kind, json),
        (None, Json::Object(record)) => {
            let empty = Value::Object(Vec::new());
            Some(filled(example.unwrap_or(&empty), types.fields(field), record, types, selection))
        }
        (None, _) => None,
    };
    match json {
        Json::Array(items) if type_name.list => {
            let example = match example {
                Some(Value::List(_, items)) => items.first(),
                _ => None,
            };
            let items: Vec<Value> = items.iter().filter_map(|item| one(item, example)).collect();
            (!items.is_empty()).then(|| Value::List(type_name.inner_key(), items))
        }
        Json::String(text) if type_name.list => {
            let items: Vec<Value> = text.split(',').filter_map(|item| one(&item.trim().into(), None)).collect();
            (!items.is_empty()).then(|| Value::List(type_name.inner_key(), items))
        }
        json => one(json, example),
    }
}

/// The fields that a call selects with its parameter `fields`.
struct Selection<'s> {
    /// The paths of the fields. `None`: all fields.
    paths: Option<Vec<&'s str>>,
}

impl<'s> Selection<'s> {
    fn all() -> Self {
        Self { paths: None }
    }

    fn of(call: &'s Call<'_>) -> Self {
        let has_fields = call.method.spec.request.iter().any(|parameter| parameter.name.value == "fields");
        let paths: Vec<&str> = call.items("fields").filter(|_| has_fields).collect();
        Self { paths: Some(paths).filter(|paths| !paths.is_empty() && !paths.contains(&"*")) }
    }

    /// Returns the selection inside a member. `None` if the member is not selected. Documents name a list by its field or by
    /// the key of its elements.
    fn of_member(&self, name: &str, inner_key: &str) -> Option<Selection<'s>> {
        let Some(paths) = &self.paths else { return Some(Selection::all()) };
        let mut inner = Vec::new();
        for path in paths {
            let (head, rest) = path.split_once('.').map_or((*path, None), |(head, rest)| (head, Some(rest)));
            if head == name || head == inner_key {
                match rest {
                    None => return Some(Selection::all()),
                    Some(rest) => inner.push(rest),
                }
            }
        }
        (!inner.is_empty()).then_some(Selection { paths: Some(inner) })
    }

    /// Removes the members of an example that are not selected.
    fn apply(&self, value: Value) -> Value {
        if self.paths.is_none() {
            return value;
        }
        match value {
            Value::Object(members) => {
                let selected = members.into_iter().filter_map(|(name, value)| {
                    let key = match &value {
                        Value::List(key, _) => key.clone(),
                        _ => name.clone(),
                    };
                    let inner = self.of_member(&name, &key)?;
                    Some((name, inner.apply(value)))
                });
                Value::Object(selected.collect())
            }
            Value::List(key, items) => Value::List(key, items.into_iter().map(|item| self.apply(item)).collect()),
            other => other,
        }
    }
}
