//! One row of a table: what its columns hold, and the parts of a line.

use crate::import::document::Entry;

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
    pub(super) fn headed(word: &str) -> Option<Self> {
        Some(match word {
            "参数名" | "名称" | "参数名称" | "字段" | "字段名" | "参数" => Self::Name,
            "类型" | "参数类型" | "数据类型" => Self::Type,
            "必须" | "是否必须" | "必填" | "是否必填" | "必选" | "是否必选" => Self::Required,
            "示例值" | "示例" | "样例" => Self::Example,
            "更多限制" | "限制" => Self::Limits,
            "默认值" | "默认" => Self::Default,
            "描述" | "说明" | "参数描述" | "参数说明" => Self::Description,
            _ => return None,
        })
    }
}

/// A row of a table before its cells are told apart.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// How far it is indented, by spaces or marks.
    pub(super) indent: usize,
    /// Whether a mark says that it belongs to the row above.
    pub(super) marked: bool,
    /// What stands on its first line, without the indentation.
    pub(super) line: String,
    /// The cells that have a line each.
    pub(super) cells: Vec<String>,
    /// The lines that go on with the last cell.
    pub(super) more: Vec<String>,
}

/// The cells of a line that says exactly where they end: by tabs, or by wide gaps of the number that the header has.
pub(super) fn exact(line: &str, columns: usize) -> Option<Vec<String>> {
    if line.contains('\t') {
        return Some(line.split('\t').map(|cell| cell.trim().to_owned()).collect());
    }
    let cells: Vec<_> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect();
    (cells.len() == columns && columns > 2).then_some(cells)
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

/// Takes a limit, as `最大长度:20` states one, and says whether it was one.
pub(super) fn limit(entry: &mut Entry, text: &str) -> bool {
    let Some((name, value)) = text.trim().split_once([':', '：']) else { return false };
    let (name, value) = (name.trim(), value.trim());
    let number = value.parse().ok();
    let place = match name {
        "最大长度" => &mut entry.max_length,
        "最大列表长度" => &mut entry.max_list_size,
        "最小值" => &mut entry.min_value,
        "最大值" => &mut entry.max_value,
        "默认值" if !value.is_empty() => {
            value.clone_into(&mut entry.default);
            return true;
        }
        _ => return false,
    };
    *place = number.or(*place);
    number.is_some()
}
