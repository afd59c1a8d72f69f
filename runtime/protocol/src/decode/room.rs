//! How much memory the values of an answer may take.

use super::source::SyntaxError;
use crate::RecordMut;

/// The memory that is left for the values of an answer. They can take a thousand times as much as their text: `{},` is an
/// object, and an object has a place for each of its fields. Without a limit, a few megabytes would end the program.
pub(super) struct Room {
    left: usize,
    most: usize,
}

/// The memory of nothing.
impl Default for Room {
    fn default() -> Self {
        Self { left: 0, most: 0 }
    }
}

/// About how much more than what is asked for an allocation takes.
pub(super) const ALLOCATION: usize = 16;

impl Room {
    /// What an answer of so many bytes may take. A list that is asked for in pages is far below the first number.
    pub(super) const fn of(bytes: usize) -> Self {
        let most = (128 << 20) + bytes.saturating_mul(16);
        Self { left: most, most }
    }

    /// As much as there is, for values that are in memory already.
    pub(super) const fn unlimited() -> Self {
        Self { left: usize::MAX, most: usize::MAX }
    }

    /// A budget for the fields that the documents lack, so that they take nothing from the documented ones.
    pub(super) fn for_unknown(&self) -> Self {
        let most = self.most / 8;
        Self { left: most, most }
    }

    /// Charges the budget, if it suffices. Once it does not, it is used up.
    pub(super) fn charge(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(0);
        left.is_some()
    }

    /// As [`take_in_list`](Self::take_in_list), without an error.
    pub(super) fn charge_in_list(&mut self, index: usize, bytes: usize) -> bool {
        self.charge(in_list(index, bytes))
    }

    /// The error of a budget that is used up.
    pub(super) fn used_up(&self) -> SyntaxError {
        let most = self.most >> 20;
        let problem = format!("its values take more than {most} MiB, which is far more than its text; ask for less");
        SyntaxError::of_whole("fewer values", problem)
    }

    /// Takes room for a value.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), SyntaxError> {
        if self.charge(bytes) { Ok(()) } else { Err(self.used_up()) }
    }

    /// Takes room for the value at `index` of a list, which is so large: a list is given room for four when it begins, and
    /// for twice as many whenever it is full. What the allocator keeps for itself counts too.
    pub(super) fn take_in_list(&mut self, index: usize, bytes: usize) -> Result<(), SyntaxError> {
        self.take(in_list(index, bytes))
    }

    /// Takes room for the object at `index` of a list.
    pub(super) fn take_object(&mut self, index: usize, object: &dyn RecordMut) -> Result<(), SyntaxError> {
        self.take_in_list(index, boxed(object).unwrap_or_else(|| size_of_val(object)))
    }

    /// Takes room for an object that is a field. It has its place in the object around it, unless it is boxed.
    pub(super) fn take_field(&mut self, object: &dyn RecordMut) -> Result<(), SyntaxError> {
        self.take(boxed(object).unwrap_or(0))
    }
}

fn in_list(index: usize, bytes: usize) -> usize {
    ALLOCATION + bytes * if index == 0 { 4 } else { 2 }
}

/// About how much an object takes that is boxed. All that can be seen of it is its pointer, and its fields.
fn boxed(object: &dyn RecordMut) -> Option<usize> {
    const FIELD: usize = 48;
    (size_of_val(object) == size_of::<usize>()).then(|| FIELD * object.schema().fields.len())
}
