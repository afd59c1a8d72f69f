//! HTTP: timeouts, connections, compression, proxies and TLS.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::client::{
    Chunks, HttpMethod, HttpRequest, HttpTransport, HyperTransport, Limiter, Limits, Payload, RetryPolicy, Transport,
};
use generated_sdk::protocol::{ConfigurationKind, Timeout, TransportError, TransportKind};
use generated_sdk::{AppCredentials, Client, ClientBuilder, Error};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::support::{
    self,
    script::{Step, complete, scripted},
};
use crate::support::{KEY, SECRET, client, http, serve, start, transports};

const TOKEN: &[u8] = br#"{"top_client_token_get_response":{"token":"t"}}"#;

const SHORT: Duration = Duration::from_millis(100);

async fn call(builder: ClientBuilder) -> Result<String, Error> {
    let response = builder.build().unwrap().execute(&TopClientTokenGetRequest::new("the token")).await?;
    Ok(response.token.clone().unwrap_or_default())
}

async fn failure(builder: ClientBuilder) -> TransportKind {
    match call(builder).await.unwrap_err() {
        Error::Transport(error) => error.kind,
        other => panic!("{other:?}"),
    }
}

/// Starts a server that reads a request, sends `response` and keeps the connection open.
async fn hold(response: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(response).await;
            open.push(stream);
        }
    });
    address
}

/// Starts a server that sends `response` to each request, and records the requests.
async fn recording(response: Vec<u8>) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::<Mutex<Vec<String>>>::default();
    let recorded = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut request, mut piece) = (Vec::new(), [0; 4096]);
            while !is_complete(&request) {
                let Ok(length @ 1..) = stream.read(&mut piece).await else { break };
                request.extend_from_slice(&piece[..length]);
            }
            recorded.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
            let _ = stream.write_all(&response).await;
            let _ = stream.shutdown().await;
        }
    });
    (address, requests)
}

/// Returns whether a request has its whole body.
fn is_complete(request: &[u8]) -> bool {
    let request = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    match head.split_once("content-length: ") {
        Some((_, rest)) => body.len() >= rest.lines().next().unwrap().parse().unwrap(),
        None => !head.contains("transfer-encoding: chunked") || body.ends_with("0\r\n\r\n"),
    }
}

/// Starts a TCP forwarder to `target` that counts its connections.
async fn forward(target: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            let mut target = TcpStream::connect(target).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut stream, &mut target).await });
        }
    });
    (address, count)
}

#[tokio::test(start_paused = true)]
async fn applies_timeouts_to_the_response() {
    for transport in transports() {
        // The server sends the headers and the start of a body.
        let silent = hold(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{").await;
        assert_eq!(failure(transport.client(silent).timeout(SHORT)).await, TransportKind::Timeout(Timeout::Attempt));
        assert_eq!(failure(transport.client(silent).read_timeout(SHORT)).await, TransportKind::Timeout(Timeout::Read));
        // The server sends nothing.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let unresponsive = listener.local_addr().unwrap();
        assert_eq!(
            failure(transport.client(unresponsive).timeout(SHORT)).await,
            TransportKind::Timeout(Timeout::Attempt)
        );
        assert_eq!(
            failure(transport.client(unresponsive).read_timeout(SHORT)).await,
            TransportKind::Timeout(Timeout::Read)
        );
    }
}

/// A connection runs on the runtime that opened it, which a blocking call may block.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocking_calls_do_not_wait_for_a_blocked_runtime() {
    let (address, _) = start().await;
    let (sender, result) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let result = runtime.block_on(async {
            let (client, request) = (client(address).build().unwrap(), TopClientTokenGetRequest::new("x"));
            client.execute(&request).await.unwrap();
            // The pool keeps the connection for the next call.
            generated_sdk::blocking::Client::new(client).unwrap().execute(&request).map(|_| ())
        });
        sender.send(result)
    });
    timeout(Duration::from_secs(20), result).await.expect("the call returns").unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocking_client_shares_clock_and_limiter() {
    let calls = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&calls);
    // The clock of the platform is years behind.
    let address = scripted(move |request| {
        count.fetch_add(1, Ordering::Relaxed);
        match request.parameter("timestamp").starts_with("2015-10-21") {
            true => complete("200 OK", "", TOKEN),
            false => {
                let refusal = br#"{"error_response":{"code":31,"msg":"Invalid timestamp"}}"#;
                complete("200 OK", "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\n", refusal)
            }
        }
    })
    .await;
    let limits = Limits::new();
    let client = client(address).limiter(limits.clone()).build().unwrap();
    let request = TopClientTokenGetRequest::new("x");
    client.execute(&request).await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    let blocking = generated_sdk::blocking::Client::new(client).unwrap();
    blocking.execute(&request).unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    // The limiter is shared too.
    limits.banned(KEY, None, Duration::from_secs(1000)).await;
    assert!(matches!(blocking.execute(&request), Err(Error::Limit(_))));
}

/// A listener with a full queue neither accepts nor refuses a connection.
#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
async fn applies_the_connect_timeout() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = timeout(SHORT, TcpStream::connect(address)).await {
        waiting.push(stream);
    }
    assert_eq!(failure(client(address).connect_timeout(SHORT)).await, TransportKind::Timeout(Timeout::Connect));
    let hyper = HyperTransport::builder().connect_timeout(SHORT).build().unwrap();
    assert_eq!(failure(client(address).transport(hyper)).await, TransportKind::Timeout(Timeout::Connect));
}

#[tokio::test]
async fn connections_are_reused() {
    for transport in transports() {
        let (address, _) = start().await;
        let (proxy, connections) = forward(address).await;
        let client = transport.client(proxy).limiter(Limits::new().concurrency(1)).build().unwrap();
        for session in ["a", "b", "c"] {
            client.with_session(session).execute(&TopClientTokenGetRequest::new("x")).await.unwrap();
        }
        assert_eq!(connections.load(Ordering::Relaxed), 1);
    }
}

/// A request is not sent on a connection that the server has closed, where it would fail.
#[tokio::test(start_paused = true)]
async fn closed_connections_are_not_reused() {
    for transport in transports() {
        let address = scripted(|_| {
            let mut steps = complete("200 OK", "", TOKEN);
            steps.extend([Step::Wait(SHORT / 2), Step::Close]);
            steps
        })
        .await;
        let client = transport.client(address).build().unwrap();
        for _ in 0..3 {
            client.execute(&TopClientTokenGetRequest::new("x")).await.unwrap();
            // The runtime notices the end of the connection.
            sleep(SHORT).await;
        }
    }
}

/// Starts a server that responds to each request, and reports the end of each connection.
async fn reporting_ends() -> (SocketAddr, UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, ends) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                while matches!(stream.read(&mut [0; 4096]).await, Ok(1..)) {
                    let _ = stream.write_all(&http("200 OK", TOKEN)).await;
                }
                let _ = sender.send(());
            });
        }
    });
    (address, ends)
}

#[tokio::test(start_paused = true)]
async fn idle_connections_are_closed() {
    let (address, mut ends) = reporting_ends().await;
    let request = TopClientTokenGetRequest::new("x");
    // After the timeout, without another call.
    let transport = Arc::new(HyperTransport::builder().idle_timeout(SHORT).build().unwrap());
    let idle = client(address).transport(transport.clone()).build().unwrap();
    for _ in 0..2 {
        idle.execute(&request).await.unwrap();
        assert!(ends.try_recv().is_err());
        timeout(SHORT * 2, ends.recv()).await.expect("the connection is closed").unwrap();
    }
    // With the transport.
    idle.execute(&request).await.unwrap();
    drop((idle, transport));
    timeout(SHORT / 2, ends.recv()).await.expect("the connection is closed").unwrap();
    // Above the limit.
    let none = HyperTransport::builder().max_idle(0).build().unwrap();
    let none = client(address).transport(none).build().unwrap();
    none.execute(&request).await.unwrap();
    timeout(SHORT, ends.recv()).await.expect("the connection is closed").unwrap();
}

#[tokio::test]
async fn gzip_bodies_are_decompressed_within_the_body_limit() {
    for transport in transports() {
        let gzip = |body: &[u8]| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        };
        let token = gzip(TOKEN);
        let response = |body: &[u8]| http("200 OK\r\nContent-Encoding: gzip", body);
        assert_eq!(call(transport.client(serve(response(&token)).await)).await.unwrap(), "t");
        for body in [&token[..token.len() - 9], &token[..5], b"no gzip"] {
            let kind = failure(transport.client(serve(response(body)).await)).await;
            assert_eq!(kind, TransportKind::Interrupted);
        }
        // 50 kB that decompress to 50 MB.
        let bomb = gzip(&vec![b' '; 50 << 20]);
        assert!(bomb.len() < 60_000);
        let kind = failure(transport.client(serve(response(&bomb)).await)).await;
        assert_eq!(kind, TransportKind::TooLong);
    }
}

/// A body in pieces. The last piece may be an error.
struct Pieces(Vec<Result<&'static str, &'static str>>);

impl Chunks for Pieces {
    fn poll_chunk(&mut self, _context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        let piece = (!self.0.is_empty()).then(|| self.0.remove(0));
        Poll::Ready(piece.map(|piece| match piece {
            Ok(text) => Ok(Bytes::from_static(text.as_bytes())),
            Err(problem) => Err(TransportError::new(TransportKind::Upload, problem)),
        }))
    }
}

#[tokio::test]
async fn streams_request_bodies() {
    let reqwest = HttpTransport::new(reqwest::Client::builder().no_proxy().build().unwrap());
    let transports: [Box<dyn Transport>; 2] = [Box::new(reqwest), Box::new(HyperTransport::new().unwrap())];
    for transport in transports {
        let (address, requests) = recording(http("200 OK", TOKEN)).await;
        let send = |pieces, length| {
            let body = Payload::Stream { chunks: Box::new(Pieces(pieces)), length };
            let request = HttpRequest::new(HttpMethod::Post, format!("http://{address}/"), body);
            transport.send(request.header("X-A", "b"))
        };
        for (length, sent) in [(Some(6), "onetwo"), (None, "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")] {
            assert_eq!(send(vec![Ok("one"), Ok("two")], length).await.unwrap().status, 200);
            let head = requests.lock().unwrap().pop().unwrap();
            assert!(head.contains("\r\nx-a: b\r\n") && head.ends_with(&format!("\r\n\r\n{sent}")), "{head:?}");
            assert_eq!(head.contains("content-length: 6"), length.is_some(), "{head:?}");
        }
        let error = send(vec![Ok("one"), Err("the file is gone")], Some(6)).await.err().unwrap();
        assert_eq!(error.kind, TransportKind::Upload);
        assert!(support::chain(&error).contains("the file is gone"), "{error}");
        requests.lock().unwrap().clear();
        let get = HttpRequest::new(HttpMethod::Get, format!("http://{address}/?a=b"), "");
        assert_eq!(transport.send(get).await.unwrap().status, 200);
        assert!(requests.lock().unwrap().pop().unwrap().starts_with("GET /?a=b HTTP/1.1\r\n"));
    }
}

/// A server may depend on the headers of either.
#[tokio::test]
async fn transports_send_the_same_headers() {
    let mut sent = Vec::new();
    for transport in transports() {
        let (address, requests) = recording(http("200 OK", TOKEN)).await;
        assert_eq!(call(transport.client(address)).await.unwrap(), "t");
        let request = requests.lock().unwrap().pop().unwrap().replace(&address.to_string(), "ADDRESS");
        let (head, _) = request.split_once("\r\n\r\n").unwrap();
        let mut lines: Vec<_> = head.lines().map(str::to_owned).collect();
        lines[1..].sort();
        sent.push(lines);
    }
    assert_eq!(sent[0], sent[1]);
}

#[tokio::test]
async fn uses_the_configured_proxy() {
    let (proxy, requests) = recording(http("200 OK", TOKEN)).await;
    let elsewhere = || Client::builder("http://gateway.test/router/rest", AppCredentials::new(KEY, SECRET));
    let url = format!("http://user:pass@{proxy}");
    assert_eq!(call(elsewhere().proxy(&url)).await.unwrap(), "t");
    let head = requests.lock().unwrap().pop().unwrap();
    assert!(head.starts_with("POST http://gateway.test/router/rest HTTP/1.1\r\n"), "{head}");
    assert!(head.to_ascii_lowercase().contains("\r\nproxy-authorization: basic dxnlcjpwyxnz\r\n"), "{head}");
    // A configured proxy is used for a gateway on this machine too.
    let (gateway, console) = start().await;
    assert_eq!(call(client(gateway).proxy(&url)).await.unwrap(), "t");
    assert_eq!((requests.lock().unwrap().len(), console.lines().len()), (1, 0));
    // An unreachable proxy is a connect error, and its password is hidden.
    let error = call(elsewhere().proxy("http://user:s3cr3t@127.0.0.1:1")).await.unwrap_err();
    assert!(matches!(&error, Error::Transport(error) if error.kind == TransportKind::Connect), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
}

#[tokio::test]
async fn verifies_certificates() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let der = certified.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    // All features together compile two providers, so rustls has no default.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![der.clone()], key.into()).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let _ = stream.read(&mut [0; 4096]).await;
                    let _ = stream.write_all(&http("200 OK", TOKEN)).await;
                    let _ = stream.shutdown().await;
                }
            });
        }
    });
    let gateway = |host: &str| Client::builder(format!("https://{host}:{port}/"), AppCredentials::new(KEY, SECRET));
    // The self-signed certificate is not trusted.
    for transport in transports() {
        let error = call(transport.of(gateway("localhost")).retry(RetryPolicy::new())).await.unwrap_err();
        assert!(matches!(&error, Error::Transport(error) if error.kind == TransportKind::Tls), "{error:?}");
        assert!(error.was_not_processed() && !error.is_retryable());
        assert!(error.to_string().starts_with("cannot make a secure connection to https://localhost:"), "{error}");
    }
    // A client that trusts the certificate accepts it for its name only.
    let certificate = reqwest::Certificate::from_der(&der).unwrap();
    let reqwest = reqwest::Client::builder().no_proxy().tls_certs_only([certificate]).build().unwrap();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----", STANDARD.encode(&der));
    let hyper = HyperTransport::builder().root_certificates(pem).build().unwrap();
    let trusting: [Arc<dyn Transport>; 2] = [Arc::new(HttpTransport::new(reqwest)), Arc::new(hyper)];
    for transport in trusting {
        assert_eq!(call(gateway("localhost").transport(transport.clone())).await.unwrap(), "t");
        assert_eq!(failure(gateway("127.0.0.1").transport(transport)).await, TransportKind::Tls);
    }
    // A server without TLS is a TLS error. A closed connection may be a restart of the server.
    for (reply, expected) in [(http("400 Bad Request", b""), TransportKind::Tls), (Vec::new(), TransportKind::Connect)]
    {
        for transport in transports() {
            let address = serve(reply.clone()).await;
            let gateway = Client::builder(format!("https://{address}/"), AppCredentials::new(KEY, SECRET));
            assert_eq!(failure(transport.of(gateway)).await, expected);
        }
    }
}

#[test]
fn refuses_invalid_root_certificates() {
    for pem in [
        "",
        "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    ] {
        let error = HyperTransport::builder().root_certificates(pem).build().unwrap_err();
        assert!(matches!(&error, Error::Configuration(error) if error.kind() == ConfigurationKind::Tls), "{error:?}");
        assert!(support::chain(&error).contains("invalid root certificate"), "{error}");
    }
}
