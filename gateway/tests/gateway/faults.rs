//! Faults on demand: by setting, by header and by the admin route.

use std::time::Duration;

use gateway::{Fault, RunningGateway};
use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::protocol::{Timeout, TransportKind};
use generated_sdk::{Client, ClientBuilder, Error, Format};
use tokio::time::Instant;

use crate::support::{self, gateway};

async fn start(faults: &[&str]) -> RunningGateway {
    let settings = faults.iter().fold(gateway(), |settings, fault| settings.fault(fault.parse().unwrap()));
    settings.seed(7).start().await.unwrap()
}

fn builder(gateway: &RunningGateway) -> ClientBuilder {
    support::client(gateway.address())
}

async fn call(client: &Client) -> Result<(), Error> {
    client.execute(&TopClientTokenGetRequest::new("a")).await.map(|_| ())
}

/// Describes the error of a call to a gateway with a fault.
async fn outcome(fault: &str) -> String {
    let gateway = start(&[fault]).await;
    let mut outcomes = Vec::new();
    for format in [Format::Json, Format::Xml] {
        let client = builder(&gateway).format(format).build().unwrap();
        outcomes.push(match call(&client).await {
            Ok(()) => "ok".to_owned(),
            Err(Error::Platform(error)) => {
                format!("platform {} {}", error.code.number().unwrap(), error.sub_code.as_deref().unwrap_or("-"))
            }
            Err(Error::Transport(error)) => format!("transport {:?}", error.kind),
            Err(Error::Status(error)) => format!("status {}", error.status),
            Err(Error::Decode(_)) => "decode".to_owned(),
            Err(error) => panic!("{error}"),
        });
    }
    assert_eq!(outcomes[0], outcomes[1]);
    assert_eq!(gateway.calls()[1].faults, [fault]);
    outcomes.remove(0)
}

#[tokio::test]
async fn faults_are_typed_errors_of_the_client() {
    for (fault, expected) in [
        ("code=7", "platform 7 -"),
        ("code=15/isp.busy", "platform 15 isp.busy"),
        ("taobao.top.client.token.get:code=27", "platform 27 -"),
        ("status=503", "status 503"),
        ("reset", "transport Interrupted"),
        ("truncate", "transport Interrupted"),
        ("malformed", "decode"),
        ("content-type=image/png", "ok"),
        ("reset@0%", "ok"),
    ] {
        if fault.ends_with("@0%") {
            assert_eq!(
                call(&builder(&start(&[fault]).await).build().unwrap()).await.map_err(|error| error.to_string()),
                Ok(())
            );
        } else {
            assert_eq!(outcome(fault).await, expected, "{fault}");
        }
    }
    // A fault of another method.
    let gateway = start(&["taobao.time.get:reset"]).await;
    call(&builder(&gateway).build().unwrap()).await.unwrap();
    // A refusal of the gateway stays.
    let gateway = start(&["code=7"]).await;
    let error = builder(&gateway).build().unwrap().call("taobao.no.such", ()).await.unwrap_err();
    assert!(error.to_string().contains("22"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn delays_responses() {
    let gateway = start(&["latency=3s"]).await;
    let start_time = Instant::now();
    call(&builder(&gateway).build().unwrap()).await.unwrap();
    assert!(start_time.elapsed() >= Duration::from_secs(3) && start_time.elapsed() < Duration::from_secs(4));
    let error = call(&builder(&gateway).timeout(Duration::from_secs(1)).build().unwrap()).await.unwrap_err();
    assert!(
        matches!(&error, Error::Transport(error) if error.kind == TransportKind::Timeout(Timeout::Attempt)),
        "{error:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn sends_slow_bodies() {
    let gateway = start(&["slow=20"]).await;
    let start_time = Instant::now();
    call(&builder(&gateway).build().unwrap()).await.unwrap();
    // 140 bytes and more.
    let elapsed = start_time.elapsed();
    assert!(elapsed > Duration::from_secs(5) && elapsed < Duration::from_secs(20), "{elapsed:?}");
}

async fn results(gateway: &RunningGateway, count: usize) -> Vec<bool> {
    let client = builder(gateway).build().unwrap();
    let mut results = Vec::new();
    for _ in 0..count {
        results.push(call(&client).await.is_ok());
    }
    results
}

#[tokio::test]
async fn rates_are_the_same_for_a_seed() {
    let first = results(&start(&["code=10@30%"]).await, 50).await;
    let failed = first.iter().filter(|ok| !**ok).count();
    assert!((5..25).contains(&failed), "{failed}");
    let gateway = start(&["code=10@30%"]).await;
    assert_eq!(results(&gateway, 50).await, first);
    gateway.set_faults(gateway.faults());
    assert_eq!(results(&gateway, 50).await, first);
}

async fn admin(gateway: &RunningGateway, verb: &str, body: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}/_faults", gateway.address());
    let mut request = client.request(verb.parse().unwrap(), url).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn faults_change_at_run_time() {
    let gateway = start(&[]).await;
    let client = builder(&gateway).build().unwrap();
    assert_eq!(admin(&gateway, "GET", "", &[]).await, (200, String::new()));
    let lines = "code=7\n\n taobao.time.get:reset@5%\n";
    assert_eq!(admin(&gateway, "PUT", lines, &[]).await, (204, String::new()));
    assert_eq!(admin(&gateway, "GET", "", &[]).await, (200, "code=7\ntaobao.time.get:reset@5%\n".to_owned()));
    assert!(call(&client).await.is_err());
    // Nothing changes if a line is invalid.
    let (status, problem) = admin(&gateway, "PUT", "reset\non fire", &[]).await;
    assert_eq!(status, 400);
    assert!(problem.starts_with("invalid fault \"on fire\": expected [METHOD:]KIND"), "{problem}");
    assert_eq!(gateway.faults().len(), 2);
    assert_eq!(admin(&gateway, "DELETE", "", &[]).await.0, 204);
    call(&client).await.unwrap();
    assert_eq!(gateway.faults(), Vec::<Fault>::new());
    // A page of another site cannot change them through a browser.
    for headers in [&[("Origin", "https://evil.test")][..], &[("Host", "evil.test")], &[("Origin", "null")]] {
        assert_eq!(admin(&gateway, "PUT", "reset", headers).await.0, 403, "{headers:?}");
    }
    assert_eq!(gateway.faults(), Vec::<Fault>::new());
}

#[tokio::test]
async fn a_header_adds_faults_to_one_call() {
    let gateway = start(&[]).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let send = |faults: &'static str| client.get(gateway.url()).header("X-Top-Fault", faults).send();
    let response = send("status=502, content-type=a/b").await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()), (502, "a/b"));
    assert!(send("reset").await.is_err());
    let response = send("on fire").await.unwrap();
    assert_eq!(response.status().as_u16(), 400);
    assert!(response.text().await.unwrap().starts_with("invalid fault \"on fire\""));
    assert_eq!(gateway.calls().len(), 2);
    call(&builder(&gateway).build().unwrap()).await.unwrap();
}

#[tokio::test]
async fn health_is_reported() {
    let gateway = start(&[]).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let text = client.get(format!("http://{}/_health", gateway.address())).send().await.unwrap().text().await.unwrap();
    let health: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&health["status"], &health["methods"]), (&"ok".into(), &gateway.method_count().into()));
}
