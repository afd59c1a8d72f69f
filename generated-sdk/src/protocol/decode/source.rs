//! What the decoder reads, whatever it is written in.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// How deep an answer may nest. The platform's deepest documented one has eight levels (protocol.md 1.5).
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
}

/// A place in a body that its format does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError(String);

impl SyntaxError {
    /// `problem` at the byte `offset` of `text`.
    pub(crate) fn new(problem: impl fmt::Display, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
        Self(format!("{problem} at line {line} column {column}"))
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
