//! A method of the gateway: the checks of its parameters, and its response.

use codegen::spec::{Authorization, Kind, Pages, Parameter, Platform, Spec};

use crate::object_types::ObjectTypes;
use crate::pagination;
use crate::refusal::Refusal;
use crate::request::Parameters;
use crate::validation;
use crate::value::{Members, Value};

#[derive(Debug)]
pub(crate) struct Method {
    /// The root node of the response.
    pub(crate) node: String,
    authorization: Option<Authorization>,
    request: Vec<Parameter>,
    /// The members of the response, from the examples of the spec.
    response: Members,
    pages: Option<Pages>,
}

impl Method {
    pub(crate) fn new(spec: Spec) -> Self {
        let response = Value::examples(&spec.response.fields);
        Self {
            node: spec.response.node.value,
            authorization: spec.facts.authorization,
            request: spec.request,
            response,
            pages: spec.pages,
        }
    }

    /// Returns whether the console must not print the value of a parameter: a secret, or an object with a secret.
    pub(crate) fn is_secret(&self, name: &str, platform: &Platform) -> bool {
        match self.request.iter().find(|parameter| parameter.name.value == name) {
            Some(parameter) => has_secret(parameter, &ObjectTypes::of(&self.request), platform, &mut Vec::new()),
            None => platform.is_secret(name),
        }
    }

    pub(crate) fn has_files(&self) -> bool {
        self.request.iter().any(|parameter| parameter.type_name().kind() == Some(Kind::File))
    }

    pub(crate) fn requires_session(&self) -> bool {
        self.authorization == Some(Authorization::Required)
    }

    /// Checks the parameters of the method against the spec.
    pub(crate) fn check(&self, parameters: &Parameters<'_>) -> Result<(), Refusal> {
        let types = ObjectTypes::of(&self.request);
        self.request.iter().try_for_each(|parameter| validation::check(parameter, &types, parameters))
    }

    /// Returns the members of the response. `list_length` is the number of items of each paged list.
    pub(crate) fn respond(&self, parameters: &Parameters<'_>, list_length: Option<i64>) -> Result<Members, Refusal> {
        let response = self.response.clone();
        match &self.pages {
            Some(pages) => pagination::page(pages, &self.request, parameters, response, list_length),
            None => Ok(response),
        }
    }
}

/// Returns whether a parameter is a secret or has a field that is one. `visited` has the object types above it.
fn has_secret<'a>(
    parameter: &'a Parameter,
    types: &ObjectTypes<'a>,
    platform: &Platform,
    visited: &mut Vec<&'a str>,
) -> bool {
    if parameter.secret.unwrap_or_else(|| platform.is_secret(&parameter.name.value)) {
        return true;
    }
    let word = parameter.type_name().name;
    if parameter.fields.is_empty() {
        if visited.contains(&word) {
            return false;
        }
        visited.push(word);
    }
    types.fields(parameter).iter().any(|field| has_secret(field, types, platform, visited))
}
