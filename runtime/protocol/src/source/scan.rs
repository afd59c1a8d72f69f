//! A search for bytes in texts that are usually short.

/// The number of bytes in a word.
const WORD: usize = size_of::<u64>();

/// The number of words after which a vectorized search is faster.
const SHORT: usize = 8;

/// Returns the position of the first byte that is one of `wanted`.
#[inline(always)]
pub(super) fn find<const N: usize>(wanted: [u8; N], bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<WORD>();
    for (index, word) in words.get(..SHORT).unwrap_or(words).iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = wanted.map(|byte| zeros(word ^ repeated(byte))).into_iter().fold(0, |all, found| all | found);
        let found = found & repeated(0x80);
        if found != 0 {
            return Some(index * WORD + found.trailing_zeros() as usize / 8);
        }
    }
    if words.len() > SHORT {
        return find_far(wanted, bytes);
    }
    let at = rest.iter().position(|byte| wanted.contains(byte))?;
    Some(bytes.len() - rest.len() + at)
}

/// [`find`] if the first words have none of these bytes.
#[inline(never)]
fn find_far<const N: usize>(wanted: [u8; N], bytes: &[u8]) -> Option<usize> {
    let passed = SHORT * WORD;
    let rest = bytes.get(passed..)?;
    let at = match wanted.as_slice() {
        [a] => memchr::memchr(*a, rest),
        [a, b] => memchr::memchr2(*a, *b, rest),
        _ => rest.iter().position(|byte| wanted.contains(byte)),
    };
    at.map(|at| passed + at)
}

/// Returns a word of eight times the same byte.
const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; WORD])
}

/// Sets the high bit of the lowest byte that is zero, and of no lower byte. Other bits may be set too.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(repeated(1)) & !word
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::find;

    proptest! {
        #[test]
        fn agrees_with_a_search_byte_by_byte(
            start in proptest::collection::vec(any::<u8>(), 0..10),
            plain in 0_usize..100,
            end in proptest::collection::vec(prop_oneof![any::<u8>(), b'!'..=b'#', b'['..=b']'], 0..20),
        ) {
            let bytes = [start, vec![b'x'; plain], end].concat();
            let first = |wanted: &[u8]| bytes.iter().position(|byte| wanted.contains(byte));
            prop_assert_eq!(find(*b"\"", &bytes), first(b"\""));
            prop_assert_eq!(find(*b"\"\\", &bytes), first(b"\"\\"));
            prop_assert_eq!(find(*b"\"\\x", &bytes), first(b"\"\\x"));
        }
    }
}
