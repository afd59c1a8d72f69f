//! Example values of parameters and fields, as JSON.

use serde_json::{Map, Value as Json, json};

use crate::model::{Api, Field, FieldKind, Limit, Struct};
use crate::spec::Kind;

/// The largest integer that every JSON reader represents exactly.
const MAX_EXACT: u64 = (1 << 53) - 1;

/// The maximum depth of example objects.
const MAX_DEPTH: usize = 8;

/// Returns the type of a field's values. `None` for an object.
pub(super) fn kind(field: &Field) -> Option<Kind> {
    match &field.kind {
        FieldKind::Plain(kind) => Some(*kind),
        FieldKind::OpenEnum(_) => Some(Kind::String),
        FieldKind::Object { .. } => None,
    }
}

/// Converts a text of the documents, an example or a default value, to a value of the field. `None` if it is not one, or if it
/// violates the limits of the field.
pub(super) fn typed(field: &Field, text: &str) -> Option<Json> {
    let kind = kind(field)?;
    if !field.list {
        return scalar(kind, field, text);
    }
    let items: Vec<Json> = match serde_json::from_str(text) {
        Ok(Json::Array(items)) => items.iter().map(|item| scalar(kind, field, &parameter_text(item))).collect(),
        _ if matches!(kind, Kind::Json | Kind::Map) => None,
        _ => text.split([',', '，']).map(|item| scalar(kind, field, item.trim())).collect(),
    }?;
    let fits = |limit: &Limit| !matches!(limit, Limit::MaxListSize(max) if i64::try_from(items.len()).is_ok_and(|len| len > *max));
    field.limits.iter().all(fits).then_some(Json::Array(items))
}

fn scalar(kind: Kind, field: &Field, text: &str) -> Option<Json> {
    let is_text = matches!(kind, Kind::String | Kind::FieldList);
    let value = match kind {
        Kind::String | Kind::FieldList => json!(text),
        Kind::File => return None,
        Kind::Number => json!(text.parse::<i64>().ok().filter(|number| number.unsigned_abs() <= MAX_EXACT)?),
        Kind::Byte => json!(text.parse::<i64>().ok().filter(|_| kind.accepts(text))?),
        Kind::Boolean => json!(matches!(text.to_ascii_lowercase().as_str(), "true" | "1")),
        Kind::Date => json!(Some(text).filter(|text| is_date_time(text))?),
        Kind::Price | Kind::BigDecimal => json!(text.strip_suffix('元').unwrap_or(text)),
        Kind::Json => json!(serde_json::from_str::<Json>(text).is_ok().then_some(text)?),
        Kind::Map => Json::Object(serde_json::from_str(text).ok()?),
    };
    let units = || i64::try_from(text.encode_utf16().count()).unwrap_or(i64::MAX);
    let fits = |limit: &Limit| match *limit {
        Limit::MaxLength(max) => !is_text || units() <= max,
        Limit::MinValue(min) => value.as_i64().is_none_or(|number| number >= min),
        Limit::MaxValue(max) => value.as_i64().is_none_or(|number| number <= max),
        Limit::MaxListSize(_) => true,
    };
    (kind.accepts(text) && !text.trim().is_empty() && field.limits.iter().all(fits)).then_some(value)
}

/// Returns whether a text is `yyyy-MM-dd HH:mm:ss`.
fn is_date_time(text: &str) -> bool {
    text.len() == 19
        && text.bytes().zip(b"0000-00-00 00:00:00").all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            shape => byte == *shape,
        })
}

/// Returns a valid value of a request parameter: its example, or a value of its type.
pub(super) fn value(api: &Api, field: &Field) -> Json {
    nested(api, field, &mut Vec::new())
}

fn nested<'a>(api: &'a Api, field: &'a Field, ancestors: &mut Vec<&'a str>) -> Json {
    let facts = &field.facts;
    let texts = [&facts.example, &facts.default].into_iter().flatten();
    match &field.kind {
        FieldKind::Object { name, .. } => {
            let mut written = texts.filter_map(|text| serde_json::from_str::<Json>(text).ok());
            if let Some(written) =
                written.find(|written| if field.list { written.is_array() } else { written.is_object() })
            {
                return written;
            }
            let item = api.request_objects.iter().find(|item| item.name == *name);
            let object = Json::Object(item.map(|item| members(api, item, ancestors)).unwrap_or_default());
            if field.list { json!([object]) } else { object }
        }
        FieldKind::OpenEnum(name) => {
            let item = api.enums.iter().find(|item| item.name == *name);
            let first = item.and_then(|item| item.values.first()).map(|(value, _)| value.as_str());
            texts.map(String::as_str).chain(first).find_map(|text| typed(field, text)).unwrap_or_default()
        }
        FieldKind::Plain(kind) => texts.into_iter().find_map(|text| typed(field, text)).unwrap_or_else(|| {
            let placeholder = placeholder(*kind, field);
            if field.list { json!([placeholder]) } else { placeholder }
        }),
    }
}

/// Returns the members of an object: those that are required or have an example.
fn members<'a>(api: &'a Api, item: &'a Struct, ancestors: &mut Vec<&'a str>) -> Map<String, Json> {
    if ancestors.len() == MAX_DEPTH || ancestors.contains(&item.name.as_str()) {
        return Map::new();
    }
    ancestors.push(&item.name);
    let fields = item.fields.iter().filter(|field| field.required || field.facts.example.is_some());
    let members = fields.map(|field| (field.wire.clone(), nested(api, field, ancestors))).collect();
    ancestors.pop();
    members
}

/// Returns a value for a parameter without an example, within its limits.
fn placeholder(kind: Kind, field: &Field) -> Json {
    let max = field.limits.iter().find_map(|limit| match limit {
        Limit::MaxLength(max) => usize::try_from(*max).ok(),
        _ => None,
    });
    match kind {
        Kind::String | Kind::FieldList | Kind::File => {
            json!(field.wire.chars().take(max.unwrap_or(usize::MAX)).collect::<String>())
        }
        Kind::Number | Kind::Byte => json!(field.limits.iter().fold(1, |number, limit| match limit {
            Limit::MinValue(min) => number.max(*min),
            Limit::MaxValue(max) => number.min(*max),
            _ => number,
        })),
        Kind::Boolean => json!(true),
        Kind::Date => json!("2016-01-01 12:00:00"),
        Kind::Price | Kind::BigDecimal => json!("9.90"),
        Kind::Json => json!("{}"),
        Kind::Map => json!({}),
    }
}

/// Returns a JSON value as the text of a parameter (docs/protocol.md section 3): a list of plain values is comma-separated, and
/// a list of objects or an object is JSON.
pub fn parameter_text(value: &Json) -> String {
    let is_plain = |item: &Json| !item.is_array() && !item.is_object();
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        Json::Array(items) if items.iter().all(is_plain) => {
            items.iter().map(parameter_text).collect::<Vec<_>>().join(",")
        }
        value => value.to_string(),
    }
}
