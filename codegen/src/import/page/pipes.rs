//! Tables with pipes between cells, with or without a Markdown delimiter row, converted to tables with tabs.

use super::row::{is_header, is_parameter};
use crate::html::plain_text;

/// Converts each row of a table to one line with tabs between cells. A line `#` ends a table.
pub(super) fn to_tabs(lines: &[&str]) -> Vec<String> {
    let mut written = Vec::new();
    let mut table: Option<PipeTable> = None;
    for (index, line) in lines.iter().enumerate() {
        if let Some(header) = header(line, lines.get(index + 1).copied()) {
            if let Some(table) = table.take() {
                written.extend(table.finish());
            }
            written.push(header.cells.join("\t"));
            table = Some(PipeTable::new(&header));
            continue;
        }
        let continues = table.as_mut().is_some_and(|table| table.read_line(line, &mut written));
        if !continues {
            if let Some(table) = table.take() {
                written.extend(table.finish());
            }
            written.push((*line).to_owned());
        }
    }
    written.extend(table.into_iter().flat_map(PipeTable::finish));
    written
}

/// The header of a table.
struct Header {
    /// Whether a pipe precedes the first cell.
    leading: bool,
    cells: Vec<String>,
}

/// Returns the header in a line, identified by its cells or by the delimiter row below it.
fn header(line: &str, next: Option<&str>) -> Option<Header> {
    if !line.contains('|') || is_delimiter_row(line) {
        return None;
    }
    let leading = line.trim_start().starts_with('|');
    let mut cells: Vec<String> = split_at_pipes(line, leading).iter().map(|cell| plain_cell(cell)).collect();
    while cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    let delimited = next.is_some_and(|next| next.contains('|') && is_delimiter_row(next));
    (cells.len() > 1 && (delimited || is_header(&cells))).then_some(Header { leading, cells })
}

/// Returns whether a line is a Markdown delimiter row.
fn is_delimiter_row(line: &str) -> bool {
    line.contains('-') && line.chars().all(|character| matches!(character, '|' | '-' | ':' | ' ' | '\t' | '+'))
}

/// Returns the texts between the unescaped pipes of a line.
fn split_at_pipes(line: &str, leading: bool) -> Vec<String> {
    let line = line.trim();
    let line = if leading { line.strip_prefix('|').unwrap_or(line) } else { line };
    let mut segments = vec![String::new()];
    let mut escaped = false;
    for character in line.chars() {
        let segment = segments.len() - 1;
        match character {
            '|' if escaped => {
                segments[segment].pop();
                segments[segment].push('|');
            }
            '|' => segments.push(String::new()),
            character => segments[segment].push(character),
        }
        escaped = character == '\\' && !escaped;
    }
    segments
}

/// Returns a cell without Markdown and HTML. Unusual leading spaces are kept, as they may be indentation.
fn plain_cell(cell: &str) -> String {
    let cell = plain_text(cell.trim_matches([' ', '\t', '\r']));
    let cell = cell.trim_end().trim_start_matches(['\n', '\r']);
    let cell = cell.replace("**", "").replace('\t', " ");
    match cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`')) {
        Some(code) if !code.contains('`') => code.to_owned(),
        _ => cell,
    }
}

/// A table being read. A row may continue on the next lines, because extractors break lines within cells.
struct PipeTable {
    leading: bool,
    columns: usize,
    /// The unmodified cells of the current row; empty outside a row.
    row: Vec<String>,
}

impl PipeTable {
    fn new(header: &Header) -> Self {
        Self { leading: header.leading, columns: header.cells.len(), row: Vec::new() }
    }

    /// Reads a line, and returns false if it is not part of the table. Appends complete rows to `written`.
    fn read_line(&mut self, line: &str, written: &mut Vec<String>) -> bool {
        // A last cell without text may continue on the next line.
        let last = self.row.last().is_some_and(|cell| !cell.trim().is_empty());
        let complete = self.row.len() > self.columns || (self.row.len() == self.columns && last);
        if line.trim().is_empty() {
            return true;
        }
        if line.starts_with('#') || line.starts_with("```") {
            return false;
        }
        if !line.contains('|') {
            // The line continues a cell, unless the row is complete.
            if complete || self.row.is_empty() {
                return false;
            }
            self.append(line.trim());
            return true;
        }
        if is_delimiter_row(line) {
            return true;
        }
        let leads = line.trim_start().starts_with('|');
        let segments = split_at_pipes(line, self.leading && leads);
        let filled = segments.iter().any(|segment| !segment.trim().is_empty());
        let begins = match self.leading {
            true => leads && (complete || !segments[0].trim().is_empty()),
            // `[]` is the end of a type.
            false => {
                let whole = segments.len() >= self.columns && !segments[0].trim().starts_with('[');
                complete || whole || is_parameter(&segments)
            }
        };
        if !filled && complete {
            // The pipes are the rest of a nested table.
            return true;
        }
        if begins || self.row.is_empty() {
            self.flush(written);
            self.row = segments;
        } else {
            let mut segments = segments.into_iter();
            if let Some(first) = segments.next() {
                self.append(first.trim());
            }
            self.row.extend(segments);
        }
        true
    }

    fn append(&mut self, text: &str) {
        if let Some(cell) = self.row.last_mut() {
            if !cell.trim().is_empty() && !text.is_empty() {
                cell.push_str("<br>");
            }
            cell.push_str(text);
        }
    }

    /// Writes the current row. Extra cells are merged into the last column.
    fn flush(&mut self, written: &mut Vec<String>) {
        let mut cells: Vec<String> = std::mem::take(&mut self.row);
        if cells.is_empty() {
            return;
        }
        while cells.len() > self.columns && cells.last().is_some_and(|cell| cell.trim().is_empty()) {
            cells.pop();
        }
        if cells.len() > self.columns {
            let mut rest = cells.split_off(self.columns - 1);
            rest.retain(|cell| !cell.trim().is_empty());
            cells.push(rest.join("|"));
        }
        cells.resize(self.columns, String::new());
        let cells: Vec<_> = cells.iter().map(|cell| plain_cell(cell)).collect();
        written.push(cells.join("\t"));
    }

    fn finish(mut self) -> Vec<String> {
        let mut written = Vec::new();
        self.flush(&mut written);
        written.push("#".to_owned());
        written
    }
}

#[cfg(test)]
mod tests {
    use super::to_tabs;

    #[test]
    fn converts_tables() {
        for (table, expected) in [
            ("| 名称 | 类型 |\n|---|---|\n| a | String |\n\ntext", vec!["名称\t类型", "a\tString", "#", "text"]),
            ("名称 | 类型 | 描述 |\n---|---|---|\na | String | x | |\n", vec!["名称\t类型\t描述", "a\tString\tx", "#"]),
            // Rows with line breaks within cells.
            (
                "名称 | 类型 | 必须 | 示例值 | 限制 | 描述 |\na | Number | 是 | 1 |\n|\nx |\nb | String\n\n [] | 否 | | | y |",
                vec!["名称\t类型\t必须\t示例值\t限制\t描述", "a\tNumber\t是\t1\t\tx", "b\tString\n[]\t否\t\t\ty", "#"],
            ),
            (
                "|名称|类型|描述|\n|a|String|x\\|y|\n|b|`Number`|1|2|3|",
                vec!["名称\t类型\t描述", "a\tString\tx|y", "b\tNumber\t1|2|3", "#"],
            ),
            (
                "|名称|类型|描述|\n|a|A|x<br>y|\n|&emsp;b|String||",
                vec!["名称\t类型\t描述", "a\tA\tx\ny", " b\tString\t", "#"],
            ),
            ("a | b\nno table", vec!["a | b", "no table"]),
            ("|a|b|\n|-|-|\n|c|d|\n# 标题", vec!["a\tb", "c\td", "#", "# 标题"]),
        ] {
            let lines: Vec<_> = table.lines().collect();
            assert_eq!(to_tabs(&lines), expected, "{table}");
        }
    }
}
