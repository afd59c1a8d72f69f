//! Specs as written: what the platform's page says of one method, in the page's words.

mod kind;
mod platform;
mod read;
mod rules;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_yaml::Spanned;

pub use kind::{Kind, TypeName};
pub use platform::{Code, Gateway, Platform, PublicParameter, Retry};

use crate::diagnostic::{Diagnostics, Source};

/// Reads `folder/platform.yaml` and every `folder/CATEGORY/METHOD.yaml`.
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

/// Everything under `specs/`.
#[derive(Clone, Debug)]
pub struct Specs {
    /// `platform.yaml`.
    pub platform: Platform,
    /// The methods, in the order of their paths.
    pub methods: Vec<Method>,
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
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The method's name on the wire, for example `taobao.top.client.token.get`.
    pub method: Spanned<String>,
    /// The method's name for people.
    pub title: Spanned<String>,
    /// What the method does.
    pub description: Option<String>,
    /// The request's parameters, without the public ones.
    pub request: Vec<Parameter>,
    /// The response.
    pub response: Response,
}

/// The response of a method.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// The root node, for example `top_client_token_get_response`.
    pub node: Spanned<String>,
    /// The fields under the root node.
    pub fields: Vec<Parameter>,
}

/// A parameter of a request or a field of a response.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The name on the wire.
    pub name: Spanned<String>,
    /// The page's type: `String`, `Number[]`, or the name of an object.
    #[serde(rename = "type")]
    pub kind: Spanned<String>,
    /// Whether a request is refused without it; see [`is_required`](Self::is_required).
    pub required: Option<Spanned<bool>>,
    /// Whether its value is hidden wherever it would be printed. Names that `platform.yaml` lists are without saying so.
    pub secret: Option<bool>,
    /// The page's example value.
    pub example: Option<String>,
    /// The page's description.
    pub description: Option<String>,
    /// The fields of an object.
    #[serde(default)]
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

/// The bytes of its file that a value stands at.
pub fn place<T>(value: &Spanned<T>) -> Range<usize> {
    bytes(value.referenced.span())
}

/// A span of the YAML reader in bytes.
fn bytes(span: serde_yaml::Span) -> Range<usize> {
    let offset = |value: Option<_>| value.map_or(0, |value| usize::try_from(value).unwrap_or(usize::MAX));
    let start = offset(span.byte_offset());
    start..start.saturating_add(offset(span.byte_len()))
}
