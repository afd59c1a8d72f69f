//! Many concurrent calls: each returns its own response or a typed error, and no call is sent twice.

use std::collections::HashMap;
#[cfg(unix)]
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
#[cfg(unix)]
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::api::trade::TradeCloseRequest;
use generated_sdk::client::{
    BoxFuture, HttpRequest, HttpResponse, Limits, Payload, RetryPolicy, RetryScope, Transport,
};
use generated_sdk::protocol::{Timeout, TransportError, TransportKind};
use generated_sdk::{AppCredentials, Client, ClientBuilder, Error};

use crate::support::script::{Received, Step, complete, scripted, send};
use crate::support::{TestTransport, client, transports};

/// The number of concurrent calls.
const CALLS: usize = 10_000;

/// Returns a client with at most 100 connections. The read timeout allows for a busy machine.
fn many(transport: &TestTransport, address: SocketAddr) -> ClientBuilder {
    transport.client(address).limiter(Limits::new().concurrency(100)).read_timeout(Duration::from_secs(8))
}

/// Returns the steps for the call of this number if it fails: every tenth call, in different ways.
fn fault(number: usize, silent: bool) -> Option<Vec<Step>> {
    let beginning = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"top";
    (number % 10 == 7).then(|| match number / 10 % 8 {
        0 => vec![send("HTTP/1.1 200 OK\r\nContent-Le"), Step::Reset],
        1 => vec![send(beginning), Step::Reset],
        2 => vec![send(beginning), Step::Close],
        // Only early calls hang, because each waits for the timeout.
        3 if silent && is_early(number) => vec![send(beginning), Step::Hang],
        3 => vec![send(beginning), Step::Close],
        4 => complete("500 Internal Server Error", "", b"boom"),
        5 => complete("403 Forbidden", "", b"<html>Please log in</html>"),
        6 => complete("200 OK", "", br#"{"error_response":{"code":15,"msg":"m","sub_code":"isp.x","request_id":"r"}}"#),
        _ => complete("200 OK", "", b"{\"top_client_token_get_response\":{\"token\":\"\xff"),
    })
}

fn is_early(number: usize) -> bool {
    number < 2000
}

fn is_typed(number: usize, silent: bool, error: &Error) -> bool {
    match number / 10 % 8 {
        3 if silent && is_early(number) => {
            matches!(error, Error::Transport(error) if error.kind == TransportKind::Timeout(Timeout::Read))
        }
        // A reset may overtake the bytes that were sent before it.
        0..=3 => matches!(error, Error::Transport(error) if error.kind == TransportKind::Interrupted),
        4 | 5 => matches!(error, Error::Status(_)),
        6 => matches!(error, Error::Platform(_)),
        _ => matches!(error, Error::Decode(_)),
    }
}

/// The number of requests per call.
type Counts = Arc<Mutex<HashMap<String, usize>>>;

/// Starts a server with these faults.
async fn faulty(silent: bool) -> (SocketAddr, Counts) {
    let counts = Counts::default();
    let counted = Arc::clone(&counts);
    let address = scripted(move |request| {
        let token = request.parameter("sec_token");
        *counted.lock().unwrap().entry(token.clone()).or_default() += 1;
        fault(token.parse().unwrap(), silent).unwrap_or_else(|| complete("200 OK", "", body(&token)))
    });
    (address.await, counts)
}

fn body(token: &str) -> String {
    format!("{{\"top_client_token_get_response\":{{\"token\":\"{token}\"}}}}")
}

/// Starts the calls together and returns their results.
async fn call_all(client: &Client, calls: usize) -> Vec<Result<String, Error>> {
    let call = |number: usize| {
        let client = client.clone();
        tokio::spawn(async move {
            let response = client.execute(&TopClientTokenGetRequest::new(number.to_string())).await?;
            Ok(response.token.clone().unwrap_or_default())
        })
    };
    let calls: Vec<_> = (0..calls).map(call).collect();
    let mut results = Vec::new();
    for call in calls {
        results.push(call.await.expect("no call panics"));
    }
    results
}

/// Asserts that every tenth call failed as expected, and the others have their own responses.
fn assert_every_tenth_failed(results: &[Result<String, Error>], silent: bool) {
    for (number, result) in results.iter().enumerate() {
        match result {
            Ok(token) => assert!(fault(number, silent).is_none() && *token == number.to_string(), "{number}: {token}"),
            Err(error) => {
                assert!(fault(number, silent).is_some() && is_typed(number, silent, error), "{number}: {error:?}");
            }
        }
    }
}

fn assert_each_is_sent_once(counts: &Counts) {
    let counts = counts.lock().unwrap();
    assert_eq!(counts.len(), CALLS);
    assert!(counts.values().all(|count| *count == 1), "a call was sent twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_with_faults() {
    for transport in transports() {
        let (address, counts) = faulty(true).await;
        let results = call_all(&many(&transport, address).build().unwrap(), CALLS).await;
        assert_every_tenth_failed(&results, true);
        assert_each_is_sent_once(&counts);
    }
}

/// Returns a command that runs an ignored test of this program in a process with a limit of open files.
#[cfg(unix)]
fn limited(files: u32, test: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("ulimit -n {files} && exec \"$0\" \"$@\""));
    command.arg(std::env::current_exe().unwrap()).args(["--exact", test, "--ignored", "--nocapture"]);
    command
}

#[cfg(unix)]
fn assert_succeeds(mut command: Command) {
    let output = command.output().unwrap();
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{}", printed.concat());
}

/// Returns the address of the server for a test that runs in its own process.
#[cfg(unix)]
fn server() -> SocketAddr {
    std::env::var("SERVER").unwrap().parse().unwrap()
}

/// One connection per call, without a limit in the client.
#[cfg(unix)]
#[test]
fn ten_thousand_connections() {
    // One file per call in each process, and some others.
    const FILES: u32 = 10_500;
    let may = Command::new("sh").args(["-c", &format!("ulimit -n {FILES}")]).stderr(Stdio::null()).status().unwrap();
    if !may.success() {
        println!("skipped: the limit of open files is below {FILES}");
        return;
    }
    let mut server = limited(FILES, "concurrency::server_of_ten_thousand_connections");
    let mut server = server.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut printed = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address = printed.find_map(|line| line.strip_prefix("SERVER=").map(str::to_owned)).unwrap();
    let mut client = limited(FILES, "concurrency::client_of_ten_thousand_connections");
    client.env("SERVER", address);
    assert_succeeds(client);
    // The server ends with its input.
    drop(server.stdin.take());
    let printed: Vec<String> = printed.collect();
    assert!(server.wait().unwrap().success(), "{printed:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by ten_thousand_connections"]
async fn server_of_ten_thousand_connections() {
    let (address, counts) = faulty(false).await;
    println!("\nSERVER={address}");
    let end = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    end.await.unwrap().unwrap();
    assert_each_is_sent_once(&counts);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by ten_thousand_connections"]
async fn client_of_ten_thousand_connections() {
    // A long timeout: a busy machine is slow and not at fault.
    let timeout = Duration::from_secs(100);
    let client = client(server()).timeout(timeout).connect_timeout(timeout).build().unwrap();
    let results =
        tokio::time::timeout(timeout * 2, call_all(&client, CALLS)).await.expect("each call ends with its timeout");
    assert_every_tenth_failed(&results, false);
}

/// Without a concurrency limit in the client, the system's limit of open files is an error.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_too_many_open_files() {
    let address = scripted(|request| {
        let mut steps = complete("200 OK", "", body(&request.parameter("sec_token")));
        // Long enough to start all calls.
        steps.insert(0, Step::Wait(Duration::from_millis(200)));
        steps
    })
    .await;
    // Each transport has a process: connections of another would count.
    for index in 0..transports().len() {
        let mut client = limited(128, "concurrency::more_calls_than_open_files");
        client.env("SERVER", address.to_string()).env("TRANSPORT", index.to_string());
        tokio::task::spawn_blocking(|| assert_succeeds(client)).await.unwrap();
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by reports_too_many_open_files"]
async fn more_calls_than_open_files() {
    let index: usize = std::env::var("TRANSPORT").unwrap().parse().unwrap();
    let transport = &transports()[index];
    let address = server();
    let policy = RetryPolicy::new().attempts(1000).longest_pause(Duration::from_millis(200));
    let builders = [
        transport.client(address).limiter(Limits::new().concurrency(32)),
        transport.client(address),
        transport.client(address).retry(policy),
    ];
    // Building a client reads certificates, so all are built before the files run out.
    let [limited, unlimited, retrying] = builders.map(|builder| builder.build().unwrap());
    let results = call_all(&limited, 500).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    // A dropped client closes its connections.
    drop(limited);
    let errors: Vec<_> = call_all(&unlimited, 500).await.into_iter().filter_map(Result::err).collect();
    assert!((1..500).contains(&errors.len()), "{}", errors.len());
    let expected = format!(
        "cannot connect to http://{address}/router/rest: too many open connections on this machine; set a concurrency limit"
    );
    for error in errors {
        assert!(matches!(&error, Error::Transport(error) if error.kind == TransportKind::Exhausted), "{error:?}");
        assert!(error.is_retryable() && error.was_not_processed() && !error.is_client_error(), "{error:?}");
        assert_eq!(error.to_string(), expected);
    }
    // Retries succeed.
    drop(unlimited);
    let results = call_all(&retrying, 500).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

/// Calls of a method that writes, and a client that retries.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_write_are_processed_once() {
    for transport in transports() {
        const CALLS: usize = 2000;
        let (received, processed) = (Counts::default(), Counts::default());
        let (receiving, processing) = (Arc::clone(&received), Arc::clone(&processed));
        let address = scripted(move |request| {
            let trade = request.parameter("tid");
            let number: usize = trade.parse().unwrap();
            let mut receiving = receiving.lock().unwrap();
            let times = receiving.entry(trade.clone()).or_default();
            *times += 1;
            let fails = number % 10 == 7 && *times == 1;
            let refused = fails && (number / 10).is_multiple_of(3);
            if refused {
                // The platform checks limits before it processes a call.
                let refusal = br#"{"error_response":{"code":8,"msg":"too often"}}"#;
                return complete("200 OK", "", refusal);
            }
            *processing.lock().unwrap().entry(trade).or_default() += 1;
            match (fails, number / 10 % 3) {
                (true, 1) => vec![Step::Reset],
                (true, _) => complete("503 Service Unavailable", "", b"processed"),
                _ => complete("200 OK", "", br#"{"trade_close_response":{}}"#),
            }
        })
        .await;
        let policy = RetryPolicy::new().attempts(5).first_pause(Duration::from_millis(1)).scope(RetryScope::Reads);
        let client = many(&transport, address).retry(policy).build().unwrap();
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
            assert!(result.err().is_none_or(|error| !error.was_not_processed()));
        }
        let processed = processed.lock().unwrap();
        assert_eq!(processed.len(), CALLS);
        assert!(processed.values().all(|count| *count == 1), "a call was processed twice");
    }
}

/// A transport that responds when all requests are pending.
struct AllPending(tokio::sync::Barrier);

impl Transport for AllPending {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let Payload::Bytes(body) = request.body else { panic!("it has no files") };
            self.0.wait().await;
            let token = Received { body: body.to_vec(), ..Received::default() }.parameter("sec_token");
            if token.ends_with('7') {
                return Err(TransportError::new(TransportKind::Interrupted, "scripted"));
            }
            Ok(HttpResponse::new(200, format!("{{\"r_response\":{{\"token\":\"{token}\"}}}}")))
        })
    }
}

#[tokio::test]
async fn ten_thousand_pending_calls() {
    let transport = AllPending(tokio::sync::Barrier::new(CALLS));
    let client =
        Client::builder("http://127.0.0.1/", AppCredentials::new("k", "s")).transport(transport).build().unwrap();
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
