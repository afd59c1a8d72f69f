//! Collects the message of every kind of error in `docs/messages.md`, for review and translation.
//!
//! To accept a change: `UPDATE_EXPECT=1 cargo test -p top-gateway --test gateway error_messages`, then read the difference.

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use codegen::BuildError;
use codegen::files::ReadError;
use codegen::import::{self, ImportError, Refusal};
use codegen::output::FileSet;
use codegen::spec;
use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::api::trade::TradesSoldIncrementGetRequest;
use generated_sdk::client::secret::SecretKeyError;
use generated_sdk::client::{OAuth, Token};
use generated_sdk::messages::{ConfigurationError, ConnectError, PublishError};
use generated_sdk::protocol::messages::Frame;
use generated_sdk::protocol::sensitive::{SecretError, UnknownSensitiveType};
use generated_sdk::protocol::spi::{SpiCharset, SpiContentError, SpiError, SpiRequestError};
use generated_sdk::protocol::{
    FileError, FileProblem, LimitError, PlatformError, Problem, SessionError, Timeout, TransportError, TransportKind,
    UntypedParameters, Violation, Violations,
};
use generated_sdk::{AppCredentials, Client, DateTime, Error, Format, SignMethod};

use crate::support::{self, KEY, SECRET, client, http, serve, start};

/// The page, and what is wrong with messages.
#[derive(Default)]
struct Messages {
    page: String,
    wrong: Vec<String>,
}

impl Messages {
    fn section(&mut self, title: &str) {
        write!(self.page, "\n## {title}\n\n| case | message |\n|---|---|\n").unwrap();
    }

    /// Adds an error with the messages of its sources, which it must not repeat.
    fn error(&mut self, case: &str, error: &dyn StdError) {
        let message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            if message.contains(&cause.to_string()) {
                self.wrong.push(format!("{case}: prints its source: {message}"));
            }
            source = cause.source();
        }
        self.text(case, &support::chain(error));
    }

    fn text(&mut self, case: &str, message: &str) {
        let first = message.chars().next().unwrap();
        if message.ends_with('.') || (first.is_uppercase() && !message.starts_with("SPI call")) {
            self.wrong.push(format!("{case}: expected lower case without a full stop: {message}"));
        }
        let message = message.replace('<', "&lt;").replace('|', "\\|").replace('\n', "<br>");
        writeln!(self.page, "| {case} | {message} |").unwrap();
    }
}

fn cause() -> io::Error {
    io::Error::other("the cause")
}

fn requests(messages: &mut Messages) {
    messages.section("Requests");
    for (case, problem) in [
        ("missing", Problem::Missing),
        ("empty", Problem::Empty),
        ("too long", Problem::TooLong(5)),
        ("too many", Problem::TooMany(20)),
        ("too small", Problem::TooSmall(1)),
        ("too large", Problem::TooLarge(100)),
        ("invalid name", Problem::InvalidName),
        ("no name", Problem::MissingName),
        ("documented", Problem::Documented),
        ("duplicate", Problem::Duplicate),
        ("empty and set", Problem::EmptyWithValue),
        ("file in a batch", Problem::FileInBatch),
        ("file in a body", Problem::FileInBody),
        ("name in an XML body", Problem::InvalidXmlName),
    ] {
        let violations = vec![Violation::new("orders[2].tid", problem)];
        messages.error(case, &Error::Invalid(Violations::new("taobao.a.get", violations)));
    }
    let two = [("a", Problem::Missing), ("b", Problem::TooMany(2))];
    let two = two.map(|(name, problem)| Violation::new(name, problem)).into();
    messages.error("several problems", &Error::Invalid(Violations::new("taobao.a.get", two)));
    for (case, problem) in [
        ("unreadable file", FileProblem::Unreadable),
        ("not a file", FileProblem::NotAFile),
        ("changed file", FileProblem::Changed { expected: 10, found: 12 }),
        ("long file", FileProblem::TooLong(1024)),
        ("read stream", FileProblem::AlreadyRead),
    ] {
        let path = (problem != FileProblem::AlreadyRead).then(|| Path::new("a.png"));
        let error = FileError::new(problem, "a.png", path).for_parameter("image");
        messages.error(case, &if problem == FileProblem::Unreadable { error.with_source(cause()) } else { error });
    }
}

async fn responses(messages: &mut Messages) {
    messages.section("Responses");
    for (case, status, body) in [
        ("empty body", "200 OK", ""),
        ("web page", "200 OK", "<!DOCTYPE html><html></html>"),
        ("other text", "200 OK", "OK"),
        ("cut JSON", "200 OK", r#"{"top_client_token_get_response":{"token":"#),
        ("list", "200 OK", "[]"),
        ("other method", "200 OK", r#"{"time_get_response":{"time":"2026-01-01 00:00:00"}}"#),
        ("several roots", "200 OK", r#"{"a_response":{},"b_response":{}}"#),
        ("cut XML", "200 OK", "<top_client_token_get_response><token>"),
        ("wrong type", "200 OK", r#"{"top_client_token_get_response":[1]}"#),
        ("platform code", "200 OK", r#"{"error_response":{"code":25,"msg":"Invalid signature","request_id":"abc"}}"#),
        (
            "sub code",
            "200 OK",
            r#"{"error_response":{"code":15,"msg":"Remote service error","sub_code":"isv.x","sub_msg":"y"}}"#,
        ),
        ("code in words", "200 OK", r#"{"code":"IllegalAccessToken","message":"expired","request_id":"abc"}"#),
        ("failure without code", "200 OK", r#"{"response":{"flag":"failure"}}"#),
        ("HTTP status", "503 Service Unavailable", "busy"),
        ("redirect", "302 Found\r\nLocation: http://127.0.0.1/", ""),
    ] {
        let address = serve(http(status, body.as_bytes())).await;
        let client = client(address).strict(true).build().unwrap();
        let result = client.execute(&TopClientTokenGetRequest::new("t")).await;
        messages.error(case, &result.map(|response| response.body().to_owned()).expect_err(case));
    }
    messages.error("refusal without content", &PlatformError::default());
}

fn connections(messages: &mut Messages) {
    messages.section("Connections and limits");
    for kind in [
        TransportKind::Connect,
        TransportKind::Exhausted,
        TransportKind::Tls,
        TransportKind::Timeout(Timeout::Connect),
        TransportKind::Timeout(Timeout::Read),
        TransportKind::Timeout(Timeout::Attempt),
        TransportKind::Timeout(Timeout::Call),
        TransportKind::Timeout(Timeout::BeforeSend),
        TransportKind::Redirected,
        TransportKind::Interrupted,
        TransportKind::TooLong,
        TransportKind::Upload,
    ] {
        messages.error(&format!("{kind:?}"), &TransportError::new(kind, cause()));
    }
    messages.error("limit after the deadline", &LimitError::too_late(Duration::from_secs(90)));
    messages.error("failed limiter", &LimitError::failed(cause()));
}

async fn sessions(messages: &mut Messages) {
    messages.section("Sessions and authorization");
    messages.error("the user must authorize", &SessionError::unauthorized(cause()));
    messages.error("temporary", &SessionError::unavailable(cause()));
    messages.error("invalid token", &Token::from_json("{}").unwrap_err());
    for (case, status, body) in [
        ("refused code", "400 Bad Request", r#"{"error":"invalid_grant","error_description":"code is used"}"#),
        ("refused application", "400 Bad Request", r#"{"error":"invalid_client"}"#),
    ] {
        let address = serve(http(status, body.as_bytes())).await;
        let oauth = OAuth::new(&client(address).build().unwrap(), &format!("http://{address}")).unwrap();
        messages.error(case, &oauth.token("c0de-1234", "https://example.com/").await.expect_err(case));
    }
    let (address, _) = start().await;
    let oauth = OAuth::new(&client(address).build().unwrap(), &format!("http://{address}")).unwrap();
    for (case, url) in [
        ("denied", "https://example.com/?error=access_denied&error_description=no&state=s"),
        ("other state", "https://example.com/?code=c&state=other"),
        ("no code", "https://example.com/?state=s"),
    ] {
        messages.error(case, &oauth.code(url, "s").expect_err(case));
    }
}

fn configuration(messages: &mut Messages) {
    messages.section("Configuration");
    for (case, gateway, key, secret) in [
        ("no gateway", "", KEY, SECRET),
        ("unknown gateway", "taobao-north", KEY, SECRET),
        ("other scheme", "ftp://127.0.0.1/", KEY, SECRET),
        ("user in the URL", "http://user:pass@127.0.0.1/", KEY, SECRET),
        ("no app key", "http://127.0.0.1/", "", SECRET),
        ("no app secret", "http://127.0.0.1/", KEY, ""),
    ] {
        let credentials = AppCredentials::new(key, secret);
        messages.error(case, &Client::builder(gateway, credentials).build().expect_err(case));
    }
    let plain = Client::builder("http://example.com/", AppCredentials::new(KEY, SECRET)).build().unwrap();
    let oauth = OAuth::new(&plain, "example.com").unwrap_err();
    messages.error("no URL of the authorization server", &oauth);
    messages.error("unknown format", &"yaml".parse::<Format>().unwrap_err());
    messages.error("unknown algorithm", &"sha1".parse::<SignMethod>().unwrap_err());
    messages.error("invalid time", &"2026-02-30".parse::<DateTime>().unwrap_err());
}

async fn pagination(messages: &mut Messages) {
    messages.section("Lists");
    let trade = r#"{"tid":1}"#;
    for (case, body) in [
        ("repeated page", format!(r#"{{"total_results":500,"trades":{{"trade":[{trade},{trade}]}}}}"#)),
        ("empty pages", r#"{"total_results":500,"trades":{"trade":[]}}"#.to_owned()),
    ] {
        let body = format!(r#"{{"trades_sold_increment_get_response":{body}}}"#);
        let address = serve(http("200 OK", body.as_bytes())).await;
        let client = client(address).build().unwrap().with_session("session");
        let (from, to) = ("2026-01-01 00:00:00".parse().unwrap(), "2026-01-01 01:00:00".parse().unwrap());
        let request = TradesSoldIncrementGetRequest::new(["tid"], from, to).page_size(2);
        let mut items = client.items(request);
        let error = loop {
            match items.next().await {
                Some(Ok(_)) => {}
                Some(Err(error)) => break error,
                None => panic!("{case}: the list ended"),
            }
        };
        messages.error(case, &error);
    }
}

fn callbacks(messages: &mut Messages) {
    messages.section("Callbacks and sensitive fields");
    let time = |text: &str| text.parse::<DateTime>().unwrap();
    for error in [
        SpiError::MissingSignature,
        SpiError::SignatureMismatch,
        SpiError::MissingTimestamp,
        SpiError::InvalidTimestamp,
        SpiError::Expired { timestamp: time("2026-01-01 12:00:00"), now: time("2026-01-01 13:00:00") },
        SpiError::UnsupportedContentType("image/png".to_owned()),
        SpiError::UnsupportedCharset("latin1".to_owned()),
        SpiError::InvalidEncoding(SpiCharset::Gbk),
    ] {
        messages.error("SPI call", &error);
    }
    let found = "taobao.qimen.order.pending".to_owned();
    let content = [
        SpiContentError::OtherMethod { expected: "taobao.qimen.order.cancel", found },
        SpiContentError::Syntax { problem: "expected a JSON object or an XML element".to_owned(), path: String::new() },
    ];
    content.iter().for_each(|error| messages.error("SPI content", error));
    messages.error("SPI test call", &SpiRequestError::Unmappable(SpiCharset::Gbk));
    for error in [
        gateway::SpiSpecError::UnknownMethod("acme.a.b".to_owned()),
        gateway::SpiSpecError::NotSpi("taobao.time.get".to_owned()),
        gateway::SpiSpecError::NoApplication,
    ] {
        messages.error("SPI call from a spec", &error);
    }
    for error in [
        SecretError::InvalidKey,
        SecretError::InvalidSettings,
        SecretError::PhoneTerm,
        SecretError::Undecryptable { version: 3 },
        SecretError::OtherVersion { expected: 3, found: 2 },
    ] {
        messages.error("sensitive field", &SecretKeyError::Secret(error));
    }
    messages.error("sensitive field", &UnknownSensitiveType);
    messages.error("secret key", &SecretKeyError::NoKey { version: None });
    messages.error("secret key", &SecretKeyError::NoKey { version: Some(3) });
    for error in [PlatformError::new(27, "Invalid session"), PlatformError::new(25, "Invalid signature")] {
        messages.error("secret key", &SecretKeyError::from(Error::Platform(Box::new(error))));
    }
}

fn message_channel(messages: &mut Messages) {
    messages.section("Message channel");
    for error in [
        ConfigurationError::Url("expected a URL starting with `ws://`"),
        ConfigurationError::Credentials("app key"),
        ConfigurationError::Zero("concurrency"),
    ] {
        messages.error("configuration", &error);
    }
    for error in [
        ConnectError::Token(cause().into()),
        ConnectError::Io(cause()),
        ConnectError::WebSocket(cause().into()),
        ConnectError::Frame(Frame::decode(&[2]).unwrap_err()),
        ConnectError::Frame(Frame::decode(&[1, 0]).unwrap_err()),
        ConnectError::Frame(Frame::decode(&[2, 2, 9, 0]).unwrap_err()),
        ConnectError::Closed,
        ConnectError::Timeout(Duration::from_secs(5)),
        ConnectError::TokenTimeout(Duration::from_secs(5)),
    ] {
        messages.error("connection", &error);
    }
    for error in [
        PublishError::TooLong { length: 20_000_000 },
        PublishError::NotConnected,
        PublishError::Timeout,
        PublishError::ConnectionLost,
        PublishError::Stopped,
    ] {
        messages.error("publication", &error);
    }
}

fn generator(messages: &mut Messages) {
    messages.section("Files, import and generation");
    messages.error("file", &ReadError::Io(cause()));
    messages.error("file", &ReadError::NotAFile);
    messages.error("file", &ReadError::TooLong(16));
    let path = || PathBuf::from("top/taobao.a.get.yaml");
    for error in [
        ImportError::Read(ReadError::Io(cause())),
        ImportError::ReadSpec(path(), ReadError::TooLong(16)),
        ImportError::SeveralMethods(2),
        ImportError::SameMethod("b.txt".into()),
        ImportError::OtherCategory(path()),
        ImportError::NoCategory("x.3d.get".to_owned()),
    ] {
        messages.error("import", &error);
    }
    let platform = spec::built_in_platform().unwrap();
    for (case, document) in [
        ("empty document", ""),
        ("other text", "hello"),
        ("cut record", "{"),
        ("other JSON", "[]"),
        ("error of the documentation", r#"{"success":false,"errMsg":"文档不存在"}"#),
        ("cut metadata", "<metadata><apis>"),
        ("page without tables", "taobao.a.get\n标题\n不需要授权\n"),
    ] {
        messages.error(case, &import::spec_of(document, &platform).map(|_| ()).expect_err(case));
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.rs"), "// mine").unwrap();
    let mut files = FileSet::new([]);
    files.put("a.rs".into(), String::new());
    let error = || files.compare(folder.path()).unwrap_err();
    for (case, error) in [
        ("file of the user", support::chain(&BuildError::Output(error()))),
        ("spec of the user", support::chain(&ImportError::Write(error()))),
    ] {
        messages.text(case, &error.replace(&folder.path().display().to_string(), "folder"));
    }
    let problems = spec::parse("top", "taobao.a.get.yaml", "a: 1\n", &platform).unwrap_err();
    let error = ImportError::Spec(problems);
    messages.error("invalid spec", &Refusal { document: "a.txt".into(), error });
}

/// Wrong specs: the part after `title`, or the whole text if it starts with another key.
const SPECS: &[&str] = &[
    "",
    "- a",
    "a: 1",
    "method: [a]",
    "title: ' '",
    "titel: a",
    "authorization: require",
    "https_only: 1",
    "doc_url: a page",
    "keywords: [a b]",
    "keywords: [a, a]",
    "request: a",
    "request: [a]",
    "request: [{ type: String }]",
    "request: [{ name: 'a b', type: String }]",
    "request: [{ name: a, type: String }, { name: a, type: String }]",
    "request: [{ name: app_key, type: String }]",
    "request: [{ name: a, type: Sting }]",
    "request: [{ name: a, type: '{}' }]",
    "request: [{ name: a, type: String, fields: [{ name: b, type: String }] }]",
    "request: [{ name: a, type: A, fields: [{ name: b, type: A, required: true }] }]",
    "request: [{ name: a, type: A, fields: [{ name: b, type: String }] }, { name: c, type: A, fields: [{ name: d, type: String }] }, { name: e, type: A }]",
    "request: [{ name: a, type: String, max_length: 0 }]",
    "request: [{ name: a, type: Number, max_length: 5 }]",
    "request: [{ name: a, type: Number, min_value: 5, max_value: 1 }]",
    "request: [{ name: a, type: Number, max_value: 5, example: 6 }]",
    "request: [{ name: a, type: Number, values: ['1'] }]",
    "request: [{ name: a, type: String, values: [''] }]",
    "request: [{ name: a, type: String, values: [b, b] }]",
    "response: { node: 'a b', fields: [] }",
    "response: { node: error_response, fields: [] }",
    "response: { node: a_get_response, fields: [{ name: a, type: String, required: true }] }",
    "response: { node: a_get_response, fields: [{ name: a, type: String, max_length: 5 }] }",
    "pages: { items: list.items, number: page }",
    "pages: { items: nothing, number: page }",
    "pages: { items: items }",
    "pages: { items: items, number: start }",
    "pages: { items: items, number: page, size: page }",
    "pages: { items: items, number: page, offset: offset }",
    "pages: { items: items, cursor: cursor }",
    "pages: { items: items, next: next, number: page }",
    "pages: { items: items, cursor: cursor, next: total }",
    "pages: { items: items, number: page, ask_has_next: ask }",
    "pages: { items: items, offset: offset, first: 0 }",
    "pages: { items: items, number: page, first: 7 }",
    "pages: { items: items, cursor: cursor, next: next, backwards: true }",
    "pages: { items: items, number: page, window: { from: start, to: end, minutes: 0 } }",
    "request: &a []",
    "request: [",
    "title: a\ntitle: b",
];

fn specs(messages: &mut Messages) {
    messages.section("Specs");
    let platform = spec::built_in_platform().unwrap();
    let name = |name: &str, kind: &str| format!("{{ name: {name}, type: {kind} }}");
    let parameters = [
        ("page", "Number"),
        ("offset", "Number"),
        ("cursor", "String"),
        ("size", "String"),
        ("ask", "Boolean"),
        ("start", "Date"),
        ("end", "Date"),
    ]
    .map(|(parameter, kind)| name(parameter, kind))
    .join(", ");
    let fields = [("items", "'String[]'"), ("next", "String"), ("total", "Number"), ("more", "Boolean")]
        .map(|(field, kind)| name(field, kind))
        .join(", ");
    let defaults = [
        ("method", "method: taobao.a.get".to_owned()),
        ("title", "title: t".to_owned()),
        ("request", format!("request: [{parameters}]")),
        ("response", format!("response: {{ node: a_get_response, fields: [{fields}] }}")),
    ];
    for part in SPECS {
        let (key, whole) = (part.split(':').next().unwrap(), !part.contains(':') || *part == "a: 1");
        let rest = defaults.iter().filter(|(other, _)| *other != key && !whole);
        let text: Vec<&str> = std::iter::once(*part).chain(rest.map(|(_, line)| line.as_str())).collect();
        let problems = spec::parse("top", "taobao.a.get.yaml", &text.join("\n"), &platform).expect_err(part);
        let problems: Vec<_> = problems
            .iter()
            .map(|problem| match &problem.help {
                Some(help) => format!("{} (help: {help})", problem.message),
                None => problem.message.clone(),
            })
            .collect();
        messages.text(&format!("`{}`", part.replace('\n', " ").replace('|', "\\|")), &problems.join("\n"));
    }
}

async fn refusals(messages: &mut Messages) {
    messages.section("Refusals of the local gateway");
    let (address, _) = start().await;
    let local = client(address).validate(false).build().unwrap();
    let other = Client::builder(format!("http://{address}/router/rest"), AppCredentials::new(KEY, "other"));
    let stranger = Client::builder(format!("http://{address}/router/rest"), AppCredentials::new("1", SECRET));
    for (case, client, method, parameters) in [
        ("unknown application", stranger.build().unwrap(), "taobao.time.get", &[][..]),
        ("wrong signature", other.build().unwrap(), "taobao.time.get", &[]),
        ("unknown method", local.clone(), "taobao.nothing.get", &[]),
        ("missing parameter", local.clone(), "taobao.top.client.token.get", &[]),
        ("wrong number", local.clone(), "taobao.trade.close", &[("tid", "x"), ("close_reason", "a")]),
    ] {
        let parameters = parameters.iter().fold(UntypedParameters::new(), |all, (name, value)| all.text(*name, *value));
        let error = client.call(method, parameters).await.map(|_| ()).expect_err(case);
        let Error::Platform(error) = error else { panic!("{case}: {error:?}") };
        let mut error = *error;
        error.request_id = None;
        messages.error(case, &error);
    }
}

#[tokio::test]
async fn messages_of_all_errors() {
    let mut messages = Messages::default();
    requests(&mut messages);
    responses(&mut messages).await;
    connections(&mut messages);
    sessions(&mut messages).await;
    configuration(&mut messages);
    pagination(&mut messages).await;
    callbacks(&mut messages);
    message_channel(&mut messages);
    generator(&mut messages);
    specs(&mut messages);
    refusals(&mut messages).await;
    assert!(messages.wrong.is_empty(), "{}", messages.wrong.join("\n"));
    let head = "# Messages\n\nThe message of every kind of error, with those of its sources. A test writes this page: \
                `UPDATE_EXPECT=1 cargo test -p top-gateway --test gateway error_messages`.\n";
    expect_test::expect_file!["../../../docs/messages.md"].assert_eq(&format!("{head}{}", messages.page));
}
