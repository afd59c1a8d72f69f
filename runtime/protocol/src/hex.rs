//! Upper-case hexadecimal digits for signatures and form encoding.

const DIGITS: [u8; 16] = *b"0123456789ABCDEF";

/// Appends the two digits of `byte`.
pub(crate) fn push(text: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        text.push(char::from(DIGITS[usize::from(digit)]));
    }
}

/// Returns the digits of `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    bytes.iter().for_each(|byte| push(&mut text, *byte));
    text
}
