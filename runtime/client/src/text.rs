//! The text of an answer.

use crate::error::Error;
use top_protocol::internal::ResponseHead;
use top_protocol::{DecodeError, RawBody, ResponseBody};

/// Reads a body in UTF-8 (docs/protocol.md sections 1.3 and 4.7) and replaces what is invalid. A body that is declared
/// to be in another charset is refused.
pub(super) fn lenient(head: &ResponseHead, bytes: Vec<u8>) -> Result<ResponseBody, Error> {
    match wrong_charset(head, &bytes) {
        None => Ok(bytes.into()),
        Some(problem) => Err(Error::Decode(not_utf8(problem, &bytes))),
    }
}

/// Reads a body in which no byte may be invalid.
pub(super) fn strict(head: &ResponseHead, bytes: Vec<u8>) -> Result<String, Error> {
    if let Some(problem) = wrong_charset(head, &bytes) {
        return Err(Error::Decode(not_utf8(problem, &bytes)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let problem = format!("it is not UTF-8 from byte {} on", error.utf8_error().valid_up_to());
        Error::Decode(not_utf8(problem, error.as_bytes()))
    })
}

/// Returns why the bytes cannot be read as UTF-8, if the headers say so.
fn wrong_charset(head: &ResponseHead, bytes: &[u8]) -> Option<String> {
    let declared = charset(head).filter(|charset| !is_unsaid(charset));
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => None,
        Ok(_) => declared.map(is_in),
        Err(_) => match packing(head) {
            Some(packing) => Some(format!("it is packed with {packing}, which the client did not ask for")),
            None => declared.map(is_in),
        },
    }
}

fn not_utf8(problem: String, bytes: &[u8]) -> Box<DecodeError> {
    let mut error = DecodeError::new(problem, "UTF-8", "other bytes");
    error.body = RawBody::of_bytes(bytes, false);
    error
}

fn is_in(charset: &str) -> String {
    format!("its Content-Type says that it is in {charset:?}, and only UTF-8 is read")
}

/// What the `Content-Type` says of the encoding.
fn charset(head: &ResponseHead) -> Option<&str> {
    let parameters = head.headers.get("Content-Type")?.split(';').skip(1);
    let charset = parameters.filter_map(|parameter| parameter.split_once('=')).find_map(|(name, value)| {
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
    })?;
    Some(charset).filter(|charset| !charset.is_empty())
}

/// What the body is packed with, if it is still packed.
fn packing(head: &ResponseHead) -> Option<&str> {
    head.headers.get("Content-Encoding").map(str::trim).filter(|packing| !packing.eq_ignore_ascii_case("identity"))
}

fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

/// Whether nobody has said what the text is in: frameworks name these two when they were not told. None of the
/// platform's texts can be written in them, so one that is good UTF-8 is that.
fn is_unsaid(charset: &str) -> bool {
    is_utf8(charset) || ["iso-8859-1", "us-ascii"].iter().any(|unsaid| charset.eq_ignore_ascii_case(unsaid))
}
