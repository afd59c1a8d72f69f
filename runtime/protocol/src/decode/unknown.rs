//! The fields of a response that the spec lacks.

use std::fmt;

use serde_json::Value;

use super::budget::{ALLOCATION, MemoryBudget};
use crate::redact::HIDDEN;
use crate::secrets;

/// A field of a response that the spec lacks.
///
/// Printing it redacts secrets, which are found by name.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct UnknownField {
    /// The path to the field, such as `trades[3].new_field`.
    pub path: String,
    /// The value.
    pub value: Value,
    secret: bool,
}

impl fmt::Debug for UnknownField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path)?;
        if self.secret { f.write_str(HIDDEN) } else { fmt::Display::fmt(&secrets::redacted_json(&self.value), f) }
    }
}

/// The unknown fields of a response, within a memory budget.
#[derive(Default)]
pub(super) struct UnknownFields {
    /// Whether unknown fields are collected.
    pub(super) enabled: bool,
    pub(super) fields: Vec<UnknownField>,
    /// The number of fields that were dropped because the budget was exhausted.
    pub(super) dropped: usize,
    pub(super) budget: MemoryBudget,
}

impl UnknownFields {
    /// Creates an empty collection with this budget.
    pub(super) fn new(budget: MemoryBudget) -> Self {
        Self { enabled: true, fields: Vec::new(), dropped: 0, budget }
    }

    /// Adds a field, or counts it as dropped. `value` charges the budget.
    pub(super) fn add(&mut self, path: String, secret: bool, value: impl FnOnce(&mut MemoryBudget) -> Option<Value>) {
        let bytes = ALLOCATION + path.len();
        let fits = self.budget.try_charge(bytes)
            && self.budget.try_charge_element(self.fields.len(), size_of::<UnknownField>());
        match value(&mut self.budget).filter(|_| fits) {
            Some(value) => self.fields.push(UnknownField { path, value, secret }),
            None => self.dropped += 1,
        }
    }
}
