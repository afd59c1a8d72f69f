//! Upper-case hexadecimal digits for signatures.

const DIGITS: [u8; 16] = *b"0123456789ABCDEF";

/// Returns the digits of `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = vec![0; bytes.len() * 2];
    for (digits, byte) in text.as_chunks_mut().0.iter_mut().zip(bytes) {
        *digits = [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]);
    }
    // Digits are UTF-8.
    String::from_utf8(text).unwrap_or_default()
}
