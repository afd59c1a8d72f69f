//! serde at the edges: every generated type as a JSON-like object, through its table.
//!
//! Written: wire names, absent fields left out, dates and decimals as text, numbers as numbers,
//! files as their names. Read: whatever the
//! decoder accepts from a gateway, because it is the decoder that reads.

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::decode::from_json;
use super::{Record, RecordMut, View};

/// Writes a record.
pub fn serialize<S: Serializer>(record: &dyn Record, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (index, field) in record.schema().fields.iter().enumerate() {
        match record.view(index) {
            View::Absent => {}
            view => map.serialize_entry(field.name, &Written(view))?,
        }
    }
    map.end()
}

/// Reads a record. A value that does not fit its field is an error, and so is a fraction that a float may have changed,
/// but for those within JSON, which has no others.
pub fn deserialize<'de, D: Deserializer<'de>>(record: &mut dyn RecordMut, deserializer: D) -> Result<(), D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    match from_json(&value, record).first() {
        None => Ok(()),
        Some(mismatch) => Err(D::Error::custom(mismatch)),
    }
}

/// A view as serde writes it.
pub struct Written<'a>(pub View<'a>);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            View::Absent => serializer.serialize_none(),
            View::Text(text) => serializer.serialize_str(text),
            View::Number(number) => serializer.serialize_i64(number),
            View::Boolean(boolean) => serializer.serialize_bool(boolean),
            View::Date(date) => date.serialize(serializer),
            View::Decimal(decimal) => serializer.collect_str(&decimal),
            View::Json(json) => json.serialize(serializer),
            View::File(file) => serializer.serialize_str(file.file_name()),
            View::Object(object) => serialize(object, serializer),
            View::Texts(texts) => texts.serialize(serializer),
            View::Numbers(numbers) => numbers.serialize(serializer),
            View::Booleans(booleans) => booleans.serialize(serializer),
            View::Dates(dates) => dates.serialize(serializer),
            View::Decimals(decimals) => serializer.collect_seq(decimals.iter().map(ToString::to_string)),
            View::Jsons(jsons) => jsons.serialize(serializer),
            View::Files(files) => serializer.collect_seq(files.iter().map(super::File::file_name)),
            View::OpenEnums(values) => serializer.collect_seq(values.iter()),
            View::Objects(objects) => {
                serializer.collect_seq(objects.iter().map(|object| Written(View::Object(object))))
            }
        }
    }
}
