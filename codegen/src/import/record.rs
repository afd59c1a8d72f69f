//! Documentation records: the JSON that the platform's documentation service describes a method in, whole or trimmed.

use serde_json::{Map, Value};

use super::document::{Address, Document, Entry};
use super::words;
use crate::html::{plain, resolved};
use crate::spec::ErrorCode;

/// Reads a record.
///
/// # Errors
///
/// Why the text is no record.
pub(super) fn read(text: &str) -> Result<Document, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("it begins as JSON and is none: {error}"))?;
    let Value::Object(record) = value else {
        return Err("it is JSON, but no record: a record is one object, {\"name\": …}".to_owned());
    };
    // A record that is trimmed has no lists that would be empty.
    let describes = ["apiChineseName", "requestParams", "responseParams"].iter().any(|key| record.contains_key(*key));
    if !record.contains_key("name") || !describes {
        return Err("it is JSON, but no record: a record has a name, and an apiChineseName or parameters".to_owned());
    }
    let mut document = Document {
        method: text_of(&record, "name"),
        title: plain(&text_of(&record, "apiChineseName")),
        description: plain(&text_of(&record, "description")),
        request: entries(&record, "requestParams")?,
        response: entries(&record, "responseParams")?,
        ..Document::default()
    };
    let labels = objects(&record, "labels")?;
    document.authorization = labels.iter().find_map(|label| words::authorization(&text_of(label, "displayName")));
    for gateway in objects(&record, "envConfigs")? {
        document.gateways.push(Address { http: text_of(gateway, "httpUrl"), https: text_of(gateway, "httpsUrl") });
    }
    for error in objects(&record, "errorCodes")? {
        document.errors.push(ErrorCode {
            code: text_of(error, "errorCode"),
            message: plain(&text_of(error, "errorMsg")),
            solution: plain(&text_of(error, "solution")),
        });
    }
    document.node = sample_root(&record);
    Ok(document)
}

fn entries(record: &Map<String, Value>, key: &str) -> Result<Vec<Entry>, String> {
    objects(record, key)?.into_iter().map(entry).collect()
}

fn entry(record: &Map<String, Value>) -> Result<Entry, String> {
    let mut entry = Entry {
        name: text_of(record, "name"),
        kind: text_of(record, "type"),
        default: resolved(&text_of(record, "defaultValue")),
        example: resolved(&text_of(record, "demoValue")),
        description: plain(&text_of(record, "description")),
        fields: entries(record, "subParams")?,
        ..Entry::default()
    };
    let notes = &mut entry.notes;
    entry.required = match text_of(record, "required").as_str() {
        "" => None,
        "1" => Some(true),
        "0" => Some(false),
        word => noted(words::required(word), "required", word, notes),
    };
    for (limit, key) in [
        (&mut entry.max_length, "maxLength"),
        (&mut entry.max_list_size, "maxListSize"),
        (&mut entry.min_value, "minValue"),
        (&mut entry.max_value, "maxValue"),
    ] {
        let text = text_of(record, key);
        if !text.is_empty() {
            *limit = noted(text.replace(',', "").trim().parse().ok(), key, &text, notes);
        }
    }
    Ok(entry)
}

/// What a value was taken for, with a note if it was none that can be taken.
fn noted<T>(taken: Option<T>, key: &str, text: &str, notes: &mut Vec<String>) -> Option<T> {
    if taken.is_none() {
        notes.push(format!("Left out: the document's {key}, {text}."));
    }
    taken
}

/// The objects of a list, which may be missing.
fn objects<'r>(record: &'r Map<String, Value>, key: &str) -> Result<Vec<&'r Map<String, Value>>, String> {
    let items = match record.get(key) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(format!("its {key} is no list")),
    };
    let objects = items.iter().map(|item| item.as_object().ok_or_else(|| format!("its {key} holds no objects")));
    objects.collect()
}

/// A text, or a number or truth value in its stead; empty if there is none.
fn text_of(record: &Map<String, Value>, key: &str) -> String {
    match record.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
        _ => String::new(),
    }
}

/// The root of the record's own sample. Samples are written by hand, and many are no JSON.
fn sample_root(record: &Map<String, Value>) -> Option<String> {
    let sample: Value = serde_json::from_str(&text_of(record, "rspSampleJson")).ok()?;
    let [root] = &sample.as_object()?.keys().collect::<Vec<_>>()[..] else {
        return None;
    };
    root.ends_with("_response").then(|| (*root).clone()).filter(|root| root != "error_response")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_record() {
        for (text, problem) in [
            ("{", "it begins as JSON and is none: EOF while parsing an object at line 1 column 1"),
            ("[]", "it is JSON, but no record: a record is one object, {\"name\": …}"),
            (
                "{\"name\": \"a.b\"}",
                "it is JSON, but no record: a record has a name, and an apiChineseName or parameters",
            ),
            ("{\"name\": \"a.b\", \"requestParams\": 1}", "its requestParams is no list"),
            ("{\"name\": \"a.b\", \"requestParams\": [1]}", "its requestParams holds no objects"),
            (
                "{\"name\": \"a.b\", \"requestParams\": [{\"name\": \"x\", \"subParams\": {}}]}",
                "its subParams is no list",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), problem, "{text}");
        }
    }

    #[test]
    fn nesting_beyond_reason() {
        let deep = "{\"name\":\"a.b\",\"requestParams\":".to_owned() + &"[".repeat(100_000);
        assert!(read(&deep).unwrap_err().contains("recursion limit"), "{}", read(&deep).unwrap_err());
    }
}
