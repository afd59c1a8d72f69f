//! The call that a request's documentation shows. It compiles: examples that do not fit their types are replaced.

use std::collections::BTreeSet;

use super::Paths;
use super::tokens::{ident, literal};
use crate::model::{Api, Field, FieldKind, Limit, Struct};
use crate::spec::Kind;

/// The lines of the example.
pub(super) fn call(api: &Api, paths: &Paths) -> Vec<String> {
    let mut example = Example { api, paths, objects: BTreeSet::new(), left: OBJECTS };
    let request = example.construct(&api.request);
    if example.left == 0 {
        return given(api, paths);
    }
    let (category, name) = (&api.category, &api.request.name);
    let root = &paths.api;
    let imported = match &api.request.required {
        Some(required) => format!("{{{name}, {required}}}"),
        None => name.clone(),
    };
    let mut lines = vec!["```no_run".to_owned(), format!("use {root}::{category}::{imported};")];
    let objects: Vec<_> = example.objects.into_iter().collect();
    match objects.as_slice() {
        [] => {}
        [object] => lines.push(format!("use {root}::{category}::{}::{object};", api.module)),
        objects => lines.push(format!("use {root}::{category}::{}::{{{}}};", api.module, objects.join(", "))),
    }
    lines.push(String::new());
    let client = &paths.client;
    lines.push(format!("# async fn example(client: &{client}::Client) -> Result<(), Box<dyn std::error::Error>> {{"));
    lines.extend(format!("let request = {request};").lines().map(str::to_owned));
    lines.extend(
        ["let response = client.execute(&request).await?;", "println!(\"{response:?}\");", "# Ok(())", "# }", "```"]
            .map(str::to_owned),
    );
    lines
}

/// How many objects an example may be made of. One of more is no example.
const OBJECTS: usize = 20;

/// The expression that makes the example's request, with the objects in it by their full names; nothing if it is too large
/// to be an example.
pub(super) fn expression(api: &Api, paths: &Paths) -> Option<String> {
    let module = format!("api::{}::{}", api.category, api.module);
    let mut example = Example { api, paths, objects: BTreeSet::new(), left: OBJECTS };
    let request = example.construct(&api.request);
    let mentioned =
        example.objects.into_iter().chain([api.request.name.as_str()]).chain(api.request.required.as_deref());
    let names: BTreeSet<&str> = mentioned.collect();
    let names: Vec<&str> = names.into_iter().collect();
    (example.left > 0).then(|| format!("{{ use {module}::{{{}}}; {request} }}", names.join(", ")))
}

/// A call with a request that somebody else has made.
fn given(api: &Api, paths: &Paths) -> Vec<String> {
    let (category, name) = (&api.category, &api.request.name);
    [
        "```no_run",
        &format!("use {}::{category}::{name};", paths.api),
        "",
        "# async fn example(",
        &format!("#     client: &{}::Client,", paths.client),
        &format!("#     request: {name},"),
        "# ) -> Result<(), Box<dyn std::error::Error>> {",
        "let response = client.execute(&request).await?;",
        "println!(\"{response:?}\");",
        "# Ok(())",
        "# }",
        "```",
    ]
    .map(str::to_owned)
    .to_vec()
}

struct Example<'a> {
    api: &'a Api,
    paths: &'a Paths,
    /// The objects that the call mentions.
    objects: BTreeSet<&'a str>,
    /// How many objects may still be made.
    left: usize,
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// An argument, which a function converts.
    Argument,
    /// A field, which takes its own type alone.
    Field,
}

impl<'a> Example<'a> {
    fn construct(&mut self, item: &'a Struct) -> String {
        let required = item.fields.iter().filter(|field| field.required);
        match &item.required {
            None => {
                let arguments: Vec<_> = required.map(|field| self.value(field, Place::Argument)).collect();
                format!("{}::new({})", item.name, arguments.join(", "))
            }
            Some(name) => {
                if *item != self.api.request {
                    self.objects.insert(name);
                }
                let mut lines = String::new();
                for field in required {
                    let value = self.value(field, Place::Field).replace('\n', "\n    ");
                    lines.push_str(&format!("    {}: {value},\n", ident(&field.name)));
                }
                format!("{}::new({name} {{\n{lines}}})", item.name)
            }
        }
    }

    fn value(&mut self, field: &'a Field, place: Place) -> String {
        let example = field.example.as_deref().unwrap_or_default();
        let kind = match &field.kind {
            FieldKind::Plain(kind) => *kind,
            FieldKind::OpenEnum(_) => Kind::String,
            FieldKind::Object { name, .. } => return self.object(field, name, place),
        };
        if field.list {
            let values: Vec<_> =
                example.split(',').map(|value| self.scalar(kind, value.trim(), field, place)).collect();
            return list(&values.join(", "), place);
        }
        self.scalar(kind, example, field, place)
    }

    fn object(&mut self, field: &Field, name: &'a str, place: Place) -> String {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return String::new();
        }
        self.objects.insert(name);
        let item = self.api.request_objects.iter().find(|item| item.name == name);
        let object = item.map_or_else(String::new, |item| self.construct(item));
        if field.list { list(&object, place) } else { object }
    }

    fn scalar(&self, kind: Kind, example: &str, field: &Field, place: Place) -> String {
        let text = |text: &str| match place {
            Place::Argument => literal(text),
            Place::Field => format!("{}.into()", literal(text)),
        };
        match kind {
            Kind::String | Kind::FieldList if example.is_empty() => text(&placeholder(field)),
            Kind::String | Kind::FieldList => text(example),
            // A picture of no size, told by its first bytes.
            Kind::File => {
                format!("{}::protocol::File::new(*b\"GIF89a\").name({})", self.paths.client, literal("picture.gif"))
            }
            Kind::Number | Kind::Byte => example.parse::<i64>().unwrap_or_else(|_| within_limits(field)).to_string(),
            Kind::Boolean => (example != "false").to_string(),
            Kind::Date => {
                format!("{}.parse()?", literal(if is_date(example) { example } else { "2016-01-01 12:00:00" }))
            }
            Kind::Price | Kind::BigDecimal => {
                let example = literal(if is_decimal(example) { example } else { "9.90" });
                match place {
                    Place::Argument => format!("{example}.parse::<{}::Decimal>()?", self.paths.client),
                    Place::Field => format!("{example}.parse()?"),
                }
            }
            Kind::Json | Kind::Map => text(if example.is_empty() { "{}" } else { example }),
        }
    }
}

fn list(values: &str, place: Place) -> String {
    match place {
        Place::Argument => format!("[{values}]"),
        Place::Field => format!("vec![{values}]"),
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

/// A text for want of an example: the name, as far as the limits let it.
fn placeholder(field: &Field) -> String {
    let most = field.limits.iter().find_map(|limit| match limit {
        Limit::MaxLength(most) => usize::try_from(*most).ok(),
        _ => None,
    });
    field.wire.chars().take(most.unwrap_or(usize::MAX)).collect()
}

/// A number for want of an example: the one next to 1 that the limits let be.
fn within_limits(field: &Field) -> i64 {
    field.limits.iter().fold(1, |number, limit| match limit {
        Limit::MinValue(least) => number.max(*least),
        Limit::MaxValue(most) => number.min(*most),
        _ => number,
    })
}
