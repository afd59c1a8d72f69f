//! What a document of the platform says, whatever form it came in.

use crate::spec::{Authorization, ErrorCode};

/// The description of one method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) method: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) authorization: Option<Authorization>,
    /// Where the method answers.
    pub(super) gateways: Vec<Address>,
    pub(super) request: Vec<Entry>,
    /// The root node of a response, if the document names it.
    pub(super) node: Option<String>,
    pub(super) response: Vec<Entry>,
    pub(super) errors: Vec<ErrorCode>,
    /// What was not plain from the document, and how it was taken.
    pub(super) notes: Vec<String>,
}

/// The addresses of one environment; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) http: String,
    pub(super) https: String,
}

/// A parameter of the request or a field of the response. A text that is empty says nothing.
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
    /// What was not plain from the document, and how it was taken.
    pub(super) notes: Vec<String>,
}
