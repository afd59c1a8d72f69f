//! Documentation records: the JSON with which the platform's documentation service describes a method. A record may be
//! trimmed, and may be in the envelope of the service.

use serde_json::{Map, Value};

use super::document::{Document, Entry, GatewayUrls};
use super::error::ImportError;
use super::vocabulary;
use crate::html::{plain_text, resolve_entities};
use crate::spec::ErrorCode;

/// A record has its name and at least one of these members. A trimmed record omits empty lists.
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
        record = unwrap_envelope(record)?;
    }
    if !is_record(&record) {
        return Err(
            "the JSON is not a documentation record: expected a name, and an apiChineseName or parameters".into()
        );
    }
    document(&record).map_err(ImportError::Document)
}

/// Returns the record in the envelope of the documentation service: `{"success": true, "errMsg": "", "data":
/// {record}}`.
fn unwrap_envelope(mut envelope: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let message = [text_of(&envelope, "errMsg"), text_of(&envelope, "code")].into_iter().find(|text| !text.is_empty());
    match (text_of(&envelope, "success").as_str(), envelope.remove("data")) {
        ("" | "true" | "1", Some(Value::Object(record))) => Ok(record),
        _ => Err(match message {
            Some(message) => format!("the documentation service returned an error: {message}"),
            None => "the documentation service returned no record".to_owned(),
        }),
    }
}

fn document(record: &Map<String, Value>) -> Result<Document, String> {
    let mut document = Document {
        method: text_of(record, "name"),
        title: plain_text(&text_of(record, "apiChineseName")),
        description: plain_text(&text_of(record, "description")),
        request: entries(record, "requestParams")?,
        response: entries(record, "responseParams")?,
        ..Document::default()
    };
    for (side, key) in [("request parameters", "requestParams"), ("response fields", "responseParams")] {
        if !record.get(key).is_some_and(Value::is_array) {
            document.notes.push(format!("The record has no {key}; imported without {side}."));
        }
    }
    let labels = objects(record, "labels")?;
    document.authorization = labels.iter().find_map(|label| vocabulary::authorization(&text_of(label, "displayName")));
    for gateway in objects(record, "envConfigs")? {
        document.gateways.push(GatewayUrls { http: text_of(gateway, "httpUrl"), https: text_of(gateway, "httpsUrl") });
    }
    for error in objects(record, "errorCodes")? {
        document.errors.push(ErrorCode {
            code: text_of(error, "errorCode"),
            message: plain_text(&text_of(error, "errorMsg")),
            solution: plain_text(&text_of(error, "solution")),
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
        default: resolve_entities(&text_of(record, "defaultValue")),
        example: resolve_entities(&text_of(record, "demoValue")),
        description: plain_text(&text_of(record, "description")),
        fields: entries(record, "subParams")?,
        ..Entry::default()
    };
    let notes = &mut entry.notes;
    entry.required = match text_of(record, "required").as_str() {
        "" => None,
        "1" => Some(true),
        "0" => Some(false),
        word => parsed_or_noted(vocabulary::required(word), "required", word, notes),
    };
    for (limit, key) in [
        (&mut entry.max_length, "maxLength"),
        (&mut entry.max_list_size, "maxListSize"),
        (&mut entry.min_value, "minValue"),
        (&mut entry.max_value, "maxValue"),
    ] {
        let text = text_of(record, key);
        if !text.is_empty() {
            *limit = parsed_or_noted(text.replace(',', "").trim().parse().ok(), key, &text, notes);
        }
    }
    Ok(entry)
}

/// Returns a parsed value, and notes a text that cannot be parsed.
fn parsed_or_noted<T>(parsed: Option<T>, key: &str, text: &str, notes: &mut Vec<String>) -> Option<T> {
    if parsed.is_none() {
        notes.push(format!("Left out: the document's {key} `{text}`."));
    }
    parsed
}

/// Returns the objects of an array, which may be missing.
fn objects<'r>(record: &'r Map<String, Value>, key: &str) -> Result<Vec<&'r Map<String, Value>>, String> {
    let items = match record.get(key) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(format!("expected an array in {key}")),
    };
    let objects = items.iter().map(|item| item.as_object().ok_or_else(|| format!("expected objects in {key}")));
    objects.collect()
}

/// Returns a string, or a number or boolean as a string; empty if absent.
fn text_of(record: &Map<String, Value>, key: &str) -> String {
    match record.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
        _ => String::new(),
    }
}

/// Returns the root of the response sample. Samples are written by hand, and many are not valid JSON.
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
    fn refuses_other_texts() {
        for (text, problem) in [
            ("{", "invalid JSON: EOF while parsing an object at line 1 column 1"),
            ("[]", "the JSON is not a documentation record: expected one object, {\"name\": …}"),
            (
                "{\"name\": \"a.b\"}",
                "the JSON is not a documentation record: expected a name, and an apiChineseName or parameters",
            ),
            ("{\"name\": \"a.b\", \"requestParams\": 1}", "expected an array in requestParams"),
            ("{\"name\": \"a.b\", \"requestParams\": [1]}", "expected objects in requestParams"),
            (
                "{\"name\": \"a.b\", \"requestParams\": [{\"name\": \"x\", \"subParams\": {}}]}",
                "expected an array in subParams",
            ),
            (
                "{\"success\": false, \"code\": \"404\", \"errMsg\": \"文档不存在\", \"data\": null}",
                "the documentation service returned an error: 文档不存在",
            ),
            (
                "{\"success\": false, \"errMsg\": \"x\", \"data\": {\"name\": \"a.b\", \"requestParams\": []}}",
                "the documentation service returned an error: x",
            ),
            ("{\"success\": true, \"data\": null}", "the documentation service returned no record"),
            (
                "{\"success\": true, \"data\": {\"id\": 1}}",
                "the JSON is not a documentation record: expected a name, and an apiChineseName or parameters",
            ),
        ] {
            assert_eq!(chain(&read(text).unwrap_err()), problem, "{text}");
        }
    }

    #[test]
    fn unwraps_envelopes() {
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
    fn refuses_deep_nesting() {
        let deep = "{\"name\":\"a.b\",\"requestParams\":".to_owned() + &"[".repeat(100_000);
        let error = chain(&read(&deep).unwrap_err());
        assert!(error.contains("recursion limit"), "{error}");
    }
}
