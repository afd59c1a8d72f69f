//! Specs resolved into what Rust will have: names, types and modules. Pure: the same specs give the same model.

mod names;
mod objects;
mod paging;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub(crate) use names::{is_device, is_keyword, is_named};

use crate::spec::{Authorization, Code, ErrorCode, Gateway, Kind, Method, Platform, Specs};

/// The SDK to be.
#[derive(Clone, Debug)]
pub struct Model {
    /// The categories in the order of their names.
    pub categories: Vec<Category>,
    /// Those that are on unless somebody turns them off.
    pub default: Vec<String>,
    /// The platform's gateways.
    pub gateways: Vec<Gateway>,
    /// The platform's codes.
    pub codes: Vec<Code>,
    /// The ends of names whose values are secrets.
    pub secrets: Vec<String>,
}

impl Model {
    /// Every method of every category.
    pub fn apis(&self) -> impl Iterator<Item = &Api> {
        self.categories.iter().flat_map(|category| &category.apis)
    }
}

/// A category: a module, and a feature of the same name.
#[derive(Clone, Debug)]
pub struct Category {
    /// Its name.
    pub name: String,
    /// Its methods in the order of their names.
    pub apis: Vec<Api>,
}

/// A method: a module with its request, its response and the objects in them.
#[derive(Clone, Debug)]
pub struct Api {
    /// The method's name on the wire.
    pub method: String,
    /// Its name for people.
    pub title: String,
    /// What it does.
    pub description: Option<String>,
    /// Whether a call needs a session, if the spec says so.
    pub authorization: Option<Authorization>,
    /// Whether it is to be called over https alone.
    pub https_only: bool,
    /// Whether a call changes nothing, if the spec says so.
    pub reads: Option<bool>,
    /// That it should no longer be called, and what to call instead.
    pub deprecated: Option<String>,
    /// The URL of its page in the platform's documentation.
    pub doc_url: Option<String>,
    /// The error codes that it answers itself.
    pub errors: Vec<ErrorCode>,
    /// The root node of a response.
    pub node: String,
    /// The spec, as a path from the project's root.
    pub spec: PathBuf,
    /// The category's name.
    pub category: String,
    /// The module's name.
    pub module: String,
    /// The request.
    pub request: Struct,
    /// The objects in the request, in the order in which the spec describes them.
    pub request_objects: Vec<Struct>,
    /// The response.
    pub response: Struct,
    /// The objects in the response, in the order in which the spec describes them.
    pub response_objects: Vec<Struct>,
    /// The enums of either.
    pub choices: Vec<Choice>,
    /// How the list that it returns is paged, if it is.
    pub paging: Option<Paging>,
}

/// How a list is paged. A way is the wire names that lead to a parameter or a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    /// The Rust names of the fields that lead to the items.
    pub access: Vec<String>,
    /// The type of an item.
    pub item: FieldKind,
    /// The way to the items.
    pub items: FieldPath,
    /// The way to the page's number, and the number of the first page.
    pub number: Option<(FieldPath, i64)>,
    /// The way to how many items come before the page.
    pub offset: Option<FieldPath>,
    /// The way to the cursor, and to what it takes.
    pub cursor: Option<(FieldPath, FieldPath)>,
    /// The way to how many items a page may have, and how many it may where nothing is said.
    pub size: Option<(FieldPath, Option<i64>)>,
    /// The way to the number of all items.
    pub total: Option<FieldPath>,
    /// The way to whether there are more pages.
    pub has_next: Option<FieldPath>,
    /// The way to what asks for that.
    pub ask_has_next: Option<FieldPath>,
    /// Whether pages are to be taken from the last to the first.
    pub backwards: bool,
    /// The span of time that one list may have.
    pub window: Option<Window>,
}

/// The wire names that lead to a parameter or a field.
pub type FieldPath = Vec<String>;

/// The span of time that one list may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The way to its beginning.
    pub from: FieldPath,
    /// The way to its end.
    pub to: FieldPath,
    /// How long it may be.
    pub minutes: i64,
    /// Whether what happened at the very second of the end lies outside of it.
    pub to_excluded: bool,
}

/// A Rust enum of the values that a text may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its name.
    pub name: String,
    /// The name on the wire of the first field that has it.
    pub wire: String,
    /// Its values on the wire, each with its variant's name.
    pub values: Vec<(String, String)>,
}

/// A Rust struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struct {
    /// Its name.
    pub name: String,
    /// The spec's name for the object; empty for a request or response.
    pub type_name: String,
    /// Its fields in the spec's order.
    pub fields: Vec<Field>,
    /// The name of the struct that its required fields are given in, if they are more than a call can list readably.
    pub required: Option<String>,
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name on the wire.
    pub wire: String,
    /// The Rust name, without the `r#` of a keyword.
    pub name: String,
    /// The type, of one element if it is a list.
    pub kind: FieldKind,
    /// Whether it is a list, as a field list is too.
    pub list: bool,
    /// Whether a request is refused without it.
    pub required: bool,
    /// Whether its value is hidden wherever it would be printed.
    pub secret: bool,
    /// What a request is refused for going beyond.
    pub limits: Vec<Limit>,
    /// The value that the platform takes where none is sent.
    pub default: Option<String>,
    /// That it should no longer be used, and what to use instead.
    pub deprecated: Option<String>,
    /// An example value.
    pub example: Option<String>,
    /// The description.
    pub description: Option<String>,
}

/// A limit of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The most characters; of a file, bytes.
    MaxLength(i64),
    /// The most elements.
    MaxListSize(i64),
    /// The least number.
    MinValue(i64),
    /// The greatest number.
    MaxValue(i64),
}

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// One of the page's own.
    Plain(Kind),
    /// A struct of this name. Boxed where it could hold itself.
    Object {
        /// The struct's name.
        name: String,
        /// Whether it stands in a box.
        boxed: bool,
    },
    /// An enum of this name.
    Choice(String),
}

/// The category of the methods that this project began with. It is on by default, so that a first call simply works.
const NEWCOMERS: &str = "top";

/// Resolves specs that keep to the rules.
pub fn resolve(specs: &Specs) -> Model {
    let mut categories: BTreeMap<&str, Vec<&Method>> = BTreeMap::new();
    for method in &specs.methods {
        categories.entry(&method.category).or_default().push(method);
    }
    let default = categories.keys().filter(|name| **name == NEWCOMERS).map(|name| (*name).to_owned()).collect();
    let categories = categories.into_iter().map(|(name, methods)| category(name, methods, &specs.platform)).collect();
    let platform = &specs.platform;
    Model {
        categories,
        default,
        gateways: platform.gateways.clone(),
        codes: platform.errors.clone(),
        secrets: platform.secrets.iter().map(|secret| secret.value.clone()).collect(),
    }
}

fn category(name: &str, mut methods: Vec<&Method>, platform: &Platform) -> Category {
    methods.sort_by(|a, b| a.spec.method.value.cmp(&b.spec.method.value));
    let stems: Vec<&str> = methods.iter().map(|method| stem(&method.spec.method.value)).collect();
    let modules = names::distinct(&stems, names::Case::Module);
    let structs = names::distinct(&stems, names::Case::Type);
    let apis = methods
        .into_iter()
        .zip(modules.into_iter().zip(structs))
        .map(|(method, (module, name))| api(method, module, &name, platform))
        .collect();
    Category { name: name.to_owned(), apis }
}

fn api(method: &Method, module: String, name: &str, platform: &Platform) -> Api {
    let spec = &method.spec;
    let mut scope = objects::Scope::new([format!("{name}Request"), format!("{name}Response")], platform);
    // The response's objects have the names of the documents; a request's that share one are told apart by a suffix.
    let response = objects::resolve(&spec.response.fields, &format!("{name}Response"), "", &mut scope);
    let request = objects::resolve(&spec.request, &format!("{name}Request"), "Input", &mut scope);
    let paging = spec.pages.as_ref().and_then(|pages| paging::resolve(pages, &request, &response));
    Api {
        method: spec.method.value.clone(),
        title: spec.title.value.clone(),
        description: spec.description.clone(),
        authorization: spec.authorization,
        https_only: spec.https_only,
        reads: spec.reads,
        deprecated: spec.deprecated.clone(),
        doc_url: spec.doc_url.as_ref().map(|url| url.value.clone()),
        errors: spec.errors.clone(),
        node: spec.response.node.value.clone(),
        spec: PathBuf::from("specs").join(&method.category).join(format!("{}.yaml", spec.method.value)),
        category: method.category.clone(),
        module,
        request: request.root,
        request_objects: request.objects,
        response: response.root,
        response_objects: response.objects,
        choices: scope.choices,
        paging,
    }
}

/// The method without the prefix that most methods share; the platform leaves it out of node names too.
fn stem(method: &str) -> &str {
    method.strip_prefix("taobao.").unwrap_or(method)
}
