//! The cells of a row that does not say where they end: what samples, types and words tell of them.

use super::row::{Column, Row, exact, first_word, limit, taken_apart};
use crate::import::document::Entry;
use crate::import::sample::Values;
use crate::import::words::{self, Spelling};
use crate::spec::Kind;

/// How a table that is parted by single spaces has its column of what is required.
pub(super) struct Style {
    /// Whether a word there is to be taken for what it says.
    required: fn(&str) -> bool,
}

impl Style {
    pub(super) fn of(rows: &[Row], columns: &[Column]) -> Self {
        if !columns.contains(&Column::Required) {
            return Self { required: |_| false };
        }
        let words: Vec<_> = rows.iter().filter(|row| exact(&row.line, columns.len()).is_none()).map(third).collect();
        // true may be the example of a Boolean as well, unless every row has such a word.
        if words.iter().all(|word| words::required(word).is_some()) {
            Self { required: |_| true }
        } else {
            Self { required: |word| !word.is_ascii() }
        }
    }
}

/// The word behind the name and the type.
fn third(row: &Row) -> &str {
    taken_apart(&row.line).2.split_whitespace().next().unwrap_or_default()
}

/// Reads a row whose cells are parted by single spaces, or have a line each, some of which may be missing.
pub(super) fn loose(row: &Row, columns: &[Column], style: &Style, known: &Values, entry: &mut Entry) {
    let mut cells = row.cells.iter().map(String::as_str).collect::<Vec<_>>();
    let joined;
    let mut rest = row.line.as_str();
    if !cells.is_empty() && first_word(rest).1.is_empty() {
        // Name and type have a line each as well.
        joined = format!("{rest} {}", cells.remove(0));
        rest = &joined;
    }
    let (name, kind, mut rest) = taken_apart(rest);
    name.clone_into(&mut entry.name);
    entry.kind = kind;
    if columns.contains(&Column::Required) {
        let own_line = rest.is_empty() && cells.first().is_some_and(|cell| words::required(cell).is_some());
        let (word, after) = if own_line { (cells.remove(0), rest) } else { first_word(rest) };
        if let (Some(required), true) = (words::required(word), own_line || (style.required)(word)) {
            entry.required = Some(required);
            rest = after;
        }
    }
    cells.retain(|cell| !limit(entry, cell));
    let has_example = columns.contains(&Column::Example);
    if columns.contains(&Column::Limits) && rest.contains(['：', ':']) {
        // What stands before the limits is the example, and what stands behind them the description.
        let limits: Vec<_> = rest.split_whitespace().filter(|word| limit(entry, word)).collect();
        if let (Some(first), Some(last)) = (limits.first(), limits.last())
            && let (Some(start), Some(end)) = (rest.find(first), rest.rfind(last))
        {
            entry.example = rest[..start].trim().to_owned();
            entry.description = [&[rest[end + last.len()..].trim()], &cells[..]].concat().join("\n").trim().to_owned();
            return;
        }
    }
    let known: Vec<&str> = known.get(&entry.name).into_iter().flatten().map(String::as_str).collect();
    match (&cells[..], rest.is_empty()) {
        ([], _) if has_example => split(rest, entry, &known),
        // The example on the line of the name, and the description on its own; or each on its own.
        (description, false) if has_example => {
            rest.clone_into(&mut entry.example);
            entry.description = description.join("\n");
        }
        ([only], true) if has_example => split_single(only, entry, &known),
        ([example, description @ ..], true) if has_example => {
            (*example).clone_into(&mut entry.example);
            entry.description = description.join("\n");
        }
        (cells, _) => entry.description = [&[rest], cells].concat().join("\n").trim().to_owned(),
    }
}

/// Parts an example from the description behind it, by what samples and types tell.
fn split(text: &str, entry: &mut Entry, known: &[&str]) {
    let parted = |end: usize| (text[..end].to_owned(), text[end..].trim().to_owned());
    let ends_word = |end: &usize| text[*end..].is_empty() || text[*end..].starts_with(char::is_whitespace);
    let sampled = known.iter().filter(|value| !value.is_empty() && text.starts_with(**value)).map(|value| value.len());
    let certain = sampled.filter(ends_word).max().or_else(|| date(text)).or_else(|| json(text).filter(ends_word));
    if let Some(end) = certain {
        (entry.example, entry.description) = parted(end);
        return;
    }
    let (first, rest) = first_word(text);
    if rest.is_empty() {
        split_single(first, entry, known);
        return;
    }
    let kind = Spelling::parse(&entry.kind);
    if !fits(first, &kind) {
        text.clone_into(&mut entry.description);
        return;
    }
    (entry.example, entry.description) = (first.to_owned(), rest.to_owned());
    if kind.kind() == Some(Kind::String) && !first.is_ascii() {
        entry.notes.push("The page does not say where the example ends and the description begins.".to_owned());
    }
}

/// The only word behind a type is its example or its description.
fn split_single(word: &str, entry: &mut Entry, known: &[&str]) {
    let is_example = known.contains(&word) || (word.is_ascii() && fits(word, &Spelling::parse(&entry.kind)));
    if is_example { word.clone_into(&mut entry.example) } else { word.clone_into(&mut entry.description) }
}

/// Whether a word can be a value of a type.
fn fits(word: &str, kind: &Spelling) -> bool {
    let number = |word: &str| {
        let digits = word.trim_start_matches(['-', '+']);
        digits.starts_with(|first: char| first.is_ascii_digit())
            && digits.chars().all(|character| character.is_ascii_digit() || character == '.')
    };
    match kind.kind() {
        Some(Kind::Number | Kind::Price | Kind::BigDecimal | Kind::Byte) => word.split(',').all(number),
        Some(Kind::Boolean) => word.split(',').all(|word| matches!(word, "true" | "false" | "0" | "1")),
        Some(Kind::Date) => number(word) || word.contains("yyyy"),
        Some(_) => true,
        // An object's example is nothing, or the name of its type.
        None => word == kind.word,
    }
}

/// How long the date and time is that a text begins with.
fn date(text: &str) -> Option<usize> {
    const FORM: &[u8] = b"0000-00-00 00:00:00";
    let bytes = text.as_bytes();
    let fits = bytes.len() >= FORM.len()
        && FORM.iter().zip(bytes).all(|(form, byte)| if *form == b'0' { byte.is_ascii_digit() } else { form == byte });
    let fraction = bytes.iter().skip(FORM.len()).take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    fits.then_some(FORM.len() + fraction)
}

/// How long the JSON is that a text begins with.
fn json(text: &str) -> Option<usize> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}
