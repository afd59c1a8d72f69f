//! The rows of a table: the columns of a header, and the parts of a line.

use crate::import::document::Entry;
use crate::import::vocabulary::{self, DocumentType, cell_text};
use crate::spec::is_name;

/// The content of a column.
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
    /// Returns the column with the heading `text`.
    pub(super) fn from_heading(text: &str) -> Option<Self> {
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

/// Returns the columns if a line is the header of a table of parameters.
pub(super) fn header(line: &str) -> Option<Vec<Column>> {
    if line.contains('\t') {
        return columns(&line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    }
    // An English heading has up to three words.
    let words: Vec<_> = line.split_whitespace().collect();
    let mut cells = Vec::new();
    let mut rest = &words[..];
    while !rest.is_empty() {
        let several =
            (2..=rest.len().min(3)).rev().find(|count| Column::from_heading(&rest[..*count].join(" ")).is_some());
        let (cell, after) = rest.split_at(several.unwrap_or(1));
        cells.push(cell.join(" "));
        rest = after;
    }
    columns(&cells)
}

/// Returns the columns of a header: the name is first, the type is present, and at least half are known.
fn columns(cells: &[String]) -> Option<Vec<Column>> {
    let columns: Vec<_> = cells.iter().map(|cell| Column::from_heading(cell).unwrap_or(Column::Other)).collect();
    let known = columns.iter().filter(|column| **column != Column::Other).count();
    let fits = columns.first() == Some(&Column::Name) && columns.contains(&Column::Type) && 2 * known >= columns.len();
    fits.then_some(columns)
}

/// Returns whether cells are the header of a table of parameters, errors or gateways.
pub(super) fn is_header(cells: &[String]) -> bool {
    const FIRST: [&str; 6] = ["错误码", "错误代码", "error code", "code", "环境", "environment"];
    columns(cells).is_some()
        || (cells.len() > 2 && cells.first().is_some_and(|cell| FIRST.contains(&cell.trim().to_lowercase().as_str())))
}

/// Returns whether cells begin with the name and the type of a parameter.
pub(super) fn is_parameter(cells: &[String]) -> bool {
    let [name, kind, ..] = cells else { return false };
    is_name(without_marks(name)) && is_type(kind)
}

/// A row before its cells are assigned to columns.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// The indentation, in spaces and marks.
    pub(super) indent: usize,
    /// Whether the name has the mark of a field.
    pub(super) marked: bool,
    /// Whether the row is a list item.
    pub(super) bulleted: bool,
    /// The first line, without the indentation.
    pub(super) line: String,
    /// The cells that are on lines of their own.
    pub(super) cells: Vec<String>,
    /// The lines that continue the last cell.
    pub(super) continuation: Vec<String>,
}

/// The marks before the name of a field.
const MARKS: [char; 9] = ['└', '├', '│', '┗', '┣', '╰', '╚', '┕', '∟'];

/// The lines that extend a mark.
const MARK_LINES: [char; 2] = ['─', '━'];

/// ASCII marks, which count only before a row.
const ASCII_MARKS: [char; 4] = ['-', '|', '>', '+'];

/// The indentation of a mark. It exceeds the space before list items.
pub(super) const MARK_INDENT: usize = 8;

impl Row {
    /// Separates a line from its indentation.
    pub(super) fn indented(line: &str) -> Self {
        let mut row = Self::default();
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            row.indent += match first {
                '\t' => 4,
                '\u{3000}' => 2,
                first if first.is_whitespace() => 1,
                first if MARKS.contains(&first) => MARK_INDENT,
                first if MARK_LINES.contains(&first) => 0,
                _ => break,
            };
            row.marked |= !first.is_whitespace();
            rest = &rest[first.len_utf8()..];
        }
        let plain = rest.trim_start_matches(ASCII_MARKS);
        let marks = rest.len() - plain.len();
        if marks > 0 && plain.starts_with(char::is_whitespace) && is_row(plain.trim_start(), &[]) {
            row.marked = true;
            row.indent += MARK_INDENT * marks;
            rest = plain.trim_start();
        }
        rest.trim_end_matches([' ', '\r']).clone_into(&mut row.line);
        row
    }
}

/// Returns a name without its marks.
pub(super) fn without_marks(name: &str) -> &str {
    let mark = |first: char| first.is_whitespace() || MARKS.contains(&first) || MARK_LINES.contains(&first);
    name.trim_start_matches(mark).trim_end()
}

/// Returns whether a line begins with a mark.
pub(super) fn is_marked(line: &str) -> bool {
    line.trim_start().starts_with(MARKS)
}

/// Returns whether a line begins with a name and a type, or with a name, a word and the column "required".
pub(super) fn is_row(line: &str, columns: &[Column]) -> bool {
    let cells = match delimited_cells(line, columns.len()) {
        Some(cells) => cells,
        None => {
            let (name, kind, rest) = split_name_and_type(line);
            vec![name.to_owned(), kind, first_word(rest).0.to_owned()]
        }
    };
    let [name, kind, rest @ ..] = &cells[..] else { return false };
    let has_required = columns.get(2) == Some(&Column::Required);
    let required = has_required && rest.first().is_some_and(|word| vocabulary::required(word).is_some());
    is_name(name) && !kind.is_empty() && (is_type(kind) || required)
}

/// Returns whether a text is a type: a known name or the name of an object.
pub(super) fn is_type(text: &str) -> bool {
    let text: String = text.split_whitespace().collect();
    let spelled = |text: &str| {
        !text.is_empty() && text.chars().all(|character| is_name_part(character) || "[]<>,".contains(character))
    };
    DocumentType::parse(&text).kind().is_some()
        || (spelled(&text)
            && (text.starts_with(|first: char| first.is_ascii_uppercase())
                || text.ends_with("[]")
                || text.ends_with('>')))
}

/// Returns the cells of a line with delimiters: tabs, or as many wide gaps as the header has.
pub(super) fn delimited_cells(line: &str, columns: usize) -> Option<Vec<String>> {
    if line.contains('\t') {
        return Some(line.split('\t').map(|cell| cell_text(cell).to_owned()).collect());
    }
    let cells: Vec<_> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(cell_text).collect();
    (cells.len() == columns && columns > 2).then(|| cells.into_iter().map(str::to_owned).collect())
}

/// Splits a line at spaces into the name, the type and the rest.
pub(super) fn split_name_and_type(line: &str) -> (&str, String, &str) {
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

/// Moves the limits in a text such as `最大长度：20` to the entry. Returns the text before and after them, or `None` without
/// limits.
pub(super) fn take_limits<'t>(entry: &mut Entry, text: &'t str) -> Option<(&'t str, &'t str)> {
    const NAMES: [&str; 5] = ["最大长度", "最大列表长度", "最小值", "最大值", "默认值"];
    let mut around: Option<(usize, usize)> = None;
    let mut from = 0;
    while let Some((start, name)) = NAMES
        .iter()
        .filter_map(|name| Some((from + text[from..].find(name)?, *name)))
        .min_by_key(|(start, name)| (*start, std::cmp::Reverse(name.len())))
    {
        from = start + name.len();
        let Some(after_colon) = text[from..].trim_start().strip_prefix([':', '：']) else { continue };
        let value = after_colon.trim_start();
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

/// Moves the limits of a line to the entry if it contains nothing else, and returns whether it does.
pub(super) fn take_limits_only(entry: &mut Entry, line: &str) -> bool {
    take_limits(entry, line) == Some(("", ""))
}
