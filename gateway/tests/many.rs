//! Many calls at once, of which some fail: each has its own answer or a typed error, and none is made twice.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod support;

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
use support::client;
use support::hostile::{Received, Step, scripted, send, whole};

/// How many calls are made at once.
const CALLS: usize = 10_000;

/// A client that does not open more connections than a system lets it. What is silent is waited for with patience: a
/// machine that has other things to do is silent too.
fn many(address: SocketAddr) -> ClientBuilder {
    client(address).limiter(Limits::new().concurrency(100)).read_timeout(Duration::from_secs(8))
}

/// What happens to the call of this number: every tenth fails, each in another way.
fn fault(number: usize, silent: bool) -> Option<Vec<Step>> {
    let beginning = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"top";
    (number % 10 == 7).then(|| match number / 10 % 8 {
        0 => vec![send("HTTP/1.1 200 OK\r\nContent-Le"), Step::Reset],
        1 => vec![send(beginning), Step::Reset],
        2 => vec![send(beginning), Step::Close],
        // Not too many: they are waited for.
        3 if silent && is_early(number) => vec![send(beginning), Step::Hang],
        3 => vec![send(beginning), Step::Close],
        4 => whole("500 Internal Server Error", "", b"boom"),
        5 => whole("403 Forbidden", "", b"<html>Please log in</html>"),
        6 => whole("200 OK", "", br#"{"error_response":{"code":15,"msg":"m","sub_code":"isp.x","request_id":"r"}}"#),
        _ => whole("200 OK", "", b"{\"top_client_token_get_response\":{\"token\":\"\xff"),
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
        // Whether a reset comes before what was sent ahead of it is the system's affair.
        0..=3 => matches!(error, Error::Transport(error) if error.kind == TransportKind::Interrupted),
        4 | 5 => matches!(error, Error::Status(_)),
        6 => matches!(error, Error::Platform(_)),
        _ => matches!(error, Error::Decode(_)),
    }
}

/// How often each call has come.
type Counts = Arc<Mutex<HashMap<String, usize>>>;

/// A server of those faults.
async fn faulty(silent: bool) -> (SocketAddr, Counts) {
    let counts = Counts::default();
    let counted = Arc::clone(&counts);
    let address = scripted(move |request| {
        let token = request.parameter("sec_token");
        *counted.lock().unwrap().entry(token.clone()).or_default() += 1;
        fault(token.parse().unwrap(), silent).unwrap_or_else(|| whole("200 OK", "", answer(&token)))
    });
    (address.await, counts)
}

fn answer(token: &str) -> String {
    format!("{{\"top_client_token_get_response\":{{\"token\":\"{token}\"}}}}")
}

/// What becomes of so many calls that are begun together.
async fn called(client: &Client, calls: usize) -> Vec<Result<String, Error>> {
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

/// Every tenth has failed as it should, and the others have their own answers.
fn every_tenth_failed(results: &[Result<String, Error>], silent: bool) {
    for (number, result) in results.iter().enumerate() {
        match result {
            Ok(token) => assert!(fault(number, silent).is_none() && *token == number.to_string(), "{number}: {token}"),
            Err(error) => {
                assert!(fault(number, silent).is_some() && is_typed(number, silent, error), "{number}: {error:?}");
            }
        }
    }
}

fn each_has_come_once(counts: &Counts) {
    let counts = counts.lock().unwrap();
    assert_eq!(counts.len(), CALLS);
    assert!(counts.values().all(|count| *count == 1), "a call has come twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_of_which_every_tenth_fails() {
    let (address, counts) = faulty(true).await;
    let results = called(&many(address).build().unwrap(), CALLS).await;
    every_tenth_failed(&results, true);
    each_has_come_once(&counts);
}

/// Runs an ignored test of this program in a process of its own, which may have so many files open.
#[cfg(unix)]
fn limited(files: u32, test: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("ulimit -n {files} && exec \"$0\" \"$@\""));
    command.arg(std::env::current_exe().unwrap()).args(["--exact", test, "--ignored", "--nocapture"]);
    command
}

#[cfg(unix)]
fn ran(mut command: Command) {
    let output = command.output().unwrap();
    let told = [output.stdout, output.stderr].map(|told| String::from_utf8_lossy(&told).into_owned());
    assert!(output.status.success(), "{}", told.concat());
}

/// Where the server of a test that runs in a process of its own is.
#[cfg(unix)]
fn server() -> SocketAddr {
    std::env::var("SERVER").unwrap().parse().unwrap()
}

/// As many connections as calls: nothing but the system limits either.
#[cfg(unix)]
#[test]
fn ten_thousand_calls_on_the_wire_at_the_same_moment() {
    // A file a call at either end, and those that are open anyway.
    const FILES: u32 = 10_500;
    let may = Command::new("sh").args(["-c", &format!("ulimit -n {FILES}")]).stderr(Stdio::null()).status().unwrap();
    if !may.success() {
        println!("the system lets no process open {FILES} files, so nothing is called");
        return;
    }
    let mut server = limited(FILES, "the_server_of_ten_thousand");
    let mut server = server.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address = told.find_map(|line| line.strip_prefix("SERVER=").map(str::to_owned)).unwrap();
    let mut client = limited(FILES, "the_client_of_ten_thousand");
    client.env("SERVER", address);
    ran(client);
    // The end of its input is the end of the server.
    drop(server.stdin.take());
    let told: Vec<String> = told.collect();
    assert!(server.wait().unwrap().success(), "{told:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by ten_thousand_calls_on_the_wire_at_the_same_moment"]
async fn the_server_of_ten_thousand() {
    let (address, counts) = faulty(false).await;
    println!("\nSERVER={address}");
    let end = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    end.await.unwrap().unwrap();
    each_has_come_once(&counts);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by ten_thousand_calls_on_the_wire_at_the_same_moment"]
async fn the_client_of_ten_thousand() {
    // A machine that has other things to do takes its time for so many, and is no failure.
    let patience = Duration::from_secs(100);
    let client = client(server()).timeout(patience).connect_timeout(patience).build().unwrap();
    let results = tokio::time::timeout(patience * 2, called(&client, CALLS)).await.expect("no call outlives its time");
    every_tenth_failed(&results, false);
}

/// What someone gets to hear who sets no limit where the system has one.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_calls_than_files_may_be_open() {
    let address = scripted(|request| {
        let mut steps = whole("200 OK", "", answer(&request.parameter("sec_token")));
        // Long enough for all to be begun.
        steps.insert(0, Step::Wait(Duration::from_millis(200)));
        steps
    })
    .await;
    let mut client = limited(128, "more_calls_than_files");
    client.env("SERVER", address.to_string());
    tokio::task::spawn_blocking(|| ran(client)).await.unwrap();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by more_calls_than_files_may_be_open"]
async fn more_calls_than_files() {
    let address = server();
    let patient = RetryPolicy::new().attempts(1000).longest_pause(Duration::from_millis(200));
    let builders =
        [client(address).limiter(Limits::new().concurrency(32)), client(address), client(address).retry(patient)];
    // A client reads certificates when it is built, while files can be opened.
    let [limited, hasty, patient] = builders.map(|builder| builder.build().unwrap());
    let results = called(&limited, 500).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    // The connections that a client keeps go with it.
    drop(limited);
    let errors: Vec<_> = called(&hasty, 500).await.into_iter().filter_map(Result::err).collect();
    assert!((1..500).contains(&errors.len()), "{}", errors.len());
    let expected = format!(
        "cannot connect to http://{address}/router/rest: too many open connections on this machine; set a concurrency limit"
    );
    for error in errors {
        assert!(matches!(&error, Error::Transport(error) if error.kind == TransportKind::Exhausted), "{error:?}");
        assert!(error.is_retryable() && error.was_not_processed() && !error.is_client_error(), "{error:?}");
        assert_eq!(error.to_string(), expected);
    }
    // It passes.
    drop(hasty);
    let results = called(&patient, 500).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
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
    let policy = RetryPolicy::new().attempts(5).first_pause(Duration::from_millis(1)).scope(RetryScope::Reads);
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
        assert!(result.err().is_none_or(|error| !error.was_not_processed()));
    }
    let done = done.lock().unwrap();
    assert_eq!(done.len(), CALLS);
    assert!(done.values().all(|count| *count == 1), "something was done twice");
}

/// Answers when as many requests are under way as there are calls.
struct AllAtOnce(tokio::sync::Barrier);

impl Transport for AllAtOnce {
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
async fn ten_thousand_calls_under_way_at_the_same_moment() {
    let transport = AllAtOnce(tokio::sync::Barrier::new(CALLS));
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
