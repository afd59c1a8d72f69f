//! The parts of the model.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::spec::{Gateway, Kind, MethodFacts, ParameterFacts, PlatformError};

/// The model of an SDK.
#[derive(Clone, Debug)]
pub struct Model {
    /// The categories, sorted by name.
    pub categories: Vec<Category>,
    /// The topics, sorted by name.
    pub topics: Vec<Topic>,
    /// The categories that are default features.
    pub default: Vec<String>,
    /// The platform's gateways.
    pub gateways: Vec<Gateway>,
    /// The platform's error codes.
    pub codes: Vec<PlatformError>,
    /// The suffixes of names whose values are secrets.
    pub secrets: Vec<String>,
}

impl Model {
    /// Returns the methods of all categories.
    pub fn apis(&self) -> impl Iterator<Item = &Api> {
        self.categories.iter().flat_map(|category| &category.apis)
    }

    /// Returns the number of methods. One that both the application and the platform call counts once.
    pub fn method_count(&self) -> usize {
        self.categories.iter().map(|category| category.methods().len()).sum()
    }

    /// Returns the SPI methods of all categories.
    pub fn callbacks(&self) -> impl Iterator<Item = &Api> {
        self.categories.iter().flat_map(|category| &category.callbacks)
    }

    /// Distributes the categories and the topics over at most `count` models with similar numbers of fields. A category is
    /// in one model, and all topics are in one.
    pub fn split(self, count: usize) -> Vec<Self> {
        let Self { mut categories, topics, default, gateways, codes, secrets } = self;
        let most = categories.len() + usize::from(!topics.is_empty());
        let empty = Self { categories: Vec::new(), topics: Vec::new(), default, gateways, codes, secrets };
        let mut parts = vec![(0, empty); count.min(most).max(1)];
        // The largest first, each to the part with the fewest fields so far.
        categories.sort_by_key(|category| Reverse(category.field_count()));
        for category in categories {
            if let Some((fields, part)) = parts.iter_mut().min_by_key(|(fields, _)| *fields) {
                *fields += category.field_count();
                part.categories.push(category);
            }
        }
        if let Some((_, part)) = parts.iter_mut().min_by_key(|(fields, _)| *fields) {
            part.topics = topics;
        }
        let parts = parts.into_iter().map(|(_, mut part)| {
            part.categories.sort_by(|a, b| a.name.cmp(&b.name));
            part
        });
        parts.collect()
    }
}

/// A category: a module behind a feature.
#[derive(Clone, Debug)]
pub struct Category {
    /// The name.
    pub name: String,
    /// The feature: the name, unless a large catalogue shares features.
    pub feature: String,
    /// The methods that the application calls, sorted by name.
    pub apis: Vec<Api>,
    /// The methods that the platform calls, sorted by name.
    pub callbacks: Vec<Api>,
}

impl Category {
    /// Returns the number of fields of all types.
    fn field_count(&self) -> usize {
        let structs = |api: &Api| {
            let objects = api.request_objects.iter().chain(&api.response_objects);
            objects.chain([&api.request, &api.response]).map(|item| item.fields.len()).sum::<usize>()
        };
        self.apis.iter().chain(&self.callbacks).map(structs).sum()
    }

    /// Returns the names of the methods.
    pub fn methods(&self) -> BTreeSet<&str> {
        let callbacks = self.callbacks.iter().map(|callback| callback.method.as_str());
        self.apis.iter().map(|api| api.method.as_str()).chain(callbacks).collect()
    }
}

/// A method, of the platform or of an application (SPI): a module with its request, its response and their objects.
#[derive(Clone, Debug, Hash)]
pub struct Api {
    /// The method's name on the wire.
    pub method: String,
    /// What the spec states of the method.
    pub facts: MethodFacts,
    /// The root node of a response.
    pub node: String,
    /// The spec, relative to the root of the project.
    pub spec: PathBuf,
    /// The category's name.
    pub category: String,
    /// The module's name.
    pub module: String,
    /// The request.
    pub request: Struct,
    /// The objects in the request, in spec order.
    pub request_objects: Vec<Struct>,
    /// The response.
    pub response: Struct,
    /// The objects in the response, in spec order.
    pub response_objects: Vec<Struct>,
    /// The enums in the request and the response.
    pub enums: Vec<OpenEnum>,
    /// The pagination of the method's list. An SPI has none.
    pub paging: Option<Paging>,
}

/// A topic: a module with the type of its messages and their objects.
#[derive(Clone, Debug, Hash)]
pub struct Topic {
    /// The topic's name on the wire.
    pub topic: String,
    /// The title.
    pub title: String,
    /// When the platform sends the message.
    pub description: Option<String>,
    /// The deprecation note: what to use instead.
    pub deprecated: Option<String>,
    /// The URL of the topic's page in the platform's documentation.
    pub doc_url: Option<String>,
    /// The spec, relative to the root of the project.
    pub spec: PathBuf,
    /// The module's name.
    pub module: String,
    /// The content of a message.
    pub message: Struct,
    /// The objects in the content, in spec order.
    pub objects: Vec<Struct>,
    /// The enums in the content.
    pub enums: Vec<OpenEnum>,
}

/// The pagination of a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Paging {
    /// The Rust names of the fields on the path to the items.
    pub access: Vec<String>,
    /// The type of an item.
    pub item: FieldKind,
    /// The path of the items.
    pub items: FieldPath,
    /// The path of the page number, and the number of the first page.
    pub number: Option<(FieldPath, i64)>,
    /// The path of the number of skipped items.
    pub offset: Option<FieldPath>,
    /// The paths of the cursor and of the next cursor.
    pub cursor: Option<(FieldPath, FieldPath)>,
    /// The path of the page size, and its default.
    pub size: Option<(FieldPath, Option<i64>)>,
    /// The path of the total number of items.
    pub total: Option<FieldPath>,
    /// The path of whether another page exists.
    pub has_next: Option<FieldPath>,
    /// The path of the parameter that requests `has_next`.
    pub ask_has_next: Option<FieldPath>,
    /// Whether pages are read from the last to the first.
    pub backwards: bool,
    /// The maximum time window of one list.
    pub window: Option<TimeWindow>,
}

/// The wire names on the path to a parameter or a field.
pub type FieldPath = Vec<String>;

/// The maximum time window of one list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimeWindow {
    /// The path of the start.
    pub from: FieldPath,
    /// The path of the end.
    pub to: FieldPath,
    /// The maximum length in minutes.
    pub minutes: i64,
    /// Whether the end is exclusive.
    pub to_excluded: bool,
}

/// A Rust enum of known values, with a variant for other values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OpenEnum {
    /// The name.
    pub name: String,
    /// The wire name of the first field with this type.
    pub wire: String,
    /// The wire values, each with the name of its variant.
    pub values: Vec<(String, String)>,
}

/// A Rust struct.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Struct {
    /// The name.
    pub name: String,
    /// The spec's name of the object; empty for a request, a response or a message.
    pub type_name: String,
    /// The fields, in spec order.
    pub fields: Vec<Field>,
    /// The name of the struct of required fields, if they are too many for positional arguments.
    pub required: Option<String>,
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// The name on the wire.
    pub wire: String,
    /// The Rust name, without the `r#` of a keyword.
    pub name: String,
    /// The type; of one element for a list.
    pub kind: FieldKind,
    /// Whether the type is a list. A field list is one.
    pub list: bool,
    /// Whether the parameter is required.
    pub required: bool,
    /// Whether the value is redacted.
    pub secret: bool,
    /// The limits that the client validates.
    pub limits: Vec<Limit>,
    /// What the spec states of the parameter.
    pub facts: ParameterFacts,
}

/// A limit of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// The maximum length, in UTF-16 code units; of a file, in bytes.
    MaxLength(i64),
    /// The maximum number of elements.
    MaxListSize(i64),
    /// The minimum.
    MinValue(i64),
    /// The maximum.
    MaxValue(i64),
}

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// A built-in type of the platform.
    Plain(Kind),
    /// A struct. It is boxed where it could contain itself.
    Object {
        /// The name.
        name: String,
        /// Whether the field is a `Box`.
        boxed: bool,
    },
    /// An enum with this name.
    OpenEnum(String),
}
