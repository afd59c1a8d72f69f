//! Writes documents as readable YAML: minimal quotes, short fields on one line, and notes as comments.

use super::document::{Document, Entry};
use crate::spec::{Authorization, SPI_PREFIX};

/// The maximum line width in terminal columns.
const MAX_WIDTH: usize = 120;

/// Returns the text of the spec.
pub(super) fn yaml(document: &Document) -> String {
    let mut yaml = YamlWriter("# yaml-language-server: $schema=../method.schema.json\n".to_owned());
    yaml.comments(0, &document.notes);
    yaml.text(0, "method", &document.method);
    yaml.text(0, "title", &document.title);
    yaml.optional_text(0, "description", &document.description);
    let is_spi = document.method.starts_with(SPI_PREFIX);
    if is_spi {
        yaml.line(0, "direction: spi");
    }
    if let Some(authorization) = document.authorization.filter(|_| !is_spi) {
        let word = match authorization {
            Authorization::Required => "required",
            Authorization::Optional => "optional",
            Authorization::None => "none",
        };
        yaml.line(0, &format!("authorization: {word}"));
    }
    if document.https_only() && !is_spi {
        yaml.line(0, "https_only: true");
    }
    yaml.entries(0, "request", &document.request, false);
    yaml.line(0, "response:");
    yaml.text(2, "node", document.node.as_deref().unwrap_or_default());
    yaml.entries(2, "fields", &document.response, true);
    if !document.errors.is_empty() {
        yaml.line(0, "errors:");
        for error in &document.errors {
            let pairs = [("code", &error.code), ("message", &error.message), ("solution", &error.solution)];
            let pairs = pairs.map(|(key, text)| (key, text.as_str()));
            if !yaml.flow(2, &pairs) {
                yaml.block(2, &pairs);
            }
        }
    }
    yaml.0
}

struct YamlWriter(String);

impl YamlWriter {
    fn line(&mut self, indent: usize, line: &str) {
        self.0.extend(std::iter::repeat_n(' ', indent));
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// Writes notes as comments, wrapped between words.
    fn comments(&mut self, indent: usize, notes: &[String]) {
        for note in notes {
            let mut line = "#".to_owned();
            for word in note.split_whitespace() {
                if line.len() > 1 && indent + width(&line) + 1 + width(word) > MAX_WIDTH {
                    self.line(indent, &line);
                    line.truncate(1);
                }
                line.push(' ');
                line.push_str(word);
            }
            self.line(indent, &line);
        }
    }

    /// Writes a key and its text, on one line or as a block.
    fn text(&mut self, indent: usize, key: &str, text: &str) {
        if text.contains('\n') && text.chars().all(|character| character == '\n' || is_printable(character)) {
            // A leading space in the first line needs an explicit indentation indicator.
            let indicator = if text.starts_with([' ', '\n']) { "2" } else { "" };
            self.line(indent, &format!("{key}: |{indicator}-"));
            for line in text.split('\n') {
                if line.is_empty() { self.0.push('\n') } else { self.line(indent + 2, line) }
            }
        } else {
            self.line(indent, &format!("{key}: {}", scalar(text, false)));
        }
    }

    fn optional_text(&mut self, indent: usize, key: &str, text: &str) {
        if !text.is_empty() {
            self.text(indent, key, text);
        }
    }

    /// Writes a list item as one flow mapping, if it fits on a line. Empty texts are omitted.
    fn flow(&mut self, indent: usize, pairs: &[(&str, &str)]) -> bool {
        let pairs: Vec<_> = pairs.iter().filter(|(_, text)| !text.is_empty()).collect();
        let written: Vec<_> = pairs.iter().map(|(key, text)| format!("{key}: {}", scalar(text, true))).collect();
        let line = format!("- {{ {} }}", written.join(", "));
        let fits = indent + width(&line) <= MAX_WIDTH && !pairs.iter().any(|(_, text)| text.contains('\n'));
        if fits {
            self.line(indent, &line);
        }
        fits
    }

    /// Writes a list item with one line per pair. Empty texts are omitted.
    fn block(&mut self, indent: usize, pairs: &[(&str, &str)]) {
        for (index, (key, text)) in pairs.iter().filter(|(_, text)| !text.is_empty()).enumerate() {
            if index == 0 {
                self.line(indent, &format!("- {key}: {}", scalar(text, false)));
            } else {
                self.text(indent + 2, key, text);
            }
        }
    }

    /// Writes a list of entries. Response fields may use flow mappings, as they are many and short.
    fn entries(&mut self, indent: usize, key: &str, entries: &[Entry], short: bool) {
        if entries.is_empty() {
            self.line(indent, &format!("{key}: []"));
            return;
        }
        self.line(indent, &format!("{key}:"));
        let indent = indent + 2;
        for entry in entries {
            self.comments(indent, &entry.notes);
            let pairs = [
                ("name", entry.name.as_str()),
                ("type", &entry.kind),
                ("default", &entry.default),
                ("example", &entry.example),
                ("description", &entry.description),
            ];
            if short && entry.fields.is_empty() && self.flow(indent, &pairs) {
                continue;
            }
            self.block(indent, &pairs[..2]);
            let indent = indent + 2;
            if entry.required == Some(true) {
                self.line(indent, "required: true");
            }
            for (key, limit) in [
                ("max_length", entry.max_length),
                ("max_list_size", entry.max_list_size),
                ("min_value", entry.min_value),
                ("max_value", entry.max_value),
            ] {
                if let Some(limit) = limit {
                    self.line(indent, &format!("{key}: {limit}"));
                }
            }
            for (key, text) in &pairs[2..] {
                self.optional_text(indent, key, text);
            }
            if !entry.fields.is_empty() {
                self.entries(indent, "fields", &entry.fields, short);
            }
        }
    }
}

/// Returns a text as a YAML scalar: plain if every YAML parser reads it as this string, quoted otherwise. `flow` is for
/// flow mappings, where more characters need quotes.
fn scalar(text: &str, flow: bool) -> String {
    if !text.chars().all(is_printable) {
        return escaped(text);
    }
    let is_indicator = text.starts_with([
        '-', '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', '=', '<',
    ]);
    let needs_quotes = text.is_empty()
        || text != text.trim()
        || is_indicator
        || text.contains(": ")
        || text.contains(" #")
        || text.ends_with(':')
        || (flow && text.contains([',', '[', ']', '{', '}', ':']));
    if !needs_quotes && !is_ambiguous(text) {
        text.to_owned()
    } else if text.contains(['"', '\\']) && !text.contains('\'') {
        format!("'{text}'")
    } else {
        escaped(text)
    }
}

/// Returns a text in double quotes.
fn escaped(text: &str) -> String {
    let mut escaped = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            '\r' => escaped.push_str("\\r"),
            character if is_printable(character) => escaped.push(character),
            character => escaped.push_str(&format!("\\U{:08x}", u32::from(character))),
        }
    }
    escaped + "\""
}

/// Returns whether a character needs no escape in any YAML parser.
fn is_printable(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}'
        | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

/// Returns whether a YAML 1.1 or 1.2 parser reads a plain text as a number, a boolean, a date or null.
fn is_ambiguous(text: &str) -> bool {
    const WORDS: [&str; 14] =
        ["null", "~", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", "+.inf", ".nan", "-.inf"];
    let lower = text.to_ascii_lowercase();
    if WORDS.contains(&lower.as_str()) {
        return true;
    }
    let unsigned = lower.trim_start_matches(['+', '-']);
    let digits = |text: &str, digit: fn(&char) -> bool| {
        !text.is_empty() && text.chars().all(|character| digit(&character) || character == '_')
    };
    let radix =
        |prefix: &str, digit: fn(&char) -> bool| unsigned.strip_prefix(prefix).is_some_and(|rest| digits(rest, digit));
    // Numbers, times such as 12:30:45, and dates such as 2024-06-18.
    let numeric =
        |character: char| character.is_ascii_digit() || matches!(character, '_' | '.' | '-' | '+' | 'e' | ':');
    let date = text.len() >= 8
        && text.bytes().take(4).all(|byte| byte.is_ascii_digit())
        && text.as_bytes().get(4) == Some(&b'-')
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"-+:. TtZz".contains(&byte));
    date || radix("0x", char::is_ascii_hexdigit)
        || radix("0o", |digit| matches!(digit, '0'..='7'))
        || radix("0b", |digit| matches!(digit, '0' | '1'))
        || (unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.')
            && unsigned.contains(|character: char| character.is_ascii_digit())
            && unsigned.chars().all(numeric))
}

/// Returns the width of a text in terminal columns. Chinese characters and punctuation take two.
fn width(text: &str) -> usize {
    let wide = |character: char| {
        matches!(character, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}'
            | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}')
    };
    text.chars().map(|character| if wide(character) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_only_ambiguous_texts() {
        for (text, block, flow) in [
            ("sec_token", "sec_token", "sec_token"),
            ("结果码", "结果码", "结果码"),
            ("两个 词", "两个 词", "两个 词"),
            ("200", "\"200\"", "\"200\""),
            ("9.11", "\"9.11\"", "\"9.11\""),
            ("1e3", "\"1e3\"", "\"1e3\""),
            ("0x1f", "\"0x1f\"", "\"0x1f\""),
            ("1_000", "\"1_000\"", "\"1_000\""),
            ("12:30:45", "\"12:30:45\"", "\"12:30:45\""),
            ("2024-06-18 00:00:00", "\"2024-06-18 00:00:00\"", "\"2024-06-18 00:00:00\""),
            ("1.2.3", "\"1.2.3\"", "\"1.2.3\""),
            ("3d", "3d", "3d"),
            ("1,2", "1,2", "\"1,2\""),
            ("true", "\"true\"", "\"true\""),
            ("No", "\"No\"", "\"No\""),
            ("null", "\"null\"", "\"null\""),
            ("~", "\"~\"", "\"~\""),
            ("", "\"\"", "\"\""),
            (" a", "\" a\"", "\" a\""),
            ("a: b", "\"a: b\"", "\"a: b\""),
            ("a:b", "a:b", "\"a:b\""),
            ("a:", "\"a:\"", "\"a:\""),
            ("a #b", "\"a #b\"", "\"a #b\""),
            ("a#b", "a#b", "a#b"),
            ("- a", "\"- a\"", "\"- a\""),
            ("*", "\"*\"", "\"*\""),
            ("@x", "\"@x\"", "\"@x\""),
            ("byte[]", "byte[]", "\"byte[]\""),
            ("{\"a\":1}", "'{\"a\":1}'", "'{\"a\":1}'"),
            ("{\"a\":'1'}", "\"{\\\"a\\\":'1'}\"", "\"{\\\"a\\\":'1'}\""),
            ("a\\b", "a\\b", "a\\b"),
            ("a\u{7}b", "\"a\\U00000007b\"", "\"a\\U00000007b\""),
            ("a\nb", "\"a\\nb\"", "\"a\\nb\""),
            ("😀", "😀", "😀"),
        ] {
            assert_eq!(scalar(text, false), block, "{text:?}");
            assert_eq!(scalar(text, true), flow, "{text:?} in braces");
        }
    }
}
