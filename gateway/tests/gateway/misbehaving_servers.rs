//! Errors of the client for a misbehaving server: typed, with a clear message, and within limits of time and memory.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::script::{Step, complete, scripted, send};
use crate::support::{self, TestTransport, client, transports};
use crate::support::{memory, script::Received};

#[cfg(target_os = "linux")]
use expect_test::expect;
use flate2::Compression;
use flate2::write::GzEncoder;
use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::client::{HttpTransport, RetryPolicy};
use generated_sdk::protocol::{Timeout, TransportKind};
use generated_sdk::{ClientBuilder, Error};
use tokio::net::TcpListener;
use tokio::time::Instant;

const SHORT: Duration = Duration::from_millis(200);

/// The secrets of the calls, which no message may contain.
const SECRETS: [&str; 3] = ["tok3n of the call", "s3ssion+of=the&seller", support::SECRET];

async fn call(builder: ClientBuilder) -> Result<(), Error> {
    let client = builder.build().unwrap().with_session(SECRETS[1]);
    client.execute(&TopClientTokenGetRequest::new(SECRETS[0])).await.map(|_| ())
}

/// Makes a call and returns its error. Fails if a message of the error contains a secret.
async fn failure(builder: ClientBuilder) -> Error {
    let error = call(builder).await.unwrap_err();
    let mut messages = format!("{error} {error:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        messages += &format!(" {cause} {cause:?}");
        source = cause.source();
    }
    for secret in SECRETS {
        assert!(!messages.contains(secret), "{messages}");
    }
    error
}

/// Calls a server that runs `steps`. Returns a description of the error that is the same in each run.
async fn describe_call(transport: &TestTransport, steps: Vec<Step>) -> String {
    // Only a silent server needs a short timeout.
    let silent = steps.iter().any(|step| matches!(step, Step::Hang));
    let read_timeout = if silent { SHORT } else { Duration::from_secs(20) };
    let address = scripted(move |_| steps.clone()).await;
    let error = failure(transport.client(address).read_timeout(read_timeout)).await;
    describe(&error, address)
}

fn describe(error: &Error, address: SocketAddr) -> String {
    let kind = match error {
        Error::Transport(error) => format!("{:?}", error.kind),
        Error::Status(_) => "Status".to_owned(),
        Error::Decode(_) => "Decode".to_owned(),
        Error::Platform(_) => "Platform".to_owned(),
        other => panic!("{other:?}"),
    };
    // The last source is the cause. The errors between are from the HTTP library.
    let mut last: &dyn std::error::Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    let cause = if last.to_string() == error.to_string() { String::new() } else { format!(" ({last})") };
    let text = format!("{error}{cause}").replace(&format!("http://{address}/router/rest"), "GATEWAY");
    // Operating systems have the same messages but different error numbers.
    let text = text.split(" (os error ").map(|part| part.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    format!("{kind}: {}", text.collect::<String>().replace("))", ")"))
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

const TOKEN: &[u8] = br#"{"top_client_token_get_response":{"token":"t"}}"#;
const PAGE: &[u8] = b"<!DOCTYPE html>\n<html><head><title>Forbidden</title></head><body>Please log in</body></html>";

#[tokio::test(start_paused = true)]
async fn reports_broken_and_silent_connections() {
    for transport in transports() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let refused = listener.local_addr().unwrap();
        drop(listener);
        let mut lines = vec![format!("refused => {}", describe(&failure(transport.client(refused)).await, refused))];
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
            ("an invalid chunk length", vec![send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n{}")]),
            ("another protocol", vec![send("SSH-2.0-OpenSSH_9.9\r\n")]),
            ("an unknown HTTP version", vec![send("HTTP/9.9 200 OK\r\n\r\n")]),
            ("an invalid status", vec![send("HTTP/1.1 OK 200\r\n\r\n")]),
            ("an invalid length", vec![send("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")]),
            ("two lengths", vec![send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}")]),
            ("endless headers", vec![send("HTTP/1.1 200 OK\r\n"), Step::Repeat(b"x: y\r\n".repeat(1000), 1000)]),
            ("an endless header", vec![send("HTTP/1.1 200 OK\r\nx: "), Step::Repeat(vec![b'y'; 1000], 10_000)]),
            (
                "endless interim responses",
                vec![Step::Repeat(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), 1000), Step::Hang],
            ),
            ("no response", vec![Step::Hang]),
            ("no more bytes in the headers", vec![send("HTTP/1.1 200 OK\r\nContent-Le"), Step::Hang]),
            ("no more bytes in the body", vec![send(beginning), Step::Hang]),
        ] {
            lines.push(format!("{name} => {}", describe_call(&transport, steps).await));
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
        an invalid chunk length => Interrupted: the connection to GATEWAY broke before the response was complete (Invalid chunk size line: missing size digit)
        another protocol => Interrupted: the connection to GATEWAY broke before the response was complete (invalid HTTP version parsed)
        an unknown HTTP version => Interrupted: the connection to GATEWAY broke before the response was complete (invalid HTTP version parsed)
        an invalid status => Interrupted: the connection to GATEWAY broke before the response was complete (invalid HTTP status-code parsed)
        an invalid length => Interrupted: the connection to GATEWAY broke before the response was complete (invalid content-length parsed)
        two lengths => Interrupted: the connection to GATEWAY broke before the response was complete (invalid content-length parsed)
        endless headers => Interrupted: the connection to GATEWAY broke before the response was complete (message head is too large)
        an endless header => Interrupted: the connection to GATEWAY broke before the response was complete (message head is too large)
        endless interim responses => Timeout(Read): no bytes from GATEWAY within the read timeout (deadline has elapsed)
        no response => Timeout(Read): no bytes from GATEWAY within the read timeout (deadline has elapsed)
        no more bytes in the headers => Timeout(Read): no bytes from GATEWAY within the read timeout (deadline has elapsed)
        no more bytes in the body => Timeout(Read): no bytes from GATEWAY within the read timeout (deadline has elapsed)"#]]
        .assert_eq(&lines.join("\n"));
    }
}

#[tokio::test]
async fn reports_invalid_responses() {
    for transport in transports() {
        let mut gbk = b"{\"top_client_token_get_response\":{\"token\":\"".to_vec();
        gbk.extend_from_slice(b"\xd6\xd0\xce\xc4\"}}");
        let utf16: Vec<u8> = "{\"top\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let gzip_token = gzip(TOKEN);
        let gzipped = |body: &[u8]| complete("200 OK", "Content-Encoding: gzip\r\n", body);
        let json = "Content-Type: application/json;charset=UTF-8\r\n";
        let mut lines = Vec::new();
        for (name, steps) in [
            ("an empty body", complete("200 OK", "", b"")),
            ("no content", vec![send("HTTP/1.1 204 No Content\r\n\r\n")]),
            ("white space", complete("200 OK", json, b" \r\n\t ")),
            ("a byte order mark", complete("200 OK", json, "\u{feff}")),
            ("a word", complete("200 OK", "Content-Type: text/plain\r\n", b"success")),
            ("a list", complete("200 OK", json, b"[]")),
            ("another API", complete("200 OK", json, br#"{"error":{"code":401,"message":"unauthorized"}}"#)),
            ("an HTML page", complete("200 OK", "Content-Type: text/html\r\n", PAGE)),
            ("an image", complete("200 OK", "Content-Type: image/png\r\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")),
            ("a truncated body", complete("200 OK", json, &TOKEN[..30])),
            ("a truncated character", complete("200 OK", json, b"{\"a\":\"\xe7\xab")),
            ("GBK with its charset", complete("200 OK", "Content-Type: application/json; charset=\"GBK\"\r\n", &gbk)),
            (
                "UTF-8 with the charset GBK",
                complete("200 OK", "Content-Type: text/json;charset=gbk\r\n", "{\"token\":\"端\"}"),
            ),
            ("UTF-16", complete("200 OK", json, &utf16)),
            ("brotli", complete("200 OK", "Content-Encoding: br\r\n", b"\x0b\x02\x80\x81\xff")),
            ("truncated gzip", gzipped(&gzip_token[..gzip_token.len() - 9])),
            ("gzip without its checksum", gzipped(&gzip_token[..gzip_token.len() - 4])),
            ("invalid gzip", gzipped(b"{\"token\":\"t\"}")),
            ("nested lists", complete("200 OK", json, "[".repeat(100_000))),
            ("nested objects", complete("200 OK", json, "{\"a\":".repeat(100_000))),
            (
                "nested lists below the root",
                complete("200 OK", json, format!("{{\"x_response\":{{\"token\":{}", "[".repeat(100_000))),
            ),
            ("nested elements", complete("200 OK", "Content-Type: text/xml\r\n", "<a>".repeat(100_000))),
        ] {
            // The decoders of the transports have different words for the same problem.
            let description = describe_call(&transport, steps).await;
            let description = description.replace("incomplete deflate stream", "unexpected end of file");
            lines.push(format!("{name} => {}", description.replace("invalid gzip", "Invalid gzip")));
        }
        expect![[r#"
        an empty body => Decode: cannot decode the response: the body is empty
        no content => Decode: cannot decode the response: the body is empty
        white space => Decode: cannot decode the response: the body is empty
        a byte order mark => Decode: cannot decode the response: the body is empty
        a word => Decode: cannot decode the response: expected a JSON value, found 's' at line 1 column 1
        a list => Decode: cannot decode the response: expected a JSON object or an XML element at the top level
        another API => Decode: cannot decode the response: expected top_client_token_get_response or error_response, found neither
        an HTML page => Decode: cannot decode the response: expected JSON or XML, found an HTML page; check the URL, and whether a proxy or a login page responds
        an image => Decode: cannot decode the response: expected a JSON value, found '�' at line 1 column 1
        a truncated body => Decode: cannot decode the response: unterminated string at line 1 column 2
        a truncated character => Decode: cannot decode the response: unterminated string at line 1 column 6
        GBK with its charset => Decode: cannot decode the response: expected UTF-8, found the charset "GBK" in its Content-Type
        UTF-8 with the charset GBK => Decode: cannot decode the response: expected UTF-8, found the charset "gbk" in its Content-Type
        UTF-16 => Decode: cannot decode the response: expected a key, found '\0' at line 1 column 2
        brotli => Decode: cannot decode the response: expected no Content-Encoding, found "br"
        truncated gzip => Interrupted: the connection to GATEWAY broke before the response was complete (unexpected end of file)
        gzip without its checksum => Interrupted: the connection to GATEWAY broke before the response was complete (unexpected end of file)
        invalid gzip => Interrupted: the connection to GATEWAY broke before the response was complete (Invalid gzip header)
        nested lists => Decode: cannot decode the response: expected a JSON object or an XML element at the top level
        nested objects => Decode: cannot decode the response: the nesting exceeds 128 levels at line 1 column 641
        nested lists below the root => Decode: cannot decode the response: the nesting exceeds 128 levels at line 1 column 150
        nested elements => Decode: cannot decode the response: the nesting exceeds 128 levels at line 1 column 388"#]].assert_eq(&lines.join("\n"));
    }
}

#[tokio::test]
async fn reports_unexpected_http_statuses() {
    for transport in transports() {
        let elsewhere = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&elsewhere);
        let other = scripted(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            complete("200 OK", "", TOKEN)
        })
        .await;
        let to_other = format!("Location: http://{other}/router/rest\r\n");
        let mut lines = Vec::new();
        for (name, steps) in [
            ("moved", complete("301 Moved Permanently", &to_other, b"")),
            ("found", complete("302 Found", &to_other, PAGE)),
            ("see other", complete("303 See Other", &to_other, b"")),
            ("temporary", complete("307 Temporary Redirect", &to_other, PAGE)),
            ("permanent", complete("308 Permanent Redirect", &to_other, b"")),
            ("not modified", vec![send("HTTP/1.1 304 Not Modified\r\n\r\n")]),
            ("forbidden", complete("403 Forbidden", "Content-Type: text/html\r\n", PAGE)),
            ("forbidden in GBK", complete("403 Forbidden", "", b"<html>\xbd\xfb\xd6\xb9</html>")),
            ("not found", complete("404 Not Found", "", b"  \r\n")),
            ("too many", complete("429 Too Many Requests", "Retry-After: 7\r\n", b"slow down")),
            ("broken", complete("500 Internal Server Error", "", b"{\"message\":\"boom\"}")),
            ("bad gateway", complete("502 Bad Gateway", "", "端".repeat(200))),
            (
                "unavailable and closed",
                vec![send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 500\r\n\r\nplease wa"), Step::Close],
            ),
            (
                "unavailable and silent",
                vec![send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 500\r\n\r\nplease wa"), Step::Hang],
            ),
            (
                "unavailable and endless",
                vec![send("HTTP/1.1 503 Service Unavailable\r\n\r\n"), Step::Repeat(vec![b'x'; 1 << 16], 16_384)],
            ),
            ("an unassigned status", complete("999 What", "", b"?")),
        ] {
            let description = describe_call(&transport, steps).await;
            lines.push(format!("{name} => {}", description.replace(&other.to_string(), "OTHER")));
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
        unavailable and closed => Status: unexpected HTTP status 503 (not an API response); the body begins with "please wa"
        unavailable and silent => Status: unexpected HTTP status 503 (not an API response); the body begins with "please wa"
        unavailable and endless => Status: unexpected HTTP status 503 (not an API response); the body begins with "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"
        an unassigned status => Status: unexpected HTTP status 999 (not an API response); the body begins with "?""#]].assert_eq(&lines.join("\n"));
        assert_eq!(elsewhere.load(Ordering::Relaxed), 0, "a signed request goes to its gateway and nowhere else");
    }
}

/// The HTTP client of the transport follows redirects.
#[tokio::test]
async fn reports_followed_redirects() {
    let other = scripted(|_| complete("200 OK", "", TOKEN)).await;
    for status in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect"] {
        let location = format!("Location: http://localhost:{}/login?session=of-a-user\r\n", other.port());
        let address = scripted(move |_| complete(status, &location, b"")).await;
        let transport = HttpTransport::new(reqwest::Client::builder().no_proxy().build().unwrap());
        let error = failure(client(address).transport(transport).retry(RetryPolicy::new())).await;
        assert_eq!(
            describe(&error, address),
            "Redirected: GATEWAY redirects requests and the HTTP client followed: expected a client that does not follow \
             redirects; check the gateway's address (the response is from localhost)"
        );
        assert!(error.is_client_error() && !error.is_retryable() && !error.was_not_processed());
    }
}

/// Error pages of proxies may contain the request.
#[tokio::test]
async fn excerpts_of_error_pages_hide_secrets() {
    let address = scripted(|request| {
        let mut page = b"<pre>".to_vec();
        page.extend_from_slice(format!("session={} sec_token={} ", SECRETS[1], SECRETS[0]).as_bytes());
        page.extend_from_slice(SECRETS[1].replace('&', "&amp;").as_bytes());
        page.extend_from_slice(b" ");
        page.extend_from_slice(&request.body);
        complete("403 Forbidden", "", page)
    })
    .await;
    let error = failure(client(address)).await;
    expect![[r#"Status: unexpected HTTP status 403 (not an API response); the body begins with "<pre>session=[hidden] sec_token=[hidden] [hidden] app_key=12345678&format=json&method=taobao.top.client.token.get&sec_to…""#]].assert_eq(&describe(&error, address));
    // The body itself is unchanged.
    assert!(error.body().unwrap().contains(SECRETS[0]));
}

#[tokio::test(start_paused = true)]
async fn applies_every_timeout() {
    for transport in transports() {
        let silent = scripted(|_| vec![Step::Hang]).await;
        let dripping = scripted(|_| {
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".to_vec();
            let drops = (0..1000).flat_map(|_| [send(" "), Step::Wait(SHORT / 4)]);
            std::iter::once(Step::Send(head)).chain(drops).collect()
        })
        .await;
        for (builder, expected) in [
            (transport.client(silent).read_timeout(SHORT), Timeout::Read),
            (transport.client(silent).timeout(SHORT), Timeout::Attempt),
            // The read timeout restarts with each byte.
            (transport.client(dripping).read_timeout(SHORT * 5).timeout(SHORT * 7), Timeout::Attempt),
        ] {
            let began = Instant::now();
            let error = failure(builder).await;
            let Error::Transport(error) = &error else { panic!("{error:?}") };
            assert_eq!(error.kind, TransportKind::Timeout(expected));
            assert!(began.elapsed() < SHORT * 30, "{:?}", began.elapsed());
        }
        // Retries do not extend the deadline.
        let policy = RetryPolicy::new().attempts(1000).first_pause(Duration::ZERO).deadline(SHORT * 4);
        let began = Instant::now();
        let error = failure(transport.client(silent).read_timeout(SHORT).retry(policy)).await;
        assert!(matches!(error, Error::Transport(_)), "{error:?}");
        assert!((SHORT..SHORT * 30).contains(&began.elapsed()), "{:?}", began.elapsed());
    }
}

/// Returns 1 GiB of spaces as gzip. The compressed second MiB is repeated.
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

/// Started by the test below in its own process, to measure its memory.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by endless_bodies_are_read_to_the_limit"]
async fn endless_bodies() {
    for transport in transports() {
        // 1 GiB, plain and as gzip.
        let bomb = bomb();
        let address = scripted(move |request: &Received| match request.parameter("format").as_str() {
            "xml" => complete("200 OK", "Content-Encoding: gzip\r\n", &bomb),
            _ => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 1 << 30);
                vec![send(head), Step::Repeat(vec![b' '; 64 << 10], 16 << 10)]
            }
        })
        .await;
        memory::start();
        for format in [generated_sdk::Format::Json, generated_sdk::Format::Xml] {
            let error = failure(transport.client(address).format(format)).await;
            let Error::Transport(error) = &error else { panic!("{error:?}") };
            assert_eq!(error.kind, TransportKind::TooLong, "{format:?} {error}");
            assert!(support::chain(&error).contains("more than 33554432 bytes"), "{error}");
        }
        memory::stop();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn endless_bodies_are_read_to_the_limit() {
    let growth = memory::growth("misbehaving_servers::endless_bodies");
    assert!(growth < 96 << 20, "{growth} bytes");
}

/// Started by the test below in its own process, to measure its memory.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "started by values_stay_within_the_memory_budget"]
fn responses_of_many_values() {
    use generated_sdk::api::trade::TradesSoldGetRequest;
    use generated_sdk::protocol::{decode, decode_untyped};

    const LENGTH: usize = 4 << 20;
    let many = |before: &str, value: &str, after: &str| {
        let body = format!("{before}{}", value.repeat(LENGTH / value.len()));
        format!("{}{after}", body.trim_end_matches(','))
    };
    memory::start();
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
    memory::stop();
}

#[cfg(target_os = "linux")]
#[test]
fn values_stay_within_the_memory_budget() {
    // 192 MiB for 4 MiB of text, the text itself, and the pages of the program that the decoder uses.
    let growth = memory::growth("misbehaving_servers::responses_of_many_values");
    assert!(growth < 224 << 20, "{growth} bytes");
}
