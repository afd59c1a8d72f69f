//! The response body of an error.

use std::fmt;
use std::ops::Deref;

use crate::redact::redacted;

/// The response body of an error, truncated to 64 KiB. It dereferences to `str`.
///
/// The `{:?}` output is the length, because the text may contain secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RawBody {
    text: String,
    truncated: bool,
    /// The excerpt for messages, if secrets of the request were redacted.
    redacted_excerpt: Option<String>,
}

impl RawBody {
    /// The maximum length in bytes.
    pub const LIMIT: usize = 64 << 10;

    /// Returns whether the response had, or may have had, more bytes.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Creates a body from bytes, which may themselves be `truncated`. Replaces invalid UTF-8.
    #[doc(hidden)]
    pub fn of_bytes(bytes: &[u8], truncated: bool) -> Self {
        let kept = &bytes[..bytes.len().min(Self::LIMIT)];
        Self {
            text: String::from_utf8_lossy(kept).into_owned(),
            truncated: truncated || kept.len() < bytes.len(),
            redacted_excerpt: None,
        }
    }

    /// Redacts `secrets` in messages. Error pages of proxies may echo the request.
    #[doc(hidden)]
    pub fn redact<'s>(&mut self, secrets: impl Iterator<Item = &'s str> + Clone) {
        let text = redacted(&self.text, secrets);
        self.redacted_excerpt = (text != self.text).then(|| excerpt(&text));
    }

    /// Returns the start of the body for a message.
    #[doc(hidden)]
    pub fn excerpt(&self) -> String {
        self.redacted_excerpt.clone().unwrap_or_else(|| excerpt(&self.text))
    }
}

impl From<&str> for RawBody {
    fn from(body: &str) -> Self {
        let mut end = body.len().min(Self::LIMIT);
        while !body.is_char_boundary(end) {
            end -= 1;
        }
        let kept = &body[..end];
        Self { text: kept.to_owned(), truncated: kept.len() < body.len(), redacted_excerpt: None }
    }
}

fn excerpt(body: &str) -> String {
    const MAX_LENGTH: usize = 120;
    let body = body.trim_start();
    let mut text: String = body.chars().take(MAX_LENGTH).collect();
    if text.len() < body.len() {
        text.push('…');
    }
    text
}

impl Deref for RawBody {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for RawBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        f.write_str(if self.truncated { "… (truncated)" } else { "" })
    }
}

impl fmt::Debug for RawBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = if self.truncated { "the first " } else { "" };
        write!(f, "[{first}{} bytes]", self.text.len())
    }
}
