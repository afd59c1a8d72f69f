//! How much memory the values of an answer may take.

use super::source::SyntaxError;
use crate::protocol::RecordMut;

/// The memory that is left for the values of an answer. They can take a thousand times as much as their text: `{},` is an
/// object, and an object has a place for each of its fields. Without a limit, a few megabytes would end the program.
pub(super) struct Room {
    left: usize,
    most: usize,
}

impl Room {
    /// What an answer of so many bytes may take. A list that is asked for in pages is far below the first number; texts
    /// are as long as they are in the body.
    pub(super) const fn of(bytes: usize) -> Self {
        let most = (64 << 20) + bytes.saturating_mul(16);
        Self { left: most, most }
    }

    /// As much as there is, for values that are in memory already.
    pub(super) const fn unlimited() -> Self {
        Self { left: usize::MAX, most: usize::MAX }
    }

    /// Takes room for a value.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), SyntaxError> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                let most = self.most >> 20;
                let problem =
                    format!("its values take more than {most} MiB, which is far more than its text; ask for less");
                Err(SyntaxError::of_whole("fewer values", problem))
            }
        }
    }

    /// Takes room for an object in a list.
    pub(super) fn take_object(&mut self, object: &dyn RecordMut) -> Result<(), SyntaxError> {
        self.take(boxed(object).unwrap_or_else(|| size_of_val(object)))
    }

    /// Takes room for an object that is a field. It has its place in the object around it, unless it is boxed.
    pub(super) fn take_field(&mut self, object: &dyn RecordMut) -> Result<(), SyntaxError> {
        self.take(boxed(object).unwrap_or(0))
    }
}

/// About how much an object takes that is boxed. All that can be seen of it is its pointer, and its fields.
fn boxed(object: &dyn RecordMut) -> Option<usize> {
    const FIELD: usize = 48;
    (size_of_val(object) == size_of::<usize>()).then(|| FIELD * object.schema().fields.len())
}
