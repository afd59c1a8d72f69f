//! Deserialization of records with serde. It accepts everything that the decoder accepts from a gateway.

use serde::de::{Deserialize, Deserializer, Error};

use super::budget::MemoryBudget;
use super::decoder::Decoder;
use super::response::Mismatch;
use crate::record::{Field, Kind, RecordMut};
use crate::source::{Event, TreeSource};

/// Deserializes a record.
///
/// A value that does not fit its field is an error. So is a float outside JSON fields that may have lost digits.
pub fn deserialize<'de, T: RecordMut + Default, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let mut record = T::default();
    match from_json(&value, &mut record).first() {
        None => Ok(record),
        Some(mismatch) => Err(D::Error::custom(mismatch)),
    }
}

/// Fills a record from a JSON value that serde has serialized. Returns the mismatches.
fn from_json(value: &serde_json::Value, record: &mut dyn RecordMut) -> Vec<Mismatch> {
    let mut decoder = Decoder::new(TreeSource::verbatim(value), MemoryBudget::unlimited());
    let whole = Field::new("", Kind::Object);
    let read = match decoder.next() {
        Ok(Event::StartObject) => decoder.members(record, None).map(|_| ()),
        Ok(other) => decoder.type_mismatch(&whole, other),
        Err(error) => Err(error),
    };
    let mut mismatches = decoder.context.mismatches;
    if let Err(error) = read {
        let found = error.to_string();
        mismatches.push(Mismatch { path: String::new(), kind: Kind::Object, list: false, found, replaced: false });
    }
    mismatches
}
