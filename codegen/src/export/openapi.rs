//! OpenAPI 3.1.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::example::kind;
use super::schema::{Direction, Schemas, error_response, method_name, unique};
use super::{PATH, Selection};
use crate::categories;
use crate::model::{Api, Field};
use crate::spec::{Authorization, Kind};

const PREFIX: &str = "#/components/schemas/";

/// The schema of a refusal.
const ERROR: &str = "ErrorResponse";

/// The public parameters of the body, which are required, with the names of their schemas. The others are credentials.
const PUBLIC: [(&str, &str); 4] =
    [("timestamp", "TopTimestamp"), ("v", "TopVersion"), ("format", "TopFormat"), ("sign_method", "TopSignMethod")];

const DESCRIPTION: &str = "Methods of the Taobao Open Platform (TOP) protocol.\n\n\
    Every call is a POST to one path. The query selects the method, so each path of this document ends with \
    `?method=NAME`. The gateway merges the query and the body: `app_key`, `sign` and `session` may be in either.\n\n\
    A list of plain values is comma-separated. An object or a list of objects is JSON. A date is \
    `yyyy-MM-dd HH:mm:ss` in GMT+8. Ids have up to 19 digits: read them as 64-bit integers, not as floats.\n\n\
    A refused call has the HTTP status 200 and the body `error_response`.";

const SIGNATURE: &str = "The signature of the call. Sort all parameters of the query and the body by name in byte order, \
    without `sign` and files. Concatenate each name and value, not URL-encoded, in UTF-8. With the AppSecret, compute for \
    `sign_method`: `md5` MD5(secret + text + secret), `hmac` HMAC-MD5, `hmac-sha256` HMAC-SHA256. The signature is \
    hexadecimal in upper case.";

/// Returns the document.
pub(super) fn document(selection: &Selection<'_>) -> Json {
    let apis = &selection.methods;
    let mut used: BTreeSet<String> = PUBLIC.iter().map(|(_, name)| (*name).to_owned()).collect();
    used.insert(ERROR.to_owned());
    let roots: Vec<[String; 2]> = apis
        .iter()
        .map(|api| ["Request", "Response"].map(|suffix| unique(&format!("{}{suffix}", method_name(api)), &mut used)))
        .collect();
    let schemas = Schemas::new(apis, PREFIX, used);
    let (mut paths, mut components) = (Map::new(), public_schemas(selection));
    components.insert(ERROR.to_owned(), error_response());
    for (index, (api, [request, response])) in apis.iter().zip(roots).enumerate() {
        paths.insert(format!("{PATH}?method={}", api.method), json!({ "post": operation(api, &request, &response) }));
        components.insert(request, body(&schemas, index, api));
        components.insert(response, schemas.response(index));
    }
    components.extend(schemas.definitions().into_iter().map(|(name, schema)| (name.to_owned(), schema)));
    json!({
        "openapi": "3.1.0",
        "info": { "title": "TOP methods", "version": selection.platform.version, "description": DESCRIPTION },
        "servers": servers(selection),
        "tags": tags(selection),
        "paths": paths,
        "components": { "schemas": components, "securitySchemes": {
            "app_key": { "type": "apiKey", "in": "query", "name": "app_key", "description": "The AppKey of the application." },
            "sign": { "type": "apiKey", "in": "query", "name": "sign", "description": SIGNATURE },
            "session": { "type": "apiKey", "in": "query", "name": "session", "description": "The access token of the user." }
        } }
    })
}

/// Returns the local gateway, and the gateways of the platform with the same path.
fn servers(selection: &Selection<'_>) -> Vec<Json> {
    let local = json!({ "url": selection.local_gateway, "description": "The local gateway" });
    let gateways = selection.platform.gateways.iter().filter_map(|gateway| {
        let url = gateway.url().strip_suffix(PATH)?;
        Some(json!({ "url": url, "description": format!("{} ({})", gateway.title.value, gateway.id.value) }))
    });
    std::iter::once(local).chain(gateways).collect()
}

fn tags(selection: &Selection<'_>) -> Vec<Json> {
    let tag = |folder: &str| match categories::titles(folder) {
        Some((english, chinese)) => json!({ "name": folder, "description": format!("{chinese} {english}") }),
        None => json!({ "name": folder }),
    };
    selection.categories().into_iter().map(tag).collect()
}

/// Returns the schemas of the public parameters.
fn public_schemas(selection: &Selection<'_>) -> Map<String, Json> {
    let schema = |(name, schema): (&str, &str)| {
        let parameter = selection.platform.public_parameters.iter().find(|parameter| parameter.name == name);
        let mut json = match name {
            "timestamp" => json!({ "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$" }),
            // The schemas of the responses are those of JSON. The platform's default is XML.
            "format" => json!({ "type": "string", "enum": ["json"] }),
            _ => json!({ "type": "string", "enum": parameter.map(|parameter| &parameter.values) }),
        };
        if let Some(parameter) = parameter {
            json["description"] = json!(parameter.description);
        }
        (schema.to_owned(), json)
    };
    PUBLIC.into_iter().map(schema).collect()
}

/// Returns the schema of a body: the public parameters and those of the method.
fn body(schemas: &Schemas<'_>, index: usize, api: &Api) -> Json {
    let method = schemas.object(index, Direction::Request, &api.request.fields);
    let mut properties: Map<String, Json> = PUBLIC
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), json!({ "$ref": format!("{PREFIX}{schema}") })))
        .collect();
    properties.extend(method["properties"].as_object().cloned().unwrap_or_default());
    let mut required: Vec<Json> = PUBLIC.iter().map(|(name, _)| json!(name)).collect();
    required.extend(method["required"].as_array().cloned().unwrap_or_default());
    json!({ "type": "object", "required": required, "properties": properties })
}

fn operation(api: &Api, request: &str, response: &str) -> Json {
    let facts = &api.facts;
    let has_files = api.request.fields.iter().any(|field| kind(field) == Some(Kind::File));
    let content_type = if has_files { "multipart/form-data" } else { "application/x-www-form-urlencoded" };
    let encoding: Map<_, _> = api.request.fields.iter().filter_map(encoding).collect();
    let mut media = json!({ "schema": { "$ref": format!("{PREFIX}{request}") } });
    if !encoding.is_empty() {
        media["encoding"] = Json::Object(encoding);
    }
    let success = json!([{ "$ref": format!("{PREFIX}{response}") }, { "$ref": format!("{PREFIX}{ERROR}") }]);
    let mut operation = json!({
        "operationId": api.method,
        "tags": [api.category],
        "summary": facts.title.value,
        "security": security(facts.authorization),
        "requestBody": { "required": true, "content": { content_type: media } },
        "responses": { "200": {
            "description": response_description(api),
            "content": { "application/json": { "schema": { "oneOf": success } } }
        } }
    });
    let deprecated = facts.deprecated.as_ref().map(|note| format!("Deprecated: {note}"));
    let description: Vec<_> = facts.description.iter().cloned().chain(deprecated).collect();
    if !description.is_empty() {
        operation["description"] = json!(description.join("\n\n"));
    }
    if facts.deprecated.is_some() {
        operation["deprecated"] = json!(true);
    }
    if let Some(url) = &facts.doc_url {
        operation["externalDocs"] = json!({ "url": url });
    }
    operation
}

/// Returns the encoding of a parameter that is not plain text.
fn encoding(field: &Field) -> Option<(String, Json)> {
    let encoding = match kind(field) {
        Some(Kind::File) => return None,
        None | Some(Kind::Map) => json!({ "contentType": "application/json" }),
        Some(Kind::Json) if field.list => json!({ "contentType": "application/json" }),
        Some(_) if field.list => json!({ "style": "form", "explode": false }),
        Some(_) => return None,
    };
    Some((field.wire.clone(), encoding))
}

fn security(authorization: Option<Authorization>) -> Json {
    let without = json!({ "app_key": [], "sign": [] });
    let with = json!({ "app_key": [], "sign": [], "session": [] });
    match authorization {
        Some(Authorization::Required) => json!([with]),
        Some(Authorization::None) => json!([without]),
        Some(Authorization::Optional) | None => json!([without, with]),
    }
}

/// Returns the description of the response, with the error codes of the method.
fn response_description(api: &Api) -> String {
    let mut text = "The response, or a refusal.".to_owned();
    if !api.facts.errors.is_empty() {
        text.push_str(" Error codes of the method:\n");
    }
    for error in &api.facts.errors {
        let parts = [&error.message, &error.solution];
        let parts = parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>();
        text.push_str(&format!("\n- `{}`: {}", error.code, parts.join("; ")));
    }
    text
}
