//! Keys for sensitive fields: the response of `taobao.top.secret.get` (docs/protocol.md section 7.6).
//!
//! The key of an application, user and version is always the same. Version 42, as in the example
//! of the spec, is the current one, and version 41 is the previous one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use top_protocol::{SignMethod, signature};

use crate::refusal::Refusal;
use crate::request::Parameters;
use crate::value::{Members, Value};

/// The method that returns a key.
pub(crate) const METHOD: &str = "taobao.top.secret.get";

/// The current version.
const CURRENT: i64 = 42;

/// The seconds after which a client refreshes a key, and after which it must not use a key.
const INTERVALS: (i64, i64) = (3_600, 86_400);

/// Fields of the current version are encrypted with an index, so that they can be searched.
const SETTINGS: &str = r#"{"publish_status":"1","encrypt_index_compress_len":"3","encrypt_slide_size":"4","current_phone":"2","current_nick":"2","current_receiver_name":"2","previous_phone":"1","previous_nick":"1","previous_receiver_name":"1"}"#;

/// Returns the members of the response to a call that passed the checks.
pub(crate) fn respond(parameters: &Parameters<'_>) -> Result<Members, Refusal> {
    let version = match parameters.get("secret_version").map(str::parse) {
        None => CURRENT,
        Some(Ok(-1)) => CURRENT - 1,
        Some(Ok(version @ 1..=CURRENT)) => version,
        Some(_) => {
            let reason = format!("no key of this version: expected 1 to {CURRENT}, or -1 for the previous version");
            return Err(Refusal::with_reason(15, "20005", reason));
        }
    };
    let number = |name: &str, value| (name.to_owned(), Value::Number(value));
    let text = |name: &str, value: String| (name.to_owned(), Value::Text(value));
    Ok(vec![
        text("secret", STANDARD.encode(key(parameters, version))),
        number("secret_version", version),
        number("interval", INTERVALS.0),
        number("max_interval", INTERVALS.1),
        text("app_config", SETTINGS.to_owned()),
    ])
}

/// Returns the 16 bytes of a key: a digest of the application, the user and the version. Without a customer and a session, the
/// key is that of the application.
fn key(parameters: &Parameters<'_>, version: i64) -> [u8; 16] {
    let version = version.to_string();
    let names = ["app_key", "customer_user_id", "session"];
    let owner = names.map(|name| (name, parameters.get(name).unwrap_or_default()));
    let digest = signature(SignMethod::HmacSha256, &version, owner, b"");
    let mut key = [0; 16];
    // A key may be any bytes; these are letters and digits.
    key.iter_mut().zip(digest.bytes()).for_each(|(byte, digit)| *byte = digit);
    key
}
