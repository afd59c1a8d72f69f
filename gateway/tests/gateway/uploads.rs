//! Uploads of files over HTTP: to the gateway, and to servers that count bytes or break the connection.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use generated_sdk::api::picture::PictureUploadRequest;
use generated_sdk::protocol::{File, FileProblem, TransportKind};
use generated_sdk::{ClientBuilder, Error};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::script::{Received, Step, complete, scripted};
use crate::support::{self, TestTransport, client, transports};

/// Creates a sparse file of `bytes` bytes.
fn sparse(folder: &TempDir, bytes: u64) -> PathBuf {
    let path = folder.path().join("big.bin");
    fs::File::create(&path).unwrap().set_len(bytes).unwrap();
    path
}

fn upload(file: File) -> PictureUploadRequest {
    PictureUploadRequest::new(0, file, "cup.jpg")
}

#[tokio::test]
async fn uploads_files_from_every_source() {
    for transport in transports() {
        let gateway = support::gateway().start().await.unwrap();
        let address = gateway.address();
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("cup.jpg");
        let content = "\r\n--".repeat(100_000);
        fs::write(&path, &content).unwrap();
        let client = transport.client(address).build().unwrap().with_session("session");
        for file in [
            File::new(content.as_bytes()),
            File::open(&path).unwrap(),
            File::from_reader(fs::File::open(&path).unwrap(), None),
            File::from_reader(fs::File::open(&path).unwrap(), content.len() as u64),
            File::from_async_reader(tokio::io::AsyncReadExt::take(tokio::io::repeat(7), 300_000), None),
        ] {
            let debug = format!("{file:?}");
            let response = client.execute(&upload(file)).await.unwrap_or_else(|error| panic!("{debug}: {error}"));
            assert!(response.request_id().is_some());
        }
        let lengths: Vec<_> = gateway.calls().iter().map(|call| call.files["img"].clone()).collect();
        assert_eq!(lengths, [[400_000], [400_000], [400_000], [400_000], [300_000]]);
    }
}

/// Returns a client without validation: the method's limit is for pictures.
fn unvalidated(transport: &TestTransport, address: std::net::SocketAddr) -> ClientBuilder {
    transport.client(address).validate(false)
}

/// Starts a server that reads each request and reports its encoding, its length and whether it is complete.
async fn sink(response: Vec<Step>) -> (std::net::SocketAddr, UnboundedReceiver<(String, u64, bool)>) {
    let (sender, reports) = unbounded_channel();
    let address = scripted(move |request: &Received| {
        let encoding = request.header("Content-Length").map_or("chunked", |_| "length").to_owned();
        let _ = sender.send((encoding, request.length, request.complete));
        response.clone()
    });
    (address.await, reports)
}

fn success() -> Vec<Step> {
    complete("200 OK", "", "{\"picture_upload_response\":{\"request_id\":\"r\"}}")
}

#[tokio::test]
async fn sends_content_length_if_the_length_is_known() {
    for transport in transports() {
        let (address, mut reports) = sink(success()).await;
        let client = transport.client(address).build().unwrap().with_session("session");
        for (length, encoding) in [(Some(200_000), "length"), (None, "chunked")] {
            let zeros = std::io::Read::take(std::io::repeat(0), 200_000);
            client.execute(&upload(File::from_reader(zeros, length))).await.unwrap();
            let (kind, length, complete) = reports.recv().await.unwrap();
            assert_eq!((kind.as_str(), complete), (encoding, true));
            assert!((200_000..202_000).contains(&length), "{length}");
        }
    }
}

#[tokio::test]
async fn a_file_that_shrinks_during_the_upload_is_an_error() {
    for transport in transports() {
        let (address, mut reports) = sink(success()).await;
        let client = unvalidated(&transport, address).build().unwrap().with_session("session");
        let (announced, actual) = (5_000_000, 4_000_000);
        let zeros = std::io::Read::take(std::io::repeat(0), actual);
        let error = client.execute(&upload(File::from_reader(zeros, announced).name("zeros"))).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the stream \"zeros\" for img has the wrong length: expected 5000000 bytes, found 4000000"
        );
        // The client breaks the connection, so that the server does not accept the body.
        let (_, _, complete) = reports.recv().await.unwrap();
        assert!(!complete);
    }
}

#[tokio::test(start_paused = true)]
async fn read_timeout_starts_after_the_upload() {
    for transport in transports() {
        // The server reads slowly: the upload takes longer than the read timeout.
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
        let client = unvalidated(&transport, address)
            .read_timeout(Duration::from_millis(800))
            .build()
            .unwrap()
            .with_session("session");
        let zeros = std::io::Read::take(std::io::repeat(0), 20_000_000);
        let began = tokio::time::Instant::now();
        let error = client.execute(&upload(File::from_reader(zeros, 20_000_000))).await.unwrap_err();
        assert!(error.to_string().contains("within the read timeout"), "{error}");
        // The upload itself does not count.
        assert!(began.elapsed() > Duration::from_millis(1200), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn accepts_a_response_during_the_upload() {
    for transport in transports() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut first = [0; 1000];
            tokio::io::AsyncReadExt::read(&mut stream, &mut first).await.unwrap();
            let response = b"HTTP/1.1 413 Payload Too Large\r\nContent-Length: 8\r\nConnection: close\r\n\r\ntoo long";
            tokio::io::AsyncWriteExt::write_all(&mut stream, response).await.unwrap();
            std::future::pending::<()>().await;
        });
        let zeros = std::io::Read::take(std::io::repeat(0), 20_000_000);
        let client = unvalidated(&transport, address).build().unwrap().with_session("session");
        match client.execute(&upload(File::from_reader(zeros, 20_000_000))).await {
            Err(Error::Status(error)) => assert_eq!((error.status, &*error.body), (413, "too long")),
            other => panic!("{other:?}"),
        }
    }
}

/// Started by the test below in its own process, to measure its memory.
#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "started by large_files_are_streamed"]
async fn large_file() {
    for transport in transports() {
        const BYTES: u64 = 200 << 20;
        let (address, mut reports) = sink(success()).await;
        let client = unvalidated(&transport, address).build().unwrap().with_session("session");
        let folder = TempDir::new().unwrap();
        let path = sparse(&folder, BYTES);
        // A small upload first, whose memory is not counted.
        client.execute(&upload(File::new(*b"GIF89a"))).await.unwrap();
        support::memory::start();
        client.execute(&upload(File::open(&path).unwrap())).await.unwrap();
        client.execute(&upload(File::from_reader(fs::File::open(&path).unwrap(), None))).await.unwrap();
        support::memory::stop();
        let small = reports.recv().await.unwrap();
        assert!(small.1 < BYTES && small.2, "{small:?}");
        for _ in 0..2 {
            let big = reports.recv().await.unwrap();
            assert!(big.1 > BYTES && big.2, "{big:?}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn large_files_are_streamed() {
    let growth = support::memory::growth("uploads::large_file");
    assert!(growth < 16 << 20, "{growth} bytes");
}

#[tokio::test]
async fn a_stream_is_sent_only_once() {
    let (address, _) = sink(vec![Step::Reset]).await;
    let client = client(address).build().unwrap().with_session("session");
    let request = upload(File::from_reader(&b"GIF89a"[..], None));
    // Without a retry the transport error is returned.
    let error = client.execute(&request).await.unwrap_err();
    assert!(matches!(&error, Error::Transport(error) if error.kind == TransportKind::Interrupted), "{error}");
    let error = client.execute(&request).await.unwrap_err();
    assert!(matches!(&error, Error::File(error) if error.problem == FileProblem::AlreadyRead), "{error}");
}
