//! The rules of specs. All rules are checked on all specs before any is refused.

use std::collections::{BTreeMap, BTreeSet};

use super::kind::{Kind, inferred_number};
use super::names::{is_category, is_method_name, is_name, is_type_name};
use super::page_rules;
use super::platform::{Dialect, Platform, SIGN_METHODS, sign_method};
use super::rule_checker::{Direction, ParameterScope, RuleChecker};
use super::schema::{SchemaChecker, closest};
use super::topics;
use super::types::{Method, Parameter, Specs};
use super::yaml::Spanned;
use crate::diagnostic::Diagnostics;
use crate::files::printable;
use crate::parallel::{available_threads, map_in_parallel};

/// Checks the rules of all specs.
pub(super) fn check(specs: &Specs, problems: &mut Diagnostics) {
    let checked = map_in_parallel(&specs.methods, available_threads(), |method| {
        let mut problems = Diagnostics::default();
        self::method(method, &specs.platform, &mut problems);
        problems
    });
    let mut files: BTreeMap<&str, &Method> = BTreeMap::new();
    for (method, found) in specs.methods.iter().zip(checked) {
        problems.extend(found);
        if let Some(first) = files.insert(&method.spec.method.value, method) {
            let message = format!("duplicate method `{}`", method.spec.method.value);
            let help = format!("it is also in {}; keep one of them", printable(&first.source.path));
            let mut checker = RuleChecker { source: &method.source, platform: &specs.platform, problems };
            checker.problem(method.spec.method.span.clone(), message).help(help).emit();
        }
    }
    topics::check_all(&specs.topics, &specs.platform, problems);
}

/// Checks the rules of one spec.
pub(super) fn method(method: &Method, platform: &Platform, problems: &mut Diagnostics) {
    RuleChecker { source: &method.source, platform, problems }.method(method);
}

/// Returns whether `id` is lower-case words joined by hyphens: it is also the name of a constant, and must not look
/// like a URL.
fn is_gateway_id(id: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|character| character.is_ascii_lowercase() || character.is_ascii_digit())
    };
    id.starts_with(|first: char| first.is_ascii_lowercase()) && id.split('-').all(is_word)
}

/// Checks the examples of all specs. Generated code shows an example as text, so an invalid example does not stop
/// generation.
pub(super) fn examples(specs: &Specs, problems: &mut Diagnostics) {
    let mut check = |source, mut rest: Vec<&Parameter>| {
        let mut checker = RuleChecker { source, platform: &specs.platform, problems };
        while let Some(parameter) = rest.pop() {
            checker.example(parameter);
            rest.extend(&parameter.fields);
        }
    };
    for method in &specs.methods {
        check(&method.source, method.spec.request.iter().chain(&method.spec.response.fields).collect());
    }
    for topic in &specs.topics {
        check(&topic.source, topic.spec.fields.iter().collect());
    }
}

/// Checks the rules of the platform.
pub(super) fn platform(checker: &mut SchemaChecker<'_>, platform: &Platform) {
    let mut codes = BTreeSet::new();
    for code in platform.errors.iter().map(|entry| &entry.code) {
        if !codes.insert(code.value) {
            checker.problem(&code.span, format!("duplicate code {}", code.value), None);
        }
    }
    let mut words = BTreeSet::new();
    for word in platform.errors.iter().flat_map(|entry| &entry.words) {
        if !words.insert(word.value.to_ascii_lowercase()) {
            checker.problem(&word.span, format!("duplicate word `{}`: case is ignored", word.value), None);
        }
    }
    for secret in &platform.secrets {
        if secret.value.trim().is_empty() {
            let help = "an empty suffix matches every name; remove it".to_owned();
            checker.problem(&secret.span, "the name suffix is empty", Some(help));
        } else if secret.value.chars().any(char::is_uppercase) {
            let help = "names are compared without regard to case".to_owned();
            checker.problem(&secret.span, "expected a name suffix in lower case", Some(help));
        }
    }
    let mut ids = BTreeSet::new();
    for gateway in &platform.gateways {
        let id = &gateway.id;
        if !is_gateway_id(&id.value) {
            let help = "expected lower-case words joined by hyphens, such as `taobao-overseas`".to_owned();
            checker.problem(&id.span, format!("invalid gateway id {:?}", id.value), Some(help));
        } else if !ids.insert(&id.value) {
            checker.problem(&id.span, format!("duplicate gateway id `{}`", id.value), None);
        }
        if gateway.title.value.trim().is_empty() {
            checker.problem(&gateway.title.span, "the title is empty", None);
        }
        if gateway.http.is_none() && gateway.https.is_none() {
            checker.problem(&id.span, format!("the gateway `{}` has no URL", id.value), Some("add `https`".to_owned()));
        }
        dialect(checker, &gateway.dialect);
        let https = gateway.https.iter().map(|url| (url, "https://"));
        let urls = gateway.http.iter().map(|url| (url, "http://")).chain(https);
        for (url, scheme) in urls {
            if url.value.strip_prefix(scheme).is_none_or(|rest| rest.is_empty() || rest.contains(char::is_whitespace)) {
                checker.problem(&url.span, format!("expected a URL starting with `{scheme}`"), None);
            }
        }
    }
}

/// Checks the rules of a dialect.
fn dialect(checker: &mut SchemaChecker<'_>, dialect: &Dialect) {
    let expected = || SIGN_METHODS.map(|(name, _)| format!("`{name}`")).join(", ");
    if let Some(format) = dialect.format.as_ref().filter(|format| !matches!(format.value.as_str(), "json" | "xml")) {
        let problem = format!("unknown format {:?}: expected `json` or `xml`", format.value);
        checker.problem(&format.span, problem, None);
    }
    if let Some(method) = dialect.sign_method.as_ref().filter(|method| sign_method(&method.value).is_none()) {
        let problem = format!("unknown signature algorithm {:?}: expected one of {}", method.value, expected());
        checker.problem(&method.span, problem, None);
    }
    for (method, name) in &dialect.sign_names {
        if sign_method(method).is_none() {
            let problem = format!("unknown signature algorithm {method:?}: expected one of {}", expected());
            checker.problem(&name.span, problem, None);
        }
    }
    let names = [&dialect.session_parameter, &dialect.customer_parameter, &dialect.response_root];
    for name in names.into_iter().flatten().chain(dialect.sign_names.values()) {
        if name.value.trim().is_empty() {
            checker.problem(&name.span, "the name is empty", None);
        }
    }
}

/// The help for an invalid category.
const CATEGORY: &str = "expected lower-case letters, digits and `_`, starting with a letter; keywords of Rust and features of \
                        the SDK are reserved";

/// The help for an invalid name of a parameter, a field or a node.
const NAME: &str = "expected letters, digits, Chinese characters, `_`, `-` and `.`";

impl RuleChecker<'_> {
    fn method(&mut self, method: &Method) {
        let spec = &method.spec;
        let name = spec.method.value.as_str();
        if !is_method_name(name) {
            self.problem(spec.method.span.clone(), format!("invalid method name `{}`", name.escape_default()))
                .help("expected words of letters, digits, `-` and `_`, joined by dots: `taobao.item.get`")
                .emit();
        } else if self.source.path.file_stem().is_none_or(|stem| stem != name) {
            self.problem(spec.method.span.clone(), "the method does not match the name of the file")
                .help(format!("rename the file to {name}.yaml"))
                .emit();
        }
        if !is_category(&method.category) {
            self.problem(spec.method.span.clone(), format!("invalid category `{}`", method.category.escape_default()))
                .help(CATEGORY)
                .emit();
        }
        if spec.facts.title.value.trim().is_empty() {
            self.problem(spec.facts.title.span.clone(), "the title is empty").emit();
        }
        if !is_name(&spec.response.node.value) {
            self.problem(spec.response.node.span.clone(), "invalid name of a root node").help(NAME).emit();
        }
        if spec.response.node.value == "error_response" {
            self.problem(spec.response.node.span.clone(), "`error_response` is the root node of errors")
                .help("name the root node of a successful response")
                .emit();
        }
        let (request, response) = (
            ParameterScope::new(&spec.request, Direction::Request),
            ParameterScope::new(&spec.response.fields, Direction::Response),
        );
        if spec.direction.is_spi() {
            self.no_files(&spec.request);
            self.no_files(&spec.response.fields);
        }
        self.level(&spec.request, &request, &mut Vec::new());
        self.level(&spec.response.fields, &response, &mut Vec::new());
        if let Some(pages) = &spec.pages {
            page_rules::check(self, pages, &request, &response);
        }
    }

    /// Checks that an SPI has no files: its signature covers text only.
    fn no_files(&mut self, parameters: &[Parameter]) {
        for parameter in parameters {
            if parameter.type_name().kind() == Some(Kind::File) {
                self.problem(parameter.kind.span.clone(), "`byte[]` is not allowed in an SPI")
                    .help("the body of an SPI is text; if the value is base64, use `String`")
                    .emit();
            }
            self.no_files(&parameter.fields);
        }
    }

    /// Checks the parameters of one level and those below. `enclosing` are the objects around them.
    pub(super) fn level<'p>(
        &mut self,
        parameters: &'p [Parameter],
        scope: &ParameterScope<'p>,
        enclosing: &mut Vec<&'p str>,
    ) {
        let mut names = BTreeSet::new();
        for parameter in parameters {
            let name = parameter.name.value.as_str();
            let at = parameter.name.span.clone();
            if !is_name(name) {
                self.problem(at.clone(), format!("invalid parameter name `{}`", name.escape_default()))
                    .help(NAME)
                    .emit();
            }
            if !names.insert(name) {
                self.problem(at.clone(), format!("duplicate parameter `{name}`")).emit();
            }
            if scope.direction == Direction::Request && enclosing.is_empty() && self.platform.is_public(name) {
                self.problem(at, format!("`{name}` is a public parameter"))
                    .help("the client sets it; remove it")
                    .emit();
            }
            if let (Direction::Response, Some(required)) = (scope.direction, &parameter.required) {
                self.problem(required.span.clone(), "`required` is not allowed in a response")
                    .help("remove it; every field of a response is optional")
                    .emit();
            }
            self.kind(parameter, scope, enclosing);
            self.limits(parameter, scope);
            if !parameter.fields.is_empty() {
                enclosing.push(parameter.type_name().name);
                self.level(&parameter.fields, scope, enclosing);
                enclosing.pop();
            }
        }
    }

    fn kind(&mut self, parameter: &Parameter, scope: &ParameterScope<'_>, enclosing: &[&str]) {
        let at = parameter.kind.span.clone();
        let name = parameter.type_name().name;
        match (Kind::from_name(name), parameter.fields.is_empty()) {
            (Some(_), true) => {}
            (Some(_), false) => {
                self.problem(at, format!("`{name}` cannot have fields"))
                    .help("name the object as the type, or remove `fields`")
                    .emit();
            }
            (None, false) if is_type_name(name) => {}
            (None, _) if !is_type_name(name) => {
                let list = if parameter.type_name().list { "[]" } else { "" };
                let diagnostic = self.problem(at, format!("invalid type `{}`", parameter.kind.value.escape_default()));
                match intended_type(name) {
                    Some(kind) => diagnostic.help(format!("did you mean `{kind}{list}`?")).emit(),
                    None => diagnostic.help("expected a type of the platform or the name of an object").emit(),
                }
            }
            (None, _) => match scope.objects.get(name).map(Vec::len) {
                _ if parameter.is_required()
                    && scope.unconstructible.contains(name)
                    && enclosing.last().is_some_and(|parent| scope.unconstructible.contains(parent)) =>
                {
                    self.problem(at, format!("`{name}` requires itself, so no value of it can exist"))
                        .help("make a field in the cycle of required fields optional")
                        .emit();
                }
                Some(1) => {}
                _ if enclosing.contains(&name) => {}
                Some(_) => {
                    self.problem(at, format!("ambiguous type `{name}`: several objects have this name"))
                        .help("add the `fields` of the object")
                        .emit();
                }
                None => {
                    let described = scope.objects.keys().copied().filter(|_| !self.problems.is_full());
                    let help = match intended_type(name).or_else(|| closest(name, described)) {
                        Some(kind) => format!("did you mean `{kind}`? if it is an object, add its `fields`"),
                        None => "if it is an object, add its `fields`".to_owned(),
                    };
                    self.problem(at, format!("unknown type `{name}`")).help(help).emit();
                }
            },
        }
    }

    /// Checks that the type accepts the example.
    fn example(&mut self, parameter: &Parameter) {
        let type_name = parameter.type_name();
        let Some(example) = parameter.facts.example.as_deref().filter(|example| !example.is_empty()) else { return };
        if !type_name.accepts(example) {
            let excerpt: String = example.chars().take(40).collect();
            let inferred = inferred_number(example).filter(|_| type_name.kind() == Some(Kind::Number));
            let help = match inferred {
                Some((kind, is_list)) => {
                    let list = if is_list || type_name.list { "[]" } else { "" };
                    format!("correct the example, or change the type to `{}{list}`", kind.name())
                }
                None => "correct the example or the type, or remove the example".to_owned(),
            };
            let message =
                format!("the example `{}` is not a {}", excerpt.escape_debug(), parameter.kind.value.escape_debug());
            self.problem(parameter.kind.span.clone(), message).help(help).emit();
        }
    }

    /// Checks that limits apply to the type and do not contradict each other.
    fn limits(&mut self, parameter: &Parameter, scope: &ParameterScope<'_>) {
        let type_name = parameter.type_name();
        let kind = type_name.kind();
        for (limit, key, applies, expected, least) in [
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
            if scope.direction != Direction::Request {
                let word = scope.direction.word();
                self.problem(limit.span.clone(), format!("`{key}` is not allowed in a {word}"))
                    .help(format!("remove it; a {word} is not validated against limits"))
                    .emit();
            } else if !applies {
                let message = format!("`{key}` does not apply to {}: expected {expected}", parameter.kind.value);
                self.problem(limit.span.clone(), message).emit();
            } else if limit.value < least {
                self.problem(limit.span.clone(), format!("`{key}` is {}: expected at least {least}", limit.value))
                    .emit();
            }
        }
        let value = |limit: &Option<Spanned<i64>>| limit.as_ref().map(|limit| limit.value);
        let (max_length, min, max) = (&parameter.max_length, &parameter.min_value, &parameter.max_value);
        if let (Direction::Request, Some(example)) = (scope.direction, &parameter.facts.example)
            && type_name.violates_limits(example, value(max_length), value(min), value(max))
        {
            self.problem(parameter.name.span.clone(), "the example violates the limits of the parameter")
                .help("correct the example or the limits, or remove the example")
                .emit();
        }
        if let (Some(min), Some(max)) = (min, max)
            && min.value > max.value
        {
            self.problem(max.span.clone(), "`max_value` is less than `min_value`").emit();
        }
        let mut seen = BTreeSet::new();
        for value in &parameter.values {
            if kind != Some(Kind::String) {
                let message = format!("`values` does not apply to {}: expected String", parameter.kind.value);
                self.problem(value.span.clone(), message).emit();
                break;
            }
            if value.value.trim().is_empty() {
                self.problem(value.span.clone(), "the value is empty").emit();
            } else if !seen.insert(&value.value) {
                self.problem(value.span.clone(), format!("duplicate value `{}`", value.value.escape_debug())).emit();
            }
        }
    }
}

/// Returns the platform type that an author probably means by `name`.
fn intended_type(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "int" | "integer" | "long" | "short" => Some("Number"),
        "bool" => Some("Boolean"),
        "datetime" | "time" | "timestamp" => Some("Date"),
        "decimal" | "double" | "float" | "money" => Some("BigDecimal"),
        "str" | "text" => Some("String"),
        _ => closest(name, Kind::ALL.iter().map(|kind| kind.name())),
    }
}
