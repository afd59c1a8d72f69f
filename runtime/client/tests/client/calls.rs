//! The client over a transport without a socket: retries, limits, deadlines, and the clock.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use generated_sdk::api::top::{TopClientTokenGetRequest, TopSecretRegisterRequest};
use generated_sdk::api::trade::TradesSoldGetRequest;
use generated_sdk::client::{
    BoxFuture, Client, HttpMethod, HttpRequest, HttpResponse, Limiter, Limits, MemorySessionStore, OAuth, Refresh,
    RefreshingSessions, RetryPolicy, RetryScope, SessionProvider, Token, Transport,
};
use generated_sdk::protocol::{
    ConfigurationKind, PlatformError, Request, SessionError, Timeout, TransportError, TransportKind,
};
use generated_sdk::{AppCredentials, DateTime, Error, Gateway};
use tokio::time::Instant;

use crate::support::{Reply, SECRET, Script, chain, ok, parameter, refusal, status};

const SECOND: Duration = Duration::from_secs(1);

async fn read(client: &Client) -> Result<String, Error> {
    let response = client.execute(&TopClientTokenGetRequest::new("the parameter")).await?;
    Ok(response.token.clone().unwrap_or_default())
}

/// Makes a call that creates something.
async fn write(client: &Client) -> Result<(), Error> {
    client.execute(&TopSecretRegisterRequest::new()).await.map(|_| ())
}

fn kind(error: &Error) -> TransportKind {
    match error {
        Error::Transport(error) => error.kind,
        other => panic!("{other:?}"),
    }
}

/// A policy with negligible pauses.
fn quick(attempts: u32) -> RetryPolicy {
    RetryPolicy::new().attempts(attempts).first_pause(Duration::ZERO)
}

#[test]
fn read_methods_are_recognized_by_name() {
    const { assert!(TopClientTokenGetRequest::READS) };
    const { assert!(!TopSecretRegisterRequest::READS) };
}

#[tokio::test]
async fn retries_are_off_by_default() {
    let script = Script::new([status(503), ok("t")]);
    let error = read(&script.builder().build().unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::Status(_)), "{error:?}");
    assert_eq!(script.count(), 1);
}

#[tokio::test]
async fn retries_only_temporary_failures() {
    let busy = refusal(10, "", "");
    let after_sending = Reply::Error(TransportKind::Interrupted);
    let before_sending = Reply::Error(TransportKind::Connect);
    // The first reply, the attempts of a call that reads, and of one that creates.
    for (reply, reads, writes) in [
        (status(500), 2, 1),
        (status(404), 1, 1),
        (busy, 2, 1),
        (refusal(50, "isp.system-busy", ""), 2, 1),
        (refusal(50, "isv.invalid-parameter", ""), 1, 1),
        (refusal(8, "", ""), 2, 2),
        (refusal(25, "", ""), 1, 1),
        (refusal(27, "", ""), 1, 1),
        (before_sending, 2, 2),
        (after_sending, 2, 1),
        (Reply::Error(TransportKind::Tls), 1, 1),
        (Reply::Response(200, Vec::new(), "[]".to_owned()), 1, 1),
    ] {
        let attempts = |scope: RetryScope, reads: bool| {
            // A response of any method.
            let success = Reply::Response(200, Vec::new(), r#"{"request_id":"r1"}"#.to_owned());
            let script = Script::new([reply.clone(), success]);
            let client = script.builder().retry(quick(3).scope(scope)).build().unwrap();
            async move {
                let error = if reads { read(&client).await.err() } else { write(&client).await.err() };
                assert_eq!(error.is_none(), script.count() == 2, "{error:?}");
                script.count()
            }
        };
        assert_eq!(attempts(RetryScope::Reads, true).await, reads);
        assert_eq!(attempts(RetryScope::Reads, false).await, writes);
        assert_eq!(attempts(RetryScope::NotProcessed, true).await, writes);
        assert_eq!(attempts(RetryScope::All, false).await, reads);
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_are_random_within_doubling_bounds() {
    let mut pauses = Vec::new();
    for _ in 0..64 {
        let script = Script::new([status(500)]);
        let policy = RetryPolicy::new().attempts(5).first_pause(SECOND).longest_pause(3 * SECOND);
        let start = Instant::now();
        let client = script.builder().retry(policy).build().unwrap();
        assert!(matches!(read(&client).await, Err(Error::Status(_))));
        let times = script.times(start);
        assert_eq!(times.len(), 5);
        for (pause, bound) in times.windows(2).map(|pair| pair[1] - pair[0]).zip([1, 2, 3, 3]) {
            assert!(pause <= bound * SECOND + Duration::from_millis(1), "{pause:?} {bound}");
            pauses.push(pause.as_millis() * 4 / (u128::from(bound) * 1000));
        }
    }
    // Full jitter: each quarter of the bound occurs.
    for quarter in 0..4 {
        let share = pauses.iter().filter(|pause| **pause == quarter).count();
        assert!(share > pauses.len() / 10, "quarter {quarter} has {share} of {}", pauses.len());
    }
}

#[tokio::test]
async fn signs_every_attempt_again() {
    let wait = Reply::After(Duration::from_millis(1100), Box::new(status(500)));
    let script = Script::new([wait, ok("t")]);
    let client = script.builder().retry(quick(2)).build().unwrap().with_session("the session");
    assert_eq!(read(&client).await.unwrap(), "t");
    let bodies = script.bodies();
    let (times, signs): (Vec<_>, Vec<_>) =
        bodies.iter().map(|body| (parameter(body, "timestamp"), parameter(body, "sign"))).unzip();
    assert!(times[0] < times[1], "{times:?}");
    assert_ne!(signs[0], signs[1]);
    assert!(bodies.iter().all(|body| parameter(body, "session") == "the session"));
}

#[tokio::test(start_paused = true)]
async fn waits_for_bans_and_retry_after() {
    let ban = refusal(7, "accesscontrol.limited-by-api-access-count", "This ban will last for 5 more seconds");
    let header = |value: String| Reply::Response(503, vec![("Retry-After", value)], String::new());
    let date = vec![
        ("Date", "Wed, 21 Oct 2015 07:28:00 GMT".to_owned()),
        ("Retry-After", "Wed, 21 Oct 2015 07:28:05 GMT".to_owned()),
    ];
    for reply in [ban, header("5".to_owned()), Reply::Response(429, date, String::new())] {
        let script = Script::new([reply, ok("t")]);
        let start = Instant::now();
        assert_eq!(read(&script.builder().retry(RetryPolicy::new()).build().unwrap()).await.unwrap(), "t");
        let waited = script.times(start)[1];
        assert!((5 * SECOND..6 * SECOND).contains(&waited), "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn fails_at_once_if_a_ban_exceeds_the_deadline() {
    // The last ban is longer than any clock can represent.
    for seconds in [31_000, u64::MAX] {
        let script = Script::new([refusal(7, "", &format!("This ban will last for {seconds} more seconds"))]);
        let start = Instant::now();
        let policy = RetryPolicy::new().deadline(10 * SECOND);
        let client = script.builder().retry(policy).limiter(Limits::new()).build().unwrap();
        let error = read(&client).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(seconds)));
        assert!(matches!(read(&client).await, Err(Error::Limit(_))));
        assert_eq!((script.count(), start.elapsed()), (1, Duration::ZERO));
    }
}

#[tokio::test(start_paused = true)]
async fn no_call_exceeds_its_deadline() {
    // Attempts that hang until their timeout, or that fail and are retried forever.
    for reply in [Reply::Never, Reply::Slow(SECOND), status(500)] {
        let script = Script::new([reply]);
        let policy = RetryPolicy::new().attempts(u32::MAX).longest_pause(SECOND).deadline(10 * SECOND);
        let client = script.builder().timeout(4 * SECOND).retry(policy).build().unwrap();
        let start = Instant::now();
        tokio::time::timeout(60 * SECOND, read(&client)).await.expect("an end").unwrap_err();
        let took = start.elapsed();
        assert!((8 * SECOND..=10 * SECOND + Duration::from_millis(1)).contains(&took), "{took:?}");
        assert!(script.count() > 2);
    }
    // Infinite durations are accepted.
    let policy = RetryPolicy::new().first_pause(Duration::MAX).longest_pause(Duration::MAX).deadline(Duration::MAX);
    let script = Script::new([status(500), status(500), ok("t")]);
    let client = script.builder().timeout(Duration::MAX).read_timeout(Duration::MAX).retry(policy).build().unwrap();
    assert!(matches!(read(&client).await, Err(Error::Status(_))));
}

#[tokio::test(start_paused = true)]
async fn timeout_errors_name_the_timeout() {
    let start = Instant::now();
    let script = Script::new([Reply::Never]);
    let error = read(&script.builder().build().unwrap()).await.unwrap_err();
    assert_eq!((kind(&error), start.elapsed().as_secs()), (TransportKind::Timeout(Timeout::Attempt), 30));
    for reply in [Reply::Never, Reply::Slow(6 * SECOND)] {
        let start = Instant::now();
        let error = read(&Script::new([reply]).builder().read_timeout(5 * SECOND).build().unwrap()).await.unwrap_err();
        assert_eq!((kind(&error), start.elapsed().as_secs()), (TransportKind::Timeout(Timeout::Read), 5));
    }
    // An endless body without long pauses has the timeout of an attempt.
    let start = Instant::now();
    let slow = Script::new([Reply::Slow(SECOND)]);
    let error = read(&slow.builder().timeout(20 * SECOND).read_timeout(5 * SECOND).build().unwrap()).await.unwrap_err();
    assert_eq!((kind(&error), start.elapsed().as_secs()), (TransportKind::Timeout(Timeout::Attempt), 20));
    assert_eq!(error.body().map(|body| (body.len() > 10, body.is_truncated())), Some((true, true)));
}

#[tokio::test(start_paused = true)]
async fn with_timeout_applies_to_one_call() {
    let script = Script::new([Reply::After(20 * SECOND, Box::new(ok("t")))]);
    let client = script.builder().timeout(5 * SECOND).build().unwrap();
    for (client, expected) in [
        (client.clone(), Err(Timeout::Attempt)),
        (client.with_timeout(30 * SECOND), Ok("t")),
        (client.with_timeout(30 * SECOND).with_retry(RetryPolicy::off().deadline(10 * SECOND)), Err(Timeout::Call)),
    ] {
        let result = read(&client).await.map_err(|error| match error {
            Error::Transport(TransportError { kind: TransportKind::Timeout(timeout), .. }) => timeout,
            other => panic!("{other:?}"),
        });
        assert_eq!(result.as_deref(), expected.as_ref().copied());
    }
}

#[tokio::test(start_paused = true)]
async fn clones_share_an_evenly_spaced_rate() {
    let script = Script::new([ok("t")]);
    let client = script.builder().limiter(Limits::new().per_second(10)).build().unwrap();
    let start = Instant::now();
    let calls: Vec<_> = (0..25)
        .map(|number| {
            let client = client.with_session(format!("seller {number}"));
            tokio::spawn(async move { read(&client).await.unwrap() })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    let times = script.times(start);
    assert_eq!(times.len(), 25);
    for (index, time) in (0_u32..).zip(times) {
        let due = index * SECOND / 10;
        assert!(time >= due && time < due + Duration::from_millis(5), "{index} at {time:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn concurrency_is_limited() {
    let script = Script::new([Reply::After(SECOND, Box::new(ok("t")))]);
    let client = script.builder().limiter(Limits::new().concurrency(3)).build().unwrap();
    let start = Instant::now();
    let calls: Vec<_> = (0..10).map(|_| client.clone()).collect();
    let calls: Vec<_> = calls.into_iter().map(|client| tokio::spawn(async move { read(&client).await })).collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!((script.most_open(), start.elapsed().as_secs()), (3, 4));
}

#[tokio::test(start_paused = true)]
async fn waits_beyond_the_deadline_fail_at_once() {
    let script = Script::new([ok("t")]);
    let policy = RetryPolicy::off().deadline(10 * SECOND);
    let limits = Limits::new().rate(1, 60 * SECOND);
    let client = script.builder().limiter(limits).retry(policy.clone()).build().unwrap();
    read(&client).await.unwrap();
    let start = Instant::now();
    let error = read(&client).await.unwrap_err();
    assert!(matches!(error, Error::Limit(_)) && error.was_not_processed(), "{error:?}");
    assert_eq!((error.retry_after(), start.elapsed()), (Some(60 * SECOND), Duration::ZERO));
    // A wait of unknown length lasts until the deadline.
    let script = Script::new([Reply::Never]);
    let client = script.builder().timeout(60 * SECOND).limiter(Limits::new().concurrency(1)).build().unwrap();
    let first = tokio::spawn({
        let client = client.clone();
        async move { read(&client).await }
    });
    tokio::task::yield_now().await;
    let start = Instant::now();
    let error = read(&client.with_retry(policy)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the request was not sent: the limiter did not allow it before the deadline of the call's retry policy"
    );
    assert!(error.is_retryable() && error.was_not_processed());
    assert_eq!((start.elapsed().as_secs(), script.count()), (10, 1));
    first.abort();
}

#[tokio::test(start_paused = true)]
async fn invalid_requests_do_not_use_the_limiter() {
    let script = Script::new([ok("t")]);
    let client = script.builder().limiter(Limits::new().rate(1, 60 * SECOND)).build().unwrap();
    let error = client.execute(&TopClientTokenGetRequest::new("")).await.unwrap_err();
    assert!(matches!(error, Error::Invalid(_)), "{error:?}");
    assert_eq!(read(&client).await.unwrap(), "t");
}

#[tokio::test]
async fn signs_after_the_limiter_admits_the_call() {
    let script = Script::new([ok("t")]);
    let client = script.builder().limiter(Limits::new().rate(1, Duration::from_millis(1100))).build().unwrap();
    let both = tokio::join!(read(&client), read(&client));
    assert!(both.0.is_ok() && both.1.is_ok());
    let times: Vec<_> = script.bodies().iter().map(|body| parameter(body, "timestamp")).collect();
    assert!(times[0] < times[1], "{times:?}");
}

#[tokio::test]
async fn decode_errors_name_the_path() {
    for (body, path, expected, found) in [
        ("[]", "", "a JSON object or an XML element", "another value"),
        ("<html>", "", "JSON or XML", "an HTML page"),
        (r#"{"x":1}"#, "", "top_client_token_get_response or error_response", "neither"),
        (r#"{"x_response":{"token" 1"#, "", "':'", "'1'"),
        (r#"{"top_client_token_get_response":{"token":["#, "token", "a JSON value", "the end of the body"),
        (
            r#"{"top_client_token_get_response":{"token":"s3cr3t"#,
            "token",
            "well-formed JSON or XML",
            "unterminated string",
        ),
    ] {
        let script = Script::new([Reply::Response(200, Vec::new(), body.to_owned())]);
        let error = read(&script.builder().build().unwrap()).await.unwrap_err();
        let Error::Decode(error) = error else { panic!("{error:?}") };
        assert_eq!((error.path.as_str(), error.expected.as_str(), error.found.as_str()), (path, expected, found));
        assert_eq!(&*error.body, body);
    }
}

#[tokio::test]
async fn strict_client_reports_type_mismatches() {
    let body = r#"{"top_client_token_get_response":[1]}"#;
    let script = Script::new([Reply::Response(200, Vec::new(), body.to_owned())]);
    assert_eq!(read(&script.builder().build().unwrap()).await.unwrap(), "");
    let error = read(&script.builder().strict(true).build().unwrap()).await.unwrap_err();
    let Error::Decode(error) = error else { panic!("{error:?}") };
    assert_eq!((error.path.as_str(), error.expected.as_str(), error.found.as_str()), ("", "object", "a list"));
}

#[tokio::test(start_paused = true)]
async fn a_ban_delays_all_calls_of_the_method() {
    let ban = |sub_code: &str| refusal(7, sub_code, "This ban will last for 5 more seconds");
    let script = Script::new([ban("accesscontrol.limited-by-api-access-count"), ok("t")]);
    let client = script.builder().build().unwrap();
    let start = Instant::now();
    assert!(read(&client).await.is_err());
    let held: Vec<_> = (0..5).map(|_| client.clone()).collect();
    let held: Vec<_> = held.into_iter().map(|client| tokio::spawn(async move { read(&client).await })).collect();
    // Other methods are not delayed.
    let _ = write(&client).await;
    assert_eq!(script.times(start), [Duration::ZERO; 2]);
    for call in held {
        call.await.unwrap().unwrap();
    }
    assert!(script.times(start)[2..].iter().all(|time| time.as_secs() == 5), "{:?}", script.times(start));
    // A call whose deadline is before the end of the ban is not sent.
    let script = Script::new([ban("accesscontrol.limited-by-app-access-count"), ok("t")]);
    let policy = RetryPolicy::off().deadline(3 * SECOND);
    let client = script.builder().limiter(Limits::new()).retry(policy).build().unwrap();
    assert!(read(&client).await.is_err());
    let error = read(&client).await.unwrap_err();
    assert!(matches!(error, Error::Limit(_)), "{error:?}");
    // The daily quota of the application is shared by all methods.
    assert!(matches!(write(&client).await, Err(Error::Limit(_))));
    assert_eq!(script.count(), 1);
}

/// A time as HTTP writes it.
fn http_date(time: SystemTime) -> String {
    let (year, month, day) = DateTime::from(time - Duration::from_secs(8 * 3600)).date();
    let (hour, minute, second) = DateTime::from(time - Duration::from_secs(8 * 3600)).time();
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS[usize::try_from(month - 1).unwrap()];
    format!("{day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

#[tokio::test]
async fn corrects_the_clock_once() {
    let invalid_time = |ahead: i64| {
        let Reply::Response(status, _, body) = refusal(31, "", "") else { unreachable!() };
        let distance = Duration::from_secs(ahead.unsigned_abs());
        let now = SystemTime::now();
        let date = http_date(if ahead < 0 { now - distance } else { now + distance });
        Reply::Response(status, vec![("Date", date)], body)
    };
    for ahead in [3600, -7200] {
        let script = Script::new([invalid_time(ahead), ok("t")]);
        let client = script.builder().build().unwrap();
        assert_eq!(read(&client).await.unwrap(), "t");
        // Later calls, also of clones, start with the corrected time.
        assert_eq!(read(&client.with_session("s")).await.unwrap(), "t");
        let times: Vec<DateTime> =
            script.bodies().iter().map(|body| parameter(body, "timestamp").parse().unwrap()).collect();
        let seconds = |time: DateTime| {
            i64::try_from(time.to_system_time().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()).unwrap()
        };
        assert_eq!(times.len(), 3);
        for time in &times[1..] {
            assert!((seconds(*time) - seconds(times[0]) - ahead).abs() <= 2, "{times:?}");
        }
    }
    // Concurrent calls are refused together. The first one corrects the clock for all.
    let refused = || Reply::After(SECOND / 20, Box::new(invalid_time(3600)));
    let script = Script::new(std::iter::repeat_with(refused).take(10).chain([ok("t")]));
    let client = script.builder().build().unwrap();
    let calls: Vec<_> = (0..10).map(|_| client.clone()).collect();
    let calls: Vec<_> = calls.into_iter().map(|client| tokio::spawn(async move { read(&client).await })).collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), "t");
    }
    // Once per call, and only if the clocks differ: the code may have other reasons.
    let script = Script::new([invalid_time(3600), invalid_time(7200)]);
    assert_eq!(read(&script.builder().build().unwrap()).await.unwrap_err().platform().unwrap().code, 31);
    assert_eq!(script.count(), 2);
    for reply in [invalid_time(20), refusal(31, "", "")] {
        let script = Script::new([reply]);
        assert!(read(&script.builder().build().unwrap()).await.is_err());
        assert_eq!(script.count(), 1);
    }
}

#[tokio::test]
async fn corrects_the_clock_only_after_a_refused_timestamp() {
    // Other servers may have a wrong clock.
    let from_2015 = |reply| {
        let Reply::Response(status, _, body) = reply else { unreachable!() };
        Reply::Response(status, vec![("Date", "Wed, 21 Oct 2015 07:28:00 GMT".to_owned())], body)
    };
    for reply in [ok("t"), refusal(15, "isp.x", ""), refusal(26, "", ""), status(503)] {
        let script = Script::new([from_2015(reply), ok("t")]);
        let client = script.builder().build().unwrap();
        let _ = read(&client).await;
        read(&client).await.unwrap();
        let years: Vec<_> = script.bodies().iter().map(|body| parameter(body, "timestamp")[..4].to_owned()).collect();
        assert!(years.len() == 2 && years.iter().all(|year| year != "2015"), "{years:?}");
    }
}

#[tokio::test]
async fn responses_have_status_headers_and_body() {
    let Reply::Response(_, _, body) = ok("t") else { unreachable!() };
    let script = Script::new([Reply::Response(201, vec![("Application-Host", "top1".to_owned())], body.clone())]);
    let client = script.builder().build().unwrap();
    let response = client.execute(&TopClientTokenGetRequest::new("x")).await.unwrap();
    assert_eq!((response.status(), response.body()), (Some(201), body.as_str()));
    assert_eq!(response.headers().get("application-host"), Some("top1"));
}

#[tokio::test]
async fn decodes_refusals_with_any_status() {
    let Reply::Response(_, _, body) = refusal(25, "", "") else { unreachable!() };
    let script = Script::new([Reply::Response(400, Vec::new(), body)]);
    let error = read(&script.builder().build().unwrap()).await.unwrap_err();
    assert_eq!(error.platform().map(|refusal| refusal.code.clone()), Some(25.into()), "{error:?}");
    assert_eq!(error.request_id(), Some("r2"));
    // The fields alone are not a refusal.
    let script = Script::new([Reply::Response(400, Vec::new(), r#"{"code":25,"msg":"m"}"#.to_owned())]);
    assert!(matches!(read(&script.builder().build().unwrap()).await, Err(Error::Status(_))));
}

#[tokio::test]
async fn stops_reading_at_the_body_limit() {
    let long = |status| Reply::Response(status, Vec::new(), "x".repeat(200_000));
    let script = Script::new([long(200), long(500)]);
    let client = script.builder().body_limit(100_000).build().unwrap();
    let error = read(&client).await.unwrap_err();
    assert_eq!(kind(&error), TransportKind::TooLong);
    assert_eq!(error.body().map(|body| (body.len(), body.is_truncated())), Some((64 << 10, true)));
    // The beginning of an error page is enough.
    let error = read(&client).await.unwrap_err();
    let Error::Status(error) = error else { panic!("{error:?}") };
    assert_eq!((error.status, error.body.len(), error.body.is_truncated()), (500, 64 << 10, true));
}

#[tokio::test]
async fn attempts_are_independent() {
    // A refusal with other fields, and then a response without them.
    let mixed = r#"{"token":"old","error_response":{"code":10,"msg":"busy"}}"#;
    let script = Script::new([
        Reply::Response(200, Vec::new(), mixed.to_owned()),
        Reply::Response(200, Vec::new(), r#"{"top_client_token_get_response":{"result_code":"200"}}"#.to_owned()),
    ]);
    let client = script.builder().retry(quick(2)).build().unwrap();
    let response = client.execute(&TopClientTokenGetRequest::new("x")).await.unwrap();
    assert_eq!((response.token.as_deref(), response.result_code.as_deref()), (None, Some("200")));
}

#[test]
fn rejects_transport_settings_with_a_given_transport() {
    let script = Script::new([]);
    for builder in [script.builder().proxy("http://127.0.0.1:1/"), script.builder().connect_timeout(SECOND)] {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains("apply to the client's own transport only"), "{error}");
    }
    let builder = Client::builder("http://gateway.test/", AppCredentials::new("k", "s")).proxy("http://user:s3cr3t@");
    let error = builder.clone().build().unwrap_err();
    assert!(!format!("{error} {error:?} {builder:?}").contains("s3cr3t"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn dropped_calls_release_their_places() {
    let script = Script::new([ok("t")]);
    let client = script.builder().limiter(Limits::new().per_second(1)).build().unwrap();
    assert_eq!(read(&client).await.unwrap(), "t");
    let start = Instant::now();
    for _ in 0..30 {
        assert!(tokio::time::timeout(SECOND / 100, read(&client)).await.is_err());
    }
    assert_eq!(read(&client).await.unwrap(), "t");
    assert!(start.elapsed() <= 2 * SECOND, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn applies_a_ban_reported_during_the_wait() {
    let limits = Arc::new(Limits::new().per_second(1));
    let script = Script::new([ok("t")]);
    let client = script.builder().limiter(Arc::clone(&limits)).build().unwrap();
    let start = Instant::now();
    assert_eq!(read(&client).await.unwrap(), "t");
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { read(&client).await }
    });
    tokio::time::sleep(SECOND / 2).await;
    limits.banned("12345678", None, 5 * SECOND).await;
    assert_eq!(waiting.await.unwrap().unwrap(), "t");
    assert!(script.times(start)[1] >= 5 * SECOND, "{:?}", script.times(start));
}

#[tokio::test]
async fn redacts_repeated_secrets_in_refusals() {
    let script = Script::new([refusal(27, "session-is-SESS10N-6100e2", "session SESS10N-6100e2 is not valid")]);
    let client = script.builder().build().unwrap().with_session("SESS10N-6100e2");
    let error = read(&client).await.unwrap_err();
    for output in [error.to_string(), format!("{error:?}")] {
        assert!(!output.contains("SESS10N") && output.contains("session [hidden] is not valid"), "{output}");
    }
}

#[tokio::test]
async fn redacts_parts_of_parameters_in_refusals() {
    let json =
        r#"{"name":"jeep","login_token":"t0k3n-1","more":[{"password":"hunter\"22"},{"password":"hunter\"22-b"}]}"#;
    for (said, text) in [
        ("t0k3n-1 is old", "[hidden] is old"),
        ("jeep is too short", "jeep is too short"),
        (r#"not hunter\"22, not hunter&quot;22-b"#, "not [hidden], not [hidden]"),
        // Encoded as in the JSON of the parameter.
        (r#"not \"hunter\\\"22-b\""#, r#"not "[hidden]""#),
    ] {
        let script = Script::new([refusal(41, "isv.invalid-parameter", said)]);
        let error = script.builder().build().unwrap().call("taobao.a.b", [("login", json)]).await.unwrap_err();
        let sub_msg = error.platform().and_then(|refusal| refusal.sub_msg.as_deref());
        assert_eq!(sub_msg, Some(text));
    }
}

#[tokio::test]
async fn redacts_members_of_objects_in_refusals() {
    use generated_sdk::api::user::OpenAccountCreateRequest;
    use generated_sdk::api::user::open_account_create::OpenAccount;

    let script = Script::new([refusal(41, "isv.invalid-parameter", "xiaoming: s3cr3t-pwd is too short")]);
    let account = OpenAccount::new().login_id("xiaoming").login_pwd("s3cr3t-pwd");
    let request = OpenAccountCreateRequest::new().param_list([account]);
    let error = script.builder().build().unwrap().execute(&request).await.unwrap_err();
    assert!(error.to_string().contains("xiaoming: [hidden] is too short"), "{error}");
}

#[test]
fn rejects_invalid_proxies_and_gateways() {
    for proxy in ["ftp://127.0.0.1:1", "socks://127.0.0.1:1", "nonsense", "http://"] {
        let error = Client::builder("https://gateway.test/", AppCredentials::new("key", "secret"))
            .proxy(proxy)
            .build()
            .unwrap_err();
        let text = "invalid configuration: invalid URL of the proxy: expected one of the schemes \
                    http, https, socks4, socks4a, socks5, socks5h";
        assert_eq!(error.to_string(), text, "{proxy}");
    }
    let error =
        Client::builder("https://t0k3n@gateway.test/", AppCredentials::new("key", "secret")).build().unwrap_err();
    assert!(!error.to_string().contains("t0k3n") && error.to_string().contains("contains a user name or password"));
}

#[test]
fn accepts_gateway_ids_and_urls_only() {
    let build = |gateway: Gateway| {
        Client::builder(gateway, AppCredentials::new("key", "secret")).transport(Script::new([])).build()
    };
    for (gateway, url) in [
        (Gateway::TAOBAO, "https://gw.api.taobao.com/router/rest"),
        ("taobao".into(), "https://gw.api.taobao.com/router/rest"),
        ("taobao-overseas".into(), "https://api.taobao.com/router/rest"),
        (String::from("http://127.0.0.1:8642/api").into(), "http://127.0.0.1:8642/api"),
    ] {
        assert_eq!(build(gateway).unwrap().gateway(), url);
    }
    for (gateway, expected) in [
        (
            "",
            "no gateway: expected a URL starting with `http://` or `https://`, or one of `taobao`, `taobao-overseas`, ",
        ),
        (
            "taobo",
            "unknown gateway \"taobo\": expected a URL starting with `http://` or `https://`, or one of `taobao`, ",
        ),
        ("Taobao", "unknown gateway \"Taobao\": expected "),
        ("gw.api.taobao.com/router/rest", "unknown gateway \"gw.api.taobao.com/router/rest\": expected "),
        (
            "ftp://gateway.test/",
            "invalid URL of the gateway: expected a URL starting with `http://` or `https://`, found \"ftp://gateway.test/\"",
        ),
        ("https://", "invalid URL of the gateway: "),
    ] {
        let error = build(gateway.into()).unwrap_err();
        let Error::Configuration(configuration) = &error else { panic!("{error:?}") };
        assert_eq!(configuration.kind(), ConfigurationKind::Gateway);
        assert!(error.to_string().starts_with(&format!("invalid configuration: {expected}")), "{error}");
    }
}

/// A provider that has another session after every refusal, and counts the refusals.
#[derive(Default)]
struct Counting(std::sync::atomic::AtomicUsize);

impl SessionProvider for Counting {
    fn session<'a>(&'a self, _user: &'a str) -> BoxFuture<'a, Result<String, SessionError>> {
        let number = self.0.load(std::sync::atomic::Ordering::Relaxed);
        Box::pin(async move { Ok(format!("session-{number}")) })
    }

    fn refused<'a>(&'a self, _user: &'a str, _session: &'a str, _refusal: &'a PlatformError) -> BoxFuture<'a, bool> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Box::pin(async { true })
    }
}

#[tokio::test(start_paused = true)]
async fn refused_sessions_do_not_repeat_calls_that_may_be_processed() {
    const { assert!(TopClientTokenGetRequest::READS && !TopSecretRegisterRequest::READS) };
    let sub_codes = ["", "isv.invalid-sessionkey", "isp.invalid-sessionkey", "INVALID-SESSIONKEY", "isv.other"];
    let policies = [RetryPolicy::off(), RetryPolicy::new(), RetryPolicy::new().scope(RetryScope::NotProcessed)];
    for (code, sub_code, policy) in (0..=60)
        .chain([100, 500, 999])
        .flat_map(|code| sub_codes.map(|sub_code| (code, sub_code)))
        .flat_map(|(code, sub_code)| policies.clone().map(|policy| (code, sub_code, policy)))
    {
        for reads in [false, true] {
            let script = Script::new([refusal(code, sub_code, ""), ok("t")]);
            let provider = Arc::new(Counting::default());
            let client = script.builder().retry(policy.clone()).build().unwrap();
            let client = client.with_session_from(provider.clone(), "seller 1");
            let result = if reads { read(&client).await.map(drop) } else { write(&client).await };
            let mut refused = PlatformError::new(code, "");
            refused.sub_code = Some(sub_code.to_owned());
            let safe = refused.was_not_processed() || (reads && policy != policies[2]);
            let case = format!("{code} {sub_code} reads={reads} {policy:?}");
            assert!(safe || script.count() == 1, "{case}");
            assert_eq!(result.is_ok(), script.count() == 2, "{case}");
            if refused.is_session_invalid() {
                assert_eq!(result.is_ok(), safe, "{case}");
                // The next call has another session.
                let next = provider.session("seller 1").await.unwrap();
                assert_eq!(next, "session-1", "{case}");
            }
        }
    }
    // For an idempotent call.
    let script = Script::new([refusal(15, "isv.invalid-sessionkey", ""), ok("t")]);
    let client = script.builder().retry(RetryPolicy::off().scope(RetryScope::All)).build().unwrap();
    write(&client.with_session_from(Arc::new(Counting::default()), "seller 1")).await.unwrap();
}

#[test]
fn default_policy_is_off() {
    assert_eq!(RetryPolicy::default(), RetryPolicy::off());
    let client = Script::new([]).builder().build().unwrap();
    assert!(format!("{client:?}").contains(&format!("{:?}", RetryPolicy::default())));
}

#[tokio::test(start_paused = true)]
async fn accepts_any_duration() {
    const MAX: Duration = Duration::MAX;
    let script = Script::new([status(503), status(503), ok("t")]);
    let policy = RetryPolicy::new().deadline(MAX).longest_pause(MAX).first_pause(SECOND);
    let limits = Limits::new().rate(u32::MAX, MAX).rate(1, MAX).rate(1, SECOND);
    let builder = script.builder().timeout(MAX).read_timeout(MAX).retry(policy).limiter(limits);
    assert_eq!(read(&builder.build().unwrap().with_timeout(MAX)).await.unwrap(), "t");
    let policy = RetryPolicy::new().first_pause(MAX).longest_pause(MAX);
    let client = Script::new([status(503)]).builder().retry(policy).build().unwrap();
    read(&client).await.unwrap_err();
    // A dropped wait.
    let limits = Limits::new().rate(1, MAX);
    limits.acquire(generated_sdk::client::CallInfo::new("k", "m", MAX)).await.unwrap();
    limits.banned("k", None, MAX).await;
    let turn = limits.acquire(generated_sdk::client::CallInfo::new("k", "m", SECOND)).await;
    assert!(turn.unwrap_err().retry_after.is_some());
    Client::builder("http://127.0.0.1:9/", AppCredentials::new("key", "secret")).connect_timeout(MAX).build().unwrap();
}

#[test]
fn missing_runtime_drivers_are_configuration_errors() {
    let client = Client::builder("http://127.0.0.1:9/", AppCredentials::new("12345678", SECRET)).build().unwrap();
    let oauth = OAuth::new(&client, "http://127.0.0.1:9").unwrap();
    let request = TopClientTokenGetRequest::new("x");
    let mut bare = tokio::runtime::Builder::new_current_thread();
    let mut with_time = tokio::runtime::Builder::new_current_thread();
    with_time.enable_time();
    for (builder, driver, method) in [(&mut bare, "time", "enable_time"), (&mut with_time, "I/O", "enable_io")] {
        let runtime = builder.build().unwrap();
        let expected = format!("the tokio runtime has no {driver} driver: build it with `enable_all` or `{method}`");
        for _ in 0..2 {
            for result in [
                runtime.block_on(client.execute(&request)).map(drop),
                runtime.block_on(oauth.refresh("refresh-1")).map(drop),
            ] {
                let error = result.unwrap_err();
                let Error::Configuration(configuration) = &error else { panic!("{error:?}") };
                assert_eq!(configuration.kind(), ConfigurationKind::Runtime);
                assert!(error.to_string().contains(&expected), "{error}");
            }
        }
    }
    // A transport without sockets needs no I/O driver. Runtimes are checked separately.
    let script = Script::new([ok("t")]);
    let client = script.builder().build().unwrap();
    assert_eq!(with_time.build().unwrap().block_on(read(&client)).unwrap(), "t");
    assert!(bare.build().unwrap().block_on(read(&client)).is_err());
}

/// Polls a future once, without a runtime.
fn polled<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn calls_without_a_runtime_are_configuration_errors() {
    let client = Client::builder("http://127.0.0.1:9/", AppCredentials::new("12345678", SECRET)).build().unwrap();
    let oauth = OAuth::new(&client, "http://127.0.0.1:9").unwrap();
    let request = TopClientTokenGetRequest::new("x");
    let errors = [
        polled(client.execute(&request)).map(drop),
        polled(client.call("taobao.time.get", ())).map(drop),
        polled(oauth.token("c0de", "https://shop.test/back")).map(drop),
        polled(oauth.refresh("refresh-1")).map(drop),
    ];
    for result in errors {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Configuration(_)), "{error:?}");
        assert!(error.to_string().contains("no tokio runtime: await the call within one"), "{error}");
    }
    // A session is refreshed by its own task.
    let sessions = RefreshingSessions::new(oauth, MemorySessionStore::new());
    let error = polled(sessions.token("seller 1")).unwrap_err();
    assert!(!error.needs_authorization() && chain(&error).contains("no tokio runtime"), "{error:?}");
    polled(sessions.put("seller 1", Token::new("a"))).unwrap();
    assert_eq!(polled(sessions.token("seller 1")).unwrap().access_token, "a");
}

#[tokio::test]
async fn redacts_the_query_of_the_gateway() {
    let script = Script::new([Reply::Error(TransportKind::Connect)]);
    let builder =
        |gateway: &str| Client::builder(gateway, AppCredentials::new("12345678", SECRET)).transport(script.clone());
    let client = builder("https://gateway.test/api?key=qu3ry").build().unwrap();
    let error = client.execute(&TopClientTokenGetRequest::new("x")).await.unwrap_err();
    let wrong = builder("gateway.test/api?key=qu3ry").build().unwrap_err();
    let request = HttpRequest::new(HttpMethod::Post, "https://gateway.test/api?key=qu3ry", "");
    for (output, whole) in [
        (format!("{client:?}"), "https://gateway.test/api?[hidden]"),
        (error.to_string(), "cannot connect to https://gateway.test/api?[hidden]:"),
        (format!("{error:?}"), "https://gateway.test/api?[hidden]"),
        (wrong.to_string(), "gateway.test/api?[hidden]"),
        (format!("{request:?}"), "https://gateway.test/api?[hidden]"),
    ] {
        assert!(output.contains(whole) && !output.contains("qu3ry"), "{output}");
    }
}

/// A transport that returns bytes.
#[derive(Clone)]
struct Bytes(Vec<u8>, &'static str);

impl Transport for Bytes {
    fn send(&self, _request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let answer = HttpResponse::new(200, self.0.clone()).header("Content-Type", self.1);
        Box::pin(async { Ok(answer) })
    }
}

#[tokio::test]
async fn invalid_bytes_are_replaced_and_reported() {
    let client = |body: &[u8], kind, strict| {
        let builder = Client::builder("http://gateway.test/", AppCredentials::new("12345678", SECRET));
        builder.transport(Bytes(body.to_vec(), kind)).strict(strict).build().unwrap()
    };
    let request = TopClientTokenGetRequest::new("the parameter");
    let utf8 = "text/javascript;charset=UTF-8";
    for (bytes, text) in [(&b"a\xe5\x95"[..], "a\u{fffd}"), (b"a\xed\xa0\xbd\xed\xb8\x80", "a😀")] {
        let body = [b"{\"top_client_token_get_response\":{\"result_msg\":\"", bytes, b"\",\"token\":\"t\"}}"].concat();
        let response = client(&body, utf8, false).execute(&request).await.unwrap();
        assert_eq!((response.result_msg.as_deref(), response.token.as_deref()), (Some(text), Some("t")));
        assert_eq!(response.mismatches()[0].path, "result_msg");
        let untyped = client(&body, utf8, false).call(TopClientTokenGetRequest::METHOD, ()).await.unwrap();
        assert_eq!((untyped["result_msg"].as_str(), untyped.mismatches().len()), (Some(text), 1));
        for strict in [
            client(&body, utf8, true).execute(&request).await.map(|_| ()),
            client(&body, utf8, true).call(TopClientTokenGetRequest::METHOD, ()).await.map(|_| ()),
        ] {
            let Err(Error::Decode(error)) = strict else { panic!("{strict:?}") };
            assert_eq!(error.path, "result_msg");
        }
        // A body that declares another charset is rejected.
        let error = client(&body, "text/javascript;charset=GBK", false).execute(&request).await.unwrap_err();
        assert!(matches!(error, Error::Decode(_)), "{error}");
        let body = [b"{\"error_response\":{\"code\":15,\"msg\":\"", bytes, b"\"}}"].concat();
        let error = client(&body, utf8, true).execute(&request).await.unwrap_err();
        assert_eq!(error.platform().map(|refusal| refusal.msg.as_str()), Some(text));
    }
}

/// A transport that returns one page after the other.
struct BytePages(Mutex<VecDeque<Vec<u8>>>);

impl Transport for BytePages {
    fn send(&self, _request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let page = self.0.lock().unwrap().pop_front().expect("no page follows the last");
        Box::pin(async { Ok(HttpResponse::new(200, page)) })
    }
}

#[tokio::test]
async fn lists_continue_after_an_invalid_byte() {
    let page = |title: &[u8], tid: u8, has_next: &str| {
        let head = format!(
            r#"{{"trades_sold_get_response":{{"has_next":{has_next},"trades":{{"trade":[{{"tid":{tid},"title":""#
        );
        [head.as_bytes(), title, b"\"}]}}}"].concat()
    };
    let pages = BytePages(Mutex::new([page(b"a\xff", 1, "true"), page(b"b", 2, "false")].into()));
    let client = Client::builder("http://gateway.test/", AppCredentials::new("12345678", SECRET))
        .transport(pages)
        .build()
        .unwrap();
    let mut trades = client.with_session("s").items(TradesSoldGetRequest::new(["tid", "title"]).page_size(1));
    let mut read = Vec::new();
    while let Some(trade) = trades.next().await {
        let trade = trade.unwrap();
        read.push((trade.tid, trade.title.unwrap()));
    }
    assert_eq!(read, [(Some(1), "a\u{fffd}".to_owned()), (Some(2), "b".to_owned())]);
}

#[tokio::test]
async fn refusals_are_never_responses() {
    for body in [
        r#"{"type":"ISV","code":"IllegalAccessToken","message":"m","request_id":"r"}"#,
        r#"{"response":{"flag":"failure","code":"IllegalAccessToken","message":"m","request_id":"r"}}"#,
    ] {
        let client = Script::new([Reply::Response(200, Vec::new(), body.to_owned())]).builder().build().unwrap();
        for error in [
            write(&client).await.unwrap_err(),
            client.call("taobao.trade.close", [("tid", "1")]).await.map(|_| ()).unwrap_err(),
        ] {
            assert!(error.is_session_invalid(), "{error}");
            assert_eq!(error.request_id(), Some("r"), "{error}");
        }
    }
}
