//! A pull parser for JSON.
//!
//! Strict parsers reject raw control characters in strings (docs/protocol.md section 4.5) and round long numbers. This
//! parser accepts the former and keeps the text of the latter.

use std::borrow::Cow;
use std::ops::Range;

use super::{Event, MAX_DEPTH, Source, SyntaxError, scan};
use crate::surrogate;

/// A pull parser for JSON.
pub(crate) struct JsonSource<'a> {
    text: &'a str,
    at: usize,
    open: Vec<Container>,
    next: Next,
    /// The nesting depth of the text in another document.
    outer_depth: usize,
    replaced: usize,
    /// The position of a backslash. If it is ahead, no other backslash is between the current position and it.
    escape: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Container {
    Object,
    List,
}

/// The tokens that are allowed next.
#[derive(Clone, Copy)]
enum Next {
    Value,
    ValueOrEndOfList,
    KeyOrEndOfObject,
    CommaOrEnd,
    End,
}

impl<'a> JsonSource<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at, open: Vec::new(), next: Next::Value, outer_depth: 0, replaced: 0, escape: 0 }
    }

    /// Creates a parser for JSON in a text value at `outer_depth` of another document.
    ///
    /// Returns `None` if the text is not an object or a list, is not well-formed, or nests too deeply.
    pub(crate) fn embedded(text: &'a str, outer_depth: usize) -> Option<Self> {
        let new = || Self { outer_depth, ..Self::new(text) };
        let mut check = new();
        if !matches!(check.next(), Ok(Event::StartObject | Event::StartList)) {
            return None;
        }
        loop {
            match check.next() {
                Ok(Event::End) => return Some(new()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    fn error(&self, problem: &str) -> SyntaxError {
        SyntaxError::new(problem, self.text, self.at)
    }

    /// Returns the error of the character at the current position.
    fn unexpected(&self, expected: &str) -> SyntaxError {
        SyntaxError::unexpected(expected, self.text, self.at)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn start(&mut self, container: Container) -> Result<Event<'a>, SyntaxError> {
        if self.depth() >= MAX_DEPTH {
            return Err(self.error(&format!("the nesting exceeds {MAX_DEPTH} levels")));
        }
        self.at += 1;
        self.open.push(container);
        Ok(match container {
            Container::Object => {
                self.next = Next::KeyOrEndOfObject;
                Event::StartObject
            }
            Container::List => {
                self.next = Next::ValueOrEndOfList;
                Event::StartList
            }
        })
    }

    fn end(&mut self) -> Event<'a> {
        self.at += 1;
        let container = self.open.pop();
        self.next = self.after_value();
        match container {
            Some(Container::List) => Event::EndList,
            _ => Event::EndObject,
        }
    }

    fn after_value(&self) -> Next {
        if self.open.is_empty() { Next::End } else { Next::CommaOrEnd }
    }

    fn value(&mut self) -> Result<Event<'a>, SyntaxError> {
        let event = match self.peek() {
            Some(b'{') => return self.start(Container::Object),
            Some(b'[') => return self.start(Container::List),
            Some(b'"') => Event::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => Event::Number(Cow::Borrowed(self.number()?)),
            _ if self.literal("true") => Event::Boolean(true),
            _ if self.literal("false") => Event::Boolean(false),
            _ if self.literal("null") => Event::Null,
            _ => return Err(self.unexpected("a JSON value")),
        };
        self.next = self.after_value();
        Ok(event)
    }

    #[inline]
    fn literal(&mut self, literal: &str) -> bool {
        let found = self.text.as_bytes()[self.at..].starts_with(literal.as_bytes());
        self.at += if found { literal.len() } else { 0 };
        found
    }

    fn number(&mut self) -> Result<&'a str, SyntaxError> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        self.at += length;
        if length == 0 { Err(self.unexpected("a digit")) } else { Ok(()) }
    }

    /// Returns the string that starts at `opening`, if it has no escapes.
    #[inline(always)]
    fn plain_string(&mut self, opening: usize) -> Option<&'a str> {
        let (b'"', rest) = self.text.as_bytes().get(opening..)?.split_first()? else {
            return None;
        };
        let start = opening + 1;
        if self.escape < start {
            self.escape = start + memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        }
        let end = start + scan::find(*b"\"", rest)?;
        if end < self.escape { self.text.get(start..end) } else { None }
    }

    /// Takes the digits at the current position, if they are a number.
    #[inline(always)]
    fn plain_number(&mut self) -> Option<&'a str> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let length = rest.iter().position(|byte| !byte.is_ascii_digit())?;
        let (b',' | b'}', b'1'..=b'9') = (rest.get(length)?, rest.first()?) else {
            return None;
        };
        let number = self.text.get(self.at..self.at + length)?;
        self.at += length;
        Some(number)
    }

    /// Reads a string, and copies it only if it has escapes. Accepts control characters.
    fn string(&mut self) -> Result<Cow<'a, str>, SyntaxError> {
        let opening = self.at;
        self.at += 1;
        let plain = self.plain(opening)?;
        if self.take(b'"') { Ok(Cow::Borrowed(plain)) } else { self.escaped(opening, plain.to_owned()).map(Cow::Owned) }
    }

    /// Reads the rest of a string from its first escape.
    #[cold]
    fn escaped(&mut self, opening: usize, mut copy: String) -> Result<String, SyntaxError> {
        while !self.take(b'"') {
            self.at += 1;
            copy.push(self.escape()?);
            copy.push_str(self.plain(opening)?);
        }
        Ok(copy)
    }

    /// Reads text up to the next quote or backslash of the string that starts at `opening`.
    fn plain(&mut self, opening: usize) -> Result<&'a str, SyntaxError> {
        let rest = &self.text[self.at..];
        let Some(length) = scan::find(*b"\"\\", rest.as_bytes()) else {
            self.at = opening;
            return Err(self.error("unterminated string"));
        };
        self.at += length;
        Ok(&rest[..length])
    }

    /// Reads the character after a backslash. Replaces a lone surrogate by U+FFFD.
    fn escape(&mut self) -> Result<char, SyntaxError> {
        let character = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let unit = self.hex4()?;
                if let Some(character) = char::from_u32(unit) {
                    return Ok(character);
                }
                let after_first = self.at;
                if (0xD800..0xDC00).contains(&unit) && self.literal("\\u") {
                    if let Some(character) = surrogate::pair(unit, self.hex4()?) {
                        return Ok(character);
                    }
                    self.at = after_first;
                }
                self.replaced += 1;
                return Ok(char::REPLACEMENT_CHARACTER);
            }
            _ => return Err(self.unexpected("one of \"\\/bfnrtu")),
        };
        self.at += 1;
        Ok(character)
    }

    fn hex4(&mut self) -> Result<u32, SyntaxError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            unit = unit * 16 + digit.ok_or_else(|| self.unexpected("a hexadecimal digit"))?;
            self.at += 1;
        }
        Ok(unit)
    }

    fn key(&mut self) -> Result<Event<'a>, SyntaxError> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key"));
        }
        let key = self.string()?;
        self.skip_space();
        if !self.take(b':') {
            return Err(self.unexpected("':'"));
        }
        self.next = Next::Value;
        Ok(Event::Key(key))
    }
}

impl<'a> Source<'a> for JsonSource<'a> {
    fn offset(&self) -> Option<usize> {
        Some(self.at)
    }

    fn text(&self, part: Range<usize>) -> &'a str {
        self.text.get(part).unwrap_or_default()
    }

    fn position(&self) -> usize {
        self.at
    }

    fn remaining(&self) -> usize {
        self.text.len() - self.at
    }

    fn depth(&self) -> usize {
        self.outer_depth + self.open.len()
    }

    fn replaced(&self) -> usize {
        self.replaced
    }

    #[inline(always)]
    fn next_key_is(&mut self, key: &str) -> bool {
        let opening = match self.next {
            Next::KeyOrEndOfObject => self.at,
            Next::CommaOrEnd if self.peek() == Some(b',') => self.at + 1,
            _ => return false,
        };
        let end = opening + key.len() + 3;
        let Some([b'"', found @ .., b'"', b':']) = self.text.as_bytes().get(opening..end) else {
            return false;
        };
        let is_key = found == key.as_bytes();
        if is_key {
            self.at = end;
            self.next = Next::Value;
        }
        is_key
    }

    #[inline(always)]
    fn next_value(&mut self) -> Result<Event<'a>, SyntaxError> {
        self.skip_space();
        let value = if let Some(text) = self.plain_string(self.at) {
            self.at += text.len() + 2;
            Event::Text(Cow::Borrowed(text))
        } else if let Some(number) = self.plain_number() {
            Event::Number(Cow::Borrowed(number))
        } else if self.literal("true") {
            Event::Boolean(true)
        } else if self.literal("false") {
            Event::Boolean(false)
        } else {
            return self.next();
        };
        self.next = Next::CommaOrEnd;
        Ok(value)
    }

    #[inline(never)]
    fn next(&mut self) -> Result<Event<'a>, SyntaxError> {
        self.skip_space();
        match self.next {
            Next::ValueOrEndOfList if self.peek() == Some(b']') => Ok(self.end()),
            Next::Value | Next::ValueOrEndOfList => self.value(),
            Next::KeyOrEndOfObject if self.peek() == Some(b'}') => Ok(self.end()),
            Next::KeyOrEndOfObject => self.key(),
            Next::CommaOrEnd => match (self.open.last(), self.peek()) {
                (Some(Container::Object), Some(b'}')) | (Some(Container::List), Some(b']')) => Ok(self.end()),
                (Some(container), Some(b',')) => {
                    let container = *container;
                    self.at += 1;
                    self.skip_space();
                    match container {
                        Container::Object => self.key(),
                        Container::List => self.value(),
                    }
                }
                (Some(Container::List), _) => Err(self.unexpected("',' or ']'")),
                _ => Err(self.unexpected("',' or '}'")),
            },
            Next::End if self.at == self.text.len() => Ok(Event::End),
            Next::End => Err(self.unexpected("the end of the body")),
        }
    }
}
