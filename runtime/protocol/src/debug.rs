//! The `Debug` of all generated types: the fields that have a value, with secrets redacted.

use std::any::Any;
use std::fmt;

use crate::record::{Field, Record, View};
use crate::redact::HIDDEN;
use crate::secrets;

/// Prints the fields that have a value.
// Compiled once, and not again in every generated type.
#[inline(never)]
pub fn debug(record: &dyn Record, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    debug_as(record.schema().name, record, f)
}

/// Prints the fields that have a value, under another name of the type.
pub fn debug_as(name: &str, record: &dyn Record, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut output = f.debug_struct(name);
    for (index, field) in record.schema().fields.iter().enumerate() {
        match record.view(index) {
            View::Absent => {}
            view => {
                output.field(field.name, &Redacted { field, view });
            }
        }
    }
    output.finish()
}

struct Redacted<'a> {
    field: &'a Field,
    view: View<'a>,
}

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.secret {
            return f.write_str(HIDDEN);
        }
        match self.view {
            View::Absent => f.write_str("None"),
            View::Text(text) => Text(text).fmt(f),
            View::Number(number) => number.fmt(f),
            View::Boolean(boolean) => boolean.fmt(f),
            View::Date(date) => date.fmt(f),
            View::Decimal(decimal) => decimal.fmt(f),
            View::Json(json) => Json(json).fmt(f),
            View::File(file) => file.fmt(f),
            View::Object(object) => debug(object, f),
            View::Texts(texts) => f.debug_list().entries(texts.iter().map(|text| Text(text))).finish(),
            View::Numbers(numbers) => numbers.fmt(f),
            View::Booleans(booleans) => booleans.fmt(f),
            View::Dates(dates) => dates.fmt(f),
            View::Decimals(decimals) => decimals.fmt(f),
            View::Jsons(jsons) => f.debug_list().entries(jsons.iter().map(Json)).finish(),
            View::Files(files) => files.fmt(f),
            View::OpenEnums(values) => f.debug_list().entries(values.iter().map(Text)).finish(),
            View::Objects(objects) => f.debug_list().entries(objects.iter().map(Object)).finish(),
        }
    }
}

/// A text, unless it is JSON with a secret in it.
struct Text<'a>(&'a str);

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if secrets::of_text(self.0, false).is_empty() { self.0.fmt(f) } else { f.write_str(HIDDEN) }
    }
}

/// The value of a response. JSON without a type is redacted by its names.
pub(super) struct Value<'a, T>(pub(super) &'a T);

impl<T: fmt::Debug + 'static> fmt::Debug for Value<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 as &dyn Any).downcast_ref() {
            Some(json) => Json(json).fmt(f),
            None => self.0.fmt(f),
        }
    }
}

/// JSON as JSON rather than as the tree that holds it.
struct Json<'a>(&'a serde_json::Value);

impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&secrets::redacted_json(self.0), f)
    }
}

struct Object<'a>(&'a dyn Record);

impl fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(self.0, f)
    }
}
