//! Specs as written: what the platform's page says of one method, in the page's words.

mod diff;
mod kind;
mod node;
mod pages;
mod platform;
mod read;
mod rules;
mod schema;
mod shape;
mod tables;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use diff::differences;
pub(crate) use kind::elements;
pub use kind::{Kind, TypeName};
pub use node::Placed;
pub use platform::{Code, Gateway, Platform, PublicParameter, Retry};
pub use read::MAX_BYTES;
pub use rules::{is_category, is_method_name};
pub(crate) use rules::{is_name, is_type_name};
pub use shape::closest;

pub(crate) use read::{BUILT_IN, SCHEMA};
pub(crate) use schema::schema;

use crate::diagnostic::{Diagnostic, Diagnostics, Source};

/// Reads `folder/platform.yaml` and every `folder/CATEGORY/METHOD.yaml`. Without the former, the built-in platform is used:
/// that of this project.
///
/// # Errors
///
/// All that is wrong with any of them: files that cannot be read, and specs that break a rule.
pub fn read(folder: &Path) -> Result<Specs, Diagnostics> {
    let mut problems = Diagnostics::default();
    let specs = read::read(folder, &mut problems);
    rules::check(&specs, &mut problems);
    problems.or(specs)
}

/// The root node that follows from a method's name (docs/protocol.md section 4.1).
pub fn response_node(method: &str) -> String {
    format!("{}_response", method.strip_prefix("taobao.").unwrap_or(method).replace('.', "_"))
}

/// Everything under `specs/`.
#[derive(Clone, Debug)]
pub struct Specs {
    /// `platform.yaml`.
    pub platform: Platform,
    /// The methods, in the order of their paths.
    pub methods: Vec<Method>,
}

/// Checks the specs at `paths`, files or folders of them, or all of `folder` if there are no paths, against the rules, and
/// their examples against their types. The platform is `folder/platform.yaml`. Returns how many specs there are.
///
/// # Errors
///
/// All problems of all specs.
pub fn lint(folder: &Path, paths: &[PathBuf]) -> Result<usize, Diagnostics> {
    let mut problems = Diagnostics::default();
    let specs = match paths {
        [] => read::read(folder, &mut problems),
        paths => read::some(folder, paths, &mut problems),
    };
    rules::check(&specs, &mut problems);
    rules::examples(&specs, &mut problems);
    problems.or(specs.methods.len())
}

/// Reads `folder/platform.yaml`, or the built-in platform if there is no such file.
///
/// # Errors
///
/// All that is wrong with it.
pub fn platform(folder: &Path) -> Result<Platform, Diagnostics> {
    let mut problems = Diagnostics::default();
    let platform = read::platform(folder, &mut problems);
    problems.or(platform)
}

/// Reads the built-in platform.
///
/// # Errors
///
/// If it violates a rule, which is a fault of this crate.
pub fn built_in_platform() -> Result<Platform, Diagnostics> {
    let mut problems = Diagnostics::default();
    let platform = read::built_in_platform(&mut problems);
    problems.or(platform)
}

/// Reads the text of `folder/platform.yaml`, if there is such a file.
pub(crate) fn platform_text(folder: &Path) -> Result<Option<String>, Diagnostics> {
    let mut problems = Diagnostics::default();
    let text = read::platform_text(folder, &mut problems);
    problems.or(text)
}

/// Reads the text of one spec as if it stood in `path`.
///
/// # Errors
///
/// All that is wrong with it.
pub fn parse(category: &str, path: impl Into<PathBuf>, text: &str, platform: &Platform) -> Result<Method, Diagnostics> {
    let mut problems = Diagnostics::default();
    let source = Arc::new(Source { path: path.into(), text: text.to_owned() });
    let spec = read::document(&source, tables::spec, &mut problems);
    let methods = spec.map(|spec| Method { category: category.to_owned(), source, spec }).into_iter().collect();
    let mut specs = Specs { platform: platform.clone(), methods };
    rules::check(&specs, &mut problems);
    match specs.methods.pop() {
        Some(method) => problems.or(method),
        None => Err(problems),
    }
}

impl Specs {
    /// Keeps the methods that match one of `patterns`, in which `*` stands for any text; all, if there are none.
    ///
    /// # Errors
    ///
    /// The patterns that match no method.
    pub fn keep(&mut self, patterns: &[String]) -> Result<(), Diagnostics> {
        if patterns.is_empty() {
            return Ok(());
        }
        let mut problems = Diagnostics::default();
        for pattern in patterns {
            if !self.methods.iter().any(|method| matches(pattern, &method.spec.method.value)) {
                let source = Arc::new(Source { path: "--only".into(), text: pattern.clone() });
                let names = self.methods.iter().map(|method| method.spec.method.value.as_str());
                let diagnostic = Diagnostic::new(&source, 0..pattern.len(), "no method has such a name");
                problems.push(match shape::closest(pattern, names) {
                    Some(name) => diagnostic.help(format!("did you mean `{name}`?")),
                    None => diagnostic,
                });
            }
        }
        self.methods.retain(|method| patterns.iter().any(|pattern| matches(pattern, &method.spec.method.value)));
        problems.or(())
    }
}

/// Whether a name fits a pattern, in which `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(place) => rest = &rest[place + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The spec of one method and where it stands.
#[derive(Clone, Debug)]
pub struct Method {
    /// The folder that the file is in.
    pub category: String,
    /// The file.
    pub source: Arc<Source>,
    /// What it says.
    pub spec: Spec,
}

/// A spec file.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The method's name on the wire, for example `taobao.top.client.token.get`.
    pub method: Placed<String>,
    /// The method's name for people.
    pub title: Placed<String>,
    /// What the method does.
    pub description: Option<String>,
    /// Whether a call needs a session, if the page says so.
    pub authorization: Option<Authorization>,
    /// Whether the method is to be called over https alone.
    pub https_only: bool,
    /// Whether a call changes nothing, where the method's name does not tell.
    pub reads: Option<bool>,
    /// That the method should no longer be called, and what to call instead.
    pub deprecated: Option<String>,
    /// The URL of the method's page in the platform's documentation.
    pub doc_url: Option<Placed<String>>,
    /// The request's parameters, without the public ones.
    pub request: Vec<Parameter>,
    /// The response.
    pub response: Response,
    /// How the list that the method returns is paged, if it is.
    pub pages: Option<Pages>,
    /// The error codes that the method itself answers.
    pub errors: Vec<ErrorCode>,
}

/// How the list that a method returns is paged. Parameters and fields are named as on the wire, with a dot before the name
/// of one that stands in an object: `data.results`.
#[derive(Clone, Debug)]
pub struct Pages {
    /// Where all of it stands.
    pub place: Range<usize>,
    /// The list in the response.
    pub items: Placed<String>,
    /// The parameter that takes the page's number.
    pub number: Option<Placed<String>>,
    /// The number of the first page; 1 where nothing is said.
    pub first: Option<Placed<i64>>,
    /// The parameter that takes how many items come before the page.
    pub offset: Option<Placed<String>>,
    /// The parameter that takes what the page before returned.
    pub cursor: Option<Placed<String>>,
    /// What a page returns for the cursor of the next one; in an item, what the last item has there.
    pub next: Option<Placed<String>>,
    /// The parameter that takes how many items a page may have.
    pub size: Option<Placed<String>>,
    /// The number of all items, in the response.
    pub total: Option<Placed<String>>,
    /// Whether there are more pages, in the response.
    pub has_next: Option<Placed<String>>,
    /// The parameter that asks for `has_next` in place of `total`.
    pub ask_has_next: Option<Placed<String>>,
    /// Whether pages are to be taken from the last to the first.
    pub backwards: Option<Placed<bool>>,
    /// The span of time that one list may have.
    pub window: Option<Window>,
}

/// The span of time that one list may have. A longer one is walked in slices.
#[derive(Clone, Debug)]
pub struct Window {
    /// The parameter that takes its beginning.
    pub from: Placed<String>,
    /// The parameter that takes its end.
    pub to: Placed<String>,
    /// How long it may be.
    pub minutes: Placed<i64>,
    /// Whether what happened at the very second of the end lies outside of it.
    pub to_excluded: bool,
}

/// Whether a call needs a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// It is refused without one.
    Required,
    /// It may have one.
    Optional,
    /// It has none.
    None,
}

/// An error code of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The code.
    pub code: String,
    /// What it means.
    pub message: String,
    /// What to do.
    pub solution: String,
}

/// The response of a method.
#[derive(Clone, Debug)]
pub struct Response {
    /// The root node, for example `top_client_token_get_response`.
    pub node: Placed<String>,
    /// The fields under the root node.
    pub fields: Vec<Parameter>,
}

/// A parameter of a request or a field of a response.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The name on the wire.
    pub name: Placed<String>,
    /// The page's type: `String`, `Number[]`, or the name of an object.
    pub kind: Placed<String>,
    /// Whether a request is refused without it; see [`is_required`](Self::is_required).
    pub required: Option<Placed<bool>>,
    /// Whether its value is hidden wherever it would be printed. Names that `platform.yaml` lists are unless this is false.
    pub secret: Option<bool>,
    /// The most characters that a text may have; of a file, bytes.
    pub max_length: Option<Placed<i64>>,
    /// The most elements that a list may have.
    pub max_list_size: Option<Placed<i64>>,
    /// The least number.
    pub min_value: Option<Placed<i64>>,
    /// The greatest number.
    pub max_value: Option<Placed<i64>>,
    /// The only values that a text may have; any, if none are given.
    pub values: Vec<Placed<String>>,
    /// The value that the platform takes where none is sent.
    pub default: Option<String>,
    /// That it should no longer be used, and what to use instead.
    pub deprecated: Option<String>,
    /// The page's example value.
    pub example: Option<String>,
    /// The page's description.
    pub description: Option<String>,
    /// The fields of an object.
    pub fields: Vec<Parameter>,
}

impl Parameter {
    /// Whether a request is refused without it.
    pub fn is_required(&self) -> bool {
        self.required.as_ref().is_some_and(|required| required.value)
    }

    /// The type, taken apart.
    pub fn type_name(&self) -> TypeName<'_> {
        TypeName::parse(&self.kind.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, fits) in [
            ("taobao.time.get", "taobao.time.get", true),
            ("taobao.time.get", "taobao.time.gets", false),
            ("taobao.trade.*", "taobao.trade.close", true),
            ("taobao.trade.*", "taobao.trades.sold.get", false),
            ("*.get", "taobao.time.get", true),
            ("*", "a.b", true),
            ("taobao.*.*.get", "taobao.trades.sold.get", true),
            ("taobao.*.*.get", "taobao.time.get", false),
            ("a*a", "a", false),
            ("", "a.b", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
