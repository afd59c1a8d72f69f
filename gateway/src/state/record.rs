//! Records of the state: JSON objects whose members have the names of the platform's fields.

use serde_json::{Map, Value as Json};

/// A record. `null` is a field without a value, which a response leaves out.
pub(super) type Record = Map<String, Json>;

/// Returns the text of a scalar. `None` for `null`, lists and objects.
pub(super) fn text_of(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// Returns the integer of a number or of its text.
pub(super) fn integer_of(value: &Json) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Returns the text of a field. Empty if the record lacks it.
pub(super) fn text(record: &Record, field: &str) -> String {
    record.get(field).and_then(text_of).unwrap_or_default()
}

/// Returns the integer of a field.
pub(super) fn integer(record: &Record, field: &str) -> Option<i64> {
    integer_of(record.get(field)?)
}

/// Returns the objects of a list.
pub(super) fn objects<'r>(record: &'r Record, field: &str) -> impl Iterator<Item = &'r Record> {
    record.get(field).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_object)
}

/// Returns the objects of a list to change them.
pub(super) fn objects_mut<'r>(record: &'r mut Record, field: &str) -> impl Iterator<Item = &'r mut Record> {
    record.get_mut(field).and_then(Json::as_array_mut).into_iter().flatten().filter_map(Json::as_object_mut)
}

/// Returns whether the value at a path, or one of the values in lists on the path, has this text.
pub(super) fn has_text(record: &Record, path: &str, expected: &str) -> bool {
    let (field, rest) = path.split_once('.').map_or((path, None), |(field, rest)| (field, Some(rest)));
    match (rest, record.get(field)) {
        (_, None) => false,
        (None, Some(value)) => text_of(value).is_some_and(|text| text == expected),
        (Some(rest), Some(Json::Object(inner))) => has_text(inner, rest, expected),
        (Some(rest), Some(Json::Array(items))) => {
            items.iter().filter_map(Json::as_object).any(|inner| has_text(inner, rest, expected))
        }
        (Some(_), Some(_)) => false,
    }
}

/// Sets the value at a path, and creates the objects on the path.
pub(super) fn set(record: &mut Record, path: &str, value: Json) {
    match path.split_once('.') {
        None => {
            record.insert(path.to_owned(), value);
        }
        Some((field, rest)) => {
            let inner = record.entry(field).or_insert(Json::Null);
            if !inner.is_object() {
                *inner = Json::Object(Record::new());
            }
            if let Json::Object(inner) = inner {
                set(inner, rest, value);
            }
        }
    }
}

/// Returns the approximate memory of a value in bytes.
pub(super) fn size(value: &Json) -> usize {
    /// The bytes of a value in addition to its text.
    const OVERHEAD: usize = 48;
    OVERHEAD
        + match value {
            Json::String(text) => text.len(),
            Json::Array(items) => items.iter().map(size).sum(),
            Json::Object(members) => size_of_record(members),
            Json::Null | Json::Bool(_) | Json::Number(_) => 0,
        }
}

/// Returns the approximate memory of a record in bytes.
pub(super) fn size_of_record(record: &Record) -> usize {
    record.iter().map(|(name, value)| name.len() + size(value)).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(json: Json) -> Record {
        json.as_object().unwrap().clone()
    }

    #[test]
    fn paths_lead_through_objects_and_lists() {
        let mut trade = record(json!({ "tid": 1, "orders": [{ "oid": 2 }, { "oid": "3" }], "a": 1 }));
        for (path, text, expected) in [
            ("tid", "1", true),
            ("orders.oid", "3", true),
            ("orders.oid", "4", false),
            ("a.b", "1", false),
            ("b", "", false),
        ] {
            assert_eq!(has_text(&trade, path, text), expected, "{path}");
        }
        set(&mut trade, "a.b.c", json!("x"));
        set(&mut trade, "a.b.d", json!("y"));
        assert_eq!(trade["a"], json!({ "b": { "c": "x", "d": "y" } }));
    }
}
