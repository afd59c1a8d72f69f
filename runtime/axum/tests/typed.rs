//! Typed SPI calls, signed by a reference implementation (docs/protocol.md section 7.3).

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use generated_sdk::api::qimen::qimen_inventory_query_spi::Item;
use generated_sdk::api::qimen::{
    QimenDeliveryorderCreateSpiRequest, QimenInventoryQuerySpiRequest, QimenInventoryQuerySpiResponse,
    QimenOrderCancelSpiRequest, QimenOrderCancelSpiResponse,
};
use http_body_util::BodyExt;
use md5::{Digest, Md5};
use proptest::prelude::*;
use top_axum::{SpiRouter, TypedCall};
use top_protocol::spi::{Decoded, Spi, SpiCall, SpiContentError, SpiRefusal, SpiVerifier};
use tower_service::Service;

const SECRET: &str = "helloworld";

/// Returns a call that is signed without the code under test. `fields` is the form; texts are in the charset of the call.
fn signed(
    method: &str,
    query: &[(&str, &str)],
    content_type: &str,
    body: &[u8],
    fields: &[(&str, &str)],
) -> Request<Vec<u8>> {
    let public = [("app_key", "12345678"), ("method", method), ("timestamp", "2016-01-01 12:00:00")];
    let query: Vec<_> = public.iter().chain(query).copied().collect();
    let parameters: BTreeMap<_, _> = fields.iter().chain(&query).copied().collect();
    let mut text = SECRET.as_bytes().to_vec();
    for (name, value) in parameters {
        text.extend(name.bytes().chain(value.bytes()));
    }
    text.extend(body);
    text.extend(SECRET.as_bytes());
    let sign: String = Md5::digest(&text).iter().map(|byte| format!("{byte:02X}")).collect();
    let body = if fields.is_empty() { body.to_vec() } else { encoded(fields).into_bytes() };
    let request = Request::builder().method("POST").uri(format!("/spi?{}&sign={sign}", encoded(&query)));
    request.header("Content-Type", content_type).body(body).unwrap()
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    pairs.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect::<Vec<_>>().join("&")
}

fn xml(method: &str, body: &str) -> Request<Vec<u8>> {
    signed(method, &[("format", "xml")], "text/xml;charset=utf-8", body.as_bytes(), &[])
}

fn json(method: &str, body: &str) -> Request<Vec<u8>> {
    signed(method, &[("format", "json")], "application/json", body.as_bytes(), &[])
}

fn form(method: &str, fields: &[(&str, &str)]) -> Request<Vec<u8>> {
    signed(method, &[], "application/x-www-form-urlencoded", b"", fields)
}

fn verified(request: &Request<Vec<u8>>) -> SpiCall {
    SpiVerifier::new(SECRET).any_timestamp().verify(request).unwrap()
}

fn decoded<R: Spi>(request: &Request<Vec<u8>>) -> Decoded<R> {
    verified(request).decode().unwrap()
}

const CANCEL: &str = "taobao.qimen.order.cancel";
const QUERY: &str = "taobao.qimen.inventory.query";
const CREATE: &str = "taobao.qimen.deliveryorder.create";

#[test]
fn decodes_every_form_of_a_request() {
    let mut expected = QimenOrderCancelSpiRequest::default();
    expected.warehouse_code = Some("OTHER".to_owned());
    expected.order_code = Some("小二<1>".to_owned());
    let object = r#"{"warehouseCode":"OTHER","orderCode":"小二<1>"}"#;
    let document = "<warehouseCode>OTHER</warehouseCode><orderCode>小二&lt;1&gt;</orderCode>";
    let fields = [("warehouseCode", "OTHER"), ("orderCode", "小二<1>")];
    for request in [
        xml(CANCEL, &format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<request>{document}</request>")),
        // The name of the root element does not matter.
        xml(CANCEL, &format!("<orderCancel>{document}</orderCancel>")),
        json(CANCEL, object),
        json(CANCEL, &format!(r#"{{"request":{object}}}"#)),
        form(CANCEL, &fields),
        signed(CANCEL, &fields, "application/json", b"", &[]),
        // The body hides a parameter of the same name, and a parameter fills a field that the body lacks.
        signed(
            CANCEL,
            &[("warehouseCode", "OTHER"), ("orderCode", "hidden")],
            "application/json",
            r#"{"orderCode":"小二<1>"}"#.as_bytes(),
            &[],
        ),
    ] {
        let decoded = decoded::<QimenOrderCancelSpiRequest>(&request);
        assert_eq!(*decoded, expected, "{request:?}");
        assert_eq!(decoded.mismatches(), [], "{request:?}");
        assert!(decoded.unknown_fields().is_empty(), "{request:?}");
    }
}

#[test]
fn decodes_gbk() {
    let body = b"<?xml version=\"1.0\" encoding=\"GBK\"?><request><orderCode>\xd0\xa1\xb6\xfe</orderCode></request>";
    let request = signed(CANCEL, &[], "text/xml;charset=GBK", body, &[]);
    assert_eq!(decoded::<QimenOrderCancelSpiRequest>(&request).order_code.as_deref(), Some("小二"));
}

#[test]
fn decodes_both_forms_of_a_list() {
    let item = |code: &str| format!("<itemCode>{code}</itemCode>");
    let (a, b) = (item("A"), item("B"));
    let objects = r#"[{"itemCode":"A"},{"itemCode":"B"}]"#;
    for request in [
        xml(
            QUERY,
            &format!(
                "<request><criteriaList><criteria>{a}</criteria><criteria>{b}</criteria></criteriaList></request>"
            ),
        ),
        json(QUERY, &format!(r#"{{"criteriaList":{objects}}}"#)),
        json(QUERY, &format!(r#"{{"criteriaList":{{"criteria":{objects}}}}}"#)),
        form(QUERY, &[("criteriaList", objects)]),
        form(QUERY, &[("criteriaList", &format!(r#"{{"criteria":{objects}}}"#))]),
    ] {
        let decoded = decoded::<QimenInventoryQuerySpiRequest>(&request);
        let codes: Vec<_> = decoded.criteria_list.iter().map(|criteria| criteria.item_code.as_deref()).collect();
        assert_eq!(codes, [Some("A"), Some("B")], "{request:?}");
    }
    // One element, and nested lists.
    let request = xml(QUERY, &format!("<request><criteriaList><criteria>{a}</criteria></criteriaList></request>"));
    assert_eq!(decoded::<QimenInventoryQuerySpiRequest>(&request).criteria_list.len(), 1);
    let lines = "<orderLines><orderLine><orderLineNo>1</orderLineNo></orderLine><orderLine><orderLineNo>2</orderLineNo>\
                 </orderLine></orderLines>";
    let request = xml(
        CREATE,
        &format!("<request><deliveryOrder><deliveryOrderCode>C1</deliveryOrderCode></deliveryOrder>{lines}</request>"),
    );
    let request = decoded::<QimenDeliveryorderCreateSpiRequest>(&request);
    assert_eq!(request.delivery_order.as_ref().unwrap().delivery_order_code.as_deref(), Some("C1"));
    assert_eq!(request.order_lines.len(), 2);
}

#[test]
fn reports_values_that_do_not_match() {
    let request = json(QUERY, r#"{"remark":"r","criteriaList":[{"itemCode":"A"},5],"other":1}"#);
    let decoded = decoded::<QimenInventoryQuerySpiRequest>(&request);
    assert_eq!(decoded.remark.as_deref(), Some("r"));
    assert_eq!(decoded.mismatches()[0].path, "criteriaList[1]");
    assert_eq!(decoded.unknown_fields()[0].path, "other");
    // An empty root element or object is a request without fields.
    for request in [xml(QUERY, "<request/>"), xml(QUERY, "<request></request>"), json(QUERY, "{}"), json(QUERY, "")] {
        assert_eq!(self::decoded::<QimenInventoryQuerySpiRequest>(&request).into_value(), Default::default());
    }
}

#[test]
fn refuses_other_content() {
    let syntax = |request: &Request<Vec<u8>>| match verified(request).decode::<QimenInventoryQuerySpiRequest>() {
        Err(SpiContentError::Syntax { problem, .. }) => problem,
        other => panic!("{other:?}"),
    };
    for body in ["[]", "1", "{", "{} {}", r#"{"criteriaList":[{]}"#, "text"] {
        assert!(!syntax(&json(QUERY, body)).is_empty(), "{body}");
    }
    for body in ["<request>", "<request></other>", "<a/><", "<"] {
        assert!(!syntax(&xml(QUERY, body)).is_empty(), "{body}");
    }
    let error = verified(&json(QUERY, "{}")).decode::<QimenOrderCancelSpiRequest>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot decode the SPI call: expected the method taobao.qimen.order.cancel, found \"taobao.qimen.inventory.query\""
    );
}

proptest! {
    /// Nothing panics on any body, and a refused body says why.
    #[test]
    fn decodes_or_refuses_any_body(body in r#"[<>/{}\[\]":,a-c0-9 \\]{0,40}|<request>.{0,20}</request>|\{"criteriaList":.{0,20}\}"#) {
        for request in [xml(QUERY, &body), json(QUERY, &body)] {
            if let Err(error) = verified(&request).decode::<QimenInventoryQuerySpiRequest>() {
                prop_assert!(error.to_string().len() > "cannot decode the SPI call: ".len());
            }
        }
    }
}

#[test]
fn ignores_the_prefix_of_the_method() {
    for method in [CANCEL, "qimen.order.cancel", "order.cancel"] {
        assert!(verified(&json(method, "{}")).is::<QimenOrderCancelSpiRequest>(), "{method}");
    }
    for method in ["cancel", "order.cancel.other", "x.order.cancel"] {
        assert!(!verified(&json(method, "{}")).is::<QimenOrderCancelSpiRequest>(), "{method}");
    }
}

#[test]
fn encodes_responses() {
    let response = QimenInventoryQuerySpiResponse::new()
        .flag("success")
        .message("<小二>\u{1}&")
        .items([Item::new().item_code("A").quantity(7104300007405429232), Item::new().item_code("B")]);
    let call = verified(&xml(QUERY, "<request/>"));
    let encoded = call.response::<QimenInventoryQuerySpiRequest>(&response);
    assert_eq!(
        encoded.body(),
        "<response><flag>success</flag><message>&lt;小二&gt;&amp;</message><items><item><itemCode>A</itemCode>\
         <quantity>7104300007405429232</quantity></item><item><itemCode>B</itemCode></item></items></response>"
    );
    assert_eq!(encoded.content_type(), "text/xml;charset=UTF-8");
    let call = verified(&json(QUERY, "{}"));
    let encoded = call.response::<QimenInventoryQuerySpiRequest>(&response);
    assert_eq!(
        encoded.body(),
        r#"{"response":{"flag":"success","message":"<小二>\u0001&","items":[{"itemCode":"A","quantity":7104300007405429232},{"itemCode":"B"}]}}"#
    );
}

async fn cancel(call: TypedCall<QimenOrderCancelSpiRequest>) -> Result<QimenOrderCancelSpiResponse, SpiRefusal> {
    match call.order_code.as_deref() {
        Some("JY1") => Ok(QimenOrderCancelSpiResponse::new().flag("success")),
        _ => Err(call.call().refusal().with_code("unknown-order", "Unknown order")),
    }
}

/// Sends a call to a router with the handler [`cancel`], and returns the body.
async fn respond(request: Request<Vec<u8>>) -> String {
    let callbacks = SpiRouter::new(SpiVerifier::new(SECRET).any_timestamp()).method(cancel);
    let mut router: Router = Router::new().route("/spi", callbacks.into_route());
    let response = router.call(request.map(Body::from)).await.unwrap();
    assert_eq!(response.status(), 200);
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn dispatches_calls_by_method() {
    let body = respond(xml("order.cancel", "<request><orderCode>JY1</orderCode></request>")).await;
    assert_eq!(body, "<response><flag>success</flag></response>");
    let body = respond(json(CANCEL, r#"{"orderCode":"JY1"}"#)).await;
    assert_eq!(body, r#"{"response":{"flag":"success"}}"#);
    let body = respond(xml(CANCEL, "<request><orderCode>JY2</orderCode></request>")).await;
    assert!(
        body.starts_with("<response><flag>failure</flag>") && body.contains("<code>unknown-order</code>"),
        "{body}"
    );
}

#[tokio::test]
async fn refuses_calls_in_their_format() {
    let body = respond(xml(QUERY, "<request/>")).await;
    assert!(body.contains("<code>invalid-method</code>"), "{body}");
    let body = respond(json(CANCEL, "[]")).await;
    assert!(body.contains(r#""code":"invalid-parameter""#), "{body}");
    let mut forged = json(CANCEL, r#"{"orderCode":"JY1"}"#);
    *forged.body_mut() = r#"{"orderCode":"JY2"}"#.into();
    let body = respond(forged).await;
    assert!(body.contains(r#""code":"sign-check-failure""#), "{body}");
}
