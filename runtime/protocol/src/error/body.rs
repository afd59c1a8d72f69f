//! The body of an answer, as an error keeps it.

use std::fmt;
use std::ops::Deref;

pub(super) use crate::redact::redacted as hidden;

/// The body of an answer as it came, or its first 64 KiB: an error is not to hold megabytes. It can be used as text.
///
/// Printing it with `{:?}` shows its length, because there may be secrets in it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RawBody {
    text: String,
    cut: bool,
    /// The beginning for messages, where secrets of the request had to be hidden in it.
    shown: Option<String>,
}

impl RawBody {
    /// How many bytes are kept.
    pub const LIMIT: usize = 64 << 10;

    /// Whether more came, or may have come, than is kept.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// What is kept of `bytes`, which may end before the body did. What is no UTF-8 in them is replaced.
    #[doc(hidden)]
    pub fn of_bytes(bytes: &[u8], cut: bool) -> Self {
        let kept = &bytes[..bytes.len().min(Self::LIMIT)];
        Self { text: String::from_utf8_lossy(kept).into_owned(), cut: cut || kept.len() < bytes.len(), shown: None }
    }

    /// Hides `secrets` from messages: pages of proxies like to show what they were sent.
    #[doc(hidden)]
    pub fn hide<'s>(&mut self, secrets: impl Iterator<Item = &'s str> + Clone) {
        let text = hidden(&self.text, secrets);
        self.shown = (text != self.text).then(|| beginning(&text));
    }

    /// The first of it, for a message; empty if there is nothing to see.
    #[doc(hidden)]
    pub fn beginning(&self) -> String {
        self.shown.clone().unwrap_or_else(|| beginning(&self.text))
    }
}

impl From<&str> for RawBody {
    fn from(body: &str) -> Self {
        let mut end = body.len().min(Self::LIMIT);
        while !body.is_char_boundary(end) {
            end -= 1;
        }
        let kept = &body[..end];
        Self { text: kept.to_owned(), cut: kept.len() < body.len(), shown: None }
    }
}

fn beginning(body: &str) -> String {
    const SHOWN: usize = 120;
    let body = body.trim_start();
    let mut text: String = body.chars().take(SHOWN).collect();
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
        f.write_str(if self.cut { "… (cut)" } else { "" })
    }
}

impl fmt::Debug for RawBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = if self.cut { "the first " } else { "" };
        write!(f, "[{first}{} bytes]", self.text.len())
    }
}
