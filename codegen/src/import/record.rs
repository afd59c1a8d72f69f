//! Documentation records: the JSON in which the platform's documentation service describes a method, whole or trimmed,
//! alone or in the envelope of the service.

use serde_json::{Map, Value};

use super::document::{Address, Document, Entry};
use super::error::ImportError;
use super::words;
use crate::html::{plain, resolved};
use crate::spec::ErrorCode;

/// The members of a record, of which it has at least one beside its name. A trimmed record omits empty lists.
const MEMBERS: [&str; 3] = ["apiChineseName", "requestParams", "responseParams"];

/// Reads a record.
///
/// # Errors
///
/// If the text is not a record.
pub(super) fn read(text: &str) -> Result<Document, ImportError> {
    let value: Value = serde_json::from_str(text).map_err(ImportError::Json)?;
    let Value::Object(mut record) = value else {
        return Err("the JSON is not a documentation record: expected one object, {\"name\": …}".into());
    };
    let is_record = |record: &Map<String, Value>| {
        record.contains_key("name") && MEMBERS.iter().any(|key| record.contains_key(*key))
    };
    if !is_record(&record) && ["success", "errMsg", "data"].iter().any(|key| record.contains_key(*key)) {
        record = enveloped(record)?;
    }
    if !is_record(&record) {
        return Err(
            "the JSON is not a documentation record: expected a name, and an apiChineseName or parameters".into()
        );
    }
    document(&record).map_err(ImportError::Document)
}

/// The record in the envelope of the documentation service: `{"success": true, "errMsg": "", "data": {record}}`.
fn enveloped(mut envelope: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let message = [text_of(&envelope, "errMsg"), text_of(&envelope, "code")].into_iter().find(|text| !text.is_empty());
    match (text_of(&envelope, "success").as_str(), envelope.remove("data")) {
        ("" | "true" | "1", Some(Value::Object(record))) => Ok(record),
        _ => Err(match message {
            Some(message) => format!("the documentation service answered with an error instead of a record: {message}"),
            None => "the documentation service answered without a record".to_owned(),
        }),
    }
}

fn document(record: &Map<String, Value>) -> Result<Document, String> {
    let mut document = Document {
        method: text_of(record, "name"),
        title: plain(&text_of(record, "apiChineseName")),
        description: plain(&text_of(record, "description")),
        request: entries(record, "requestParams")?,
        response: entries(record, "responseParams")?,
        ..Document::default()
    };
    for (side, key) in [("request parameters", "requestParams"), ("response fields", "responseParams")] {
        if !record.get(key).is_some_and(Value::is_array) {
            document.notes.push(format!("The record has no {key}; taken as a method without {side}."));
        }
    }
    let labels = objects(record, "labels")?;
    document.authorization = labels.iter().find_map(|label| words::authorization(&text_of(label, "displayName")));
    for gateway in objects(record, "envConfigs")? {
        document.gateways.push(Address { http: text_of(gateway, "httpUrl"), https: text_of(gateway, "httpsUrl") });
    }
    for error in objects(record, "errorCodes")? {
        document.errors.push(ErrorCode {
            code: text_of(error, "errorCode"),
            message: plain(&text_of(error, "errorMsg")),
            solution: plain(&text_of(error, "solution")),
        });
    }
    document.node = sample_root(record);
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
        Some(_) => return Err(format!("expected a list in {key}")),
    };
    let objects = items.iter().map(|item| item.as_object().ok_or_else(|| format!("expected objects in {key}")));
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
    use crate::diagnostic::chain;

    #[test]
    fn texts_that_are_not_records() {
        for (text, problem) in [
            ("{", "the text begins as JSON but is not valid JSON: EOF while parsing an object at line 1 column 1"),
            ("[]", "the JSON is not a documentation record: expected one object, {\"name\": …}"),
            (
                "{\"name\": \"a.b\"}",
                "the JSON is not a documentation record: expected a name, and an apiChineseName or parameters",
            ),
            ("{\"name\": \"a.b\", \"requestParams\": 1}", "expected a list in requestParams"),
            ("{\"name\": \"a.b\", \"requestParams\": [1]}", "expected objects in requestParams"),
            (
                "{\"name\": \"a.b\", \"requestParams\": [{\"name\": \"x\", \"subParams\": {}}]}",
                "expected a list in subParams",
            ),
            (
                "{\"success\": false, \"code\": \"404\", \"errMsg\": \"文档不存在\", \"data\": null}",
                "the documentation service answered with an error instead of a record: 文档不存在",
            ),
            (
                "{\"success\": false, \"errMsg\": \"x\", \"data\": {\"name\": \"a.b\", \"requestParams\": []}}",
                "the documentation service answered with an error instead of a record: x",
            ),
            ("{\"success\": true, \"data\": null}", "the documentation service answered without a record"),
            (
                "{\"success\": true, \"data\": {\"id\": 1}}",
                "the JSON is not a documentation record: expected a name, and an apiChineseName or parameters",
            ),
        ] {
            assert_eq!(chain(&read(text).unwrap_err()), problem, "{text}");
        }
    }

    #[test]
    fn a_record_in_its_envelope() {
        let record = r#"{"name": "a.b", "requestParams": [], "responseParams": []}"#;
        let alone = read(record).unwrap();
        for envelope in [
            format!(r#"{{"success": true, "code": "", "errMsg": "", "data": {record}}}"#),
            format!(r#"{{"success": "true", "data": {record}}}"#),
            format!(r#"{{"errMsg": null, "data": {record}}}"#),
        ] {
            assert_eq!(read(&envelope).unwrap(), alone, "{envelope}");
        }
    }

    #[test]
    fn nesting_beyond_reason() {
        let deep = "{\"name\":\"a.b\",\"requestParams\":".to_owned() + &"[".repeat(100_000);
        let error = chain(&read(&deep).unwrap_err());
        assert!(error.contains("recursion limit"), "{error}");
    }
}
