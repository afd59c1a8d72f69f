//! A server that does to each request what a script says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

/// A request that has come as a whole.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// The request line and the headers.
    pub(crate) head: String,
    /// The first of the body's bytes, at most a MiB.
    pub(crate) body: Vec<u8>,
    /// How many it had.
    pub(crate) length: u64,
    /// Whether it is all there: a client that gives up leaves a part.
    pub(crate) whole: bool,
}

impl Received {
    /// The value of a parameter of a form. Tests choose values that need no decoding.
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

/// What is done to a request.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// These bytes are sent.
    Send(Vec<u8>),
    /// These bytes are sent so many times over.
    Repeat(Vec<u8>, usize),
    /// Nothing happens for so long.
    Wait(Duration),
    /// Nothing happens any more, and the connection stays open.
    Hang,
    /// The connection is reset.
    Reset,
    /// The connection is closed in order. After the last step it stays open for the next request.
    Close,
}

/// The step that sends these bytes.
pub(crate) fn send(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Send(bytes.into())
}

/// An answer that is whole.
pub(crate) fn whole(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<Step> {
    let body = body.as_ref();
    let mut answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    vec![Step::Send(answer)]
}

/// Serves what `script` says of each request; it ends with the test's runtime.
pub(crate) async fn scripted(script: impl Fn(&Received) -> Vec<Step> + Send + Sync + 'static) -> SocketAddr {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    // Thousands may come at once, and who finds no place in the queue waits for seconds.
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
        if !received.whole {
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

/// The next request; none once the client has closed the connection.
async fn receive(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut received = Received { head: head(stream).await?, ..Received::default() };
    received.whole = match received.header("Content-Length").map(|length| length.parse().unwrap()) {
        Some(length) => body(stream, length, &mut received).await.is_some(),
        None if received.header("Transfer-Encoding") == Some("chunked") => {
            chunks(stream, &mut received).await.is_some()
        }
        None => true,
    };
    Some(received)
}

/// Lines up to an empty one.
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
        // The line's end that is behind every chunk, the last and empty one as well.
        stream.read_u16().await.ok()?;
        if length == 0 {
            return Some(());
        }
    }
}
