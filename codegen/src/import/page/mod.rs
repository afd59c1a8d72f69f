//! Pages: the text of a method's page as a browser copies it, as an extractor writes it, in Markdown or saved as HTML.
//!
//! A page is a head and sections, each under a heading of its own; two of the sections are tables of parameters. Every
//! layout becomes lines with a tab between cells (`markup`, `pipes`), or rows whose cells have a line each (`table`); then
//! cells become entries (`cells`), and rows a tree (`nest`). A text may hold the pages of several methods (`split`).

mod cells;
mod headings;
mod markup;
mod nest;
mod pipes;
mod row;
mod split;
mod table;

use self::headings::{Section, Sections};
use self::nest::Sample;
use self::row::{Column, exact, first_word, is_name_part};
use self::table::parameters;
use super::document::{Address, Document};
use super::error::ImportError;
use super::sample::{self, Requests, Values};
use super::words;
use crate::spec::{ErrorCode, is_method_name, response_node};

/// Reads the pages that a text holds, one for each method. The result is never empty.
pub(super) fn read(text: &str) -> Vec<Result<Document, ImportError>> {
    let text = words::visible(text);
    let lines = pipes::as_tabs(&text.lines().collect::<Vec<_>>());
    let lines = joined_headers(lines.iter().map(String::as_str));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    match split::pages(&lines) {
        pages if pages.len() > 1 => {
            pages.iter().map(|page| self::page(&page.lines).map_err(|error| page.error(error))).collect()
        }
        pages => vec![page(pages.first().map_or(&lines, |page| &page.lines)).map_err(ImportError::Document)],
    }
}

/// Reads the pages of a saved page.
pub(super) fn read_html(html: &str) -> Vec<Result<Document, ImportError>> {
    read(&markup::text(html))
}

/// The lines with each header whose cells have a line each as one line.
fn joined_headers<'l>(lines: impl Iterator<Item = &'l str>) -> Vec<String> {
    let lines: Vec<&str> = lines.collect();
    let headed = |line: &&&str| Column::headed(line.trim().trim_start_matches(['•', '·', ' '])).is_some();
    let mut joined = Vec::new();
    let mut rest = &lines[..];
    while let Some((first, after)) = rest.split_first() {
        let count = if headed(&first) { rest.iter().take_while(headed).take(16).count() } else { 0 };
        let cells: Vec<_> = rest[..count].iter().map(|line| line.trim().trim_start_matches(['•', '·', ' '])).collect();
        let header = cells.join("\t");
        if count > 2 && row::header(&header).is_some() {
            joined.push(header);
            rest = &rest[count..];
        } else {
            joined.push((*first).to_owned());
            rest = after;
        }
    }
    joined
}

/// Reads the page of one method.
fn page(lines: &[&str]) -> Result<Document, String> {
    let sections = Sections::of(lines);
    let lines = |section| sections.lines(section);
    let requests = Requests::read(&lines(Section::RequestSamples).join("\n"));
    let mut responses = sample::responses(&lines(Section::ResponseSamples).join("\n"));
    if responses.is_empty() {
        // A sample may stand below its table without a heading.
        responses = sample::responses(&lines(Section::Response).join("\n"));
    }
    let mut document = Document {
        node: stated_node(lines(Section::PublicFields)).or_else(|| responses.first().map(|root| root.name.clone())),
        gateways: gateways(lines(Section::Gateways)),
        ..Document::default()
    };
    let called = requests.values.get("method").into_iter().flatten().map(String::as_str);
    head(lines(Section::Head), &called.collect::<Vec<_>>(), &mut document)?;
    for (section, name) in [(Section::Request, "请求参数"), (Section::Response, "响应参数")] {
        if !sections.has(section) {
            return Err(format!(
                "the section {name} is missing: expected the heading and a table, or 无 if there are no parameters"
            ));
        }
    }
    let sample = Sample { name: "request sample", roots: &requests.objects };
    document.request = parameters("请求参数", lines(Section::Request), &requests.values, &sample)?;
    let mut values = Values::new();
    responses.iter().for_each(|root| root.values(&mut values));
    let sample = Sample { name: "response sample", roots: &responses };
    document.response = parameters("响应参数", lines(Section::Response), &values, &sample)?;
    document.errors = errors(lines(Section::Errors));
    guess_required(&mut document, &requests);
    if document.authorization.is_none() {
        let samples = match (requests.any, requests.session) {
            (false, _) => "it has no samples",
            (true, true) => "some of its samples pass one",
            (true, false) => "its samples pass none",
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
    let first = named
        .first()
        .ok_or("no method found: expected a line that begins with its name, such as taobao.trade.close")?;
    let several = named.iter().any(|(_, name, _)| *name != first.1);
    let (index, method, after) = match named.iter().rfind(|(_, name, _)| is_meant(name)) {
        Some(meant) if several => *meant,
        _ if several => {
            let names: Vec<_> = named.iter().map(|(_, name, _)| *name).collect();
            return Err(format!("expected one method at the top of the page, found {}", names.join(", ")));
        }
        _ => *first,
    };
    document.method = method.to_owned();
    let (title, after) = title(after.trim());
    title.clone_into(&mut document.title);
    let mut lines = [after].into_iter().chain(lines[index + 1..].iter().copied()).filter(|line| !line.is_empty());
    while let Some(line) = lines.next() {
        if let Some((_, kind)) = line.split_once("授权类型") {
            let kind = kind.trim_matches([':', '：', ' ', '*', '|']);
            let kind = if kind.is_empty() { lines.next().unwrap_or_default() } else { kind };
            document.authorization = document.authorization.or_else(|| words::authorization(&format!("{kind}授权")));
        } else if is_labels(line) {
            let meant = line.split_whitespace().chain([line]).find_map(words::authorization);
            document.authorization = document.authorization.or(meant);
        } else if document.title.is_empty() {
            match bracketed(line) {
                Some((title, "")) => title.clone_into(&mut document.title),
                _ => line.clone_into(&mut document.title),
            }
        } else if !matches!(
            line,
            "描述" | "说明" | "接口说明" | "接口描述" | "API说明" | "API描述" | "功能描述" | "---" | "***"
        ) {
            document.description.push_str(line);
            document.description.push('\n');
        }
    }
    Ok(())
}

/// The title behind a method's name, and what follows it.
fn title(text: &str) -> (&str, &str) {
    match bracketed(text) {
        Some((title, after))
            if after.is_empty() || after.starts_with(char::is_whitespace) || is_labels(after.trim()) =>
        {
            (title, after.trim())
        }
        _ if is_labels(text) => ("", text),
        _ => (text, ""),
    }
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

/// The text in the pair of brackets that a text begins with, and what follows it. Brackets nest; one that is never closed
/// goes to the end.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix(['(', '（'])?;
    let mut depth = 1;
    for (place, character) in inside.char_indices() {
        match character {
            '(' | '（' => depth += 1,
            ')' | '）' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let after = &inside[place + character.len_utf8()..];
            return Some((inside[..place].trim(), after.trim_start_matches([')', '）'])));
        }
    }
    Some((inside.trim(), ""))
}

/// Whether a line of the head is nothing but labels: what a call costs, whether it needs a session.
fn is_labels(line: &str) -> bool {
    let label = |word: &str| {
        let known = ["免费", "收费", "付费", "授权", "基础API", "增值API", "聚石塔"];
        let sentence = word.chars().count() > 40 || word.contains(['，', '。', '；', ',', ';', '：', ':']);
        matches!(word, "¥" | "￥" | "|" | "·") || (!sentence && known.iter().any(|part| word.contains(part)))
    };
    let english = line.len() <= 60 && line.is_ascii() && words::authorization(line).is_some();
    english || (!line.is_empty() && line.split_whitespace().all(label)) || line.starts_with("更新时间")
}

/// The addresses in a table of environments.
fn gateways(lines: &[&str]) -> Vec<Address> {
    let address = |line: &str, scheme: &str| {
        let word = line.split_whitespace().find(|word| word.starts_with(scheme));
        word.unwrap_or_default().to_owned()
    };
    let mut addresses: Vec<Address> = Vec::new();
    for line in lines {
        let (http, https) = (address(line, "http://"), address(line, "https://"));
        match addresses.last_mut() {
            _ if http.is_empty() && https.is_empty() => {}
            // Each cell has a line.
            Some(last) if http.is_empty() && last.https.is_empty() => last.https = https,
            _ => addresses.push(Address { http, https }),
        }
    }
    addresses
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
        let nothing = (code.starts_with("暂无") || matches!(code, "无" | "#" | "---")) && message.is_empty();
        let is_header = code == "错误码" && (message.contains("错误") || cells.is_some());
        if nothing || is_header || code.eq_ignore_ascii_case("error code") || line.starts_with("Error code") {
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
