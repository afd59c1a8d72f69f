//! What a spec must keep to beyond being well-formed. Every rule is held against every spec before any is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::read::closest;
use super::{Kind, Method, Parameter, Platform, Specs, place};
use crate::diagnostic::{Diagnostic, Diagnostics, Source};

/// Holds every rule against every spec, and adds to `problems` what breaks one.
pub(super) fn check(specs: &Specs, problems: &mut Diagnostics) {
    let mut files: BTreeMap<&str, &Method> = BTreeMap::new();
    for method in &specs.methods {
        let mut checker = Checker { source: &method.source, platform: &specs.platform, problems };
        checker.method(method);
        if let Some(first) = files.insert(&method.spec.method.value, method) {
            let message = format!("`{}` has a spec already", method.spec.method.value);
            let help = format!("the other is {}", first.source.path.display());
            checker.problem(place(&method.spec.method), message).help(help).done();
        }
    }
}

struct Checker<'a> {
    source: &'a Arc<Source>,
    platform: &'a Platform,
    problems: &'a mut Diagnostics,
}

/// A diagnostic on its way to the others.
#[must_use]
struct Draft<'a> {
    diagnostic: Diagnostic,
    problems: &'a mut Diagnostics,
}

impl Draft<'_> {
    fn help(mut self, help: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.help(help);
        self
    }

    fn done(self) {
        self.problems.push(self.diagnostic);
    }
}

impl Checker<'_> {
    fn problem(&mut self, place: Range<usize>, message: impl Into<String>) -> Draft<'_> {
        Draft { diagnostic: Diagnostic::new(self.source, place, message), problems: self.problems }
    }

    fn method(&mut self, method: &Method) {
        let spec = &method.spec;
        let name = spec.method.value.as_str();
        if !is_method_name(name) {
            self.problem(place(&spec.method), format!("`{}` is no method name", name.escape_default()))
                .help("a method name is words of letters, digits, `-` and `_` with dots between: taobao.item.get")
                .done();
        } else if self.source.path.file_stem().is_none_or(|stem| stem != name) {
            self.problem(place(&spec.method), "the method and the name of its file differ")
                .help(format!("call the file {name}.yaml"))
                .done();
        }
        if !is_category(&method.category) {
            self.problem(place(&spec.method), format!("`{}` is no category", method.category.escape_default()))
                .help("a category's folder is called in lower-case letters and digits, beginning with a letter")
                .done();
        }
        if spec.title.value.trim().is_empty() {
            self.problem(place(&spec.title), "the title is empty").done();
        }
        if !is_name(&spec.response.node.value) {
            self.problem(place(&spec.response.node), "this is no name of a node").done();
        }
        self.level(&spec.request, &Side::new(&spec.request, true), &mut Vec::new());
        self.level(&spec.response.fields, &Side::new(&spec.response.fields, false), &mut Vec::new());
    }

    /// The parameters that stand beside each other, and those below them. `within` are the objects around them.
    fn level<'p>(&mut self, parameters: &'p [Parameter], side: &Side<'p>, within: &mut Vec<&'p str>) {
        let mut names = BTreeSet::new();
        for parameter in parameters {
            let name = parameter.name.value.as_str();
            let at = place(&parameter.name);
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
                self.problem(place(required), "a field of a response is never required")
                    .help("leave `required` out; any field may be missing from an answer")
                    .done();
            }
            self.kind(parameter, side, within);
            if !parameter.fields.is_empty() {
                within.push(parameter.type_name().word);
                self.level(&parameter.fields, side, within);
                within.pop();
            }
        }
    }

    fn kind(&mut self, parameter: &Parameter, side: &Side<'_>, within: &[&str]) {
        let at = place(&parameter.kind);
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
            (None, _) => match side.objects.get(word) {
                _ if parameter.is_required() && !parameter.type_name().list => {
                    self.problem(at, format!("`{word}` cannot be required without its `fields`"))
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
                    let help = match meant(word).or_else(|| closest(word, side.objects.keys().copied())) {
                        Some(kind) => format!("did you mean `{kind}`? An object needs its `fields`"),
                        None => "an object needs its `fields`".to_owned(),
                    };
                    self.problem(at, format!("there is no type called `{word}`")).help(help).done();
                }
            },
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

/// A request or a response: the objects that are described in it, and how many times each.
struct Side<'p> {
    request: bool,
    objects: BTreeMap<&'p str, usize>,
}

impl<'p> Side<'p> {
    fn new(parameters: &'p [Parameter], request: bool) -> Self {
        let mut side = Self { request, objects: BTreeMap::new() };
        side.collect(parameters);
        side
    }

    fn collect(&mut self, parameters: &'p [Parameter]) {
        for parameter in parameters.iter().filter(|parameter| !parameter.fields.is_empty()) {
            *self.objects.entry(parameter.type_name().word).or_default() += 1;
            self.collect(&parameter.fields);
        }
    }
}

/// Whether a text can be a method's name, and so the name of a file.
fn is_method_name(name: &str) -> bool {
    name.len() <= 200
        && name.contains('.')
        && name.split('.').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

/// Whether a text can be a category: a folder, a module and a feature at once.
fn is_category(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.len() <= 64
        && syn::parse_str::<syn::Ident>(name).is_ok()
        && !RESERVED.contains(&name)
}

/// Features of the SDK that are no categories.
const RESERVED: [&str; 8] = ["blocking", "client", "default", "full", "redis", "rustls", "std", "test"];

/// Whether a text can be the name of a parameter or a node: something that XML can call an element.
fn is_name(name: &str) -> bool {
    name.len() <= 200
        && name.chars().any(char::is_alphanumeric)
        && name.chars().all(|character| character.is_alphanumeric() || matches!(character, '_' | '-' | '.'))
}

/// Whether a text can be the name of an object.
fn is_type_name(name: &str) -> bool {
    name.starts_with(char::is_alphabetic)
        && name.len() <= 200
        && name.chars().all(|character| character.is_alphanumeric() || character == '_')
}
