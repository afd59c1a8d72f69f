//! A JSON value that is in memory already, piece by piece.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::source::{DEPTH, Event, Source, SyntaxError};

pub(crate) struct Tree<'a> {
    next: Option<&'a Value>,
    /// The value of the last event.
    last: Option<&'a Value>,
    open: Vec<Container<'a>>,
    /// Whether JSON values are handed over as they are. A text in one is a text then, and not JSON.
    verbatim: bool,
}

enum Container<'a> {
    Object(serde_json::map::Iter<'a>),
    List(std::slice::Iter<'a, Value>),
}

impl<'a> Tree<'a> {
    pub(crate) fn new(value: &'a Value) -> Self {
        Self { next: Some(value), last: None, open: Vec::new(), verbatim: false }
    }

    /// A reader of what serde has written.
    pub(crate) fn verbatim(value: &'a Value) -> Self {
        Self { verbatim: true, ..Self::new(value) }
    }
}

impl<'a> Source<'a> for Tree<'a> {
    fn position(&self) -> usize {
        0
    }

    fn depth(&self) -> usize {
        self.open.len()
    }

    fn verbatim(&mut self) -> Option<Value> {
        let value = self.last.filter(|_| self.verbatim)?;
        if value.is_object() || value.is_array() {
            self.open.pop();
        }
        Some(value.clone())
    }

    fn next(&mut self) -> Result<Event<'a>, SyntaxError> {
        let value = match self.next.take() {
            Some(value) => value,
            None => match self.open.last_mut() {
                None => return Ok(Event::End),
                Some(Container::Object(members)) => match members.next() {
                    Some((key, value)) => {
                        self.next = Some(value);
                        return Ok(Event::Key(Cow::Borrowed(key)));
                    }
                    None => {
                        self.open.pop();
                        return Ok(Event::EndObject);
                    }
                },
                Some(Container::List(items)) => match items.next() {
                    Some(value) => value,
                    None => {
                        self.open.pop();
                        return Ok(Event::EndList);
                    }
                },
            },
        };
        self.last = Some(value);
        Ok(match value {
            Value::Null => Event::Null,
            Value::Bool(boolean) => Event::Boolean(*boolean),
            Value::Number(number) if is_inexact(number) => Event::Float(number.to_string()),
            Value::Number(number) => Event::Number(Cow::Owned(number.to_string())),
            Value::String(text) => Event::Text(Cow::Borrowed(text)),
            Value::Object(_) | Value::Array(_) if self.open.len() == DEPTH => {
                return Err(SyntaxError::new(format_args!("more than {DEPTH} levels of nesting"), "", 0));
            }
            Value::Object(members) => {
                self.open.push(Container::Object(members.iter()));
                Event::StartObject
            }
            Value::Array(items) => {
                self.open.push(Container::List(items.iter()));
                Event::StartList
            }
        })
    }
}

/// Whether it has more digits than a float is sure to keep. serde hands over fractions as floats.
fn is_inexact(number: &Number) -> bool {
    const DIGITS: usize = 15;
    let text = number.to_string();
    let (mantissa, _) = text.split_once(['e', 'E']).unwrap_or((&text, ""));
    let digits = mantissa.trim_start_matches(['-', '0', '.']).chars().filter(char::is_ascii_digit).count();
    number.is_f64() && digits > DIGITS
}
