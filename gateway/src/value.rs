//! Values of a response, from the examples of a spec, in three formats (docs/protocol.md section 4).

use std::borrow::Cow;
use std::collections::BTreeMap;

use codegen::spec::{Kind, Parameter, TypeName};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value as Json};
use top_protocol::{DateTime, Decimal};

use crate::object_types::ObjectTypes;

/// A value of a response.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
    /// A number that does not fit in `i64`.
    Decimal(serde_json::Number),
    Boolean(bool),
    Object(Members),
    /// A list, and the key of its elements in XML and JSON.
    List(String, Vec<Value>),
}

/// The members of an object in order.
pub(crate) type Members = Vec<(String, Value)>;

impl Value {
    /// Returns a member for each field, with the value of its example.
    pub(crate) fn examples(fields: &[Parameter]) -> Members {
        ExampleBuilder { types: ObjectTypes::of(fields), ancestors: Vec::new(), budget: MAX_VALUES }.members(fields)
    }

    /// Converts JSON to the members of a response, with the fields of the spec. Arrays are lists, with or without the object
    /// around them. A field that the spec lacks is kept, and `null` is left out.
    pub(crate) fn from_json(json: &Map<String, Json>, fields: &[Parameter]) -> Members {
        json_members(json, fields, &ObjectTypes::of(fields), &LiteralTexts)
    }

    /// Converts the JSON of a template: see [`from_json`](Self::from_json).
    pub(crate) fn from_template(json: &Map<String, Json>, fields: &[Parameter], texts: &dyn Texts) -> Members {
        json_members(json, fields, &ObjectTypes::of(fields), texts)
    }

    /// Converts a scalar of JSON to the type of a field. `None` for `null`, and for a value of another type.
    pub(crate) fn typed(kind: Kind, json: &Json) -> Option<Self> {
        Some(match (kind, json) {
            (_, Json::Null) => return None,
            (Kind::Number | Kind::Byte, Json::String(text)) => Self::Number(text.trim().parse().ok()?),
            (Kind::Number | Kind::Byte, json) => Self::Number(json.as_i64()?),
            (Kind::Boolean, Json::Bool(boolean)) => Self::Boolean(*boolean),
            (Kind::Boolean, Json::String(text)) => Self::Boolean(text.eq_ignore_ascii_case("true") || text == "1"),
            (Kind::Boolean, json) => Self::Boolean(json.as_i64()? != 0),
            (_, Json::String(text)) => Self::Text(text.clone()),
            (_, json) => Self::Text(json.to_string()),
        })
    }

    /// Writes the value as an XML element.
    pub(crate) fn write_xml(&self, name: &str, xml: &mut String) {
        xml.push('<');
        xml.push_str(name);
        xml.push('>');
        match self {
            Self::Text(text) => escape(text, xml),
            Self::Number(number) => xml.push_str(&number.to_string()),
            Self::Decimal(number) => xml.push_str(&number.to_string()),
            Self::Boolean(boolean) => xml.push_str(&boolean.to_string()),
            Self::Object(members) => members.iter().for_each(|(name, value)| value.write_xml(name, xml)),
            Self::List(inner, items) => items.iter().for_each(|item| item.write_xml(inner, xml)),
        }
        xml.push_str("</");
        xml.push_str(name);
        xml.push('>');
    }

    /// Returns the value as JSON. With `root`, it is the only member of an object. If `simplify`, lists are plain arrays.
    pub(crate) fn to_json(&self, root: Option<&str>, simplify: bool) -> String {
        let json = JsonValue { value: self, simplify };
        let text = match root {
            Some(root) => serde_json::to_string(&BTreeMap::from([(root, json)])),
            None => serde_json::to_string(&json),
        };
        // Serialization of strings, numbers and booleans to memory does not fail.
        text.unwrap_or_default()
    }
}

/// Splits a path after its first name.
pub(crate) fn split_path(path: &str) -> (&str, Option<&str>) {
    path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)))
}

/// Returns the value at a path.
pub(crate) fn find<'m>(members: &'m Members, path: &str) -> Option<&'m Value> {
    let (name, rest) = split_path(path);
    let value = &members.iter().find(|(member, _)| member == name)?.1;
    match (rest, value) {
        (None, value) => Some(value),
        (Some(rest), Value::Object(members)) => find(members, rest),
        (Some(_), _) => None,
    }
}

/// Replaces the value at a path, or removes it if `with` returns `None`.
pub(crate) fn replace(members: &mut Members, path: &str, with: impl FnOnce(&Value) -> Option<Value>) {
    let (name, rest) = split_path(path);
    let Some(index) = members.iter().position(|(member, _)| member == name) else { return };
    match (rest, &mut members[index].1) {
        (Some(rest), Value::Object(members)) => replace(members, rest, with),
        (Some(_), _) => {}
        (None, value) => match with(value) {
            Some(value) => members[index].1 = value,
            None => drop(members.remove(index)),
        },
    }
}

/// Converts the texts of JSON to values. `None` leaves a value out.
pub(crate) trait Texts {
    /// Converts a text to a value of a field.
    fn text(&self, text: &str, kind: Option<Kind>) -> Option<Value>;

    /// Converts JSON that is a text on the wire.
    fn json<'j>(&self, json: &'j Json) -> Option<Cow<'j, Json>>;
}

/// Texts that are values themselves.
struct LiteralTexts;

impl Texts for LiteralTexts {
    fn text(&self, text: &str, _kind: Option<Kind>) -> Option<Value> {
        Some(Value::Text(text.to_owned()))
    }

    fn json<'j>(&self, json: &'j Json) -> Option<Cow<'j, Json>> {
        Some(Cow::Borrowed(json))
    }
}

struct ExampleBuilder<'a> {
    types: ObjectTypes<'a>,
    /// The types of the enclosing objects. An object inside an object of its type is left out.
    ancestors: Vec<&'a str>,
    /// The number of values that may still be created.
    budget: usize,
}

/// The maximum number of values of a response. Types that refer to each other could create far more.
const MAX_VALUES: usize = 20_000;

impl<'a> ExampleBuilder<'a> {
    fn members(&mut self, fields: &'a [Parameter]) -> Members {
        fields.iter().filter_map(|field| Some((field.name.value.clone(), self.value(field)?))).collect()
    }

    fn value(&mut self, field: &'a Parameter) -> Option<Value> {
        self.budget = self.budget.checked_sub(1)?;
        let type_name = field.type_name();
        let example = field.facts.example.as_deref().unwrap_or_default();
        let items = match type_name.kind() {
            // A comma in an example of JSON does not separate elements.
            Some(kind) if type_name.list && !matches!(kind, Kind::Json | Kind::Map) => {
                example.split(',').map(|example| scalar(kind, example.trim(), &field.name.value)).collect()
            }
            Some(kind) => vec![scalar(kind, example, &field.name.value)],
            None => vec![self.object(field, type_name.name)?],
        };
        if type_name.list { Some(Value::List(type_name.inner_key(), items)) } else { items.into_iter().next() }
    }

    fn object(&mut self, field: &'a Parameter, word: &'a str) -> Option<Value> {
        let fields = self.types.fields(field);
        if fields.is_empty() || (field.fields.is_empty() && self.ancestors.contains(&word)) {
            return None;
        }
        self.ancestors.push(word);
        let members = self.members(fields);
        self.ancestors.pop();
        Some(Value::Object(members))
    }
}

/// Returns the value of an example, or a default value if the example is invalid: examples of the documents often are.
fn scalar(kind: Kind, example: &str, name: &str) -> Value {
    let text = |text: &str| Value::Text(text.to_owned());
    match kind {
        Kind::String | Kind::FieldList | Kind::File if example.is_empty() => text(name),
        Kind::String | Kind::FieldList | Kind::File => text(example),
        Kind::Number | Kind::Byte => Value::Number(example.parse().unwrap_or(1)),
        Kind::Boolean => Value::Boolean(example != "false"),
        Kind::Date if example.parse::<DateTime>().is_ok_and(|date| date.to_string() == example) => text(example),
        Kind::Date => text("2016-01-01 12:00:00"),
        Kind::Price | Kind::BigDecimal if Decimal::from_str_exact(example).is_ok() => text(example),
        Kind::Price | Kind::BigDecimal => text("9.90"),
        Kind::Json | Kind::Map if serde_json::from_str::<serde_json::Value>(example).is_ok() => text(example),
        Kind::Json | Kind::Map => text("{}"),
    }
}

fn json_members(json: &Map<String, Json>, fields: &[Parameter], types: &ObjectTypes<'_>, texts: &dyn Texts) -> Members {
    let member = |(name, value): (&String, &Json)| {
        let field = fields.iter().find(|field| field.name.value == *name);
        Some((name.clone(), json_value(name, value, field, types, texts)?))
    };
    json.iter().filter_map(member).collect()
}

/// Converts one member. `None` for `null`.
fn json_value(
    name: &str,
    json: &Json,
    field: Option<&Parameter>,
    types: &ObjectTypes<'_>,
    texts: &dyn Texts,
) -> Option<Value> {
    let type_name = field.map(Parameter::type_name);
    let is_json = type_name.is_some_and(|name| matches!(name.kind(), Some(Kind::Json | Kind::Map)));
    let inner_key = || type_name.filter(|name| name.list).map_or_else(|| name.to_owned(), TypeName::inner_key);
    let list = |key, items: &[Json]| {
        Value::List(key, items.iter().filter_map(|item| json_value(name, item, field, types, texts)).collect())
    };
    Some(match json {
        Json::Null => return None,
        Json::String(text) => texts.text(text, type_name.and_then(|name| name.kind()))?,
        Json::Bool(boolean) => Value::Boolean(*boolean),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Decimal(number.clone()), Value::Number),
        Json::Array(items) if !is_json || type_name.is_some_and(|name| name.list) => list(inner_key(), items),
        Json::Object(members) if !is_json => match (members.len(), members.iter().next()) {
            (1, Some((key, Json::Array(items))))
                if type_name.is_some_and(|name| name.list && name.inner_key() == *key) =>
            {
                list(key.clone(), items)
            }
            _ => {
                let fields = field.map(|field| types.fields(field)).unwrap_or_default();
                Value::Object(json_members(members, fields, types, texts))
            }
        },
        // JSON is a text on the wire.
        other => Value::Text(texts.json(other)?.to_string()),
    })
}

/// Escapes special characters for XML, and removes characters that XML cannot contain.
fn escape(text: &str, xml: &mut String) {
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '\r' => xml.push_str("&#13;"),
            '\t' | '\n' => xml.push(character),
            character if character.is_control() => {}
            character => xml.push(character),
        }
    }
}

struct JsonValue<'a> {
    value: &'a Value,
    simplify: bool,
}

impl Serialize for JsonValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let child = |value| JsonValue { value, simplify: self.simplify };
        match self.value {
            Value::Text(text) => serializer.serialize_str(text),
            Value::Number(number) => serializer.serialize_i64(*number),
            Value::Decimal(number) => number.serialize(serializer),
            Value::Boolean(boolean) => serializer.serialize_bool(*boolean),
            Value::Object(members) => serializer.collect_map(members.iter().map(|(name, value)| (name, child(value)))),
            Value::List(_, items) if self.simplify => serializer.collect_seq(items.iter().map(child)),
            Value::List(inner, items) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(inner, &items.iter().map(child).collect::<Vec<_>>())?;
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use codegen::spec;

    use super::*;

    #[test]
    fn uses_types_that_other_fields_define() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../codegen/tests/fixtures/specs");
        let text = r#"
method: taobao.a.get
title: a
request: []
response:
  node: a_get_response
  fields:
    - { name: first, type: Inner }
    - name: outer
      type: Outer
      fields:
        - name: inner
          type: "Inner[]"
          fields:
            - { name: id, type: Number, example: "7" }
            - { name: outer, type: Outer }
        - { name: again, type: Outer }
    - { name: last, type: "Inner[]" }
"#;
        let platform = spec::platform(&fixtures).unwrap();
        let method = spec::parse("a", "taobao.a.get.yaml", text, &platform).unwrap();
        let members = Value::examples(&method.spec.response.fields);
        let json = Value::Object(members).to_json(None, true);
        // An object inside an object of its type is left out.
        let inner = r#"{"id":7,"outer":{"inner":[{"id":7}]}}"#;
        assert_eq!(json, format!(r#"{{"first":{inner},"outer":{{"inner":[{{"id":7}}]}},"last":[{inner}]}}"#));
    }
}
