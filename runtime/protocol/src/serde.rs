//! Serialization of records with serde.
//!
//! A record is a map of wire names without absent fields. Dates and decimals are text; a file is its name.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::file::File;
use crate::record::{Record, View};

/// Serializes a record.
pub fn serialize<S: Serializer>(record: &dyn Record, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (index, field) in record.schema().fields.iter().enumerate() {
        match record.view(index) {
            View::Absent => {}
            view => map.serialize_entry(field.name, &SerializedView(view))?,
        }
    }
    map.end()
}

/// A view that implements [`Serialize`].
pub struct SerializedView<'a>(pub View<'a>);

impl Serialize for SerializedView<'_> {
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
            View::Files(files) => serializer.collect_seq(files.iter().map(File::file_name)),
            View::OpenEnums(values) => serializer.collect_seq(values.iter()),
            View::Objects(objects) => {
                serializer.collect_seq(objects.iter().map(|object| SerializedView(View::Object(object))))
            }
        }
    }
}
