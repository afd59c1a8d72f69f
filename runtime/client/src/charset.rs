//! Decoding of response bodies as text.

use top_protocol::internal::ResponseHead;
use top_protocol::{DecodeError, RawBody, ResponseBody};

use crate::error::Error;

/// Decodes a body as UTF-8 and replaces invalid bytes (docs/protocol.md sections 1.3 and 4.7). A body that is declared to
/// have another charset is an error.
pub(super) fn decode_lossy(head: &ResponseHead, bytes: Vec<u8>) -> Result<ResponseBody, Error> {
    match charset_mismatch(head, &bytes) {
        None => Ok(bytes.into()),
        Some(problem) => Err(Error::Decode(not_utf8(problem, &bytes))),
    }
}

/// Decodes a body as UTF-8. An invalid byte is an error.
pub(super) fn decode_strict(head: &ResponseHead, bytes: Vec<u8>) -> Result<String, Error> {
    if let Some(problem) = charset_mismatch(head, &bytes) {
        return Err(Error::Decode(not_utf8(problem, &bytes)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let problem = format!("expected UTF-8, found an invalid byte at offset {}", error.utf8_error().valid_up_to());
        Error::Decode(not_utf8(problem, error.as_bytes()))
    })
}

/// Returns why the bytes are not UTF-8, if the headers declare another encoding.
fn charset_mismatch(head: &ResponseHead, bytes: &[u8]) -> Option<String> {
    let declared = charset(head).filter(|charset| !is_default_charset(charset));
    let encoding = content_encoding(head);
    if declared.is_none() && encoding.is_none() || bytes.is_ascii() {
        return None;
    }
    match encoding.filter(|_| std::str::from_utf8(bytes).is_err()) {
        Some(encoding) => Some(format!("expected no Content-Encoding, found {encoding:?}")),
        None => declared.map(|charset| format!("expected UTF-8, found the charset {charset:?} in its Content-Type")),
    }
}

fn not_utf8(problem: String, bytes: &[u8]) -> Box<DecodeError> {
    let mut error = DecodeError::new(problem, "UTF-8", "other bytes");
    error.body = RawBody::of_bytes(bytes, false);
    error
}

/// Returns the charset of the `Content-Type`.
fn charset(head: &ResponseHead) -> Option<&str> {
    let parameters = head.headers.get("Content-Type")?.split(';').skip(1);
    let charset = parameters.filter_map(|parameter| parameter.split_once('=')).find_map(|(name, value)| {
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
    })?;
    Some(charset).filter(|charset| !charset.is_empty())
}

/// Returns the `Content-Encoding` of a body that is still encoded.
fn content_encoding(head: &ResponseHead) -> Option<&str> {
    head.headers.get("Content-Encoding").map(str::trim).filter(|encoding| !encoding.eq_ignore_ascii_case("identity"))
}

/// Whether `charset` is UTF-8 or a default of HTTP frameworks. The defaults cannot encode Chinese text, so a body that is
/// valid UTF-8 is UTF-8.
fn is_default_charset(charset: &str) -> bool {
    ["utf-8", "utf8", "iso-8859-1", "us-ascii"].iter().any(|default| charset.eq_ignore_ascii_case(default))
}
