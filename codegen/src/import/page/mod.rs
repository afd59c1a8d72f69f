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
use self::table::parameters;
use super::document::{Address, Document};
use super::sample::{self, Requests, Values};
use super::words;
use crate::spec::{ErrorCode, is_method_name};

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
