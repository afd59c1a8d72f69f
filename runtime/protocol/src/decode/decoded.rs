//! A decoded value of a message or an SPI call.

use std::fmt;
use std::ops::Deref;

use super::response::{Envelope, Mismatch};
use super::unknown::UnknownField;
use crate::debug;

/// A decoded value and what its type does not contain. It dereferences to the value.
#[derive(Clone)]
pub struct Decoded<T> {
    value: T,
    mismatches: Vec<Mismatch>,
    unknown: Vec<UnknownField>,
    dropped: usize,
}

impl<T> Decoded<T> {
    /// Creates a decoded value from the metadata that the decoder returned.
    pub(crate) fn new(value: T, envelope: Envelope) -> Self {
        let Envelope { mismatches, unknown, dropped, .. } = envelope;
        Self { value, mismatches, unknown, dropped }
    }

    /// Returns the value.
    pub fn into_value(self) -> T {
        self.value
    }

    /// Converts the value.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Decoded<U> {
        let Self { value, mismatches, unknown, dropped } = self;
        Decoded { value: convert(value), mismatches, unknown, dropped }
    }

    /// Returns the values that were dropped because they do not match their type, or in which characters were replaced: see
    /// [`Response::mismatches`](crate::Response::mismatches).
    pub fn mismatches(&self) -> &[Mismatch] {
        &self.mismatches
    }

    /// Returns the fields that the spec lacks, in the order of the text.
    pub fn unknown_fields(&self) -> &[UnknownField] {
        &self.unknown
    }

    /// Returns the number of unknown fields that were dropped because their memory budget was exhausted.
    pub fn dropped_unknown_fields(&self) -> usize {
        self.dropped
    }
}

/// A value that needed no decoding.
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
