//! The JSON Schema of spec files, for completion and validation in editors.

use std::path::Path;

use super::schema::{Key, Table, ValueType};
use super::tables::SPEC;
use super::topics::TOPIC;
use crate::output::{Generator, banner};

/// Returns the JSON Schema of the specs of methods.
pub(crate) fn method_schema() -> String {
    json_schema("TOP method", &SPEC, "codegen/src/spec/tables.rs")
}

/// Returns the JSON Schema of the specs of topics.
pub(crate) fn message_schema() -> String {
    json_schema("TOP topic", &TOPIC, "codegen/src/spec/topics.rs")
}

/// Returns the JSON Schema of a table and the tables below it. `source` is the file of the table.
fn json_schema(title: &str, root: &'static Table, source: &str) -> String {
    let mut tables = vec![root];
    let mut next = 0;
    while let Some(table) = tables.get(next) {
        for key in table.keys {
            if let ValueType::Mapping(below) | ValueType::List(below) = key.value_type
                && !tables.iter().any(|table| table.name == below.name)
            {
                tables.push(below);
            }
        }
        next += 1;
    }
    let definitions: Vec<_> =
        tables.iter().map(|table| format!("    {}: {}", quoted(table.name), object(table))).collect();
    format!(
        "{{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"$comment\": {},\n  \
         \"title\": {},\n  \"$ref\": \"#/$defs/{}\",\n  \"$defs\": {{\n{}\n  }}\n}}\n",
        quoted(&banner(Generator::Xtask, Path::new(source))),
        quoted(title),
        root.name,
        definitions.join(",\n")
    )
}

fn object(table: &Table) -> String {
    let properties: Vec<_> = table.keys.iter().map(property).collect();
    let required: Vec<_> = table.keys.iter().filter(|key| key.required).map(|key| quoted(key.name)).collect();
    format!(
        "{{\n      \"description\": {},\n      \"type\": \"object\",\n      \"additionalProperties\": false,\n      \
         \"required\": [{}],\n      \"properties\": {{\n{}\n      }}\n    }}",
        quoted(table.doc),
        required.join(", "),
        properties.join(",\n")
    )
}

fn property(key: &Key) -> String {
    // YAML reads an unquoted scalar such as 1 or true as a number or a boolean.
    const SCALAR_TYPES: &str = "\"type\": [\"string\", \"number\", \"boolean\"]";
    let value_type = match key.value_type {
        ValueType::String => SCALAR_TYPES.to_owned(),
        ValueType::Url => "\"type\": \"string\", \"pattern\": \"^https?://\"".to_owned(),
        ValueType::Boolean => "\"type\": \"boolean\"".to_owned(),
        ValueType::Integer => "\"type\": \"integer\"".to_owned(),
        ValueType::OneOf(words) => {
            format!("\"enum\": [{}]", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", "))
        }
        ValueType::Strings => format!("\"type\": \"array\", \"items\": {{ {SCALAR_TYPES} }}"),
        ValueType::Mapping(table) => format!("\"$ref\": \"#/$defs/{}\"", table.name),
        ValueType::List(table) => format!("\"type\": \"array\", \"items\": {{ \"$ref\": \"#/$defs/{}\" }}", table.name),
    };
    format!("        {}: {{ \"description\": {}, {value_type} }}", quoted(key.name), quoted(key.doc))
}

/// Returns a text as a JSON string. The tables contain no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
