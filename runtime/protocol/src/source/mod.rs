//! Pull parsers: a document as a sequence of events, independent of its format.

mod json;
mod tree;
mod xml;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde_json::Value;

pub(crate) use self::json::JsonSource;
pub(crate) use self::tree::TreeSource;
pub(crate) use self::xml::XmlSource;

/// The maximum nesting depth. The deepest documented response has eight levels (docs/protocol.md section 1.5).
pub(crate) const MAX_DEPTH: usize = 128;

/// An event of a document. The events of a value follow its [`Key`](Event::Key).
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event<'a> {
    StartObject,
    Key(Cow<'a, str>),
    EndObject,
    StartList,
    EndList,
    Text(Cow<'a, str>),
    /// The text of a number, which keeps every digit.
    Number(Cow<'a, str>),
    /// A number that was converted to a float and may have lost digits.
    Float(String),
    Boolean(bool),
    Null,
    /// The end of the document. Every later event is the same.
    End,
}

/// A pull parser for one format.
pub(crate) trait Source<'a> {
    /// Whether an object may repeat a key, as an XML element may repeat a child.
    const KEYS_REPEAT: bool = false;

    /// Returns the next event. Start and end events are balanced and nest at most [`MAX_DEPTH`] levels.
    fn next(&mut self) -> Result<Event<'a>, SyntaxError>;

    /// Returns the number of bytes read, if [`text`](Self::text) is supported.
    fn offset(&self) -> Option<usize> {
        None
    }

    /// Returns a part of the JSON text.
    fn text(&self, _part: Range<usize>) -> &'a str {
        ""
    }

    /// Returns the number of bytes of the document that were read.
    fn position(&self) -> usize;

    /// Returns the number of open objects and lists.
    fn depth(&self) -> usize;

    /// Returns the number of lone surrogates that were replaced by U+FFFD.
    fn replaced(&self) -> usize {
        0
    }

    /// Consumes the value whose first event was the last one, if JSON values are taken unchanged.
    fn verbatim(&mut self) -> Option<Value> {
        None
    }
}

/// A violation of the format of a document. Boxed, because every event is returned with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError(Box<Violation>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Violation {
    /// The expected text, if it can be named.
    expected: Option<String>,
    /// The text found instead, or the problem.
    found: String,
    /// The line and column, if the problem has a location.
    location: Option<(usize, usize)>,
}

impl SyntaxError {
    /// The `found` of a text that ends too early.
    const END: &str = "the end of the body";

    /// Creates the error of `problem` at the byte `offset` of `text`.
    #[cold]
    pub(crate) fn new(problem: impl fmt::Display, text: &str, offset: usize) -> Self {
        Self::at(None, problem.to_string(), text, offset)
    }

    /// Creates the error of a problem with the whole document.
    #[cold]
    pub(crate) fn of_document(expected: &str, problem: String) -> Self {
        Self(Box::new(Violation { expected: Some(expected.to_owned()), found: problem, location: None }))
    }

    /// Creates the error of a text other than `expected` at the byte `offset` of `text`.
    #[cold]
    pub(crate) fn unexpected(expected: &str, text: &str, offset: usize) -> Self {
        let found = text.get(offset..).and_then(|rest| rest.chars().next());
        let found = found.map_or_else(|| Self::END.to_owned(), |found| format!("{found:?}"));
        Self::at(Some(expected.to_owned()), found, text, offset)
    }

    fn at(expected: Option<String>, found: String, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
        Self(Box::new(Violation { expected, found, location: Some((line, column)) }))
    }

    /// Returns the expected text, if it can be named, and the text found instead, or the problem.
    pub(crate) fn into_parts(self) -> (Option<String>, String) {
        (self.0.expected, self.0.found)
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { expected, found, location } = &*self.0;
        let Some((line, column)) = location else {
            return f.write_str(found);
        };
        match expected {
            Some(expected) => write!(f, "expected {expected}, found {found}")?,
            None => f.write_str(found)?,
        }
        write!(f, " at line {line} column {column}")
    }
}
