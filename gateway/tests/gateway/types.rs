//! Every type of the protocol in requests and responses, with the fixtures of the generator.

use std::path::Path;

use codegen::spec;
use gateway::Gateway;
use generated_sdk::protocol::{File, Request};
use generated_sdk::{Client, Error, Format};

use crate::fixture::fixture_everything_get::{Order, Part};
use crate::fixture::fixture_limits_set::Sku;
use crate::fixture::{
    FixtureEverythingGetRequest, FixtureEverythingGetRequired, FixtureLimitsSetRequest, FixtureNamesGetRequest,
    FixtureNothingToSay2015_03_01Request,
};
use crate::support::{self, KEY, SECRET};

/// Starts a gateway for the fixtures. Returns a client for each format of responses.
async fn clients() -> Vec<Client> {
    let specs = spec::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../codegen/tests/fixtures/specs")).unwrap();
    let (address, _) = support::start_with(Gateway::builder(specs).application(KEY, SECRET)).await;
    [(Format::Json, false), (Format::Json, true), (Format::Xml, false)]
        .map(|(format, simplify)| {
            let client = support::client(address).format(format).simplify(simplify).strict(true).validate(false);
            client.build().unwrap().with_session("session")
        })
        .to_vec()
}

/// Executes a request in each format. Returns the value, which must be the same.
async fn execute<R: Request>(clients: &[Client], request: &R) -> R::Response
where
    R::Response: PartialEq + std::fmt::Debug,
{
    let mut values = Vec::new();
    for client in clients {
        let response = client.execute(request).await.unwrap();
        assert!(response.request_id().is_some());
        values.push(response.into_value());
    }
    assert!(values.windows(2).all(|pair| pair[0] == pair[1]), "{values:#?}");
    values.remove(0)
}

async fn refused<R: Request>(clients: &[Client], request: &R) -> String
where
    R::Response: std::fmt::Debug,
{
    match clients[0].execute(request).await {
        Err(Error::Platform(error)) => format!("{} {}", error.code, error.sub_msg.unwrap_or(error.msg)),
        other => panic!("{other:?}"),
    }
}

fn everything() -> FixtureEverythingGetRequest {
    let moment = "2016-01-01 12:00:00".parse().unwrap();
    FixtureEverythingGetRequest::new(FixtureEverythingGetRequired {
        text: "端 & text".into(),
        number: i64::MIN,
        flag: true,
        moment,
        money: "5.00".parse().unwrap(),
        exact: "0.1234567890123456789".parse().unwrap(),
        json: serde_json::json!({"a": [1, "/"]}),
        map: serde_json::json!({"k": 1}),
        fields: vec!["num_iid".into(), "title".into()],
        texts: vec!["a".into(), "b".into()],
        order: Order::new(1).memo("m").parts([Part::new("x").price(2)]),
    })
    .numbers([1, 2])
    .flags([true, false])
    .moments([moment, moment])
    .moneys([1, 2])
    .jsons([serde_json::json!({"a": 1, "b": 2}), serde_json::json!([1, 2])])
    .other_order(Order::new(2))
    .orders([Order::new(3), Order::new(4)])
}

#[tokio::test]
async fn every_type_is_decoded_from_every_format() {
    let clients = clients().await;
    let value = execute(&clients, &everything()).await;
    assert_eq!(value.text.as_deref(), Some("a & b < c"));
    assert_eq!(value.number, Some(9_007_199_254_740_993));
    assert_eq!(value.exact.unwrap().to_string(), "0.1234567890123456789");
    assert_eq!(value.json, Some(serde_json::json!({"a": [1, "b"]})));
    assert_eq!(value.fields, ["num_iid", "title"]);
    assert_eq!(
        (value.texts.as_slice(), value.numbers.as_slice()),
        (&["a".to_owned(), "b".to_owned()][..], &[1, 2][..])
    );
    assert_eq!(value.trade.as_ref().unwrap().orders[0].title.as_deref(), Some("商品"));
    // The fixture documents `request_id`, which differs for each call.
    let names = clients[2].execute(&FixtureNamesGetRequest::new("t").a_b("x").端口(1)).await.unwrap();
    assert_eq!(names.r#match.as_deref(), Some("match"));
    assert_eq!(names.request_id.as_deref(), names.request_id());
    execute(&clients, &FixtureNothingToSay2015_03_01Request::new()).await;
    let limits = execute(&clients, &limits()).await;
    assert_eq!(limits.status.unwrap().to_string(), "TRADE_CLOSED");
}

fn limits() -> FixtureLimitsSetRequest {
    #[expect(deprecated, reason = "the method is deprecated, to have one that is")]
    FixtureLimitsSetRequest::new("标题", "TRADE_CLOSED", File::new(*b"GIF89a\r\n").name("a\"b.gif"))
}

#[tokio::test]
async fn gateway_checks_types_and_limits() {
    let clients = clients().await;
    let order = |order: Order| {
        let mut request = everything();
        request.order = order;
        request
    };
    assert_eq!(
        refused(&clients, &order(Order::new(1).parts([Part::new("")]))).await,
        "40 order.parts[0].sku is required"
    );
    let mut request = everything();
    request.json = "no JSON".into();
    assert_eq!(refused(&clients, &request).await, "41 json must be valid JSON");
    request.json = "{}".into();
    request.map = "[]".into();
    assert_eq!(refused(&clients, &request).await, "41 map must be a JSON object");
    for (request, expected) in [
        (limits().num(0), "41 num must be at least 1"),
        (limits().num(101), "41 num must be at most 100"),
        (limits().price(-1), "41 price must be at least 0"),
        (limits().num_iids([1, 2, 3, 4]), "41 num_iids must have at most 3 elements"),
        (limits().nicks("a,b,c"), "41 nicks must have at most 2 elements"),
        (limits().skus([Sku::new("1234")]), "41 skus[0].outer_id must have at most 3 characters"),
        (limits().skus(["a", "b", "c"].map(Sku::new)), "41 skus must have at most 2 elements"),
    ] {
        assert_eq!(refused(&clients, &request).await, expected);
    }
    let mut request = limits();
    request.picture = File::new(*b"123456789");
    assert_eq!(refused(&clients, &request).await, "41 picture must have at most 8 bytes");
    request = limits();
    request.title = "一二三四😀".into();
    assert_eq!(refused(&clients, &request).await, "41 title must have at most 5 characters");
    // Values at the limits are accepted.
    for request in [
        limits().num(1),
        limits().num(100),
        limits().price(0),
        limits().num_iids([1, 2, 3]),
        limits().nicks("a,b"),
        limits().skus(["123", "4"].map(Sku::new)),
    ] {
        execute(&clients, &request).await;
    }
    request = limits();
    request.title = "一二三😀".into();
    execute(&clients, &request).await;
    request.picture = File::new(*b"12345678");
    execute(&clients, &request).await;
    let without_session = [clients[0].with_session("")];
    let expected = "26 the method requires a session: send any text as session";
    assert_eq!(refused(&without_session, &limits()).await, expected);
}
