//! The sections of a page, found by their headings.

use std::collections::BTreeMap;

use super::row::{Column, header};
use super::table::{columns_without_header, means_none};

/// A part of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
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

/// The headings of each section, in lookup order.
const HEADINGS: [(Section, &[&str]); 9] = [
    (
        Section::Gateways,
        &["请求地址", "服务地址", "调用地址", "request address", "service address", "request url", "service url"],
    ),
    (
        Section::Other,
        &[
            "公共参数",
            "公共请求参数",
            "公共入参",
            "系统级输入参数",
            "系统级参数",
            "系统参数",
            "系统级请求参数",
            "common parameters",
            "public parameters",
            "system parameters",
            "common request parameters",
            "public request parameters",
        ],
    ),
    (
        Section::PublicFields,
        &["公共响应参数", "公共返回参数", "系统级输出参数", "common response parameters", "public response parameters"],
    ),
    (
        Section::Request,
        &[
            "请求参数",
            "业务参数",
            "业务请求参数",
            "业务级参数",
            "业务级请求参数",
            "应用级输入参数",
            "应用级参数",
            "应用级请求参数",
            "应用参数",
            "输入参数",
            "入参",
            "请求入参",
            "业务入参",
            "request parameters",
            "request parameter",
            "business parameters",
            "business request parameters",
            "application parameters",
            "application request parameters",
            "input parameters",
        ],
    ),
    (
        Section::Response,
        &[
            "请求响应参数",
            "响应参数",
            "返回参数",
            "返回结果",
            "返回值",
            "返回字段",
            "返回数据",
            "响应结果",
            "响应字段",
            "输出参数",
            "应用级输出参数",
            "应用级返回参数",
            "应用级返回结果",
            "业务响应参数",
            "出参",
            "response parameters",
            "response parameter",
            "business response parameters",
            "return parameters",
            "output parameters",
            "return values",
            "return value",
            "return results",
            "return result",
            "response fields",
            "returns",
        ],
    ),
    (
        Section::RequestSamples,
        &[
            "请求示例代码",
            "请求示例",
            "示例代码",
            "调用示例",
            "请求样例",
            "request example",
            "request examples",
            "request sample",
            "request samples",
            "sample code",
            "example code",
        ],
    ),
    (
        Section::ResponseSamples,
        &[
            "响应示例",
            "返回示例",
            "返回结果示例",
            "响应结果示例",
            "返回样例",
            "响应样例",
            "response example",
            "response examples",
            "response sample",
            "response samples",
            "return example",
        ],
    ),
    (
        Section::Errors,
        &[
            "错误码描述",
            "错误码解释",
            "错误码",
            "错误码表",
            "错误代码",
            "返回码",
            "error codes",
            "error code",
            "error code description",
            "error code explanation",
            "error code list",
        ],
    ),
    (
        Section::Other,
        &[
            "异常响应示例",
            "异常示例",
            "异常返回示例",
            "错误示例",
            "错误响应示例",
            "API工具",
            "FAQ",
            "如何获得此API",
            "返回顶部",
            "exception example",
            "error example",
            "error response example",
            "error sample",
            "api tools",
            "api tool",
            "how to get this api",
            "back to top",
        ],
    ),
];

impl Section {
    /// Returns the section of a heading: `二、请求参数（业务级）：`, `### JSON 响应示例`.
    pub(super) fn from_heading(line: &str) -> Option<Self> {
        if line.len() > 120 {
            return None;
        }
        let line = line.trim().trim_start_matches('#').trim_matches([' ', '\t', '*', '`', '_']);
        let ordinal =
            line.trim_start_matches(|first: char| first.is_ascii_digit() || "一二三四五六七八九十.".contains(first));
        let line = ordinal
            .strip_prefix(['、', '．', ' '])
            .unwrap_or(if ordinal.len() < line.len() && line.contains('.') { ordinal } else { line });
        let line = line.trim().trim_end_matches([':', '：']).trim_end();
        let line = line.strip_prefix(['【', '[']).and_then(|line| line.strip_suffix(['】', ']'])).unwrap_or(line);
        let bracketed = line.ends_with([')', '）']).then(|| line.find(['(', '（'])).flatten();
        let words = line[..bracketed.unwrap_or(line.len())].trim_end();
        // 应用级输入参数 may have the prefix API.
        let bare = words.strip_prefix("API").map_or(words, str::trim_start);
        let exact = |text: &str| {
            let is = |heading: &&str| heading.eq_ignore_ascii_case(text);
            HEADINGS.iter().find(|(_, headings)| headings.iter().any(is)).map(|(section, _)| *section)
        };
        exact(words).or_else(|| exact(bare)).or_else(|| {
            // The heading of samples may begin with a language or a format: JSON 响应示例.
            let language =
                |first: char| first.is_ascii_alphanumeric() || matches!(first, '.' | '+' | '#' | '/' | ' ' | '-');
            let sample = match words.trim_start_matches(language) {
                "" => words.split_once(' ').map_or("", |(_, sample)| sample),
                sample => sample,
            };
            let section = exact(sample).filter(|_| sample.len() < words.len());
            section.filter(|section| {
                matches!(section, Self::RequestSamples | Self::ResponseSamples) || sample.contains("示例")
            })
        })
    }

    /// Returns whether the content of the section follows a possible heading. The same words may occur in a
    /// description.
    fn has_expected_content(self, lines: &[&str]) -> bool {
        if !matches!(self, Self::Request | Self::Response | Self::PublicFields | Self::Errors) {
            return true;
        }
        let written: Vec<&str> =
            lines.iter().copied().filter(|line| !line.trim().is_empty() && line.trim() != "#").take(3).collect();
        let begins = |line: &&str| {
            header(line).is_some()
                || means_none(line)
                || line.trim_start().to_lowercase().starts_with("error code")
                || line.trim_start().starts_with("错误码")
        };
        written.first().is_none_or(|line| Self::from_heading(line).is_some() || line.starts_with('#'))
            || written.iter().any(begins)
            || columns_without_header(&written).is_some()
    }
}

/// The lines of a page by section.
pub(super) struct Sections<'t>(BTreeMap<Section, Vec<&'t str>>);

impl<'t> Sections<'t> {
    /// Splits the lines of a page into sections. A line is a heading only if the expected content follows, unless no
    /// table of parameters is found that way. The columns identify tables without a heading.
    pub(super) fn of(lines: &[&'t str]) -> Self {
        let mut sections = Self::split(lines, true);
        if !sections.has(Section::Request) && !sections.has(Section::Response) {
            sections = Self::split(lines, false);
        }
        sections
    }

    fn split(lines: &[&'t str], strict: bool) -> Self {
        let headed: Vec<Option<Section>> = lines
            .iter()
            .enumerate()
            .map(|(index, line)| {
                Section::from_heading(line)
                    .filter(|section| !strict || section.has_expected_content(&lines[index + 1..]))
            })
            .collect();
        let has = |section| headed.contains(&Some(section));
        let implied = [Section::Request, Section::Response].map(|section| (section, !has(section)));
        let mut sections: BTreeMap<Section, Vec<&str>> = BTreeMap::new();
        let mut section = Section::Head;
        for (line, headed) in lines.iter().zip(headed) {
            if let Some(headed) = headed {
                section = headed;
                sections.entry(section).or_default();
                continue;
            }
            if let Some(headed) = header(line).and_then(|columns| implied_section(&columns))
                && implied.contains(&(headed, true))
                && !sections.contains_key(&headed)
            {
                section = headed;
            }
            sections.entry(section).or_default().push(line);
        }
        Self(sections)
    }

    /// Returns whether the page has a section.
    pub(super) fn has(&self, section: Section) -> bool {
        self.0.contains_key(&section)
    }

    /// Returns the lines of a section.
    pub(super) fn lines(&self, section: Section) -> &[&'t str] {
        self.0.get(&section).map_or(&[], Vec::as_slice)
    }
}

/// Returns the section of a table without a heading. Only tables of a method's own parameters have examples, and only
/// those of requests have the column "required".
fn implied_section(columns: &[Column]) -> Option<Section> {
    columns.contains(&Column::Example).then(|| match columns.contains(&Column::Required) {
        true => Section::Request,
        false => Section::Response,
    })
}
