//! Texts with the pages of several methods: the heading of each page contains the method's name.

use std::collections::BTreeSet;

use super::head::{bracketed, method};
use super::headings::Section;
use crate::import::error::ImportError;
use crate::spec::is_method_name;

/// The page of one method.
pub(super) struct MethodPage<'t> {
    method: String,
    pub(super) lines: Vec<&'t str>,
}

impl MethodPage<'_> {
    /// Returns the error for this page.
    pub(super) fn error(&self, reason: String) -> ImportError {
        ImportError::Document(format!("{}: {reason}", self.method))
    }
}

/// Splits a text into pages. Returns none if no heading begins a page.
pub(super) fn split_pages<'t>(lines: &[&'t str]) -> Vec<MethodPage<'t>> {
    let headings = |named: fn(&str) -> Option<&str>| -> Vec<(usize, &'t str)> {
        let named = |(index, line): (usize, &&'t str)| {
            let method = named(line)?;
            // The name is a slice of the line, which lives as long as the text.
            let start = line.find(method)?;
            Some((index, &line[start..start + method.len()]))
        };
        lines.iter().enumerate().filter_map(named).collect()
    };
    let marked = split_at(lines, &headings(markdown_heading_method));
    if !marked.is_empty() {
        return marked;
    }
    // Without a Markdown heading, the line may be a menu or a reference: then not every page has parameters.
    let plain = split_at(lines, &headings(titled_method));
    let is_page = |page: &MethodPage<'_>| {
        let has = |section| page.lines.iter().any(|line| Section::from_heading(line) == Some(section));
        has(Section::Request) && has(Section::Response)
    };
    if plain.len() > 1 && plain.iter().all(is_page) { plain } else { Vec::new() }
}

/// Splits the lines at headings of different methods.
fn split_at<'t>(lines: &[&'t str], headings: &[(usize, &'t str)]) -> Vec<MethodPage<'t>> {
    let mut starts: Vec<(usize, &str)> = Vec::new();
    for (index, method) in headings {
        if starts.last().is_none_or(|(_, last)| last != method) {
            starts.push((*index, method));
        }
    }
    let ends = starts.iter().skip(1).map(|(start, _)| *start).chain([lines.len()]);
    let pages = starts.iter().zip(ends);
    pages
        .map(|((start, method), end)| MethodPage { method: (*method).to_owned(), lines: lines[*start..end].to_vec() })
        .collect()
}

/// Returns the method in a Markdown heading: `## taobao.trade.close（关闭交易）`, `### 1.2 关闭交易 taobao.trade.close`.
fn markdown_heading_method(line: &str) -> Option<&str> {
    let heading = line.strip_prefix('#')?;
    let mut words = heading.split(|character: char| {
        character.is_whitespace()
            || matches!(character, '#' | '(' | ')' | '（' | '）' | '`' | '*' | '：' | ':' | '[' | ']')
    });
    let mut found = words.by_ref().filter(|word| is_full_method_name(word)).collect::<BTreeSet<_>>();
    found.pop_first().filter(|_| found.is_empty())
}

/// Returns the method of a line that contains only the method and a title in brackets.
fn titled_method(line: &str) -> Option<&str> {
    let (name, after) = method(line.trim())?;
    (is_full_method_name(name) && bracketed(after.trim()).is_some_and(|(_, after)| after.is_empty())).then_some(name)
}

/// Returns whether a word is a method name, and not a version or a file name.
fn is_full_method_name(word: &str) -> bool {
    is_method_name(word)
        && word.matches('.').count() > 1
        && word.starts_with(|first: char| first.is_ascii_lowercase())
        && !word.ends_with(".md")
}
