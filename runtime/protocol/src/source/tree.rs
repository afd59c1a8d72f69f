//! The events of a JSON value in memory.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::{Event, MAX_DEPTH, Source, SyntaxError};

/// A source of the events of a JSON value in memory.
pub(crate) struct TreeSource<'a> {
    next: Option<&'a Value>,
    /// The value of the last event.
    last: Option<&'a Value>,
    open: Vec<Container<'a>>,
    /// Whether JSON values are taken unchanged, so that text in them is not parsed as JSON.
    verbatim: bool,
}

enum Container<'a> {
    Object(serde_json::map::Iter<'a>),
    List(std::slice::Iter<'a, Value>),
}

impl<'a> TreeSource<'a> {
    pub(crate) fn new(value: &'a Value) -> Self {
        Self { next: Some(value), last: None, open: Vec::new(), verbatim: false }
    }

    /// Creates a source for a value that serde has serialized.
    pub(crate) fn verbatim(value: &'a Value) -> Self {
        Self { verbatim: true, ..Self::new(value) }
    }
}

impl<'a> Source<'a> for TreeSource<'a> {
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
            Value::Object(_) | Value::Array(_) if self.open.len() == MAX_DEPTH => {
                let problem = format!("the nesting exceeds {MAX_DEPTH} levels");
                return Err(SyntaxError::of_document("less nesting", problem));
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

/// Returns whether a number is a float with more digits than a float keeps exactly.
fn is_inexact(number: &Number) -> bool {
    const DIGITS: usize = 15;
    let text = number.to_string();
    let (mantissa, _) = text.split_once(['e', 'E']).unwrap_or((&text, ""));
    let digits = mantissa.trim_start_matches(['-', '0', '.']).chars().filter(char::is_ascii_digit).count();
    number.is_f64() && digits > DIGITS
}
