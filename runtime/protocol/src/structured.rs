//! Bodies of requests in JSON and XML (docs/protocol.md section 7.4).
//!
//! Characters that XML cannot contain are left out of an XML body.

use serde_json::{Map, Value as Json};

use crate::encode::text;
use crate::record::{Record, View};
use crate::serde::SerializedView;
use crate::untyped::UntypedParameter;

/// The root node of a body in XML. A method whose only parameter is an object of this name has that object as its body.
const ROOT: &str = "request";

/// Returns the parameters of a request as a JSON object.
pub(crate) fn json(request: &dyn Record, extra: &[UntypedParameter]) -> String {
    // Serializing to memory cannot fail, and a record is an object.
    let mut members = match serde_json::to_value(SerializedView(View::Object(content(request)))) {
        Ok(Json::Object(members)) => members,
        _ => Map::new(),
    };
    members.extend(extra_members(request, extra));
    Json::Object(members).to_string()
}

/// Returns a record as an XML element.
#[cfg(feature = "spi")]
pub(crate) fn element(name: &str, record: &dyn Record) -> String {
    let mut xml = String::new();
    open(name, &mut xml);
    write_members(record, &mut xml);
    close(name, &mut xml);
    xml
}

/// Returns the parameters of a request as an XML element.
pub(crate) fn xml(request: &dyn Record, extra: &[UntypedParameter]) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>".to_owned();
    open(ROOT, &mut xml);
    write_members(content(request), &mut xml);
    extra_members(request, extra).iter().for_each(|(name, value)| write_json(name, value, &mut xml));
    close(ROOT, &mut xml);
    xml
}

/// Returns the record with the members of the body.
fn content(request: &dyn Record) -> &dyn Record {
    match (request.schema().fields, request.view(0)) {
        ([field], View::Object(object)) if field.name == ROOT => object,
        _ => request,
    }
}

/// Returns the added parameters. The wire form of an object and of a list of objects is JSON.
fn extra_members(request: &dyn Record, extra: &[UntypedParameter]) -> Map<String, Json> {
    let texts = extra.iter().filter_map(|parameter| Some((parameter.name(), parameter.as_text()?)));
    let mut members: Map<_, _> = texts
        .map(|(name, text)| {
            let value = if text.starts_with(['{', '[']) { serde_json::from_str(text).ok() } else { None };
            (name.to_owned(), value.unwrap_or_else(|| Json::from(text)))
        })
        .collect();
    if members.len() == 1
        && request.schema().fields.is_empty()
        && let Some(Json::Object(content)) = members.get_mut(ROOT)
    {
        return std::mem::take(content);
    }
    members
}

fn write_members(record: &dyn Record, xml: &mut String) {
    for (index, field) in record.schema().fields.iter().enumerate() {
        write_view(field.name, record.view(index), xml);
    }
}

fn write_view(name: &str, view: View<'_>, xml: &mut String) {
    let mut list = |write: &mut dyn FnMut(&str, &mut String)| {
        open(name, xml);
        write(item_name(name), xml);
        close(name, xml);
    };
    match view {
        View::Absent | View::File(_) | View::Files(_) => {}
        View::Object(object) => {
            open(name, xml);
            write_members(object, xml);
            close(name, xml);
        }
        View::Objects(objects) => list(&mut |item, xml| {
            for object in objects.iter() {
                open(item, xml);
                write_members(object, xml);
                close(item, xml);
            }
        }),
        View::Texts(texts) => list(&mut |item, xml| texts.iter().for_each(|text| write_element(item, text, xml))),
        View::Numbers(numbers) => {
            list(&mut |item, xml| numbers.iter().for_each(|number| write_element(item, &number.to_string(), xml)));
        }
        View::Booleans(booleans) => {
            list(&mut |item, xml| booleans.iter().for_each(|boolean| write_element(item, &boolean.to_string(), xml)));
        }
        View::Dates(dates) => {
            list(&mut |item, xml| dates.iter().for_each(|date| write_element(item, &date.to_string(), xml)))
        }
        View::Decimals(decimals) => {
            list(&mut |item, xml| decimals.iter().for_each(|decimal| write_element(item, &decimal.to_string(), xml)));
        }
        View::OpenEnums(values) => {
            list(&mut |item, xml| values.iter().for_each(|value| write_element(item, value, xml)))
        }
        View::Json(json) => write_json(name, json, xml),
        View::Jsons(jsons) => list(&mut |item, xml| jsons.iter().for_each(|json| write_json(item, json, xml))),
        View::Text(_) | View::Number(_) | View::Boolean(_) | View::Date(_) | View::Decimal(_) => {
            write_element(name, &text(view), xml);
        }
    }
}

fn write_json(name: &str, json: &Json, xml: &mut String) {
    match json {
        Json::Null => {}
        Json::String(text) => write_element(name, text, xml),
        Json::Bool(_) | Json::Number(_) => write_element(name, &json.to_string(), xml),
        Json::Array(items) => {
            open(name, xml);
            items.iter().for_each(|item| write_json(item_name(name), item, xml));
            close(name, xml);
        }
        // A key that is not a name cannot be an element.
        Json::Object(members) if !members.keys().all(|key| is_xml_name(key)) => {
            write_element(name, &json.to_string(), xml);
        }
        Json::Object(members) => {
            open(name, xml);
            members.iter().for_each(|(name, value)| write_json(name, value, xml));
            close(name, xml);
        }
    }
}

/// Returns the name of the elements of a list, as Qimen writes them: `orderLine` in `orderLines`, `packageMaterial` in
/// `packageMaterialList`, and `sn` in `sn`.
pub fn item_name(list: &str) -> &str {
    let item = list.strip_suffix("List").or_else(|| list.strip_suffix('s'));
    item.filter(|item| !item.is_empty()).unwrap_or(list)
}

/// Returns whether a name can be that of an XML element.
pub(crate) fn is_xml_name(name: &str) -> bool {
    let is_start = |character: char| character.is_alphabetic() || character == '_';
    name.starts_with(is_start) && name.chars().all(|character| character.is_alphanumeric() || "_-.".contains(character))
}

fn write_element(name: &str, text: &str, xml: &mut String) {
    open(name, xml);
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            // A parser reads an unescaped one as a line feed.
            '\r' => xml.push_str("&#13;"),
            '\t' | '\n' => xml.push(character),
            // XML cannot contain them.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            character => xml.push(character),
        }
    }
    close(name, xml);
}

fn open(name: &str, xml: &mut String) {
    xml.push('<');
    xml.push_str(name);
    xml.push('>');
}

fn close(name: &str, xml: &mut String) {
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}
