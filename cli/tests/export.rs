//! `cargo top export` as a process.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests panic on failure")]

mod support;

use std::fs;

use serde_json::Value as Json;
use support::{absent_path, cargo_top, text};

fn export(arguments: &[&str]) -> Json {
    let output = cargo_top(&[&["export"], arguments].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_str(text(&output.stdout)).unwrap()
}

#[test]
fn exports_selected_methods() {
    let openapi = export(&["openapi", "taobao.time.get", "taobao.trade.get"]);
    let paths: Vec<_> = openapi["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(paths, ["/router/rest?method=taobao.trade.get", "/router/rest?method=taobao.time.get"]);

    let postman = export(&["postman", "--category", "util", "--category", "subuser", "taobao.trade.get"]);
    let folders: Vec<_> =
        postman["item"].as_array().unwrap().iter().map(|folder| folder["name"].as_str().unwrap()).collect();
    assert_eq!(folders, ["子账号 Sub-accounts", "订单 Orders", "工具 Tools"]);

    let path = absent_path("export.json");
    let output = cargo_top(&["export", "json-schema", "taobao.time.get", "--out"]).arg(&path).output().unwrap();
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), ""));
    let schema: Json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["$defs"]["taobao.time.get.request"]["properties"], serde_json::json!({}));
}

/// Equal objects of several methods have one schema, and different objects of one type have several.
#[test]
fn shares_the_schemas_of_equal_objects() {
    let document = export(&["openapi", "--category", "trade"]);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let text = document.to_string();
    let uses = |name: &str| text.matches(&format!("\"#/components/schemas/{name}\"")).count();
    assert!(schemas.keys().all(|name| uses(name) > 0), "a schema is not used");
    assert!(schemas.keys().any(|name| name.ends_with("Trade") && uses(name) > 1), "no schema of Trade is shared");
    let trades: Vec<_> = schemas.keys().filter(|name| name.ends_with("Trade")).collect();
    assert!(trades.len() > 1, "{trades:?}");
}

#[test]
fn reports_usage_errors() {
    for (arguments, status, reported) in [
        (
            &["yaml"][..],
            2,
            "error: invalid value 'yaml' for '<FORMAT>'\n  [possible values: openapi, postman, json-schema]",
        ),
        (
            &["openapi", "taobao.trade.gett"],
            2,
            "unknown method \"taobao.trade.gett\": no spec describes it; did you mean taobao.trade.get?",
        ),
        (
            &["openapi", "--category", "trades"],
            2,
            "unknown category \"trades\": no spec describes it; did you mean trade?",
        ),
        (&["openapi", "taobao.time.get", "--out", "no/such/folder/x.json"], 1, "cannot write no/such/folder/x.json: "),
    ] {
        let output = cargo_top(&[&["export"], arguments].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert!(text(&output.stderr).starts_with(reported), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
    }
}
