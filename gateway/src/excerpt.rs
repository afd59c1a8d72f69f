//! Texts of callers, short enough for a line.

use std::borrow::Cow;

/// The most characters that are kept of a text.
const MAX_LENGTH: usize = 400;

/// The text, or its start and its length where it is long.
pub(crate) fn excerpt(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_LENGTH) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}… [{} bytes]", &text[..end], text.len())),
    }
}
