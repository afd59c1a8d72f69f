//! The members of a response that the spec lacks.

use std::fmt;

use serde_json::Value;

use super::room::{ALLOCATION, Room};
use crate::debug::HIDDEN;
use crate::secrets;

/// A member of a response that the spec lacks.
///
/// Printing it hides the value if the name, or a name within it, is that of a secret.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct UnknownField {
    /// The path: wire names, with the indexes of lists, as in `trades[3].new_field`.
    pub path: String,
    /// The value.
    pub value: Value,
    secret: bool,
}

impl fmt::Debug for UnknownField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path)?;
        if self.secret { f.write_str(HIDDEN) } else { fmt::Display::fmt(&secrets::redacted(&self.value), f) }
    }
}

/// The unknown fields of a response, within a memory budget.
#[derive(Default)]
pub(super) struct UnknownFields {
    pub(super) are_kept: bool,
    pub(super) fields: Vec<UnknownField>,
    /// How many were dropped because the budget was used up.
    pub(super) dropped: usize,
    pub(super) room: Room,
}

impl UnknownFields {
    pub(super) fn within(room: Room) -> Self {
        Self { are_kept: true, fields: Vec::new(), dropped: 0, room }
    }

    /// Keeps a field whose value is charged to the budget, or counts it as dropped.
    pub(super) fn keep(&mut self, path: String, secret: bool, value: impl FnOnce(&mut Room) -> Option<Value>) {
        let bytes = ALLOCATION + path.len();
        let fits = self.room.charge(bytes) && self.room.charge_in_list(self.fields.len(), size_of::<UnknownField>());
        match value(&mut self.room).filter(|_| fits) {
            Some(value) => self.fields.push(UnknownField { path, value, secret }),
            None => self.dropped += 1,
        }
    }
}
