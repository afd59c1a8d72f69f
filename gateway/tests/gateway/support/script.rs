//! A server that responds to each request with scripted steps.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

/// A received request.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// The request line and the headers.
    pub(crate) head: String,
    /// The start of the body, at most 1 MiB.
    pub(crate) body: Vec<u8>,
    /// The length of the body in bytes.
    pub(crate) length: u64,
    /// Whether the whole body was received: a client may stop in the middle.
    pub(crate) complete: bool,
}

impl Received {
    /// Returns the value of a parameter of a form without decoding it.
    pub(crate) fn parameter(&self, name: &str) -> String {
        let body = String::from_utf8_lossy(&self.body);
        let value = body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// A step of a response.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Sends the bytes.
    Send(Vec<u8>),
    /// Sends the bytes this number of times.
    Repeat(Vec<u8>, usize),
    /// Waits.
    Wait(Duration),
    /// Waits forever and keeps the connection open.
    Hang,
    /// Resets the connection.
    Reset,
    /// Closes the connection. Otherwise it stays open for the next request after the last step.
    Close,
}

/// Returns a step that sends the bytes.
pub(crate) fn send(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Send(bytes.into())
}

/// Returns a complete response.
pub(crate) fn complete(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<Step> {
    let body = body.as_ref();
    let mut response = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    response.extend_from_slice(body);
    vec![Step::Send(response)]
}

/// Starts a server that runs the steps of `script` for each request. It ends with the runtime of the test.
pub(crate) async fn scripted(script: impl Fn(&Received) -> Vec<Step> + Send + Sync + 'static) -> SocketAddr {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    // Thousands of clients may connect at once. Without a place in the queue they wait for seconds.
    let listener = socket.listen(10_000).unwrap();
    let address = listener.local_addr().unwrap();
    let script = Arc::new(script);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let script = Arc::clone(&script);
            tokio::spawn(async move { connection(stream, script.as_ref()).await });
        }
    });
    address
}

async fn connection(stream: TcpStream, script: &(impl Fn(&Received) -> Vec<Step> + Send + Sync)) {
    let mut stream = BufReader::with_capacity(64 << 10, stream);
    while let Some(received) = receive(&mut stream).await {
        for step in script(&received) {
            let sent = match step {
                Step::Send(bytes) => stream.write_all(&bytes).await,
                Step::Repeat(bytes, times) => repeat(&mut stream, &bytes, times).await,
                Step::Wait(time) => {
                    tokio::time::sleep(time).await;
                    Ok(())
                }
                Step::Hang => std::future::pending().await,
                Step::Reset => {
                    let _ = stream.get_ref().set_zero_linger();
                    return;
                }
                Step::Close => return,
            };
            if sent.is_err() {
                return;
            }
        }
        if !received.complete {
            return;
        }
    }
}

async fn repeat(stream: &mut BufReader<TcpStream>, bytes: &[u8], times: usize) -> std::io::Result<()> {
    for _ in 0..times {
        stream.write_all(bytes).await?;
    }
    Ok(())
}

/// Receives the next request. Returns `None` if the client closed the connection.
async fn receive(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut received = Received { head: head(stream).await?, ..Received::default() };
    received.complete = match received.header("Content-Length").map(|length| length.parse().unwrap()) {
        Some(length) => body(stream, length, &mut received).await.is_some(),
        None if received.header("Transfer-Encoding") == Some("chunked") => {
            chunks(stream, &mut received).await.is_some()
        }
        None => true,
    };
    Some(received)
}

/// Reads the request line and the headers.
async fn head(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        head.push(char::from(stream.read_u8().await.ok()?));
    }
    Some(head)
}

async fn body(stream: &mut BufReader<TcpStream>, mut length: u64, received: &mut Received) -> Option<()> {
    let mut buffer = vec![0; 64 << 10];
    while length > 0 {
        let most = buffer.len().min(usize::try_from(length).unwrap_or(usize::MAX));
        let read = stream.read(&mut buffer[..most]).await.ok().filter(|read| *read > 0)?;
        received.length += read as u64;
        length -= read as u64;
        let room = (1 << 20) - received.body.len().min(1 << 20);
        received.body.extend_from_slice(&buffer[..read.min(room)]);
    }
    Some(())
}

async fn chunks(stream: &mut BufReader<TcpStream>, received: &mut Received) -> Option<()> {
    loop {
        let mut line = String::new();
        while !line.ends_with("\r\n") {
            line.push(char::from(stream.read_u8().await.ok()?));
        }
        let length = u64::from_str_radix(line.trim(), 16).ok()?;
        body(stream, length, received).await?;
        // Each chunk ends with a line break, the last empty one too.
        stream.read_u16().await.ok()?;
        if length == 0 {
            return Some(());
        }
    }
}
