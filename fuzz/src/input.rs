//! Inputs of several texts, one per line, so that seeds are easy to read and edit.

/// Returns the lines of an input. A vertical tab within a line becomes a line feed.
pub(crate) fn lines(input: &[u8]) -> impl Iterator<Item = String> {
    input.split(|byte| *byte == b'\n').map(|line| String::from_utf8_lossy(line).replace('\u{b}', "\n"))
}

/// Returns names and values from alternating lines, without empty names and values.
pub(crate) fn pairs(mut lines: impl Iterator<Item = String>) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
        if !name.is_empty() && !value.is_empty() {
            pairs.push((name, value));
        }
    }
    pairs
}
