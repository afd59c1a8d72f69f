//! Properties of all valid specs: the generated code parses and is formatted.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use std::fmt::Write as _;
use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

const PLATFORM: &str = include_str!("fixtures/specs/platform.yaml");

/// A random parameter.
#[derive(Clone, Debug)]
struct Parameter {
    name: String,
    kind: String,
    required: bool,
    secret: Option<bool>,
    example: Option<String>,
    description: Option<String>,
    values: Vec<String>,
    fields: Vec<Parameter>,
}

/// Names that are difficult in Rust or XML, and ordinary ones.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z_0-9]{0,8}",
        "[a-zA-Z0-9_.\\-]{1,8}".prop_filter("a letter or digit", |name| name.chars().any(char::is_alphanumeric)),
        "[a-z端口号]{1,4}",
        prop::sample::select(vec![
            "type", "self", "Self", "super", "crate", "gen", "new", "default", "clone", "view", "slot", "schema", "fn",
            "in", "match", "async", "try", "box", "Option", "String", "into", "_", "__a", "a_", "A", "aB", "a_b",
            "a.b", "3d",
        ])
        .prop_map(str::to_owned)
        .prop_filter("a letter or digit", |name| name.chars().any(char::is_alphanumeric)),
    ]
}

fn parameter() -> impl Strategy<Value = Parameter> {
    let scalar = prop::sample::select(vec![
        "String",
        "Number",
        "Boolean",
        "Date",
        "Price",
        "BigDecimal",
        "Json",
        "Map",
        "Field List",
        "byte",
        "byte[]",
        "String[]",
        "Number[]",
        "Boolean[]",
        "Date[]",
        "Price[]",
        "Json[]",
        "byte[][]",
        "Map[]",
    ]);
    let texts = (prop::option::of(".{0,20}"), prop::option::of("(.|\n){0,40}"));
    let value = prop_oneof!["[^\\pC\\s]{1,6}", "[sS]elf|Unknown|unknown|type|1|-1|\u{ac00}|\u{1100}\u{1161}"];
    let values = prop::collection::btree_set(value, 0..5);
    let leaf = (name(), scalar, any::<bool>(), any::<Option<bool>>(), texts, values).prop_map(
        |(name, kind, required, secret, (example, description), values)| Parameter {
            name,
            kind: kind.to_owned(),
            required,
            secret,
            example,
            description,
            values: if kind.starts_with("String") { values.into_iter().collect() } else { Vec::new() },
            fields: Vec::new(),
        },
    );
    leaf.prop_recursive(3, 24, 5, |inner| {
        let kind = prop_oneof!["[A-Z][a-zA-Z0-9_]{0,6}", Just("Option".to_owned()), Just("Record".to_owned())]
            .prop_filter("not a built-in type", |name| codegen::spec::Kind::from_name(name).is_none());
        (name(), kind, any::<bool>(), any::<bool>(), prop::collection::vec(inner, 1..5)).prop_map(
            |(name, kind, list, required, fields)| Parameter {
                name,
                kind: if list { format!("{kind}[]") } else { kind },
                required,
                secret: None,
                example: None,
                description: None,
                values: Vec::new(),
                fields,
            },
        )
    })
}

fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            character if u32::from(character) < 0x80 && !character.is_control() => quoted.push(character),
            character => write!(quoted, "\\U{:08x}", u32::from(character)).unwrap(),
        }
    }
    quoted + "\""
}

fn write(parameters: &[Parameter], indent: usize, request: bool, yaml: &mut String) {
    let space = " ".repeat(indent);
    let mut names = std::collections::BTreeSet::from(["method".to_owned(), "app_key".to_owned()]);
    for parameter in parameters {
        // Names are unique on a level and are not public parameters.
        if !names.insert(parameter.name.clone()) {
            continue;
        }
        writeln!(yaml, "{space}- name: {}\n{space}  type: {}", quoted(&parameter.name), quoted(&parameter.kind))
            .unwrap();
        if parameter.required && request {
            writeln!(yaml, "{space}  required: true").unwrap();
        }
        if let Some(secret) = parameter.secret {
            writeln!(yaml, "{space}  secret: {secret}").unwrap();
        }
        for (key, text) in [("example", &parameter.example), ("description", &parameter.description)] {
            if let Some(text) = text {
                writeln!(yaml, "{space}  {key}: {}", quoted(text)).unwrap();
            }
        }
        if !parameter.values.is_empty() {
            let values: Vec<_> = parameter.values.iter().map(|value| quoted(value)).collect();
            writeln!(yaml, "{space}  values: [{}]", values.join(", ")).unwrap();
        }
        if !parameter.fields.is_empty() {
            writeln!(yaml, "{space}  fields:").unwrap();
            write(&parameter.fields, indent + 4, request, yaml);
        }
    }
}

fn spec(method: &str, title: &str, request: &[Parameter], response: &[Parameter]) -> String {
    let mut yaml = format!("method: {method}\ntitle: {}\nrequest:", quoted(title));
    yaml.push_str(if request.is_empty() { " []\n" } else { "\n" });
    write(request, 2, true, &mut yaml);
    yaml.push_str("response:\n  node: x_response\n  fields:");
    yaml.push_str(if response.is_empty() { " []\n" } else { "\n" });
    write(response, 4, false, &mut yaml);
    yaml
}

fn topic(title: &str, fields: &[Parameter]) -> String {
    let mut yaml = format!("topic: taobao_any_ThingChanged\ntitle: {}\nfields:", quoted(title));
    yaml.push_str(if fields.is_empty() { " []\n" } else { "\n" });
    write(fields, 2, true, &mut yaml);
    yaml
}

/// Splits the lines of a file, without empty ones, into the rows of tables and the code.
fn tables_and_code(text: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut rows, mut code) = (Vec::new(), Vec::new());
    let mut lines = text.lines().filter(|line| !line.is_empty());
    while let Some(line) = lines.next() {
        if line == "record! {" {
            // After the line with the name of the type, up to the brace that closes the rows.
            rows.extend(lines.by_ref().skip(1).take_while(|line| *line != "    }"));
            lines.next();
        } else if !line.starts_with("record!(") {
            code.push(line);
        }
    }
    (rows, code)
}

proptest! {
    #[test]
    fn generated_code_parses_and_is_formatted(
        title in "[^\\pC\\s].{0,20}",
        request in prop::collection::vec(parameter(), 0..6),
        response in prop::collection::vec(parameter(), 0..6),
    ) {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("top")).unwrap();
        fs::write(folder.path().join("platform.yaml"), PLATFORM).unwrap();
        let yaml = spec("taobao.any.thing.get", &title, &request, &response);
        fs::write(folder.path().join("top/taobao.any.thing.get.yaml"), &yaml).unwrap();
        fs::create_dir(folder.path().join("messages")).unwrap();
        fs::write(folder.path().join("messages/taobao_any_ThingChanged.yaml"), topic(&title, &response)).unwrap();
        let generated = match codegen::Builder::new(folder.path()).generate() {
            Ok(generated) => generated,
            Err(problems) => {
                // All random specs are valid: types with the same name and different fields get different Rust names.
                return Err(TestCaseError::fail(format!("{problems}\n{yaml}")));
            }
        };
        for (path, text) in generated.files().files().filter(|(path, _)| path.extension().is_some_and(|end| end == "rs")) {
            let mut file = syn::parse_file(text).map_err(|error| TestCaseError::fail(format!("{}: {error}\n{text}", path.display())))?;
            file.items.retain(|item| !matches!(item, syn::Item::Macro(item) if item.mac.path.is_ident("record")));
            let (_, body) = text.split_once('\n').unwrap();
            let once = prettyplease::unparse(&file);
            let again = prettyplease::unparse(&syn::parse_file(&once).unwrap());
            prop_assert_eq!(&once, &again, "{}", path.display());
            // Apart from empty lines and tables, the layout is that of the formatter.
            let (tables, code) = tables_and_code(body);
            let expected: Vec<_> = once.lines().filter(|line| !line.is_empty()).collect();
            prop_assert_eq!(code, expected, "{}", path.display());
            for row in tables {
                let is_row = row.trim_start().split_once(" => ").is_some_and(|(index, _)| index.parse::<usize>().is_ok());
                prop_assert!(is_row && row.ends_with(");"), "{}: {row}", path.display());
            }
        }
    }
}
