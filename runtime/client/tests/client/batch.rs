//! Batches over a socket, against a gateway written from docs/protocol.md section 7.1.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use generated_sdk::api::item::ItemImgUploadRequest;
use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::api::util::TimeGetRequest;
use generated_sdk::client::RetryPolicy;
use generated_sdk::client::batch::BatchError;
use generated_sdk::protocol::{ConfigurationKind, File, Problem, Request, SignMethod, Violation};
use generated_sdk::{AppCredentials, Client, Error};
use md5::{Digest, Md5};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SECRET: &str = "helloworld";
const SEPARATOR: &str = "\r\n-S-\r\n";

type Form = BTreeMap<String, String>;

/// A request that the gateway received.
#[derive(Clone, Debug)]
struct Received {
    path: String,
    query: Form,
    items: Vec<Form>,
}

/// A reply of the gateway: HTTP status, more headers, and the body.
type Reply = (u16, String, String);

/// A gateway on loopback.
struct Gateway {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Gateway {
    /// Starts a gateway that sends `reply(n, request)` to the `n`th request.
    async fn start(reply: impl Fn(usize, &Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/router/rest", listener.local_addr().unwrap());
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let (log, reply) = (Arc::clone(&received), Arc::new(reply));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&log), Arc::clone(&reply)));
            }
        });
        Self { url, received }
    }

    /// Starts a gateway that sends `answer(call)` for every call of a batch.
    async fn answering(answer: impl Fn(&Form) -> String + Send + Sync + 'static) -> Self {
        Self::start(move |_, received| (200, String::new(), joined(received.items.iter().map(&answer)))).await
    }

    fn client(&self) -> Client {
        Client::builder(self.url.as_str(), AppCredentials::new("12345678", SECRET))
            .sign_method(SignMethod::Md5)
            .build()
            .unwrap()
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    log: Arc<Mutex<Vec<Received>>>,
    reply: Arc<impl Fn(usize, &Received) -> Reply + Send + Sync>,
) {
    while let Some((head, body)) = read(&mut stream).await {
        let received = checked(&head, &body);
        let number = {
            let mut log = log.lock().unwrap();
            log.push(received.clone());
            log.len()
        };
        let (status, headers, body) = reply(number, &received);
        let response = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len());
        // A control character in a reply stands for an invalid byte.
        let bytes: Vec<u8> = response.bytes().map(|byte| if byte == 1 { 0xff } else { byte }).collect();
        stream.write_all(&bytes).await.unwrap();
    }
}

/// Reads the head and the body of a request; `None` at the end of the connection.
async fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = header(&head, "content-length").parse::<usize>().unwrap();
            if bytes.len() >= end + 4 + length {
                return Some((head, String::from_utf8(bytes[end + 4..].to_vec()).unwrap()));
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn header(head: &str, name: &str) -> String {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines
        .filter(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
        .next()
        .unwrap()
}

/// Checks a request as the platform does: the head, the public parameters and the signature over them and the body.
fn checked(head: &str, body: &str) -> Received {
    assert!(head.starts_with("POST "), "{head}");
    assert_eq!(header(head, "content-type"), "text/plain;charset=UTF-8");
    let target = head.split(' ').nth(1).unwrap();
    let (path, query) = target.split_once('?').unwrap();
    let query = form(query);
    assert!(!query.contains_key("method") && !query.contains_key("session"), "{query:?}");
    for (name, value) in [("v", "2.0"), ("app_key", "12345678"), ("format", "json"), ("sign_method", "md5")] {
        assert_eq!(query[name], value);
    }
    let mut text = SECRET.to_owned();
    for (name, value) in query.iter().filter(|(name, _)| *name != "sign") {
        text += name;
        text += value;
    }
    text += body;
    text += SECRET;
    let sign: String = Md5::digest(&text).iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(query["sign"], sign);
    Received { path: path.to_owned(), query, items: body.split(SEPARATOR).map(form).collect() }
}

fn form(text: &str) -> Form {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn joined(bodies: impl Iterator<Item = String>) -> String {
    bodies.collect::<Vec<_>>().join(SEPARATOR)
}

fn token(value: &str) -> String {
    serde_json::json!({"top_client_token_get_response": {"token": value, "request_id": "r1"}}).to_string()
}

fn refusal(code: i64, msg: &str) -> String {
    format!(r#"{{"error_response":{{"code":{code},"msg":"{msg}","request_id":"r2"}}}}"#)
}

/// Returns the security token as the token, and refuses `refused`.
fn echo(item: &Form) -> String {
    match item.get("sec_token").map(String::as_str) {
        Some("refused") => refusal(15, "Remote service error"),
        Some("damaged") => r#"{"top_client_token_get_response":{"#.to_owned(),
        Some(text) => token(text),
        None => r#"{"time_get_response":{"time":"2016-01-01 12:00:00"}}"#.to_owned(),
    }
}

fn requests(tokens: &[&str]) -> Vec<TopClientTokenGetRequest> {
    tokens.iter().map(|token| TopClientTokenGetRequest::new(*token)).collect()
}

/// The tokens of the responses; `!` and a code for a refusal, `?` for another error.
fn tokens<T>(results: Vec<Result<T, BatchError>>, token: impl Fn(&T) -> Option<String>) -> Vec<String> {
    let output = |result: Result<T, BatchError>| match result {
        Ok(response) => token(&response).unwrap(),
        Err(error) => error.error().platform().map_or("?".to_owned(), |refusal| format!("!{}", refusal.code)),
    };
    results.into_iter().map(output).collect()
}

macro_rules! tokens {
    ($results:expr) => {
        tokens($results, |response| response.token.clone())
    };
}

#[tokio::test]
async fn calls_have_typed_results() {
    let gateway = Gateway::answering(echo).await;
    let client = gateway.client().with_session("the session");
    let (one, two) = (TopClientTokenGetRequest::new("一 &=\r\n-S-\r\n"), TimeGetRequest::new());
    let three = TopClientTokenGetRequest::new("refused");
    let batch = client.batch().add(&one).add(&two).add(&three).add_with_session(&one, "another session");
    let (one, two, three, four) = batch.send().boxed().await;
    let one = one.unwrap();
    assert_eq!(
        (one.token.as_deref(), one.request_id(), one.status()),
        (Some("一 &=\r\n-S-\r\n"), Some("r1"), Some(200))
    );
    assert_eq!(two.unwrap().time.map(|time| time.to_string()).as_deref(), Some("2016-01-01 12:00:00"));
    let three = three.unwrap_err();
    assert_eq!(three.error().platform().unwrap().code, 15);
    assert!(!three.is_whole_request());
    assert!(four.is_ok());

    let received = gateway.received();
    assert_eq!((received.len(), received[0].path.as_str()), (1, "/router/batch"));
    let items = &received[0].items;
    let sessions: Vec<_> = items.iter().map(|item| item.get("session").map(String::as_str)).collect();
    assert_eq!(sessions, [Some("the session"), Some("the session"), Some("the session"), Some("another session")]);
    let methods: Vec<_> = items.iter().map(|item| item["method"].as_str()).collect();
    assert_eq!(methods[..2], [TopClientTokenGetRequest::METHOD, TimeGetRequest::METHOD]);
    // The public parameters are those of the batch.
    assert_eq!(items[1].keys().collect::<Vec<_>>(), ["method", "session"]);
}

/// Boxes a future, which shows that it is `Send`.
trait Boxed: Future + Sized {
    fn boxed<'a>(self) -> std::pin::Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>
    where
        Self: Send + 'a,
    {
        Box::pin(self)
    }
}

impl<F: Future> Boxed for F {}

#[tokio::test]
async fn sends_long_batches_in_chunks() {
    let gateway = Gateway::answering(echo).await;
    let requests = requests(&["1", "refused", "3", "damaged", "5"]);
    let (results,) = gateway.client().batch().add_all(&requests).chunk_size(2).send().await;
    assert_eq!(tokens!(results), ["1", "!15", "3", "?", "5"]);
    let sizes: Vec<_> = gateway.received().iter().map(|received| received.items.len()).collect();
    assert_eq!(sizes, [2, 2, 1]);

    let (results,) = gateway.client().batch().add_all(&requests).chunk_size(0).send().await;
    assert_eq!(results.len(), 5);
    assert_eq!(gateway.received().len(), 8);
    let many: Vec<_> = (0..45).map(|number| TopClientTokenGetRequest::new(number.to_string())).collect();
    let (results, last) = gateway.client().batch().add_all(&many).add(&requests[0]).send().await;
    assert_eq!(tokens!(results), (0..45).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!(last.unwrap().token.as_deref(), Some("1"));
    assert_eq!(gateway.received().len(), 11);
}

#[tokio::test]
async fn invalid_utf8_affects_one_response_only() {
    let gateway = Gateway::answering(|item| match item["sec_token"].as_str() {
        "garbled" => "{\"top_client_token_get_response\":{\"token\":\"a\u{1}\",\"result_code\":\"200\"}}".to_owned(),
        text => token(text),
    })
    .await;
    let requests = requests(&["1", "garbled", "3"]);
    let (results,) = gateway.client().batch().add_all(&requests).send().await;
    let [one, two, three] = results.try_into().unwrap();
    assert_eq!((one.unwrap().token.as_deref(), three.unwrap().token.as_deref()), (Some("1"), Some("3")));
    let two = two.unwrap();
    assert_eq!((two.result_code.as_deref(), two.mismatches().len()), (Some("200"), 1), "{two:?}");
}

#[tokio::test]
async fn rejects_invalid_calls_before_sending() {
    let gateway = Gateway::answering(echo).await;
    let client = gateway.client().with_session("s");
    let upload = ItemImgUploadRequest::new(1).image(File::new(*b"GIF89a"));
    let (invalid, valid) = (TopClientTokenGetRequest::new(""), TopClientTokenGetRequest::new("1"));

    let (upload_alone,) = client.batch().add(&upload).send().await;
    let error = upload_alone.unwrap_err();
    let Error::Invalid(violations) = error.error() else { panic!("{error:?}") };
    assert_eq!(violations.violations, [Violation::new("image", Problem::FileInBatch)]);
    assert_eq!(
        error.to_string(),
        "taobao.item.img.upload was not sent: image is a file, which a batch cannot send: call the method alone"
    );
    assert!(error.error().was_not_processed() && error.error().is_client_error() && !error.is_whole_request());
    assert!(gateway.received().is_empty());

    let (before, upload, invalid, after) =
        client.batch().add(&valid).add(&upload).add(&invalid).add(&valid).send().await;
    assert!(before.is_ok() && upload.is_err() && after.is_ok());
    assert!(matches!(invalid.unwrap_err().error(), Error::Invalid(_)));
    assert_eq!(gateway.received()[0].items.len(), 2);

    // A method that requires a session fails without one.
    let (upload,) = gateway.client().batch().add(&ItemImgUploadRequest::new(1)).send().await;
    assert!(matches!(upload.unwrap_err().error(), Error::Invalid(_)));
    let () = gateway.client().batch().send().await;
    assert_eq!(gateway.received().len(), 1);
}

#[tokio::test]
async fn shares_the_error_of_a_whole_request() {
    let gateway = Gateway::start(|number, received| match number {
        1 => (200, String::new(), refusal(25, "Invalid signature")),
        2 => (500, String::new(), "<html>".to_owned()),
        3 => (200, String::new(), [token("1"), token("2"), token("3")].join(SEPARATOR)),
        4 => (403, String::new(), refusal(12, "App has no right")),
        _ => (200, String::new(), joined(received.items.iter().map(echo))),
    })
    .await;
    let requests = requests(&["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    let (results,) = gateway.client().batch().add_all(&requests).chunk_size(2).send().await;
    let errors: Vec<_> = results.iter().map(|result| result.as_ref().err()).collect();
    for pair in errors[..8].chunks(2) {
        let [Some(one), Some(other)] = pair else { panic!("{pair:?}") };
        assert!(one.is_whole_request() && std::ptr::eq(one.error(), other.error()));
    }
    let error = |index: usize| errors[index].unwrap().error();
    assert_eq!(error(0).platform().unwrap().code, 25);
    assert!(matches!(error(2), Error::Status(status) if status.status == 500));
    assert!(error(4).to_string().ends_with("expected 2 responses, found 3"), "{}", error(4));
    assert_eq!(error(6).platform().unwrap().code, 12);
    assert!(errors[8].is_none() && errors[9].is_none());
}

#[tokio::test]
async fn retries_requests_by_the_policy() {
    let flaky = |number: usize, received: &Received| match number {
        1 => (503, String::new(), String::new()),
        _ => (200, String::new(), joined(received.items.iter().map(echo))),
    };
    let policy = RetryPolicy::new().first_pause(Duration::ZERO);
    let gateway = Gateway::start(flaky).await;
    let (results,) = gateway.client().with_retry(policy.clone()).batch().add_all(&requests(&["1", "2"])).send().await;
    assert_eq!(tokens!(results), ["1", "2"]);
    assert_eq!(gateway.received().len(), 2);

    // A call that may have changed something is not sent again with the others.
    let gateway = Gateway::start(flaky).await;
    let client = gateway.client().with_session("s").with_retry(policy);
    let (read, write) = (TopClientTokenGetRequest::new("1"), ItemImgUploadRequest::new(1));
    let (read, write) = client.batch().add(&read).add(&write).send().await;
    assert!(read.is_err() && write.is_err());
    assert_eq!(gateway.received().len(), 1);
}

#[tokio::test]
async fn corrects_the_clock() {
    let gateway = Gateway::start(|number, received| match number {
        1 => (200, "Date: Fri, 01 Jan 2016 04:00:00 GMT\r\n".to_owned(), refusal(31, "Invalid timestamp")),
        _ => (200, String::new(), joined(received.items.iter().map(echo))),
    })
    .await;
    let (results,) = gateway.client().batch().add_all(&requests(&["1", "2"])).send().await;
    assert_eq!(tokens!(results), ["1", "2"]);
    assert!(gateway.received()[1].query["timestamp"].starts_with("2016-01-01 12:0"));
}

#[tokio::test]
async fn errors_redact_secrets() {
    let gateway = Gateway::answering(|item| refusal(15, &format!("no {} for {}", item["session"], SECRET))).await;
    let client = gateway.client();
    let request = TopClientTokenGetRequest::new("1");
    let batch = client.batch().add_with_session(&request, "s3cr3t one").add_with_session(&request, "s3cr3t two");
    assert!(!format!("{batch:?}").contains("s3cr3t"));
    let (one, two) = batch.send().await;
    for error in [one.unwrap_err(), two.unwrap_err()] {
        let text = format!("{error} {error:?}");
        assert!(text.contains("[hidden]") && !text.contains("s3cr3t") && !text.contains(SECRET), "{text}");
    }
}

#[tokio::test]
async fn derives_the_batch_url() {
    let gateway = Gateway::answering(echo).await;
    let address = gateway.url.trim_end_matches("/router/rest").to_owned();
    let request = TopClientTokenGetRequest::new("1");
    let client = |url: &str| {
        Client::builder(format!("{address}{url}"), AppCredentials::new("12345678", SECRET))
            .sign_method(SignMethod::Md5)
            .build()
            .unwrap()
    };
    for url in ["/router/batch", "/top/router/rest"] {
        let (result,) = client(url).batch().add(&request).send().await;
        assert!(result.is_ok(), "{url}: {result:?}");
    }
    let (result,) = client("/api").batch().add(&request).url(format!("{address}/api/batch")).send().await;
    assert!(result.is_ok(), "{result:?}");
    let paths: Vec<_> = gateway.received().iter().map(|received| received.path.clone()).collect();
    assert_eq!(paths, ["/router/batch", "/top/router/batch", "/api/batch"]);

    let (one, two) = client("/api").batch().add(&request).add(&request).send().await;
    for error in [one.unwrap_err(), two.unwrap_err()] {
        let Error::Configuration(configuration) = error.error() else { panic!("{error:?}") };
        assert_eq!(configuration.kind(), ConfigurationKind::Gateway);
        assert_eq!(
            error.to_string(),
            format!(
                "invalid configuration: cannot derive the URL for batches: expected a gateway that ends with /router/rest, \
                 found {address}/api; set it with Batch::url"
            )
        );
    }
}
