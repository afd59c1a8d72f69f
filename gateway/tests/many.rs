//! Many calls at once, of which some fail: each has its own answer or a typed error, and none is made twice.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod support;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::api::trade::TradeCloseRequest;
use generated_sdk::client::{BoxFuture, HttpAnswer, HttpRequest, Limits, Payload, Repeat, RetryPolicy, Transport};
use generated_sdk::protocol::{Timeout, TransportError, TransportKind};
use generated_sdk::{Client, ClientBuilder, Error};
use support::client;
use support::hostile::{Received, Step, scripted, send, whole};

/// How many calls are made at once.
const CALLS: usize = 10_000;

/// A client that does not open more connections than a system lets it.
fn many(address: SocketAddr) -> ClientBuilder {
    client(address).limiter(Limits::new().concurrency(64)).read_timeout(Duration::from_secs(4))
}

/// What happens to the call of this number: every tenth fails, each in another way.
fn fault(number: usize) -> Option<Vec<Step>> {
    let beginning = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"top";
    (number % 10 == 7).then(|| match number / 10 % 8 {
        0 => vec![send("HTTP/1.1 200 OK\r\nContent-Le"), Step::Reset],
        1 => vec![send(beginning), Step::Reset],
        2 => vec![send(beginning), Step::Close],
        // Not too many: they are waited for.
        3 if is_silent(number) => vec![send(beginning), Step::Hang],
        3 => vec![send(beginning), Step::Close],
        4 => whole("500 Internal Server Error", "", b"boom"),
        5 => whole("403 Forbidden", "", b"<html>Please log in</html>"),
        6 => whole("200 OK", "", br#"{"error_response":{"code":15,"msg":"m","sub_code":"isp.x","request_id":"r"}}"#),
        _ => whole("200 OK", "", b"{\"top_client_token_get_response\":{\"token\":\"\xff"),
    })
}

fn is_silent(number: usize) -> bool {
    number / 10 % 8 == 3 && number < 2000
}

fn is_typed(number: usize, error: &Error) -> bool {
    match number / 10 % 8 {
        // Whether a reset comes before what was sent ahead of it is the system's affair.
        3 if is_silent(number) => {
            matches!(error, Error::Transport(error) if error.kind == TransportKind::Timeout(Timeout::Read))
        }
        0..=3 => matches!(error, Error::Transport(error) if error.kind == TransportKind::Interrupted),
        4 | 5 => matches!(error, Error::Status(_)),
        6 => matches!(error, Error::Platform(_)),
        _ => matches!(error, Error::Decode(_)),
    }
}

/// How often each call has come.
type Counts = Arc<Mutex<HashMap<String, usize>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_of_which_every_tenth_fails() {
    let counts = Counts::default();
    let counted = Arc::clone(&counts);
    let address = scripted(move |request| {
        let token = request.parameter("sec_token");
        *counted.lock().unwrap().entry(token.clone()).or_default() += 1;
        let answer = format!("{{\"top_client_token_get_response\":{{\"token\":\"{token}\"}}}}");
        fault(token.parse().unwrap()).unwrap_or_else(|| whole("200 OK", "", answer))
    })
    .await;
    let client = many(address).build().unwrap();
    let calls: Vec<_> = (0..CALLS)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move { client.execute(&TopClientTokenGetRequest::new(number.to_string())).await })
        })
        .collect();
    let mut succeeded = 0;
    for (number, call) in calls.into_iter().enumerate() {
        match call.await.expect("no call panics") {
            Ok(response) => {
                assert!(fault(number).is_none(), "{number}");
                // Everybody gets their own answer.
                assert_eq!(response.token.as_deref(), Some(&*number.to_string()));
                succeeded += 1;
            }
            Err(error) => assert!(fault(number).is_some() && is_typed(number, &error), "{number}: {error:?}"),
        }
    }
    assert_eq!(succeeded, CALLS / 10 * 9);
    let counts = counts.lock().unwrap();
    assert_eq!(counts.len(), CALLS);
    assert!(counts.values().all(|count| *count == 1), "a call has come twice");
}

/// Calls that change something, and a client that repeats what fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_something_is_done_once_however_it_fails() {
    const CALLS: usize = 2000;
    let (came, done) = (Counts::default(), Counts::default());
    let (coming, doing) = (Arc::clone(&came), Arc::clone(&done));
    let address = scripted(move |request| {
        let trade = request.parameter("tid");
        let number: usize = trade.parse().unwrap();
        let mut coming = coming.lock().unwrap();
        let times = coming.entry(trade.clone()).or_default();
        *times += 1;
        let fails = number % 10 == 7 && *times == 1;
        let refused = fails && (number / 10).is_multiple_of(3);
        if refused {
            // By a limit, which is looked at before anything is done.
            let refusal = br#"{"error_response":{"code":8,"msg":"too often"}}"#;
            return whole("200 OK", "", refusal);
        }
        *doing.lock().unwrap().entry(trade).or_default() += 1;
        match (fails, number / 10 % 3) {
            (true, 1) => vec![Step::Reset],
            (true, _) => whole("503 Service Unavailable", "", b"it is done, and nobody says so"),
            _ => whole("200 OK", "", br#"{"trade_close_response":{}}"#),
        }
    })
    .await;
    let policy = RetryPolicy::new().attempts(5).first_pause(Duration::from_millis(1)).repeat(Repeat::Reads);
    let client = many(address).retry(policy).build().unwrap();
    let calls: Vec<_> = (0..CALLS)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move {
                let request = TradeCloseRequest::new(i64::try_from(number).unwrap(), "why");
                client.execute(&request).await.map(|_| ())
            })
        })
        .collect();
    for (number, call) in calls.into_iter().enumerate() {
        let result = call.await.expect("no call panics");
        let lost = number % 10 == 7 && number / 10 % 3 != 0;
        assert_eq!(result.is_err(), lost, "{number}: {result:?}");
        assert!(result.err().is_none_or(|error| !error.was_not_carried_out()));
    }
    let done = done.lock().unwrap();
    assert_eq!(done.len(), CALLS);
    assert!(done.values().all(|count| *count == 1), "something was done twice");
}

/// Answers when as many requests are under way as there are calls.
struct AllAtOnce(tokio::sync::Barrier);

impl Transport for AllAtOnce {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        Box::pin(async move {
            let Payload::Bytes(body) = request.body else { panic!("it has no files") };
            self.0.wait().await;
            let token = Received { body: body.to_vec(), ..Received::default() }.parameter("sec_token");
            if token.ends_with('7') {
                return Err(TransportError::new(TransportKind::Interrupted, "scripted"));
            }
            Ok(HttpAnswer::new(200, format!("{{\"r_response\":{{\"token\":\"{token}\"}}}}")))
        })
    }
}

#[tokio::test]
async fn ten_thousand_calls_under_way_at_the_same_moment() {
    let transport = AllAtOnce(tokio::sync::Barrier::new(CALLS));
    let client = Client::builder("http://127.0.0.1/", "k", "s").transport(transport).build().unwrap();
    let calls: Vec<_> = (0..CALLS)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move { client.execute(&TopClientTokenGetRequest::new(number.to_string())).await })
        })
        .collect();
    for (number, call) in calls.into_iter().enumerate() {
        match call.await.expect("no call panics") {
            Ok(response) => assert_eq!(response.token.as_deref(), Some(&*number.to_string())),
            Err(error) => assert!(number % 10 == 7 && matches!(error, Error::Transport(_)), "{error:?}"),
        }
    }
}
