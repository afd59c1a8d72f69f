//! Spans and events of `tracing`.

use std::sync::Arc;
use std::time::Duration;

use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::client::{BoxFuture, CallInfo, Limiter, Limits, MemorySessionStore, Permit, Refresh, RetryPolicy};
use generated_sdk::protocol::LimitError;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::authority::Authority;
use crate::support::{Lines, Reply, SECRET, Script, ok, parameter, refusal, status};

/// Records all spans and events of this thread.
fn listen() -> (Lines, DefaultGuard) {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
        .with_ansi(false)
        .without_time()
        .with_writer(lines.writer())
        .finish();
    (lines, tracing::subscriber::set_default(subscriber))
}

/// Makes a call with all features. Returns the trace, the script, and the debug output of the result.
async fn traced(replies: impl IntoIterator<Item = Reply>) -> (String, Script, String) {
    let (lines, _guard) = listen();
    let script = Script::new(replies);
    let client = script.builder().retry(RetryPolicy::new()).limiter(Limits::new().per_second(1000)).build().unwrap();
    let client = client.with_session("s3cr3t session");
    let result = client.execute(&TopClientTokenGetRequest::new("s3cr3t parameter")).await;
    let output = match &result {
        Ok(response) => format!("{response:?} {client:?}"),
        Err(error) => format!("{error:?} {error} {client:?}"),
    };
    let text = lines.text();
    (text, script, output)
}

#[tokio::test(start_paused = true)]
async fn spans_describe_calls_and_attempts() {
    let (text, ..) = traced([Reply::After(Duration::from_millis(20), Box::new(status(503))), ok("t")]).await;
    for expected in [
        "call{method=\"taobao.top.client.token.get\"}: generated_sdk: new",
        "attempt=1 waited_ms=0 duration_ms=20 outcome=\"status\" code=503}: generated_sdk: close",
        "call failed; retrying after a pause attempt=1 pause_ms=",
        "attempt=2 waited_ms=0 duration_ms=0 outcome=\"ok\" request_id=\"r1\"}: generated_sdk: close",
        "outcome=\"ok\" request_id=\"r1\"}: generated_sdk: close",
    ] {
        assert!(text.contains(expected), "{expected}\nis not in\n{text}");
    }
    assert_eq!(text.lines().count(), 7, "{text}");
}

#[tokio::test(start_paused = true)]
async fn spans_separate_waits_from_exchanges() {
    let (lines, _guard) = listen();
    let script = Script::new([Reply::After(Duration::from_millis(20), Box::new(ok("t")))]);
    let policy = RetryPolicy::off().deadline(Duration::from_secs(2));
    let client = script.builder().retry(policy).limiter(Limits::new().per_second(1)).build().unwrap();
    let request = TopClientTokenGetRequest::new("x");
    let call = || client.execute(&request);
    call().await.unwrap();
    call().await.unwrap();
    // A dropped call, and one whose wait is too long.
    assert!(tokio::time::timeout(Duration::from_millis(100), call()).await.is_err());
    let rarely = Limits::new().rate(1, Duration::from_secs(60));
    let client = script.builder().limiter(rarely).build().unwrap();
    client.execute(&request).await.unwrap();
    client.with_retry(RetryPolicy::off().deadline(Duration::from_secs(2))).execute(&request).await.unwrap_err();
    let text = lines.text();
    for expected in [
        "attempt=1 waited_ms=0 duration_ms=20 outcome=\"ok\"",
        "attempt=1 waited_ms=980 duration_ms=20 outcome=\"ok\"",
        "duration_ms=1000 outcome=\"ok\"",
        "attempt=1 waited_ms=100 outcome=\"cancelled\"",
        "attempt=1 waited_ms=0 outcome=\"limit\"",
    ] {
        assert!(text.contains(expected), "{expected}\nis not in\n{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn records_sub_codes_that_are_words() {
    let long = "x".repeat(101);
    for (code, sub_code, expected) in [
        (15, "isv.trade-not-exist", "code=15 sub_code=\"isv.trade-not-exist\" request_id"),
        (
            50,
            " isp.top-remote-connection-timeout ",
            "code=50 sub_code=\"isp.top-remote-connection-timeout\" request_id",
        ),
        (15, "", "code=15 request_id"),
        (15, "the parameter x", "code=15 request_id"),
        (15, "服务异常", "code=15 request_id"),
        (15, &long, "code=15 request_id"),
    ] {
        let (lines, _guard) = listen();
        let client = Script::new([refusal(code, sub_code, "m")]).builder().build().unwrap();
        client.execute(&TopClientTokenGetRequest::new("x")).await.unwrap_err();
        let text = lines.text();
        // Of the attempt and the call.
        assert_eq!(text.matches(&format!("outcome=\"refused\" {expected}")).count(), 2, "{expected}: {text}");
    }
    let (text, ..) = traced([refusal(15, "isv.bad:s3cr3t+session", "m")]).await;
    assert!(text.contains("sub_code=\"isv.bad:[hidden]\""), "{text}");
}

#[tokio::test(start_paused = true)]
async fn spans_describe_authorization_requests() {
    let (lines, _guard) = listen();
    let authority = Authority::new();
    let oauth = authority.oauth();
    authority.state().delay = Duration::from_millis(30);
    oauth.refresh("refresh-1").await.unwrap();
    authority.state().refuses = Some("invalid_grant");
    oauth.refresh("refresh-1").await.unwrap_err();
    authority.state().down = true;
    oauth.refresh("refresh-1").await.unwrap_err();
    oauth.token("c0de-s3cr3t", "https://shop.test/s3cr3t").await.unwrap();
    let text = lines.text();
    for expected in [
        "call{method=\"oauth.refresh\" duration_ms=30 outcome=\"ok\"}: generated_sdk: close",
        "call{method=\"oauth.refresh\" duration_ms=30 outcome=\"refused\" code=400 sub_code=\"invalid_grant\"}: generated_sdk: close",
        "call{method=\"oauth.refresh\" duration_ms=30 outcome=\"connect\"}: generated_sdk: close",
        "call{method=\"oauth.token\" duration_ms=0 outcome=\"ok\"}: generated_sdk: close",
    ] {
        assert!(text.contains(expected), "{expected}\nis not in\n{text}");
    }
    for secret in ["s3cr3t", "access-", "refresh-"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[cfg(feature = "blocking")]
#[tokio::test]
async fn blocking_calls_use_the_callers_subscriber() {
    let (lines, _guard) = listen();
    let client = Script::new([ok("t")]).builder().build_blocking().unwrap();
    let span = tracing::info_span!("around");
    span.in_scope(|| client.execute(&TopClientTokenGetRequest::new("x"))).unwrap();
    let text = lines.text();
    assert!(text.contains("around:call{method=\"taobao.top.client.token.get\"}:attempt{"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn dropped_calls_are_recorded_as_cancelled() {
    let (lines, _guard) = listen();
    let client = Script::new([Reply::Never]).builder().build().unwrap();
    let request = TopClientTokenGetRequest::new("x");
    assert!(tokio::time::timeout(Duration::from_secs(1), client.execute(&request)).await.is_err());
    let text = lines.text();
    assert_eq!(text.matches("outcome=\"cancelled\"}: generated_sdk: close").count(), 2, "{text}");
}

#[tokio::test(start_paused = true)]
async fn records_no_secrets_or_parameters() {
    let ban = refusal(7, "accesscontrol.limited-by-api-access-count", "This ban will last for 2 more seconds");
    let echo = Reply::Response(
        200,
        Vec::new(),
        r#"{"error_response":{"code":25,"msg":"m","args":{"arg":[{"key":"session","value":"s3cr3t session"}]},
            "request_id":"r2"}}"#
            .to_owned(),
    );
    let clock = Reply::Response(
        200,
        vec![("Date", "Wed, 21 Oct 2015 07:28:00 GMT".to_owned()), ("Set-Cookie", "s3cr3t".to_owned())],
        r#"{"error_response":{"code":31,"msg":"Invalid timestamp"}}"#.to_owned(),
    );
    let unreadable = Reply::Response(200, Vec::new(), "{\"token\":\"s3cr3t".to_owned());
    for replies in [
        vec![ban, clock, ok("s3cr3t token")],
        vec![echo],
        vec![unreadable],
        vec![Reply::Error(generated_sdk::protocol::TransportKind::Interrupted)],
    ] {
        let (text, script, output) = traced(replies).await;
        assert!(text.contains("outcome="), "{text}");
        for text in [&text, &output] {
            assert!(!text.contains("s3cr3t") && !text.contains("sec_token"), "{text}");
            for body in script.bodies() {
                assert!(!text.contains(&parameter(&body, "sign")), "{text}");
            }
        }
    }
    assert!(SECRET.contains("s3cr3t"));
}

/// A limiter that is slow to accept a ban.
struct Slow;

impl Limiter for Slow {
    fn acquire<'a>(&'a self, _call: CallInfo<'a>) -> BoxFuture<'a, Result<Permit, LimitError>> {
        Box::pin(async { Ok(Permit::new()) })
    }

    fn banned<'a>(&'a self, _app_key: &'a str, _method: Option<&'a str>, _time: Duration) -> BoxFuture<'a, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(500)))
    }
}

#[tokio::test(start_paused = true)]
async fn reporting_a_ban_is_not_part_of_the_exchange() {
    let (lines, _guard) = listen();
    let script = Script::new([refusal(7, "", "This ban will last for 2 more seconds")]);
    let client = script.builder().limiter(Slow).build().unwrap();
    client.execute(&TopClientTokenGetRequest::new("x")).await.unwrap_err();
    let text = lines.text();
    for expected in ["attempt=1 waited_ms=0 duration_ms=0 outcome=", "duration_ms=500 outcome="] {
        assert!(text.contains(expected), "{expected}\nis not in\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn refreshes_use_the_callers_subscriber() {
    let (lines, _guard) = listen();
    let authority = Authority::new();
    let sessions = authority.sessions(MemorySessionStore::new());
    sessions.put("seller 1", authority.token()).await.unwrap();
    authority.clock.pass(86_400);
    sessions.token("seller 1").await.unwrap();
    let text = lines.text();
    assert!(text.contains("session refreshed user=\"seller 1\""), "{text}");
}

#[tokio::test]
async fn records_refreshes_without_secrets() {
    let (lines, _guard) = listen();
    let authority = Authority::new();
    let sessions = Arc::new(authority.sessions(MemorySessionStore::new()));
    let client = authority.client().with_session_from(sessions.clone(), "seller 1");
    let call = async || client.execute(&TopClientTokenGetRequest::new("s3cr3t parameter")).await.map(drop);
    sessions.put("seller 1", authority.token()).await.unwrap();
    authority.state().refuses = Some("temporarily_unavailable");
    authority.clock.pass(86_200);
    call().await.unwrap();
    authority.clock.pass(200);
    call().await.unwrap_err();
    authority.state().refuses = None;
    // A failed refresh is not retried at once.
    authority.clock.pass(10);
    call().await.unwrap();
    let text = lines.text();
    for expected in [
        "cannot refresh the session; using it until it ends user=\"seller 1\" needs_authorization=false",
        "session refreshed user=\"seller 1\"",
        "outcome=\"session\"",
    ] {
        assert!(text.contains(expected), "{expected}\nis not in\n{text}");
    }
    for secret in ["s3cr3t", "access-", "refresh-"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
