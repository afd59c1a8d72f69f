//! Tables of parameters: their columns, and their rows with the cells as far as the layout tells them apart.

use super::cells::{Style, loose};
use super::nest::{nested, sampled};
use super::row::{Column, Row, exact, is_name_part, limit};
use crate::import::document::Entry;
use crate::import::sample::{Node, Values};
use crate::import::words::{self, Spelling};
use crate::spec::is_name;

/// The columns that a line heads, if it is the header of a table.
fn header(line: &str) -> Option<Vec<Column>> {
    let words: Vec<_> = line.split_whitespace().collect();
    let columns: Vec<_> = words.iter().map(|word| Column::headed(word).unwrap_or(Column::Other)).collect();
    (columns.first() == Some(&Column::Name) && columns.contains(&Column::Type)).then_some(columns)
}

/// The marks that stand before the name of an object's field.
const MARKS: [char; 6] = ['└', '├', '│', '┗', '┣', '╰'];

/// Reads the table in the section called `section`: what samples know of its values is `known`, and of its nesting
/// `samples`.
pub(super) fn parameters(
    section: &str,
    lines: &[&str],
    known: &Values,
    samples: &[Node],
    notes: &mut Vec<String>,
) -> Result<Vec<Entry>, String> {
    let headed = lines.iter().enumerate().find_map(|(index, line)| Some((index, header(line)?)));
    let Some((index, columns)) = headed else {
        let written = |line: &&&str| !line.trim().is_empty() && !is_nothing(line);
        return match lines.iter().find(written) {
            None => Ok(Vec::new()),
            Some(line) => Err(format!(
                "the section {section} has no header, as 参数名 类型 必须 示例值 描述 is one; it begins {:?}",
                line.trim().chars().take(40).collect::<String>()
            )),
        };
    };
    let rows = rows(&lines[index + 1..], &columns);
    let style = Style::of(&rows, &columns);
    let flat: Vec<_> = rows.iter().map(|row| (row.indent, row.marked, entry(row, &columns, &style, known))).collect();
    let indented = flat.iter().any(|(indent, ..)| Some(indent) != flat.first().map(|(indent, ..)| indent));
    let entries = if indented || samples.is_empty() { nested(flat)? } else { sampled(flat, samples) };
    if entries.is_empty() {
        let text: String = lines[index + 1..].concat();
        if !text.trim().is_empty() && !is_nothing(&text) {
            notes.push(format!("Nothing below the header of {section} looks like a parameter."));
        }
    }
    Ok(entries)
}

/// Whether a line says that there is nothing to list.
fn is_nothing(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("暂无")
        || matches!(line, "无" | "无参数" | "-" | "None" | "none")
        || line.contains("是 xxx_response 的子节点")
}

/// The rows below a header. What is no row goes on with the one above it.
fn rows(lines: &[&str], columns: &[Column]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for line in lines {
        let trimmed = line.trim_start();
        let bullet = trimmed.strip_prefix(['•', '·']).filter(|rest| rest.starts_with(char::is_whitespace));
        let cell = bullet.unwrap_or(line);
        let indent = cell.chars().take_while(|character| character.is_whitespace() || MARKS.contains(character));
        // A mark is worth more than the space that a list puts before it.
        let width = |character: char| match character {
            '\t' => 4,
            '\u{3000}' => 2,
            mark if MARKS.contains(&mark) => 8,
            _ => 1,
        };
        let marked = indent.clone().any(|character| MARKS.contains(&character));
        let depth: usize = indent.clone().map(width).sum();
        let length: usize = indent.map(char::len_utf8).sum();
        let text = cell[length..].trim_end();
        if text.is_empty() || is_nothing(text) {
            continue;
        }
        let begins = if bullet.is_some() { marked } else { is_row(text, columns) };
        match rows.last_mut() {
            _ if begins => rows.push(Row { indent: depth, marked, line: text.to_owned(), ..Row::default() }),
            Some(row) if bullet.is_some() => row.cells.push(text.to_owned()),
            Some(row) => row.more.push(text.trim().to_owned()),
            None => {}
        }
    }
    rows
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
    if line.contains('\t') {
        return is_name(name);
    }
    let kind = if kind == "Field" { "Field List" } else { kind };
    is_name(name)
        && (Spelling::parse(kind).kind().is_some()
            || kind.starts_with(|first: char| first.is_ascii_uppercase())
                && kind.chars().all(|character| is_name_part(character) || "[]<>".contains(character)))
}

/// A row as the entry that it describes.
fn entry(row: &Row, columns: &[Column], style: &Style, known: &Values) -> Entry {
    let mut entry = Entry::default();
    let cells = if row.cells.is_empty() { exact(&row.line, columns.len()) } else { None };
    if let Some(cells) = cells {
        for (index, cell) in cells.into_iter().enumerate() {
            put(&mut entry, columns.get(index).copied().unwrap_or(Column::Description), cell);
        }
    } else {
        loose(row, columns, style, known, &mut entry);
    }
    for line in &row.more {
        if !limit(&mut entry, line) {
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
        Column::Required => entry.required = words::required(&cell),
        Column::Example => entry.example = cell,
        Column::Default => entry.default = cell,
        Column::Limits => {
            for part in cell.split_whitespace() {
                limit(entry, part);
            }
        }
        Column::Description if entry.description.is_empty() => entry.description = cell,
        Column::Description => entry.description = format!("{} {cell}", entry.description),
        Column::Other => {}
    }
}
