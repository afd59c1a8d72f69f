//! XML as the same pieces as JSON: the document is an object with one key, its root element.
//!
//! An element with elements in it is an object, any other is a text. Elements that repeat are keys that repeat. XML has
//! no lists of its own; the decoder, which knows the documented type, makes them of repeated keys.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event as Xml};

use super::body::pair;
use super::source::{DEPTH, Event, Source, SyntaxError};

pub(crate) struct XmlSource<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    depth: usize,
    state: State,
    replaced: usize,
}

/// Where the reader stands.
enum State {
    /// Before everything.
    Start,
    /// Among the elements of an object.
    Inside,
    /// Behind a start tag whose content is not known yet.
    Open,
    /// Behind a start tag that has made its parent an object.
    OpenChild(String),
    /// The same with an empty element.
    EmptyChild(String),
    /// Behind an empty element.
    Empty,
    /// Behind everything.
    End,
}

impl<'a> XmlSource<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().allow_dangling_amp = true;
        Self { text, reader, depth: 0, state: State::Start, replaced: 0 }
    }

    fn read(&mut self) -> Result<Xml<'a>, SyntaxError> {
        self.reader.read_event().map_err(|error| {
            let offset = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
            SyntaxError::new(error, self.text, offset)
        })
    }

    fn error(&self, problem: &str) -> SyntaxError {
        SyntaxError::new(problem, self.text, usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX))
    }

    fn descend(&mut self) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > DEPTH { Err(self.error(&format!("more than {DEPTH} levels of nesting"))) } else { Ok(()) }
    }

    /// Reads on among the elements of an object. Text between them is layout.
    fn inside(&mut self) -> Result<Event<'a>, SyntaxError> {
        loop {
            match self.read()? {
                Xml::Start(start) => {
                    self.descend()?;
                    self.state = State::Open;
                    return Ok(Event::Key(Cow::Owned(name(&start))));
                }
                Xml::Empty(start) => {
                    self.state = State::Empty;
                    return Ok(Event::Key(Cow::Owned(name(&start))));
                }
                Xml::End(_) => {
                    self.depth -= 1;
                    return Ok(Event::EndObject);
                }
                Xml::Eof if self.depth > 0 => return Err(self.error("the body ends inside an element")),
                Xml::Eof => {
                    self.state = State::End;
                    return Ok(Event::EndObject);
                }
                Xml::Text(text) if self.depth == 0 && !text.trim().trim_start_matches('\u{feff}').is_empty() => {
                    return Err(self.error("text outside of the root element"));
                }
                _ => {}
            }
        }
    }

    /// Reads the content of an element until it shows whether it is an object or a text.
    fn open(&mut self) -> Result<Event<'a>, SyntaxError> {
        let mut content: Cow<'a, str> = Cow::Borrowed("");
        // The first half of a surrogate pair, which Java writes as two references.
        let mut high = None;
        loop {
            let piece = self.read()?;
            if let Xml::GeneralRef(reference) = &piece
                && let Some(unit) = surrogate(reference)
            {
                match high.take().and_then(|high| pair(high, unit)) {
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
            match piece {
                Xml::Start(start) => {
                    self.state = State::OpenChild(name(&start));
                    return Ok(Event::StartObject);
                }
                Xml::Empty(start) => {
                    self.state = State::EmptyChild(name(&start));
                    return Ok(Event::StartObject);
                }
                Xml::End(_) => {
                    self.depth -= 1;
                    self.state = State::Inside;
                    return Ok(Event::Text(content));
                }
                Xml::Text(text) => content = joined(content, text.xml10_content()),
                Xml::CData(text) => content = joined(content, text.xml10_content()),
                // A reference to nothing is text that somebody did not escape. One field is no reason to lose the answer.
                Xml::GeneralRef(reference) => {
                    match (reference.resolve_char_ref(), resolve_predefined_entity(&reference)) {
                        (Ok(Some(character)), _) => content.to_mut().push(character),
                        (_, Some(text)) => content.to_mut().push_str(text),
                        _ => content.to_mut().push_str(&format!("&{};", &*reference)),
                    }
                }
                Xml::Eof => return Err(self.error("the body ends inside an element")),
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
                Ok(Event::Key(Cow::Owned(name)))
            }
            State::EmptyChild(name) => {
                self.state = State::Empty;
                Ok(Event::Key(Cow::Owned(name)))
            }
            State::Empty => Ok(Event::Text(Cow::Borrowed(""))),
            State::End => {
                self.state = State::End;
                Ok(Event::End)
            }
        }
    }
}

/// The surrogate that a character reference stands for, which no character is.
fn surrogate(reference: &str) -> Option<u32> {
    let number = reference.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) if digits.starts_with(|digit: char| digit.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16),
        Some(_) => return None,
        None if number.starts_with(|digit: char| digit.is_ascii_digit()) => number.parse(),
        None => return None,
    };
    code.ok().filter(|code| (0xD800..0xE000).contains(code))
}

fn name(start: &BytesStart<'_>) -> String {
    start.name().into_inner().to_owned()
}

fn joined<'a>(mut content: Cow<'a, str>, more: Cow<'a, str>) -> Cow<'a, str> {
    if content.is_empty() {
        return more;
    }
    content.to_mut().push_str(&more);
    content
}
