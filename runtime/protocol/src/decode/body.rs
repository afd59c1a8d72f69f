//! The body of a response as text.

use std::fmt;

use crate::surrogate;

/// The body of a response as text. It is created from text or bytes.
///
/// Invalid UTF-8 is replaced by U+FFFD, and a surrogate pair in CESU-8 by its character. [`decode`](fn@super::decode)
/// reports each changed field as a [`Mismatch`](super::Mismatch).
///
/// ```
/// use generated_sdk::protocol::ResponseBody;
///
/// let body = ResponseBody::from(b"a\xff".to_vec());
/// assert_eq!(body.text(), "a\u{fffd}");
/// assert!(!body.is_valid_utf8());
/// ```
#[derive(Clone, Default)]
pub struct ResponseBody {
    text: String,
    invalid: Vec<usize>,
}

impl ResponseBody {
    /// The maximum number of recorded positions.
    const MAX_POSITIONS: usize = 1 << 16;

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether the bytes were valid UTF-8.
    pub fn is_valid_utf8(&self) -> bool {
        self.invalid.is_empty()
    }

    /// Returns the ascending positions of the characters that replace invalid bytes.
    pub(super) fn invalid(&self) -> &[usize] {
        &self.invalid
    }

    #[doc(hidden)]
    pub fn into_text(self) -> String {
        self.text
    }
}

/// Writes the length, because the text may contain secrets.
impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.text.len())
    }
}

impl From<String> for ResponseBody {
    fn from(text: String) -> Self {
        Self { text, invalid: Vec::new() }
    }
}

impl From<&str> for ResponseBody {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Vec<u8>> for ResponseBody {
    fn from(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(error) => replaced(error.as_bytes()),
        }
    }
}

/// Converts bytes to text, and replaces each invalid sequence by one character.
fn replaced(bytes: &[u8]) -> ResponseBody {
    let (mut text, mut invalid) = (String::with_capacity(bytes.len()), Vec::new());
    let mut rest = bytes;
    while let Some(chunk) = rest.utf8_chunks().next() {
        text.push_str(chunk.valid());
        let after = &rest[chunk.valid().len()..];
        if after.is_empty() {
            break;
        }
        if invalid.len() < ResponseBody::MAX_POSITIONS {
            invalid.push(text.len());
        }
        let (character, length) = match (cesu8_surrogate(after), after.get(3..).and_then(cesu8_surrogate)) {
            (Some(high), Some(low)) if surrogate::pair(high, low).is_some() => (surrogate::pair(high, low), 6),
            (Some(_), _) => (None, 3),
            (None, _) => (None, chunk.invalid().len()),
        };
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = &after[length..];
    }
    ResponseBody { text, invalid }
}

/// Returns the surrogate at the start of the bytes. Only CESU-8 encodes surrogates; UTF-8 does not.
fn cesu8_surrogate(bytes: &[u8]) -> Option<u32> {
    match bytes {
        [0xED, second @ 0xA0..=0xBF, third @ 0x80..=0xBF, ..] => {
            Some(0xD000 | u32::from(*second & 0x3F) << 6 | u32::from(*third & 0x3F))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::ResponseBody;

    #[test]
    fn replaces_invalid_sequences() {
        for (bytes, text, invalid) in [
            (&b"abc"[..], "abc", &[][..]),
            ("端".as_bytes(), "端", &[]),
            (b"a\xffb", "a\u{fffd}b", &[1]),
            (b"a\xe7\xab", "a\u{fffd}", &[1]),
            (b"\xff\xfe", "\u{fffd}\u{fffd}", &[0, 3]),
            // CESU-8: a pair, a reversed pair, lone surrogates.
            (b"a\xed\xa0\xbd\xed\xb8\x80b", "a😀b", &[1]),
            (b"\xed\xb8\x80\xed\xa0\xbd", "\u{fffd}\u{fffd}", &[0, 3]),
            (b"\xed\xa0\xbd", "\u{fffd}", &[0]),
            (b"\xed\xa0\xbdx\xed\xb8\x80", "\u{fffd}x\u{fffd}", &[0, 4]),
            (b"\xed\xa0", "\u{fffd}\u{fffd}", &[0, 3]),
        ] {
            let body = ResponseBody::from(bytes.to_vec());
            assert_eq!((body.text(), body.invalid()), (text, invalid), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_standard_library_without_surrogates(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0xE0..=0xE7_u8], 0..40)) {
            prop_assume!(!bytes.windows(2).any(|two| two[0] == 0xED && two[1] >= 0xA0));
            let body = ResponseBody::from(bytes.clone());
            prop_assert_eq!(body.text(), String::from_utf8_lossy(&bytes));
            prop_assert_eq!(body.is_valid_utf8(), std::str::from_utf8(&bytes).is_ok());
        }
    }
}
