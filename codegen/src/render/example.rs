//! The call that a request's documentation shows. It compiles: examples that do not fit their types are replaced.

use std::collections::BTreeSet;

use super::views::literal;
use crate::model::{Api, Field, FieldKind, Struct};
use crate::spec::Kind;

/// The lines of the example.
pub(super) fn call(api: &Api) -> Vec<String> {
    let (category, request) = (&api.category, &api.request.name);
    let mut objects = BTreeSet::new();
    let arguments = arguments(&api.request, api, &mut objects);
    let mut lines = vec!["```no_run".to_owned(), format!("use generated_sdk::api::{category}::{request};")];
    if !objects.is_empty() {
        let objects: Vec<_> = objects.into_iter().collect();
        lines.push(format!("use generated_sdk::api::{category}::{}::{{{}}};", api.module, objects.join(", ")));
    }
    lines.extend(
        [
            "",
            "# async fn example(client: &generated_sdk::Client) -> Result<(), Box<dyn std::error::Error>> {",
            &format!("let request = {request}::new({arguments});"),
            "let response = client.execute(&request).await?;",
            "println!(\"{response:?}\");",
            "# Ok(())",
            "# }",
            "```",
        ]
        .map(str::to_owned),
    );
    lines
}

/// The arguments of the constructor, and the objects that they mention.
fn arguments<'a>(item: &'a Struct, api: &'a Api, objects: &mut BTreeSet<&'a str>) -> String {
    let required = item.fields.iter().filter(|field| field.required);
    required.map(|field| argument(field, api, objects)).collect::<Vec<_>>().join(", ")
}

fn argument<'a>(field: &'a Field, api: &'a Api, objects: &mut BTreeSet<&'a str>) -> String {
    let example = field.example.as_deref().unwrap_or_default();
    let scalar = |example: &str| match &field.kind {
        FieldKind::Plain(kind) => plain(*kind, example, &field.wire),
        FieldKind::Object { .. } => String::new(),
    };
    match &field.kind {
        FieldKind::Object { name, .. } => {
            objects.insert(name);
            let item = api.request_objects.iter().find(|item| item.name == *name);
            let object = format!("{name}::new({})", item.map(|item| arguments(item, api, objects)).unwrap_or_default());
            if field.list { format!("[{object}]") } else { object }
        }
        FieldKind::Plain(Kind::FieldList) => {
            let names: Vec<String> = example.split(',').map(|name| literal(name.trim())).collect();
            format!("[{}]", names.join(", "))
        }
        FieldKind::Plain(_) if field.list => {
            let values: Vec<String> = example.split(',').map(|value| scalar(value.trim())).collect();
            format!("[{}]", values.join(", "))
        }
        FieldKind::Plain(_) => scalar(example),
    }
}

fn plain(kind: Kind, example: &str, wire: &str) -> String {
    match kind {
        Kind::String | Kind::FieldList if example.is_empty() => literal(wire),
        Kind::String | Kind::FieldList => literal(example),
        Kind::Number => example.parse::<i64>().unwrap_or(1).to_string(),
        Kind::Boolean => (example != "false").to_string(),
        Kind::Date => format!("{}.parse()?", literal(if is_date(example) { example } else { "2016-01-01 12:00:00" })),
        Kind::Price | Kind::BigDecimal => {
            format!(
                "{}.parse::<generated_sdk::Decimal>()?",
                literal(if is_decimal(example) { example } else { "9.90" })
            )
        }
        Kind::Json | Kind::Map => literal(if example.is_empty() { "{}" } else { example }),
    }
}

/// Whether a text has the shape `yyyy-MM-dd HH:mm:ss`. Whether there is such a day is the reader's to find out.
fn is_date(text: &str) -> bool {
    text.len() == 19
        && text.bytes().zip(b"0000-00-00 00:00:00").all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            shape => byte == *shape,
        })
}

fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.len() < 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}
