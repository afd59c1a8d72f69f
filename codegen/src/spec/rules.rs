//! What a spec must keep to beyond being well-formed. Every rule is held against every spec before any is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::kind::inferred_number;
use super::shape::{self, closest};
use super::{Kind, Method, Parameter, Placed, Platform, Specs, pages};
use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::files::printable;
use crate::graph::{Edges, leading_to_cycles};
use crate::model::{is_device, is_keyword, is_named};

/// Holds every rule against every spec, and adds to `problems` what breaks one.
pub(super) fn check(specs: &Specs, problems: &mut Diagnostics) {
    let mut files: BTreeMap<&str, &Method> = BTreeMap::new();
    for method in &specs.methods {
        let mut checker = Checker { source: &method.source, platform: &specs.platform, problems };
        checker.method(method);
        if let Some(first) = files.insert(&method.spec.method.value, method) {
            let message = format!("duplicate method `{}`", method.spec.method.value);
            let help = format!("it is also in {}; keep one of them", printable(&first.source.path));
            checker.problem(method.spec.method.place.clone(), message).help(help).done();
        }
    }
}

/// Whether `id` is lower-case words joined by hyphens, so that it is also the name of a constant and distinct from a URL.
fn is_gateway_id(id: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|character| character.is_ascii_lowercase() || character.is_ascii_digit())
    };
    id.starts_with(|first: char| first.is_ascii_lowercase()) && id.split('-').all(is_word)
}

/// Checks the examples of every spec. Generated code shows an example as text, so that one that its type cannot be is
/// reported to the author of a spec and does not stop generation.
pub(super) fn examples(specs: &Specs, problems: &mut Diagnostics) {
    for method in &specs.methods {
        let mut checker = Checker { source: &method.source, platform: &specs.platform, problems };
        let mut rest: Vec<&Parameter> = method.spec.request.iter().chain(&method.spec.response.fields).collect();
        while let Some(parameter) = rest.pop() {
            checker.example(parameter);
            rest.extend(&parameter.fields);
        }
    }
}

/// Holds the platform's own rules.
pub(super) fn platform(checker: &mut shape::Checker<'_>, platform: &Platform) {
    let mut codes = BTreeSet::new();
    for code in platform.errors.iter().map(|entry| &entry.code) {
        if !codes.insert(code.value) {
            checker.problem(&code.place, format!("duplicate code {}", code.value), None);
        }
    }
    let mut words = BTreeSet::new();
    for word in platform.errors.iter().flat_map(|entry| &entry.words) {
        if !words.insert(word.value.to_ascii_lowercase()) {
            checker.problem(
                &word.place,
                format!("duplicate word `{}`, compared without regard to case", word.value),
                None,
            );
        }
    }
    for secret in &platform.secrets {
        if secret.value.trim().is_empty() {
            let help = "an empty suffix matches every name; remove it".to_owned();
            checker.problem(&secret.place, "the name suffix is empty", Some(help));
        } else if secret.value.chars().any(char::is_uppercase) {
            let help = "names are compared without regard to case".to_owned();
            checker.problem(&secret.place, "expected a name suffix in lower case", Some(help));
        }
    }
    let mut ids = BTreeSet::new();
    for gateway in &platform.gateways {
        let id = &gateway.id;
        if !is_gateway_id(&id.value) {
            let help = "expected lower-case words joined by hyphens, such as `taobao-overseas`".to_owned();
            checker.problem(&id.place, format!("invalid gateway id {:?}", id.value), Some(help));
        } else if !ids.insert(&id.value) {
            checker.problem(&id.place, format!("duplicate gateway id `{}`", id.value), None);
        }
        if gateway.title.value.trim().is_empty() {
            checker.problem(&gateway.title.place, "the title is empty", None);
        }
        let urls = gateway.http.iter().map(|url| (url, "http://")).chain([(&gateway.https, "https://")]);
        for (url, scheme) in urls {
            if url.value.strip_prefix(scheme).is_none_or(|rest| rest.is_empty() || rest.contains(char::is_whitespace)) {
                checker.problem(&url.place, format!("expected a URL starting with `{scheme}`"), None);
            }
        }
    }
}

/// The help for an invalid category.
const CATEGORY: &str = "expected lower-case letters, digits and `_`, starting with a letter; keywords of Rust and features of \
                        the SDK are reserved";

/// The help for an invalid name of a parameter, a field or a node.
const NAME: &str = "expected letters, digits, Chinese characters, `_`, `-` and `.`";

pub(super) struct Checker<'a> {
    source: &'a Arc<Source>,
    platform: &'a Platform,
    problems: &'a mut Diagnostics,
}

/// A diagnostic on its way to the others.
#[must_use]
pub(super) struct Draft<'a> {
    diagnostic: Diagnostic,
    problems: &'a mut Diagnostics,
}

impl Draft<'_> {
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.help(help);
        self
    }

    pub(super) fn done(self) {
        self.problems.push(self.diagnostic);
    }
}

impl Checker<'_> {
    pub(super) fn problem(&mut self, place: Range<usize>, message: impl Into<String>) -> Draft<'_> {
        Draft { diagnostic: Diagnostic::new(self.source, place, message), problems: self.problems }
    }

    fn method(&mut self, method: &Method) {
        let spec = &method.spec;
        let name = spec.method.value.as_str();
        if !is_method_name(name) {
            self.problem(spec.method.place.clone(), format!("invalid method name `{}`", name.escape_default()))
                .help("expected words of letters, digits, `-` and `_`, joined by dots: `taobao.item.get`")
                .done();
        } else if self.source.path.file_stem().is_none_or(|stem| stem != name) {
            self.problem(spec.method.place.clone(), "the method does not match the name of the file")
                .help(format!("rename the file to {name}.yaml"))
                .done();
        }
        if !is_category(&method.category) {
            self.problem(spec.method.place.clone(), format!("invalid category `{}`", method.category.escape_default()))
                .help(CATEGORY)
                .done();
        }
        if spec.title.value.trim().is_empty() {
            self.problem(spec.title.place.clone(), "the title is empty").done();
        }
        if !is_name(&spec.response.node.value) {
            self.problem(spec.response.node.place.clone(), "invalid name of a root node").help(NAME).done();
        }
        if spec.response.node.value == "error_response" {
            self.problem(spec.response.node.place.clone(), "`error_response` is the root node of errors")
                .help("name the root node of a successful response")
                .done();
        }
        let (request, response) = (Side::new(&spec.request, true), Side::new(&spec.response.fields, false));
        self.level(&spec.request, &request, &mut Vec::new());
        self.level(&spec.response.fields, &response, &mut Vec::new());
        if let Some(pages) = &spec.pages {
            pages::check(self, pages, &request, &response);
        }
    }

    /// The parameters that stand beside each other, and those below them. `within` are the objects around them.
    fn level<'p>(&mut self, parameters: &'p [Parameter], side: &Side<'p>, within: &mut Vec<&'p str>) {
        let mut names = BTreeSet::new();
        for parameter in parameters {
            let name = parameter.name.value.as_str();
            let at = parameter.name.place.clone();
            if !is_name(name) {
                self.problem(at.clone(), format!("invalid parameter name `{}`", name.escape_default()))
                    .help(NAME)
                    .done();
            }
            if !names.insert(name) {
                self.problem(at.clone(), format!("duplicate parameter `{name}`")).done();
            }
            if side.request && within.is_empty() && self.platform.is_public(name) {
                self.problem(at, format!("`{name}` is a public parameter"))
                    .help("the client sets it; remove it")
                    .done();
            }
            if let (false, Some(required)) = (side.request, &parameter.required) {
                self.problem(required.place.clone(), "`required` is not allowed in a response")
                    .help("remove it; every field of a response is optional")
                    .done();
            }
            self.kind(parameter, side, within);
            self.limits(parameter, side);
            if !parameter.fields.is_empty() {
                within.push(parameter.type_name().word);
                self.level(&parameter.fields, side, within);
                within.pop();
            }
        }
    }

    fn kind(&mut self, parameter: &Parameter, side: &Side<'_>, within: &[&str]) {
        let at = parameter.kind.place.clone();
        let word = parameter.type_name().word;
        match (Kind::from_word(word), parameter.fields.is_empty()) {
            (Some(_), true) => {}
            (Some(_), false) => {
                self.problem(at, format!("`{word}` cannot have fields"))
                    .help("name the object as the type, or remove `fields`")
                    .done();
            }
            (None, false) if is_type_name(word) => {}
            (None, _) if !is_type_name(word) => {
                let list = if parameter.type_name().list { "[]" } else { "" };
                let draft = self.problem(at, format!("invalid type `{}`", parameter.kind.value.escape_default()));
                match meant(word) {
                    Some(kind) => draft.help(format!("did you mean `{kind}{list}`?")).done(),
                    None => draft.help("expected a type of the platform or the name of an object").done(),
                }
            }
            (None, _) => match side.objects.get(word).map(Vec::len) {
                _ if parameter.is_required()
                    && side.impossible.contains(word)
                    && within.last().is_some_and(|around| side.impossible.contains(around)) =>
                {
                    self.problem(at, format!("`{word}` requires itself, so no value of it can exist"))
                        .help("make a field in the cycle of required fields optional")
                        .done();
                }
                Some(1) => {}
                _ if within.contains(&word) => {}
                Some(_) => {
                    self.problem(at, format!("ambiguous type `{word}`: several objects have this name"))
                        .help("add the `fields` of the object")
                        .done();
                }
                None => {
                    let described = side.objects.keys().copied().filter(|_| !self.problems.is_full());
                    let help = match meant(word).or_else(|| closest(word, described)) {
                        Some(kind) => format!("did you mean `{kind}`? if it is an object, add its `fields`"),
                        None => "if it is an object, add its `fields`".to_owned(),
                    };
                    self.problem(at, format!("unknown type `{word}`")).help(help).done();
                }
            },
        }
    }
}

impl Checker<'_> {
    /// The example of a value: it has to be one that the type can hold.
    fn example(&mut self, parameter: &Parameter) {
        let type_name = parameter.type_name();
        let Some(example) = parameter.example.as_deref().filter(|example| !example.is_empty()) else { return };
        if !type_name.accepts(example) {
            let shown: String = example.chars().take(40).collect();
            let inferred = inferred_number(example).filter(|_| type_name.kind() == Some(Kind::Number));
            let help = match inferred {
                Some((kind, is_list)) => {
                    let list = if is_list || type_name.list { "[]" } else { "" };
                    format!("correct the example, or change the type to `{}{list}`", kind.word())
                }
                None => "correct the example or the type, or remove the example".to_owned(),
            };
            let message =
                format!("the example `{}` is not a {}", shown.escape_debug(), parameter.kind.value.escape_debug());
            self.problem(parameter.kind.place.clone(), message).help(help).done();
        }
    }

    /// The limits of a value: each has to be of a type that it can hold for, and possible to keep to.
    fn limits(&mut self, parameter: &Parameter, side: &Side<'_>) {
        let type_name = parameter.type_name();
        let kind = type_name.kind();
        for (limit, key, fits, holder, least) in [
            (&parameter.max_length, "max_length", type_name.has_length(), "a string or a file", 1),
            (
                &parameter.max_list_size,
                "max_list_size",
                type_name.has_list_size(),
                "a list or a comma-separated string",
                1,
            ),
            (&parameter.min_value, "min_value", type_name.is_numeric(), "a number", i64::MIN),
            (&parameter.max_value, "max_value", type_name.is_numeric(), "a number", i64::MIN),
        ] {
            let Some(limit) = limit else { continue };
            if !side.request {
                self.problem(limit.place.clone(), format!("`{key}` is not allowed in a response"))
                    .help("remove it; responses are not validated against limits")
                    .done();
            } else if !fits {
                self.problem(
                    limit.place.clone(),
                    format!("`{key}` does not apply to {}: expected {holder}", parameter.kind.value),
                )
                .done();
            } else if limit.value < least {
                self.problem(limit.place.clone(), format!("`{key}` is {}: expected at least {least}", limit.value))
                    .done();
            }
        }
        let value = |limit: &Option<Placed<i64>>| limit.as_ref().map(|limit| limit.value);
        let (max_length, min, max) = (&parameter.max_length, &parameter.min_value, &parameter.max_value);
        if let (true, Some(example)) = (side.request, &parameter.example)
            && type_name.violates_limits(example, value(max_length), value(min), value(max))
        {
            self.problem(parameter.name.place.clone(), "the example violates the limits of the parameter")
                .help("correct the example or the limits, or remove the example")
                .done();
        }
        if let (Some(min), Some(max)) = (min, max)
            && min.value > max.value
        {
            self.problem(max.place.clone(), "`max_value` is less than `min_value`").done();
        }
        let mut seen = BTreeSet::new();
        for value in &parameter.values {
            if kind != Some(Kind::String) {
                self.problem(
                    value.place.clone(),
                    format!("`values` does not apply to {}: expected String", parameter.kind.value),
                )
                .done();
                break;
            }
            if value.value.trim().is_empty() {
                self.problem(value.place.clone(), "the value is empty").done();
            } else if !seen.insert(&value.value) {
                self.problem(value.place.clone(), format!("duplicate value `{}`", value.value.escape_debug())).done();
            }
        }
    }
}

/// The page's word that somebody means who writes `word`.
fn meant(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "int" | "integer" | "long" | "short" => Some("Number"),
        "bool" => Some("Boolean"),
        "datetime" | "time" | "timestamp" => Some("Date"),
        "decimal" | "double" | "float" | "money" => Some("BigDecimal"),
        "str" | "text" => Some("String"),
        _ => closest(word, Kind::ALL.iter().map(|kind| kind.word())),
    }
}

/// A request or a response: the objects that are described in it, with the fields of each description.
pub(super) struct Side<'p> {
    pub(super) request: bool,
    /// What stands at its top.
    pub(super) parameters: &'p [Parameter],
    objects: BTreeMap<&'p str, Vec<&'p [Parameter]>>,
    /// The objects that cannot be made, because what they require leads to an object that requires itself.
    impossible: BTreeSet<&'p str>,
}

impl<'p> Side<'p> {
    fn new(parameters: &'p [Parameter], request: bool) -> Self {
        let mut side = Self { request, parameters, objects: BTreeMap::new(), impossible: BTreeSet::new() };
        side.collect(parameters);
        let required = |fields: &&'p [Parameter]| {
            let required = fields.iter().filter(|field| field.is_required()).map(|field| field.type_name().word);
            required.filter(|word| side.objects.contains_key(word)).collect()
        };
        let described = side.objects.iter().filter_map(|(word, described)| Some((*word, described.last()?)));
        let edges: Edges<'p> = described.map(|(word, fields)| (word, required(fields))).collect();
        side.impossible = leading_to_cycles(&edges);
        side
    }

    fn collect(&mut self, parameters: &'p [Parameter]) {
        for parameter in parameters.iter().filter(|parameter| !parameter.fields.is_empty()) {
            self.objects.entry(parameter.type_name().word).or_default().push(&parameter.fields);
            self.collect(&parameter.fields);
        }
    }
}

impl<'p> Side<'p> {
    /// The fields of the object that a parameter is, which may be described elsewhere.
    pub(super) fn fields(&self, parameter: &'p Parameter) -> &'p [Parameter] {
        if !parameter.fields.is_empty() {
            return &parameter.fields;
        }
        self.objects
            .get(parameter.type_name().word)
            .and_then(|described| described.first())
            .copied()
            .unwrap_or_default()
    }
}

/// Whether a text can be a method's name, and so the name of a file.
pub fn is_method_name(name: &str) -> bool {
    name.len() <= 200
        && name.contains('.')
        && name.split('.').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

/// Whether a text can be a category: a folder, a module and a feature at once.
pub fn is_category(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.len() <= 64
        && !name.contains("__")
        && !name.ends_with('_')
        && !is_keyword(name)
        && !is_device(name)
        && !RESERVED.contains(&name)
}

/// Features of the SDK that are no categories, and what its modules have other uses for.
const RESERVED: &[&str] = &[
    "blocking",
    "client",
    "default",
    "full",
    "gzip",
    "mod",
    "native-tls",
    "redis",
    "reqwest-0_13",
    "rustls",
    "rustls-no-provider",
    "rustls-ring",
    "socks",
    "std",
    "system-proxy",
    "test",
];

/// Whether a text can be the name of a parameter or a node: letters and digits of ASCII, Chinese characters, `_`, `-`, `.`.
pub(crate) fn is_name(name: &str) -> bool {
    name.len() <= 200
        && name.chars().any(is_named)
        && name.chars().all(|character| is_named(character) || matches!(character, '_' | '-' | '.'))
}

/// Whether a text can be the name of an object.
pub(crate) fn is_type_name(name: &str) -> bool {
    name.starts_with(|first: char| is_named(first) && !first.is_ascii_digit())
        && name.len() <= 200
        && name.chars().all(|character| is_named(character) || character == '_')
}
