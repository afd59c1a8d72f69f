//! The example in a request's docs. It compiles: example values that do not fit their types are replaced.

use std::collections::BTreeSet;

use super::Paths;
use super::tokens::{ident, literal};
use crate::model::{Api, Field, FieldKind, Limit, Struct};
use crate::spec::{Authorization, Kind};

/// The number of optional fields that an example sets on one object.
const OPTIONAL: usize = 3;

/// The number of objects that make an example too long.
const OBJECTS: usize = 20;

/// Returns the lines of the example in the docs of a request.
pub(super) fn call(api: &Api, paths: &Paths) -> Vec<String> {
    let mut example = Example::new(api, paths, Files::Opened);
    let request = example.construct(&api.request, Depth::Request);
    let is_short = example.left > 0;
    let (root, category, client) = (&paths.api, &api.category, &paths.client);
    let mut lines = vec!["```no_run".to_owned()];
    let mut import = |module: &str, names: &[&str]| match names {
        [] => {}
        [name] => lines.push(format!("use {module}::{name};")),
        names => lines.push(format!("use {module}::{{{}}};", names.join(", "))),
    };
    let required = api.request.required.as_deref().filter(|_| is_short);
    let requests: Vec<_> = [api.request.name.as_str()].into_iter().chain(required).collect();
    import(&format!("{root}::{category}"), &requests);
    if is_short {
        let names: Vec<_> = example.names.iter().copied().collect();
        import(&format!("{root}::{category}::{}", api.module), &names);
        if example.has_files {
            import(&format!("{client}::protocol"), &["File"]);
        }
    }
    let session = api.facts.authorization == Some(Authorization::Required);
    let mut arguments = format!("client: &{client}::Client");
    if session {
        arguments.push_str(", session: &str");
    }
    if !is_short {
        arguments.push_str(&format!(", request: {}", api.request.name));
    }
    lines.push(String::new());
    lines.push(format!("# async fn example({arguments}) -> Result<(), Box<dyn std::error::Error>> {{"));
    if is_short {
        lines.extend(formatted(&format!("let request = {request};")));
    }
    let client = if session { "client.with_session(session)" } else { "client" };
    if api.paging.is_some() {
        lines.push(format!("let mut items = {client}.items(request);"));
        lines.extend(
            ["while let Some(item) = items.next().await {", "    println!(\"{:?}\", item?);", "}"].map(str::to_owned),
        );
    } else {
        lines.push(format!("let response = {client}.execute(&request).await?;"));
        lines.push("println!(\"{response:?}\");".to_owned());
    }
    lines.extend(["# Ok(())", "# }", "```"].map(str::to_owned));
    lines
}

/// Returns the lines of the example in the docs of the request of an SPI.
pub(super) fn answer(callback: &Api, paths: &Paths) -> Vec<String> {
    let Api { request, response, category, .. } = callback;
    let (root, client, request, response) = (&paths.api, &paths.client, &request.name, &response.name);
    [
        "```no_run".to_owned(),
        format!("use {root}::{category}::{{{request}, {response}}};"),
        format!("use {client}::protocol::spi::{{SpiCall, SpiContentError, SpiResponse}};"),
        String::new(),
        "fn respond(call: &SpiCall) -> Result<SpiResponse, SpiContentError> {".to_owned(),
        format!("    let request = call.decode::<{request}>()?;"),
        "    println!(\"{request:?}\");".to_owned(),
        format!("    Ok(call.response::<{request}>(&{response}::new()))"),
        "}".to_owned(),
        "```".to_owned(),
    ]
    .into()
}

/// Returns the expression that makes the example's request, with its names imported, for tests. Returns nothing for an
/// example that is too long.
pub(super) fn expression(api: &Api, paths: &Paths) -> Option<String> {
    let module = format!("api::{}::{}", api.category, api.module);
    let mut example = Example::new(api, paths, Files::InMemory);
    let request = example.construct(&api.request, Depth::Request);
    let names: BTreeSet<&str> =
        example.names.into_iter().chain([api.request.name.as_str()]).chain(api.request.required.as_deref()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    (example.left > 0).then(|| format!("{{ use {module}::{{{}}}; {request} }}", names.join(", ")))
}

/// A statement as lines in the layout of rustfmt.
fn formatted(statement: &str) -> Vec<String> {
    match syn::parse_file(&format!("fn example() {{ {statement} }}")) {
        Ok(file) => {
            let text = prettyplease::unparse(&file);
            let body = text.lines().filter(|line| line.starts_with("    "));
            body.map(|line| line.strip_prefix("    ").unwrap_or(line).to_owned()).collect()
        }
        Err(_) => statement.lines().map(str::to_owned).collect(),
    }
}

/// How an example makes its files.
#[derive(Clone, Copy, PartialEq)]
enum Files {
    /// From a path, for readers.
    Opened,
    /// From bytes, for tests.
    InMemory,
}

/// Where an object is in the request.
#[derive(Clone, Copy, PartialEq)]
enum Depth {
    /// The request itself, which may have optional objects.
    Request,
    /// An object in it.
    Nested,
}

/// What takes a value.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// An argument, which a function converts.
    Argument,
    /// A field of a struct literal, which has the exact type.
    Field,
}

struct Example<'a> {
    api: &'a Api,
    paths: &'a Paths,
    files: Files,
    has_files: bool,
    /// The names of the method's module that the example uses.
    names: BTreeSet<&'a str>,
    /// The number of objects before the example is too long.
    left: usize,
}

impl<'a> Example<'a> {
    fn new(api: &'a Api, paths: &'a Paths, files: Files) -> Self {
        Self { api, paths, files, has_files: false, names: BTreeSet::new(), left: OBJECTS }
    }

    fn construct(&mut self, item: &'a Struct, depth: Depth) -> String {
        let required = item.fields.iter().filter(|field| field.required);
        let mut object = match &item.required {
            None => {
                let arguments: Vec<_> = required.map(|field| self.value(field, Place::Argument)).collect();
                format!("{}::new({})", item.name, arguments.join(", "))
            }
            Some(name) => {
                if *item != self.api.request {
                    self.names.insert(name);
                }
                let fields: Vec<_> = required
                    .map(|field| format!("{}: {}", ident(&field.name), self.value(field, Place::Field)))
                    .collect();
                format!("{}::new({name} {{ {} }})", item.name, fields.join(", "))
            }
        };
        for field in self.optional(item, depth) {
            let value = self.value(field, Place::Argument);
            object.push_str(&format!(".{}({value})", ident(&field.name)));
        }
        object
    }

    /// Returns the optional fields to show, in the spec's order: files, then values with an example, then objects.
    fn optional(&self, item: &'a Struct, depth: Depth) -> Vec<&'a Field> {
        let rank = |field: &Field| match &field.kind {
            FieldKind::Plain(Kind::File) => Some(0),
            FieldKind::Plain(_) | FieldKind::OpenEnum(_) => field.facts.example.as_ref().map(|_| 1),
            FieldKind::Object { .. } => (depth == Depth::Request).then_some(2),
        };
        let mut fields: Vec<_> = item
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| !field.required && !field.secret && field.facts.deprecated.is_none())
            .filter(|(_, field)| depth == Depth::Nested || !self.selects_page(field))
            .filter_map(|(index, field)| Some((rank(field)?, index, field)))
            .collect();
        fields.sort_by_key(|(rank, index, _)| (*rank, *index));
        fields.truncate(OPTIONAL);
        fields.sort_by_key(|(_, index, _)| *index);
        fields.into_iter().map(|(.., field)| field).collect()
    }

    /// Returns whether the paginator sets a parameter of the request.
    fn selects_page(&self, field: &Field) -> bool {
        let Some(paging) = &self.api.paging else { return false };
        let ways = [
            paging.number.as_ref().map(|(number, _)| number),
            paging.cursor.as_ref().map(|(cursor, _)| cursor),
            paging.offset.as_ref(),
            paging.ask_has_next.as_ref(),
        ];
        ways.into_iter().flatten().any(|way| way.first() == Some(&field.wire))
    }

    fn value(&mut self, field: &'a Field, place: Place) -> String {
        let example = field.facts.example.as_deref().unwrap_or_default();
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
        self.names.insert(name);
        let item = self.api.request_objects.iter().find(|item| item.name == name);
        let object = item.map_or_else(String::new, |item| self.construct(item, Depth::Nested));
        let boxed = matches!(field.kind, FieldKind::Object { boxed: true, .. }) && place == Place::Field;
        let object = if boxed { format!("{object}.into()") } else { object };
        if field.list { list(&object, place) } else { object }
    }

    fn scalar(&mut self, kind: Kind, example: &str, field: &'a Field, place: Place) -> String {
        let text = |text: &str| match place {
            Place::Argument => literal(text),
            Place::Field => format!("{}.into()", literal(text)),
        };
        if let Some(variant) = self.variant(field, example) {
            return variant;
        }
        match kind {
            Kind::String | Kind::FieldList if example.is_empty() => text(&placeholder(field)),
            Kind::String | Kind::FieldList => text(example),
            Kind::File => self.file(),
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

    /// Returns the variant of an enum that an example value is documented as.
    fn variant(&mut self, field: &'a Field, example: &str) -> Option<String> {
        let FieldKind::OpenEnum(name) = &field.kind else { return None };
        let item = self.api.enums.iter().find(|item| item.name == *name)?;
        let (_, variant) = item.values.iter().find(|(value, _)| value == example)?;
        self.names.insert(name);
        Some(format!("{name}::{}", ident(variant)))
    }

    fn file(&mut self) -> String {
        self.has_files = true;
        match self.files {
            Files::Opened => "File::open(\"picture.jpg\")?".to_owned(),
            // The first bytes of a picture, which tell its type.
            Files::InMemory => {
                format!("{}::protocol::File::new(*b\"GIF89a\").name(\"picture.gif\")", self.paths.client)
            }
        }
    }
}

fn list(values: &str, place: Place) -> String {
    match place {
        Place::Argument => format!("[{values}]"),
        Place::Field => format!("vec![{values}]"),
    }
}

/// Returns whether a text has the shape `yyyy-MM-dd HH:mm:ss`. Does not check that the day exists.
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

/// A text for a field without an example: its wire name, cut to its maximum length.
fn placeholder(field: &Field) -> String {
    let most = field.limits.iter().find_map(|limit| match limit {
        Limit::MaxLength(most) => usize::try_from(*most).ok(),
        _ => None,
    });
    field.wire.chars().take(most.unwrap_or(usize::MAX)).collect()
}

/// A number for a field without an example: the one closest to 1 within its limits.
fn within_limits(field: &Field) -> i64 {
    field.limits.iter().fold(1, |number, limit| match limit {
        Limit::MinValue(least) => number.max(*least),
        Limit::MaxValue(most) => number.min(*most),
        _ => number,
    })
}
