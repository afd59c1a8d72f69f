//! Records as XML.

use std::borrow::Cow;
use std::fmt::Display;

use serde_json::Value;

use crate::encode;
use crate::record::{Field, Kind, Record, View};

/// Returns a record as an XML document with the root element `root`.
pub(super) fn document(root: &str, record: &dyn Record) -> String {
    let mut xml = String::new();
    element(root, &mut xml, |xml| members(record, xml));
    xml
}

fn members(record: &dyn Record, xml: &mut String) {
    for (index, field) in record.schema().fields.iter().enumerate() {
        match record.view(index) {
            View::Absent => {}
            view => element(field.name, xml, |xml| content(field, view, xml)),
        }
    }
}

/// Writes the content of a field. A list has an element for each of its values.
fn content(field: &Field, view: View<'_>, xml: &mut String) {
    match view {
        View::Object(object) => members(object, xml),
        View::Objects(objects) => {
            for object in objects.iter() {
                element(&lower_camel_case(object.schema().name), xml, |xml| members(object, xml));
            }
        }
        View::Json(value) => json(value, xml),
        View::Jsons(values) => values.iter().for_each(|value| element("json", xml, |xml| json(value, xml))),
        View::Texts(values) => scalars(field, values, xml),
        View::Numbers(values) => scalars(field, values, xml),
        View::Booleans(values) => scalars(field, values, xml),
        View::Dates(values) => scalars(field, values, xml),
        View::Decimals(values) => scalars(field, values, xml),
        View::OpenEnums(values) => scalars(field, values.iter(), xml),
        scalar => escape(&encode::text(scalar), xml),
    }
}

/// Writes a list of scalars. Each element has the name of the type (docs/protocol.md section 4.3).
fn scalars(field: &Field, values: impl IntoIterator<Item = impl Display>, xml: &mut String) {
    let name = match field.kind {
        Kind::Number | Kind::Byte => "number",
        Kind::Boolean => "boolean",
        Kind::Date => "date",
        Kind::Price | Kind::BigDecimal => "price",
        _ => "string",
    };
    values.into_iter().for_each(|value| element(name, xml, |xml| escape(&value.to_string(), xml)));
}

/// Writes a JSON value. An object has an element for each of its members, and a list an element `item` for each value.
fn json(value: &Value, xml: &mut String) {
    match value {
        Value::Null => {}
        Value::String(text) => escape(text, xml),
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| element(&valid_name(name), xml, |xml| json(value, xml)));
        }
        Value::Array(values) => values.iter().for_each(|value| element("item", xml, |xml| json(value, xml))),
        scalar => escape(&scalar.to_string(), xml),
    }
}

fn element(name: &str, xml: &mut String, content: impl FnOnce(&mut String)) {
    for part in ["<", name, ">"] {
        xml.push_str(part);
    }
    content(xml);
    for part in ["</", name, ">"] {
        xml.push_str(part);
    }
}

/// Escapes a text, without the control characters that XML cannot contain.
fn escape(text: &str, xml: &mut String) {
    let is_valid = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{7f}'..);
    let valid: Cow<'_, str> =
        if text.chars().all(is_valid) { text.into() } else { text.chars().filter(|c| is_valid(*c)).collect() };
    xml.push_str(&quick_xml::escape::escape(valid));
}

/// Returns the name of an element: characters that a name cannot have are replaced by `_`.
fn valid_name(name: &str) -> Cow<'_, str> {
    let is_start = |c: char| c.is_alphabetic() || c == '_';
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.starts_with(is_start) && name.chars().all(is_part) {
        return name.into();
    }
    let replaced = name.chars().map(|c| if is_part(c) { c } else { '_' });
    if name.starts_with(is_start) { replaced.collect() } else { std::iter::once('_').chain(replaced).collect() }
}

/// Returns the name of an element of a list of objects, for example `orderLine` for `OrderLine`.
fn lower_camel_case(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}
