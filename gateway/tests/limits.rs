//! The limits of the server: memory, time and connections. Slow and large callers do not stop others.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use gateway::{Server, ServerLimits};
use support::gateway;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

const ARRIVAL: Duration = Duration::from_secs(60);

/// Starts a gateway within `limits`.
async fn start(limits: ServerLimits) -> SocketAddr {
    let server = Server::bind(gateway(), "127.0.0.1:0".parse().unwrap()).await.unwrap().limits(limits);
    let address = server.address().unwrap();
    tokio::spawn(server.serve(|_| {}));
    address
}

async fn send(address: SocketAddr, request: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    stream
}

/// Everything that the server still sends, until it closes the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut response = Vec::new();
    // A connection may be reset that has unread bytes.
    let _ = stream.read_to_end(&mut response).await;
    String::from_utf8(response).unwrap()
}

/// A POST that closes its connection, with a body of so many bytes.
fn post(length: usize) -> Vec<u8> {
    let mut request = head(length).into_bytes();
    request.resize(request.len() + length, b'x');
    request
}

fn head(length: usize) -> String {
    format!(
        "POST /router/rest HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n"
    )
}

const ANSWERED: &str = "HTTP/1.1 200 OK\r\n";

#[tokio::test(start_paused = true)]
async fn requests_that_do_not_arrive_in_time() {
    let address = start(ServerLimits::default()).await;
    for (request, expected) in [
        ("", ""),
        ("POST / HTTP/1.1\r\nHost: a", ""),
        (&*head(5), "HTTP/1.1 408 Request Timeout\r\n"),
        (&*(head(5) + "a=b"), "HTTP/1.1 408 Request Timeout\r\n"),
    ] {
        let began = Instant::now();
        let response = rest(send(address, request.as_bytes()).await).await;
        assert!(response.starts_with(expected) && response.is_empty() == expected.is_empty(), "{response}");
        assert!(began.elapsed() >= ARRIVAL && began.elapsed() < 2 * ARRIVAL, "{:?}", began.elapsed());
    }
    // A connection that is kept after a call, and idle, ends as well.
    let began = Instant::now();
    let response = rest(send(address, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await).await;
    assert!(response.starts_with(ANSWERED), "{response}");
    assert!(began.elapsed() >= ARRIVAL && began.elapsed() < 2 * ARRIVAL, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_connection_beyond_the_limit_waits_for_another_to_close() {
    let address = start(ServerLimits { connections: 2, ..ServerLimits::default() }).await;
    let slow = send(address, head(5).as_bytes()).await;
    let idle = TcpStream::connect(address).await.unwrap();
    let began = Instant::now();
    assert!(rest(send(address, &post(1)).await).await.starts_with(ANSWERED));
    assert!(began.elapsed() >= ARRIVAL, "{:?}", began.elapsed());
    drop((slow, idle));
}

#[tokio::test]
async fn slow_callers_do_not_stop_others() {
    let address = start(ServerLimits { connections: 20, ..ServerLimits::default() }).await;
    let mut slow = Vec::new();
    for _ in 0..19 {
        slow.push(send(address, (head(1 << 20) + "a=b").as_bytes()).await);
    }
    for _ in 0..5 {
        assert!(rest(send(address, &post(1)).await).await.starts_with(ANSWERED));
    }
}

#[tokio::test]
async fn bodies_that_are_too_long() {
    let address = start(ServerLimits { body: 100_000, ..ServerLimits::default() }).await;
    assert!(rest(send(address, &post(100_000)).await).await.starts_with(ANSWERED));
    // One that says so is refused before it is sent, and any other where it is too long.
    let refused = "HTTP/1.1 413 Payload Too Large\r\n";
    assert!(rest(send(address, head(100_001).as_bytes()).await).await.starts_with(refused));
    let chunk = format!("18000\r\n{}\r\n", "x".repeat(0x18000));
    let chunked = head(0).replace("Content-Length: 0", "Transfer-Encoding: chunked") + &chunk + "6a1\r\n";
    let response = rest(send(address, (chunked + &"x".repeat(0x6a1)).as_bytes()).await).await;
    assert!(response.starts_with(refused) && response.ends_with("the body is too long"), "{response}");
}

#[tokio::test]
async fn bodies_share_the_memory_that_they_may_take() {
    const LARGE: usize = 200_000;
    let address = start(ServerLimits { bodies: LARGE, ..ServerLimits::default() }).await;
    // All of it but the last byte.
    let held = post(LARGE);
    let mut holding = send(address, &held[..held.len() - 1]).await;
    // Until that has arrived there is room.
    let response = loop {
        let response = rest(send(address, &post(LARGE)).await).await;
        if !response.starts_with(ANSWERED) {
            break response;
        }
    };
    assert!(response.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{response}");
    assert!(response.ends_with("take the memory for bodies: send it again later"), "{response}");
    // Small bodies take none of it.
    assert!(rest(send(address, &post(60_000)).await).await.starts_with(ANSWERED));
    holding.write_all(b"x").await.unwrap();
    assert!(rest(holding).await.starts_with(ANSWERED));
    assert!(rest(send(address, &post(LARGE)).await).await.starts_with(ANSWERED));
}

#[tokio::test]
async fn a_body_that_breaks_off_gives_its_memory_back() {
    const LARGE: usize = 200_000;
    let address = start(ServerLimits { bodies: LARGE, ..ServerLimits::default() }).await;
    for _ in 0..3 {
        let mut stream = send(address, &post(LARGE)[..LARGE]).await;
        stream.shutdown().await.unwrap();
        let response = rest(stream).await;
        assert!(!response.starts_with(ANSWERED), "{response}");
    }
    assert!(rest(send(address, &post(LARGE)).await).await.starts_with(ANSWERED));
}
