//! The start of a response document.

use crate::error::DecodeError;
use crate::source::SyntaxError;

/// Returns the body without leading white space. The document is XML if it starts with `<`, else JSON.
pub(super) fn start_of(body: &str) -> Result<&str, Box<DecodeError>> {
    let start = body.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
    if start.is_empty() {
        return Err(DecodeError::new("the body is empty", "a response", "an empty body"));
    }
    let lower: String = start.chars().take(14).collect::<String>().to_ascii_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
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
        let expected = error.expected.clone().unwrap_or_else(|| "well-formed JSON or XML".to_owned());
        DecodeError::new(error.to_string(), expected, error.found)
    }
}
