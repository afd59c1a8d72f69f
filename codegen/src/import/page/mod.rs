//! Pages: the text of a method's page, as it is copied from a browser or saved.
//!
//! A page is a head and sections, each under a heading of its own. Two of them are tables of parameters. Browsers copy the
//! cells of a table parted by tabs or by spaces, or put a cell on a line of its own; the header tells how many there are.

mod cells;
mod nest;
mod row;
mod table;

use std::collections::BTreeMap;

use self::row::{exact, first_word, is_name_part};
use self::table::{header, is_nothing, parameters};
use super::document::{Address, Document};
use super::sample::{self, Requests, Values};
use super::words;
use crate::spec::{ErrorCode, is_method_name, response_node};

/// A part of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Head,
    Gateways,
    PublicFields,
    Request,
    Response,
    RequestSamples,
    ResponseSamples,
    Errors,
    Other,
}

impl Section {
    /// The section that a line is the heading of, whatever stands around its words: `二、请求参数（业务级）：`.
    fn headed(line: &str) -> Option<Self> {
        let line = line.trim().trim_start_matches('#').trim_start();
        let ordinal =
            line.trim_start_matches(|first: char| first.is_ascii_digit() || "一二三四五六七八九十".contains(first));
        let line = ordinal.strip_prefix(['、', '.', '．']).unwrap_or(line).trim();
        let line = line.trim_end_matches([':', '：']).trim_end();
        let bracketed = line.ends_with([')', '）']).then(|| line.find(['(', '（'])).flatten();
        Some(match line[..bracketed.unwrap_or(line.len())].trim_end() {
            "请求地址" | "服务地址" => Self::Gateways,
            "公共参数" | "公共请求参数" => Self::Other,
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

    /// Whether what follows a line that looks like the heading of this section belongs to it: the same words may stand in
    /// the middle of a description.
    fn is_followed(self, lines: &[&str]) -> bool {
        if !matches!(self, Self::Request | Self::Response | Self::PublicFields | Self::Errors) {
            return true;
        }
        let written: Vec<&str> = lines.iter().copied().filter(|line| !line.trim().is_empty()).take(3).collect();
        let begins =
            |line: &&str| header(line).is_some() || is_nothing(line) || line.trim_start().starts_with("错误码");
        written.first().is_none_or(|line| Self::headed(line).is_some()) || written.iter().any(begins)
    }
}

/// The lines of a page by section. A heading that is not followed by what belongs below it is none, if `strict`.
fn sections<'t>(lines: &[&'t str], strict: bool) -> BTreeMap<Section, Vec<&'t str>> {
    let mut sections: BTreeMap<Section, Vec<&str>> = BTreeMap::new();
    let mut section = Section::Head;
    for (index, line) in lines.iter().enumerate() {
        match Section::headed(line) {
            Some(headed) if !strict || headed.is_followed(&lines[index + 1..]) => {
                section = headed;
                sections.entry(section).or_default();
            }
            _ => sections.entry(section).or_default().push(line),
        }
    }
    sections
}

/// Reads a page.
///
/// # Errors
///
/// Why the text is no page of a method.
pub(super) fn read(text: &str) -> Result<Document, String> {
    let text = words::visible(text);
    let lines: Vec<&str> = text.lines().collect();
    let has_parameters = |sections: &BTreeMap<Section, _>| {
        sections.contains_key(&Section::Request) || sections.contains_key(&Section::Response)
    };
    let mut sections = sections(&lines, true);
    if !has_parameters(&sections) {
        sections = self::sections(&lines, false);
    }
    let lines = |section| sections.get(&section).map_or(&[][..], Vec::as_slice);
    let requests = Requests::read(&lines(Section::RequestSamples).join("\n"));
    let responses = sample::responses(&lines(Section::ResponseSamples).join("\n"));
    let mut document = Document {
        node: stated_node(lines(Section::PublicFields)).or_else(|| responses.first().map(|root| root.name.clone())),
        gateways: gateways(lines(Section::Gateways)),
        ..Document::default()
    };
    let called = requests.values.get("method").into_iter().flatten().map(String::as_str);
    head(lines(Section::Head), &called.collect::<Vec<_>>(), &mut document)?;
    if !has_parameters(&sections) {
        return Err("the page has neither a section 请求参数 nor a section 响应参数".to_owned());
    }
    for (section, name) in [(Section::Request, "请求参数"), (Section::Response, "响应参数")] {
        if !sections.contains_key(&section) {
            document.notes.push(format!("The page has no section {name}."));
        }
    }
    let request = parameters("请求参数", lines(Section::Request), &requests.values, &[])?;
    let mut values = Values::new();
    responses.iter().for_each(|root| root.values(&mut values));
    let response = parameters("响应参数", lines(Section::Response), &values, &responses)?;
    (document.request, document.response) = (request.entries, response.entries);
    document.notes.extend(request.notes.into_iter().chain(response.notes));
    document.errors = errors(lines(Section::Errors));
    guess_required(&mut document, &requests);
    if document.authorization.is_none() {
        let samples = match (requests.any, requests.session) {
            (false, _) => "it has no samples",
            (true, true) => "some of its samples pass one",
            (true, false) => "none of its samples passes one",
        };
        document.notes.push(format!("The page does not say whether a call needs a session; {samples}."));
    }
    Ok(document)
}

/// The lines before the first heading: the method and its title, labels, and what the method does. Where several lines
/// begin with the name of a method, as the menu of a page does, the one is meant that the samples `called`, or whose node
/// the page states.
fn head(lines: &[&str], called: &[&str], document: &mut Document) -> Result<(), String> {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim().trim_start_matches(['#', '•', '*']).trim()).collect();
    let named: Vec<(usize, &str, &str)> = lines
        .iter()
        .enumerate()
        .filter_map(|(index, line)| method(line).map(|(name, after)| (index, name, after)))
        .collect();
    let is_meant = |name: &str| called.contains(&name) || document.node.as_deref() == Some(&response_node(name));
    let first = named.first().ok_or("no line of its head begins with a method's name, as taobao.trade.close is one")?;
    let several = named.iter().any(|(_, name, _)| *name != first.1);
    let (index, method, after) = match named.iter().rfind(|(_, name, _)| is_meant(name)) {
        Some(meant) if several => *meant,
        _ if several => {
            let names: Vec<_> = named.iter().map(|(_, name, _)| *name).collect();
            return Err(format!(
                "its head begins lines with several methods, and nothing tells which is meant: {}",
                names.join(", ")
            ));
        }
        _ => *first,
    };
    document.method = method.to_owned();
    let (title, after) = within_brackets(after.trim());
    title.clone_into(&mut document.title);
    for line in [after].iter().chain(&lines[index + 1..]).filter(|line| !line.is_empty()) {
        if is_labels(line) {
            let meant = line.split_whitespace().find_map(words::authorization);
            document.authorization = document.authorization.or(meant);
        } else if document.title.is_empty() {
            let (title, after) = within_brackets(line);
            [title, after].concat().clone_into(&mut document.title);
        } else {
            document.description.push_str(line);
            document.description.push('\n');
        }
    }
    Ok(())
}

/// The method that a line begins with, perhaps behind a word and a colon, and what follows it.
fn method(line: &str) -> Option<(&str, &str)> {
    let named = |line: &'_ str| {
        let end = line.find(|character: char| character.is_whitespace() || "(（".contains(character));
        let name = &line[..end.unwrap_or(line.len())];
        (is_method_name(name) && name.starts_with(|first: char| first.is_ascii_alphabetic())).then_some(name.len())
    };
    let behind = line.split_once([':', '：']).map(|(_, behind)| behind.trim_start());
    let (line, length) = named(line).map(|length| (line, length)).or_else(|| {
        let behind = behind?;
        named(behind).map(|length| (behind, length))
    })?;
    Some(line.split_at(length))
}

/// What stands in the brackets that a text begins with, and what follows them; the whole text if it begins with none.
fn within_brackets(text: &str) -> (&str, &str) {
    let inside = text.strip_prefix(['(', '（']);
    let parts = inside.and_then(|inside| Some(inside.split_at(inside.find([')', '）'])?)));
    match parts {
        Some((title, after)) => (title.trim(), after.trim_start_matches([')', '）']).trim()),
        None => (text, ""),
    }
}

/// Whether a line of the head is nothing but labels: what a call costs, whether it needs a session.
fn is_labels(line: &str) -> bool {
    let label = |word: &str| {
        let known = ["免费", "收费", "付费", "授权", "基础API", "增值API", "聚石塔"];
        let sentence = word.chars().count() > 40 || word.contains(['，', '。', '；', ',', ';', '：', ':']);
        matches!(word, "¥" | "￥" | "|" | "·") || (!sentence && known.iter().any(|part| word.contains(part)))
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

/// The table of error codes.
fn errors(lines: &[&str]) -> Vec<ErrorCode> {
    let mut errors: Vec<ErrorCode> = Vec::new();
    for line in lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()) {
        let cells = exact(line, 3);
        let [code, message, solution] = match &cells {
            Some(cells) => {
                let cell = |index: usize| cells.get(index).map(String::as_str).unwrap_or_default();
                [cell(0), cell(1), cell(2)]
            }
            None => error_words(line),
        };
        let nothing = code.starts_with("暂无") && message.is_empty();
        if nothing || (code == "错误码" && message.contains("错误")) {
            continue;
        }
        let spelled = code.chars().all(|letter| is_name_part(letter) || matches!(letter, ':' | '/'))
            && (code.contains(|letter: char| letter.is_ascii_alphabetic())
                || code.bytes().all(|byte| byte.is_ascii_digit()));
        match errors.last_mut() {
            Some(last) if cells.is_none() && !spelled => {
                last.solution.push(' ');
                last.solution.push_str(line);
            }
            _ => errors.push(ErrorCode {
                code: code.to_owned(),
                message: message.to_owned(),
                solution: solution.to_owned(),
            }),
        }
    }
    errors
}

/// A line of the table of error codes that is parted by spaces. A message in English ends where Chinese begins.
fn error_words(line: &str) -> [&str; 3] {
    let (code, rest) = first_word(line);
    let (message, solution) = first_word(rest);
    if !message.is_ascii() {
        return [code, message, solution];
    }
    let chinese = rest.find(|character: char| !character.is_ascii()).unwrap_or(rest.len());
    let end = rest[..chinese].rfind(char::is_whitespace).filter(|_| chinese < rest.len()).unwrap_or(rest.len());
    [code, rest[..end].trim_end(), rest[end..].trim_start()]
}

/// Where the page says of no parameter whether it is required, what all of its samples set is.
fn guess_required(document: &mut Document, requests: &Requests) {
    if document.request.is_empty() || document.request.iter().any(|entry| entry.required.is_some()) {
        return;
    }
    let names: Vec<String> = document.request.iter().map(|entry| entry.name.clone()).collect();
    let always = requests.always_set(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for entry in document.request.iter_mut().filter(|entry| always.contains(entry.name.as_str())) {
        entry.required = Some(true);
        entry.notes.push("The page does not say whether it is required; every sample sets it.".to_owned());
    }
    if always.is_empty() {
        document.notes.push("The page does not say which parameters are required.".to_owned());
    }
}
