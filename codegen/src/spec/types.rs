//! The specs of methods, as they are written.

use std::ops::Range;
use std::sync::Arc;

use super::kind::TypeName;
use super::platform::Platform;
use super::topics::Topic;
use super::yaml::Spanned;
use crate::diagnostic::Source;

/// The specs of a folder.
#[derive(Clone, Debug)]
pub struct Specs {
    /// `platform.yaml`.
    pub platform: Platform,
    /// The methods, sorted by path.
    pub methods: Vec<Method>,
    /// The topics, sorted by path.
    pub topics: Vec<Topic>,
}

/// The spec of a method and its file.
#[derive(Clone, Debug)]
pub struct Method {
    /// The folder of the file.
    pub category: String,
    /// The file.
    pub source: Arc<Source>,
    /// The content.
    pub spec: Spec,
}

/// The content of a spec file.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The method's name on the wire, for example `taobao.top.client.token.get`.
    pub method: Spanned<String>,
    /// Who calls the method.
    pub direction: CallDirection,
    /// What the spec states of the method.
    pub facts: MethodFacts,
    /// The request's parameters, without the public ones.
    pub request: Vec<Parameter>,
    /// The response.
    pub response: Response,
    /// The pagination of the method's list.
    pub pages: Option<Pages>,
}

/// The facts of a method that the generated code repeats.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MethodFacts {
    /// The title.
    pub title: Spanned<String>,
    /// What the method does.
    pub description: Option<String>,
    /// Whether a call needs a session. `None`: unspecified.
    pub authorization: Option<Authorization>,
    /// Whether the method requires https.
    pub https_only: bool,
    /// Whether a call changes nothing. Default: derived from the method's name.
    pub reads: Option<bool>,
    /// The deprecation note: what to call instead.
    pub deprecated: Option<String>,
    /// The URL of the method's page in the platform's documentation.
    pub doc_url: Option<String>,
    /// Words under which the search of rustdoc lists the method, beside its name.
    pub keywords: Vec<String>,
    /// The method's own error codes.
    pub errors: Vec<ErrorCode>,
}

/// The pagination of a method's list. Parameters and fields are paths of wire names joined by dots: `data.results`.
#[derive(Clone, Debug)]
pub struct Pages {
    /// The span of the whole section.
    pub span: Range<usize>,
    /// The list, in the response.
    pub items: Spanned<String>,
    /// The parameter of the page number.
    pub number: Option<Spanned<String>>,
    /// The number of the first page. Default: 1.
    pub first: Option<Spanned<i64>>,
    /// The parameter of the number of skipped items.
    pub offset: Option<Spanned<String>>,
    /// The parameter of the cursor.
    pub cursor: Option<Spanned<String>>,
    /// The field of the next cursor. In an item, the field of the last item.
    pub next: Option<Spanned<String>>,
    /// The parameter of the page size.
    pub size: Option<Spanned<String>>,
    /// The total number of items, in the response.
    pub total: Option<Spanned<String>>,
    /// Whether another page exists, in the response.
    pub has_next: Option<Spanned<String>>,
    /// The parameter that requests `has_next` instead of `total`.
    pub ask_has_next: Option<Spanned<String>>,
    /// Whether pages are read from the last to the first.
    pub backwards: Option<Spanned<bool>>,
    /// The maximum time window of one list.
    pub window: Option<Window>,
}

/// The maximum time window of one list. A longer time span is read in consecutive windows.
#[derive(Clone, Debug)]
pub struct Window {
    /// The parameter of the start.
    pub from: Spanned<String>,
    /// The parameter of the end.
    pub to: Spanned<String>,
    /// The maximum length in minutes.
    pub minutes: Spanned<i64>,
    /// Whether the end is exclusive.
    pub to_excluded: bool,
}

/// Who calls a method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallDirection {
    /// The application calls the platform.
    #[default]
    Api,
    /// The platform calls the application.
    Spi,
    /// Both: the platform passes the call of one application on to another, as Qimen does.
    Both,
}

impl CallDirection {
    /// Returns the word in a spec.
    pub fn word(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Spi => "spi",
            Self::Both => "both",
        }
    }

    /// Returns whether the application calls the method.
    pub fn is_api(self) -> bool {
        self != Self::Spi
    }

    /// Returns whether the platform calls the method.
    pub fn is_spi(self) -> bool {
        self != Self::Api
    }
}

/// Whether a call needs a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authorization {
    /// A call without a session is refused.
    Required,
    /// A call may have a session.
    Optional,
    /// A call has no session.
    None,
}

/// An error code of a method.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ErrorCode {
    /// The code.
    pub code: String,
    /// What it means.
    pub message: String,
    /// The remedy.
    pub solution: String,
}

/// The response of a method.
#[derive(Clone, Debug)]
pub struct Response {
    /// The root node, such as `top_client_token_get_response`.
    pub node: Spanned<String>,
    /// The fields under the root node.
    pub fields: Vec<Parameter>,
}

/// A parameter of a request or a field of a response.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The name on the wire.
    pub name: Spanned<String>,
    /// The type: `String`, `Number[]`, or the name of an object.
    pub kind: Spanned<String>,
    /// Whether the parameter is required; see [`is_required`](Self::is_required).
    pub required: Option<Spanned<bool>>,
    /// Whether the value is redacted. Default: whether the name is in the `secrets` of `platform.yaml`.
    pub secret: Option<bool>,
    /// The maximum length, in UTF-16 code units; of a file, in bytes.
    pub max_length: Option<Spanned<i64>>,
    /// The maximum number of elements.
    pub max_list_size: Option<Spanned<i64>>,
    /// The minimum.
    pub min_value: Option<Spanned<i64>>,
    /// The maximum.
    pub max_value: Option<Spanned<i64>>,
    /// The valid values; empty for any value.
    pub values: Vec<Spanned<String>>,
    /// What the spec states of the parameter.
    pub facts: ParameterFacts,
    /// The fields of an object.
    pub fields: Vec<Parameter>,
}

/// The facts of a parameter that the generated code repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ParameterFacts {
    /// The default value.
    pub default: Option<String>,
    /// The deprecation note: what to use instead.
    pub deprecated: Option<String>,
    /// The example in the documentation.
    pub example: Option<String>,
    /// The description in the documentation.
    pub description: Option<String>,
}

/// Returns the content of an SPI's request or response, and the name of the object that is the content.
///
/// A request or a response with one parameter, an object, has the object as its root element: the request of Qimen is
/// `<request>…</request>`. Other requests and responses are their parameters.
pub fn spi_content(parameters: &[Parameter]) -> (Option<&str>, &[Parameter]) {
    let [root] = parameters else { return (None, parameters) };
    let name = root.type_name();
    if name.list || root.fields.is_empty() || refers_to(&root.fields, name.name) {
        return (None, parameters);
    }
    (Some(&root.name.value), &root.fields)
}

/// Returns whether a field refers to an object that encloses it.
fn refers_to(fields: &[Parameter], object: &str) -> bool {
    fields
        .iter()
        .any(|field| (field.fields.is_empty() && field.type_name().name == object) || refers_to(&field.fields, object))
}

impl Parameter {
    /// Returns whether the parameter is required.
    pub fn is_required(&self) -> bool {
        self.required.as_ref().is_some_and(|required| required.value)
    }

    /// Returns the parsed type.
    pub fn type_name(&self) -> TypeName<'_> {
        TypeName::parse(&self.kind.value)
    }
}
