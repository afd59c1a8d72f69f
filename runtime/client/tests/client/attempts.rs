//! The attempts at a call: a request is encoded once, and observers see every attempt.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::client::{
    Attempt, AttemptObserver, AttemptOutcome, BoxFuture, CallInfo, Client, Limiter, Limits, OutcomeKind, Permit,
    RetryPolicy, SessionProvider,
};
use generated_sdk::generated::{Field, Kind, Record, Schema, View};
use generated_sdk::protocol::{Authorization, LimitError, PlatformError, Request, SessionError};
use generated_sdk::{AppCredentials, Error};
use tokio::time::timeout;

use crate::support::{Reply, SECRET, Script, ok, parameter, refusal, status};

/// A request that counts how often its fields are read.
#[derive(Default)]
struct Counted {
    reads: AtomicUsize,
    title: String,
}

impl Counted {
    fn new(title: &str) -> Self {
        Self { reads: AtomicUsize::new(0), title: title.to_owned() }
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }
}

impl Record for Counted {
    fn schema(&self) -> &'static Schema {
        const TITLE: Field = Field { required: true, ..Field::new("title", Kind::String) };
        &Schema { name: "Counted", fields: &[TITLE] }
    }

    fn view(&self, index: usize) -> View<'_> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if index == 0 { View::Text(&self.title) } else { View::Absent }
    }
}

impl Request for Counted {
    const METHOD: &'static str = "fixture.counted.get";
    const RESPONSE_NODE: &'static str = "fixture_counted_get_response";
    const AUTHORIZATION: Authorization = Authorization::Required;
    type Response = <TopClientTokenGetRequest as Request>::Response;
}

/// Returns the sessions `s1`, `s2` and so on: a refused one is replaced.
#[derive(Default)]
struct Numbered(AtomicUsize);

impl SessionProvider for Numbered {
    fn session<'a>(&'a self, _user: &'a str) -> BoxFuture<'a, Result<String, SessionError>> {
        let number = self.0.load(Ordering::Relaxed) + 1;
        Box::pin(async move { Ok(format!("s{number}")) })
    }

    fn refused<'a>(&'a self, _user: &'a str, _session: &'a str, _refusal: &'a PlatformError) -> BoxFuture<'a, bool> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { true })
    }
}

fn retry(attempts: u32) -> RetryPolicy {
    RetryPolicy::new().attempts(attempts).first_pause(Duration::ZERO)
}

#[tokio::test(start_paused = true)]
async fn encodes_a_request_once() {
    let once = Counted::new("t");
    let client = Script::new([ok("t")]).builder().build().unwrap().with_session("s1");
    client.execute(&once).await.unwrap();

    let request = Counted::new("t");
    let script = Script::new([status(503), refusal(27, "", ""), status(503), ok("t")]);
    let client = script.builder().retry(retry(3)).build().unwrap();
    let client = client.with_session_from(Arc::new(Numbered::default()), "user");
    assert_eq!(client.execute(&request).await.unwrap().token.as_deref(), Some("t"));
    assert_eq!(request.reads(), once.reads());

    // Each attempt is signed for its session.
    let bodies = script.bodies();
    let sessions: Vec<_> = bodies.iter().map(|body| parameter(body, "session")).collect();
    assert_eq!(sessions, ["s1", "s1", "s2", "s2"]);
    assert!(bodies.iter().all(|body| parameter(body, "title") == "t"));
    let signatures: BTreeSet<_> =
        bodies.iter().map(|body| (parameter(body, "session"), parameter(body, "sign").len())).collect();
    assert_eq!(signatures.len(), 2);
    assert_ne!(parameter(&bodies[0], "sign"), parameter(&bodies[2], "sign"));
}

/// Fails the test if a call takes a permit.
struct NoPermits;

impl Limiter for NoPermits {
    fn acquire<'a>(&'a self, _call: CallInfo<'a>) -> BoxFuture<'a, Result<Permit, LimitError>> {
        panic!("the request is invalid")
    }

    fn banned<'a>(&'a self, _app_key: &'a str, _method: Option<&'a str>, _time: Duration) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
}

#[tokio::test]
async fn invalid_requests_take_no_permit() {
    let client = Script::new([ok("t")]).builder().limiter(NoPermits).build().unwrap();
    let error = client.execute(&Counted::new("")).await.unwrap_err();
    let Error::Invalid(violations) = &error else { panic!("{error:?}") };
    let names: Vec<_> = violations.violations.iter().map(|violation| violation.parameter.as_str()).collect();
    assert_eq!(names, ["title", "session"]);

    // A provider may return an empty session.
    struct Empty;
    impl SessionProvider for Empty {
        fn session<'a>(&'a self, _user: &'a str) -> BoxFuture<'a, Result<String, SessionError>> {
            Box::pin(async { Ok(String::new()) })
        }
    }
    let error = client.with_session_from(Arc::new(Empty), "user").execute(&Counted::new("t")).await.unwrap_err();
    assert!(error.to_string().starts_with("fixture.counted.get was not sent: session is required"), "{error}");
}

/// Records what it sees, without times.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl AttemptObserver for Log {
    fn before(&self, attempt: &Attempt<'_>) {
        self.0.lock().unwrap().push(format!("before {} {}", attempt.method, attempt.number));
    }

    fn after(&self, attempt: &Attempt<'_>, outcome: &AttemptOutcome<'_>) {
        let AttemptOutcome { kind, status, code, sub_code, request_id, duration, .. } = outcome;
        let line = format!(
            "after {} {kind} status={status:?} code={code:?} sub_code={sub_code:?} request_id={request_id:?} sent={}",
            attempt.number,
            duration.is_some()
        );
        self.0.lock().unwrap().extend([line, format!("{attempt:?} {outcome:?}")]);
    }
}

/// Serves one response per connection over HTTP on loopback.
fn serve(responses: &'static [(&'static str, &'static str)]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (status, body) in responses {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
            while !request.windows(5).any(|window| window == b"&v=2.") {
                let count = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..count]);
            }
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(body.as_bytes()).unwrap();
        }
    });
    address
}

#[tokio::test]
async fn observers_see_every_attempt_over_http_and_no_secret() {
    let address = serve(&[
        ("503 Service Unavailable", "<html>"),
        (
            "200 OK",
            r#"{"error_response":{"code":15,"sub_code":"isp.busy","sub_msg":"s3cr3t s3ssion p4rameter","request_id":"r1"}}"#,
        ),
        ("200 OK", r#"{"top_client_token_get_response":{"token":"t","request_id":"s3ssion"}}"#),
    ]);
    let log = Arc::new(Log::default());
    let client = Client::builder(format!("http://{address}/?key=s3cr3t"), AppCredentials::new("12345678", SECRET))
        .observer(Arc::clone(&log))
        .retry(retry(3))
        .build()
        .unwrap()
        .with_session("s3ssion");
    client.execute(&TopClientTokenGetRequest::new("p4rameter")).await.unwrap();
    let lines = log.lines();
    let text = lines.join("\n");
    for secret in [SECRET, "s3ssion", "p4rameter"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(text.contains(&format!("http://{address}/?")) && text.contains("12345678"), "{text}");
    let method = "taobao.top.client.token.get";
    let lines: Vec<_> = lines.iter().filter(|line| !line.starts_with("Attempt")).map(String::as_str).collect();
    assert_eq!(
        lines,
        [
            &*format!("before {method} 1"),
            "after 1 status status=Some(503) code=None sub_code=None request_id=None sent=true",
            &*format!("before {method} 2"),
            "after 2 refused status=Some(200) code=Some(15) sub_code=Some(\"isp.busy\") request_id=Some(\"r1\") sent=true",
            &*format!("before {method} 3"),
            "after 3 ok status=Some(200) code=None sub_code=None request_id=Some(\"[hidden]\") sent=true",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn unsent_and_dropped_attempts_end() {
    let log = Arc::new(Log::default());
    let builder = |reply: Reply| Script::new([reply]).builder().observer(Arc::clone(&log));
    let after = |lines: Vec<String>| lines[1].split(" status").next().unwrap().to_owned();
    let request = TopClientTokenGetRequest::new("p");

    let client = builder(Reply::Never).build().unwrap();
    timeout(Duration::from_secs(1), client.execute(&request)).await.unwrap_err();
    let lines = log.lines();
    assert!(lines[1].ends_with("sent=true"), "{lines:?}");
    assert_eq!(after(lines), "after 1 cancelled");

    let limits = Limits::new();
    limits.banned("12345678", None, Duration::from_secs(3600)).await;
    client_fails(&builder(ok("t")).limiter(limits).build().unwrap()).await;
    let lines = log.lines();
    assert!(lines[1].ends_with("sent=false"), "{lines:?}");
    assert_eq!(after(lines), "after 1 limit");

    // Untyped calls and blocking clients take the same path.
    let client = builder(ok("t")).build().unwrap();
    client.call("taobao.time.get", ()).await.unwrap();
    let lines = log.lines();
    assert_eq!((lines[0].as_str(), after(lines.clone()).as_str()), ("before taobao.time.get 1", "after 1 ok"));
    let client = generated_sdk::blocking::Client::new(client).unwrap();
    client.execute(&request).unwrap();
    assert_eq!(after(log.lines()), "after 1 ok");

    // A call that fails before its first attempt has no attempts.
    assert!(client.execute(&Counted::new("")).is_err());
    assert_eq!(log.lines(), [""; 0]);
}

async fn client_fails(client: &Client) {
    assert!(matches!(client.execute(&TopClientTokenGetRequest::new("p")).await, Err(Error::Limit(_))));
}

#[tokio::test(start_paused = true)]
async fn observers_receive_waited_and_duration() {
    struct Times(Mutex<Vec<(OutcomeKind, Duration, Option<Duration>)>>);
    impl AttemptObserver for Times {
        fn after(&self, _attempt: &Attempt<'_>, outcome: &AttemptOutcome<'_>) {
            self.0.lock().unwrap().push((outcome.kind, outcome.waited, outcome.duration));
        }
    }
    let times = Arc::new(Times(Mutex::default()));
    let reply = Reply::After(Duration::from_millis(20), Box::new(ok("t")));
    let limits = Limits::new().rate(1, Duration::from_secs(1));
    let client = Script::new([reply]).builder().limiter(limits).observer(Arc::clone(&times)).build().unwrap();
    for _ in 0..2 {
        client.execute(&TopClientTokenGetRequest::new("p")).await.unwrap();
    }
    let (exchange, wait) = (Some(Duration::from_millis(20)), Duration::from_millis(980));
    assert_eq!(
        *times.0.lock().unwrap(),
        [(OutcomeKind::Ok, Duration::ZERO, exchange), (OutcomeKind::Ok, wait, exchange)]
    );
}
