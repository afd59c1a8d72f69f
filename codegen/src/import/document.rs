//! The content of a document, independent of its format.

use crate::spec::{Authorization, ErrorCode};

/// The description of one method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) method: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) authorization: Option<Authorization>,
    /// The URLs of the method, one entry per environment.
    pub(super) gateways: Vec<GatewayUrls>,
    pub(super) request: Vec<Entry>,
    /// The root node of a response, if the document states it.
    pub(super) node: Option<String>,
    pub(super) response: Vec<Entry>,
    pub(super) errors: Vec<ErrorCode>,
    /// What was inferred, changed or left out.
    pub(super) notes: Vec<String>,
}

/// The URLs of one environment; empty if unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct GatewayUrls {
    pub(super) http: String,
    pub(super) https: String,
}

/// A parameter of the request or a field of the response. An empty string is an absent value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) required: Option<bool>,
    pub(super) max_length: Option<i64>,
    pub(super) max_list_size: Option<i64>,
    pub(super) min_value: Option<i64>,
    pub(super) max_value: Option<i64>,
    pub(super) default: String,
    pub(super) example: String,
    pub(super) description: String,
    pub(super) fields: Vec<Entry>,
    /// What was inferred, changed or left out.
    pub(super) notes: Vec<String>,
}
