//! Tables of parameters: their columns, and their rows as entries.

use super::cells::{RequiredWords, loose};
use super::nest::{nested, sampled};
use super::row::{Column, Row, exact, is_name_part, limits, nothing_but_limits};
use crate::import::document::Entry;
use crate::import::sample::{Node, Values};
use crate::import::words::{self, Spelling};
use crate::spec::is_name;

/// What a section says.
#[derive(Default)]
pub(super) struct Table {
    pub(super) entries: Vec<Entry>,
    /// What was not plain, beside what was not plain of an entry.
    pub(super) notes: Vec<String>,
}

/// The columns that a line heads, if it is the header of a table.
pub(super) fn header(line: &str) -> Option<Vec<Column>> {
    let words: Vec<_> = line.split_whitespace().collect();
    let columns: Vec<_> = words.iter().map(|word| Column::headed(word).unwrap_or(Column::Other)).collect();
    (columns.first() == Some(&Column::Name) && columns.contains(&Column::Type)).then_some(columns)
}

/// Whether a line says that there is nothing to list, or what the lines below it list.
pub(super) fn is_nothing(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("暂无") || matches!(line, "无" | "无参数" | "-") || line.contains("xxx_response 的子节点")
}

/// Reads the table in the section called `section`. What samples tell of its values is `known`, and of its nesting
/// `samples`.
pub(super) fn parameters(section: &str, lines: &[&str], known: &Values, samples: &[Node]) -> Result<Table, String> {
    let headed = lines.iter().enumerate().find_map(|(index, line)| Some((index, header(line)?)));
    let Some((index, columns)) = headed else {
        let written = |line: &&&str| !line.trim().is_empty() && !is_nothing(line);
        return match lines.iter().find(written) {
            None => Ok(Table::default()),
            Some(line) => Err(format!(
                "the section {section} has no header on one line, as 参数名 类型 必须 示例值 描述 is one; it begins {:?}",
                line.trim().chars().take(40).collect::<String>()
            )),
        };
    };
    let rows = rows(&lines[index + 1..], &columns);
    let required = RequiredWords::of(&rows, &columns);
    let flat: Vec<_> = rows.iter().map(|row| (row.indent, row.marked, entry(row, &columns, required, known))).collect();
    let mut notes = Vec::new();
    let below: String = lines[index + 1..].concat();
    if flat.is_empty() && !below.trim().is_empty() && !is_nothing(&below) {
        notes.push(format!("Nothing below the header of {section} looks like a parameter."));
    }
    let indented = flat.iter().any(|(indent, ..)| Some(indent) != flat.first().map(|(indent, ..)| indent));
    let entries = if indented || samples.is_empty() { nested(flat)? } else { sampled(flat, samples) };
    Ok(Table { entries, notes })
}

/// The marks that stand before the name of an object's field.
const MARKS: [char; 9] = ['└', '├', '│', '┗', '┣', '╰', '╚', '┕', '∟'];

/// What such a mark may be drawn out with.
const LINES: [char; 2] = ['─', '━'];

/// The same where a page has none of those: they count only before what is a row.
const PLAIN_MARKS: [char; 4] = ['-', '|', '>', '+'];

/// The rows below a header. What is no row goes on with the one above it.
fn rows(lines: &[&str], columns: &[Column]) -> Vec<Row> {
    let full = columns.len().saturating_sub(1);
    let tabs = |line: &str| line.matches('\t').count();
    // Where tabs part the cells, a line without any is no row.
    let tabbed = lines.iter().any(|line| tabs(line.trim()) >= full.min(2));
    let mut rows: Vec<Row> = Vec::new();
    for line in lines {
        let trimmed = line.trim_start();
        let bullet = trimmed.strip_prefix(['•', '·']).filter(|rest| rest.starts_with(char::is_whitespace));
        let mut row = indented(bullet.unwrap_or(line));
        if tabbed && line.starts_with('\t') && tabs(line) >= full {
            // Nothing stands in the cell of the name.
            row = Row { line: (*line).to_owned(), ..Row::default() };
        }
        if row.line.trim().is_empty() || (rows.is_empty() && is_nothing(&row.line)) {
            continue;
        }
        let begins = match bullet {
            Some(_) => row.marked,
            None if tabbed => tabs(&row.line) >= full || (row.line.contains('\t') && is_row(&row.line, columns)),
            None => is_row(&row.line, columns),
        };
        match rows.last_mut() {
            _ if begins => rows.push(row),
            Some(last) if bullet.is_some() => last.cells.push(row.line),
            // A cell of several lines, and perhaps the cells behind it.
            Some(last) if tabbed && last.line.contains('\t') && tabs(&last.line) < full => {
                last.line.push('\n');
                last.line.push_str(line.trim_end_matches(['\r', '\n']));
            }
            Some(last) => last.more.push(row.line.trim().to_owned()),
            None => {}
        }
    }
    rows
}

/// A line without its indentation, which is told by spaces and marks.
fn indented(line: &str) -> Row {
    let mut row = Row::default();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        // A mark is worth more than the space that a list puts before it.
        row.indent += match first {
            '\t' => 4,
            '\u{3000}' => 2,
            first if first.is_whitespace() => 1,
            first if MARKS.contains(&first) => 8,
            first if LINES.contains(&first) => 0,
            _ => break,
        };
        row.marked |= !first.is_whitespace();
        rest = &rest[first.len_utf8()..];
    }
    let plain = rest.trim_start_matches(PLAIN_MARKS);
    let marks = rest.len() - plain.len();
    if marks > 0 && plain.starts_with(char::is_whitespace) && is_row(plain.trim_start(), &[]) {
        row.marked = true;
        row.indent += 8 * marks;
        rest = plain.trim_start();
    }
    rest.trim_end_matches([' ', '\r']).clone_into(&mut row.line);
    row
}

/// Whether a line begins a row: with a name and a type.
fn is_row(line: &str, columns: &[Column]) -> bool {
    let cells = exact(line, columns.len());
    let (name, kind) = match &cells {
        Some(cells) => (cells.first().map(String::as_str), cells.get(1).map(String::as_str)),
        None => {
            let mut words = line.split_whitespace();
            (words.next(), words.next())
        }
    };
    let (Some(name), Some(kind)) = (name, kind) else { return false };
    let kind = if kind == "Field" { "Field List" } else { kind };
    let spelling = Spelling::parse(kind);
    is_name(name)
        && (spelling.kind().is_some()
            || (kind.starts_with(|first: char| first.is_ascii_uppercase())
                && kind.chars().all(|character| {
                    is_name_part(character) || character.is_whitespace() || "[]<>,".contains(character)
                })))
}

/// A row as the entry that it describes.
fn entry(row: &Row, columns: &[Column], required: RequiredWords, known: &Values) -> Entry {
    let mut entry = Entry::default();
    let cells = if row.cells.is_empty() { exact(&row.line, columns.len()) } else { None };
    match cells {
        Some(cells) => {
            for (index, cell) in cells.into_iter().enumerate() {
                put(&mut entry, columns.get(index).copied().unwrap_or(Column::Description), cell);
            }
        }
        None => loose(row, columns, required, known, &mut entry),
    }
    for line in &row.more {
        if !columns.contains(&Column::Limits) || !nothing_but_limits(&mut entry, line) {
            entry.description.push('\n');
            entry.description.push_str(line);
        }
    }
    entry
}

/// Puts a cell where its column says.
fn put(entry: &mut Entry, column: Column, cell: String) {
    match column {
        Column::Name => entry.name = cell,
        Column::Type => entry.kind = cell,
        Column::Required => {
            entry.required = words::required(&cell);
            if entry.required.is_none() && !cell.is_empty() {
                entry.notes.push(format!("The page says `{cell}` of whether it is required; taken as optional."));
            }
        }
        Column::Example => entry.example = cell,
        Column::Default => entry.default = cell,
        Column::Limits => {
            for line in cell.lines().flat_map(|line| line.split(['；', ';'])).map(str::trim) {
                let left = match limits(entry, line) {
                    Some((before, after)) => [before, after].concat(),
                    None => line.to_owned(),
                };
                let left =
                    left.trim_matches(|character: char| character.is_whitespace() || "，,、".contains(character));
                if !left.is_empty() {
                    entry.notes.push(format!("The page limits it by `{left}`, which a spec cannot state."));
                }
            }
        }
        Column::Description if entry.description.is_empty() => entry.description = cell,
        Column::Description => entry.description = format!("{} {cell}", entry.description),
        Column::Other => {}
    }
}
