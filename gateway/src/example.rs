//! A response made of a spec's examples, and the three forms that it can be written in (docs/protocol.md section 4).

use codegen::spec::{Kind, Parameter};
use serde::ser::{Serialize, SerializeMap, Serializer};
use top_protocol::{DateTime, Decimal};

use crate::objects::Objects;

/// A value of a response.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Text(String),
    Number(i64),
    Boolean(bool),
    Object(Vec<(String, Node)>),
    /// A list, with the key that wraps its elements wherever lists are wrapped.
    List(String, Vec<Node>),
}

impl Node {
    /// The members that the examples of `fields` give.
    pub(crate) fn of(fields: &[Parameter]) -> Vec<(String, Node)> {
        Builder { objects: Objects::of(fields), within: Vec::new(), left: VALUES }.members(fields)
    }

    /// Writes the value as an XML element.
    pub(crate) fn write_xml(&self, name: &str, xml: &mut String) {
        xml.push('<');
        xml.push_str(name);
        xml.push('>');
        match self {
            Self::Text(text) => escape(text, xml),
            Self::Number(number) => xml.push_str(&number.to_string()),
            Self::Boolean(boolean) => xml.push_str(&boolean.to_string()),
            Self::Object(members) => members.iter().for_each(|(name, value)| value.write_xml(name, xml)),
            Self::List(inner, items) => items.iter().for_each(|item| item.write_xml(inner, xml)),
        }
        xml.push_str("</");
        xml.push_str(name);
        xml.push('>');
    }

    /// The value as JSON, with plain lists if it is simplified.
    pub(crate) fn json(&self, simplify: bool) -> impl Serialize + '_ {
        Json { node: self, simplify }
    }
}

struct Builder<'a> {
    objects: Objects<'a>,
    /// The objects around the present place. One that stands in itself is left out.
    within: Vec<&'a str>,
    /// How many values may still be made.
    left: usize,
}

/// How many values an answer may have. Objects that mention each other could make any number of them.
const VALUES: usize = 20_000;

impl<'a> Builder<'a> {
    fn members(&mut self, fields: &'a [Parameter]) -> Vec<(String, Node)> {
        fields.iter().filter_map(|field| Some((field.name.value.clone(), self.value(field)?))).collect()
    }

    fn value(&mut self, field: &'a Parameter) -> Option<Node> {
        self.left = self.left.checked_sub(1)?;
        let type_name = field.type_name();
        let example = field.example.as_deref().unwrap_or_default();
        let items = match type_name.kind() {
            // An example of JSON is one value, commas or not.
            Some(kind) if type_name.list && !matches!(kind, Kind::Json | Kind::Map) => {
                example.split(',').map(|example| scalar(kind, example.trim(), &field.name.value)).collect()
            }
            Some(kind) => vec![scalar(kind, example, &field.name.value)],
            None => vec![self.object(field, type_name.name)?],
        };
        if type_name.list { Some(Node::List(type_name.inner_key(), items)) } else { items.into_iter().next() }
    }

    fn object(&mut self, field: &'a Parameter, word: &'a str) -> Option<Node> {
        let fields = self.objects.fields(field);
        if fields.is_empty() || (field.fields.is_empty() && self.within.contains(&word)) {
            return None;
        }
        self.within.push(word);
        let members = self.members(fields);
        self.within.pop();
        Some(Node::Object(members))
    }
}

/// An example as a value of its type; a plain one of ours where it is none, as the documents' examples often are not.
fn scalar(kind: Kind, example: &str, name: &str) -> Node {
    let text = |text: &str| Node::Text(text.to_owned());
    match kind {
        Kind::String | Kind::FieldList | Kind::File if example.is_empty() => text(name),
        Kind::String | Kind::FieldList | Kind::File => text(example),
        Kind::Number | Kind::Byte => Node::Number(example.parse().unwrap_or(1)),
        Kind::Boolean => Node::Boolean(example != "false"),
        Kind::Date if example.parse::<DateTime>().is_ok_and(|date| date.to_string() == example) => text(example),
        Kind::Date => text("2016-01-01 12:00:00"),
        Kind::Price | Kind::BigDecimal if Decimal::from_str_exact(example).is_ok() => text(example),
        Kind::Price | Kind::BigDecimal => text("9.90"),
        Kind::Json | Kind::Map if serde_json::from_str::<serde_json::Value>(example).is_ok() => text(example),
        Kind::Json | Kind::Map => text("{}"),
    }
}

/// Escapes what XML must not hold as it is, and leaves out what it cannot hold at all.
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

struct Json<'a> {
    node: &'a Node,
    simplify: bool,
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let below = |node| Json { node, simplify: self.simplify };
        match self.node {
            Node::Text(text) => serializer.serialize_str(text),
            Node::Number(number) => serializer.serialize_i64(*number),
            Node::Boolean(boolean) => serializer.serialize_bool(*boolean),
            Node::Object(members) => serializer.collect_map(members.iter().map(|(name, node)| (name, below(node)))),
            Node::List(_, items) if self.simplify => serializer.collect_seq(items.iter().map(below)),
            Node::List(inner, items) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(inner, &items.iter().map(below).collect::<Vec<_>>())?;
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
    fn objects_that_are_defined_elsewhere() {
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
        let members = Node::of(&method.spec.response.fields);
        let json = serde_json::to_string(&Node::Object(members).json(true)).unwrap();
        // An object is left out where it is inside itself for the second time.
        let inner = r#"{"id":7,"outer":{"inner":[{"id":7}]}}"#;
        assert_eq!(json, format!(r#"{{"first":{inner},"outer":{{"inner":[{{"id":7}}]}},"last":[{inner}]}}"#));
    }
}
