//! Calls of the client to the gateway over HTTP on loopback.

use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::{AppCredentials, Client, Error, Format, SignMethod};

use crate::support::{self, client, start};

#[tokio::test]
async fn every_sign_method_works_in_every_format() {
    let (address, console) = start().await;
    let request = TopClientTokenGetRequest::new("端 & sec+token=%");
    let mut values = Vec::new();
    for sign_method in SignMethod::ALL {
        for (format, simplify) in [(Format::Json, false), (Format::Json, true), (Format::Xml, false)] {
            let client = client(address).sign_method(sign_method).format(format).simplify(simplify);
            let client = client.strict(true).build().unwrap().with_session("会话 session");
            let response = client.execute(&request).await.unwrap();
            let root = match (format, simplify) {
                (Format::Json, false) => "{\"top_client_token_get_response\":{\"result_code\"",
                (Format::Json, true) => "{\"result_code\"",
                (Format::Xml, _) => {
                    "<?xml version=\"1.0\" encoding=\"utf-8\" ?><top_client_token_get_response><result_code>"
                }
            };
            assert!(response.body().starts_with(root), "{}", response.body());
            assert!(response.request_id().is_some_and(|id| id.len() > 6));
            values.push(response.into_value());
        }
    }
    assert_eq!(values.len(), 9);
    for value in values {
        assert_eq!(value.result_code.as_deref(), Some("200"));
        assert_eq!(value.token.as_deref(), Some("token"));
        assert_eq!(value.result_msg.as_deref(), Some("token参数有误"));
    }
    assert_eq!(console.lines().iter().filter(|line| line.ends_with("  ok")).count(), 9);
}

#[tokio::test]
async fn decodes_refusals_in_both_formats() {
    let (address, console) = start().await;
    for format in [Format::Json, Format::Xml] {
        let client = Client::builder(format!("http://{address}"), AppCredentials::new(support::KEY, "wrong"))
            .format(format)
            .build()
            .unwrap();
        let client = client.with_session("a session");
        match client.execute(&TopClientTokenGetRequest::new("a token")).await {
            Err(Error::Platform(error)) => {
                assert_eq!((error.code.number(), error.msg.as_str()), (Some(25), "Invalid Signature"));
                assert!(error.request_id.is_some());
            }
            other => panic!("{other:?}"),
        }
    }
    for line in console.lines() {
        assert!(line.contains("\n  signed     app_key12345678format"), "{line}");
        assert!(line.contains("session[hidden: 9 characters]sign_methodhmac-sha256timestamp20"), "{line}");
        assert!(!line.contains("a session") && !line.contains("a token") && !line.contains(support::SECRET), "{line}");
    }
}

#[tokio::test]
async fn invalid_requests_are_not_sent() {
    let (address, console) = start().await;
    let request = TopClientTokenGetRequest::new("");
    let error = client(address).build().unwrap().execute(&request).await.unwrap_err();
    assert_eq!(error.to_string(), "taobao.top.client.token.get was not sent: sec_token is required");
    assert_eq!(console.lines().len(), 0);
    let error = client(address).validate(false).build().unwrap().execute(&request).await.unwrap_err();
    let Error::Platform(error) = error else { panic!("{error:?}") };
    assert_eq!((error.code.number(), error.msg.as_str()), (Some(40), "Missing required arguments:sec_token"));
    assert_eq!(error.sub_code.as_deref(), Some("isv.missing-parameter:sec_token"));
}

#[tokio::test]
async fn one_client_makes_concurrent_calls() {
    let (address, console) = start().await;
    let client = client(address).build().unwrap();
    let calls: Vec<_> = (0..200)
        .map(|number| {
            let client = client.with_session(format!("session {number}"));
            tokio::spawn(async move { client.execute(&TopClientTokenGetRequest::new("t")).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(console.lines().len(), 200);
}

/// Started by the test below in its own process, with another time zone.
#[tokio::test]
#[ignore = "started by time_zone_of_the_machine_does_not_matter"]
async fn call_in_another_time_zone() {
    let (address, _) = start().await;
    let client = client(address).build().unwrap();
    client.execute(&TopClientTokenGetRequest::new("t")).await.unwrap();
    let signed = client.sign(&TopClientTokenGetRequest::new("t")).unwrap();
    println!("timestamp={}", signed.parameters().get("timestamp").unwrap());
}

#[test]
fn time_zone_of_the_machine_does_not_matter() {
    let before = std::time::SystemTime::now();
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "calls::call_in_another_time_zone", "--ignored", "--nocapture"])
        .env("TZ", "America/New_York")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let (_, rest) = text.split_once("timestamp=").unwrap_or_else(|| panic!("{text}"));
    // Computed without `DateTime`: the seconds of the day at GMT+8.
    let seconds_of_day = |text: &str| {
        let mut parts = text.split(':').map(|part| part.parse::<u64>().unwrap());
        parts.next().unwrap() * 3600 + parts.next().unwrap() * 60 + parts.next().unwrap()
    };
    let sent = seconds_of_day(&rest[11..19]);
    let now = before.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 8 * 3600;
    let late = (sent + 86_400 - now % 86_400) % 86_400;
    assert!(late < 300, "{} is {late} s after the time at GMT+8", &rest[..19]);
}
