//! Rows without cell delimiters: samples, types and languages determine where the cells end.

use super::row::{Column, Row, delimited_cells, first_word, split_name_and_type, take_limits, take_limits_only};
use crate::import::document::Entry;
use crate::import::sample::SampleValues;
use crate::import::vocabulary::{self, DocumentType, cell_text};
use crate::spec::Kind;

/// The words that a row may use in the column "required", if single spaces separate the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequiredWords {
    /// No word: the column is missing.
    None,
    /// Chinese words only, because `true` may also be the example of a Boolean.
    Chinese,
    /// All words: every row has one.
    All,
}

impl RequiredWords {
    pub(super) fn of(rows: &[Row], columns: &[Column]) -> Self {
        if !columns.contains(&Column::Required) {
            return Self::None;
        }
        let mut undelimited = rows.iter().filter(|row| delimited_cells(&row.line, columns.len()).is_none());
        let third = |row: &Row| first_word(split_name_and_type(&row.line).2).0.to_owned();
        if undelimited.all(|row| vocabulary::required(&third(row)).is_some()) { Self::All } else { Self::Chinese }
    }

    fn required(self, word: &str) -> Option<bool> {
        match self {
            Self::None => None,
            Self::Chinese => vocabulary::required(word).filter(|_| !word.is_ascii()),
            Self::All => vocabulary::required(word),
        }
    }
}

/// Reads a row whose cells are separated by spaces or lines. Cells may be missing.
pub(super) fn read_undelimited(
    row: &Row,
    columns: &[Column],
    required: RequiredWords,
    samples: &SampleValues,
    entry: &mut Entry,
) {
    let mut cells = row.cells.iter().map(String::as_str).collect::<Vec<_>>();
    let joined;
    let mut rest = row.line.as_str();
    if !cells.is_empty() && first_word(rest).1.is_empty() {
        // The name and the type are also on lines of their own.
        joined = format!("{rest} {}", cells.remove(0));
        rest = &joined;
    }
    let after_name = rest.trim_start().strip_prefix(first_word(rest).0);
    let wide = after_name.is_some_and(|rest| rest.starts_with("  "));
    let (name, kind, mut rest) = split_name_and_type(rest);
    name.clone_into(&mut entry.name);
    entry.kind = kind;
    if required != RequiredWords::None {
        let own_line = rest.is_empty() && cells.first().is_some_and(|cell| vocabulary::required(cell).is_some());
        if own_line {
            entry.required = vocabulary::required(cells.remove(0));
        } else {
            let (word, after) = first_word(rest);
            entry.required = required.required(word);
            rest = if entry.required.is_some() { after } else { rest };
        }
    }
    cells.retain(|cell| !take_limits_only(entry, cell));
    if columns.contains(&Column::Limits)
        && let Some((before, after)) = take_limits(entry, rest)
    {
        before.clone_into(&mut entry.example);
        entry.description = [&[after], &cells[..]].concat().join("\n").trim().to_owned();
        return;
    }
    if wide && cells.is_empty() {
        // Wide gaps separate the cells.
        cells = rest.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        if cells.len() > 1 {
            rest = "";
        } else {
            cells.clear();
        }
    }
    let samples: Vec<&str> = samples.get(&entry.name).into_iter().flatten().map(String::as_str).collect();
    let has_example = columns.contains(&Column::Example);
    match (&cells[..], rest.is_empty()) {
        ([], _) if has_example => split_example(rest, entry, &samples),
        // The example is on the first line or on its own line; the description is on other lines.
        (description, false) if has_example => {
            rest.clone_into(&mut entry.example);
            entry.description = description.join("\n");
        }
        ([only], true) if has_example => assign_word(only, entry, &samples),
        ([example, description @ ..], true) if has_example => {
            (*example).clone_into(&mut entry.example);
            entry.description = description.join("\n");
        }
        (cells, _) => entry.description = [&[rest], cells].concat().join("\n").trim().to_owned(),
    }
    if columns.contains(&Column::Default) && !entry.example.is_empty() {
        split_default(entry);
    }
}

/// Moves the default value from the beginning of the description to its own field.
fn split_default(entry: &mut Entry) {
    let kind = DocumentType::parse(&entry.kind);
    let (word, rest) = first_word(&entry.description);
    if kind.is_number_or_boolean() && !word.is_empty() && !rest.is_empty() && kind.may_have_example(word) {
        (entry.default, entry.description) = (word.to_owned(), rest.to_owned());
    }
}

/// Splits a text into the example and the description.
fn split_example(text: &str, entry: &mut Entry, samples: &[&str]) {
    let ends_word = |end: &usize| text[*end..].is_empty() || text[*end..].starts_with(char::is_whitespace);
    let sampled =
        samples.iter().filter(|value| !value.is_empty() && text.starts_with(**value)).map(|value| value.len());
    let certain = sampled.filter(ends_word).max().or_else(|| date(text)).or_else(|| json(text)).filter(ends_word);
    if let Some(end) = certain {
        text[..end].clone_into(&mut entry.example);
        text[end..].trim().clone_into(&mut entry.description);
        return;
    }
    let (first, rest) = first_word(text);
    if cell_text(first).is_empty() {
        // The cell of the example is explicitly empty.
        rest.clone_into(&mut entry.description);
        return;
    }
    if rest.is_empty() {
        assign_word(first, entry, samples);
        return;
    }
    let kind = DocumentType::parse(&entry.kind);
    if !kind.may_have_example(first) {
        text.clone_into(&mut entry.description);
        return;
    }
    // Descriptions are in Chinese: an example in Latin letters ends before the first Chinese character.
    let chinese = text.find(|character: char| !character.is_ascii()).unwrap_or(0);
    let before = text[..chinese].rfind(char::is_whitespace).map_or(0, |end| text[..end].trim_end().len());
    let end = if before > first.len() && kind.kind() == Some(Kind::String) { before } else { first.len() };
    text[..end].clone_into(&mut entry.example);
    text[end..].trim().clone_into(&mut entry.description);
    if kind.kind() == Some(Kind::String) && (!first.is_ascii() || before != first.len()) {
        entry.notes.push("The page does not say where the example ends and the description begins.".to_owned());
    }
}

/// Assigns a single word to the example or the description.
fn assign_word(word: &str, entry: &mut Entry, samples: &[&str]) {
    let is_example =
        samples.contains(&word) || (word.is_ascii() && DocumentType::parse(&entry.kind).may_have_example(word));
    if is_example { word.clone_into(&mut entry.example) } else { word.clone_into(&mut entry.description) }
}

/// Returns the length of a date at the beginning of a text, with its time.
fn date(text: &str) -> Option<usize> {
    const DATES: [&str; 2] = ["0000-00-00", "0000/00/00"];
    const TIMES: [&str; 3] = [" 00:00:00.000", " 00:00:00", " 00:00"];
    let fits = |form: &str, text: &str| {
        text.len() >= form.len()
            && form
                .bytes()
                .zip(text.bytes())
                .all(|(form, byte)| if form == b'0' { byte.is_ascii_digit() } else { form == byte })
    };
    let date = DATES.iter().find(|form| fits(form, text))?.len();
    let time = TIMES.iter().find(|form| fits(form, &text[date..])).map_or(0, |form| form.len());
    Some(date + time)
}

/// Returns the length of JSON at the beginning of a text.
fn json(text: &str) -> Option<usize> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}
