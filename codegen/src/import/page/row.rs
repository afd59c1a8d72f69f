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
