//! The start of a response document.

use serde_json::Value;

use super::budget::MemoryBudget;
use super::tree::read_document;
use crate::error::{DecodeError, Error};
use crate::source::SyntaxError;
use crate::source::{JsonSource, XmlSource};

/// Returns the body without leading white space. The document is XML if it starts with `<`, else JSON.
pub(super) fn start_of(body: &str) -> Result<&str, Box<DecodeError>> {
    let start = body.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
    if start.is_empty() {
        return Err(DecodeError::new("the body is empty", "a response", "an empty body"));
    }
    let starts_with = |tag: &str| start.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    if starts_with("<!doctype html") || starts_with("<html") {
        return Err(html_page());
    }
    Ok(start)
}

/// Returns the error of an HTML page.
pub(super) fn html_page() -> Box<DecodeError> {
    let problem =
        "expected JSON or XML, found an HTML page; check the URL, and whether a proxy or a login page responds";
    DecodeError::new(problem, "JSON or XML", "an HTML page")
}

impl From<SyntaxError> for Box<DecodeError> {
    fn from(error: SyntaxError) -> Self {
        let problem = error.to_string();
        let (expected, found) = error.into_parts();
        DecodeError::new(problem, expected.unwrap_or_else(|| "well-formed JSON or XML".to_owned()), found)
    }
}

/// Reads a whole body as JSON. In XML, an element with child elements is an object, any other element is a string, and
/// repeated elements are an array.
pub(super) fn read_body(body: &str) -> Result<Value, Box<DecodeError>> {
    let start = start_of(body)?;
    let mut budget = MemoryBudget::of_body(start.len());
    let value = if start.starts_with('<') {
        read_document(XmlSource::new(start), &mut budget)
    } else {
        read_document(JsonSource::new(start), &mut budget)
    };
    Ok(value?)
}

/// Returns a JSON or XML document as JSON: see [`decode_untyped`](super::decode_untyped) for XML.
///
/// # Errors
///
/// [`Error::Decode`] if the document is neither JSON nor XML.
pub fn document_value(document: &str) -> Result<Value, Error> {
    read_body(document).map_err(|error| Error::Decode(error.with_body(document)))
}
