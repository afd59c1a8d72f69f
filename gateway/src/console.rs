//! The lines that the console prints for a call. They contain no secret and no control character.

use std::fmt::Write as _;

use codegen::spec::Platform;

use crate::excerpt::excerpt;
use crate::refusal::Refusal;
use crate::request::Parameters;
use crate::response::Outcome;
use crate::signing;

/// The maximum length of the signed text in an explanation.
const MAX_SIGNED: usize = 4000;

/// Returns the lines for one call.
pub(crate) fn lines(outcome: &Outcome) -> String {
    let or_dash = |text: &Option<String>| text.as_deref().unwrap_or("-").escape_debug().to_string();
    let result = if outcome.code.is_some() { outcome.explanation.as_str() } else { "ok" };
    format!("{}  app {}  request {}  {result}", or_dash(&outcome.method), or_dash(&outcome.app_key), outcome.request_id)
}

/// Returns the lines that explain a refusal. A secret value is replaced by its length, and a long value is cut.
pub(crate) fn explain(
    refusal: &Refusal,
    code_name: &str,
    parameters: &Parameters<'_>,
    is_secret: impl Fn(&str, &str) -> bool,
) -> String {
    let mut lines = format!("{} {code_name}", refusal.code);
    if let Some(sub_msg) = &refusal.sub_msg {
        lines.push_str(": ");
        lines.extend(without_controls(sub_msg));
    }
    let Some(mismatch) = &refusal.mismatch else {
        return lines;
    };
    let signed = signed_text(signing::signed_pairs(parameters), is_secret);
    let received = excerpt(parameters.get("sign").unwrap_or_default());
    let (received, expected, algorithm) = (received.escape_debug(), &mismatch.expected, mismatch.algorithm);
    let _ = write!(
        lines,
        "\n  received   {received}\n  expected   {expected}\n  signed     {signed}\n  algorithm  {algorithm}"
    );
    lines
}

/// Returns the text to sign, without the AppSecret. A secret value is replaced by its length, and a long value is cut.
pub(crate) fn signed_text<'p>(
    pairs: impl Iterator<Item = (&'p str, &'p str)>,
    is_secret: impl Fn(&str, &str) -> bool,
) -> String {
    let mut signed = String::new();
    for (name, value) in pairs {
        if signed.len() > MAX_SIGNED {
            signed.push('…');
            break;
        }
        signed.extend(excerpt(name).escape_debug());
        if is_secret(name, value) {
            let _ = write!(signed, "[hidden: {} characters]", value.chars().count());
        } else {
            signed.extend(without_controls(&excerpt(value)));
        }
    }
    signed
}

/// Escapes control characters, which a terminal would execute. Quotes stay: JSON has many of them.
fn without_controls(value: &str) -> impl Iterator<Item = char> {
    value.chars().flat_map(|character| {
        let (plain, escaped) =
            if character.is_control() { (None, Some(character.escape_debug())) } else { (Some(character), None) };
        plain.into_iter().chain(escaped.into_iter().flatten())
    })
}

/// Returns whether a value is JSON that contains a secret at any depth, also in nested JSON strings. Invalid JSON counts as
/// a secret.
pub(crate) fn contains_secret(value: &str, platform: &Platform) -> bool {
    let start = value.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
    if !start.starts_with(['{', '[', '"']) {
        return false;
    }
    match serde_json::from_str(start) {
        Ok(json) => json_contains_secret(&json, platform),
        Err(_) => start.contains(['{', '[']),
    }
}

fn json_contains_secret(json: &serde_json::Value, platform: &Platform) -> bool {
    match json {
        serde_json::Value::Object(members) => {
            members.iter().any(|(name, value)| platform.is_secret(name) || json_contains_secret(value, platform))
        }
        serde_json::Value::Array(items) => items.iter().any(|item| json_contains_secret(item, platform)),
        serde_json::Value::String(text) => contains_secret(text, platform),
        _ => false,
    }
}
