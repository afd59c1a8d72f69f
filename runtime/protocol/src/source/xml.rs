//! A pull parser for XML.
//!
//! The document is an object with one key: the root element. An element with child elements is an object; any other
//! element is text. Repeated elements are repeated keys, which the decoder joins to lists by the documented type.

use std::borrow::Cow;
use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event as Xml};

use super::{Event, MAX_DEPTH, Source, SyntaxError, scan};
use crate::surrogate;

/// A pull parser for XML.
pub(crate) struct XmlSource<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// The start of the last event.
    event: usize,
    depth: usize,
    state: State<'a>,
    replaced: usize,
}

/// The position of the parser.
enum State<'a> {
    /// Before the document.
    Start,
    /// Between the child elements of an object.
    Inside,
    /// After a start tag, before its content is known.
    Open,
    /// After the start tag of a first child element.
    OpenChild(Cow<'a, str>),
    /// After the tag of a first child element that is empty.
    EmptyChild(Cow<'a, str>),
    /// After an empty element.
    Empty,
    /// After the start tag of an element that has only this text.
    Leaf(&'a str),
    /// After the document.
    End,
}

impl<'a> XmlSource<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().allow_dangling_amp = true;
        Self { text, reader, event: 0, depth: 0, state: State::Start, replaced: 0 }
    }

    fn read(&mut self) -> Result<Xml<'a>, SyntaxError> {
        self.event = self.position();
        self.reader.read_event().map_err(|error| {
            let offset = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
            SyntaxError::new(error, self.text, offset)
        })
    }

    fn error(&self, problem: &str) -> SyntaxError {
        SyntaxError::new(problem, self.text, usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX))
    }

    /// Returns the name of the last event. An event borrows its name from itself; the document lives longer.
    fn name(&self, start: &BytesStart<'_>) -> Cow<'a, str> {
        let name = start.name().into_inner();
        let at = self.event + 1;
        match self.text.get(at..at + name.len()) {
            Some(same) if same == name => Cow::Borrowed(same),
            _ => Cow::Owned(name.to_owned()),
        }
    }

    fn descend(&mut self) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            Err(self.error(&format!("the nesting exceeds {MAX_DEPTH} levels")))
        } else {
            Ok(())
        }
    }

    /// Takes the next child element if it has only text, in the usual form: no attributes, references or comments. Returns
    /// its name and text.
    ///
    /// Most elements are of this form. The reader takes three events for each, and checks the UTF-8 of each event.
    fn leaf(&mut self) -> Option<(&'a str, &'a str)> {
        let ahead = self.reader.get_ref().len();
        let rest = self.text.get(self.text.len().checked_sub(ahead)?..)?.trim_ascii_start();
        let (name, content) = rest.strip_prefix('<')?.split_at_checked(name_length(rest.as_bytes().get(1..)?))?;
        let content = content.strip_prefix('>')?;
        let (text, end) = content.split_at_checked(scan::find(*b"<", content.as_bytes())?)?;
        let after = end.strip_prefix("</")?.strip_prefix(name)?.strip_prefix('>')?;
        // The reader resolves references and normalizes line ends.
        if name.is_empty() || scan::find(*b"&\r", text.as_bytes()).is_some() {
            return None;
        }
        self.reader.stream().consume(ahead - after.len());
        Some((name, text))
    }

    /// Reads the next child element of an object. Ignores text between the elements.
    fn inside(&mut self) -> Result<Event<'a>, SyntaxError> {
        // The reader is between two tags here.
        if (1..MAX_DEPTH).contains(&self.depth)
            && let Some((name, text)) = self.leaf()
        {
            self.state = State::Leaf(text);
            return Ok(Event::Key(Cow::Borrowed(name)));
        }
        loop {
            match self.read()? {
                Xml::Start(start) => {
                    self.descend()?;
                    self.state = State::Open;
                    return Ok(Event::Key(self.name(&start)));
                }
                Xml::Empty(start) => {
                    self.state = State::Empty;
                    return Ok(Event::Key(self.name(&start)));
                }
                Xml::End(_) => {
                    self.depth -= 1;
                    return Ok(Event::EndObject);
                }
                Xml::Eof if self.depth > 0 => return Err(self.error("expected an end tag, found the end of the body")),
                Xml::Eof => {
                    self.state = State::End;
                    return Ok(Event::EndObject);
                }
                Xml::Text(text) if self.depth == 0 && !text.trim().trim_start_matches('\u{feff}').is_empty() => {
                    return Err(self.error("expected an element, found text outside the root element"));
                }
                _ => {}
            }
        }
    }

    /// Reads the content of an element up to its first child element or its end.
    fn open(&mut self) -> Result<Event<'a>, SyntaxError> {
        let mut content: Cow<'a, str> = Cow::Borrowed("");
        // The high surrogate of a pair, which Java writes as two references.
        let mut high = None;
        loop {
            let event = self.read()?;
            if let Xml::GeneralRef(reference) = &event
                && let Some(unit) = lone_surrogate(reference)
            {
                match high.take().and_then(|high| surrogate::pair(high, unit)) {
                    Some(character) => {
                        content.to_mut().pop();
                        content.to_mut().push(character);
                        self.replaced -= 1;
                    }
                    None => {
                        content.to_mut().push(char::REPLACEMENT_CHARACTER);
                        self.replaced += 1;
                        high = Some(unit);
                    }
                }
                continue;
            }
            high = None;
            match event {
                Xml::Start(start) => {
                    self.state = State::OpenChild(self.name(&start));
                    return Ok(Event::StartObject);
                }
                Xml::Empty(start) => {
                    self.state = State::EmptyChild(self.name(&start));
                    return Ok(Event::StartObject);
                }
                Xml::End(_) => {
                    self.depth -= 1;
                    self.state = State::Inside;
                    return Ok(Event::Text(content));
                }
                Xml::Text(text) => content = joined(content, text.xml10_content()),
                Xml::CData(text) => content = joined(content, text.xml10_content()),
                // An unknown reference is unescaped text; it must not make the response unreadable.
                Xml::GeneralRef(reference) => {
                    match (reference.resolve_char_ref(), resolve_predefined_entity(&reference)) {
                        (Ok(Some(character)), _) => content.to_mut().push(character),
                        (_, Some(text)) => content.to_mut().push_str(text),
                        _ => content.to_mut().push_str(&format!("&{};", &*reference)),
                    }
                }
                Xml::Eof => return Err(self.error("expected an end tag, found the end of the body")),
                Xml::Comment(_) | Xml::Decl(_) | Xml::PI(_) | Xml::DocType(_) => {}
            }
        }
    }
}

impl<'a> Source<'a> for XmlSource<'a> {
    const KEYS_REPEAT: bool = true;

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    fn remaining(&self) -> usize {
        self.reader.get_ref().len()
    }

    fn depth(&self) -> usize {
        self.depth
    }

    fn replaced(&self) -> usize {
        self.replaced
    }

    fn next(&mut self) -> Result<Event<'a>, SyntaxError> {
        match std::mem::replace(&mut self.state, State::Inside) {
            State::Start => Ok(Event::StartObject),
            State::Inside => self.inside(),
            State::Open => self.open(),
            State::OpenChild(name) => {
                self.descend()?;
                self.state = State::Open;
                Ok(Event::Key(name))
            }
            State::EmptyChild(name) => {
                self.state = State::Empty;
                Ok(Event::Key(name))
            }
            State::Empty => Ok(Event::Text(Cow::Borrowed(""))),
            State::Leaf(text) => Ok(Event::Text(Cow::Borrowed(text))),
            State::End => {
                self.state = State::End;
                Ok(Event::End)
            }
        }
    }
}

/// Returns the length of the ASCII name at the start of the bytes.
fn name_length(bytes: &[u8]) -> usize {
    let is_in_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
    bytes.iter().position(|byte| !is_in_name(byte)).unwrap_or(bytes.len())
}

/// Returns the surrogate of a character reference.
fn lone_surrogate(reference: &str) -> Option<u32> {
    let number = reference.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) if digits.starts_with(|digit: char| digit.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16),
        Some(_) => return None,
        None if number.starts_with(|digit: char| digit.is_ascii_digit()) => number.parse(),
        None => return None,
    };
    code.ok().filter(|code| (0xD800..0xE000).contains(code))
}

fn joined<'a>(mut content: Cow<'a, str>, more: Cow<'a, str>) -> Cow<'a, str> {
    if content.is_empty() {
        return more;
    }
    content.to_mut().push_str(&more);
    content
}
