//! The extractor in a router, without a socket.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::http::Request;
use axum::routing::any;
use http_body_util::BodyExt;
use top_axum::Verified;
use top_protocol::DateTime;
use top_protocol::spi::{SpiRequest, SpiVerifier};
use tower_service::Service;

/// A state with a verifier and other fields.
#[derive(Clone)]
struct State {
    verifier: SpiVerifier,
    name: &'static str,
}

impl FromRef<State> for SpiVerifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}

async fn handler(axum::extract::State(state): axum::extract::State<State>, Verified(call): Verified) -> String {
    format!("{} {:?} {:?} {}", state.name, call.method(), call.parameter("nick"), call.body())
}

fn noon() -> DateTime {
    "2016-01-01 12:00:00".parse().unwrap()
}

fn call() -> SpiRequest {
    SpiRequest::new("taobao.qimen.test", "12345678", "helloworld").timestamp(noon())
}

/// Sends a request to a router, and returns the status, the `Content-Type` and the body of the response.
async fn send(request: Request<Vec<u8>>) -> (u16, String, String) {
    let verifier = SpiVerifier::new("helloworld").with_clock(noon);
    let router = Router::new().route("/spi", any(handler)).layer(DefaultBodyLimit::max(64));
    let mut router = router.with_state(State { verifier, name: "state" });
    let response = router.call(request.map(Body::from)).await.unwrap();
    let status = response.status().as_u16();
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, content_type, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn handlers_receive_verified_calls() {
    let request = call().parameter("nick", "小二").json(r#"{"a":"1"}"#).sign("/spi").unwrap();
    let (status, _, body) = send(request).await;
    assert_eq!((status, body.as_str()), (200, r#"state Some("taobao.qimen.test") Some("小二") {"a":"1"}"#));
    let (_, _, body) = send(call().form("nick", "小二").sign("/spi").unwrap()).await;
    assert_eq!(body, r#"state Some("taobao.qimen.test") Some("小二") "#);
    let (_, _, body) = send(call().sign("/spi").unwrap()).await;
    assert_eq!(body, r#"state Some("taobao.qimen.test") None "#);
}

#[tokio::test]
async fn refuses_other_calls_in_their_format() {
    let mut request = call().json(r#"{"a":"1"}"#).sign("/spi").unwrap();
    request.body_mut()[6] = b'2';
    let (status, content_type, body) = send(request).await;
    assert_eq!((status, content_type.as_str()), (200, "application/json;charset=UTF-8"));
    assert!(body.contains(r#""sub_code":"sign-check-failure""#), "{body}");

    let late = call().timestamp("2016-01-01 11:00:00".parse().unwrap()).xml("<a/>").sign("/spi").unwrap();
    let (status, content_type, body) = send(late).await;
    assert_eq!((status, content_type.as_str()), (200, "text/xml;charset=UTF-8"));
    assert!(body.contains("<sub_code>sign-check-failure</sub_code>"), "{body}");
}

#[tokio::test]
async fn applies_the_body_limit_of_the_router() {
    let (status, _, _) = send(call().plain("a".repeat(64)).sign("/spi").unwrap()).await;
    assert_eq!(status, 200);
    let (status, _, body) = send(call().plain("a".repeat(65)).sign("/spi").unwrap()).await;
    assert_eq!(status, 413, "{body}");
}
