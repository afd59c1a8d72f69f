//! The cells of a row that does not say where they end: what samples, types and words tell of them.

use super::row::{Column, Row, exact, first_word, limits, nothing_but_limits, present, taken_apart};
use crate::import::document::Entry;
use crate::import::sample::Values;
use crate::import::words::{self, Spelling};
use crate::spec::Kind;

/// Which words of a row say whether the parameter is required, where single spaces part the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequiredWords {
    /// None: there is no such column.
    None,
    /// Those in Chinese: `true` may be the example of a Boolean as well.
    Chinese,
    /// All, since every row has one.
    All,
}

impl RequiredWords {
    pub(super) fn of(rows: &[Row], columns: &[Column]) -> Self {
        if !columns.contains(&Column::Required) {
            return Self::None;
        }
        let mut loose = rows.iter().filter(|row| exact(&row.line, columns.len()).is_none());
        let third = |row: &Row| first_word(taken_apart(&row.line).2).0.to_owned();
        if loose.all(|row| words::required(&third(row)).is_some()) { Self::All } else { Self::Chinese }
    }

    fn required(self, word: &str) -> Option<bool> {
        match self {
            Self::None => None,
            Self::Chinese => words::required(word).filter(|_| !word.is_ascii()),
            Self::All => words::required(word),
        }
    }
}

/// Reads a row whose cells are parted by spaces, or have a line each, some of which may be missing.
pub(super) fn loose(row: &Row, columns: &[Column], required: RequiredWords, known: &Values, entry: &mut Entry) {
    let mut cells = row.cells.iter().map(String::as_str).collect::<Vec<_>>();
    let joined;
    let mut rest = row.line.as_str();
    if !cells.is_empty() && first_word(rest).1.is_empty() {
        // Name and type have a line each as well.
        joined = format!("{rest} {}", cells.remove(0));
        rest = &joined;
    }
    let behind_name = rest.trim_start().strip_prefix(first_word(rest).0);
    let wide = behind_name.is_some_and(|rest| rest.starts_with("  "));
    let (name, kind, mut rest) = taken_apart(rest);
    name.clone_into(&mut entry.name);
    entry.kind = kind;
    if required != RequiredWords::None {
        let own_line = rest.is_empty() && cells.first().is_some_and(|cell| words::required(cell).is_some());
        if own_line {
            entry.required = words::required(cells.remove(0));
        } else {
            let (word, after) = first_word(rest);
            entry.required = required.required(word);
            rest = if entry.required.is_some() { after } else { rest };
        }
    }
    cells.retain(|cell| !nothing_but_limits(entry, cell));
    if columns.contains(&Column::Limits)
        && let Some((before, after)) = limits(entry, rest)
    {
        before.clone_into(&mut entry.example);
        entry.description = [&[after], &cells[..]].concat().join("\n").trim().to_owned();
        return;
    }
    if wide && cells.is_empty() {
        // Wide gaps part the cells, of which some are missing.
        cells = rest.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        if cells.len() > 1 {
            rest = "";
        } else {
            cells.clear();
        }
    }
    let known: Vec<&str> = known.get(&entry.name).into_iter().flatten().map(String::as_str).collect();
    let has_example = columns.contains(&Column::Example);
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
    if columns.contains(&Column::Default) && !entry.example.is_empty() {
        default(entry);
    }
}

/// Takes the default of a value from the beginning of its description: single spaces part the two.
fn default(entry: &mut Entry) {
    let kind = Spelling::parse(&entry.kind);
    let (word, rest) = first_word(&entry.description);
    let scalar =
        matches!(kind.kind(), Some(Kind::Number | Kind::Byte | Kind::Price | Kind::BigDecimal | Kind::Boolean));
    if scalar && !word.is_empty() && !rest.is_empty() && kind.fits(word) {
        (entry.default, entry.description) = (word.to_owned(), rest.to_owned());
    }
}

/// Parts an example from the description behind it, by what samples, types and languages tell.
fn split(text: &str, entry: &mut Entry, known: &[&str]) {
    let ends_word = |end: &usize| text[*end..].is_empty() || text[*end..].starts_with(char::is_whitespace);
    let sampled = known.iter().filter(|value| !value.is_empty() && text.starts_with(**value)).map(|value| value.len());
    let certain = sampled.filter(ends_word).max().or_else(|| date(text)).or_else(|| json(text)).filter(ends_word);
    if let Some(end) = certain {
        text[..end].clone_into(&mut entry.example);
        text[end..].trim().clone_into(&mut entry.description);
        return;
    }
    let (first, rest) = first_word(text);
    if present(first).is_empty() {
        // The example cell is explicitly empty.
        rest.clone_into(&mut entry.description);
        return;
    }
    if rest.is_empty() {
        split_single(first, entry, known);
        return;
    }
    let kind = Spelling::parse(&entry.kind);
    if !kind.fits(first) {
        text.clone_into(&mut entry.description);
        return;
    }
    // Descriptions are in Chinese, so that what stands before it in other letters is the example.
    let chinese = text.find(|character: char| !character.is_ascii()).unwrap_or(0);
    let before = text[..chinese].rfind(char::is_whitespace).map_or(0, |end| text[..end].trim_end().len());
    let end = if before > first.len() && kind.kind() == Some(Kind::String) { before } else { first.len() };
    text[..end].clone_into(&mut entry.example);
    text[end..].trim().clone_into(&mut entry.description);
    if kind.kind() == Some(Kind::String) && (!first.is_ascii() || before != first.len()) {
        entry.notes.push("The page does not say where the example ends and the description begins.".to_owned());
    }
}

/// The only word behind a type is its example or its description.
fn split_single(word: &str, entry: &mut Entry, known: &[&str]) {
    let is_example = known.contains(&word) || (word.is_ascii() && Spelling::parse(&entry.kind).fits(word));
    if is_example { word.clone_into(&mut entry.example) } else { word.clone_into(&mut entry.description) }
}

/// How long the date is that a text begins with, with the time behind it if there is one.
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

/// How long the JSON is that a text begins with.
fn json(text: &str) -> Option<usize> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}
