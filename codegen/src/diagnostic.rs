//! What is wrong with a spec, where, and what to write instead.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::files::printable;

/// A file as it was read, for pointing into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it is, as a person would type it.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, in one line.
    pub message: String,
    /// What stands under the place, in a few words.
    pub label: String,
    /// What to do, if that is not plain from the message.
    pub help: Option<String>,
    source: Arc<Source>,
    place: Option<Range<usize>>,
}

impl Diagnostic {
    /// A problem at the bytes `place` of `source`, or with the whole of it.
    pub fn new(source: &Arc<Source>, place: impl Into<Option<Range<usize>>>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            label: String::new(),
            help: None,
            source: Arc::clone(source),
            place: place.into(),
        }
    }

    /// The same with a few words under the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same with a line on what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Its lines: message, path:line:column, the source line with the place underlined, help. Coloured for a terminal.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let path = printable(&self.source.path).to_string();
        let title = Level::ERROR.primary_title(self.message.as_str());
        let mut group = match self.place() {
            Some(place) => {
                // The line alone: the renderer reads all the text that it is given, for every problem.
                let (text, line) = self.line(place.start);
                let number = self.source.text[..line].matches('\n').count() + 1;
                let (start, end) = (place.start - line, place.end - line);
                if text.len() > LONGEST_LINE {
                    let column = text[..start].chars().count() + 1;
                    title.element(Origin::path(path.as_str()).line(number).char_column(column))
                } else {
                    let annotation = AnnotationKind::Primary.span(start..end).label(self.label.as_str());
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

    /// Returns the line around an offset, and where it starts.
    fn line(&self, offset: usize) -> (&str, usize) {
        let text = &self.source.text;
        let start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[offset..].find('\n').map_or(text.len(), |length| offset + length);
        (&text[start..end], start)
    }

    /// The place, made to lie in the text whatever a reader of YAML reported, and no longer than its first line.
    fn place(&self) -> Option<Range<usize>> {
        let Range { start, end } = self.place.clone()?;
        let text = &self.source.text;
        let start = (0..=start.min(text.len())).rev().find(|offset| text.is_char_boundary(*offset))?;
        let line = text[start..].find('\n').map_or(text.len(), |length| start + length);
        let end = (end.max(start)..=line.max(start)).find(|offset| text.is_char_boundary(*offset)).unwrap_or(line);
        Some(start..end.min(line).max(start))
    }
}

/// All problems, in the order of paths and places. The first 200 are kept, the rest are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    kept: Vec<Diagnostic>,
    more: usize,
}

/// The number of problems that are kept. More are not readable, and each costs memory and time.
const KEPT: usize = 200;

/// The longest line that is shown, in bytes.
const LONGEST_LINE: usize = 2000;

impl Diagnostics {
    /// Adds a problem.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.is_full() {
            self.more += 1;
        } else {
            self.kept.push(diagnostic);
        }
    }

    /// Adds the problems of another run.
    pub fn extend(&mut self, others: Self) {
        self.more += others.more;
        others.kept.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// Returns whether more problems are only counted, so that help for them need not be found.
    pub fn is_full(&self) -> bool {
        self.kept.len() >= KEPT
    }

    /// Returns the number of problems.
    pub fn count(&self) -> usize {
        self.kept.len() + self.more
    }

    /// `value` if nothing is wrong, everything that is wrong otherwise.
    pub fn or<T>(mut self, value: T) -> Result<T, Self> {
        if self.kept.is_empty() {
            return Ok(value);
        }
        let place = |diagnostic: &Diagnostic| diagnostic.place.as_ref().map_or(0, |place| place.start);
        self.kept.sort_by(|a, b| (&a.source.path, place(a)).cmp(&(&b.source.path, place(b))));
        Err(self)
    }

    /// Returns the problems that are kept.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.kept.iter()
    }

    /// Returns the problems and their number as text, coloured for a terminal.
    pub fn render(&self, colour: bool) -> String {
        let mut text: String = self.kept.iter().map(|diagnostic| diagnostic.render(colour) + "\n\n").collect();
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let count = self.count();
        if self.more > 0 {
            text.push_str(&format!("{count} problems, of which the first {} are listed", self.kept.len()));
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
