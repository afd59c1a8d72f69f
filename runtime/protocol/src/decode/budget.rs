//! The memory budget of a decoder.

use crate::record::RecordMut;
use crate::source::SyntaxError;

/// The memory that the values of a response may still use.
///
/// Values can use a thousand times the memory of their text: `{},` is an object with memory for every field. Without a limit
/// a response of a few megabytes could exhaust the memory of the process.
#[derive(Default)]
pub(super) struct MemoryBudget {
    left: usize,
    limit: usize,
}

/// The estimated overhead of an allocation in bytes.
pub(super) const ALLOCATION: usize = 16;

impl MemoryBudget {
    /// Creates the budget of a body of this length. Documented page sizes need far less.
    pub(super) const fn of_body(bytes: usize) -> Self {
        let limit = (128 << 20) + bytes.saturating_mul(16);
        Self { left: limit, limit }
    }

    /// Creates an unlimited budget, for values that are already in memory.
    pub(super) const fn unlimited() -> Self {
        Self { left: usize::MAX, limit: usize::MAX }
    }

    /// Creates a separate budget for unknown fields.
    pub(super) fn for_unknown_fields(&self) -> Self {
        let limit = self.limit / 8;
        Self { left: limit, limit }
    }

    /// Charges bytes. Returns `false` and exhausts the budget if too few are left.
    pub(super) fn try_charge(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(0);
        left.is_some()
    }

    /// [`try_charge`](Self::try_charge) for the element at `index` of a list, which has this size.
    pub(super) fn try_charge_element(&mut self, index: usize, bytes: usize) -> bool {
        // A list allocates memory for four elements first, and doubles it when it is full.
        self.try_charge(ALLOCATION + bytes * if index == 0 { 4 } else { 2 })
    }

    /// Returns the error of an exhausted budget.
    pub(super) fn exhausted(&self) -> SyntaxError {
        let limit = self.limit >> 20;
        let problem = format!(
            "the values need more than {limit} MiB of memory, which is too much for their text; request fewer items"
        );
        SyntaxError::of_document("fewer values", problem)
    }

    /// Charges bytes.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), SyntaxError> {
        if self.try_charge(bytes) { Ok(()) } else { Err(self.exhausted()) }
    }

    /// Charges the element at `index` of a list, which has this size.
    pub(super) fn charge_element(&mut self, index: usize, bytes: usize) -> Result<(), SyntaxError> {
        if self.try_charge_element(index, bytes) { Ok(()) } else { Err(self.exhausted()) }
    }

    /// Charges the object at `index` of a list.
    pub(super) fn charge_list_object(&mut self, index: usize, object: &dyn RecordMut) -> Result<(), SyntaxError> {
        self.charge_element(index, boxed_size(object).unwrap_or_else(|| size_of_val(object)))
    }

    /// Charges the object of a field. It is part of the outer object unless it is boxed.
    pub(super) fn charge_field_object(&mut self, object: &dyn RecordMut) -> Result<(), SyntaxError> {
        self.charge(boxed_size(object).unwrap_or(0))
    }
}

/// Estimates the size of a boxed object by the number of its fields. Returns `None` if it is not boxed.
fn boxed_size(object: &dyn RecordMut) -> Option<usize> {
    const FIELD: usize = 48;
    (size_of_val(object) == size_of::<usize>()).then(|| FIELD * object.schema().fields.len())
}
