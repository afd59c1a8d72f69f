//! A request with some of its parameters set to something else: the request for another page of the same list.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde_json::Value as Json;

use top_protocol::{Authorization, DateTime, ErrorCode, Kind, Record, Request, Schema, UntypedParameter, View, Way};

/// A parameter and what it is set to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) way: Way,
    pub(super) set: Set,
}

/// What a parameter is set to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Set {
    Number(i64),
    Text(String),
    Boolean(bool),
    Date(DateTime),
    /// It is unset, whatever it was.
    Nothing,
}

impl Set {
    /// The value as one of a parameter of this type.
    fn fitted(&self, kind: Kind) -> Self {
        match (kind, self) {
            (Kind::Number | Kind::Byte, Self::Text(text)) => {
                text.trim().parse().map_or_else(|_| self.clone(), Self::Number)
            }
            (Kind::String, Self::Number(number)) => Self::Text(number.to_string()),
            (Kind::String, Self::Date(date)) => Self::Text(date.to_string()),
            _ => self.clone(),
        }
    }

    fn view(&self) -> View<'_> {
        match self {
            Self::Number(number) => View::Number(*number),
            Self::Text(text) => View::Text(text),
            Self::Boolean(flag) => View::Boolean(*flag),
            Self::Date(date) => View::Date(*date),
            Self::Nothing => View::Absent,
        }
    }

    pub(super) fn json(&self) -> Json {
        match self {
            Self::Number(number) => Json::from(*number),
            Self::Text(text) => Json::from(text.as_str()),
            Self::Boolean(flag) => Json::from(*flag),
            Self::Date(date) => Json::from(date.to_string()),
            Self::Nothing => Json::Null,
        }
    }
}

/// The value that a way leads to. Of a list, it is the last element that the way goes on in.
pub(super) fn current<'r>(record: &'r dyn Record, way: &[&str]) -> View<'r> {
    let Some((name, rest)) = way.split_first() else {
        return View::Absent;
    };
    let view = position(record.schema(), name).map_or(View::Absent, |index| record.view(index));
    if rest.is_empty() {
        return view;
    }
    match view {
        View::Object(object) => current(object, rest),
        View::Objects(objects) => {
            let last = objects.count().checked_sub(1).and_then(|last| objects.object(last));
            last.map_or(View::Absent, |object| current(object, rest))
        }
        _ => View::Absent,
    }
}

fn position(schema: &Schema, name: &str) -> Option<usize> {
    schema.fields.iter().position(|field| field.name == name)
}

/// A record with some of its fields set to something else.
pub(super) struct Turned<'r> {
    record: &'r dyn Record,
    fields: Vec<(usize, Place<'r>)>,
}

/// What stands in place of a field.
enum Place<'r> {
    Value(Set),
    Object(Turned<'r>),
    /// An object that the record itself is without.
    Made(Json),
}

impl<'r> Turned<'r> {
    pub(super) fn new(record: &'r dyn Record, changes: &[Change]) -> Self {
        let mut turned = Self { record, fields: Vec::new() };
        for change in changes {
            turned.set(change.way, &change.set);
        }
        turned
    }

    fn set(&mut self, way: &[&str], set: &Set) {
        let Some((name, rest)) = way.split_first() else { return };
        let Some(index) = position(self.record.schema(), name) else { return };
        let there = match self.fields.iter().position(|(at, _)| *at == index) {
            Some(there) => there,
            None => {
                let kind = self.record.schema().fields.get(index).map_or(Kind::String, |field| field.kind);
                let place = match (rest.is_empty(), self.record.view(index)) {
                    (true, _) => Place::Value(set.fitted(kind)),
                    (false, View::Object(object)) => Place::Object(Turned { record: object, fields: Vec::new() }),
                    (false, _) => Place::Made(Json::Object(serde_json::Map::new())),
                };
                self.fields.push((index, place));
                self.fields.len() - 1
            }
        };
        match self.fields.get_mut(there).map(|(_, place)| place) {
            Some(Place::Object(object)) => object.set(rest, set),
            Some(Place::Made(json)) => put(json, rest, set),
            Some(Place::Value(_)) | None => {}
        }
    }
}

/// Puts a value into an object that is being made.
fn put(json: &mut Json, way: &[&str], set: &Set) {
    let mut place = json;
    for name in way {
        if !place.is_object() {
            *place = Json::Object(serde_json::Map::new());
        }
        place = &mut place[*name];
    }
    *place = set.json();
}

impl Record for Turned<'_> {
    fn schema(&self) -> &'static Schema {
        self.record.schema()
    }

    fn view(&self, index: usize) -> View<'_> {
        match self.fields.iter().find(|(at, _)| *at == index) {
            Some((_, Place::Value(set))) => set.view(),
            Some((_, Place::Object(object))) => View::Object(object),
            Some((_, Place::Made(json))) => View::Json(json),
            None => self.record.view(index),
        }
    }
}

/// The request for a page: a request of its own, so that it is validated, signed and sent like any other.
pub(super) struct Page<'r, R> {
    turned: Turned<'r>,
    extra: Cow<'r, [UntypedParameter]>,
    request: PhantomData<R>,
}

impl<'r, R: Request> Page<'r, R> {
    pub(super) fn new(request: &'r R, changes: &[Change]) -> Self {
        // A parameter that is sent empty for the first page, as a cursor, has a value for the others.
        let is_replaced = |extra: &UntypedParameter| {
            extra.is_empty() && changes.iter().any(|change| change.way == [extra.name()] && change.set != Set::Nothing)
        };
        let mut extra = Cow::Borrowed(request.extra_parameters());
        if extra.iter().any(is_replaced) {
            extra.to_mut().retain(|extra| !is_replaced(extra));
        }
        Self { turned: Turned::new(request, changes), extra, request: PhantomData }
    }
}

impl<R: Request> Record for Page<'_, R> {
    fn schema(&self) -> &'static Schema {
        self.turned.schema()
    }

    fn view(&self, index: usize) -> View<'_> {
        self.turned.view(index)
    }
}

impl<R: Request> Request for Page<'_, R> {
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
