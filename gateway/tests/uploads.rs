//! Files over real HTTP: to the gateway, to a server that counts, and to one that breaks off.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use codegen::spec;
use gateway::{Gateway, Server};
use generated_sdk::api::picture::PictureUploadRequest;
use generated_sdk::protocol::{File, FileProblem, TransportKind};
use generated_sdk::{ClientBuilder, Error};
use support::hostile::{Received, Step, scripted, whole};
use support::{KEY, SECRET, client};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A file of so many bytes, of which the disk keeps none.
fn sparse(folder: &TempDir, bytes: u64) -> PathBuf {
    let path = folder.path().join("big.bin");
    fs::File::create(&path).unwrap().set_len(bytes).unwrap();
    path
}

fn upload(file: File) -> PictureUploadRequest {
    PictureUploadRequest::new(0, file, "cup.jpg")
}

#[tokio::test]
async fn the_gateway_takes_files_of_every_origin() {
    let specs = spec::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")).unwrap();
    let server = Server::bind(Gateway::new(specs).application(KEY, SECRET), "127.0.0.1:0".parse().unwrap()).await;
    let server = server.unwrap();
    let address = server.address().unwrap();
    tokio::spawn(server.serve(|_| {}));
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("cup.jpg");
    let content = "\r\n--".repeat(100_000);
    fs::write(&path, &content).unwrap();
    let client = client(address).build().unwrap().with_session("session");
    for file in [
        File::new(content.as_bytes()),
        File::open(&path).unwrap(),
        File::from_reader(fs::File::open(&path).unwrap(), None),
        File::from_reader(fs::File::open(&path).unwrap(), content.len() as u64),
        File::from_async_reader(tokio::io::AsyncReadExt::take(tokio::io::repeat(7), 300_000), None),
    ] {
        let shown = format!("{file:?}");
        let response = client.execute(&upload(file)).await.unwrap_or_else(|error| panic!("{shown}: {error}"));
        assert!(response.request_id().is_some());
    }
}

/// A client that holds no file against the method's limit, which is for pictures.
fn trusting(address: std::net::SocketAddr) -> ClientBuilder {
    client(address).validate(false)
}

/// A server that takes in whatever comes and says of each request how it came.
async fn sink(answer: Vec<Step>) -> (std::net::SocketAddr, UnboundedReceiver<(String, u64, bool)>) {
    let (sender, seen) = unbounded_channel();
    let address = scripted(move |request: &Received| {
        let encoding = request.header("Content-Length").map_or("chunked", |_| "whole").to_owned();
        let _ = sender.send((encoding, request.length, request.whole));
        answer.clone()
    });
    (address.await, seen)
}

fn fine() -> Vec<Step> {
    whole("200 OK", "", "{\"picture_upload_response\":{\"request_id\":\"r\"}}")
}

#[tokio::test]
async fn a_length_that_is_known_is_told() {
    let (address, mut seen) = sink(fine()).await;
    let client = client(address).build().unwrap().with_session("session");
    for (length, encoding) in [(Some(200_000), "whole"), (None, "chunked")] {
        let zeros = std::io::Read::take(std::io::repeat(0), 200_000);
        client.execute(&upload(File::from_reader(zeros, length))).await.unwrap();
        let (kind, length, whole) = seen.recv().await.unwrap();
        assert_eq!((kind.as_str(), whole), (encoding, true));
        assert!((200_000..202_000).contains(&length), "{length}");
    }
}

#[tokio::test]
async fn a_file_that_shrinks_while_it_is_sent_breaks_off() {
    let (address, mut seen) = sink(fine()).await;
    let client = trusting(address).build().unwrap().with_session("session");
    let (most, fewer) = (5_000_000, 4_000_000);
    let zeros = std::io::Read::take(std::io::repeat(0), fewer);
    let error = client.execute(&upload(File::from_reader(zeros, most).name("zeros"))).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the stream \"zeros\" for img has the wrong length: expected 5000000 bytes, found 4000000"
    );
    // The connection has no other way to tell the server that the body is none.
    let (_, _, whole) = seen.recv().await.unwrap();
    assert!(!whole);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_takes_its_time_with_a_big_file_is_not_silent() {
    // It reads a little at a time, for longer in all than it may be silent.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut buffer, mut read) = (vec![0; 1 << 20], 0);
        while read < 20_000_000 {
            tokio::time::sleep(Duration::from_millis(80)).await;
            read += tokio::io::AsyncReadExt::read(&mut stream, &mut buffer).await.unwrap();
        }
        std::future::pending::<()>().await;
    });
    let client = trusting(address).read_timeout(Duration::from_millis(800)).build().unwrap().with_session("session");
    let zeros = std::io::Read::take(std::io::repeat(0), 20_000_000);
    let began = tokio::time::Instant::now();
    let error = client.execute(&upload(File::from_reader(zeros, 20_000_000))).await.unwrap_err();
    assert!(error.to_string().contains("within the read timeout"), "{error}");
    // It was given the time to read, and not much more.
    assert!(began.elapsed() > Duration::from_millis(1200), "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_answer_before_the_body_is_read_is_an_answer() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut first = [0; 1000];
        tokio::io::AsyncReadExt::read(&mut stream, &mut first).await.unwrap();
        let answer = b"HTTP/1.1 413 Payload Too Large\r\nContent-Length: 8\r\nConnection: close\r\n\r\ntoo long";
        tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await.unwrap();
        std::future::pending::<()>().await;
    });
    let zeros = std::io::Read::take(std::io::repeat(0), 20_000_000);
    let client = trusting(address).build().unwrap().with_session("session");
    match client.execute(&upload(File::from_reader(zeros, 20_000_000))).await {
        Err(Error::Status(error)) => assert_eq!((error.status, &*error.body), (413, "too long")),
        other => panic!("{other:?}"),
    }
}

/// Run by the test below in a process of its own, whose memory is its own.
#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "started by big_files_are_not_held_in_memory"]
async fn a_big_file() {
    const BYTES: u64 = 200 << 20;
    let (address, mut seen) = sink(fine()).await;
    let client = trusting(address).build().unwrap().with_session("session");
    let folder = TempDir::new().unwrap();
    let path = sparse(&folder, BYTES);
    // What every call takes, before what this one does.
    client.execute(&upload(File::new(*b"GIF89a"))).await.unwrap();
    support::memory::from_here();
    client.execute(&upload(File::open(&path).unwrap())).await.unwrap();
    client.execute(&upload(File::from_reader(fs::File::open(&path).unwrap(), None))).await.unwrap();
    support::memory::to_here();
    let small = seen.recv().await.unwrap();
    assert!(small.1 < BYTES && small.2, "{small:?}");
    for _ in 0..2 {
        let big = seen.recv().await.unwrap();
        assert!(big.1 > BYTES && big.2, "{big:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn big_files_are_not_held_in_memory() {
    let grown = support::memory::grown("a_big_file");
    assert!(grown < 16 << 20, "{grown} bytes");
}

#[tokio::test]
async fn a_stream_that_has_been_begun_keeps_its_call_from_being_sent_again() {
    let (address, _) = sink(vec![Step::Reset]).await;
    let client = client(address).build().unwrap().with_session("session");
    let request = upload(File::from_reader(&b"GIF89a"[..], None));
    // Without a retry the failure is what it is.
    let error = client.execute(&request).await.unwrap_err();
    assert!(matches!(&error, Error::Transport(error) if error.kind == TransportKind::Interrupted), "{error}");
    let error = client.execute(&request).await.unwrap_err();
    assert!(matches!(&error, Error::File(error) if error.problem == FileProblem::AlreadyRead), "{error}");
}
