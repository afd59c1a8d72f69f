//! What the decoder reads, whatever it is written in.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde_json::Value;

/// How deep an answer may nest. The platform's deepest documented one has eight levels (docs/protocol.md section 1.5).
pub(crate) const DEPTH: usize = 128;

/// A piece of an answer. A [`Key`](Event::Key) is followed by the events of its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event<'a> {
    StartObject,
    Key(Cow<'a, str>),
    EndObject,
    StartList,
    EndList,
    Text(Cow<'a, str>),
    /// A number as it is written, so that none of its digits is lost.
    Number(Cow<'a, str>),
    /// A number that has been a float and may have been another one before.
    Float(String),
    Boolean(bool),
    Null,
    /// Nothing more. Every further event is this one.
    End,
}

/// A reader of one format.
pub(crate) trait Source<'a> {
    /// Whether an object may have a key several times, as an element of XML may have children of one name.
    const KEYS_REPEAT: bool = false;

    /// The next piece. Sources see to it that pieces are balanced and no deeper than [`DEPTH`].
    fn next(&mut self) -> Result<Event<'a>, SyntaxError>;

    /// How many bytes have been read, if [`text`](Self::text) can be asked for them.
    fn offset(&self) -> Option<usize> {
        None
    }

    /// A part of the JSON text that is read.
    fn text(&self, _part: Range<usize>) -> &'a str {
        ""
    }

    /// Returns how many bytes of the document have been read.
    fn position(&self) -> usize;

    /// Returns how many objects and lists are open.
    fn depth(&self) -> usize;

    /// Returns how many lone surrogates have been replaced by U+FFFD so far.
    fn replaced(&self) -> usize {
        0
    }

    /// Returns the value whose first piece was the last one, and passes over it, if a JSON value is to be taken as it is.
    fn verbatim(&mut self) -> Option<Value> {
        None
    }
}

/// A place in a body that its format does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// What may stand there, where that is a short thing to say.
    pub(crate) expected: Option<String>,
    /// What stands there, or what is wrong with it.
    pub(crate) found: String,
    /// The line and the column, where the problem is at one place.
    place: Option<(usize, usize)>,
}

impl SyntaxError {
    /// What a text has instead of more.
    const END: &str = "the end of the body";

    /// `problem` at the byte `offset` of `text`.
    pub(crate) fn new(problem: impl fmt::Display, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
        Self { expected: None, found: problem.to_string(), place: Some((line, column)) }
    }

    /// `problem` with the body as a whole.
    pub(crate) fn of_whole(expected: &str, problem: String) -> Self {
        Self { expected: Some(expected.to_owned()), found: problem, place: None }
    }

    /// Something else than `expected` at the byte `offset` of `text`.
    pub(crate) fn unexpected(expected: &str, text: &str, offset: usize) -> Self {
        let found = text.get(offset..).and_then(|rest| rest.chars().next());
        let found = found.map_or_else(|| Self::END.to_owned(), |found| format!("{found:?}"));
        Self { expected: Some(expected.to_owned()), ..Self::new(found, text, offset) }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((line, column)) = self.place else {
            return f.write_str(&self.found);
        };
        match &self.expected {
            Some(expected) if self.found == Self::END => write!(f, "expected {expected}, but the body ends")?,
            Some(expected) => write!(f, "expected {expected}, found {}", self.found)?,
            None => f.write_str(&self.found)?,
        }
        write!(f, " at line {line} column {column}")
    }
}
