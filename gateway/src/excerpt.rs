//! Excerpts of received texts for messages.

use std::borrow::Cow;

/// The maximum number of characters of an excerpt.
const MAX_LENGTH: usize = 400;

/// Returns the text. A long text is cut, and its length is added.
pub(crate) fn excerpt(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_LENGTH) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}… [{} bytes]", &text[..end], text.len())),
    }
}
