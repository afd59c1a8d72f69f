//! The dialects of documented gateways over sockets, with this client and with requests signed here by hand.

use std::net::SocketAddr;

use generated_sdk::api::item::ItemImgUploadRequest;
use generated_sdk::api::qimen::qimen_order_cancel::OrderCancelRequest;
use generated_sdk::api::qimen::{QimenDeliveryorderCreateRequest, QimenOrderCancelRequest};
use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::api::util::TimeGetRequest;
use generated_sdk::protocol::{Dialect, File, Format, ParameterPlacement, Problem, Request, SignMethod, TimestampForm};
use generated_sdk::{AppCredentials, Client, ClientBuilder, Error, Gateway};
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha2::Sha256;

use crate::support::{KEY, SECRET, gateway};

/// Returns a client for the gateway on loopback with a path and a dialect.
fn client(address: SocketAddr, path: &str, dialect: &Dialect) -> ClientBuilder {
    let gateway = Gateway::from(format!("http://{address}{path}")).with_dialect(dialect.clone());
    Client::builder(gateway, AppCredentials::new(KEY, SECRET))
}

#[tokio::test]
async fn calls_aliexpress() {
    let running = gateway().session("a session").start().await.unwrap();
    let client = client(running.address(), "/sync", Gateway::ALIEXPRESS.dialect());
    let request = TopClientTokenGetRequest::new("sec_token");
    let response = client.clone().build().unwrap().execute(&request).await.unwrap();
    assert!(response.token.is_some());
    let call = &running.calls()[0];
    assert_eq!(call.parameter("sign_method"), Some("sha256"));
    assert!(call.parameter("timestamp").unwrap().parse::<i64>().unwrap() > 1_700_000_000_000);

    let error = client.session("another").build().unwrap().execute(&request).await.unwrap_err();
    let refusal = error.platform().unwrap();
    assert_eq!(refusal.code.to_string(), "IllegalAccessToken");
    assert!(refusal.is_session_invalid(), "{refusal}");
}

/// The protocol of Taobao has no `sha256`.
#[tokio::test]
async fn names_of_algorithms_belong_to_a_dialect() {
    let running = gateway().start().await.unwrap();
    let client = client(running.address(), "/router/rest", Gateway::ALIEXPRESS.dialect()).build().unwrap();
    let error = client.execute(&TimeGetRequest::new()).await.unwrap_err();
    assert_eq!(error.platform().unwrap().sub_code.as_deref(), Some("isv.invalid-sign-method"));
}

#[tokio::test]
async fn calls_scenarios_of_qimen() {
    let running = gateway().start().await.unwrap();
    for path in ["/router/qm", "/router/qmtest"] {
        for placement in [
            ParameterPlacement::Form,
            ParameterPlacement::Query,
            ParameterPlacement::JsonBody,
            ParameterPlacement::XmlBody,
        ] {
            for format in [Format::Json, Format::Xml] {
                let dialect = Gateway::QIMEN.dialect().clone().parameters(placement).format(format);
                let client = client(running.address(), path, &dialect).target_app_key("87654321").customer_id("c1");
                let client = client.build().unwrap();
                let response = client.execute(&TopClientTokenGetRequest::new("端 <&>")).await.unwrap();
                assert!(response.token.is_some(), "{placement:?} {format:?}");
                let call = running.calls().pop().unwrap();
                assert_eq!(call.parameter("sec_token"), Some("端 <&>"));
                assert_eq!(call.parameter("target_app_key"), Some("87654321"));
                assert_eq!(call.parameter("customer_id"), Some("c1"));
                assert_eq!(call.verb, if placement == ParameterPlacement::Query { "GET" } else { "POST" });
                let response = client.call("taobao.top.client.token.get", [("sec_token", "1")]).await.unwrap();
                assert_eq!(response["flag"], "success");
            }
        }
    }
}

#[tokio::test]
async fn refuses_calls_of_qimen_with_a_flag() {
    let running = gateway().start().await.unwrap();
    let client = client(running.address(), "/router/qm", Gateway::QIMEN.dialect());
    let wrong = Client::builder(
        Gateway::from(format!("http://{}/router/qm", running.address())).with_dialect(Gateway::QIMEN.dialect().clone()),
        AppCredentials::new(KEY, "another secret"),
    );
    for (client, code) in [(wrong, "25"), (client, "40")] {
        let client = client.validate(false).build().unwrap();
        let error = client.execute(&TopClientTokenGetRequest::new("")).await.unwrap_err();
        let refusal = error.platform().unwrap_or_else(|| panic!("{error}"));
        assert_eq!(refusal.code.to_string(), code);
        assert!(refusal.body.to_string().contains(r#""flag":"failure""#), "{:?}", refusal.body);
    }
}

fn cancellation() -> QimenOrderCancelRequest {
    let order = OrderCancelRequest::new("OTHER", "JY20240618001").cancel_reason("买家 <取消>");
    QimenOrderCancelRequest::new().request(order)
}

#[tokio::test]
async fn calls_warehouses_with_signed_bodies() {
    let running = gateway().start().await.unwrap();
    let warehouse = Gateway::QIMEN_WAREHOUSE.dialect().clone();
    let client = client(running.address(), "/router/qimen/service", &warehouse).customer_id("c1").build().unwrap();
    let signed = client.sign(&cancellation()).unwrap();
    assert_eq!((signed.verb(), signed.content_type().as_str()), ("POST", "text/xml;charset=UTF-8"));
    let expected = "<?xml version=\"1.0\" encoding=\"utf-8\"?><request><warehouseCode>OTHER</warehouseCode>\
                    <orderCode>JY20240618001</orderCode><cancelReason>买家 &lt;取消&gt;</cancelReason></request>";
    assert_eq!(signed.content(), Some(expected));
    let response = client.execute(&cancellation()).await.unwrap();
    assert_eq!(response.response.as_ref().unwrap().flag.as_ref().unwrap().as_str(), "success");
    let call = running.calls().pop().unwrap();
    assert_eq!(call.parameter("customerId"), Some("c1"));
    assert_eq!(call.parameter("sign_method"), Some("md5"));
    let body = r#"{"cancelReason":"买家 <取消>","orderCode":"JY20240618001","warehouseCode":"OTHER"}"#;
    let received: serde_json::Value = serde_json::from_str(call.parameter("request").unwrap()).unwrap();
    assert_eq!(received, serde_json::from_str::<serde_json::Value>(body).unwrap());
    // A missing field is found in the body.
    let client = self::client(running.address(), "/router/qimen/service", &warehouse).validate(false).build().unwrap();
    let missing = QimenOrderCancelRequest::new().request(OrderCancelRequest::new("OTHER", ""));
    let error = client.execute(&missing).await.unwrap_err();
    assert_eq!(error.platform().unwrap().code.to_string(), "40", "{error}");
}

/// A list of one element has the same form as an object in XML.
#[tokio::test]
async fn lists_keep_their_elements() {
    let running = gateway().start().await.unwrap();
    let request = |lines: usize| {
        let lines: Vec<_> = (0..lines).map(|line| serde_json::json!({ "itemCode": format!("I{line}") })).collect();
        serde_json::json!({ "request": { "orderLines": lines, "extendProps": { "a": "1" } } })
    };
    for placement in [ParameterPlacement::JsonBody, ParameterPlacement::XmlBody] {
        let dialect = Gateway::QIMEN_WAREHOUSE.dialect().clone().parameters(placement);
        let client = client(running.address(), "/router/qimen/service", &dialect).build().unwrap();
        for lines in [1, 2, 3] {
            let parameters = [("request", request(lines)["request"].to_string())];
            let _ = client.call(QimenDeliveryorderCreateRequest::METHOD, parameters).await;
            let call = running.calls().pop().unwrap();
            let received: serde_json::Value = serde_json::from_str(call.parameter("request").unwrap()).unwrap();
            assert_eq!(received, request(lines)["request"], "{placement:?}");
        }
    }
}

#[tokio::test]
async fn bodies_have_no_files() {
    for placement in [ParameterPlacement::JsonBody, ParameterPlacement::XmlBody] {
        let dialect = Dialect::default().parameters(placement);
        let client = client(([127, 0, 0, 1], 1).into(), "/", &dialect).session("s").build().unwrap();
        let request = ItemImgUploadRequest::new(1).image(File::new(*b"GIF89a"));
        let Err(Error::Invalid(violations)) = client.sign(&request) else { panic!() };
        let problems: Vec<_> = violations.violations.iter().map(|violation| &violation.problem).collect();
        assert_eq!(problems, [&Problem::FileInBody]);
    }
    let dialect = Dialect::default().parameters(ParameterPlacement::XmlBody);
    let client = client(([127, 0, 0, 1], 1).into(), "/", &dialect).build().unwrap();
    let Err(Error::Invalid(violations)) = client.sign_untyped("a.get", [("a><b", "1")]) else { panic!() };
    assert_eq!(violations.violations[0].problem, Problem::InvalidXmlName);
}

#[test]
fn bodies_are_printed_without_secrets() {
    for placement in [ParameterPlacement::JsonBody, ParameterPlacement::XmlBody] {
        let dialect = Dialect::default().parameters(placement);
        let client = client(([127, 0, 0, 1], 1).into(), "/", &dialect).session("s3cr3t-session").build().unwrap();
        for value in ["s3cr3t", r#"{"password":"s3cr3t"}"#] {
            let signed = client.sign_untyped("a.get", [("token", value), ("b", "2")]).unwrap();
            assert!(signed.content().unwrap().contains("s3cr3t"));
            for printed in [format!("{signed}"), format!("{signed:?}")] {
                assert!(!printed.contains("s3cr3t"), "{printed}");
            }
        }
        let signed = client.sign_untyped("a.get", [("b", "2")]).unwrap();
        assert!(format!("{signed}").contains('2'));
    }
}

/// Requests of other programs, signed here without the SDK.
#[tokio::test]
async fn accepts_requests_signed_by_hand() {
    let running = gateway().start().await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let now = std::time::SystemTime::now();
    let milliseconds = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis().to_string();
    let timestamp = generated_sdk::protocol::DateTime::now().to_string();

    let body = "<request><warehouseCode>A</warehouseCode><orderCode>1</orderCode></request>";
    let query = [
        ("app_key", KEY),
        ("customerId", "c1"),
        ("format", "xml"),
        ("method", "taobao.qimen.order.cancel"),
        ("sign_method", "md5"),
        ("timestamp", &timestamp),
        ("v", "2.0"),
    ];
    let text: String = query.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let sign = hex(&Md5::digest(format!("{SECRET}{text}{body}{SECRET}")));
    let origin = format!("http://{}", running.address());
    let url = format!("{origin}/router/qimen/service");
    let send = |sign: String| {
        let request = http.post(signed_url(&url, &query, &sign)).header("Content-Type", "text/xml;charset=utf-8");
        async { request.body(body).send().await.unwrap().text().await.unwrap() }
    };
    let response = send(sign).await;
    assert!(response.contains("<response><flag>success</flag>"), "{response}");
    let unsigned_body = hex(&Md5::digest(format!("{SECRET}{text}{SECRET}")));
    let response = send(unsigned_body).await;
    assert!(response.contains("<response><flag>failure</flag><code>25</code>"), "{response}");
    assert!(response.contains("the body is not signed"), "{response}");

    let form = [
        ("app_key", KEY),
        ("method", "taobao.time.get"),
        ("sign_method", "sha256"),
        ("timestamp", &milliseconds),
        ("v", "2.0"),
        ("format", "json"),
    ];
    let mut sorted = form;
    sorted.sort_unstable();
    let text: String = sorted.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    let sign = hex(&mac.finalize().into_bytes());
    let request = http.get(signed_url(&format!("{origin}/sync"), &form, &sign));
    let response = request.send().await.unwrap().text().await.unwrap();
    assert!(response.starts_with(r#"{"time_get_response":"#), "{response}");
}

/// Public parameters are in the query. A member of the body with such a name does not select the format.
#[tokio::test]
async fn a_body_does_not_select_the_format() {
    let running = gateway().start().await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let timestamp = generated_sdk::protocol::DateTime::now().to_string();
    let method = TopClientTokenGetRequest::METHOD;
    let query = [("app_key", KEY), ("method", method), ("sign_method", "md5"), ("timestamp", &timestamp), ("v", "2.0")];
    let text: String = query.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let body = r#"{"format":"json","sec_token":"1"}"#;
    let sign = hex(&Md5::digest(format!("{SECRET}{text}{body}{SECRET}")));
    let request = http.post(signed_url(&running.url(), &query, &sign)).header("Content-Type", "application/json");
    let response = request.body(body).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/xml;charset=UTF-8");
    assert!(response.text().await.unwrap().contains("<top_client_token_get_response>"));
}

/// Returns a URL with the parameters of a query.
fn signed_url(url: &str, query: &[(&str, &str)], sign: &str) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    let sign = Some(("sign", sign)).filter(|(_, sign)| !sign.is_empty());
    form.extend_pairs(query.iter().copied().chain(sign));
    format!("{url}?{}", form.finish())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[tokio::test]
async fn batches_have_typed_results_in_order() {
    let running = gateway().start().await.unwrap();
    for (path, dialect) in
        [("/router/rest", Dialect::TAOBAO), ("/router/rest", Dialect::TAOBAO.sign_method(SignMethod::Md5))]
    {
        let client = client(running.address(), path, &dialect).build().unwrap();
        let token = TopClientTokenGetRequest::new("端&=\r\n-S-");
        let refused = TopClientTokenGetRequest::new("1").with_parameter("extra", "1");
        let (first, second, third) = client.batch().add(&TimeGetRequest::new()).add(&token).add(&refused).send().await;
        assert!(first.unwrap().time.is_some());
        assert!(second.unwrap().token.is_some());
        assert!(third.unwrap().token.is_some());
    }
    let calls = running.calls();
    assert_eq!(calls.len(), 6);
    assert_eq!(calls[1].parameter("sec_token"), Some("端&=\r\n-S-"));
}

#[tokio::test]
async fn one_refused_call_hides_no_other() {
    let running = gateway().fault("taobao.top.client.token.get:code=15/isp.x".parse().unwrap()).start().await.unwrap();
    let client = client(running.address(), "/router/rest", &Dialect::TAOBAO).build().unwrap();
    let token = TopClientTokenGetRequest::new("1");
    let (first, second, third) =
        client.batch().add(&TimeGetRequest::new()).add(&token).add(&TimeGetRequest::new()).send().await;
    assert!(first.is_ok() && third.is_ok());
    let error = second.unwrap_err();
    assert!(error.to_string().contains("15") || format!("{error:?}").contains("isp.x"), "{error:?}");
}

#[tokio::test]
async fn refuses_batches_as_a_whole() {
    let running = gateway().start().await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let timestamp = generated_sdk::protocol::DateTime::now().to_string();
    let query = [("app_key", KEY), ("format", "json"), ("sign_method", "md5"), ("timestamp", &timestamp), ("v", "2.0")];
    let text: String = query.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let url = format!("http://{}/router/batch", running.address());
    let send = async |body: String, separator: Option<&str>| {
        let sign = hex(&Md5::digest(format!("{SECRET}{text}{body}{SECRET}")));
        let request = http.post(signed_url(&url, &query, &sign));
        let request =
            separator.into_iter().fold(request, |request, separator| request.header("top-api-separator", separator));
        request
            .header("Content-Type", "text/plain;charset=UTF-8")
            .body(body)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };
    let body = send("method=taobao.time.get\r\n-S-\r\nN".to_owned(), None).await;
    let parts: Vec<_> = body.split("\r\n-S-\r\n").collect();
    assert!(parts[0].starts_with(r#"{"time_get_response""#), "{body}");
    assert!(parts[1].starts_with(r#"{"error_response":{"code":21"#), "{body}");
    // The parameters that all calls share, and another separator.
    let body = send("#PUBLIC#method=taobao.time.get&v=2.0|N|N".to_owned(), Some("|")).await;
    assert_eq!(body.split('|').filter(|part| part.starts_with(r#"{"time_get_response""#)).count(), 2, "{body}");

    let body = send(vec!["N"; 201].join("\r\n-S-\r\n"), None).await;
    assert!(body.starts_with(r#"{"error_response":{"code":43"#) && body.contains("at most 200"), "{body}");
    let unsigned = http.post(signed_url(&url, &query, "")).body("N").send().await.unwrap();
    assert!(unsigned.text().await.unwrap().starts_with(r#"{"error_response":{"code":24"#));
}

/// A user describes a gateway like the documented ones.
#[tokio::test]
async fn a_user_describes_a_gateway() {
    let platform = include_str!("../../../specs/platform.yaml").replace(
        "  - id: aliexpress\n",
        "  - id: own\n    title: Own\n    https: https://own.test/call\n    dialect:\n      parameters: query\n      \
         timestamp: milliseconds\n      sign_names: { md5: MD5v2 }\n      sign_method: md5\n      session_parameter: user\n  - \
         id: aliexpress\n",
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("platform.yaml"), platform).unwrap();
    let specs = gateway::spec::read(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../specs"))).unwrap();
    let specs = gateway::spec::Specs { platform: gateway::spec::platform(folder.path()).unwrap(), ..specs };
    let own = specs.platform.gateways.iter().find(|gateway| gateway.id.value == "own").unwrap();
    let dialect = gateway::client_dialect(&own.dialect);
    let expected = Dialect::default()
        .parameters(ParameterPlacement::Query)
        .timestamp(TimestampForm::Milliseconds)
        .sign_method(SignMethod::Md5)
        .sign_name(SignMethod::Md5, "MD5v2")
        .session_parameter("user");
    assert_eq!(dialect, expected);

    let running = gateway::Gateway::builder(specs).application(KEY, SECRET).session("a user").start().await.unwrap();
    let client = client(running.address(), "/call", &dialect).session("a user").build().unwrap();
    client.execute(&TimeGetRequest::new()).await.unwrap();
    let call = running.calls().pop().unwrap();
    assert_eq!(
        (call.verb.as_str(), call.parameter("user"), call.parameter("sign_method")),
        ("GET", Some("a user"), Some("MD5v2"))
    );
}
