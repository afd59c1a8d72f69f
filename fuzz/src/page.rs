//! Pages of methods: an import of a written page returns the same method.

use std::collections::BTreeSet;

use codegen::import;
use codegen::spec::{self, Authorization, ErrorCode, Parameter, Platform, TypeName};

use crate::input;

/// The maximum depth of rows. The platform's deepest table has eight levels.
const DEPTH: usize = 8;

/// The types of rows by letter. `O` is an object, and `L` is a list of objects.
const KINDS: [(char, &str); 15] = [
    ('S', "String"),
    ('N', "Number"),
    ('B', "Boolean"),
    ('D', "Date"),
    ('P', "Price"),
    ('M', "BigDecimal"),
    ('J', "Json"),
    ('K', "Map"),
    ('F', "Field List"),
    ('Y', "byte"),
    ('A', "byte[]"),
    ('s', "String[]"),
    ('n', "Number[]"),
    ('d', "Date[]"),
    ('j', "Json[]"),
];

/// A row of a table and the rows of its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Row {
    name: String,
    kind: String,
    required: bool,
    max_length: Option<i64>,
    max_list_size: Option<i64>,
    min_value: Option<i64>,
    max_value: Option<i64>,
    default: String,
    example: String,
    description: String,
    fields: Vec<Row>,
}

/// The content of a page.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    method: String,
    title: String,
    description: String,
    authorization: Option<Authorization>,
    request: Vec<Row>,
    response: Vec<Row>,
    errors: Vec<ErrorCode>,
}

/// Checks that a page of the method that `input` describes is imported as a spec of that method.
///
/// The lines are the title, the description and rows. The cells of a row are separated by `|`: a code, the name, the example,
/// the default, the description and the limit. A code starts with `<` for the request or `>` for the response. It contains
/// the depth, the letter of the type, and `!` for a required parameter. The code `e` is an error with its code, message and
/// solution.
///
/// # Panics
///
/// If the import refuses the page or returns another spec.
pub fn check(input: &[u8]) {
    let mut lines = input::lines(input);
    let mut line = || lines.next().unwrap_or_default();
    let mut page = Page {
        method: "taobao.any.thing.get".to_owned(),
        // The words keep the lines from being read as headings or labels.
        title: single_line(&format!("查询 {}", without_colons(&line()))),
        description: single_line(&format!("说明文字 {}", without_colons(&line()))),
        authorization: None,
        request: Vec::new(),
        response: Vec::new(),
        errors: Vec::new(),
    };
    let mut types = 0;
    for line in lines {
        let mut cells = line.split('|').map(cell_text);
        let code = cells.next().unwrap_or_default();
        let mut cell = || cells.next().unwrap_or_default();
        match code.chars().next() {
            Some('e') => {
                let code = format!("isv.{}", name(&cell()));
                page.errors.push(ErrorCode { code, message: cell(), solution: cell() });
            }
            Some('a') => page.authorization = Some(Authorization::Required),
            Some('o') => page.authorization = Some(Authorization::Optional),
            Some('u') => page.authorization = Some(Authorization::None),
            Some(side @ ('<' | '>')) => {
                types += 1;
                let request = side == '<';
                let row = Row {
                    name: name(&cell()),
                    kind: String::new(),
                    required: request && code.contains('!'),
                    example: cell(),
                    default: cell(),
                    description: cell(),
                    ..Row::default()
                };
                let limit = cell();
                let depth = code.chars().find_map(|character| character.to_digit(10)).unwrap_or(0);
                let letter = code.chars().find(char::is_ascii_alphabetic).unwrap_or('S');
                let rows = if request { &mut page.request } else { &mut page.response };
                let depth = usize::try_from(depth).unwrap_or(0).min(DEPTH);
                add(rows, depth, true, request, letter, &format!("T{types}DO"), row, &limit);
            }
            _ => {}
        }
    }
    fill_objects(&mut page.request);
    fill_objects(&mut page.response);

    let text = page.write();
    let platform = Platform::default();
    let yaml = import::spec_of(&text, &platform).unwrap_or_else(|reason| panic!("{reason}\n{text}\n{page:#?}"));
    let method = spec::parse("any", "taobao.any.thing.get.yaml", &yaml, &platform).expect("an imported spec is legal");
    assert_eq!(Page::of(&method.spec), page, "{text}\n{yaml}");
}

/// Adds a row at `depth`, or at the depth of the last object.
#[expect(clippy::too_many_arguments, reason = "the cells of one line")]
fn add(
    rows: &mut Vec<Row>,
    depth: usize,
    top: bool,
    request: bool,
    letter: char,
    object: &str,
    mut row: Row,
    limit: &str,
) {
    if depth > 0
        && let Some(parent) = rows.last_mut().filter(|parent| parent.kind.contains("DO"))
    {
        return add(&mut parent.fields, depth - 1, false, request, letter, object, row, limit);
    }
    // Names are unique within an object, and a request has no public parameters.
    if rows.iter().any(|other| other.name == row.name) || Platform::default().is_public(&row.name) {
        return;
    }
    let word = KINDS.iter().find(|(other, _)| *other == letter).map_or("String", |(_, word)| word);
    row.kind = match letter {
        'O' => object.to_owned(),
        'L' => format!("{object}[]"),
        // A file is a parameter of a request, and never a field of an object.
        'A' if !(top && request) => "String".to_owned(),
        _ => word.to_owned(),
    };
    if row.kind.contains("DO") {
        (row.example, row.default) = (String::new(), String::new());
    }
    let number = limit.parse::<i64>().ok();
    if request && let Some(number) = number {
        match row.kind.as_str() {
            "String" if number > 0 => (row.max_length, row.example) = (Some(number), String::new()),
            "Number" => (row.min_value, row.example) = (Some(number), String::new()),
            "Price" => (row.max_value, row.example) = (Some(number), String::new()),
            "String[]" | "Number[]" if number > 0 => row.max_list_size = Some(number),
            _ => {}
        }
    }
    if matches!(row.kind.as_str(), "Number" | "byte" | "Price" | "BigDecimal" | "Boolean" | "Number[]" | "Date") {
        row.default = String::new();
    }
    // The import derives the type of a number from its example, and drops an example that the type does not accept.
    if TypeName::parse(&row.kind).kind().is_some_and(|_| !TypeName::parse(&row.kind).accepts(&row.example)) {
        row.example = String::new();
    }
    rows.push(row);
}

/// Adds a field to each object without fields, because a page always describes some.
fn fill_objects(rows: &mut [Row]) {
    for row in rows {
        if row.kind.contains("DO") && row.fields.is_empty() {
            row.fields.push(Row { name: "id".to_owned(), kind: "Number".to_owned(), ..Row::default() });
        }
        fill_objects(&mut row.fields);
    }
}

impl Page {
    fn of(spec: &spec::Spec) -> Self {
        Self {
            method: spec.method.value.clone(),
            title: spec.facts.title.value.clone(),
            description: spec.facts.description.clone().unwrap_or_default(),
            authorization: spec.facts.authorization,
            request: spec.request.iter().map(Row::of).collect(),
            response: spec.response.fields.iter().map(Row::of).collect(),
            errors: spec.facts.errors.clone(),
        }
    }

    /// Returns the text of the page as copied from a browser, with cells separated by tabs.
    fn write(&self) -> String {
        let label = match self.authorization {
            None => "￥免费",
            Some(Authorization::Required) => "￥免费 需要授权",
            Some(Authorization::Optional) => "￥免费 可选授权",
            Some(Authorization::None) => "￥免费 不需要授权",
        };
        let mut page = format!("{}\n{}\n{label}\n{}\n", self.method, self.title, self.description);
        page += "\n请求参数\n\n名称\t类型\t是否必须\t示例值\t更多限制\t默认值\t描述\n";
        self.request.iter().for_each(|row| row.write(0, true, &mut page));
        page += "\n响应参数\n\n名称\t类型\t示例值\t默认值\t描述\n";
        self.response.iter().for_each(|row| row.write(0, false, &mut page));
        page += "\n错误码描述\n\n错误码\t错误消息\t解决方案\n";
        for ErrorCode { code, message, solution } in &self.errors {
            page += &format!("{code}\t{message}\t{solution}\n");
        }
        page
    }
}

impl Row {
    fn of(parameter: &Parameter) -> Self {
        let limit = |limit: &Option<spec::Spanned<i64>>| limit.as_ref().map(|limit| limit.value);
        Self {
            name: parameter.name.value.clone(),
            kind: parameter.kind.value.clone(),
            required: parameter.is_required(),
            max_length: limit(&parameter.max_length),
            max_list_size: limit(&parameter.max_list_size),
            min_value: limit(&parameter.min_value),
            max_value: limit(&parameter.max_value),
            default: parameter.facts.default.clone().unwrap_or_default(),
            example: parameter.facts.example.clone().unwrap_or_default(),
            description: parameter.facts.description.clone().unwrap_or_default(),
            fields: parameter.fields.iter().map(Self::of).collect(),
        }
    }

    fn write(&self, depth: usize, request: bool, page: &mut String) {
        let Self { name, kind, example, default, description, .. } = self;
        *page += &format!("{}{name}\t{kind}\t", "└".repeat(depth));
        if request {
            let limits = [
                ("最大长度", self.max_length),
                ("最大列表长度", self.max_list_size),
                ("最小值", self.min_value),
                ("最大值", self.max_value),
            ];
            let limits = limits.iter().filter_map(|(name, limit)| limit.map(|limit| format!("{name}：{limit}")));
            let required = if self.required { "是" } else { "否" };
            *page += &format!("{required}\t{example}\t{}\t{default}\t{description}\n", limits.collect::<String>());
        } else {
            *page += &format!("{example}\t{default}\t{description}\n");
        }
        self.fields.iter().for_each(|field| field.write(depth + 1, request, page));
    }
}

/// Returns a valid name of a parameter.
fn name(text: &str) -> String {
    let mut name: String =
        text.chars().filter(|character| character.is_ascii_alphanumeric() || "_.-".contains(*character)).collect();
    name.truncate(40);
    if !name.contains(|character: char| character.is_ascii_alphanumeric()) {
        name.push('x');
    }
    name
}

/// A text on one line, without what a page does not show.
fn single_line(text: &str) -> String {
    let hidden: BTreeSet<char> = ['\u{ad}', '\u{feff}'].into();
    let is_visible = |character: &char| {
        let code = u32::from(*character);
        let ranges = [0x200b..=0x200f, 0x2028..=0x202e, 0x2060..=0x206f, 0xfff9..=0xffff];
        let control = character.is_control() && !character.is_whitespace();
        !control && !hidden.contains(character) && !ranges.iter().any(|range| range.contains(&code))
    };
    let text: String = text.chars().filter(is_visible).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the text of a cell. Words such as `null` are for empty cells.
fn cell_text(text: &str) -> String {
    match single_line(text) {
        none if matches!(none.as_str(), "null" | "NULL" | "Null" | "-" | "--" | "N/A" | "无") => String::new(),
        text => text,
    }
}

/// Removes colons, because the import reads a method name after a colon in the head of a page.
fn without_colons(text: &str) -> String {
    text.replace([':', '：'], " ")
}
