//! A text that holds the pages of several methods: each page begins with the method's name in a heading.

use std::collections::BTreeSet;

use super::headings::Section;
use super::{bracketed, method};
use crate::import::error::ImportError;
use crate::spec::is_method_name;

/// The lines of one method.
pub(super) struct Page<'t> {
    method: String,
    pub(super) lines: Vec<&'t str>,
}

impl Page<'_> {
    /// Why this page cannot be read.
    pub(super) fn error(&self, reason: String) -> ImportError {
        ImportError::Document(format!("{}: {reason}", self.method))
    }
}

/// The pages of a text, or nothing if no heading begins one.
pub(super) fn pages<'t>(lines: &[&'t str]) -> Vec<Page<'t>> {
    let headings = |named: fn(&str) -> Option<&str>| -> Vec<(usize, &'t str)> {
        let named = |(index, line): (usize, &&'t str)| {
            let method = named(line)?;
            // The name is a part of the line, which lives as long as the text does.
            let start = line.find(method)?;
            Some((index, &line[start..start + method.len()]))
        };
        lines.iter().enumerate().filter_map(named).collect()
    };
    let marked = parted(lines, &headings(in_heading));
    if !marked.is_empty() {
        return marked;
    }
    // Without marks a line that names a method may also be a menu or a reference; then not every page has parameters.
    let plain = parted(lines, &headings(with_title));
    let is_page = |page: &Page<'_>| {
        let has = |section| page.lines.iter().any(|line| Section::headed(line) == Some(section));
        has(Section::Request) && has(Section::Response)
    };
    if plain.len() > 1 && plain.iter().all(is_page) { plain } else { Vec::new() }
}

/// The lines from each heading to the next of another method.
fn parted<'t>(lines: &[&'t str], headings: &[(usize, &'t str)]) -> Vec<Page<'t>> {
    let mut starts: Vec<(usize, &str)> = Vec::new();
    for (index, method) in headings {
        if starts.last().is_none_or(|(_, last)| last != method) {
            starts.push((*index, method));
        }
    }
    let ends = starts.iter().skip(1).map(|(start, _)| *start).chain([lines.len()]);
    let pages = starts.iter().zip(ends);
    pages
        .map(|((start, method), end)| Page { method: (*method).to_owned(), lines: lines[*start..end].to_vec() })
        .collect()
}

/// The method that a heading of Markdown names: `## taobao.trade.close（关闭交易）`, `### 1.2 关闭交易 taobao.trade.close`.
fn in_heading(line: &str) -> Option<&str> {
    let heading = line.strip_prefix('#')?;
    let mut words = heading.split(|character: char| {
        character.is_whitespace()
            || matches!(character, '#' | '(' | ')' | '（' | '）' | '`' | '*' | '：' | ':' | '[' | ']')
    });
    let mut found = words.by_ref().filter(|word| is_whole_name(word)).collect::<BTreeSet<_>>();
    found.pop_first().filter(|_| found.is_empty())
}

/// The method that a line names before a title in brackets, and nothing else.
fn with_title(line: &str) -> Option<&str> {
    let (name, after) = method(line.trim())?;
    (is_whole_name(name) && bracketed(after.trim()).is_some_and(|(_, after)| after.is_empty())).then_some(name)
}

/// Whether a word is a method's name and not a version or a file.
fn is_whole_name(word: &str) -> bool {
    is_method_name(word)
        && word.matches('.').count() > 1
        && word.starts_with(|first: char| first.is_ascii_lowercase())
        && !word.ends_with(".md")
}
