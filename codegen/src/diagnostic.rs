//! Diagnostics: problems in specs, with their positions and remedies.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::files::printable;

/// A source file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The path, for messages.
    pub path: PathBuf,
    /// The text.
    pub text: String,
}

/// A problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The problem, on one line.
    pub message: String,
    /// The remedy.
    pub help: Option<String>,
    source: Arc<Source>,
    span: Option<Range<usize>>,
}

impl Diagnostic {
    /// A problem at the bytes `span` of `source`, or with the whole file.
    pub fn new(source: &Arc<Source>, span: impl Into<Option<Range<usize>>>, message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, source: Arc::clone(source), span: span.into() }
    }

    /// Adds the remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Renders the message, path:line:column, the underlined source line and the help; with colours for a terminal.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let path = printable(&self.source.path).to_string();
        let title = Level::ERROR.primary_title(self.message.as_str());
        let mut group = match self.span() {
            Some(span) => {
                // Pass one line only: the renderer reads the whole text for every problem.
                let (text, line) = self.line(span.start);
                let number = self.source.text[..line].matches('\n').count() + 1;
                let (start, end) = (span.start - line, span.end - line);
                if text.len() > MAX_LINE_BYTES {
                    let column = text[..start].chars().count() + 1;
                    title.element(Origin::path(path.as_str()).line(number).char_column(column))
                } else {
                    let annotation = AnnotationKind::Primary.span(start..end);
                    title.element(Snippet::source(text).path(path.as_str()).line_start(number).annotation(annotation))
                }
            }
            None => Group::with_title(title).element(Origin::path(path.as_str())),
        };
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }

    /// Returns the line at an offset, and its start.
    fn line(&self, offset: usize) -> (&str, usize) {
        let text = &self.source.text;
        let start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[offset..].find('\n').map_or(text.len(), |length| offset + length);
        (&text[start..end], start)
    }

    /// Returns the span, limited to the text, to character boundaries and to its first line.
    fn span(&self) -> Option<Range<usize>> {
        let Range { start, end } = self.span.clone()?;
        let text = &self.source.text;
        let start = (0..=start.min(text.len())).rev().find(|offset| text.is_char_boundary(*offset))?;
        let line = text[start..].find('\n').map_or(text.len(), |length| start + length);
        let end = (end.max(start)..=line.max(start)).find(|offset| text.is_char_boundary(*offset)).unwrap_or(line);
        Some(start..end.min(line).max(start))
    }
}

/// All problems, sorted by path and position. Keeps the first 200 and counts the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    kept: Vec<Diagnostic>,
    more: usize,
}

/// The maximum number of kept problems, which limits time and memory.
const MAX_KEPT: usize = 200;

/// The maximum length of a printed source line, in bytes.
const MAX_LINE_BYTES: usize = 2000;

impl Diagnostics {
    /// Adds a problem.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.is_full() {
            self.more += 1;
        } else {
            self.kept.push(diagnostic);
        }
    }

    /// Adds all problems of `others`.
    pub fn extend(&mut self, others: Self) {
        self.more += others.more;
        others.kept.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// Returns whether further problems are only counted, so that their help can be omitted.
    pub fn is_full(&self) -> bool {
        self.kept.len() >= MAX_KEPT
    }

    /// Returns the number of problems.
    pub fn count(&self) -> usize {
        self.kept.len() + self.more
    }

    /// Returns `value` if there are no problems.
    pub fn into_result<T>(mut self, value: T) -> Result<T, Self> {
        if self.kept.is_empty() {
            return Ok(value);
        }
        let span = |diagnostic: &Diagnostic| diagnostic.span.as_ref().map_or(0, |span| span.start);
        self.kept.sort_by(|a, b| (&a.source.path, span(a)).cmp(&(&b.source.path, span(b))));
        Err(self)
    }

    /// Returns the kept problems.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.kept.iter()
    }

    /// Returns the problems and their number as text; with colours for a terminal.
    pub fn render(&self, colour: bool) -> String {
        let mut text: String = self.kept.iter().map(|diagnostic| diagnostic.render(colour) + "\n\n").collect();
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let count = self.count();
        if self.more > 0 {
            text.push_str(&format!("{count} problems; the first {} are listed", self.kept.len()));
            return text;
        }
        let files: BTreeSet<_> = self.kept.iter().map(|diagnostic| &diagnostic.source.path).collect();
        let files = files.len();
        text.push_str(&format!("{count} problem{} in {files} file{}", plural(count), plural(files)));
        text
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

/// Returns an error and its sources on one line, separated by colons.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
