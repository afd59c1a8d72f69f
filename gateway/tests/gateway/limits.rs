//! The limits of the server: memory, time and connections.

use std::net::SocketAddr;
use std::time::Duration;

use gateway::{Server, ServerLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::support::{self, gateway};

const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Starts a gateway with `limits`.
async fn start(limits: ServerLimits) -> SocketAddr {
    let (address, _) = support::start_with(gateway().limits(limits)).await;
    address
}

async fn send(address: SocketAddr, request: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    stream
}

/// Reads the rest of the response, until the server closes the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut response = Vec::new();
    // The server may reset a connection that has unread bytes.
    let _ = stream.read_to_end(&mut response).await;
    String::from_utf8(response).unwrap()
}

/// Returns a POST with a body of `length` bytes that closes its connection.
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

const OK: &str = "HTTP/1.1 200 OK\r\n";

#[tokio::test(start_paused = true)]
async fn applies_the_read_timeout() {
    let address = start(ServerLimits::default()).await;
    for (request, expected) in [
        ("", ""),
        ("POST / HTTP/1.1\r\nHost: a", ""),
        (&*head(5), "HTTP/1.1 408 Request Timeout\r\n"),
        (&*(head(5) + "a=b"), "HTTP/1.1 408 Request Timeout\r\n"),
    ] {
        let start_time = Instant::now();
        let response = rest(send(address, request.as_bytes()).await).await;
        assert!(response.starts_with(expected) && response.is_empty() == expected.is_empty(), "{response}");
        assert!(
            start_time.elapsed() >= READ_TIMEOUT && start_time.elapsed() < 2 * READ_TIMEOUT,
            "{:?}",
            start_time.elapsed()
        );
    }
    // An idle connection is closed after a call too.
    let start_time = Instant::now();
    let response = rest(send(address, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await).await;
    assert!(response.starts_with(OK), "{response}");
    assert!(
        start_time.elapsed() >= READ_TIMEOUT && start_time.elapsed() < 2 * READ_TIMEOUT,
        "{:?}",
        start_time.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn connections_above_the_limit_wait() {
    let address = start(ServerLimits { connections: 2, ..ServerLimits::default() }).await;
    let slow = send(address, head(5).as_bytes()).await;
    let idle = TcpStream::connect(address).await.unwrap();
    let start_time = Instant::now();
    assert!(rest(send(address, &post(1)).await).await.starts_with(OK));
    assert!(start_time.elapsed() >= READ_TIMEOUT, "{:?}", start_time.elapsed());
    drop((slow, idle));
}

#[tokio::test]
async fn slow_clients_do_not_block_others() {
    let address = start(ServerLimits { connections: 20, ..ServerLimits::default() }).await;
    let mut slow = Vec::new();
    for _ in 0..19 {
        slow.push(send(address, (head(1 << 20) + "a=b").as_bytes()).await);
    }
    for _ in 0..5 {
        assert!(rest(send(address, &post(1)).await).await.starts_with(OK));
    }
}

#[tokio::test]
async fn refuses_bodies_above_the_limit() {
    let address = start(ServerLimits { body: 100_000, ..ServerLimits::default() }).await;
    assert!(rest(send(address, &post(100_000)).await).await.starts_with(OK));
    // A body is refused by its Content-Length, or at the byte that exceeds the limit.
    let refused = "HTTP/1.1 413 Payload Too Large\r\n";
    assert!(rest(send(address, head(100_001).as_bytes()).await).await.starts_with(refused));
    let chunk = format!("18000\r\n{}\r\n", "x".repeat(0x18000));
    let chunked = head(0).replace("Content-Length: 0", "Transfer-Encoding: chunked") + &chunk + "6a1\r\n";
    let response = rest(send(address, (chunked + &"x".repeat(0x6a1)).as_bytes()).await).await;
    assert!(
        response.starts_with(refused)
            && response.ends_with("the request body is too long: expected at most 100000 bytes"),
        "{response}"
    );
}

#[tokio::test]
async fn bodies_share_the_memory_limit() {
    const LARGE: usize = 200_000;
    let address = start(ServerLimits { bodies: LARGE, ..ServerLimits::default() }).await;
    // A body without its last byte occupies the memory.
    let large = post(LARGE);
    let mut pending = send(address, &large[..large.len() - 1]).await;
    // Other large bodies are accepted until the server has read it.
    let response = loop {
        let response = rest(send(address, &post(LARGE)).await).await;
        if !response.starts_with(OK) {
            break response;
        }
    };
    assert!(response.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{response}");
    assert!(response.ends_with("the memory for request bodies is in use: send the request again later"), "{response}");
    // Small bodies are not counted.
    assert!(rest(send(address, &post(60_000)).await).await.starts_with(OK));
    pending.write_all(b"x").await.unwrap();
    assert!(rest(pending).await.starts_with(OK));
    assert!(rest(send(address, &post(LARGE)).await).await.starts_with(OK));
}

#[tokio::test]
async fn broken_bodies_release_their_memory() {
    const LARGE: usize = 200_000;
    let address = start(ServerLimits { bodies: LARGE, ..ServerLimits::default() }).await;
    for _ in 0..3 {
        let mut stream = send(address, &post(LARGE)[..LARGE]).await;
        stream.shutdown().await.unwrap();
        let response = rest(stream).await;
        assert!(!response.starts_with(OK), "{response}");
    }
    assert!(rest(send(address, &post(LARGE)).await).await.starts_with(OK));
}

#[tokio::test(start_paused = true)]
async fn shutdown_finishes_calls_and_closes_idle_connections() {
    let server = Server::bind(gateway().build(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = server.address().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(server.serve_until(|_| {}, async { drop(stopped.await) }));
    let mut idle = TcpStream::connect(address).await.unwrap();
    let request = post(5);
    let (mut finished, mut stuck) =
        (send(address, &request[..request.len() - 1]).await, send(address, head(5).as_bytes()).await);
    // A whole call makes sure that the server has accepted the connections.
    assert!(rest(send(address, &post(1)).await).await.starts_with(OK));
    let start_time = Instant::now();
    stop.send(()).unwrap();
    assert_eq!(idle.read(&mut [0]).await.unwrap(), 0);
    TcpStream::connect(address).await.unwrap_err();
    finished.write_all(b"x").await.unwrap();
    assert!(rest(finished).await.starts_with(OK));
    assert_eq!(start_time.elapsed(), Duration::ZERO);
    server.await.unwrap();
    assert_eq!(start_time.elapsed().as_secs(), 5);
    assert_eq!(stuck.read(&mut [0]).await.unwrap_or_default(), 0);
}

/// Requests that take far more memory than a call, or never end.
fn hostile_requests() -> Vec<Vec<u8>> {
    const LARGE: usize = 2 << 20;
    let post = |content_type: &str, body: &str| {
        let length = body.len();
        let head = format!(
            "POST /router/rest HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: {content_type}\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        (head + body).into_bytes()
    };
    let form = "application/x-www-form-urlencoded";
    let method = "method=tmall.item.quantity.update&sku_quantities=";
    let nested = |open: &str| format!("{method}{}", open.repeat(LARGE / open.len()));
    let part = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
    let headers: String = (0..100_000).map(|number| format!("x-{number}: a\r\n")).collect();
    vec![
        format!("GET /{} HTTP/1.1\r\n", "a".repeat(LARGE)).into_bytes(),
        format!("GET / HTTP/1.1\r\nx: {}", "a".repeat(LARGE)).into_bytes(),
        format!("GET / HTTP/1.1\r\n{headers}\r\n").into_bytes(),
        (head(0).replace("Content-Length: 0", "Transfer-Encoding: chunked") + &"1\r\nx\r\n".repeat(LARGE / 6))
            .into_bytes(),
        post(form, &(0..LARGE / 10).map(|number| format!("&{number}=")).collect::<String>()),
        post(form, &"&=".repeat(LARGE / 2)),
        post(form, &nested("[")),
        post(form, &nested("{\"a\":")),
        post(form, &format!("{method}[{}1]", "1,".repeat(LARGE / 2))),
        post(form, &"%".repeat(LARGE)),
        post("multipart/form-data; boundary=x", &(part.repeat(LARGE / part.len()) + "--x--")),
        post("application/json", &"[".repeat(LARGE)),
        post("text/xml", &"<a>".repeat(LARGE / 3)),
        post("text/xml", &format!("<!DOCTYPE a [<!ENTITY b \"{}\">]><a>&b;&b;</a>", "b".repeat(LARGE))),
    ]
}

/// Sends hostile requests on many connections.
#[cfg(target_os = "linux")]
#[ignore = "run by hostile_requests_do_not_grow_the_memory in its own process"]
#[test]
fn hostile_http() {
    // As the command `gateway` does: a large call takes several times the memory of its body.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().max_blocking_threads(4).build().unwrap().block_on(async {
        let limits = ServerLimits { body: 4 << 20, bodies: 8 << 20, connections: 32, ..ServerLimits::default() };
        let address = start(limits).await;
        rest(send(address, &post(1)).await).await;
        let requests: Vec<_> = hostile_requests().into_iter().map(std::sync::Arc::new).collect();
        support::memory::start();
        let mut clients = tokio::task::JoinSet::new();
        for request in requests.iter().cycle().take(4 * requests.len()) {
            let request = std::sync::Arc::clone(request);
            clients.spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                // The server may stop reading.
                let _ = stream.write_all(&request).await;
                let _ = stream.shutdown().await;
                let _ = rest(stream).await;
            });
        }
        while clients.join_next().await.is_some() {}
        support::memory::stop();
        assert!(rest(send(address, &post(1)).await).await.starts_with(OK));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn hostile_requests_do_not_grow_the_memory() {
    // 8 MiB of bodies and the trees of four calls; 56 connections send 112 MiB.
    let growth = support::memory::growth("limits::hostile_http");
    assert!(growth < 100 << 20, "{} MiB", growth >> 20);
}
