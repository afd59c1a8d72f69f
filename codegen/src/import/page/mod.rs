//! Pages: the text of a method's page as a browser copies it, as an extractor writes it, in Markdown or saved as HTML.
//!
//! A page has a head and sections with headings; two of the sections are tables of parameters. `markup` and `pipes`
//! turn every layout into lines with tabs between cells. `table` reads rows, `cells` turns cells into entries, and
//! `tree` nests the rows. A text may contain the pages of several methods (`split`).

mod cells;
mod head;
mod headings;
mod html_text;
mod pipes;
mod row;
mod split;
mod table;
mod tree;

use self::head::head;
use self::headings::{Section, Sections};
use self::row::{Column, delimited_cells, first_word, is_name_part};
use self::table::parameters;
use self::tree::Samples;
use super::document::{Document, GatewayUrls};
use super::error::ImportError;
use super::sample::{self, RequestSamples, SampleValues};
use super::vocabulary;
use crate::spec::ErrorCode;

/// Reads the pages in a text, one per method. The result is never empty.
pub(super) fn read(text: &str) -> Vec<Result<Document, ImportError>> {
    let text = vocabulary::strip_invisible(text);
    let lines = pipes::to_tabs(&text.lines().collect::<Vec<_>>());
    let lines = join_header_cells(lines.iter().map(String::as_str));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    match split::split_pages(&lines) {
        pages if pages.len() > 1 => {
            pages.iter().map(|page| self::page(&page.lines).map_err(|error| page.error(error))).collect()
        }
        pages => vec![page(pages.first().map_or(&lines, |page| &page.lines)).map_err(ImportError::Document)],
    }
}

/// Reads the pages in an HTML file.
pub(super) fn read_html(html: &str) -> Vec<Result<Document, ImportError>> {
    read(&html_text::from_html(html))
}

/// Joins the cells of each header that has one cell per line.
fn join_header_cells<'l>(lines: impl Iterator<Item = &'l str>) -> Vec<String> {
    let lines: Vec<&str> = lines.collect();
    let headed = |line: &&&str| Column::from_heading(line.trim().trim_start_matches(['•', '·', ' '])).is_some();
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
    let requests = RequestSamples::read(&lines(Section::RequestSamples).join("\n"));
    let mut responses = sample::responses(&lines(Section::ResponseSamples).join("\n"));
    if responses.is_empty() {
        // A sample may follow its table without a heading.
        responses = sample::responses(&lines(Section::Response).join("\n"));
    }
    let mut document = Document {
        node: stated_node(lines(Section::PublicFields)).or_else(|| responses.first().map(|root| root.name.clone())),
        gateways: gateways(lines(Section::Gateways)),
        ..Document::default()
    };
    let sampled_methods = requests.values.get("method").into_iter().flatten().map(String::as_str);
    head(lines(Section::Head), &sampled_methods.collect::<Vec<_>>(), &mut document)?;
    for (section, name) in [(Section::Request, "请求参数"), (Section::Response, "响应参数")] {
        if !sections.has(section) {
            return Err(format!(
                "the section {name} is missing: expected the heading and a table, or 无 if there are no parameters"
            ));
        }
    }
    let sample = Samples { name: "request sample", roots: &requests.objects };
    document.request = parameters("请求参数", lines(Section::Request), &requests.values, &sample)?;
    let mut values = SampleValues::new();
    responses.iter().for_each(|root| root.values(&mut values));
    let sample = Samples { name: "response sample", roots: &responses };
    document.response = parameters("响应参数", lines(Section::Response), &values, &sample)?;
    document.errors = errors(lines(Section::Errors));
    infer_required(&mut document, &requests);
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

/// Reads the URLs in a table of environments.
fn gateways(lines: &[&str]) -> Vec<GatewayUrls> {
    let address = |line: &str, scheme: &str| {
        let word = line.split_whitespace().find(|word| word.starts_with(scheme));
        word.unwrap_or_default().to_owned()
    };
    let mut addresses: Vec<GatewayUrls> = Vec::new();
    for line in lines {
        let (http, https) = (address(line, "http://"), address(line, "https://"));
        match addresses.last_mut() {
            _ if http.is_empty() && https.is_empty() => {}
            // Each cell is on a line of its own.
            Some(last) if http.is_empty() && last.https.is_empty() => last.https = https,
            _ => addresses.push(GatewayUrls { http, https }),
        }
    }
    addresses
}

/// Returns the root node that the page states.
fn stated_node(lines: &[&str]) -> Option<String> {
    let (_, stated) = lines.iter().find_map(|line| line.split_once("本接口为"))?;
    let node = stated.trim_start_matches([':', '：', ' ']).split(|character: char| !is_name_part(character)).next()?;
    Some(node.to_owned()).filter(|node| !node.is_empty())
}

/// Reads the table of error codes.
fn errors(lines: &[&str]) -> Vec<ErrorCode> {
    let mut errors: Vec<ErrorCode> = Vec::new();
    for line in lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()) {
        let cells = delimited_cells(line, 3);
        let [code, message, solution] = match &cells {
            Some(cells) => {
                let cell = |index: usize| cells.get(index).map(String::as_str).unwrap_or_default();
                [cell(0), cell(1), cell(2)]
            }
            None => split_error_row(line),
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

/// Splits a row of the table of error codes at spaces. An English message ends where Chinese begins.
fn split_error_row(line: &str) -> [&str; 3] {
    let (code, rest) = first_word(line);
    let (message, solution) = first_word(rest);
    if !message.is_ascii() {
        return [code, message, solution];
    }
    let chinese = rest.find(|character: char| !character.is_ascii()).unwrap_or(rest.len());
    let end = rest[..chinese].rfind(char::is_whitespace).filter(|_| chinese < rest.len()).unwrap_or(rest.len());
    [code, rest[..end].trim_end(), rest[end..].trim_start()]
}

/// Marks parameters as required that every sample sets, if the page has no column for it.
fn infer_required(document: &mut Document, requests: &RequestSamples) {
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
