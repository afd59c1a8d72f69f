//! Typed contents.

use std::fmt;
use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::ContentError;
use super::message::Message;
use crate::debug;
use crate::decode::{Mismatch, UnknownField, decode_object};
use crate::record::RecordMut;

/// The content of the messages of one topic.
pub trait Topic:
    RecordMut + Clone + Default + fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The wire name of the topic, such as `taobao_trade_TradeCreate`.
    const NAME: &'static str;
}

/// A decoded content and what its type does not contain. It dereferences to the content.
#[derive(Clone)]
pub struct Decoded<T> {
    value: T,
    mismatches: Vec<Mismatch>,
    unknown: Vec<UnknownField>,
    dropped: usize,
}

impl<T> Decoded<T> {
    /// Returns the content.
    pub fn into_value(self) -> T {
        self.value
    }

    /// Converts the content.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Decoded<U> {
        let Self { value, mismatches, unknown, dropped } = self;
        Decoded { value: convert(value), mismatches, unknown, dropped }
    }

    /// Returns the values that were dropped because they do not match their type, or in which characters were replaced: see
    /// [`Response::mismatches`](crate::Response::mismatches).
    pub fn mismatches(&self) -> &[Mismatch] {
        &self.mismatches
    }

    /// Returns the fields that the spec lacks, in the order of the content.
    pub fn unknown_fields(&self) -> &[UnknownField] {
        &self.unknown
    }

    /// Returns the number of unknown fields that were dropped because their memory budget was exhausted.
    pub fn dropped_unknown_fields(&self) -> usize {
        self.dropped
    }
}

/// A content that needed no decoding.
impl<T> From<T> for Decoded<T> {
    fn from(value: T) -> Self {
        Self { value, mismatches: Vec::new(), unknown: Vec::new(), dropped: 0 }
    }
}

impl<T> Deref for Decoded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug + 'static> fmt::Debug for Decoded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = f.debug_struct("Decoded");
        output.field("value", &debug::Value(&self.value));
        if !self.mismatches.is_empty() {
            output.field("mismatches", &self.mismatches);
        }
        output.finish_non_exhaustive()
    }
}

/// Decodes the content of a message.
pub(super) fn decode<T: Topic>(message: &Message) -> Result<Decoded<T>, ContentError> {
    if message.topic != T::NAME {
        return Err(ContentError::OtherTopic { expected: T::NAME, found: message.topic.clone() });
    }
    let mut value = T::default();
    let envelope = decode_object(&message.content, &mut value)
        .map_err(|error| ContentError::Syntax { problem: error.problem, path: error.path })?;
    Ok(Decoded { value, mismatches: envelope.mismatches, unknown: envelope.unknown, dropped: envelope.dropped })
}
