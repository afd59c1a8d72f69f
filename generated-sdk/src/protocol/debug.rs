//! The one `Debug` of all generated types: what is there, with secrets hidden.

use std::fmt;

use super::{Field, Record, View};

/// What stands where a secret would.
pub(crate) const HIDDEN: &str = "[hidden]";

/// Prints the fields that have a value.
pub fn debug(record: &dyn Record, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let schema = record.schema();
    let mut output = f.debug_struct(schema.name);
    for (index, field) in schema.fields.iter().enumerate() {
        match record.view(index) {
            View::Absent => {}
            view => {
                output.field(field.name, &Shown { field, view });
            }
        }
    }
    output.finish()
}

/// Whether printing the record's values would print a secret, at any depth.
pub(crate) fn holds_secret(record: &dyn Record) -> bool {
    record.schema().fields.iter().enumerate().any(|(index, field)| match record.view(index) {
        View::Absent => false,
        _ if field.secret => true,
        View::Object(object) => holds_secret(object),
        View::Objects(objects) => objects.iter().any(holds_secret),
        _ => false,
    })
}

/// Whether a value of this name is a secret: the platform's documents say which ends of names do it, in whatever case.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    crate::platform::SECRETS.iter().any(|end| name.ends_with(end))
}

struct Shown<'a> {
    field: &'a Field,
    view: View<'a>,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.secret {
            return f.write_str(HIDDEN);
        }
        match self.view {
            View::Absent => f.write_str("None"),
            View::Text(text) => text.fmt(f),
            View::Number(number) => number.fmt(f),
            View::Boolean(boolean) => boolean.fmt(f),
            View::Date(date) => date.fmt(f),
            View::Decimal(decimal) => decimal.fmt(f),
            View::Json(json) => fmt::Display::fmt(json, f),
            View::File(file) => file.fmt(f),
            View::Object(object) => debug(object, f),
            View::Texts(texts) => texts.fmt(f),
            View::Numbers(numbers) => numbers.fmt(f),
            View::Booleans(booleans) => booleans.fmt(f),
            View::Dates(dates) => dates.fmt(f),
            View::Decimals(decimals) => decimals.fmt(f),
            View::Jsons(jsons) => f.debug_list().entries(jsons.iter().map(Json)).finish(),
            View::Files(files) => files.fmt(f),
            View::Choices(choices) => f.debug_list().entries(choices.iter()).finish(),
            View::Objects(objects) => f.debug_list().entries(objects.iter().map(Object)).finish(),
        }
    }
}

/// JSON as JSON rather than as the tree that holds it.
struct Json<'a>(&'a serde_json::Value);

impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0, f)
    }
}

struct Object<'a>(&'a dyn Record);

impl fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(self.0, f)
    }
}
