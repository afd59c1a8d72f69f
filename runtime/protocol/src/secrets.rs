//! What is secret in a value: by the tables of its type, and within JSON by the names that the platform's documents
//! count among the secrets.

use serde_json::Value as Json;

use super::debug::HIDDEN;
use super::decode::{self, Event, Source, SyntaxError};
use super::{Record, View};

/// Whether a value of this name is a secret: the platform's documents say which ends of names do it, in whatever case.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    crate::platform::SECRETS.iter().any(|end| name.ends_with(end))
}

/// The secrets in a value, at any depth; all of its texts and numbers if it is one itself.
pub(crate) fn of_view(view: View<'_>, secret: bool) -> Vec<String> {
    let mut secrets = Vec::new();
    collect(view, secret, &mut secrets);
    secrets
}

/// The secrets in a text that is JSON, as [`of_view`] has them.
pub(crate) fn of_text(text: &str, secret: bool) -> Vec<String> {
    let mut secrets = Vec::new();
    collect_text(text, secret, &mut secrets);
    secrets
}

/// JSON as it may be printed.
pub fn redacted(json: &Json) -> Json {
    match json {
        Json::Object(members) => {
            let shown = |(name, value): (&String, &Json)| {
                let value = if is_secret(name) { Json::from(HIDDEN) } else { redacted(value) };
                (name.clone(), value)
            };
            Json::Object(members.iter().map(shown).collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(redacted).collect()),
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

/// Those of a text, if it is JSON: as answers are read, because callers pass on what the platform has written
/// (docs/protocol.md section 4.5). If it seems to be and cannot be read, all of it is a secret.
fn collect_text(text: &str, secret: bool, secrets: &mut Vec<String>) {
    let start = text.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
    // JSON may stand in a JSON string once more.
    let is_json = start.starts_with(['{', '[']) || (start.starts_with('"') && start.contains(['{', '[']));
    if is_json && (secret || names_secret(start)) && collect_document(start, secret, secrets).is_err() {
        secrets.push(text.to_owned());
    }
}

/// Those of a JSON text. Keys may repeat, and which one counts is not known. It is no recursion, because there may be texts
/// within texts, each of which may be deep.
fn collect_document(text: &str, secret: bool, secrets: &mut Vec<String>) -> Result<(), SyntaxError> {
    let mut source = decode::Json::new(text);
    // Whether what comes is a secret, and whether the objects and lists around it are.
    let (mut secret, mut around) = (secret, Vec::new());
    loop {
        match source.next()? {
            Event::StartObject | Event::StartList => around.push(secret),
            Event::EndObject | Event::EndList => secret = around.pop().unwrap_or(secret),
            Event::Key(name) => secret = around.last() == Some(&true) || is_secret(&name),
            Event::Text(text) => collect(View::Text(&text), secret, secrets),
            Event::Number(number) if secret => secrets.push(number.into_owned()),
            Event::Float(number) if secret => secrets.push(number.to_string()),
            Event::Number(_) | Event::Float(_) | Event::Boolean(_) | Event::Null => {}
            Event::End => return Ok(()),
        }
    }
}

/// Whether there may be the name of a secret in a text, so that it is worth being read. A name can be written with escapes
/// too.
fn names_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("\\u") || crate::platform::SECRETS.iter().any(|end| lower.contains(end))
}

#[cfg(test)]
mod tests {
    use super::of_text;

    #[test]
    fn texts_within_texts() {
        let mut text = r#"{"token":"s3cr3t"}"#.to_owned();
        for _ in 0..16 {
            let within = serde_json::Value::from(text);
            text = format!("{}{within}{}", "[".repeat(126), "]".repeat(126));
        }
        assert_eq!(of_text(&text, false), ["s3cr3t"]);
    }

    #[test]
    fn what_is_a_secret_in_a_text() {
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
