//! UTF-16 surrogates.

/// Returns the character of a surrogate pair, or `None` if the two units are not a pair.
pub(crate) fn pair(high: u32, low: u32) -> Option<char> {
    if !(0xD800..0xDC00).contains(&high) || !(0xDC00..0xE000).contains(&low) {
        return None;
    }
    char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))
}
