//! The gateway as a test kit: programmed responses, and the calls that arrived.

use codegen::spec::{Specs, built_in_platform};
use gateway::{Gateway, RunningGateway};
use generated_sdk::api::top::{TopClientTokenGetRequest, TopClientTokenGetResponse};
use generated_sdk::api::trade::trade_fullinfo_get::{Order, Trade};
use generated_sdk::api::trade::{TradeFullinfoGetRequest, TradeFullinfoGetResponse};
use generated_sdk::{Client, Error, Format};
use serde_json::json;

use crate::support::{self, KEY, SECRET};

async fn start() -> RunningGateway {
    support::gateway().start().await.unwrap()
}

fn client(gateway: &RunningGateway) -> Client {
    support::client(gateway.address()).strict(true).session("a session").build().unwrap()
}

/// Returns the token of a call, or the code of its refusal.
async fn token(client: &Client, parameter: &str) -> Result<String, i64> {
    match client.execute(&TopClientTokenGetRequest::new(parameter)).await {
        Ok(response) => Ok(response.token.clone().unwrap_or_default()),
        Err(Error::Platform(error)) => Err(error.code.number().unwrap()),
        Err(error) => panic!("{error}"),
    }
}

const METHOD: &str = "taobao.top.client.token.get";

#[tokio::test]
async fn programs_responses_to_calls() {
    let gateway = start().await;
    let client = client(&gateway);
    gateway.on(METHOD).respond(json!({ "token": "first" }));
    assert_eq!(token(&client, "a").await, Ok("first".to_owned()));
    // A response to all calls replaces the one before.
    gateway.on(METHOD).respond(json!({ "token": "all" }));
    gateway.on(METHOD).with("sec_token", "special").respond(json!({ "token": "special" }));
    gateway.on(METHOD).once().refuse(7);
    gateway
        .on(METHOD)
        .respond_each([json!({ "token": "1" }), json!({ "top_client_token_get_response": { "token": "2" } })]);
    gateway.on(METHOD).with("session", "another session").refuse(27);
    let mut tokens = Vec::new();
    for parameter in ["a", "a", "a", "a", "special", "a"] {
        tokens.push(token(&client, parameter).await);
    }
    let expected = [Err(7), Ok("1"), Ok("2"), Ok("all"), Ok("special"), Ok("all")];
    assert_eq!(tokens, expected.map(|token| token.map(str::to_owned)));
    assert_eq!(token(&client.with_session("another session"), "a").await, Err(27));
    gateway.reset();
    assert_eq!(token(&client, "a").await, Ok("token".to_owned()));
}

#[tokio::test]
async fn programs_refusals_with_their_reason() {
    let gateway = start().await;
    gateway.on_request::<TopClientTokenGetRequest>().times(1).refuse_with(15, "isp.busy", "try later");
    let error = client(&gateway).execute(&TopClientTokenGetRequest::new("a")).await.unwrap_err();
    let Error::Platform(error) = error else { panic!("{error}") };
    assert_eq!((error.sub_code.as_deref(), error.sub_msg.as_deref()), (Some("isp.busy"), Some("try later")));
    assert!(error.request_id.is_some());
    // A response that is no object is a refusal with the reason.
    gateway.on(METHOD).respond("text");
    let error = client(&gateway).execute(&TopClientTokenGetRequest::new("a")).await.unwrap_err();
    assert!(error.to_string().contains("expected a JSON object"), "{error}");
}

/// A generated response comes back equal in every format.
#[tokio::test]
async fn programs_typed_responses() {
    let gateway = start().await;
    let order = |oid| {
        let mut order = Order::default();
        order.oid = Some(oid);
        order.payment = Some("12.50".parse().unwrap());
        order
    };
    let mut trade = Trade::default();
    trade.tid = Some(9_007_199_254_740_993);
    trade.created = Some("2024-06-18 10:00:00".parse().unwrap());
    trade.orders = vec![order(1), order(2)];
    let mut response = TradeFullinfoGetResponse::default();
    response.trade = Some(trade);
    gateway.on_request::<TradeFullinfoGetRequest>().with("tid", "1").respond(&response);
    for (format, simplify) in [(Format::Json, false), (Format::Json, true), (Format::Xml, false)] {
        let client = support::client(gateway.address()).strict(true).session("s").format(format).simplify(simplify);
        let received = client.build().unwrap().execute(&TradeFullinfoGetRequest::new(["tid"], 1)).await.unwrap();
        assert_eq!(*received, response);
    }
    let typed = |token: &str| {
        let mut response = TopClientTokenGetResponse::default();
        response.token = Some(token.to_owned());
        response
    };
    gateway.on_request::<TopClientTokenGetRequest>().respond_each([&typed("1"), &typed("2")]);
    let client = client(&gateway);
    assert_eq!(token(&client, "a").await, Ok("1".to_owned()));
    assert_eq!(token(&client, "a").await, Ok("2".to_owned()));
}

#[tokio::test]
async fn serves_programmed_methods_without_specs() {
    let specs = Specs { platform: built_in_platform().unwrap(), methods: Vec::new(), topics: Vec::new() };
    let gateway = Gateway::builder(specs).application(KEY, SECRET).start().await.unwrap();
    let client = client(&gateway);
    assert_eq!(token(&client, "a").await, Err(22));
    gateway.on(METHOD).once().respond(json!({ "token": "t", "ratio": 0.5, "none": null, "list": [1, 2] }));
    let response = client.call(METHOD, ()).await.unwrap();
    let mut value = response.into_value();
    value.as_object_mut().unwrap().remove("request_id");
    assert_eq!(value, json!({ "token": "t", "ratio": 0.5, "list": { "list": [1, 2] } }));
    let error = client.call(METHOD, ()).await.unwrap_err();
    assert!(error.to_string().contains("no programmed response"), "{error}");
    // The checks of every call apply.
    gateway.on(METHOD).respond(json!({}));
    let wrong = Client::builder(gateway.url(), generated_sdk::AppCredentials::new(KEY, "wrong")).build().unwrap();
    assert_eq!(token(&wrong, "a").await, Err(25));
}

#[tokio::test]
async fn records_calls() {
    let gateway = start().await;
    let client = client(&gateway);
    gateway.on(METHOD).with("sec_token", "bad").refuse_with(15, "isp.x", "m");
    let _ = (token(&client, "good").await, token(&client, "bad").await);
    client.call("taobao.time.get", ()).await.unwrap();
    let calls = gateway.calls();
    let numbers: Vec<_> = calls.iter().map(|call| (call.number, call.method().unwrap(), call.code())).collect();
    assert_eq!(numbers, [(1, METHOD, None), (2, METHOD, Some(15)), (3, "taobao.time.get", None)]);
    assert_eq!(calls[0].parameter("sec_token"), Some("good"));
    assert_eq!(
        (calls[0].session(), calls[0].app_key(), calls[0].verb.as_str()),
        (Some("a session"), Some(KEY), "POST")
    );
    let refusal = calls[1].refusal.as_ref().unwrap();
    assert_eq!(
        (refusal.sub_code.as_deref(), refusal.explanation.as_str()),
        (Some("isp.x"), "15 Remote Service Error: m")
    );
    assert_eq!(gateway.calls_of(METHOD).len(), 2);
    assert!(!format!("{calls:?}").contains("a session"), "{calls:?}");
}

/// Without a runtime, and with the blocking client.
#[test]
fn starts_in_blocking_tests() {
    let gateway = support::gateway().start_blocking().unwrap();
    gateway.on(METHOD).respond(json!({ "token": "t" }));
    let client = generated_sdk::blocking::Client::new(client(&gateway)).unwrap();
    let response = client.execute(&TopClientTokenGetRequest::new("a")).unwrap();
    assert_eq!(response.token.as_deref(), Some("t"));
    assert_eq!(gateway.calls().len(), 1);
    let address = gateway.address();
    drop((gateway, client));
    // The port is closed soon after.
    while std::net::TcpStream::connect(address).is_ok() {
        std::thread::yield_now();
    }
}
