//! A method of the gateway: the checks of its parameters, and its response.

use codegen::spec::{self, Kind, Parameter, Platform, Spec};

use crate::object_types::ObjectTypes;
use crate::pagination::{self, Items};
use crate::refusal::Refusal;
use crate::request::Parameters;
use crate::response::{Body, ResponseFormat};
use crate::validation;
use crate::value::{Members, Value};

#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) category: String,
    pub(crate) spec: Spec,
    /// The members of the response, from the examples of the spec.
    response: Members,
}

impl Method {
    pub(crate) fn new(method: spec::Method) -> Self {
        let response = Value::examples(&method.spec.response.fields);
        Self { category: method.category, spec: method.spec, response }
    }

    /// Returns whether the console must not print the value of a parameter: a secret, or an object with a secret.
    pub(crate) fn is_secret(&self, name: &str, platform: &Platform) -> bool {
        match self.spec.request.iter().find(|parameter| parameter.name.value == name) {
            Some(parameter) => has_secret(parameter, &ObjectTypes::of(&self.spec.request), platform, &mut Vec::new()),
            None => platform.is_secret(name),
        }
    }

    /// Returns the members of the example response.
    pub(crate) fn examples(&self) -> &Members {
        &self.response
    }

    /// Returns the body of the example response.
    pub(crate) fn example(&self, format: ResponseFormat) -> String {
        Body::new(&self.spec.response.node.value, self.response.clone(), format).with_id("")
    }

    /// Returns the names of the parameters on which the page of a list depends.
    pub(crate) fn paging_parameters(&self) -> impl Iterator<Item = &str> {
        let pages = self.spec.pages.iter();
        let paths = pages.flat_map(|pages| {
            let window = pages.window.iter().flat_map(|window| [&window.from, &window.to]);
            let options = [&pages.number, &pages.offset, &pages.cursor, &pages.size, &pages.ask_has_next];
            options.into_iter().flatten().chain(window)
        });
        paths.map(|path| path.value.split('.').next().unwrap_or_default())
    }

    pub(crate) fn is_file(&self, name: &str) -> bool {
        let mut parameters = self.spec.request.iter();
        parameters.any(|parameter| parameter.name.value == name && parameter.type_name().kind() == Some(Kind::File))
    }

    pub(crate) fn has_files(&self) -> bool {
        self.spec.request.iter().any(|parameter| parameter.type_name().kind() == Some(Kind::File))
    }

    /// Checks the parameters of the method against the spec.
    pub(crate) fn check(&self, parameters: &Parameters<'_>) -> Result<(), Refusal> {
        let types = ObjectTypes::of(&self.spec.request);
        self.spec.request.iter().try_for_each(|parameter| validation::check(parameter, &types, parameters))
    }

    /// Returns the members of the response. `list_length` is the number of items of each paged list.
    pub(crate) fn respond(&self, parameters: &Parameters<'_>, list_length: Option<i64>) -> Result<Members, Refusal> {
        let response = self.response.clone();
        match &self.spec.pages {
            Some(pages) => {
                pagination::page(pages, &self.spec.request, parameters, response, &Items::Examples(list_length))
            }
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
