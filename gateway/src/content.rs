//! Bodies of requests in JSON and XML, which the signature covers (docs/protocol.md sections 1.2 and 7.4).

use codegen::spec::{Kind, Parameter, TypeName};
use serde_json::{Map, Value as Json};
use top_protocol::internal::document_value;

use crate::object_types::ObjectTypes;
use crate::refusal::Refusal;
use crate::request::Parameters;

/// The name of the root of an XML body, and of the only parameter of a method whose members are the body.
const ROOT: &str = "request";

/// Adds the parameters in the body of a call of a method with these `fields`. Public parameters are in the query.
pub(crate) fn read(parameters: &mut Parameters<'_>, fields: &[Parameter]) -> Result<(), Refusal> {
    let Some(content) = parameters.content.take() else { return Ok(()) };
    let members = match document_value(content) {
        Ok(Json::Object(members)) => members,
        Ok(_) => return Err(invalid("expected an object")),
        Err(error) => return Err(invalid(&error.to_string())),
    };
    let members = normalized(without_root(members, fields), fields, &ObjectTypes::of(fields));
    for (name, value) in members {
        let text = match value {
            Json::Null => continue,
            Json::String(text) => text,
            value => value.to_string(),
        };
        parameters.texts.entry(name.into()).or_insert_with(|| text.into());
    }
    Ok(())
}

fn invalid(problem: &str) -> Refusal {
    Refusal::with_reason(43, "isv.invalid-body", format!("cannot read the body: {problem}"))
}

/// Returns the members with the names of the parameters.
fn without_root(mut members: Map<String, Json>, fields: &[Parameter]) -> Map<String, Json> {
    let is_root = matches!(fields, [field] if field.name.value == ROOT && field.type_name().kind().is_none());
    match (members.len(), members.get_mut(ROOT)) {
        // The root of XML, or a JSON body with the only parameter.
        (1, Some(Json::Object(content))) if !is_root => std::mem::take(content),
        (1, Some(Json::Object(_))) if is_root => members,
        (1, Some(Json::String(text))) if !is_root && text.trim().is_empty() => Map::new(),
        _ if is_root => Map::from_iter([(ROOT.to_owned(), Json::Object(members))]),
        _ => members,
    }
}

/// Gives lists the form of JSON. In XML, the elements of a list are within an element, and a single one is not an array.
fn normalized(members: Map<String, Json>, fields: &[Parameter], types: &ObjectTypes<'_>) -> Map<String, Json> {
    let member = |(name, value): (String, Json)| {
        let Some(field) = fields.iter().find(|field| field.name.value == name) else { return (name, value) };
        let TypeName { list, .. } = field.type_name();
        let value = match value {
            Json::Object(members) if list => {
                let mut items = members.into_iter().map(|(_, item)| item);
                match (items.next(), items.next()) {
                    (Some(Json::Array(items)), None) => Json::Array(items),
                    (Some(item), None) => Json::Array(vec![item]),
                    _ => Json::Array(Vec::new()),
                }
            }
            Json::Object(_) | Json::Array(_) => value,
            other if list && other.as_str() == Some("") => Json::Array(Vec::new()),
            other if list && field.type_name().kind().is_none() => Json::Array(vec![other]),
            other => other,
        };
        let value = match value {
            Json::Array(items) => {
                Json::Array(items.into_iter().map(|item| normalized_value(item, field, types)).collect())
            }
            value => normalized_value(value, field, types),
        };
        (name, value)
    };
    members.into_iter().map(member).collect()
}

fn normalized_value(value: Json, field: &Parameter, types: &ObjectTypes<'_>) -> Json {
    match (value, field.type_name().kind()) {
        (Json::Object(members), None) => Json::Object(normalized(members, types.fields(field), types)),
        // An empty element has no members.
        (Json::String(text), None) if text.trim().is_empty() => Json::Object(Map::new()),
        (Json::String(text), Some(Kind::Number)) => text.trim().parse::<i64>().map_or(Json::String(text), Json::from),
        (value, _) => value,
    }
}
