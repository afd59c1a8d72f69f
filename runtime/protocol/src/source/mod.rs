//! Pull parsers: a document as a sequence of events, independent of its format.

mod json;
mod scan;
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

    /// Returns the next key of the innermost object, or `None` at the end of the object.
    fn next_key(&mut self) -> Result<Option<Cow<'a, str>>, SyntaxError> {
        Ok(match self.next()? {
            Event::Key(key) => Some(key),
            _ => None,
        })
    }

    /// Takes the next key of the innermost object if it is `key` in its usual form. Otherwise, [`next_key`](Self::next_key)
    /// returns it.
    fn next_key_is(&mut self, _key: &str) -> bool {
        false
    }

    /// [`next`](Self::next) after a key.
    fn next_value(&mut self) -> Result<Event<'a>, SyntaxError> {
        self.next()
    }

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

    /// Returns the number of bytes of the document ahead, or 0 if it is unknown.
    fn remaining(&self) -> usize {
        0
    }

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the events of a document, or `None` if it is not well-formed.
    fn events<'a>(mut source: impl Source<'a>) -> Option<Vec<Event<'a>>> {
        let mut events = Vec::new();
        while events.last() != Some(&Event::End) {
            events.push(source.next().ok()?);
        }
        Some(events)
    }

    /// [`events`], with keys and their values read by the other methods. `guess` is tried as each key.
    fn events_by_members<'a>(mut source: impl Source<'a>, guess: &'a str) -> Option<Vec<Event<'a>>> {
        let (mut events, mut open) = (vec![source.next().ok()?], Vec::new());
        while events.last() != Some(&Event::End) {
            match events.last() {
                Some(start @ (Event::StartObject | Event::StartList)) => open.push(start.clone()),
                Some(Event::EndObject | Event::EndList) => _ = open.pop(),
                _ => {}
            }
            if open.last() != Some(&Event::StartObject) {
                events.push(source.next().ok()?);
                continue;
            }
            let key = if source.next_key_is(guess) { Some(Cow::Borrowed(guess)) } else { source.next_key().ok()? };
            match key {
                Some(key) => events.extend([Event::Key(key), source.next_value().ok()?]),
                None => events.push(Event::EndObject),
            }
        }
        Some(events)
    }

    fn json() -> impl Strategy<Value = String> {
        let space = prop::sample::select(vec!["", "", "", " ", "\n\t"]);
        let token = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"a\":",
            "\"key\":",
            "\"key\"",
            "\"k\\u0065y\":",
            "\"\"",
            "\"端\"",
            "\"a text of more than eight bytes\"",
            "\"\\\\\"",
            "\"tab\t\"",
            "\"\\\"",
            "\"open",
            "0",
            "7",
            "-1",
            "12345678901234567890",
            "1.5",
            "01",
            "1e2",
            "true",
            "false",
            "truex",
            "null",
        ]);
        let value = prop::sample::select(vec![
            "\"text\"",
            "\"a \\\" b\"",
            "{}",
            "[]",
            "{\"a\":[{\"key\":1}]}",
            "12",
            "-1",
            "1.5",
            "true",
            "null",
        ]);
        let member = (prop::sample::select(vec!["\"key\":", "\"a\":", "\"key\" :"]), space.clone(), value);
        let object = prop::collection::vec(member, 0..5).prop_map(|members| {
            let members: Vec<_> =
                members.into_iter().map(|(key, space, value)| format!("{key}{space}{value}{space}")).collect();
            format!("{{{}}}", members.join(","))
        });
        prop_oneof![
            object,
            prop::collection::vec((token, space), 0..12)
                .prop_map(|tokens| tokens.into_iter().flat_map(|(token, space)| [token, space]).collect()),
        ]
    }

    fn xml() -> impl Strategy<Value = String> {
        let token = prop::sample::select(vec![
            "<a>",
            "</a>",
            "<a>",
            "</a>",
            "<key>",
            "</key>",
            "<a/>",
            "text",
            "a text of more than eight bytes",
            "端",
            "&lt;",
            "&",
            "\r\n",
            " ",
            ">",
            "<!--c-->",
            "<![CDATA[<b>]]>",
            "<a b='<'>",
            "</a >",
            "<?p?>",
            "<a>1</a>",
            "<a>1\r\n2</a>",
            "<a>1&lt;2</a>",
            "<a>1<!--c-->2</a>",
            "<key>2</key>",
            "<key></key>",
            "<端>3</端>",
            "<>4</>",
        ]);
        prop::collection::vec(token, 0..16).prop_map(|tokens| format!("<root>{}</root>", tokens.concat()))
    }

    proptest! {
        #[test]
        fn keys_and_values_of_json_agree_with_events(text in json()) {
            prop_assert_eq!(events_by_members(JsonSource::new(&text), "key"), events(JsonSource::new(&text)), "{}", text);
        }

        #[test]
        fn keys_and_values_of_xml_agree_with_events(text in xml()) {
            prop_assert_eq!(events_by_members(XmlSource::new(&text), "key"), events(XmlSource::new(&text)), "{}", text);
        }

        /// A space in a tag is not the usual form of a leaf, so that the XML reader reads it.
        #[test]
        fn leaves_of_xml_agree_with_the_reader(text in xml()) {
            let spaced = text.replace("<a>", "<a >").replace("<key>", "<key >");
            prop_assert_eq!(events(XmlSource::new(&text)), events(XmlSource::new(&spaced)), "{}", text);
        }
    }

    #[test]
    fn a_leaf_counts_as_a_level_of_nesting() {
        for (depth, fits) in [(MAX_DEPTH - 1, true), (MAX_DEPTH, false)] {
            let xml = format!("{}<first/><leaf>text</leaf>{}", "<a>".repeat(depth), "</a>".repeat(depth));
            assert_eq!(events(XmlSource::new(&xml)).is_some(), fits, "{depth}");
        }
    }
}
