//! Exported documents, compared with the gateway and read by other tools.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use codegen::export::{Format, Selection};
use codegen::spec::{self, Specs};
use generated_sdk::DateTime;
use generated_sdk::protocol::{AppCredentials, Application, Request};
use serde_json::{Map, Value as Json, json};

use crate::every_request::{self, Visit};
use crate::support::{KEY, SECRET, foreign, gateway};

fn specs() -> Specs {
    spec::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")).unwrap()
}

fn export(specs: &Specs, format: Format) -> Json {
    let methods = specs.methods.iter().map(|method| (method.category.as_str(), &method.spec));
    format.document(&Selection::new(&specs.platform, methods))
}

/// Refuses members that a schema does not describe.
fn close(schema: &mut Json) {
    match schema {
        Json::Object(members) => {
            if members.get("properties").is_some_and(|properties| !properties["properties"].is_object()) {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            members.values_mut().for_each(close);
        }
        Json::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Returns the problems of instances of the schemas with these names.
fn problems(mut document: Json, instances: &BTreeMap<String, Json>) -> Vec<String> {
    close(&mut document);
    let properties: Map<_, _> =
        instances.keys().map(|name| (name.clone(), json!({ "$ref": format!("#/$defs/{name}") }))).collect();
    document["properties"] = Json::Object(properties);
    let validator = jsonschema::validator_for(&document).unwrap();
    let instances = json!(instances);
    validator.iter_errors(&instances).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Collects the response to each request.
struct Responses {
    gateway: gateway::Gateway,
    by_schema: BTreeMap<String, Json>,
}

impl Responses {
    fn call<R: Request>(&self, request: &R) -> Json {
        let mut application = Application::new(AppCredentials::new(KEY, SECRET));
        application.format = generated_sdk::Format::Json;
        let signed = application.sign(request, Some("s"), DateTime::now()).unwrap();
        let body = signed.body().unwrap();
        let (content_type, body) = (body.content_type.as_str(), body.bytes.as_slice());
        let request = gateway::Request { verb: "POST", content_type, body, ..Default::default() };
        serde_json::from_str(&self.gateway.respond(&request).body).unwrap()
    }
}

impl Visit for Responses {
    fn visit<R: Request>(&mut self, request: R) {
        let response = self.call(&request);
        assert!(response.get("error_response").is_none(), "{}: {response}", R::METHOD);
        self.by_schema.insert(format!("{}.response", R::METHOD), response);
    }
}

#[test]
fn responses_match_the_exported_schemas() {
    let document = export(&specs(), Format::JsonSchema);
    assert!(jsonschema::meta::is_valid(&document));
    let mut responses = Responses { gateway: gateway().build(), by_schema: BTreeMap::new() };
    every_request::each(&mut responses).unwrap();
    assert_eq!(responses.by_schema.len(), responses.gateway.method_count());
    assert_eq!(problems(document.clone(), &responses.by_schema), [""; 0]);

    // A schema refuses other types and other members, and describes refusals.
    let sold = "taobao.trades.sold.get.response".to_owned();
    let mut wrong = responses.by_schema[&sold].clone();
    let trade = wrong.pointer_mut("/trades_sold_get_response/trades/trade/0").unwrap();
    trade["tid"] = json!("x");
    trade["orders"] = json!([]);
    assert_ne!(problems(document.clone(), &BTreeMap::from([(sold.clone(), wrong)])), [""; 0]);
    let request = generated_sdk::api::trade::TradesSoldGetRequest::new(["tid"]);
    let strict = Responses { gateway: gateway().session("known").build(), by_schema: BTreeMap::new() };
    let refusal = strict.call(&request);
    assert_eq!(refusal["error_response"]["code"], 27);
    assert_eq!(problems(document, &BTreeMap::from([(sold, refusal)])), [""; 0]);
}

/// Returns an instance of a schema, with its example or default values.
fn instance(document: &Json, schema: &Json, path: &str, depth: usize) -> Json {
    if let Some(example) = schema.pointer(path) {
        return example.clone();
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return instance(document, document.pointer(reference.trim_start_matches('#')).unwrap(), path, depth);
    }
    match schema["type"].as_str() {
        Some("object") if depth < 5 => {
            let properties = schema["properties"].as_object().cloned().unwrap_or_default();
            let member = |(name, schema): (&String, &Json)| (name.clone(), instance(document, schema, path, depth + 1));
            properties.iter().map(member).collect()
        }
        Some("object") => json!({}),
        Some("array") if depth < 5 => json!([instance(document, &schema["items"], path, depth + 1)]),
        Some("array") => json!([]),
        Some("integer") => schema.get("minimum").cloned().unwrap_or(json!(0)),
        Some("boolean") => json!(true),
        Some("string") => match schema["pattern"].as_str() {
            Some(pattern) if pattern.contains(':') => json!("2024-06-18 10:00:00"),
            Some(_) => json!("9.90"),
            None => json!(""),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn examples_and_default_values_match_their_schemas() {
    let document = export(&specs(), Format::JsonSchema);
    for path in ["/examples/0", "/default"] {
        let requests = document["$defs"].as_object().unwrap().iter().filter(|(name, _)| name.ends_with(".request"));
        let instances: BTreeMap<_, _> =
            requests.map(|(name, schema)| (name.clone(), instance(&document, schema, path, 0))).collect();
        assert!(instances.len() > 400);
        // The deepest objects are empty.
        let problems: Vec<_> = problems(document.clone(), &instances);
        let problems: Vec<_> = problems.iter().filter(|problem| !problem.contains("required property")).collect();
        assert!(problems.is_empty(), "{problems:#?}");
    }
}

/// The validator of the OpenAPI document is openapi-spec-validator from PyPI.
#[test]
fn openapi_is_valid() {
    let Some(site) = foreign::pip("openapi", &["openapi-spec-validator==0.9.0"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("openapi.json");
    let validate = |document: &Json| {
        fs::write(&path, document.to_string()).unwrap();
        let script = "import json, sys, openapi_spec_validator as v; v.validate(json.load(open(sys.argv[1])))";
        let mut validator = Command::new("python3");
        validator.args(["-c", script]).arg(&path).env("PYTHONPATH", &site);
        let output = validator.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    // The validator takes half a minute for all methods.
    let mut specs = specs();
    let mut number = 0;
    specs.methods.retain(|_| {
        number += 1;
        number % 8 == 0
    });
    let (valid, reported) = validate(&export(&specs, Format::OpenApi));
    assert!(valid, "{reported}");
    specs.methods.truncate(1);
    let mut document = export(&specs, Format::OpenApi);
    document["info"] = json!({});
    let (valid, reported) = validate(&document);
    assert!(!valid && reported.contains("'title' is a required property"), "{reported}");
}

#[test]
fn openapi_references_are_complete() {
    let document = export(&specs(), Format::OpenApi);
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    let paths = document["paths"].as_object().unwrap();
    for (path, item) in paths {
        let method = item["post"]["operationId"].as_str().unwrap();
        assert_eq!(*path, format!("/router/rest?method={method}"));
    }
    assert_eq!(paths.len(), specs().methods.len());
}

/// A text that is wrong if it is encoded, signed or resolved in another way.
const HARD: &str = " 100% 中文 é 😀 a+b=c&d;e,f 'g' \"h\" <i> \\j %20 {k} {{l\r\n";

/// Runs a collection with newman, Postman's own program, from npm.
fn run_collection(newman: &mut Command, collection: &Json, variables: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("collection.json");
    fs::write(folder.path().join("file.gif"), "GIF89a").unwrap();
    fs::write(&path, collection.to_string()).unwrap();
    let mut run = Command::new(newman.get_program());
    run.args(newman.get_args()).arg("run").arg(&path).arg("--working-dir").arg(folder.path());
    run.args(["--reporters", "cli", "--reporter-cli-no-banner", "--color", "off"]);
    for (name, value) in variables {
        run.args(["--env-var", &format!("{name}={value}")]);
    }
    let output = run.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// A method with a file.
const UPLOAD: &str = "taobao.picture.upload";

#[test]
fn postman_signs_calls() {
    let Some(mut newman) = foreign::npm("newman", &["newman@6.2.2"], "newman/bin/newman.js") else { return };
    // A call takes newman a twentieth of a second.
    let mut specs = specs();
    let mut number = 0;
    specs.methods.retain(|method| {
        number += 1;
        number % 4 == 0 || method.spec.method.value == UPLOAD
    });
    let mut collection = export(&specs, Format::Postman);
    for item in
        collection["item"].as_array_mut().unwrap().iter_mut().flat_map(|folder| folder["item"].as_array_mut()).flatten()
    {
        let body = &mut item["request"]["body"];
        let mode = body["mode"].as_str().unwrap().to_owned();
        for parameter in body[mode].as_array_mut().unwrap().iter_mut().filter(|parameter| parameter["type"] == "file") {
            parameter["src"] = json!("file.gif");
        }
    }
    let running = gateway().start_blocking().unwrap();
    let url = running.url();
    run_collection(&mut newman, &collection, &[("gateway", &url)]);
    let calls = running.calls();
    let refused: Vec<_> = calls.iter().filter(|call| call.refusal.is_some()).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    assert_eq!(calls.len(), specs.methods.len());

    // A wrong secret is refused, so the signature matters.
    let form = json!([
        { "key": "method", "value": "taobao.trade.memo.add", "type": "text" },
        { "key": "session", "value": "{{session}}", "type": "text" },
        { "key": "tid", "value": "{{tid}}", "type": "text" },
        { "key": "memo", "value": HARD, "type": "text" },
        { "key": "flag", "value": "not a number", "type": "text", "disabled": true },
    ]);
    let hard = json!({ "name": "hard", "request": {
        "method": "POST",
        "url": "{{gateway}}?reset=true",
        "body": { "mode": "urlencoded", "urlencoded": form }
    } });
    let folders = collection["item"].as_array().unwrap().clone();
    let files = folders.into_iter().flat_map(|folder| folder["item"].as_array().unwrap().clone());
    collection["item"] = json!([hard, files.into_iter().find(|item| item["name"] == UPLOAD).unwrap()]);
    for (sign_method, secret, code) in
        [("md5", SECRET, None), ("hmac", SECRET, None), ("hmac-sha256", SECRET, None), ("md5", "wrong", Some(25))]
    {
        let running = gateway().start_blocking().unwrap();
        let variables = [
            ("gateway", running.url()),
            ("sign_method", sign_method.to_owned()),
            ("app_secret", secret.to_owned()),
            ("tid", "9007199254740993".to_owned()),
        ];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        run_collection(&mut newman, &collection, &variables);
        let calls = running.calls();
        assert_eq!(calls.iter().map(gateway::Call::code).collect::<Vec<_>>(), [code; 2], "{calls:#?}");
        assert_eq!(calls[0].parameter("memo"), Some(HARD));
        assert_eq!(calls[0].parameter("tid"), Some("9007199254740993"));
        assert_eq!(calls[0].parameter("sign_method"), Some(sign_method));
    }
}
