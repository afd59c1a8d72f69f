//! What the gateway tells the person who started it: a line a call, and why it was refused.

use codegen::spec::Platform;
use serde_json::Value;

use crate::Answer;

/// The lines for one call.
pub(crate) fn lines(answer: &Answer) -> String {
    let outcome = &answer.outcome;
    let or_none = |text: &Option<String>| text.as_deref().unwrap_or("-").escape_debug().to_string();
    let result = if outcome.code.is_some() { outcome.explanation.as_str() } else { "ok" };
    format!("{}  app {}  request {}  {result}", or_none(&outcome.method), or_none(&outcome.app_key), outcome.request_id)
}

/// Whether a value is JSON with a secret in it, at any depth, also in JSON texts. JSON that cannot be read may hold one.
pub(crate) fn holds_secret(value: &str, platform: &Platform) -> bool {
    let start = value.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
    if !start.starts_with(['{', '[', '"']) {
        return false;
    }
    match serde_json::from_str(start) {
        Ok(json) => json_holds_secret(&json, platform),
        Err(_) => start.contains(['{', '[']),
    }
}

fn json_holds_secret(json: &Value, platform: &Platform) -> bool {
    match json {
        Value::Object(members) => {
            members.iter().any(|(name, value)| platform.is_secret(name) || json_holds_secret(value, platform))
        }
        Value::Array(items) => items.iter().any(|item| json_holds_secret(item, platform)),
        Value::String(text) => holds_secret(text, platform),
        _ => false,
    }
}
