//! Exports of methods for other tools: OpenAPI, a Postman collection, and JSON Schema.
//!
//! [`Selection`] resolves the methods, and [`Format::document`] converts them. The same methods give the same document.

mod example;
mod json_schema;
mod openapi;
mod postman;
mod schema;

use std::fmt;
use std::str::FromStr;

use serde_json::Value as Json;

use crate::model::{self, Api};
use crate::spec::{Platform, Spec};

pub use example::parameter_text;

/// The address of the local gateway, unless another one is set.
const LOCAL_GATEWAY: &str = "http://127.0.0.1:8642";

/// The path of calls, which the platform requires.
const PATH: &str = "/router/rest";

/// Methods to export.
#[derive(Clone, Debug)]
pub struct Selection<'a> {
    platform: &'a Platform,
    methods: Vec<Api>,
    local_gateway: String,
}

impl<'a> Selection<'a> {
    /// Resolves methods, each with its category.
    pub fn new<'s>(platform: &'a Platform, methods: impl IntoIterator<Item = (&'s str, &'s Spec)>) -> Self {
        let methods = methods.into_iter().map(|(category, spec)| model::resolve_method(category, spec, platform));
        let mut methods: Vec<Api> = methods.collect();
        methods.sort_by(|a, b| (&a.category, &a.method).cmp(&(&b.category, &b.method)));
        Self { platform, methods, local_gateway: LOCAL_GATEWAY.to_owned() }
    }

    /// Sets the address of the local gateway: scheme, host and port. Default: `http://127.0.0.1:8642`.
    #[must_use]
    pub fn local_gateway(mut self, address: impl Into<String>) -> Self {
        self.local_gateway = address.into();
        self
    }

    /// Returns the folders of the methods, without duplicates.
    fn categories(&self) -> Vec<&str> {
        let mut categories: Vec<_> = self.methods.iter().map(|api| api.category.as_str()).collect();
        categories.dedup();
        categories
    }
}

/// A format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenAPI 3.1.
    OpenApi,
    /// A Postman collection, version 2.1.
    Postman,
    /// JSON Schema, draft 2020-12.
    JsonSchema,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::OpenApi, Self::Postman, Self::JsonSchema];

    /// Returns the name: `openapi`, `postman` or `json-schema`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenApi => "openapi",
            Self::Postman => "postman",
            Self::JsonSchema => "json-schema",
        }
    }

    /// Converts methods to a document.
    pub fn document(self, selection: &Selection<'_>) -> Json {
        match self {
            Self::OpenApi => openapi::document(selection),
            Self::Postman => postman::collection(selection),
            Self::JsonSchema => json_schema::document(selection),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = ParseFormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or(ParseFormatError)
    }
}

/// A text is not the name of a [`Format`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseFormatError;

impl fmt::Display for ParseFormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = Format::ALL;
        write!(f, "unknown format: expected {a}, {b} or {c}")
    }
}

impl std::error::Error for ParseFormatError {}
