//! Recording of another gateway, and the replay of what was recorded.

use std::fs;
use std::path::Path;

use gateway::{Recorder, Resource, RunningGateway, ShopState};
use generated_sdk::api::trade::TradeGetRequest;
use generated_sdk::{Client, Error, Format};
use serde_json::{Value as Json, json};

use crate::support::{self, KEY, SECRET, chain};

/// Starts a gateway that records `real` in `folder`. It has no application: credentials are passed on unchecked.
async fn recording(real: &RunningGateway, folder: &Path) -> RunningGateway {
    let specs = support::specs();
    let recorder = Recorder::new(real.url(), folder).unwrap();
    gateway::Gateway::builder(specs).record(recorder).start().await.unwrap()
}

fn client(gateway: &RunningGateway, format: Format) -> Client {
    support::client(gateway.address()).format(format).session("a-real-session").strict(true).build().unwrap()
}

fn shop() -> (ShopState, i64) {
    let state = ShopState::new();
    let tid = 2_001_000_000_000_000_001;
    let order = json!({ "oid": tid, "title": "杯子 {{now}}", "status": "WAIT_SELLER_SEND_GOODS" });
    state
        .put(
            Resource::Trade,
            json!({ "tid": tid, "title": "店铺", "seller_memo": "a-real-session", "orders": [order] }),
        )
        .unwrap();
    (state, tid)
}

/// Returns the texts of all files below a folder.
fn texts(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { texts.extend(self::texts(&path)) } else { texts.push(fs::read_to_string(&path).unwrap()) }
    }
    texts
}

/// A recorded response has the same values in the replay, whatever the formats of both.
#[tokio::test]
async fn replays_what_was_recorded() {
    let (state, tid) = shop();
    let real = support::gateway().state(state).start().await.unwrap();
    for format in [Format::Xml, Format::Json] {
        let folder = tempfile::tempdir().unwrap();
        let recording = recording(&real, folder.path()).await;
        let request = TradeGetRequest::new(["tid", "title", "seller_memo", "orders"], tid);
        let recorded =
            client(&recording, format).execute(&request).await.unwrap_or_else(|error| panic!("{}", chain(&error)));
        assert_eq!(
            recorded.trade.as_ref().unwrap().seller_memo.as_deref(),
            Some("a-real-session"),
            "unchanged for the caller"
        );
        let missing = client(&recording, format).execute(&TradeGetRequest::new(["tid"], 1001)).await;
        assert!(matches!(missing, Err(Error::Platform(_))), "{missing:?}");
        assert_eq!((real.calls().last().unwrap().session(), recording.calls().len()), (Some("a-real-session"), 2));
        assert_eq!(recording.calls()[1].code(), Some(15));

        let replay = support::gateway().start().await.unwrap();
        replay.load_responses(folder.path()).unwrap();
        for replayed in [Format::Xml, Format::Json] {
            let response =
                client(&replay, replayed).execute(&request).await.unwrap_or_else(|error| panic!("{}", chain(&error)));
            let (trade, before) = (response.trade.as_ref().unwrap(), recorded.trade.as_ref().unwrap());
            assert_eq!((trade.tid, &trade.title, &trade.orders), (before.tid, &before.title, &before.orders));
            assert_eq!(trade.seller_memo.as_deref(), Some("[hidden]"));
            let missing = client(&replay, replayed).execute(&TradeGetRequest::new(["tid"], 1001)).await;
            let Err(Error::Platform(error)) = missing else { panic!("{missing:?}") };
            assert_eq!(error.sub_code.as_deref(), Some("isv.trade-not-exist"));
        }
        for text in texts(folder.path()) {
            assert!(!text.contains("a-real-session") && !text.contains(KEY) && !text.contains(SECRET), "{text}");
        }
    }
}

#[tokio::test]
async fn stored_responses_have_no_secrets() {
    let real = support::gateway().start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let recording = recording(&real, folder.path()).await;
    let tokens =
        json!({ "access_token": "tok-access-1", "refresh_token": "tok-refresh-1", "taobao_user_nick": "nick" });
    real.on("taobao.top.auth.token.create").respond(json!({ "token_result": tokens.to_string() }));
    real.on("taobao.top.auth.token.refresh").respond(json!({ "token_result": tokens.to_string() }));
    real.on("taobao.time.get").respond(json!({ "time": "2026-01-01 00:00:00", "access_token": "tok-access-2",
        "inner": { "app_key": KEY, "echo": "session=a-real-session" } }));
    let client = support::client(recording.address()).session("a-real-session").build().unwrap();
    for (method, parameters) in [
        ("taobao.top.auth.token.create", vec![("code", "code-s3cr3t")]),
        ("taobao.top.auth.token.refresh", vec![("refresh_token", "tok-refresh-0")]),
        ("taobao.time.get", vec![]),
    ] {
        client.call(method, parameters).await.unwrap_or_else(|error| panic!("{method}: {}", chain(&error)));
    }
    let texts = texts(folder.path());
    assert_eq!(texts.len(), 6);
    for text in texts {
        for secret in ["tok-", "s3cr3t", "a-real-session", KEY, SECRET] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    let stored: Json =
        serde_json::from_str(&fs::read_to_string(folder.path().join("taobao.time.get.json")).unwrap()).unwrap();
    assert_eq!((&stored["access_token"], &stored["time"]), (&json!("[hidden]"), &json!("2026-01-01 00:00:00")));
}

/// Nothing is written outside the folder, and a response that is not one of TOP is passed on and not stored.
#[tokio::test]
async fn passes_on_what_it_cannot_store() {
    let folder = tempfile::tempdir().unwrap();
    let page = support::serve(support::http("403 Forbidden\r\nContent-Type: text/html", b"<html>no</html>")).await;
    let recorder = Recorder::new(format!("http://{page}/router/rest"), folder.path().join("inner")).unwrap();
    let recording = gateway::Gateway::builder(support::specs()).record(recorder).start().await.unwrap();
    for method in ["taobao.time.get", "..%2F..%2Fescape", ""] {
        let response = reqwest::get(format!("{}?method={method}&session=s1", recording.url())).await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
            (403, "text/html")
        );
        assert_eq!(response.text().await.unwrap(), "<html>no</html>");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn an_unreachable_gateway_is_reported_without_secrets() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::new(format!("http://{address}/"), folder.path()).unwrap();
    let (address, console) = support::start_with(gateway::Gateway::builder(support::specs()).record(recorder)).await;
    let response =
        reqwest::get(format!("http://{address}/?method=taobao.time.get&session=a-real-session")).await.unwrap();
    assert_eq!(response.status().as_u16(), 502);
    let text = response.text().await.unwrap() + &console.lines().join("\n");
    assert!(text.contains("cannot reach the recorded gateway") && !text.contains("a-real-session"), "{text}");
}
