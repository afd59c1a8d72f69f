//! A parameter that a refusal echoes.

use crate::record::{Field, Kind, Record, RecordMut, Schema, Slot, View, record};

/// A parameter that a refusal echoes. Its value may be a secret and is not printed.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Argument {
    /// The name of the parameter.
    pub key: Option<String>,
    /// The value that the gateway received.
    pub value: Option<String>,
}

impl Record for Argument {
    fn schema(&self) -> &'static Schema {
        const SCHEMA: Schema = Schema {
            name: "Argument",
            fields: &[Field::new("key", Kind::String), Field::new("value", Kind::String).secret()],
        };
        &SCHEMA
    }

    fn view(&self, index: usize) -> View<'_> {
        match index {
            0 => View::of(&self.key),
            1 => View::of(&self.value),
            _ => View::Absent,
        }
    }
}

impl RecordMut for Argument {
    fn slot(&mut self, index: usize) -> Slot<'_> {
        match index {
            0 => Slot::of(&mut self.key),
            1 => Slot::of(&mut self.value),
            _ => Slot::None,
        }
    }
}

record!(mut Argument);
