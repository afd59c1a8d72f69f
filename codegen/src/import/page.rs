//! Pages: the text of a method's page, as it is copied from a browser or saved.
//!
//! A page is a head and sections, each under a heading of its own. Two of them are tables of parameters. Browsers copy the
//! cells of a table parted by tabs or by spaces, or put a cell on a line of its own; the header tells how many there are.

use std::collections::BTreeMap;

use super::document::{Address, Document, Entry};
use super::sample::{self, Node, Requests, Values};
use super::words::{self, Spelling};
use crate::spec::{ErrorCode, Kind, is_method_name, is_name};

/// A part of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Head,
    Gateways,
    PublicParameters,
    PublicFields,
    Request,
    Response,
    RequestSamples,
    ResponseSamples,
    Errors,
    Other,
}

impl Section {
    /// The section that a line is the heading of.
    fn headed(line: &str) -> Option<Self> {
        Some(match line.trim().trim_end_matches([':', '：']).trim_end() {
            "请求地址" | "服务地址" => Self::Gateways,
            "公共参数" | "公共请求参数" => Self::PublicParameters,
            "公共响应参数" | "公共返回参数" => Self::PublicFields,
            "请求参数" | "业务参数" | "业务请求参数" => Self::Request,
            "请求响应参数" | "响应参数" | "返回参数" | "返回结果" => Self::Response,
            "请求示例代码" | "请求示例" | "示例代码" => Self::RequestSamples,
            "响应示例" | "返回示例" => Self::ResponseSamples,
            "异常响应示例" | "异常示例" => Self::Other,
            "错误码描述" | "错误码解释" | "错误码" => Self::Errors,
            "API工具" | "FAQ" | "如何获得此API" | "返回顶部" => Self::Other,
            _ => return None,
        })
    }
}

/// Reads a page.
///
/// # Errors
///
/// Why the text is no page of a method.
pub(super) fn read(text: &str) -> Result<Document, String> {
    let mut sections: BTreeMap<Section, Vec<&str>> = BTreeMap::new();
    let mut section = Section::Head;
    for line in text.lines() {
        match Section::headed(line) {
            Some(headed) => {
                section = headed;
                sections.entry(section).or_default();
            }
            None => sections.entry(section).or_default().push(line),
        }
    }
    let lines = |section| sections.get(&section).map_or(&[][..], Vec::as_slice);
    let mut document = Document::default();
    head(lines(Section::Head), &mut document)?;
    if !sections.contains_key(&Section::Request) && !sections.contains_key(&Section::Response) {
        return Err("the page has neither a section 请求参数 nor a section 响应参数".to_owned());
    }
    // The page may have the addresses below a heading of their own or among the public parameters.
    document.gateways = gateways(lines(Section::Gateways));
    let requests = Requests::read(&lines(Section::RequestSamples).join("\n"));
    let responses = sample::responses(&lines(Section::ResponseSamples).join("\n"));
    document.node =
        stated_node(lines(Section::PublicFields)).or_else(|| responses.first().map(|root| root.name.clone()));
    let mut values = Values::new();
    responses.iter().for_each(|root| root.values(&mut values));
    document.response = parameters("响应参数", lines(Section::Response), &values, &responses, &mut document.notes)?;
    document.request = parameters("请求参数", lines(Section::Request), &requests.values, &[], &mut document.notes)?;
    document.errors = errors(lines(Section::Errors));
    guess_required(&mut document, &requests);
    if document.authorization.is_none() {
        let samples = if requests.session { "some of its samples pass one" } else { "none of its samples passes one" };
        document.notes.push(format!("The page does not say whether a call needs a session; {samples}."));
    }
    Ok(document)
}

/// The lines before the first heading: the method and its title, labels, and what the method does.
fn head(lines: &[&str], document: &mut Document) -> Result<(), String> {
    let mut lines = lines.iter().map(|line| line.trim().trim_start_matches(['#', '•', '*']).trim());
    let (method, after) = lines
        .find_map(|line| {
            let end = line.find(|character: char| character.is_whitespace() || "(（".contains(character));
            let (method, after) = line.split_at(end.unwrap_or(line.len()));
            (is_method_name(method) && method.starts_with(|first: char| first.is_ascii_alphabetic()))
                .then_some((method, after))
        })
        .ok_or("no line of its head begins with a method's name, as taobao.trade.close is one")?;
    document.method = method.to_owned();
    document.title = within_brackets(after.trim()).to_owned();
    for line in lines.filter(|line| !line.is_empty()) {
        if is_labels(line) {
            let meant = line.split_whitespace().find_map(words::authorization);
            document.authorization = document.authorization.or(meant);
        } else if document.title.is_empty() {
            line.clone_into(&mut document.title);
        } else {
            document.description.push_str(line);
            document.description.push('\n');
        }
    }
    Ok(())
}

/// A title without the brackets around it.
fn within_brackets(title: &str) -> &str {
    let inside = title.strip_prefix(['(', '（']).and_then(|title| title.strip_suffix([')', '）']));
    inside.unwrap_or(title).trim()
}

/// Whether a line of the head is nothing but labels: what a call costs, whether it needs a session.
fn is_labels(line: &str) -> bool {
    let label = |word: &str| {
        word.chars().count() <= 16
            && (["免费", "收费", "付费", "授权", "基础API", "增值API"].iter().any(|part| word.contains(part))
                || matches!(word, "¥" | "￥" | "|" | "·"))
    };
    line.split_whitespace().all(label) || line.starts_with("更新时间")
}

/// The addresses in a table of environments.
fn gateways(lines: &[&str]) -> Vec<Address> {
    let address = |line: &str, scheme: &str| {
        let word = line.split_whitespace().find(|word| word.starts_with(scheme));
        word.unwrap_or_default().to_owned()
    };
    let addresses =
        lines.iter().map(|line| Address { http: address(line, "http://"), https: address(line, "https://") });
    addresses.filter(|address| *address != Address::default()).collect()
}

/// The root node that the page states.
fn stated_node(lines: &[&str]) -> Option<String> {
    let (_, stated) = lines.iter().find_map(|line| line.split_once("本接口为"))?;
    let node = stated.trim_start_matches([':', '：', ' ']).split(|character: char| !is_name_part(character)).next()?;
    Some(node.to_owned()).filter(|node| !node.is_empty())
}

fn is_name_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')
}

/// What a column of a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
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
    fn headed(word: &str) -> Option<Self> {
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

/// The columns that a line heads, if it is the header of a table.
fn header(line: &str) -> Option<Vec<Column>> {
    let words: Vec<_> = line.split_whitespace().collect();
    let columns: Vec<_> = words.iter().map(|word| Column::headed(word).unwrap_or(Column::Other)).collect();
    (columns.first() == Some(&Column::Name) && columns.contains(&Column::Type)).then_some(columns)
}

/// A row of a table before its cells are told apart.
#[derive(Debug, Default)]
struct Row {
    /// How far it is indented, by spaces or marks.
    indent: usize,
    /// Whether a mark says that it belongs to the row above.
    marked: bool,
    /// What stands on its first line, without the indentation.
    line: String,
    /// The cells that have a line each.
    cells: Vec<String>,
    /// The lines that go on with the last cell.
    more: Vec<String>,
}

/// The marks that stand before the name of an object's field.
const MARKS: [char; 6] = ['└', '├', '│', '┗', '┣', '╰'];

/// Deeper tables than this are not followed; the platform's deepest has eight levels.
const DEPTH: usize = 32;

fn parameters(
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
    let mut flat = Vec::new();
    for row in rows {
        flat.push((row.indent, row.marked, entry(&row, &columns, &style, known)));
    }
    let indented = flat.iter().any(|(indent, ..)| Some(indent) != flat.first().map(|(indent, ..)| indent));
    if !indented && !samples.is_empty() && flat.len() > 1 {
        let mut rest = flat.into_iter().map(|(.., entry)| entry).collect::<Vec<_>>().into_iter().peekable();
        let mut entries = Vec::new();
        while rest.peek().is_some() {
            sampled(&mut rest, samples, &mut entries, 0);
        }
        return Ok(entries);
    }
    let entries = nested(flat)?;
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
        match (bullet, rows.last_mut()) {
            (Some(_), _) if marked => {
                rows.push(Row { indent: depth, marked, line: text.to_owned(), ..Row::default() });
            }
            (Some(_), Some(row)) => row.cells.push(text.to_owned()),
            _ if is_row(text, columns) => {
                rows.push(Row { indent: depth, marked, line: text.to_owned(), ..Row::default() });
            }
            (_, Some(row)) => row.more.push(text.trim().to_owned()),
            (_, None) => {}
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

/// The cells of a line that says exactly where they end: by tabs, or by wide gaps of the number that the header has.
fn exact(line: &str, columns: usize) -> Option<Vec<String>> {
    if line.contains('\t') {
        return Some(line.split('\t').map(|cell| cell.trim().to_owned()).collect());
    }
    let cells: Vec<_> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect();
    (cells.len() == columns && columns > 2).then_some(cells)
}

/// How a table that is parted by single spaces has its column of what is required.
struct Style {
    /// Whether a word there is to be taken for what it says.
    required: fn(&str) -> bool,
}

impl Style {
    fn of(rows: &[Row], columns: &[Column]) -> Self {
        if !columns.contains(&Column::Required) {
            return Self { required: |_| false };
        }
        let words: Vec<_> = rows.iter().filter(|row| exact(&row.line, columns.len()).is_none()).map(third).collect();
        // true may be the example of a Boolean as well, unless every row has such a word.
        if words.iter().all(|word| words::required(word).is_some()) {
            Self { required: |_| true }
        } else {
            Self { required: |word| !word.is_ascii() }
        }
    }
}

/// The word behind the name and the type.
fn third(row: &Row) -> &str {
    taken_apart(&row.line).2.split_whitespace().next().unwrap_or_default()
}

/// The name, the type and the rest of a line that is parted by spaces.
fn taken_apart(line: &str) -> (&str, String, &str) {
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

fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
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

/// Takes a limit, as `最大长度:20` states one, and says whether it was one.
fn limit(entry: &mut Entry, text: &str) -> bool {
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

/// Reads a row whose cells are parted by single spaces, or have a line each, some of which may be missing.
fn loose(row: &Row, columns: &[Column], style: &Style, known: &Values, entry: &mut Entry) {
    let mut cells = row.cells.iter().map(String::as_str).collect::<Vec<_>>();
    let joined;
    let mut rest = row.line.as_str();
    if !cells.is_empty() && first_word(rest).1.is_empty() {
        // Name and type have a line each as well.
        joined = format!("{rest} {}", cells.remove(0));
        rest = &joined;
    }
    let (name, kind, mut rest) = taken_apart(rest);
    name.clone_into(&mut entry.name);
    entry.kind = kind;
    if columns.contains(&Column::Required) {
        let own_line = rest.is_empty() && cells.first().is_some_and(|cell| words::required(cell).is_some());
        let (word, after) = if own_line { (cells.remove(0), rest) } else { first_word(rest) };
        if let (Some(required), true) = (words::required(word), own_line || (style.required)(word)) {
            entry.required = Some(required);
            rest = after;
        }
    }
    cells.retain(|cell| !limit(entry, cell));
    let has_example = columns.contains(&Column::Example);
    if columns.contains(&Column::Limits) && rest.contains(['：', ':']) {
        // What stands before the limits is the example, and what stands behind them the description.
        let limits: Vec<_> = rest.split_whitespace().filter(|word| limit(entry, word)).collect();
        if let (Some(first), Some(last)) = (limits.first(), limits.last())
            && let (Some(start), Some(end)) = (rest.find(first), rest.rfind(last))
        {
            entry.example = rest[..start].trim().to_owned();
            entry.description = [&[rest[end + last.len()..].trim()], &cells[..]].concat().join("\n").trim().to_owned();
            return;
        }
    }
    let known: Vec<&str> = known.get(&entry.name).into_iter().flatten().map(String::as_str).collect();
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
}

/// Parts an example from the description behind it, by what samples and types tell.
fn split(text: &str, entry: &mut Entry, known: &[&str]) {
    let parted = |end: usize| (text[..end].to_owned(), text[end..].trim().to_owned());
    let ends_word = |end: &usize| text[*end..].is_empty() || text[*end..].starts_with(char::is_whitespace);
    let sampled = known.iter().filter(|value| !value.is_empty() && text.starts_with(**value)).map(|value| value.len());
    let certain = sampled.filter(ends_word).max().or_else(|| date(text)).or_else(|| json(text).filter(ends_word));
    if let Some(end) = certain {
        (entry.example, entry.description) = parted(end);
        return;
    }
    let (first, rest) = first_word(text);
    if rest.is_empty() {
        split_single(first, entry, known);
        return;
    }
    let kind = Spelling::parse(&entry.kind);
    if !fits(first, &kind) {
        text.clone_into(&mut entry.description);
        return;
    }
    (entry.example, entry.description) = (first.to_owned(), rest.to_owned());
    if kind.kind() == Some(Kind::String) && !first.is_ascii() {
        entry.notes.push("The page does not say where the example ends and the description begins.".to_owned());
    }
}

/// The only word behind a type is its example or its description.
fn split_single(word: &str, entry: &mut Entry, known: &[&str]) {
    let is_example = known.contains(&word) || (word.is_ascii() && fits(word, &Spelling::parse(&entry.kind)));
    if is_example { word.clone_into(&mut entry.example) } else { word.clone_into(&mut entry.description) }
}

/// Whether a word can be a value of a type.
fn fits(word: &str, kind: &Spelling) -> bool {
    let number = |word: &str| {
        let digits = word.trim_start_matches(['-', '+']);
        digits.starts_with(|first: char| first.is_ascii_digit())
            && digits.chars().all(|character| character.is_ascii_digit() || character == '.')
    };
    match kind.kind() {
        Some(Kind::Number | Kind::Price | Kind::BigDecimal | Kind::Byte) => word.split(',').all(number),
        Some(Kind::Boolean) => word.split(',').all(|word| matches!(word, "true" | "false" | "0" | "1")),
        Some(Kind::Date) => number(word) || word.contains("yyyy"),
        Some(_) => true,
        // An object's example is nothing, or the name of its type.
        None => word == kind.word,
    }
}

/// How long the date and time is that a text begins with.
fn date(text: &str) -> Option<usize> {
    const FORM: &[u8] = b"0000-00-00 00:00:00";
    let bytes = text.as_bytes();
    let fits = bytes.len() >= FORM.len()
        && FORM.iter().zip(bytes).all(|(form, byte)| if *form == b'0' { byte.is_ascii_digit() } else { form == byte });
    let fraction = bytes.iter().skip(FORM.len()).take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    fits.then_some(FORM.len() + fraction)
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

/// Entries by their indentation: each belongs to the last one above that is indented less.
fn nested(flat: Vec<(usize, bool, Entry)>) -> Result<Vec<Entry>, String> {
    // The entries that are still open, from the outermost in, each with its indentation.
    let mut open: Vec<(usize, Entry)> = Vec::new();
    let mut entries = Vec::new();
    let close = |open: &mut Vec<(usize, Entry)>, entries: &mut Vec<Entry>| {
        if let Some((_, entry)) = open.pop() {
            match open.last_mut() {
                Some((_, around)) => around.fields.push(entry),
                None => entries.push(entry),
            }
        }
    };
    for (indent, marked, entry) in flat {
        while open.last().is_some_and(|(around, _)| *around >= indent) {
            close(&mut open, &mut entries);
        }
        // Mere spaces before a row do not make it a field of something that is no object.
        let no_object = |around: &Entry| Spelling::parse(&around.kind).kind().is_some() && around.fields.is_empty();
        if !marked && open.last().is_some_and(|(_, around)| no_object(around)) {
            close(&mut open, &mut entries);
        }
        if open.len() == DEPTH {
            return Err(format!("`{}` stands below more than {DEPTH} others", entry.name.escape_debug()));
        }
        open.push((indent, entry));
    }
    while !open.is_empty() {
        close(&mut open, &mut entries);
    }
    Ok(entries)
}

type Rest = std::iter::Peekable<std::vec::IntoIter<Entry>>;

/// Takes the entries that the samples have below `nodes`, for a table that has lost its indentation. The first entry is
/// taken wherever it stands.
fn sampled(rest: &mut Rest, nodes: &[Node], entries: &mut Vec<Entry>, depth: usize) {
    let below: Vec<Node> = nodes.iter().flat_map(|node| node.below.iter().cloned()).collect();
    let stands_here = |entry: &Entry| below.iter().any(|node| node.name == entry.name);
    let mut first = depth == 0;
    while let Some(mut entry) = rest.next_if(|entry| first || stands_here(entry)) {
        first = false;
        if Spelling::parse(&entry.kind).kind().is_none() && depth < DEPTH {
            let own: Vec<Node> = below.iter().filter(|node| node.name == entry.name).cloned().collect();
            // The elements of a list stand below a node of their own, or not.
            let elements: Vec<Node> = own.iter().flat_map(|node| node.below.iter().cloned()).collect();
            for nodes in [&own, &elements] {
                if entry.fields.is_empty() {
                    sampled(rest, nodes, &mut entry.fields, depth + 1);
                }
            }
            if !entry.fields.is_empty() {
                entry.notes.push("The page does not indent its fields; the response sample has them here.".to_owned());
            }
        }
        entries.push(entry);
    }
}

/// The table of error codes.
fn errors(lines: &[&str]) -> Vec<ErrorCode> {
    let mut errors: Vec<ErrorCode> = Vec::new();
    for line in lines.iter().map(|line| line.trim()) {
        if line.is_empty() || line.starts_with("暂无") || line.starts_with("错误码") {
            continue;
        }
        let cells: Vec<String> = match exact(line, 3) {
            Some(cells) => cells,
            None => {
                let (code, rest) = first_word(line);
                let (message, solution) = first_word(rest);
                [code, message, solution].map(str::to_owned).to_vec()
            }
        };
        let [code, rest @ ..] = &cells[..] else { continue };
        let is_code = !code.is_empty() && code.chars().all(|letter| is_name_part(letter) || letter == ':');
        match errors.last_mut() {
            _ if is_code => errors.push(ErrorCode {
                code: code.clone(),
                message: rest.first().cloned().unwrap_or_default(),
                solution: rest.get(1..).unwrap_or_default().join(" ").trim().to_owned(),
            }),
            Some(last) => last.solution = format!("{} {line}", last.solution).trim().to_owned(),
            None => {}
        }
    }
    errors
}

/// Where the page says of no parameter whether it is required, what all of its samples set is.
fn guess_required(document: &mut Document, requests: &Requests) {
    if document.request.is_empty() || document.request.iter().any(|entry| entry.required.is_some()) {
        return;
    }
    let names: Vec<String> = document.request.iter().map(|entry| entry.name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut guessed = false;
    for entry in &mut document.request {
        if requests.always_set(&entry.name, &names) {
            entry.required = Some(true);
            entry.notes.push("The page does not say whether it is required; every sample sets it.".to_owned());
            guessed = true;
        }
    }
    if !guessed {
        document.notes.push("The page does not say which parameters are required.".to_owned());
    }
}
