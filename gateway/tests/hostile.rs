//! A server that does what no gateway should, and what a client makes of it: a typed error whose message says what
//! happened, within the time and memory that it was given.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod support;

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use expect_test::expect;
use flate2::Compression;
use flate2::write::GzEncoder;
use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::client::{HttpTransport, RetryPolicy};
use generated_sdk::protocol::{Timeout, TransportKind};
use generated_sdk::{ClientBuilder, Error};
use support::client;
use support::hostile::{Step, scripted, send, whole};
#[cfg(target_os = "linux")]
use support::{hostile::Received, memory};
use tokio::net::TcpListener;
use tokio::time::Instant;

const SHORT: Duration = Duration::from_millis(200);

/// Secrets of the calls that are made here, which no message may show.
const SECRETS: [&str; 3] = ["tok3n of the call", "s3ssion+of=the&seller", support::SECRET];

async fn call(builder: ClientBuilder) -> Result<(), Error> {
    let client = builder.build().unwrap().with_session(SECRETS[1]);
    client.execute(&TopClientTokenGetRequest::new(SECRETS[0])).await.map(|_| ())
}

/// The error of a call, whose every text is looked through for secrets.
async fn failure(builder: ClientBuilder) -> Error {
    let error = call(builder).await.unwrap_err();
    let mut shown = format!("{error} {error:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        shown += &format!(" {cause} {cause:?}");
        source = cause.source();
    }
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{shown}");
    }
    error
}

/// What a server that plays `steps` makes of a call, with the parts that differ from run to run left out.
async fn said(steps: Vec<Step>) -> String {
    // Nothing is waited for but what does not come.
    let silent = steps.iter().any(|step| matches!(step, Step::Hang));
    let patience = if silent { SHORT } else { Duration::from_secs(20) };
    let address = scripted(move |_| steps.clone()).await;
    let error = failure(client(address).read_timeout(patience)).await;
    told(&error, address)
}

fn told(error: &Error, address: SocketAddr) -> String {
    let kind = match error {
        Error::Transport(error) => format!("{:?}", error.kind),
        Error::Status(_) => "Status".to_owned(),
        Error::Decode(_) => "Decode".to_owned(),
        Error::Platform(_) => "Platform".to_owned(),
        other => panic!("{other:?}"),
    };
    // The last cause says what happened; those between are the HTTP library's own.
    let mut last: &dyn std::error::Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    let cause = if last.to_string() == error.to_string() { String::new() } else { format!(" ({last})") };
    let text = format!("{error}{cause}").replace(&format!("http://{address}/router/rest"), "GATEWAY");
    // What systems call their errors is alike, and their numbers are not.
    let text = text.split(" (os error ").map(|part| part.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    format!("{kind}: {}", text.collect::<String>().replace("))", ")"))
}

fn packed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

const TOKEN: &[u8] = br#"{"top_client_token_get_response":{"token":"t"}}"#;
const PAGE: &[u8] = b"<!DOCTYPE html>\n<html><head><title>Forbidden</title></head><body>Please log in</body></html>";

#[tokio::test(start_paused = true)]
async fn connections_that_are_not_what_they_should_be() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refused = listener.local_addr().unwrap();
    drop(listener);
    let mut lines = vec![format!("refused => {}", told(&failure(client(refused)).await, refused))];
    let beginning = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"top_client_token_get";
    for (name, steps) in [
        ("reset at once", vec![Step::Reset]),
        ("closed at once", vec![Step::Close]),
        ("reset in the headers", vec![send("HTTP/1.1 200 OK\r\nContent-Le"), Step::Wait(SHORT / 4), Step::Reset]),
        ("closed in the headers", vec![send("HTTP/1.1 200 OK\r\nContent-Le"), Step::Close]),
        ("reset in the body", vec![send(beginning), Step::Wait(SHORT / 4), Step::Reset]),
        ("closed in the body", vec![send(beginning), Step::Close]),
        (
            "closed in a chunk",
            vec![send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"t"), Step::Close],
        ),
        ("a chunk of no length", vec![send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n{}")]),
        ("no HTTP", vec![send("SSH-2.0-OpenSSH_9.9\r\n")]),
        ("another HTTP", vec![send("HTTP/9.9 200 OK\r\n\r\n")]),
        ("no number for a status", vec![send("HTTP/1.1 OK 200\r\n\r\n")]),
        ("a length that is none", vec![send("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")]),
        ("two lengths", vec![send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}")]),
        ("headers without end", vec![send("HTTP/1.1 200 OK\r\n"), Step::Repeat(b"x: y\r\n".repeat(1000), 1000)]),
        ("a header without end", vec![send("HTTP/1.1 200 OK\r\nx: "), Step::Repeat(vec![b'y'; 1000], 10_000)]),
        (
            "interim answers without end",
            vec![Step::Repeat(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), 1000), Step::Hang],
        ),
        ("silence", vec![Step::Hang]),
        ("silence in the headers", vec![send("HTTP/1.1 200 OK\r\nContent-Le"), Step::Hang]),
        ("silence in the body", vec![send(beginning), Step::Hang]),
    ] {
        lines.push(format!("{name} => {}", said(steps).await));
    }
    expect![[r#"
        refused => Connect: cannot connect to GATEWAY: check its address, and whether it is running (Connection refused)
        reset at once => Interrupted: the connection to GATEWAY broke before the response was complete (Connection reset by peer)
        closed at once => Interrupted: the connection to GATEWAY broke before the response was complete (connection closed before message completed)
        reset in the headers => Interrupted: the connection to GATEWAY broke before the response was complete (Connection reset by peer)
        closed in the headers => Interrupted: the connection to GATEWAY broke before the response was complete (connection closed before message completed)
        reset in the body => Interrupted: the connection to GATEWAY broke before the response was complete (Connection reset by peer)
        closed in the body => Interrupted: the connection to GATEWAY broke before the response was complete (end of file before message length reached)
        closed in a chunk => Interrupted: the connection to GATEWAY broke before the response was complete (end of file before message length reached)
        a chunk of no length => Interrupted: the connection to GATEWAY broke before the response was complete (Invalid chunk size line: missing size digit)
        no HTTP => Interrupted: the connection to GATEWAY broke before the response was complete (invalid HTTP version parsed)
        another HTTP => Interrupted: the connection to GATEWAY broke before the response was complete (invalid HTTP version parsed)
        no number for a status => Interrupted: the connection to GATEWAY broke before the response was complete (invalid HTTP status-code parsed)
        a length that is none => Interrupted: the connection to GATEWAY broke before the response was complete (invalid content-length parsed)
        two lengths => Interrupted: the connection to GATEWAY broke before the response was complete (invalid content-length parsed)
        headers without end => Interrupted: the connection to GATEWAY broke before the response was complete (message head is too large)
        a header without end => Interrupted: the connection to GATEWAY broke before the response was complete (message head is too large)
        interim answers without end => Timeout(Read): no bytes from GATEWAY within the read timeout (deadline has elapsed)
        silence => Timeout(Read): no bytes from GATEWAY within the read timeout (deadline has elapsed)
        silence in the headers => Timeout(Read): no bytes from GATEWAY within the read timeout (deadline has elapsed)
        silence in the body => Timeout(Read): no bytes from GATEWAY within the read timeout (deadline has elapsed)"#]]
    .assert_eq(&lines.join("\n"));
}

#[tokio::test]
async fn answers_that_are_none() {
    let mut gbk = b"{\"top_client_token_get_response\":{\"token\":\"".to_vec();
    gbk.extend_from_slice(b"\xd6\xd0\xce\xc4\"}}");
    let utf16: Vec<u8> = "{\"top\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let gzip = packed(TOKEN);
    let gzipped = |body: &[u8]| whole("200 OK", "Content-Encoding: gzip\r\n", body);
    let json = "Content-Type: application/json;charset=UTF-8\r\n";
    let mut lines = Vec::new();
    for (name, steps) in [
        ("nothing", whole("200 OK", "", b"")),
        ("no content", vec![send("HTTP/1.1 204 No Content\r\n\r\n")]),
        ("space", whole("200 OK", json, b" \r\n\t ")),
        ("a byte order mark", whole("200 OK", json, "\u{feff}")),
        ("a word", whole("200 OK", "Content-Type: text/plain\r\n", b"success")),
        ("a list", whole("200 OK", json, b"[]")),
        ("another API", whole("200 OK", json, br#"{"error":{"code":401,"message":"unauthorized"}}"#)),
        ("a page", whole("200 OK", "Content-Type: text/html\r\n", PAGE)),
        ("a picture", whole("200 OK", "Content-Type: image/png\r\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")),
        ("half of it", whole("200 OK", json, &TOKEN[..30])),
        ("a character cut in two", whole("200 OK", json, b"{\"a\":\"\xe7\xab")),
        ("GBK that says so", whole("200 OK", "Content-Type: application/json; charset=\"GBK\"\r\n", &gbk)),
        ("UTF-8 that says GBK", whole("200 OK", "Content-Type: text/json;charset=gbk\r\n", "{\"token\":\"端\"}")),
        ("UTF-16", whole("200 OK", json, &utf16)),
        ("brotli", whole("200 OK", "Content-Encoding: br\r\n", b"\x0b\x02\x80\x81\xff")),
        ("gzip cut short", gzipped(&gzip[..gzip.len() - 9])),
        ("gzip without its sum", gzipped(&gzip[..gzip.len() - 4])),
        ("gzip that is none", gzipped(b"{\"token\":\"t\"}")),
        ("lists in lists", whole("200 OK", json, "[".repeat(100_000))),
        ("objects in objects", whole("200 OK", json, "{\"a\":".repeat(100_000))),
        (
            "lists under the root",
            whole("200 OK", json, format!("{{\"x_response\":{{\"token\":{}", "[".repeat(100_000))),
        ),
        ("elements in elements", whole("200 OK", "Content-Type: text/xml\r\n", "<a>".repeat(100_000))),
    ] {
        lines.push(format!("{name} => {}", said(steps).await));
    }
    expect![[r#"
        nothing => Decode: cannot decode the response: the body is empty
        no content => Decode: cannot decode the response: the body is empty
        space => Decode: cannot decode the response: the body is empty
        a byte order mark => Decode: cannot decode the response: the body is empty
        a word => Decode: cannot decode the response: expected a JSON value, found 's' at line 1 column 1
        a list => Decode: cannot decode the response: expected a JSON object or an XML element at the top level
        another API => Decode: cannot decode the response: expected top_client_token_get_response or error_response, found neither
        a page => Decode: cannot decode the response: expected JSON or XML, found an HTML page; check the URL, and whether a proxy or a login page responds
        a picture => Decode: cannot decode the response: expected a JSON value, found '�' at line 1 column 1
        half of it => Decode: cannot decode the response: unterminated string at line 1 column 2
        a character cut in two => Decode: cannot decode the response: unterminated string at line 1 column 6
        GBK that says so => Decode: cannot decode the response: expected UTF-8, found the charset "GBK" in its Content-Type
        UTF-8 that says GBK => Decode: cannot decode the response: expected UTF-8, found the charset "gbk" in its Content-Type
        UTF-16 => Decode: cannot decode the response: expected a key, found '\0' at line 1 column 2
        brotli => Decode: cannot decode the response: expected no Content-Encoding, found "br"
        gzip cut short => Interrupted: the connection to GATEWAY broke before the response was complete (unexpected end of file)
        gzip without its sum => Interrupted: the connection to GATEWAY broke before the response was complete (unexpected end of file)
        gzip that is none => Interrupted: the connection to GATEWAY broke before the response was complete (Invalid gzip header)
        lists in lists => Decode: cannot decode the response: expected a JSON object or an XML element at the top level
        objects in objects => Decode: cannot decode the response: the nesting exceeds 128 levels at line 1 column 641
        lists under the root => Decode: cannot decode the response: the nesting exceeds 128 levels at line 1 column 150
        elements in elements => Decode: cannot decode the response: the nesting exceeds 128 levels at line 1 column 388"#]].assert_eq(&lines.join("\n"));
}

#[tokio::test]
async fn statuses_that_are_no_answer() {
    let elsewhere = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&elsewhere);
    let other = scripted(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        whole("200 OK", "", TOKEN)
    })
    .await;
    let to_other = format!("Location: http://{other}/router/rest\r\n");
    let mut lines = Vec::new();
    for (name, steps) in [
        ("moved", whole("301 Moved Permanently", &to_other, b"")),
        ("found", whole("302 Found", &to_other, PAGE)),
        ("see other", whole("303 See Other", &to_other, b"")),
        ("temporary", whole("307 Temporary Redirect", &to_other, PAGE)),
        ("permanent", whole("308 Permanent Redirect", &to_other, b"")),
        ("not modified", vec![send("HTTP/1.1 304 Not Modified\r\n\r\n")]),
        ("forbidden", whole("403 Forbidden", "Content-Type: text/html\r\n", PAGE)),
        ("forbidden in GBK", whole("403 Forbidden", "", b"<html>\xbd\xfb\xd6\xb9</html>")),
        ("not found", whole("404 Not Found", "", b"  \r\n")),
        ("too many", whole("429 Too Many Requests", "Retry-After: 7\r\n", b"slow down")),
        ("broken", whole("500 Internal Server Error", "", b"{\"message\":\"boom\"}")),
        ("bad gateway", whole("502 Bad Gateway", "", "端".repeat(200))),
        (
            "unavailable and cut",
            vec![send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 500\r\n\r\nplease wa"), Step::Close],
        ),
        (
            "unavailable and silent",
            vec![send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 500\r\n\r\nplease wa"), Step::Hang],
        ),
        (
            "unavailable for ever",
            vec![send("HTTP/1.1 503 Service Unavailable\r\n\r\n"), Step::Repeat(vec![b'x'; 1 << 16], 16_384)],
        ),
        ("an unassigned status", whole("999 What", "", b"?")),
    ] {
        let said = said(steps).await;
        lines.push(format!("{name} => {}", said.replace(&other.to_string(), "OTHER")));
    }
    expect![[r#"
        moved => Status: unexpected HTTP status 301 (not an API response); redirects are not followed, because the request is signed for its gateway
        found => Status: unexpected HTTP status 302 (not an API response); redirects are not followed, because the request is signed for its gateway; the body begins with "<!DOCTYPE html>\n<html><head><title>Forbidden</title></head><body>Please log in</body></html>"
        see other => Status: unexpected HTTP status 303 (not an API response); redirects are not followed, because the request is signed for its gateway
        temporary => Status: unexpected HTTP status 307 (not an API response); redirects are not followed, because the request is signed for its gateway; the body begins with "<!DOCTYPE html>\n<html><head><title>Forbidden</title></head><body>Please log in</body></html>"
        permanent => Status: unexpected HTTP status 308 (not an API response); redirects are not followed, because the request is signed for its gateway
        not modified => Status: unexpected HTTP status 304 (not an API response)
        forbidden => Status: unexpected HTTP status 403 (not an API response); the body begins with "<!DOCTYPE html>\n<html><head><title>Forbidden</title></head><body>Please log in</body></html>"
        forbidden in GBK => Status: unexpected HTTP status 403 (not an API response); the body begins with "<html>��\u{5b9}</html>"
        not found => Status: unexpected HTTP status 404 (not an API response)
        too many => Status: unexpected HTTP status 429 (not an API response); the body begins with "slow down"
        broken => Status: unexpected HTTP status 500 (not an API response); the body begins with "{\"message\":\"boom\"}"
        bad gateway => Status: unexpected HTTP status 502 (not an API response); the body begins with "端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端端…"
        unavailable and cut => Status: unexpected HTTP status 503 (not an API response); the body begins with "please wa"
        unavailable and silent => Status: unexpected HTTP status 503 (not an API response); the body begins with "please wa"
        unavailable for ever => Status: unexpected HTTP status 503 (not an API response); the body begins with "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"
        an unassigned status => Status: unexpected HTTP status 999 (not an API response); the body begins with "?""#]].assert_eq(&lines.join("\n"));
    assert_eq!(elsewhere.load(Ordering::Relaxed), 0, "a signed request goes to its gateway and nowhere else");
}

/// A client that was given an HTTP client which is made for pages.
#[tokio::test]
async fn redirects_that_were_followed() {
    let other = scripted(|_| whole("200 OK", "", TOKEN)).await;
    for status in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect"] {
        let location = format!("Location: http://localhost:{}/login?session=of-somebody\r\n", other.port());
        let address = scripted(move |_| whole(status, &location, b"")).await;
        let transport = HttpTransport::new(reqwest::Client::builder().no_proxy().build().unwrap());
        let error = failure(client(address).transport(transport).retry(RetryPolicy::new())).await;
        assert_eq!(
            told(&error, address),
            "Redirected: GATEWAY redirects requests and the HTTP client followed: expected a client that does not follow \
             redirects; check the gateway's address (the response came from localhost)"
        );
        assert!(error.is_client_error() && !error.is_retryable() && !error.was_not_processed());
    }
}

/// A page that shows what it was sent, as pages of proxies do.
#[tokio::test]
async fn pages_that_echo_the_request_give_nothing_away() {
    let address = scripted(|request| {
        let mut page = b"<pre>".to_vec();
        page.extend_from_slice(format!("session={} sec_token={} ", SECRETS[1], SECRETS[0]).as_bytes());
        page.extend_from_slice(SECRETS[1].replace('&', "&amp;").as_bytes());
        page.extend_from_slice(b" ");
        page.extend_from_slice(&request.body);
        whole("403 Forbidden", "", page)
    })
    .await;
    let error = failure(client(address)).await;
    expect![[r#"Status: unexpected HTTP status 403 (not an API response); the body begins with "<pre>session=[hidden] sec_token=[hidden] [hidden] app_key=12345678&format=json&method=taobao.top.client.token.get&sec_to…""#]].assert_eq(&told(&error, address));
    // Who asks for the body gets it as it came.
    assert!(error.body().unwrap().contains(SECRETS[0]));
}

#[tokio::test(start_paused = true)]
async fn each_time_that_can_run_out_does() {
    let silent = scripted(|_| vec![Step::Hang]).await;
    let dripping = scripted(|_| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".to_vec();
        let drops = (0..1000).flat_map(|_| [send(" "), Step::Wait(SHORT / 4)]);
        std::iter::once(Step::Send(head)).chain(drops).collect()
    })
    .await;
    for (builder, expected) in [
        (client(silent).read_timeout(SHORT), Timeout::Read),
        (client(silent).timeout(SHORT), Timeout::Attempt),
        // As long as something comes the gateway is not silent.
        (client(dripping).read_timeout(SHORT * 5).timeout(SHORT * 7), Timeout::Attempt),
    ] {
        let began = Instant::now();
        let error = failure(builder).await;
        let Error::Transport(error) = &error else { panic!("{error:?}") };
        assert_eq!(error.kind, TransportKind::Timeout(expected));
        assert!(began.elapsed() < SHORT * 30, "{:?}", began.elapsed());
    }
    // However often it is tried, the deadline is the deadline.
    let policy = RetryPolicy::new().attempts(1000).first_pause(Duration::ZERO).deadline(SHORT * 4);
    let began = Instant::now();
    let error = failure(client(silent).read_timeout(SHORT).retry(policy)).await;
    assert!(matches!(error, Error::Transport(_)), "{error:?}");
    assert!((SHORT..SHORT * 30).contains(&began.elapsed()), "{:?}", began.elapsed());
}

/// A GiB of spaces, packed. To pack one MiB is enough: what follows it is the same over again.
#[cfg(target_os = "linux")]
fn bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let mut ends = [0; 2];
    for end in &mut ends {
        encoder.write_all(&[b' '; 1 << 20]).unwrap();
        encoder.flush().unwrap();
        *end = encoder.get_ref().len();
    }
    let (first, next) = encoder.get_ref()[..ends[1]].split_at(ends[0]);
    [first, &next.repeat(1023)].concat()
}

/// Run by the test below in a process of its own, whose memory is its own.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by a_body_without_end_is_read_to_the_limit"]
async fn bodies_without_end() {
    // A GiB in both cases: as it is, and packed in a few MB.
    let bomb = bomb();
    let address = scripted(move |request: &Received| match request.parameter("format").as_str() {
        "xml" => whole("200 OK", "Content-Encoding: gzip\r\n", &bomb),
        _ => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 1 << 30);
            vec![send(head), Step::Repeat(vec![b' '; 64 << 10], 16 << 10)]
        }
    })
    .await;
    memory::from_here();
    for format in [generated_sdk::Format::Json, generated_sdk::Format::Xml] {
        let error = failure(client(address).format(format)).await;
        let Error::Transport(error) = &error else { panic!("{error:?}") };
        assert_eq!(error.kind, TransportKind::TooLong, "{format:?} {error}");
        assert!(support::chain(&error).contains("more than 33554432 bytes"), "{error}");
    }
    memory::to_here();
}

#[cfg(target_os = "linux")]
#[test]
fn a_body_without_end_is_read_to_the_limit() {
    let grown = memory::grown("bodies_without_end");
    assert!(grown < 96 << 20, "{grown} bytes");
}

/// Run by the test below in a process of its own, whose memory is its own.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "started by values_take_no_more_than_is_allowed_for_their_text"]
fn values_without_end() {
    use generated_sdk::api::trade::TradesSoldGetRequest;
    use generated_sdk::protocol::{decode, decode_untyped};

    const LENGTH: usize = 4 << 20;
    let many = |before: &str, value: &str, after: &str| {
        let body = format!("{before}{}", value.repeat(LENGTH / value.len()));
        format!("{}{after}", body.trim_end_matches(','))
    };
    memory::from_here();
    for value in ["{},", r#"{"orders":[{}]},"#, r#"{"orders":[{},{}],"promotion_details":[{}]},"#] {
        let body = many(r#"{"trades_sold_get_response":{"trades":["#, value, "]}}");
        assert!(decode::<TradesSoldGetRequest>(body).is_err(), "{value}");
    }
    for value in ["1,", "[1],", "[[[[[[[[1]]]]]]]],", r#"{"":1},"#, r#"{"a":{"b":[1]}},"#, "\"a\","] {
        let _ = decode_untyped(many(r#"{"a_response":{"b":["#, value, "]}}"), "a", false);
        let _ = decode_untyped(many(r#"{"b":["#, value, "]}"), "a", true);
    }
    for element in ["<b/>", "<b><c>1</c></b>"] {
        let _ = decode_untyped(many("<a_response>", element, "</a_response>"), "a", false);
    }
    memory::to_here();
}

#[cfg(target_os = "linux")]
#[test]
fn values_take_no_more_than_is_allowed_for_their_text() {
    // Of 4 MiB of text that is 192 MiB, beside the text itself.
    let grown = memory::grown("values_without_end");
    assert!(grown < 208 << 20, "{grown} bytes");
}
