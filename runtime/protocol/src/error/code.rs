//! The codes of refusals.

use std::fmt;

use crate::platform::CODES;
use crate::platform_code::PlatformCode;

/// The code of a refusal (docs/protocol.md sections 5.1 and 11.3).
///
/// Taobao's gateways use numbers. Others, such as AliExpress, use words. Both compare with literals:
///
/// ```
/// use generated_sdk::protocol::Code;
///
/// assert_eq!(Code::from(25), 25);
/// assert_eq!(Code::from("IllegalAccessToken"), "IllegalAccessToken");
/// assert_eq!(Code::from("IllegalAccessToken").equivalent(), Some(27));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// A number, such as 25. 0 if the response has no code.
    Number(i64),
    /// A word, such as `IllegalAccessToken`.
    Word(String),
}

impl Code {
    /// Returns the number; `None` for a word.
    pub const fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Word(_) => None,
        }
    }

    /// Returns the number, or the equivalent number of a known word.
    pub fn equivalent(&self) -> Option<i64> {
        self.number().or_else(|| self.documented().map(|entry| entry.code))
    }

    /// Returns the documentation of the code.
    pub fn documented(&self) -> Option<&'static PlatformCode> {
        CODES.iter().find(|entry| match self {
            Self::Number(number) => entry.code == *number,
            Self::Word(word) => entry.words.iter().any(|known| known.eq_ignore_ascii_case(word)),
        })
    }
}

impl Code {
    /// Returns whether the refusal has no code.
    pub(super) fn is_absent(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the documentation of the code, if it is a word.
    pub(super) fn documented_word(&self) -> Option<&'static PlatformCode> {
        matches!(self, Self::Word(_)).then(|| self.documented()).flatten()
    }
}

impl Default for Code {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl From<i64> for Code {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Code {
    /// Parses an integer as [`Number`](Self::Number), and an empty text as 0.
    fn from(text: &str) -> Self {
        match text.trim() {
            "" => Self::default(),
            text => text.parse().map_or_else(|_| Self::Word(text.to_owned()), Self::Number),
        }
    }
}

impl PartialEq<i64> for Code {
    fn eq(&self, number: &i64) -> bool {
        self.number() == Some(*number)
    }
}

impl PartialEq<str> for Code {
    fn eq(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own == word)
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, word: &&str) -> bool {
        self == *word
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}
