//! The JSON Schema of a spec file, for editors that complete and check while one is written.

use std::path::Path;

use super::shape::{Key, Shape, Table};
use super::tables::SPEC;
use crate::output::{Generator, banner};

/// The schema: the tables that specs are read by, in the words of JSON Schema.
pub(crate) fn schema() -> String {
    let mut tables = vec![&SPEC];
    let mut next = 0;
    while let Some(table) = tables.get(next) {
        for key in table.keys {
            if let Shape::Mapping(below) | Shape::List(below) = key.shape
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
         \"title\": \"TOP method\",\n  \"$ref\": \"#/$defs/{}\",\n  \"$defs\": {{\n{}\n  }}\n}}\n",
        quoted(&banner(Generator::Xtask, Path::new("codegen/src/spec/tables.rs"))),
        SPEC.name,
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
    // A text may be written without quotes, and YAML then takes it for a number or a truth value where it looks like one.
    const SCALAR: &str = "\"type\": [\"string\", \"number\", \"boolean\"]";
    let shape = match key.shape {
        Shape::Text => SCALAR.to_owned(),
        Shape::Flag => "\"type\": \"boolean\"".to_owned(),
        Shape::Whole => "\"type\": \"integer\"".to_owned(),
        Shape::Word(words) => {
            format!("\"enum\": [{}]", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", "))
        }
        Shape::Texts => format!("\"type\": \"array\", \"items\": {{ {SCALAR} }}"),
        Shape::Mapping(table) => format!("\"$ref\": \"#/$defs/{}\"", table.name),
        Shape::List(table) => format!("\"type\": \"array\", \"items\": {{ \"$ref\": \"#/$defs/{}\" }}", table.name),
    };
    format!("        {}: {{ \"description\": {}, {shape} }}", quoted(key.name), quoted(key.doc))
}

/// A text as a JSON string. The tables hold no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
