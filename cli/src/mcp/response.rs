//! Responses as an agent reads them: without secrets, with plain lists, and with ids as text.

use codegen::model::{Api, Field, FieldKind, Struct};
use serde_json::{Map, Number, Value as Json};
use top_protocol::internal::{HIDDEN, redacted_json};

/// The largest integer that every JSON reader represents exactly.
const MAX_EXACT: u64 = (1 << 53) - 1;

/// Converts the content of the root node.
pub(super) fn readable(api: &Api, content: &Json) -> Json {
    match redacted_json(content) {
        Json::Object(members) => object(api, Some(&api.response), members),
        other => plain(other),
    }
}

fn object(api: &Api, item: Option<&Struct>, members: Map<String, Json>) -> Json {
    let member = |(name, value): (String, Json)| {
        let field = item.and_then(|item| item.fields.iter().find(|field| field.wire == name));
        let value = match field {
            Some(field) if field.secret => Json::from(HIDDEN),
            Some(field) => of_field(api, field, value),
            None => plain(value),
        };
        (name, value)
    };
    Json::Object(members.into_iter().map(member).collect())
}

fn of_field(api: &Api, field: &Field, value: Json) -> Json {
    let item = match &field.kind {
        FieldKind::Object { name, .. } => api.response_objects.iter().find(|object| object.name == *name),
        _ => None,
    };
    match value {
        // A list is an object around an array (docs/protocol.md section 4.3).
        Json::Object(mut members) if field.list && members.len() == 1 => match members.values_mut().next() {
            Some(Json::Array(items)) => elements(api, item, std::mem::take(items)),
            _ => object(api, item, members),
        },
        Json::Object(members) => object(api, item, members),
        Json::Array(items) => elements(api, item, items),
        other => plain(other),
    }
}

fn elements(api: &Api, item: Option<&Struct>, items: Vec<Json>) -> Json {
    let element = |value| match value {
        Json::Object(members) => object(api, item, members),
        other => plain(other),
    };
    Json::Array(items.into_iter().map(element).collect())
}

/// Converts numbers that a float does not hold to texts.
fn plain(value: Json) -> Json {
    match value {
        Json::Number(number) if !is_exact(&number) => Json::String(number.to_string()),
        Json::Array(items) => Json::Array(items.into_iter().map(plain).collect()),
        Json::Object(members) => Json::Object(members.into_iter().map(|(name, value)| (name, plain(value))).collect()),
        other => other,
    }
}

fn is_exact(number: &Number) -> bool {
    match (number.as_i64(), number.as_u64()) {
        (Some(signed), _) => signed.unsigned_abs() <= MAX_EXACT,
        (None, Some(_)) => false,
        // A fraction.
        (None, None) => true,
    }
}
