//! The secrets in a value: fields that the schema marks as secret, and members of JSON with the name of a secret.

use serde_json::Value as Json;

use crate::platform::SECRETS;
use crate::record::{Record, View};
use crate::redact::HIDDEN;
use crate::source::{Event, JsonSource, Source, SyntaxError};

/// Returns whether a name is that of a secret: whether it ends with a word of `specs/platform.yaml`, in any case.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRETS.iter().any(|end| name.ends_with(end))
}

/// Returns the secrets in a value, at any depth. If it is a `secret` itself: all its texts and numbers.
pub(crate) fn of_view(view: View<'_>, secret: bool) -> Vec<String> {
    let mut secrets = Vec::new();
    collect(view, secret, &mut secrets);
    secrets
}

/// Returns the secrets in a text that is JSON: see [`of_view`].
pub(crate) fn of_text(text: &str, secret: bool) -> Vec<String> {
    let mut secrets = Vec::new();
    collect_text(text, secret, &mut secrets);
    secrets
}

/// Returns JSON with its secrets redacted.
pub fn redacted_json(json: &Json) -> Json {
    match json {
        Json::Object(members) => {
            let redact = |(name, value): (&String, &Json)| {
                let value = if is_secret(name) { Json::from(HIDDEN) } else { redacted_json(value) };
                (name.clone(), value)
            };
            Json::Object(members.iter().map(redact).collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(redacted_json).collect()),
        Json::String(text) if !of_text(text, false).is_empty() => Json::from(HIDDEN),
        other => other.clone(),
    }
}

fn collect(view: View<'_>, secret: bool, secrets: &mut Vec<String>) {
    match view {
        View::Text(text) => {
            if secret {
                secrets.push(text.to_owned());
            }
            collect_text(text, secret, secrets);
        }
        View::Texts(texts) => texts.iter().for_each(|text| collect(View::Text(text), secret, secrets)),
        View::Json(json) => collect_json(json, secret, secrets),
        View::Jsons(jsons) => jsons.iter().for_each(|json| collect_json(json, secret, secrets)),
        View::Object(object) => collect_record(object, secret, secrets),
        View::Objects(objects) => objects.iter().for_each(|object| collect_record(object, secret, secrets)),
        View::Number(number) if secret => secrets.push(number.to_string()),
        View::Numbers(numbers) if secret => secrets.extend(numbers.iter().map(ToString::to_string)),
        _ => {}
    }
}

fn collect_record(record: &dyn Record, secret: bool, secrets: &mut Vec<String>) {
    for (index, field) in record.schema().fields.iter().enumerate() {
        collect(record.view(index), secret || field.secret, secrets);
    }
}

fn collect_json(json: &Json, secret: bool, secrets: &mut Vec<String>) {
    match json {
        Json::Object(members) => {
            members.iter().for_each(|(name, value)| collect_json(value, secret || is_secret(name), secrets));
        }
        Json::Array(items) => items.iter().for_each(|item| collect_json(item, secret, secrets)),
        Json::String(text) => collect(View::Text(text), secret, secrets),
        Json::Number(number) if secret => secrets.push(number.to_string()),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Collects the secrets of a text that is JSON. A text that looks like JSON but cannot be parsed is a secret as a whole.
///
/// The parser is the lenient one for responses, because callers pass on JSON from the platform.
fn collect_text(text: &str, secret: bool, secrets: &mut Vec<String>) {
    let start = text.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
    // A JSON string may contain JSON.
    let is_json = start.starts_with(['{', '[']) || (start.starts_with('"') && start.contains(['{', '[']));
    if is_json && (secret || may_name_secret(start)) && collect_document(start, secret, secrets).is_err() {
        secrets.push(text.to_owned());
    }
}

/// Collects the secrets of a JSON text. Of a repeated key, every value counts.
fn collect_document(text: &str, secret: bool, secrets: &mut Vec<String>) -> Result<(), SyntaxError> {
    let mut source = JsonSource::new(text);
    // Whether the next value is a secret, and whether the open objects and lists are.
    let (mut secret, mut open) = (secret, Vec::new());
    loop {
        match source.next()? {
            Event::StartObject | Event::StartList => open.push(secret),
            Event::EndObject | Event::EndList => secret = open.pop().unwrap_or(secret),
            Event::Key(name) => secret = open.last() == Some(&true) || is_secret(&name),
            Event::Text(text) => collect(View::Text(&text), secret, secrets),
            Event::Number(number) if secret => secrets.push(number.into_owned()),
            Event::Float(number) if secret => secrets.push(number.to_string()),
            Event::Number(_) | Event::Float(_) | Event::Boolean(_) | Event::Null => {}
            Event::End => return Ok(()),
        }
    }
}

/// Returns whether a text may contain the name of a secret, plain or with escapes. It saves parsing most texts.
fn may_name_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("\\u") || SECRETS.iter().any(|end| lower.contains(end))
}

#[cfg(test)]
mod tests {
    use super::of_text;

    #[test]
    fn finds_secrets_in_nested_texts() {
        let mut text = r#"{"token":"s3cr3t"}"#.to_owned();
        for _ in 0..16 {
            let within = serde_json::Value::from(text);
            text = format!("{}{within}{}", "[".repeat(126), "]".repeat(126));
        }
        assert_eq!(of_text(&text, false), ["s3cr3t"]);
    }

    #[test]
    fn finds_secrets_by_name() {
        for (text, expected) in [
            (r#"{"token":{"a":[1,{"b":"2"}],"c":3},"plain":4}"#, &["1", "2", "3"][..]),
            (r#"[{"token":1},2,{"plain":{"token":[3]},"other":4},"5"]"#, &["1", "3"]),
            (r#"{"plain":{"plain":1},"token":2,"tokens":[3]}"#, &["2"]),
            (r#"{"token":1,"token":null}"#, &["1"]),
            (r#"{"plain":"{\"token\":1}","other":2}"#, &["1"]),
            (r#"{"plain":1}"#, &[]),
        ] {
            assert_eq!(of_text(text, false), expected, "{text}");
        }
        assert_eq!(of_text(r#"{"plain":[1,{"a":"2"}]}"#, true), ["1", "2"]);
    }
}
