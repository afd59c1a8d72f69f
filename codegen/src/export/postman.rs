//! A Postman collection, whose pre-request script signs each call.

use serde_json::{Value as Json, json};

use super::example::{kind, parameter_text, value};
use super::{PATH, Selection};
use crate::categories;
use crate::model::{Api, Field};
use crate::spec::{Authorization, Kind};

/// The pre-request script. It adds the public parameters and the signature.
const SIGN: &str = include_str!("postman_sign.js");

/// Returns the collection: a folder for each category.
pub(super) fn collection(selection: &Selection<'_>) -> Json {
    let folders = selection.categories().into_iter().map(|folder| {
        let items = selection.methods.iter().filter(|api| api.category == folder).map(item);
        let name = match categories::titles(folder) {
            Some((english, chinese)) => format!("{chinese} {english}"),
            None => folder.to_owned(),
        };
        json!({ "name": name, "item": items.collect::<Vec<_>>() })
    });
    let variable = |key: &str, value: &str, description: &str| json!({ "key": key, "value": value, "type": "string", "description": description });
    json!({
        "info": {
            "name": "TOP methods",
            "description": "The pre-request script of the collection signs each call. Set the variables gateway, app_key, \
                            app_secret, session and sign_method in an environment. The defaults are those of the local gateway.",
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
        },
        "item": folders.collect::<Vec<_>>(),
        "event": [{
            "listen": "prerequest",
            "script": { "type": "text/javascript", "exec": SIGN.lines().collect::<Vec<_>>() }
        }],
        "variable": [
            variable("gateway", &format!("{}{PATH}", selection.local_gateway), "The URL of the gateway"),
            variable("app_key", "12345678", "The AppKey"),
            variable("app_secret", "helloworld", "The AppSecret, which is not sent"),
            variable("session", "session", "The session of the user"),
            variable("sign_method", "hmac-sha256", "md5, hmac or hmac-sha256")
        ]
    })
}

fn item(api: &Api) -> Json {
    let has_files = api.request.fields.iter().any(|field| kind(field) == Some(Kind::File));
    let method = [json!({ "key": "method", "value": api.method, "type": "text" })];
    let session = (api.facts.authorization != Some(Authorization::None)).then(|| {
        let is_optional = api.facts.authorization != Some(Authorization::Required);
        json!({ "key": "session", "value": "{{session}}", "type": "text", "disabled": is_optional })
    });
    let parameters = api.request.fields.iter().map(|field| parameter(api, field));
    let parameters: Vec<Json> = method.into_iter().chain(session).chain(parameters).collect();
    let mode = if has_files { "formdata" } else { "urlencoded" };
    let facts = &api.facts;
    let texts =
        [Some(&facts.title.value), facts.description.as_ref(), facts.deprecated.as_ref(), facts.doc_url.as_ref()];
    let description = texts.into_iter().flatten().cloned().collect::<Vec<_>>().join("\n\n");
    json!({
        "name": api.method,
        "request": {
            "method": "POST",
            "description": description,
            "header": [],
            "url": "{{gateway}}",
            "body": { "mode": mode, mode: parameters }
        }
    })
}

/// Returns a parameter with its example. An optional one is disabled.
fn parameter(api: &Api, field: &Field) -> Json {
    let description = field.facts.description.clone().unwrap_or_default();
    let mut parameter = json!({ "key": field.wire, "description": description, "disabled": !field.required });
    if kind(field) == Some(Kind::File) {
        parameter["type"] = json!("file");
        parameter["src"] = Json::Null;
    } else {
        parameter["type"] = json!("text");
        parameter["value"] = json!(parameter_text(&value(api, field)));
    }
    parameter
}
