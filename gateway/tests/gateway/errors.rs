//! Errors of the client: invalid responses, and gateways that do not respond.

use std::error::Error as _;
use std::time::Duration;

use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::protocol::{Timeout, TransportKind};
use generated_sdk::{AppCredentials, Client, Error};
use tokio::net::TcpListener;

use crate::support::{self, client, http, serve};

async fn call(client: Client) -> Error {
    client.execute(&TopClientTokenGetRequest::new("the token")).await.unwrap_err()
}

async fn call_with_response(response: Vec<u8>) -> Error {
    let address = serve(response).await;
    call(client(address).build().unwrap()).await
}

fn kind(error: &Error) -> TransportKind {
    match error {
        Error::Transport(error) => error.kind,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn reports_refused_connections() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = call(client(address).build().unwrap()).await;
    assert_eq!(kind(&error), TransportKind::Connect);
    let text = support::chain(&error);
    assert!(text.starts_with(&format!("cannot connect to http://{address}/router/rest: check its address")), "{text}");
    assert!(text.contains("refused"), "{text}");
    assert!(error.source().is_some());
}

#[tokio::test]
async fn reports_broken_connections() {
    for response in
        [&b""[..], b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"top_client"]
    {
        let error = call_with_response(response.to_vec()).await;
        assert_eq!(kind(&error), TransportKind::Interrupted, "{}", String::from_utf8_lossy(response));
    }
}

#[tokio::test(start_paused = true)]
async fn reports_the_timeout_of_an_attempt() {
    // The operating system accepts connections, and nothing reads from them.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let error = call(client(address).timeout(Duration::from_millis(50)).build().unwrap()).await;
    assert_eq!(kind(&error), TransportKind::Timeout(Timeout::Attempt));
}

#[tokio::test]
async fn reports_responses_above_the_body_limit() {
    let address = serve(http("200 OK", &vec![b'x'; 5000])).await;
    let error = call(client(address).body_limit(4999).build().unwrap()).await;
    assert_eq!(kind(&error), TransportKind::TooLong);
    assert!(support::chain(&error).contains("more than 4999 bytes"), "{error}");
    let error = call(client(address).body_limit(5000).build().unwrap()).await;
    assert!(matches!(error, Error::Decode(_)), "{error:?}");
}

#[tokio::test]
async fn reports_html_pages() {
    let page = b"<!DOCTYPE html>\n<html><body>Please log in</body></html>";
    let error = call_with_response(http("200 OK", page)).await;
    assert_eq!(
        error.to_string(),
        "cannot decode the response: expected JSON or XML, found an HTML page; check the URL, and whether a proxy or a login page responds"
    );
    for status in ["403 Forbidden", "302 Found\r\nLocation: http://127.0.0.1:1/", "500 Internal Server Error"] {
        let error = call_with_response(http(status, page)).await;
        let Error::Status(error) = error else { panic!("{error:?}") };
        assert_eq!(error.status.to_string(), status[..3]);
        assert!(error.to_string().contains("the body begins with \"<!DOCTYPE html>\\n<html>"), "{error}");
    }
}

#[tokio::test]
async fn reports_invalid_utf8_and_truncated_bodies() {
    let address = serve(http("200 OK", b"{\"top_client_token_get_response\":{\"token\":\"\xff\"}}")).await;
    let response = client(address).build().unwrap().execute(&TopClientTokenGetRequest::new("t")).await.unwrap();
    assert_eq!((response.token.as_deref(), response.mismatches().len()), (Some("\u{fffd}"), 1));
    let error = call_with_response(http("200 OK", b"{\"top_client_token_get_response\":{\"token\":\"s3cr3t")).await;
    let Error::Decode(problem) = &error else { panic!("{error:?}") };
    assert!(problem.body.contains("s3cr3t"));
    assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
}

#[tokio::test]
async fn strict_clients_refuse_type_mismatches() {
    let address = serve(http("200 OK", b"{\"top_client_token_get_response\":{\"token\":\"t\"}}")).await;
    assert!(client(address).strict(true).build().unwrap().execute(&TopClientTokenGetRequest::new("t")).await.is_ok());
    let address = serve(http("200 OK", b"{\"top_client_token_get_response\":[1]}")).await;
    let lenient = client(address).build().unwrap().execute(&TopClientTokenGetRequest::new("t")).await.unwrap();
    assert_eq!(lenient.mismatches().len(), 1);
    let error = call(client(address).strict(true).build().unwrap()).await;
    assert!(matches!(error, Error::Decode(_)), "{error:?}");
}

#[test]
fn builder_refuses_invalid_configurations() {
    for (gateway, key, problem) in [
        ("", "k", "no gateway: expected a URL starting with `http://` or `https://`, or one of `taobao`, "),
        (
            "127.0.0.1:80",
            "k",
            "invalid URL of the gateway: expected a URL starting with `http://` or `https://`, found",
        ),
        (
            "ftp://127.0.0.1/",
            "k",
            "invalid URL of the gateway: expected a URL starting with `http://` or `https://`, found",
        ),
        ("http://user:s3cr3t@127.0.0.1/", "k", "invalid URL of the gateway: it contains a user name or password"),
        ("http://user:s3cr3t@127.0.0.1:99999/", "k", "invalid URL of the gateway: "),
        ("ftp://user:s3cr3t@127.0.0.1/", "k", "invalid URL of the gateway: "),
        ("http://127.0.0.1/", "", "the app key is empty"),
    ] {
        let error = Client::builder(gateway, AppCredentials::new(key, "secret")).build().unwrap_err().to_string();
        assert!(error.starts_with(&format!("invalid configuration: {problem}")), "{error}");
        assert!(!error.contains("s3cr3t"), "{error}");
    }
}

#[test]
fn debug_output_of_clients_hides_secrets() {
    let client = Client::builder("http://127.0.0.1/", AppCredentials::new("k", "s3cr3t"))
        .build()
        .unwrap()
        .with_session("s3cr3t");
    assert!(!format!("{client:?}").contains("s3cr3t"), "{client:?}");
    let builder = Client::builder("http://u:s3cr3t@127.0.0.1/", AppCredentials::new("k", "s3cr3t"));
    assert!(!format!("{builder:?}").contains("s3cr3t"), "{builder:?}");
    let error = Client::builder("http://127.0.0.1/", AppCredentials::new("k", "")).build().unwrap_err();
    assert_eq!(error.to_string(), "invalid configuration: the app secret is empty");
}
