//! What a spec must keep to beyond being well-formed. Every rule is held against every spec before any is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::kind::elements;
use super::shape::{self, closest};
use super::{Kind, Method, Parameter, Platform, Specs, pages};
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
            let message = format!("`{}` has a spec already", method.spec.method.value);
            let help = format!("the other is {}", printable(&first.source.path));
            checker.problem(method.spec.method.place.clone(), message).help(help).done();
        }
    }
}

/// Whether a text is a URL that a link can hold.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && text.chars().all(|character| character.is_ascii_graphic()))
        && !text.contains(['<', '>', '(', ')', '|', '`', '\\'])
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
            checker.problem(&word.place, format!("duplicate word `{}`; case does not count", word.value), None);
        }
    }
    for secret in &platform.secrets {
        let help = if secret.value.trim().is_empty() {
            "every name ends with nothing, so every value would be a secret"
        } else if secret.value.chars().any(char::is_uppercase) {
            "write it in lower case; names are compared without regard to case"
        } else {
            continue;
        };
        checker.problem(&secret.place, "this is no end of a name", Some(help.to_owned()));
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
            self.problem(spec.method.place.clone(), format!("`{}` is no method name", name.escape_default()))
                .help("a method name is words of letters, digits, `-` and `_` with dots between: taobao.item.get")
                .done();
        } else if self.source.path.file_stem().is_none_or(|stem| stem != name) {
            self.problem(spec.method.place.clone(), "the method and the name of its file differ")
                .help(format!("call the file {name}.yaml"))
                .done();
        }
        if !is_category(&method.category) {
            self.problem(spec.method.place.clone(), format!("`{}` is no category", method.category.escape_default()))
                .help("a category's folder is called in lower-case letters and digits, beginning with a letter")
                .done();
        }
        if spec.title.value.trim().is_empty() {
            self.problem(spec.title.place.clone(), "the title is empty").done();
        }
        if let Some(url) = &spec.doc_url
            && !is_url(&url.value)
        {
            self.problem(url.place.clone(), "expected a URL starting with `https://` or `http://`").done();
        }
        if !is_name(&spec.response.node.value) {
            self.problem(spec.response.node.place.clone(), "this is no name of a node").done();
        }
        if spec.response.node.value == "error_response" {
            self.problem(spec.response.node.place.clone(), "this is the node of every refusal").done();
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
                self.problem(at.clone(), format!("`{}` is no name of a parameter", name.escape_default())).done();
            }
            if !names.insert(name) {
                self.problem(at.clone(), format!("`{name}` stands here twice")).done();
            }
            if side.request && within.is_empty() && self.platform.is_public(name) {
                self.problem(at, format!("`{name}` is a public parameter"))
                    .help("the client sets it; leave it out")
                    .done();
            }
            if let (false, Some(required)) = (side.request, &parameter.required) {
                self.problem(required.place.clone(), "a field of a response is never required")
                    .help("leave `required` out; any field may be missing from an answer")
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
                self.problem(at, format!("`{word}` has no fields"))
                    .help("give the object a name of its own, or take the fields away")
                    .done();
            }
            (None, false) if is_type_name(word) => {}
            (None, _) if !is_type_name(word) => {
                let list = if parameter.type_name().list { "[]" } else { "" };
                let draft = self.problem(at, format!("`{}` is no type", parameter.kind.value.escape_default()));
                match meant(word) {
                    Some(kind) => draft.help(format!("did you mean `{kind}{list}`?")).done(),
                    None => draft.help("a type is one of the page's words, or the name of an object").done(),
                }
            }
            (None, _) => match side.objects.get(word).map(Vec::len) {
                _ if parameter.is_required()
                    && side.impossible.contains(word)
                    && within.last().is_some_and(|around| side.impossible.contains(around)) =>
                {
                    self.problem(at, format!("no `{word}` can be made: it requires one that requires it"))
                        .help("an object that holds its own kind must be able to do without")
                        .done();
                }
                Some(1) => {}
                _ if within.contains(&word) => {}
                Some(_) => {
                    self.problem(at, format!("there are several objects called `{word}` here"))
                        .help("give the fields of the one that is meant")
                        .done();
                }
                None => {
                    let described = side.objects.keys().copied().filter(|_| !self.problems.is_full());
                    let help = match meant(word).or_else(|| closest(word, described)) {
                        Some(kind) => format!("did you mean `{kind}`? An object needs its `fields`"),
                        None => "an object needs its `fields`".to_owned(),
                    };
                    self.problem(at, format!("there is no type called `{word}`")).help(help).done();
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
            let list = elements(example);
            let fitting = [Kind::Number, Kind::BigDecimal].into_iter().find_map(|kind| match &list[..] {
                [_] if !type_name.list => kind.accepts(example).then(|| kind.word().to_owned()),
                list => list.iter().all(|element| kind.accepts(element)).then(|| format!("{}[]", kind.word())),
            });
            let help = match fitting.filter(|_| type_name.kind() == Some(Kind::Number)) {
                Some(kind) => format!("correct the example, or the type to `{kind}`"),
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
        let json = matches!(kind, Some(Kind::Json | Kind::Map)) && !type_name.list;
        let long = json || matches!(kind, Some(Kind::String | Kind::FieldList | Kind::File));
        // Many documents have lists that are one text, parted by commas.
        let listed = type_name.list || matches!(kind, Some(Kind::FieldList | Kind::String));
        let number = matches!(kind, Some(Kind::Number | Kind::Byte | Kind::Price | Kind::BigDecimal));
        for (limit, key, fits, holder, least) in [
            (&parameter.max_length, "max_length", long, "a text or a file", 1),
            (&parameter.max_list_size, "max_list_size", listed, "a list or a text parted by commas", 1),
            (&parameter.min_value, "min_value", number, "a number", i64::MIN),
            (&parameter.max_value, "max_value", number, "a number", i64::MIN),
        ] {
            let Some(limit) = limit else { continue };
            if !side.request {
                self.problem(limit.place.clone(), format!("`{key}` limits nothing in a response"))
                    .help("leave it out; what the platform sends is taken as it is")
                    .done();
            } else if !fits {
                self.problem(limit.place.clone(), format!("`{key}` is for {holder}")).done();
            } else if limit.value < least {
                self.problem(limit.place.clone(), format!("`{key}` is at least {least}")).done();
            }
        }
        if let (true, Some(example)) = (side.request && !type_name.list, &parameter.example) {
            let units = i64::try_from(example.encode_utf16().count()).unwrap_or(i64::MAX);
            let number = example.parse::<i64>().ok();
            let beyond = (kind == Some(Kind::String)
                && parameter.max_length.as_ref().is_some_and(|most| units > most.value))
                || parameter.min_value.as_ref().is_some_and(|least| number.is_some_and(|number| number < least.value))
                || parameter.max_value.as_ref().is_some_and(|most| number.is_some_and(|number| number > most.value));
            if beyond {
                self.problem(parameter.name.place.clone(), "the example goes beyond the limits that stand beside it")
                    .done();
            }
        }
        if let (Some(min), Some(max)) = (&parameter.min_value, &parameter.max_value)
            && min.value > max.value
        {
            self.problem(max.place.clone(), "no number keeps to this: `max_value` is less than `min_value`").done();
        }
        let mut seen = BTreeSet::new();
        for value in &parameter.values {
            if kind != Some(Kind::String) {
                self.problem(value.place.clone(), "`values` are for a String").done();
                break;
            }
            if value.value.trim().is_empty() || !seen.insert(&value.value) {
                self.problem(value.place.clone(), "a value that is empty or stands here twice").done();
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
