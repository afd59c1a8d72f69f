//! Folders of response files, and their templates.

use std::fs;
use std::path::Path;

use gateway::{ParseTemplateError, RunningGateway};
use generated_sdk::api::trade::TradeGetRequest;
use generated_sdk::{Client, Error, Format};
use serde_json::{Value as Json, json};

use crate::support::{self, chain};

/// Starts a gateway with the files of a folder: names and contents.
async fn start(files: &[(&str, Json)]) -> RunningGateway {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        write(folder.path(), name, &content.to_string());
    }
    let gateway = support::gateway().start().await.unwrap();
    gateway.load_responses(folder.path()).unwrap();
    gateway
}

fn write(folder: &Path, name: &str, content: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn client(gateway: &RunningGateway, format: Format) -> Client {
    support::client(gateway.address()).format(format).session("s1").strict(true).build().unwrap()
}

#[tokio::test]
async fn placeholders_have_values_of_the_call_in_each_format() {
    let gateway = start(&[(
        "taobao.trade.get.json",
        json!({ "trade": {
            "tid": "{{tid}}", "title": "{{session}} & {{tid}}", "created": "{{now}}", "num": "{{target_app_key}}",
            "orders": [{ "oid": "{{tid}}", "title": "<{{fields}}>" }],
        }}),
    )])
    .await;
    for format in [Format::Xml, Format::Json] {
        let response =
            client(&gateway, format).execute(&TradeGetRequest::new(["tid", "\"],}"], 2_001_000_000_000_000_001)).await;
        let response = response.unwrap_or_else(|error| panic!("{}", chain(&error)));
        let trade = response.trade.as_ref().unwrap();
        assert_eq!(trade.tid, Some(2_001_000_000_000_000_001));
        assert_eq!(trade.title.as_deref(), Some("s1 & 2001000000000000001"));
        assert!(trade.created.is_some());
        assert_eq!(trade.num, None, "a parameter that is not sent");
        assert_eq!(trade.orders[0].title.as_deref(), Some("<tid,\"],}>"));
    }
}

#[tokio::test]
async fn files_of_a_method_match_parameters() {
    let gateway = start(&[
        ("taobao.trade.get.json", json!({ "trade": { "title": "any" } })),
        (
            "taobao.trade.get/one.json",
            json!({ "parameters": { "tid": "1001" }, "response": { "trade_get_response": { "trade": { "title": "one {{tid}}" } } } }),
        ),
        (
            "taobao.trade.get/refused.json",
            json!({ "parameters": { "tid": "1002" },
                "response": { "error_response": { "code": 15, "sub_code": "isv.no-{{tid}}", "sub_msg": "no trade {{tid}}" } } }),
        ),
        ("taobao.trade.get/notes.txt", json!("not a response")),
    ])
    .await;
    let client = client(&gateway, Format::Json);
    let title = async |tid| {
        client
            .execute(&TradeGetRequest::new(["tid"], tid))
            .await
            .map(|response| response.trade.as_ref().unwrap().title.clone().unwrap())
    };
    assert_eq!(title(1000).await.unwrap(), "any");
    assert_eq!(title(1001).await.unwrap(), "one 1001");
    match title(1002).await {
        Err(Error::Platform(error)) => {
            assert_eq!(
                (error.sub_code.as_deref(), error.sub_msg.as_deref()),
                (Some("isv.no-1002"), Some("no trade 1002"))
            );
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn invalid_files_are_reported_with_their_path() {
    let gateway = support::gateway().start().await.unwrap();
    for (name, content, problem) in [
        ("taobao.trade.get.json", "[]", "expected a JSON object"),
        ("taobao.trade.get.json", "{", "EOF while parsing"),
        ("taobao.trade.get.json", r#"{"trade":{"tid":{{tid}}}}"#, "key must be a string"),
        (
            "taobao.trade.get.json",
            r#"{"trade":{"tid":"{{tod}}"}}"#,
            "unknown placeholder {{tod}}: expected a parameter of",
        ),
        ("taobao.trade.get/a.json", r#"{"response":{}}"#, "missing field `parameters`"),
        ("taobao.trade.get/a.json", r#"{"parameters":{},"response":{"a":"{{"}}"#, "a placeholder has no end"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), name, content);
        let error = gateway.load_responses(folder.path()).unwrap_err();
        let reported = chain(&error);
        assert!(error.path.ends_with(name) && reported.starts_with("cannot use "), "{reported}");
        assert!(reported.contains(problem), "{reported}");
    }
    let reported = chain(&gateway.load_responses("nowhere").unwrap_err());
    assert!(reported.starts_with("cannot read the folder nowhere: "), "{reported}");
}

#[tokio::test]
async fn templates_know_the_parameters_of_their_method() {
    let gateway = support::gateway().start().await.unwrap();
    for known in ["tid", "session", "app_key", "now", "fields.a"] {
        gateway.template("taobao.trade.get", json!({ "a": format!("{{{{{known}}}}}") })).unwrap();
    }
    let unknown = gateway.template("taobao.trade.get", json!({ "a": "{{refund_id}}" }));
    assert!(matches!(unknown, Err(ParseTemplateError::Unknown { .. })));
    // Nothing is known of a method without a spec.
    gateway.template("taobao.no.spec", json!({ "a": "{{refund_id}}" })).unwrap();
}
