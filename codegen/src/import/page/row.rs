//! The rows of a table: the columns that a header names, and the parts of a line.

use crate::import::document::Entry;
use crate::import::words::{self, Spelling};
use crate::spec::is_name;

/// What a column of a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Name,
    Type,
    Required,
    Example,
    Limits,
    Default,
    Description,
    Other,
}

impl Column {
    /// The column that a header calls `text`.
    pub(super) fn headed(text: &str) -> Option<Self> {
        let text = text.trim().trim_matches(['*', '`', '?', '？']).to_lowercase();
        Some(match text.as_str() {
            "参数名" | "名称" | "参数名称" | "字段" | "字段名" | "字段名称" | "参数" | "name" | "parameter"
            | "parameter name" | "param" | "param name" | "field" | "field name" => Self::Name,
            "类型" | "参数类型" | "数据类型" | "字段类型" | "type" | "data type" | "parameter type" | "field type" => {
                Self::Type
            }
            "必须"
            | "是否必须"
            | "必填"
            | "是否必填"
            | "必选"
            | "是否必选"
            | "必需"
            | "是否必需"
            | "必传"
            | "是否必传"
            | "required"
            | "is required"
            | "mandatory"
            | "mandatory or optional" => Self::Required,
            "示例值" | "示例" | "样例" | "样例值" | "例子" | "sample value" | "sample" | "example"
            | "example value" | "demo value" | "demo" => Self::Example,
            "更多限制" | "限制" | "more restrictions" | "more restriction" | "restrictions" | "more limits"
            | "limits" | "constraints" => Self::Limits,
            "默认值" | "默认" | "default" | "default value" => Self::Default,
            "描述"
            | "说明"
            | "参数描述"
            | "参数说明"
            | "字段描述"
            | "字段说明"
            | "备注"
            | "含义"
            | "description"
            | "desc"
            | "remark"
            | "remarks"
            | "parameter description"
            | "field description" => Self::Description,
            _ => return None,
        })
    }
}

/// The columns that a line heads, if it is the header of a table of parameters.
pub(super) fn header(line: &str) -> Option<Vec<Column>> {
    if line.contains('\t') {
        return columns(&line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    }
    // The name of a column in English has up to three words.
    let words: Vec<_> = line.split_whitespace().collect();
    let mut cells = Vec::new();
    let mut rest = &words[..];
    while !rest.is_empty() {
        let several = (2..=rest.len().min(3)).rev().find(|count| Column::headed(&rest[..*count].join(" ")).is_some());
        let (cell, after) = rest.split_at(several.unwrap_or(1));
        cells.push(cell.join(" "));
        rest = after;
    }
    columns(&cells)
}

/// The columns that the cells of a header name. It names the name first, and the type; most of the others are known.
fn columns(cells: &[String]) -> Option<Vec<Column>> {
    let columns: Vec<_> = cells.iter().map(|cell| Column::headed(cell).unwrap_or(Column::Other)).collect();
    let known = columns.iter().filter(|column| **column != Column::Other).count();
    let fits = columns.first() == Some(&Column::Name) && columns.contains(&Column::Type) && 2 * known >= columns.len();
    fits.then_some(columns)
}

/// Whether cells are the header of a table that a page has: of parameters, errors or gateways.
pub(super) fn is_header(cells: &[String]) -> bool {
    const FIRST: [&str; 6] = ["错误码", "错误代码", "error code", "code", "环境", "environment"];
    columns(cells).is_some()
        || (cells.len() > 2 && cells.first().is_some_and(|cell| FIRST.contains(&cell.trim().to_lowercase().as_str())))
}

/// Whether cells begin with the name and the type of a parameter.
pub(super) fn is_parameter(cells: &[String]) -> bool {
    let [name, kind, ..] = cells else { return false };
    is_name(unmarked(name)) && is_type(kind)
}

/// A row of a table before its cells are assigned to columns.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// The indentation, in spaces and marks.
    pub(super) indent: usize,
    /// Whether a mark before the name says that the row is a field.
    pub(super) marked: bool,
    /// Whether the row is an item of a list.
    pub(super) bulleted: bool,
    /// The text of the first line, without the indentation.
    pub(super) line: String,
    /// The cells that have a line each.
    pub(super) cells: Vec<String>,
    /// The lines that continue the last cell.
    pub(super) more: Vec<String>,
}

/// The marks that stand before the name of an object's field.
const MARKS: [char; 9] = ['└', '├', '│', '┗', '┣', '╰', '╚', '┕', '∟'];

/// The lines that lengthen a mark.
const LINES: [char; 2] = ['─', '━'];

/// The marks of pages that have none of those. They count only before what is a row.
const PLAIN_MARKS: [char; 4] = ['-', '|', '>', '+'];

/// The depth that a mark adds: more than the space that a list puts before its items.
pub(super) const MARK: usize = 8;

impl Row {
    /// Parts a line from its indentation.
    pub(super) fn indented(line: &str) -> Self {
        let mut row = Self::default();
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            row.indent += match first {
                '\t' => 4,
                '\u{3000}' => 2,
                first if first.is_whitespace() => 1,
                first if MARKS.contains(&first) => MARK,
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
            row.indent += MARK * marks;
            rest = plain.trim_start();
        }
        rest.trim_end_matches([' ', '\r']).clone_into(&mut row.line);
        row
    }
}

/// A name without the marks before it.
pub(super) fn unmarked(name: &str) -> &str {
    let mark = |first: char| first.is_whitespace() || MARKS.contains(&first) || LINES.contains(&first);
    name.trim_start_matches(mark).trim_end()
}

/// Whether a line begins with a mark.
pub(super) fn is_marked(line: &str) -> bool {
    line.trim_start().starts_with(MARKS)
}

/// Whether a line begins a row: with a name and a type, or with a name, a word, and whether the parameter is required.
pub(super) fn is_row(line: &str, columns: &[Column]) -> bool {
    let cells = match exact(line, columns.len()) {
        Some(cells) => cells,
        None => {
            let (name, kind, rest) = taken_apart(line);
            vec![name.to_owned(), kind, first_word(rest).0.to_owned()]
        }
    };
    let [name, kind, rest @ ..] = &cells[..] else { return false };
    let has_required = columns.get(2) == Some(&Column::Required);
    let required = has_required && rest.first().is_some_and(|word| words::required(word).is_some());
    is_name(name) && !kind.is_empty() && (is_type(kind) || required)
}

/// Whether a text is a type as a page spells it: a known word, or the name of an object.
pub(super) fn is_type(text: &str) -> bool {
    let text: String = text.split_whitespace().collect();
    let spelled = |text: &str| {
        !text.is_empty() && text.chars().all(|character| is_name_part(character) || "[]<>,".contains(character))
    };
    Spelling::parse(&text).kind().is_some()
        || (spelled(&text)
            && (text.starts_with(|first: char| first.is_ascii_uppercase())
                || text.ends_with("[]")
                || text.ends_with('>')))
}

/// The cells of a line that shows where they end: by tabs, or by as many wide gaps as the header has.
pub(super) fn exact(line: &str, columns: usize) -> Option<Vec<String>> {
    if line.contains('\t') {
        return Some(line.split('\t').map(|cell| present(cell).to_owned()).collect());
    }
    let cells: Vec<_> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(present).collect();
    (cells.len() == columns && columns > 2).then(|| cells.into_iter().map(str::to_owned).collect())
}

/// Returns the text of a cell; empty for words that mark an empty cell, such as `null` and `-`.
pub(super) fn present(cell: &str) -> &str {
    match cell.trim() {
        "null" | "NULL" | "Null" | "-" | "--" | "N/A" => "",
        cell => cell,
    }
}

/// The name, the type and the rest of a line that is parted by spaces.
pub(super) fn taken_apart(line: &str) -> (&str, String, &str) {
    let (name, rest) = first_word(line);
    let (kind, rest) = first_word(rest);
    let mut kind = kind.to_owned();
    let mut rest = rest;
    loop {
        let (next, after) = first_word(rest);
        let goes_on = matches!(next, "[]" | "[" | "]" | "[][]") || (kind == "Field" && next == "List");
        if !goes_on {
            return (name, kind, rest);
        }
        kind.push_str(if next == "List" { " List" } else { next });
        rest = after;
    }
}

pub(super) fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

pub(super) fn is_name_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')
}
/// Takes the limits that a text states, as `最大长度：20` states one, and returns what stands before the first and behind
/// the last of them; nothing if it states none.
pub(super) fn limits<'t>(entry: &mut Entry, text: &'t str) -> Option<(&'t str, &'t str)> {
    const NAMES: [&str; 5] = ["最大长度", "最大列表长度", "最小值", "最大值", "默认值"];
    let mut around: Option<(usize, usize)> = None;
    let mut from = 0;
    while let Some((start, name)) = NAMES
        .iter()
        .filter_map(|name| Some((from + text[from..].find(name)?, *name)))
        .min_by_key(|(start, name)| (*start, std::cmp::Reverse(name.len())))
    {
        from = start + name.len();
        let Some(behind) = text[from..].trim_start().strip_prefix([':', '：']) else { continue };
        let value = behind.trim_start();
        let length = if name == "默认值" {
            value.find(char::is_whitespace).unwrap_or(value.len())
        } else {
            let sign = usize::from(value.starts_with('-'));
            let digits = value[sign..].find(|digit: char| !digit.is_ascii_digit() && digit != ',');
            sign + digits.unwrap_or(value.len() - sign)
        };
        let (value, after) = value.split_at(length);
        let number = value.replace(',', "").parse().ok();
        match name {
            "默认值" if !value.is_empty() => value.clone_into(&mut entry.default),
            "最大长度" if number.is_some() => entry.max_length = number,
            "最大列表长度" if number.is_some() => entry.max_list_size = number,
            "最小值" if number.is_some() => entry.min_value = number,
            "最大值" if number.is_some() => entry.max_value = number,
            _ => continue,
        }
        from = text.len() - after.len();
        around = Some((around.map_or(start, |(first, _)| first), from));
    }
    around.map(|(first, last)| (text[..first].trim(), text[last..].trim()))
}

/// Takes the limits of a line that states them and nothing else. Returns whether it is such a line.
pub(super) fn nothing_but_limits(entry: &mut Entry, line: &str) -> bool {
    limits(entry, line) == Some(("", ""))
}
