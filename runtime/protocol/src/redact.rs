//! Redaction of secrets in text from outside, such as a response that echoes a request.
//!
//! Each character of a secret may be plain or an escape of JSON, of a form or of HTML, and escapes may be nested. A text may
//! mix encodings, so it is not decoded first: the matcher follows all interpretations at once.

use std::cell::Cell;
use std::collections::HashMap;

use crate::surrogate;

/// The replacement for a secret in printed text.
pub const HIDDEN: &str = "[hidden]";

/// Secrets shorter than 4 bytes match too much; they are skipped.
const MIN_LENGTH: usize = 4;

/// The number of characters that must match. A longer secret is hidden as far as it continues, because an error may hold
/// only the start of a long value.
const PREFIX: usize = 64;

/// The number of secrets that are searched for one by one.
const FEW: usize = 16;

/// The maximum nesting of escapes.
const MAX_NESTING: u8 = 3;

/// The characters that start an escape.
const ESCAPES: [char; 4] = ['\\', '%', '&', '+'];

/// The step limit of the matcher, which bounds its time. When it is reached, the rest of the text is hidden.
const STEPS: usize = 1 << 16;
const STEPS_PER_BYTE: usize = 16;

/// Replaces every occurrence of each of `secrets` in `text` by [`HIDDEN`], in any encoding.
pub fn redacted<'s>(text: &str, secrets: impl Iterator<Item = &'s str> + Clone) -> String {
    if is_clean(text, secrets.clone()) {
        return text.to_owned();
    }
    let matcher = Matcher::new(text, secrets);
    let (mut output, mut plain) = (String::new(), 0);
    for (start, _) in text.char_indices() {
        let Some(end) = matcher.end_of_match(start) else { continue };
        if start >= plain {
            output.push_str(&text[plain..start]);
            output.push_str(HIDDEN);
        }
        plain = plain.max(end);
    }
    output.push_str(&text[plain..]);
    output
}

/// Returns whether a text has no escapes and no secret. It avoids the cost of the matcher for most texts. Each secret costs a
/// search, so texts with many secrets go to the matcher.
fn is_clean<'s>(text: &str, secrets: impl Iterator<Item = &'s str> + Clone) -> bool {
    if secrets.clone().nth(FEW).is_some() {
        return false;
    }
    let prefix = |secret: &'s str| secret.char_indices().nth(PREFIX).map_or(secret, |(end, _)| &secret[..end]);
    let mut secrets = secrets.filter(|secret| secret.len() >= MIN_LENGTH);
    !text.contains(ESCAPES) && !secrets.any(|secret| text.contains(prefix(secret)))
}

/// A trie of the prefixes of the secrets, and the text to match.
struct Matcher<'t, 's> {
    text: &'t str,
    children: HashMap<(usize, char), usize>,
    /// For each node, the remainders of the secrets whose prefixes end there.
    rests: Vec<Vec<&'s str>>,
    steps: Cell<usize>,
}

impl<'t, 's> Matcher<'t, 's> {
    fn new(text: &'t str, secrets: impl Iterator<Item = &'s str>) -> Self {
        let steps = Cell::new(text.len().saturating_mul(STEPS_PER_BYTE).saturating_add(STEPS));
        let mut matcher = Self { text, children: HashMap::new(), rests: vec![Vec::new()], steps };
        for secret in secrets.filter(|secret| secret.len() >= MIN_LENGTH) {
            let mut node = 0;
            let mut characters = secret.chars();
            for character in characters.by_ref().take(PREFIX) {
                let next = matcher.rests.len();
                node = *matcher.children.entry((node, character)).or_insert(next);
                if node == next {
                    matcher.rests.push(Vec::new());
                }
            }
            matcher.rests[node].push(characters.as_str());
        }
        matcher
    }

    /// Returns the end of the longest secret that starts at `start`.
    fn end_of_match(&self, start: usize) -> Option<usize> {
        let (mut nodes, mut longest) = (vec![(0, start)], None);
        while !nodes.is_empty() {
            let mut next = Vec::new();
            for (node, at) in nodes {
                if !self.step() {
                    return Some(self.text.len());
                }
                decode(self.text, at, MAX_NESTING, &mut |character, end| {
                    if let Some(&child) = self.children.get(&(node, character))
                        && !next.contains(&(child, end))
                    {
                        next.push((child, end));
                    }
                });
            }
            for &(node, end) in &next {
                for rest in &self.rests[node] {
                    longest = longest.max(Some(self.follow(rest, end)));
                }
            }
            nodes = next;
        }
        longest
    }

    /// Returns the end of the longest match of the start of `rest` at `start`.
    fn follow(&self, rest: &str, start: usize) -> usize {
        let (mut positions, mut farthest) = (vec![start], start);
        for expected in rest.chars() {
            let mut next = Vec::new();
            for at in positions {
                if !self.step() {
                    return self.text.len();
                }
                decode(self.text, at, MAX_NESTING, &mut |character, end| {
                    if character == expected && !next.contains(&end) {
                        next.push(end);
                    }
                });
            }
            match next.iter().max() {
                Some(end) => farthest = *end,
                None => break,
            }
            positions = next;
        }
        farthest
    }

    /// Counts a step. Returns `false` if the limit is reached.
    fn step(&self) -> bool {
        let steps = self.steps.get();
        self.steps.set(steps.saturating_sub(1));
        steps > 0
    }
}

/// A callback for each interpretation: a character or number, and the position after it.
type Found<'f, T> = &'f mut dyn FnMut(T, usize);

/// Reports each interpretation of the character at `at`: plain, and as an escape nested up to `levels` deep.
fn decode(text: &str, at: usize, levels: u8, found: Found<'_, char>) {
    let Some(plain) = text[at..].chars().next() else { return };
    if levels == 0 || !ESCAPES.contains(&plain) {
        return found(plain, at + plain.len_utf8());
    }
    let text = EscapedText { text, levels: levels - 1 };
    let mut interpretations = Vec::new();
    text.next(at, &mut |character, end| interpretations.push((character, end)));
    // Each interpretation once; nested escapes multiply them.
    for index in 0..interpretations.len() {
        let (character, end) = interpretations[index];
        let mut found = |character, end| {
            if !interpretations.contains(&(character, end)) {
                interpretations.push((character, end));
            }
        };
        match character {
            '+' => found(' ', end),
            '\\' => text.backslash(end, &mut found),
            '%' => text.percent(end, &mut found),
            '&' => text.reference(end, &mut found),
            _ => {}
        }
    }
    interpretations.into_iter().for_each(|(character, end)| found(character, end));
}

/// A text whose escapes nest up to `levels` deep.
#[derive(Clone, Copy)]
struct EscapedText<'t> {
    text: &'t str,
    levels: u8,
}

impl EscapedText<'_> {
    /// Reads an escape of JSON or a similar language, after the backslash.
    fn backslash(self, at: usize, found: Found<'_, char>) {
        self.next(at, &mut |character, end| match character {
            'u' => {
                self.hexadecimal(end, 4, &mut |unit, end| self.unit(unit, "\\u", end, found));
                self.word("{", end, &mut |(), end| {
                    self.digits(end, 16, 6, 0, &mut |code, end| {
                        self.word("}", end, &mut |(), end| put(code, end, found))
                    });
                });
            }
            'U' => self.hexadecimal(end, 8, &mut |code, end| put(code, end, found)),
            'x' => self.bytes("\\x", end, found),
            'b' => found('\u{8}', end),
            'f' => found('\u{c}', end),
            'n' => found('\n', end),
            'r' => found('\r', end),
            't' => found('\t', end),
            other if !other.is_alphanumeric() => found(other, end),
            _ => {}
        });
    }

    /// Reads a percent escape, after the percent sign.
    fn percent(self, at: usize, found: Found<'_, char>) {
        self.bytes("%", at, found);
        self.word("u", at, &mut |(), end| {
            self.hexadecimal(end, 4, &mut |unit, end| self.unit(unit, "%u", end, found));
        });
    }

    /// Reads a character reference of HTML, after the ampersand.
    fn reference(self, at: usize, found: Found<'_, char>) {
        self.number("#", 10, at, found);
        self.number("#x", 16, at, found);
        self.number("#X", 16, at, found);
        for (name, character) in NAMED {
            self.word(name, at, &mut |(), end| self.word(";", end, &mut |(), end| found(*character, end)));
        }
    }

    /// Reads a numeric reference. The semicolon is optional, as in browsers.
    fn number(self, prefix: &str, radix: u32, at: usize, found: Found<'_, char>) {
        self.word(prefix, at, &mut |(), end| {
            self.digits(end, radix, 8, 0, &mut |unit, end| {
                let mut pair = |end| match unit {
                    0xd800..0xdc00 => self.word("&", end, &mut |(), end| {
                        self.word(prefix, end, &mut |(), end| {
                            self.digits(end, radix, 8, 0, &mut |low, end| {
                                put_pair(unit, low, end, found);
                                self.word(";", end, &mut |(), end| put_pair(unit, low, end, found));
                            });
                        });
                    }),
                    _ => put(unit, end, found),
                };
                pair(end);
                self.word(";", end, &mut |(), end| pair(end));
            });
        });
    }

    /// Reports the character of a UTF-16 unit, which may be a surrogate pair with the same `prefix`.
    fn unit(self, unit: u32, prefix: &str, at: usize, found: Found<'_, char>) {
        put(unit, at, found);
        if matches!(unit, 0xd800..0xdc00) {
            self.word(prefix, at, &mut |(), end| {
                self.hexadecimal(end, 4, &mut |low, end| put_pair(unit, low, end, found));
            });
        }
    }

    /// Reads a byte of Latin-1, or several bytes of UTF-8 with the same `prefix`.
    fn bytes(self, prefix: &str, at: usize, found: Found<'_, char>) {
        self.hexadecimal(at, 2, &mut |byte, end| {
            put(byte, end, found);
            let (more, bits) = match byte {
                0xc2..0xe0 => (1, byte & 0x1f),
                0xe0..0xf0 => (2, byte & 0x0f),
                0xf0..0xf5 => (3, byte & 0x07),
                _ => return,
            };
            self.continuation(prefix, end, more, bits, found);
        });
    }

    fn continuation(self, prefix: &str, at: usize, more: u32, bits: u32, found: Found<'_, char>) {
        if more == 0 {
            return put(bits, at, found);
        }
        self.word(prefix, at, &mut |(), end| {
            self.hexadecimal(end, 2, &mut |byte, end| {
                if matches!(byte, 0x80..0xc0) {
                    self.continuation(prefix, end, more - 1, (bits << 6) | (byte & 0x3f), found);
                }
            });
        });
    }

    /// Reads exactly `count` hexadecimal digits.
    fn hexadecimal(self, at: usize, count: u32, found: Found<'_, u32>) {
        let end_of_all = |value: u32, end: usize, left: u32, found: Found<'_, u32>| {
            if left == 0 {
                found(value, end);
            }
        };
        self.counted(at, 16, count, 0, &mut |value, end, left| end_of_all(value, end, left, found));
    }

    /// Reads 1 to `count` digits, and reports each possible number of them.
    fn digits(self, at: usize, radix: u32, count: u32, value: u32, found: Found<'_, u32>) {
        self.counted(at, radix, count, value, &mut |value, end, _| found(value, end));
    }

    fn counted(self, at: usize, radix: u32, left: u32, value: u32, found: &mut dyn FnMut(u32, usize, u32)) {
        let Some(left) = left.checked_sub(1) else { return };
        self.next(at, &mut |character, end| {
            if let Some(digit) = character.to_digit(radix) {
                let value = value.wrapping_mul(radix).wrapping_add(digit);
                found(value, end, left);
                self.counted(end, radix, left, value, found);
            }
        });
    }

    /// Reads a word.
    fn word(self, word: &str, at: usize, found: Found<'_, ()>) {
        let mut characters = word.chars();
        let Some(expected) = characters.next() else { return found((), at) };
        self.next(at, &mut |character, end| {
            if character == expected {
                self.word(characters.as_str(), end, found);
            }
        });
    }

    fn next(self, at: usize, found: Found<'_, char>) {
        decode(self.text, at, self.levels, found);
    }
}

/// Reports the character with this code point, if it exists.
fn put(code: u32, end: usize, found: Found<'_, char>) {
    if let Some(character) = char::from_u32(code) {
        found(character, end);
    }
}

/// Reports the character of a surrogate pair.
fn put_pair(high: u32, low: u32, end: usize, found: Found<'_, char>) {
    if let Some(character) = surrogate::pair(high, low) {
        found(character, end);
    }
}

/// The named character references of ASCII characters. Letters and digits have none.
const NAMED: &[(&str, char)] = &[
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("excl", '!'),
    ("quot", '"'),
    ("QUOT", '"'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("amp", '&'),
    ("AMP", '&'),
    ("apos", '\''),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast", '*'),
    ("midast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("lt", '<'),
    ("LT", '<'),
    ("equals", '='),
    ("gt", '>'),
    ("GT", '>'),
    ("quest", '?'),
    ("commat", '@'),
    ("lsqb", '['),
    ("lbrack", '['),
    ("bsol", '\\'),
    ("rsqb", ']'),
    ("rbrack", ']'),
    ("Hat", '^'),
    ("lowbar", '_'),
    ("UnderBar", '_'),
    ("grave", '`'),
    ("DiacriticalGrave", '`'),
    ("lcub", '{'),
    ("lbrace", '{'),
    ("verbar", '|'),
    ("vert", '|'),
    ("VerticalLine", '|'),
    ("rcub", '}'),
    ("rbrace", '}'),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{HIDDEN, redacted};

    const FORMS: usize = 14;

    /// Returns a character in one of the encodings that programs use.
    fn encoded(character: char, form: usize) -> String {
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units);
        let mut bytes = [0; 4];
        let bytes = character.encode_utf8(&mut bytes).as_bytes();
        let each_unit = |write: fn(u16) -> String| units.iter().copied().map(write).collect::<String>();
        let each_byte = |write: fn(u8) -> String| bytes.iter().copied().map(write).collect::<String>();
        let code = u32::from(character);
        match (form, character) {
            (1, _) => each_unit(|unit| format!("\\u{unit:04x}")),
            (2, _) => each_unit(|unit| format!("\\u{unit:04X}")),
            (3, _) => each_byte(|byte| format!("%{byte:02x}")),
            (4, _) => each_byte(|byte| format!("%{byte:02X}")),
            (5, _) => format!("&#{code};"),
            (6, _) => format!("&#x{code:x};"),
            (7, _) => format!("&#X{code:05X};"),
            (8, _) => format!("\\u{{{code:x}}}"),
            (9, _) => each_byte(|byte| format!("\\x{byte:02x}")),
            (10, _) => each_unit(|unit| format!("%u{unit:04X}")),
            (11, _) => each_unit(|unit| format!("&#{unit};")),
            (12, _) if !character.is_alphanumeric() => format!("\\{character}"),
            (13, ' ') => "+".to_owned(),
            (13, '&') => "&amp;".to_owned(),
            (13, '"') => "&quot;".to_owned(),
            (13, '=') => "&equals;".to_owned(),
            (13, '/') => "&sol;".to_owned(),
            (13, '_') => "&lowbar;".to_owned(),
            _ => character.to_string(),
        }
    }

    /// Generates a secret and its encoded text. Each character has up to three nested encodings.
    fn secret_and_encoded() -> impl Strategy<Value = (String, String)> {
        let character = prop_oneof![
            4 => "[A-Fn-z0-9]",
            2 => "[+/=_%&\\\\\"; .-]",
            1 => "[密é端😀]",
        ];
        let forms = (0..FORMS, prop_oneof![3 => Just(0), 1 => 0..FORMS], prop_oneof![9 => Just(0), 1 => 0..FORMS]);
        proptest::collection::vec((character, forms), 4..24).prop_map(|characters| {
            let again = |text: &str, form| text.chars().map(|character| encoded(character, form)).collect::<String>();
            let secret = characters.iter().map(|(character, _)| character.as_str()).collect();
            let written = characters
                .iter()
                .map(|(character, (first, second, third))| again(&again(&again(character, *first), *second), *third))
                .collect();
            (secret, written)
        })
    }

    proptest! {
        #[test]
        fn hides_a_secret_in_any_encoding((secret, written) in secret_and_encoded(), before in "[g-m<>:,]{0,8}", after in "[g-m<>:,]{0,8}") {
            let text = format!("{before}{written}{after}{written}{before}");
            let expected = format!("{before}{HIDDEN}{after}{HIDDEN}{before}");
            if after.is_empty() {
                prop_assert!(!redacted(&text, [secret.as_str()].into_iter()).contains(&written));
            } else {
                prop_assert_eq!(redacted(&text, [secret.as_str()].into_iter()), expected);
            }
        }

        #[test]
        fn keeps_other_text(text in "\\PC{0,60}|[\\\\u%&#x;+/a0-9]{0,60}|(%25|\\\\|&amp;|&#|\\\\u00|x){0,30}") {
            let secrets = ["Zq密-the secret", "Zq"];
            prop_assume!(!text.contains("Zq"));
            prop_assert_eq!(redacted(&text, secrets.into_iter()), text);
        }
    }

    #[test]
    fn hides_common_encodings() {
        let secret = "a/b=c+d&e\"f g";
        for written in [
            r#"a\/b=c+d&e\"f g"#,
            r#"a/b\u003dc+d\u0026e\"f g"#,
            r#"a\u002fb\u003Dc\u002Bd\u0026e\u0022f\u0020g"#,
            "a%2fb%3dc%2bd%26e%22f%20g",
            "a%2Fb%3Dc%2Bd%26e%22f+g",
            "a%252Fb%253Dc%252Bd%2526e%2522f%2520g",
            "a/b=c+d&amp;e&quot;f g",
            "a&#47;b&#61;c&#43;d&#38;e&#34;f&#32;g",
            "a&#x2f;b&#x3D;c&#x2b;d&#x26;e&#X22;f&nbsp; g".replace("&nbsp; ", " ").as_str(),
            "a&sol;b&equals;c&plus;d&amp;e&quot;f g",
            "a&#47b&#61c&#43d&#38e&#34f g",
            "a&amp;#47;b&amp;#61;c+d&amp;amp;e&amp;quot;f g",
            r#"a\\\/b\\u003dc+d&e\\\"f g"#,
        ] {
            let text = format!("{{\"msg\":\"{written}\"}}");
            assert_eq!(redacted(&text, [secret].into_iter()), format!("{{\"msg\":\"{HIDDEN}\"}}"));
        }
    }

    #[test]
    fn hides_nested_and_overlapping_secrets() {
        let redacted = |text: &str, secrets: &[&str]| redacted(text, secrets.iter().copied());
        assert_eq!(redacted("x abcdefgh y", &["abcd", "abcdefgh", "defg"]), format!("x {HIDDEN} y"));
        // Overlapping secrets are both hidden.
        assert_eq!(redacted("x abcdef y", &["abcd", "cdef"]), format!("x {HIDDEN} y"));
        assert_eq!(redacted("abcdefgh", &["abcd", "efgh"]), format!("{HIDDEN}{HIDDEN}"));
        assert_eq!(redacted("C:\\nabc is \\nabc", &["nabc"]), format!("C:\\{HIDDEN} is \\{HIDDEN}"));
        assert_eq!(redacted("abc 端", &["abc", "", "端"]), "abc 端");
        assert_eq!(redacted("", &["abcd"]), "");
    }

    #[test]
    fn hides_the_available_part_of_a_long_secret() {
        let secret = format!("{}{}", "0123456789".repeat(30), "z");
        let cut = &secret[..150];
        for text in [&secret, cut] {
            assert_eq!(redacted(&format!("<{text}>"), [secret.as_str()].into_iter()), format!("<{HIDDEN}>"));
        }
        assert_eq!(redacted("0123456789", [secret.as_str()].into_iter()), "0123456789");
    }

    #[test]
    fn bounds_the_time_for_hostile_input() {
        let text = "a".repeat(64 << 10);
        let secret = format!("{}b", "a".repeat(60 << 10));
        assert_eq!(redacted(&text, [secret.as_str()].into_iter()), HIDDEN);
        let secrets: Vec<_> = (0..5000).map(|number| format!("{}{number}", "a".repeat(60))).collect();
        let text = format!("{}{}x{}", "\\".repeat(2000), "%25".repeat(2000), secrets[4321]);
        let output = redacted(&text, secrets.iter().map(String::as_str));
        assert_eq!(output, format!("{}{}x{HIDDEN}", "\\".repeat(2000), "%25".repeat(2000)));
        let secrets: Vec<_> = (10_000..30_000).map(|number| format!("{number}-secret")).collect();
        let plain = "0123456789-".repeat(6000);
        let output = redacted(&format!("{plain}{}", secrets[12_345]), secrets.iter().map(String::as_str));
        assert_eq!(output, format!("{plain}{HIDDEN}"));
    }
}
