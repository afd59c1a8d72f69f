//! Tables of parameters, converted to nest entries.

use super::cells::{RequiredWords, read_undelimited};
use super::row::{
    Column, MARK_INDENT, Row, delimited_cells, header, is_marked, is_row, is_type, take_limits, take_limits_only,
    without_marks,
};
use super::tree::{FlatRow, Samples, nest};
use crate::import::document::Entry;
use crate::import::sample::SampleValues;
use crate::import::vocabulary::{self, DocumentType, cell_text};
use crate::spec::{Kind, is_name};

/// Returns whether a line means "no parameters" or introduces the list below it.
pub(super) fn means_none(line: &str) -> bool {
    if line.contains("xxx_response 的子节点") {
        return true;
    }
    let mut cells = line.split('\t').map(cell_text).filter(|cell| !cell.is_empty());
    match (cells.next(), cells.next()) {
        (None, _) => !line.trim().is_empty(),
        (Some(cell), None) => states_none(cell),
        _ => false,
    }
}

/// Returns whether a text means "no parameters", in Chinese or English.
fn states_none(text: &str) -> bool {
    const NO: [&str; 6] = ["无", "没有", "不需要", "不返回", "no ", "not "];
    const WHAT: [&str; 9] = ["参数", "字段", "数据", "返回", "内容", "传", "parameter", "field", "data"];
    if text.len() > 200 {
        return false;
    }
    let text = text.trim().trim_matches(['。', '.', '(', ')', '（', '）', '*', '`', '>', ' ']).to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    text.starts_with("暂无")
        || matches!(text.as_str(), "无" | "空" | "没有" | "none" | "nothing" | "empty")
        || (text.chars().count() <= 40 && !text.contains(['，', '；', '：', ':', ',', ';']) && has(&NO) && has(&WHAT))
}

/// Reads the table in a section. `values` are sample values; `samples` determine the levels of rows.
///
/// # Errors
///
/// If the section has no readable table and does not state that there are no parameters.
pub(super) fn parameters(
    section: &str,
    lines: &[&str],
    values: &SampleValues,
    samples: &Samples<'_>,
) -> Result<Vec<Entry>, String> {
    let headed = lines.iter().enumerate().find_map(|(index, line)| Some((index, header(line)?)));
    let (columns, header, lines) = match headed {
        Some((index, columns)) => (columns, lines[index], &lines[index + 1..]),
        None => match columns_without_header(lines) {
            Some(columns) => (columns, "", lines),
            None => return entries_without_table(section, lines),
        },
    };
    let rows = table_rows(section, header, lines, &columns)?;
    if rows.is_empty() {
        let written = |line: &&&str| !line.trim().is_empty() && !means_none(line) && !line.starts_with('#');
        return match lines.iter().find(written) {
            None => Ok(Vec::new()),
            Some(line) => Err(format!(
                "cannot read the table in {section}: expected rows that begin with a name and a type, found {:?}",
                excerpt(line)
            )),
        };
    }
    let required = RequiredWords::of(&rows, &columns);
    let flat = rows.iter().map(|row| FlatRow {
        depth: row.indent,
        marked: row.marked,
        bulleted: row.bulleted,
        inferred: false,
        entry: entry(row, &columns, required, values),
    });
    nest(flat.collect(), samples)
}

/// Returns an empty list for a section that contains only a marker such as 无, and an error otherwise.
fn entries_without_table(section: &str, lines: &[&str]) -> Result<Vec<Entry>, String> {
    let mut written = lines.iter().filter(|line| !line.trim().is_empty() && line.trim() != "#");
    match written.clone().find(|line| !means_none(line)) {
        Some(line) => Err(format!(
            "cannot read the section {section}: expected a header such as 参数名 类型 必须 示例值 描述, found {:?}",
            excerpt(line)
        )),
        None if written.next().is_some() => Ok(Vec::new()),
        None => Err(format!("the section {section} is empty: expected a table, or 无 if there are no parameters")),
    }
}

fn excerpt(line: &str) -> String {
    line.trim().chars().take(40).collect()
}

/// Returns the columns of a table without a header, if each cell is on its own line.
pub(super) fn columns_without_header(lines: &[&str]) -> Option<Vec<Column>> {
    let mut cells = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
    let (name, kind) = (cells.next()?, cells.next()?);
    let alone = is_name(without_marks(name)) && is_type(kind) && DocumentType::parse(kind).kind() != Some(Kind::Json);
    let required = cells.next().and_then(vocabulary::required).map(|_| Column::Required);
    let columns = [Column::Name, Column::Type].into_iter().chain(required);
    alone.then(|| columns.chain([Column::Example, Column::Description]).collect())
}

/// Returns the rows of the only table in a section. A repeated header is skipped.
fn table_rows(section: &str, first: &str, lines: &[&str], columns: &[Column]) -> Result<Vec<Row>, String> {
    let mut table: Vec<&str> = Vec::new();
    for line in lines {
        if header(line).is_none() {
            table.push(line);
            continue;
        }
        let above = table.iter().rev().find(|line| !line.trim().is_empty() && line.trim() != "#");
        let between = above.is_some_and(|above| above.contains('\t') || is_row(&Row::indented(above).line, columns));
        if !between || line.trim() != first.trim() {
            let title = above.map(|line| excerpt(line)).unwrap_or_default();
            return Err(format!(
                "expected one table in the section {section}, found a second below {title:?}; move it to a section of its own"
            ));
        }
    }
    Ok(match rows_with_cell_per_line(&table, columns) {
        Some(rows) => rows,
        None => rows(&table, columns),
    })
}

/// Returns the rows of a table with one cell per line and no other row delimiter.
fn rows_with_cell_per_line(lines: &[&str], columns: &[Column]) -> Option<Vec<Row>> {
    let cells: Vec<&str> =
        lines.iter().copied().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect();
    let begins = |index: usize, complete: bool| begins_row(&cells[index..], columns, complete);
    if cells.is_empty() || !begins(0, true) {
        return None;
    }
    let whole = cells.len().is_multiple_of(columns.len())
        && (0..cells.len()).step_by(columns.len()).all(|index| begins(index, true));
    let mut rows: Vec<Row> = Vec::new();
    let mut length = 0;
    for (index, cell) in cells.iter().enumerate() {
        let first = match whole {
            true => index % columns.len() == 0,
            // A type follows each name; later, only strong evidence begins a row.
            false => rows.is_empty() || (length > 1 && begins(index, length > 2)),
        };
        if first {
            rows.push(Row::indented(cell));
            length = 1;
        } else if let Some(row) = rows.last_mut() {
            row.cells.push(cell_text(cell).to_owned());
            length += 1;
        }
    }
    Some(rows)
}

/// Returns whether cells on separate lines begin a row: a name, a type and, if the table has the column, "required".
///
/// The name of an object may also be a word of a description: after an incomplete row (`complete` is false), it must
/// not look like one.
fn begins_row(cells: &[&str], columns: &[Column], complete: bool) -> bool {
    let [name, kind, rest @ ..] = cells else { return false };
    let kind = kind.trim();
    if !is_name(without_marks(name)) || !is_type(kind) || is_marked(kind) {
        return false;
    }
    if columns.get(2) == Some(&Column::Required) {
        // The cell may have a suffix: 必须(二选一).
        let word = |cell: &str| cell.trim().split(['(', '（']).next().and_then(vocabulary::required);
        return rest.first().is_some_and(|cell| word(cell).is_some());
    }
    let capitals = kind.chars().filter(char::is_ascii_uppercase).count();
    let object = !kind.contains(' ') && (capitals > 1 || complete);
    kind.ends_with("[]") || kind.ends_with("[ ]") || DocumentType::parse(kind).kind().is_some() || object
}

/// Returns the text of a list item.
fn bullet_text(line: &str) -> Option<&str> {
    let text = line.trim_start().strip_prefix(['•', '·', '◦', '▪', '■', '●'])?;
    (text.is_empty() || text.starts_with(char::is_whitespace)).then_some(text)
}

/// Converts Markdown lists to bullets if they contain rows. A text after an empty bullet belongs to it.
fn markdown_to_bullets(lines: &[&str]) -> Vec<String> {
    let dashed = |line: &str| line.trim_start().strip_prefix(['-', '*']).map(|text| text.to_owned());
    let is_list = lines.iter().any(|line| dashed(line).is_some_and(|text| is_marked(&text)));
    let mut bulleted: Vec<String> = Vec::new();
    for line in lines {
        let item = dashed(line).filter(|text| is_list && (text.trim().is_empty() || text.starts_with(' ')));
        let empty = bulleted.last().is_some_and(|last| last == "•");
        match item {
            Some(text) => bulleted.push(format!("•{}", text.trim_end())),
            None if empty && !line.trim().is_empty() && bullet_text(line).is_none() => {
                if let Some(last) = bulleted.last_mut() {
                    last.push(' ');
                    last.push_str(line.trim());
                }
            }
            None => bulleted.push(line.trim_end_matches('\r').to_owned()),
        }
    }
    bulleted
}

/// Returns the rows below a header. Other lines continue the row above.
fn rows(lines: &[&str], columns: &[Column]) -> Vec<Row> {
    let lines = markdown_to_bullets(lines);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let full = columns.len().saturating_sub(1);
    let tabs = |line: &str| line.matches('\t').count();
    // In a table with tabs, a line without tabs is not a row.
    let tabbed = lines.iter().any(|line| tabs(line.trim()) >= full.min(2));
    let items: Vec<Option<&str>> = lines.iter().map(|line| bullet_text(line).map(str::trim)).collect();
    let mut rows: Vec<Row> = Vec::new();
    // Whether a heading ended the last row, so that the following text belongs to no row.
    let mut ended = false;
    for (index, line) in lines.iter().enumerate() {
        if line.starts_with('#') {
            ended = true;
            continue;
        }
        let bullet = bullet_text(line);
        let mut row = Row::indented(bullet.unwrap_or(line));
        if tabbed && line.starts_with('\t') && tabs(line) >= full {
            // The name is empty.
            row = Row { line: (*line).to_owned(), ..Row::default() };
        }
        let cell = bullet.is_some() && !rows.is_empty();
        if !cell && (row.line.trim().is_empty() || (rows.is_empty() && means_none(&row.line))) {
            continue;
        }
        let whole = rows.last().is_none_or(|last| tabs(&last.line) >= full);
        let begins = match bullet {
            Some(_) if row.marked => true,
            Some(_) => {
                let cells: Vec<&str> = items[index..].iter().map_while(|item| *item).take(3).collect();
                let length = rows.last().map_or(0, |last| last.cells.len() + usize::from(!last.bulleted));
                begins_row(&cells, columns, length > 1)
            }
            None if tabbed => {
                let named = || is_name(row.line.split('\t').next().unwrap_or_default().trim());
                tabs(&row.line) >= full
                    || (row.line.contains('\t') && (is_row(&row.line, columns) || (whole && named())))
            }
            None => is_row(&row.line, columns),
        };
        match rows.last_mut() {
            _ if begins => {
                ended = false;
                row.bulleted = bullet.is_some();
                rows.push(row);
            }
            Some(last) if bullet.is_some() => last.cells.push(cell_text(&row.line).to_owned()),
            _ if ended => {}
            // The line continues a cell, and may contain further cells.
            Some(last) if tabbed && last.line.contains('\t') && tabs(&last.line) < full => {
                last.line.push('\n');
                last.line.push_str(line.trim_end_matches(['\r', '\n']));
            }
            Some(last) if row.line.trim() == "[]" && last.cells.len() == 1 && last.bulleted => {
                last.cells.iter_mut().for_each(|kind| kind.push_str("[]"));
            }
            Some(last) => last.continuation.push(row.line.trim().to_owned()),
            None => {}
        }
    }
    if rows.iter().any(|row| row.bulleted) || items.iter().any(Option::is_some) {
        level_indentation(&mut rows);
    }
    rows
}

/// Sets the indentation of rows with bullets. Browsers also indent lines after a list, so only marks and bullets count.
fn level_indentation(rows: &mut [Row]) {
    for row in rows {
        row.indent = match (row.bulleted, row.marked) {
            (true, _) => 1 + row.indent / MARK_INDENT * MARK_INDENT,
            (false, true) => row.indent,
            (false, false) => 0,
        };
    }
}

/// Converts a row to an entry.
fn entry(row: &Row, columns: &[Column], required: RequiredWords, samples: &SampleValues) -> Entry {
    let mut entry = Entry::default();
    let mut other_limits = Vec::new();
    let listed = row.cells.len() + 1 >= columns.len() && !row.line.contains(char::is_whitespace);
    let cells = match row.cells.is_empty() {
        true => delimited_cells(&row.line, columns.len()),
        false if listed => Some(std::iter::once(&row.line).chain(&row.cells).cloned().collect()),
        false => None,
    };
    match cells {
        Some(cells) => {
            for (index, cell) in cells.into_iter().enumerate() {
                let column = columns.get(index).copied().unwrap_or(Column::Description);
                assign_cell(&mut entry, column, cell, &mut other_limits);
            }
            restore_description(&mut entry, columns, other_limits);
        }
        None => read_undelimited(row, columns, required, samples, &mut entry),
    }
    for line in &row.continuation {
        if !columns.contains(&Column::Limits) || !take_limits_only(&mut entry, line) {
            entry.description.push('\n');
            entry.description.push_str(line);
        }
    }
    entry
}

/// Assigns a cell to its column. Limits that a spec cannot state are added to `other_limits`.
fn assign_cell(entry: &mut Entry, column: Column, cell: String, other_limits: &mut Vec<String>) {
    match column {
        Column::Name => entry.name = without_marks(&cell).to_owned(),
        Column::Type => entry.kind = cell,
        Column::Required => {
            entry.required = vocabulary::required(&cell);
            if entry.required.is_none() && !cell.is_empty() {
                entry.notes.push(format!("Imported as optional: the page's `required` is `{cell}`."));
            }
        }
        Column::Example => entry.example = cell,
        Column::Default => entry.default = cell,
        Column::Limits => {
            for line in cell.lines().flat_map(|line| line.split(['；', ';'])).map(str::trim) {
                let left = match take_limits(entry, line) {
                    Some((before, after)) => [before, after].concat(),
                    None => line.to_owned(),
                };
                let left =
                    left.trim_matches(|character: char| character.is_whitespace() || "，,、".contains(character));
                if !left.is_empty() {
                    other_limits.push(left.to_owned());
                }
            }
        }
        Column::Description if entry.description.is_empty() => entry.description = cell,
        Column::Description => entry.description = format!("{} {cell}", entry.description),
        Column::Other => {}
    }
}

/// Restores a description that moved to the left, into the limits or the example, because extractors drop empty cells.
fn restore_description(entry: &mut Entry, columns: &[Column], mut other_limits: Vec<String>) {
    let kind = DocumentType::parse(&entry.kind);
    if columns.contains(&Column::Description) && entry.description.trim().is_empty() {
        if !other_limits.is_empty() {
            entry.description = std::mem::take(&mut other_limits).join("；");
        } else if !entry.example.is_empty() && !entry.example.is_ascii() && !kind.may_have_example(&entry.example) {
            entry.description = std::mem::take(&mut entry.example);
        }
    }
    for limit in other_limits {
        entry.notes.push(format!("Left out: the page's limit `{limit}`, which a spec cannot state."));
    }
}
