//! Signed SPI calls from the examples of the specs, to applications on loopback.

use axum::Router;
use axum::body::Body;
use gateway::{Gateway, Request, SpiSpecError, spec};
use generated_sdk::api::qimen::{
    QimenDeliveryorderCreateSpiRequest, QimenEntryorderCreateSpiRequest, QimenInventoryQuerySpiRequest,
    QimenOrderCancelSpiRequest, QimenOrderCancelSpiResponse, QimenOrderPendingSpiRequest,
    QimenReturnorderCreateSpiRequest, QimenSingleitemSynchronizeSpiRequest, QimenStockoutCreateSpiRequest,
};
use generated_sdk::axum::{SpiRouter, TypedCall};
use generated_sdk::protocol::Format;
use generated_sdk::protocol::spi::{Spi, SpiCharset, SpiRefusal, SpiVerifier};
use tower_service::Service;

const SECRET: &str = "helloworld";
const CANCEL: &str = "taobao.qimen.order.cancel";

fn gateway() -> Gateway {
    let specs = spec::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../specs").as_ref()).unwrap();
    Gateway::builder(specs).application("12345678", SECRET).build()
}

/// Checks that the examples of a method decode without loss in every format and charset.
fn decodes<R: Spi>(gateway: &Gateway) {
    let verifier = SpiVerifier::new(SECRET);
    let mut decoded = Vec::new();
    for (format, charset) in
        [(Format::Xml, SpiCharset::Utf8), (Format::Json, SpiCharset::Utf8), (Format::Xml, SpiCharset::Gbk)]
    {
        let call = gateway.spi_request(R::METHOD, format, &[("customerId", "c1")]).unwrap().charset(charset);
        let call = verifier.verify(&call.sign("http://127.0.0.1/spi").unwrap()).unwrap();
        assert_eq!((call.format(), call.parameter("customerId")), (format, Some("c1")));
        let request = call.decode::<R>().unwrap();
        assert_eq!(request.mismatches(), [], "{} {format:?}", R::METHOD);
        assert!(request.unknown_fields().is_empty(), "{} {:?}", R::METHOD, request.unknown_fields());
        assert_ne!(*request, R::default(), "{}", R::METHOD);
        decoded.push(request.into_value());
    }
    assert_eq!(decoded[0], decoded[2], "{}", R::METHOD);
}

#[test]
fn examples_of_every_spi_decode() {
    let gateway = gateway();
    decodes::<QimenDeliveryorderCreateSpiRequest>(&gateway);
    decodes::<QimenEntryorderCreateSpiRequest>(&gateway);
    decodes::<QimenInventoryQuerySpiRequest>(&gateway);
    decodes::<QimenOrderCancelSpiRequest>(&gateway);
    decodes::<QimenOrderPendingSpiRequest>(&gateway);
    decodes::<QimenReturnorderCreateSpiRequest>(&gateway);
    decodes::<QimenSingleitemSynchronizeSpiRequest>(&gateway);
    decodes::<QimenStockoutCreateSpiRequest>(&gateway);
}

#[test]
fn names_elements_as_qimen_does() {
    let call = gateway().spi_request("taobao.qimen.deliveryorder.create", Format::Xml, &[]).unwrap();
    let call = SpiVerifier::new(SECRET).verify(&call.sign("http://127.0.0.1/spi").unwrap()).unwrap();
    assert!(call.body().contains("<orderLines><orderLine>"), "{}", call.body());
    assert!(call.body().contains("<request>"), "{}", call.body());
}

#[test]
fn refuses_other_methods() {
    let gateway = gateway();
    let refused = |method| gateway.spi_request(method, Format::Xml, &[]).unwrap_err();
    assert_eq!(refused("a.b"), SpiSpecError::UnknownMethod("a.b".to_owned()));
    assert_eq!(refused("taobao.time.get"), SpiSpecError::NotSpi("taobao.time.get".to_owned()));
    let specs = spec::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../specs").as_ref()).unwrap();
    let without = Gateway::builder(specs).build();
    assert_eq!(without.spi_request(CANCEL, Format::Xml, &[]).unwrap_err(), SpiSpecError::NoApplication);
}

#[test]
fn an_spi_is_not_callable() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("qimen")).unwrap();
    let text =
        "method: qimen.a.query\ntitle: a\ndirection: spi\nrequest: []\nresponse: { node: response, fields: [] }\n";
    std::fs::write(folder.path().join("qimen/qimen.a.query.yaml"), text).unwrap();
    let gateway = Gateway::builder(spec::read(folder.path()).unwrap()).application("12345678", SECRET).build();
    let query = "method=qimen.a.query&app_key=12345678&format=json";
    let response = gateway.respond(&Request {
        verb: "GET",
        path: "/router/rest",
        query,
        content_type: "",
        separator: None,
        body: b"",
    });
    assert_eq!(response.outcome.code, Some(22));
    assert!(response.body.contains("it is an SPI, which the platform calls"), "{}", response.body);
}

async fn cancel(call: TypedCall<QimenOrderCancelSpiRequest>) -> Result<QimenOrderCancelSpiResponse, SpiRefusal> {
    Ok(QimenOrderCancelSpiResponse::new().flag("success").message(call.order_code.clone().unwrap_or_default()))
}

/// Starts an application on loopback, and returns its URL.
async fn application(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/spi", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let router = router.clone();
            let service = hyper::service::service_fn(move |request: axum::http::Request<hyper::body::Incoming>| {
                let mut router = router.clone();
                async move { router.call(request.map(Body::new)).await }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(hyper_util::rt::TokioIo::new(stream), service),
            );
        }
    });
    url
}

async fn send(request: axum::http::Request<Vec<u8>>) -> String {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.execute(request.try_into().unwrap()).await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn applications_answer_over_sockets() {
    let gateway = gateway();
    let callbacks = SpiRouter::new(SpiVerifier::new(SECRET)).method(cancel);
    let url = application(Router::new().route("/spi", callbacks.into_route())).await;
    let values = [("orderCode", "小二&<1>"), ("customerId", "客户")];
    for charset in [SpiCharset::Utf8, SpiCharset::Gbk] {
        let call = gateway.spi_request(CANCEL, Format::Xml, &values).unwrap().charset(charset);
        let body = send(call.sign(&url).unwrap()).await;
        assert_eq!(body, "<response><flag>success</flag><message>小二&amp;&lt;1&gt;</message></response>");
        let call = gateway.spi_request(CANCEL, Format::Json, &values).unwrap().charset(charset);
        let body = send(call.sign(&url).unwrap()).await;
        assert_eq!(body, r#"{"response":{"flag":"success","message":"小二&<1>"}}"#);
    }
    let call = gateway.spi_request("taobao.qimen.inventory.query", Format::Xml, &[]).unwrap();
    assert!(send(call.sign(&url).unwrap()).await.contains("<code>invalid-method</code>"));
}
