//! A request with some of its parameters overridden: the request for another page of the same list.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde_json::Value as Json;

use top_protocol::UntypedParameter;
use top_protocol::generated::{Authorization, ErrorCode, FieldPath, Kind, Record, Request, Schema, View};

/// The new value of one parameter. Null removes the parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FieldOverride {
    pub(super) path: FieldPath,
    pub(super) value: Json,
}

/// Converts between numbers and texts of numbers, if a parameter of type `kind` needs it.
fn converted(value: &Json, kind: Kind) -> Json {
    match (kind, value) {
        (Kind::Number | Kind::Byte, Json::String(text)) => text.trim().parse().map_or(value.clone(), i64::into),
        (Kind::String, Json::Number(number)) => number.to_string().into(),
        _ => value.clone(),
    }
}

fn view(json: &Json) -> View<'_> {
    match json {
        Json::Null => View::Absent,
        Json::Bool(flag) => View::Boolean(*flag),
        Json::String(text) => View::Text(text),
        json => json.as_i64().map_or(View::Json(json), View::Number),
    }
}

/// Returns the value at `path`. A path that leads through a list continues in its last element.
pub(super) fn lookup<'r>(record: &'r dyn Record, path: &[&str]) -> View<'r> {
    let Some((name, rest)) = path.split_first() else { return View::Absent };
    let view = field_index(record.schema(), name).map_or(View::Absent, |index| record.view(index));
    match view {
        view if rest.is_empty() => view,
        View::Object(object) => lookup(object, rest),
        View::Objects(objects) => {
            let last = objects.count().checked_sub(1).and_then(|last| objects.object(last));
            last.map_or(View::Absent, |object| lookup(object, rest))
        }
        _ => View::Absent,
    }
}

fn field_index(schema: &Schema, name: &str) -> Option<usize> {
    schema.fields.iter().position(|field| field.name == name)
}

/// A record with some of its fields overridden.
pub(super) struct RecordOverlay<'r> {
    record: &'r dyn Record,
    fields: BTreeMap<usize, Overridden<'r>>,
}

enum Overridden<'r> {
    /// A value, or an object that is absent in the record.
    Value(Json),
    Object(RecordOverlay<'r>),
}

impl<'r> RecordOverlay<'r> {
    pub(super) fn new(record: &'r dyn Record, overrides: &[FieldOverride]) -> Self {
        let mut overlay = Self { record, fields: BTreeMap::new() };
        for FieldOverride { path, value } in overrides {
            overlay.set(path, value);
        }
        overlay
    }

    fn set(&mut self, path: &[&str], value: &Json) {
        let Some((name, rest)) = path.split_first() else { return };
        let Some(index) = field_index(self.record.schema(), name) else { return };
        let kind = self.record.schema().fields.get(index).map_or(Kind::Json, |field| field.kind);
        let field = self.fields.entry(index).or_insert_with(|| match self.record.view(index) {
            View::Object(object) if !rest.is_empty() => Overridden::Object(RecordOverlay::new(object, &[])),
            _ => Overridden::Value(Json::Null),
        });
        match field {
            Overridden::Object(object) => object.set(rest, value),
            Overridden::Value(json) if rest.is_empty() => *json = converted(value, kind),
            Overridden::Value(json) => insert(json, rest, value),
        }
    }
}

fn insert(mut json: &mut Json, path: &[&str], value: &Json) {
    for name in path {
        if !json.is_object() {
            *json = Json::Object(serde_json::Map::new());
        }
        json = &mut json[*name];
    }
    json.clone_from(value);
}

impl Record for RecordOverlay<'_> {
    fn schema(&self) -> &'static Schema {
        self.record.schema()
    }

    fn view(&self, index: usize) -> View<'_> {
        match self.fields.get(&index) {
            Some(Overridden::Value(json)) => view(json),
            Some(Overridden::Object(object)) => View::Object(object),
            None => self.record.view(index),
        }
    }
}

/// The request for one page. It is validated, signed and sent like any other request.
pub(super) struct RequestOverlay<'r, R> {
    record: RecordOverlay<'r>,
    extra: Cow<'r, [UntypedParameter]>,
    request: PhantomData<R>,
}

impl<'r, R: Request> RequestOverlay<'r, R> {
    pub(super) fn new(request: &'r R, overrides: &[FieldOverride]) -> Self {
        // The caller may send a parameter empty for the first page, such as a cursor. An override replaces it.
        let is_replaced = |extra: &UntypedParameter| {
            let replaces = |field: &FieldOverride| field.path == [extra.name()] && !field.value.is_null();
            extra.is_empty() && overrides.iter().any(replaces)
        };
        let mut extra = Cow::Borrowed(request.extra_parameters());
        if extra.iter().any(is_replaced) {
            extra.to_mut().retain(|extra| !is_replaced(extra));
        }
        Self { record: RecordOverlay::new(request, overrides), extra, request: PhantomData }
    }
}

impl<R: Request> Record for RequestOverlay<'_, R> {
    fn schema(&self) -> &'static Schema {
        self.record.schema()
    }

    fn view(&self, index: usize) -> View<'_> {
        self.record.view(index)
    }
}

impl<R: Request> Request for RequestOverlay<'_, R> {
    const METHOD: &'static str = R::METHOD;
    const RESPONSE_NODE: &'static str = R::RESPONSE_NODE;
    const AUTHORIZATION: Authorization = R::AUTHORIZATION;
    const HTTPS_ONLY: bool = R::HTTPS_ONLY;
    const READS: bool = R::READS;
    const ERRORS: &'static [ErrorCode] = R::ERRORS;
    type Response = R::Response;

    fn extra_parameters(&self) -> &[UntypedParameter] {
        &self.extra
    }
}
