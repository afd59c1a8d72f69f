//! What is wrong with a spec, where, and what to write instead.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

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
        let path = self.source.path.to_string_lossy();
        let title = Level::ERROR.primary_title(self.message.as_str());
        let mut group = match self.place() {
            Some(place) => {
                let annotation = AnnotationKind::Primary.span(place).label(self.label.as_str());
                let snippet = Snippet::source(self.source.text.as_str()).path(path.as_ref()).annotation(annotation);
                title.element(snippet)
            }
            None => Group::with_title(title).element(annotate_snippets::Origin::path(path.as_ref())),
        };
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
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

/// All that is wrong, in the order of paths and places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds one more.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds all of another run.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// `value` if nothing is wrong, everything that is wrong otherwise.
    pub fn or<T>(mut self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            return Ok(value);
        }
        let place = |diagnostic: &Diagnostic| diagnostic.place.as_ref().map_or(0, |place| place.start);
        self.0.sort_by(|a, b| (&a.source.path, place(a)).cmp(&(&b.source.path, place(b))));
        Err(self)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// All of them and their number, as text. Coloured for a terminal.
    pub fn render(&self, colour: bool) -> String {
        let mut text: String = self.0.iter().map(|diagnostic| diagnostic.render(colour) + "\n\n").collect();
        let count = self.0.len();
        let files = {
            let mut paths: Vec<_> = self.0.iter().map(|diagnostic| &diagnostic.source.path).collect();
            paths.sort();
            paths.dedup();
            paths.len()
        };
        let plural = |count: usize| if count == 1 { "" } else { "s" };
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

/// An error and its causes in one line.
pub(crate) fn described(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
