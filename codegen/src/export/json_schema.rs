//! JSON Schema: the parameters of each method, and its JSON response.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::Selection;
use super::schema::{Direction, Schemas, error_response};

/// The schema of a refusal.
const ERROR: &str = "error_response";

/// Returns a document with the schemas `METHOD.request` and `METHOD.response` of each method.
pub(super) fn document(selection: &Selection<'_>) -> Json {
    let schemas = Schemas::new(&selection.methods, "#/$defs/", BTreeSet::from([ERROR.to_owned()]));
    let mut definitions = Map::new();
    for (index, api) in selection.methods.iter().enumerate() {
        let mut request = schemas.object(index, Direction::Request, &api.request.fields);
        request["title"] = json!(api.facts.title.value);
        definitions.insert(format!("{}.request", api.method), request);
        let response = json!({ "oneOf": [schemas.response(index), { "$ref": format!("#/$defs/{ERROR}") }] });
        definitions.insert(format!("{}.response", api.method), response);
    }
    definitions.insert(ERROR.to_owned(), error_response());
    definitions.extend(schemas.definitions().into_iter().map(|(name, schema)| (name.to_owned(), schema)));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "TOP methods",
        "description": "The schemas METHOD.request and METHOD.response of each method. A request has the parameters of the \
                        method, before they are encoded as text. A response is JSON with a root node, without `simplify`.",
        "$defs": definitions
    })
}
