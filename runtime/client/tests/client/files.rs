//! Files: their sources, names and content types, and files that cannot be sent.

use crate::fixture::FixtureLimitsSetRequest;
use crate::support::chain;

use std::fs;
use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use expect_test::expect;
use generated_sdk::client::{BoxFuture, HttpRequest, HttpResponse, Payload, RetryPolicy, RetryScope, Transport};
use generated_sdk::protocol::{self, Application, DateTime, File, FileProblem, TransportError, TransportKind};
use generated_sdk::{AppCredentials, Client, Error};
use tempfile::TempDir;
use tokio::io::{AsyncRead, ReadBuf};

/// A request with files that no limit is set to.
fn request(pictures: impl IntoIterator<Item = File>) -> FixtureLimitsSetRequest {
    picture(File::new(*b"GIF89a")).pictures(pictures)
}

/// A request with a file that may have eight bytes.
fn picture(picture: File) -> FixtureLimitsSetRequest {
    #[expect(deprecated, reason = "the method is deprecated, to have one that is")]
    FixtureLimitsSetRequest::new("标题", "TRADE_CLOSED", picture)
}

fn sign(request: &FixtureLimitsSetRequest) -> Result<protocol::SignedRequest, protocol::Error> {
    let moment: DateTime = "2016-01-01 12:00:00".parse().unwrap();
    Application::new(AppCredentials::new("key", "secret")).sign(request, Some("session"), moment)
}

fn on_disk(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) -> std::path::PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    path
}

/// A message with the folder that is another one in every run left out.
fn message_of(error: &impl ToString, folder: &TempDir) -> String {
    error.to_string().replace(&*folder.path().to_string_lossy(), "FOLDER")
}

#[test]
fn detects_content_types() {
    let folder = TempDir::new().unwrap();
    for (content, name, expected) in [
        (&b"GIF87a"[..], "x", "image/gif"),
        (b"GIF89a", "x.png", "image/gif"),
        (b"\x89PNG\r\n\x1a\n", "x", "image/png"),
        (b"\xff\xd8\xff", "x", "image/jpeg"),
        (b"BM", "x", "image/bmp"),
        (b"", "x", "application/octet-stream"),
        (b"?", ".gif", "image/gif"),
        (b"?", "x.JPG", "image/jpeg"),
        (b"a,b", "x.y.csv", "text/csv"),
        (b"?", "x.json", "application/json"),
        (b"?", "x.svg", "image/svg+xml"),
        (b"?", "x.mp3", "audio/mpeg"),
        (b"?", "x.doc", "application/msword"),
        (b"?", "x.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (b"?", "csv", "application/octet-stream"),
        (b"?", "x.odd", "application/octet-stream"),
        (b"?", "x.", "application/octet-stream"),
    ] {
        assert_eq!(File::new(content).name(name).content_type(), expected, "{name}");
        if !name.is_empty() {
            let file = File::open(on_disk(&folder, name, content)).unwrap();
            assert_eq!((file.content_type(), file.file_name()), (expected, name));
        }
        let stream = File::from_reader(content, None).name(name);
        let by_name = File::new(*b"?").name(name);
        assert_eq!(stream.content_type(), by_name.content_type(), "{name}");
        assert_eq!(stream.with_content_type("text/x").content_type(), "text/x");
    }
}

#[test]
fn debug_hides_the_content() {
    let folder = TempDir::new().unwrap();
    let path = on_disk(&folder, "cup.jpg", "s3cr3t");
    let output = [
        format!("{:?}", File::new(*b"s3cr3t")),
        format!("{:?}", File::open(path).unwrap().name("a\"b")),
        format!("{:?}", File::from_reader(&b"s3cr3t"[..], 6)),
        format!("{:?}", File::from_reader(&b"s3cr3t"[..], None).with_content_type("text/x")),
    ];
    expect![[r#"
        "file" (application/octet-stream, 6 bytes)
        "a\"b" (application/octet-stream, 6 bytes)
        "file" (application/octet-stream, 6 bytes)
        "file" (text/x, a stream)"#]]
    .assert_eq(&output.join("\n"));
}

#[test]
fn compares_files_by_what_is_sent() {
    let folder = TempDir::new().unwrap();
    let path = on_disk(&folder, "a", "content");
    let bytes = File::new(*b"content").name("a");
    assert_eq!(bytes, File::new(*b"content").name("a"));
    assert_ne!(bytes, File::new(*b"Content").name("a"));
    assert_ne!(bytes, bytes.clone().name("b"));
    assert_ne!(bytes, bytes.clone().with_content_type("text/x"));
    let opened = File::open(&path).unwrap();
    assert_eq!(opened, File::open(&path).unwrap());
    assert_ne!(opened, bytes);
    assert_ne!(opened, File::open(on_disk(&folder, "b", "content")).unwrap().name("a"));
    let stream = File::from_reader(&b"content"[..], None);
    assert_eq!(stream, stream.clone());
    assert_ne!(stream, File::from_reader(&b"content"[..], None));
    fs::write(&path, "longer content").unwrap();
    assert_ne!(opened, File::open(&path).unwrap());
}

#[test]
fn encodes_all_sources_alike() {
    let folder = TempDir::new().unwrap();
    let content = "GIF89a\r\n--".repeat(50_000);
    let path = on_disk(&folder, "big.gif", &content);
    let named = |file: File| file.name("big.gif").with_content_type("image/gif");
    let body = |file: File| sign(&request([named(File::new(*b"first")), named(file)])).unwrap().body().unwrap();
    let expected = body(File::new(content.as_bytes()));
    assert!(body(File::open(&path).unwrap()) == expected);
    assert!(body(File::from_reader(io::Cursor::new(content.clone()), None)) == expected);
    assert!(body(File::from_reader(fs::File::open(&path).unwrap(), content.len() as u64)) == expected);
    // Files are not signed.
    assert_eq!(sign(&request([])).unwrap().parameters(), sign(&request([File::new(*b"x")])).unwrap().parameters());
}

#[test]
fn checks_known_lengths_before_sending() {
    let folder = TempDir::new().unwrap();
    for file in [
        File::new(*b"123456789"),
        File::open(on_disk(&folder, "a", "123456789")).unwrap(),
        File::from_reader(&b"1"[..], 9),
    ] {
        let error = sign(&picture(file)).unwrap_err();
        assert_eq!(error.to_string(), "taobao.fixture.limits.set was not sent: picture is longer than 8");
    }
    for file in [File::open(on_disk(&folder, "a", "12345678")).unwrap(), File::from_reader(&b"12345678"[..], 8)] {
        sign(&picture(file)).unwrap().body().unwrap();
    }
    // The length of such a stream is known when it is read.
    assert!(sign(&picture(File::from_reader(&b"12345678"[..], None))).unwrap().body().is_ok());
    let signed = sign(&picture(File::from_reader(&b"123456789"[..], None).name("s"))).unwrap();
    let Err(protocol::Error::File(error)) = signed.body() else { panic!("it is too long") };
    assert_eq!(error.problem, FileProblem::TooLong(8));
    assert!(
        error.to_string().starts_with("the stream \"s\" for picture exceeds the parameter's limit of 8 bytes"),
        "{error}"
    );
    // Limits are not checked if validation is off.
    let mut trusting = Application::new(AppCredentials::new("key", "secret"));
    trusting.validate = false;
    let long = picture(File::from_reader(&b"123456789"[..], None));
    assert!(trusting.sign(&long, None, DateTime::now()).unwrap().body().is_ok());
}

#[test]
fn rejects_paths_that_are_not_files() {
    let folder = TempDir::new().unwrap();
    let error = File::open(folder.path().join("gone.jpg")).unwrap_err();
    assert_eq!((error.problem, error.path()), (FileProblem::Unreadable, Some(&*folder.path().join("gone.jpg"))));
    let said_of = |error| message_of(&Error::from(error), &folder);
    assert!(said_of(error).starts_with("the file \"FOLDER/gone.jpg\" cannot be read"));
    let error = File::open(folder.path()).unwrap_err();
    assert_eq!(error.problem, FileProblem::NotAFile);
    assert_eq!(
        said_of(error),
        "the file \"FOLDER\" is not a regular file: send the content of a pipe or a device as a stream"
    );
    #[cfg(target_os = "linux")]
    assert_eq!(File::open("/dev/zero").unwrap_err().problem, FileProblem::NotAFile);
}

/// Reads the body of every request, and responds or fails.
#[derive(Default)]
struct Taking {
    unreachable: bool,
    bodies: Mutex<Vec<Result<Vec<u8>, TransportKind>>>,
    lengths: Mutex<Vec<Option<u64>>>,
    fails: bool,
}

impl Transport for &'static Taking {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let Payload::Stream { mut chunks, length } = request.body else { panic!("it has files") };
            if self.unreachable && self.lengths.lock().unwrap().is_empty() {
                self.lengths.lock().unwrap().push(None);
                return Err(TransportError::new(TransportKind::Connect, "no server"));
            }
            self.lengths.lock().unwrap().push(length);
            let mut body = Vec::new();
            while let Some(chunk) = poll_fn(|context| chunks.poll_chunk(context)).await {
                match chunk {
                    Ok(chunk) => body.extend_from_slice(&chunk),
                    Err(error) => {
                        self.bodies.lock().unwrap().push(Err(error.kind));
                        // The parser may change the text.
                        return Err(TransportError::new(TransportKind::Interrupted, "the library's words"));
                    }
                }
            }
            self.bodies.lock().unwrap().push(Ok(body));
            if self.fails {
                return Err(TransportError::new(TransportKind::Interrupted, "broken"));
            }
            Ok(HttpResponse::new(200, "{\"fixture_limits_set_response\":{}}"))
        })
    }
}

fn taking(fails: bool) -> &'static Taking {
    Box::leak(Box::new(Taking { fails, ..Taking::default() }))
}

fn client(transport: &'static Taking) -> Client {
    Client::builder("http://127.0.0.1/", AppCredentials::new("k", "s"))
        .transport(transport)
        .build()
        .unwrap()
        .with_session("session")
}

/// A reader that is not ready every other time, and gives a few bytes when it is.
struct Slow(&'static [u8], bool);

impl AsyncRead for Slow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.1 = !self.1;
        if self.1 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let (now, later) = self.0.split_at(self.0.len().min(3));
        buffer.put_slice(now);
        self.0 = later;
        Poll::Ready(Ok(()))
    }
}

/// The parts of a body that are files.
fn parts(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(body);
    let boundary = text.split("\r\n").next().unwrap();
    let files = text.split(boundary).filter(|part| part.contains("filename=\""));
    files.map(|part| part.split_once("\r\n\r\n").unwrap().1.trim_end_matches("\r\n").to_owned()).collect()
}

#[tokio::test]
async fn client_sends_the_encoded_body() {
    let folder = TempDir::new().unwrap();
    let transport = taking(false);
    let several = [
        File::new(*b"in memory"),
        File::new(*b""),
        File::open(on_disk(&folder, "a", "on disk")).unwrap(),
        File::from_reader(&b"a stream"[..], 8),
        File::from_async_reader(Slow(b"an asynchronous stream", false), None),
    ];
    client(transport).execute(&request(several)).await.unwrap();
    let big = "0123456789".repeat(100_000);
    let path = on_disk(&folder, "big", &big);
    let known = [File::open(&path).unwrap(), File::from_async_reader(Slow(b"abcdef", true), 6)];
    client(transport).execute(&request(known)).await.unwrap();
    let bodies: Vec<_> = transport.bodies.lock().unwrap().iter().map(|body| body.clone().unwrap()).collect();
    let first = ["GIF89a", "in memory", "", "on disk", "a stream", "an asynchronous stream"];
    assert_eq!(parts(&bodies[0]), first);
    assert!(parts(&bodies[1]) == ["GIF89a", &big, "abcdef"]);
    assert_eq!(*transport.lengths.lock().unwrap(), [None, Some(bodies[1].len() as u64)]);
}

/// Sends a request that cannot be, and returns why.
async fn fails(request: &FixtureLimitsSetRequest, expected: FileProblem) -> (Error, &'static Taking) {
    let transport = taking(false);
    let error = client(transport).execute(request).await.unwrap_err();
    match &error {
        Error::File(file) => assert_eq!(file.problem, expected),
        other => panic!("{other:?}"),
    }
    assert!(!error.is_retryable() && error.is_client_error() && error.body().is_none());
    (error, transport)
}

#[tokio::test]
async fn rejects_changed_files() {
    let folder = TempDir::new().unwrap();
    let path = on_disk(&folder, "cup.jpg", "12345678");
    let request = picture(File::open(&path).unwrap());
    for content in ["1234567", "123456789", ""] {
        fs::write(&path, content).unwrap();
        let changed = FileProblem::Changed { expected: 8, found: content.len() as u64 };
        let (error, transport) = fails(&request, changed).await;
        assert!(error.was_not_processed());
        assert_eq!(transport.lengths.lock().unwrap().len(), 0);
        let expected = format!(
            "the file \"FOLDER/cup.jpg\" for picture changed after the request was built: expected 8 bytes, found {}",
            content.len()
        );
        assert_eq!(message_of(&error, &folder), expected);
    }
    fs::remove_file(&path).unwrap();
    let (error, _) = fails(&request, FileProblem::Unreadable).await;
    let Error::File(file) = &error else { panic!() };
    assert_eq!((file.path(), file.parameter()), (Some(&*path), Some("picture")));
    assert!(error.was_not_processed());
    // The restored file is sent.
    fs::write(&path, "87654321").unwrap();
    client(taking(false)).execute(&request).await.unwrap();
}

/// Gives what it has, and then fails or panics.
struct Failing(&'static [u8], bool);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            Ok(0) if self.1 => panic!("a reader that panics"),
            Ok(0) => Err(io::Error::other("the cable is out")),
            read => read,
        }
    }
}

#[tokio::test]
async fn rejects_streams_of_another_length() {
    let changed = |expected, found| FileProblem::Changed { expected, found };
    for (file, problem, words) in [
        (File::from_reader(&b"123"[..], 4), changed(4, 3), "has the wrong length: expected 4 bytes, found 3"),
        (File::from_reader(&b"12345"[..], 4), changed(4, 5), "has the wrong length: expected 4 bytes, found 5"),
        (File::from_async_reader(&b"123"[..], 4), changed(4, 3), "has the wrong length: expected 4 bytes, found 3"),
        (
            File::from_reader(&b"123456789"[..], None),
            FileProblem::TooLong(8),
            "exceeds the parameter's limit of 8 bytes",
        ),
        (
            File::from_async_reader(&b"123456789"[..], None),
            FileProblem::TooLong(8),
            "exceeds the parameter's limit of 8 bytes",
        ),
        (File::from_reader(Failing(b"123", false), None), FileProblem::Unreadable, "cannot be read: the cable is out"),
        (File::from_reader(Failing(b"123", true), None), FileProblem::Unreadable, "cannot be read: task "),
    ] {
        let (error, transport) = fails(&picture(file.name("s")), problem).await;
        let message = chain(&error);
        assert!(message.starts_with(&format!("the stream \"s\" for picture {words}")), "{message}");
        // The file was already being sent.
        assert_eq!(*transport.bodies.lock().unwrap(), [Err(TransportKind::Upload)]);
        assert!(!error.was_not_processed());
    }
    // Only some parameters have a limit.
    client(taking(false)).execute(&request([File::from_reader(&b"123456789"[..], None)])).await.unwrap();
}

#[tokio::test]
async fn streams_are_sent_once() {
    let request = picture(File::from_reader(&b"123"[..], None).name("s"));
    let clone = request.clone();
    assert!(request.picture.is_fresh());
    client(taking(false)).execute(&request).await.unwrap();
    assert!(!clone.picture.is_fresh());
    let (error, transport) = fails(&clone, FileProblem::AlreadyRead).await;
    expect![[
        r#"the stream "s" for picture was already read: a stream can be sent once, create a new File for every call"#
    ]]
    .assert_eq(&error.to_string());
    assert_eq!(transport.lengths.lock().unwrap().len(), 0);
    // Bytes can be sent again.
    let request = picture(File::new(*b"123"));
    for _ in 0..2 {
        client(taking(false)).execute(&request).await.unwrap();
    }
}

fn retrying(transport: &'static Taking) -> Client {
    let policy = RetryPolicy::new().attempts(3).first_pause(Duration::ZERO).scope(RetryScope::All);
    client(transport).with_retry(policy)
}

#[tokio::test]
async fn retries_files_but_not_streams() {
    let folder = TempDir::new().unwrap();
    let again = [File::new(*b"123"), File::open(on_disk(&folder, "a", "on disk")).unwrap()];
    let transport = taking(true);
    let error = retrying(transport).execute(&request(again)).await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error:?}");
    let bodies = std::mem::take(&mut *transport.bodies.lock().unwrap());
    let sent: Vec<_> = bodies.iter().map(|body| parts(body.as_ref().unwrap())).collect();
    assert_eq!(sent, vec![["GIF89a", "123", "on disk"]; 3]);

    let transport = taking(true);
    let streams = [File::new(*b"123"), File::from_reader(&b"123"[..], 3).name("s")];
    let error = retrying(transport).execute(&request(streams)).await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "the attempt's own error: {error:?}");
    assert_eq!(transport.bodies.lock().unwrap().len(), 1);

    // An unread stream can be sent.
    let transport = Box::leak(Box::new(Taking { unreachable: true, ..Taking::default() }));
    let stream = File::from_async_reader(&b"123"[..], None);
    retrying(transport).execute(&request([stream])).await.unwrap();
    assert_eq!(transport.lengths.lock().unwrap().len(), 2);
}

/// Refuses the timestamp of the first call, with its own time.
#[derive(Default)]
struct Ahead(Mutex<usize>);

impl Transport for Ahead {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let Payload::Stream { mut chunks, .. } = request.body else { panic!("it has files") };
            while poll_fn(|context| chunks.poll_chunk(context)).await.is_some() {}
            *self.0.lock().unwrap() += 1;
            Ok(match *self.0.lock().unwrap() {
                1 => HttpResponse::new(
                    200,
                    r#"{"error_response":{"code":31,"msg":"Invalid timestamp","request_id":"r"}}"#,
                )
                .header("Date", "Thu, 01 Jan 2099 00:00:00 GMT"),
                _ => HttpResponse::new(200, "{\"fixture_limits_set_response\":{}}"),
            })
        })
    }
}

#[tokio::test]
async fn corrects_the_clock_unless_a_stream_is_consumed() {
    let client = || {
        Client::builder("http://127.0.0.1/", AppCredentials::new("k", "s"))
            .transport(Ahead::default())
            .build()
            .unwrap()
            .with_session("x")
    };
    client().execute(&request([File::new(*b"123")])).await.unwrap();
    let client = client();
    let error = client.execute(&request([File::from_reader(&b"123"[..], None)])).await.unwrap_err();
    // The error has the refusal of the platform.
    assert_eq!(
        (error.platform().map(|refusal| refusal.code.clone()), error.request_id()),
        (Some(31.into()), Some("r"))
    );
    assert!(error.was_not_processed() && error.body().is_some());
    // The clock is corrected, and a new stream is sent.
    client.execute(&request([File::from_reader(&b"123"[..], None)])).await.unwrap();
}

/// A transport that reads bodies on a thread without a runtime.
struct Elsewhere;

impl Transport for Elsewhere {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let Payload::Stream { mut chunks, .. } = request.body else { panic!("it has files") };
        let taken = std::thread::spawn(move || {
            let mut context = Context::from_waker(std::task::Waker::noop());
            let mut length = 0;
            loop {
                match chunks.poll_chunk(&mut context) {
                    Poll::Ready(Some(chunk)) => length += chunk?.len(),
                    Poll::Ready(None) => return Ok(length),
                    Poll::Pending => std::thread::yield_now(),
                }
            }
        });
        Box::pin(async move {
            while !taken.is_finished() {
                tokio::task::yield_now().await;
            }
            taken.join().expect("reading does not panic").map(|length| {
                assert!(length > 300_000);
                HttpResponse::new(200, "{\"fixture_limits_set_response\":{}}")
            })
        })
    }
}

#[tokio::test]
async fn transports_may_read_bodies_on_any_thread() {
    let client = Client::builder("http://127.0.0.1/", AppCredentials::new("k", "s"))
        .transport(Elsewhere)
        .build()
        .unwrap()
        .with_session("x");
    let zeros = io::repeat(0).take(300_000);
    client.execute(&request([File::from_reader(zeros, None)])).await.unwrap();
}

#[cfg(feature = "blocking")]
#[test]
fn blocking_client_sends_files() {
    let folder = TempDir::new().unwrap();
    let transport = taking(false);
    let client = Client::builder("http://127.0.0.1/", AppCredentials::new("k", "s"))
        .transport(transport)
        .build_blocking()
        .unwrap();
    let files = [File::open(on_disk(&folder, "a", "on disk")).unwrap(), File::from_reader(&b"a stream"[..], None)];
    client.with_session("x").execute(&request(files)).unwrap();
    let bodies = transport.bodies.lock().unwrap();
    assert_eq!(parts(bodies[0].as_ref().unwrap()), ["GIF89a", "on disk", "a stream"]);
}

#[test]
fn async_readers_need_the_client() {
    let signed = sign(&picture(File::from_async_reader(&b"123"[..], None).name("s"))).unwrap();
    let error = chain(&signed.body().err().unwrap());
    expect![[r#"the stream "s" for picture cannot be read: expected a blocking reader, found an asynchronous one: send the request with a Client"#]]
    .assert_eq(&error);
    assert!(signed.files().all(|(_, file)| file.is_fresh()));
}
