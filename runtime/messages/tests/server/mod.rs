//! A server of the message channel, written from docs/protocol.md section 7.2. It shares no code with the client.

#![allow(dead_code, reason = "each test uses a part")]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures_util::{SinkExt as _, StreamExt as _};
use md5::{Digest as _, Md5};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Packet;
use top_messages::{Consumer, ConsumerBuilder};
use top_protocol::AppCredentials;

pub(crate) const APP_KEY: &str = "12345678";
pub(crate) const SECRET: &str = "helloworld";

/// A server on an in-memory network, so that tests can pause the time.
pub(crate) struct Server {
    incoming: mpsc::UnboundedReceiver<DuplexStream>,
    connect: mpsc::UnboundedSender<DuplexStream>,
}

impl Server {
    pub(crate) fn new() -> Self {
        let (connect, incoming) = mpsc::unbounded_channel();
        Self { incoming, connect }
    }

    /// Returns a builder of clients of this server.
    pub(crate) fn client(&self) -> ConsumerBuilder {
        let connect = self.connect.clone();
        Consumer::builder("ws://mc.test/", AppCredentials::new(APP_KEY, SECRET)).connector(move || {
            let connect = connect.clone();
            async move {
                let (client, server) = duplex(16 << 10);
                connect.send(server).map_err(|_| io::ErrorKind::ConnectionRefused)?;
                io::Result::Ok(client)
            }
        })
    }

    /// Accepts a TCP connection alone.
    pub(crate) async fn accept_stream(&mut self) -> DuplexStream {
        self.incoming.recv().await.unwrap()
    }

    /// Accepts a connection up to the handshake of the WebSocket.
    pub(crate) async fn accept_socket(&mut self) -> Peer<DuplexStream> {
        Peer::accept(self.accept_stream().await).await
    }

    /// Accepts a connection, and checks and answers the handshake.
    pub(crate) async fn accept(&mut self) -> Peer<DuplexStream> {
        let mut peer = self.accept_socket().await;
        peer.handshake().await;
        peer
    }
}

/// A connection of a client.
pub(crate) struct Peer<S> {
    pub(crate) socket: WebSocketStream<S>,
    pub(crate) token: String,
    /// The CONNECT frame.
    pub(crate) connect: Option<Raw>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(crate) async fn accept(stream: S) -> Self {
        let socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        static NEXT: AtomicI64 = AtomicI64::new(1);
        Self { socket, token: format!("token-{}", NEXT.fetch_add(1, Ordering::Relaxed)), connect: None }
    }

    /// Reads CONNECT, checks its signature, and accepts the connection.
    pub(crate) async fn handshake(&mut self) {
        let connect = self.read_connect().await;
        let ack = Bytes::new(1).flag(connect.flag.unwrap()).token(&self.token).end();
        self.connect = Some(connect);
        self.send(ack).await;
    }

    /// Reads CONNECT, and checks its signature.
    pub(crate) async fn read_connect(&mut self) -> Raw {
        let connect = self.next().await.unwrap();
        assert_eq!(connect.kind, 0);
        let text = |name| connect.text(name).unwrap();
        let signed = format!(
            "{SECRET}app_key{}group_name{}timestamp{}{SECRET}",
            text("app_key"),
            text("group_name"),
            text("timestamp")
        );
        let sign: String = Md5::digest(signed).iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(text("sign"), sign);
        connect
    }

    pub(crate) async fn send(&mut self, bytes: Vec<u8>) {
        self.socket.send(Packet::Binary(bytes.into())).await.unwrap();
    }

    /// Sends a message.
    pub(crate) async fn message(&mut self, id: i64) {
        let bytes = data(&self.token, id, r#"{"tid":1}"#);
        self.send(bytes).await;
    }

    /// Sends messages with one flush.
    pub(crate) async fn messages(&mut self, ids: impl IntoIterator<Item = i64>) {
        for id in ids {
            let bytes = data(&self.token, id, r#"{"tid":1}"#);
            self.socket.feed(Packet::Binary(bytes.into())).await.unwrap();
        }
        self.socket.flush().await.unwrap();
    }

    /// Returns the next frame, or `None` when the client closes the connection. Checks the token.
    pub(crate) async fn next(&mut self) -> Option<Raw> {
        loop {
            match self.socket.next().await? {
                Ok(Packet::Binary(bytes)) => {
                    let raw = Raw::parse(&bytes);
                    if raw.kind != 0 {
                        assert_eq!(raw.token.as_deref(), Some(&*self.token));
                    }
                    return Some(raw);
                }
                Ok(Packet::Text(text)) => panic!("{text}"),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// Returns the next command that is not a pull.
    pub(crate) async fn command(&mut self) -> Option<Command> {
        loop {
            match Command::of(&self.next().await?) {
                Command::Pull => {}
                command => return Some(command),
            }
        }
    }

    /// Waits for a pull, which must be the next command.
    pub(crate) async fn pull(&mut self) {
        assert_eq!(Command::of(&self.next().await.unwrap()), Command::Pull);
    }
}

/// A command of a client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    Pull,
    Confirm(i64),
    Failed(i64, String),
    Publish { flag: i32, topic: String, content: String, session: Option<String> },
}

impl Command {
    pub(crate) fn of(raw: &Raw) -> Self {
        assert_eq!(raw.kind, 2);
        let id = || match raw.header("id") {
            Some(Value::Long(id)) => *id,
            other => panic!("{other:?}"),
        };
        match raw.header("__kind") {
            Some(Value::Byte(1)) => Self::Pull,
            Some(Value::Byte(2)) => Self::Confirm(id()),
            Some(Value::Byte(20)) => Self::Failed(id(), raw.text("msg").unwrap_or_default()),
            Some(Value::Byte(3)) => Self::Publish {
                flag: raw.flag.unwrap(),
                topic: raw.text("topic").unwrap(),
                content: raw.text("content").unwrap(),
                session: raw.text("session"),
            },
            other => panic!("{other:?}"),
        }
    }
}

/// A frame with a message.
pub(crate) fn data(token: &str, id: i64, content: &str) -> Vec<u8> {
    Bytes::new(2)
        .token(token)
        .custom("__kind", 2, &[3])
        .custom("id", 5, &id.to_le_bytes())
        .custom_text("topic", "taobao_trade_TradeCreate")
        .custom_text("content", content)
        .custom("time", 6, &1_451_620_800_000_i64.to_le_bytes())
        .custom_text("dataid", &id.to_string())
        .end()
}

/// A writer of frames.
pub(crate) struct Bytes(Vec<u8>);

impl Bytes {
    pub(crate) fn new(kind: u8) -> Self {
        Self(vec![2, kind])
    }

    pub(crate) fn flag(mut self, flag: i32) -> Self {
        self.0.extend([4, 0]);
        self.0.extend(flag.to_le_bytes());
        self
    }

    pub(crate) fn status(mut self, code: i32, phrase: &str) -> Self {
        self.0.extend([2, 0]);
        self.0.extend(code.to_le_bytes());
        self.0.extend([3, 0]);
        self.text(phrase)
    }

    pub(crate) fn token(mut self, token: &str) -> Self {
        self.0.extend([5, 0]);
        self.text(token)
    }

    fn text(mut self, text: &str) -> Self {
        self.0.extend((text.len() as i32).to_le_bytes());
        self.0.extend(text.as_bytes());
        self
    }

    pub(crate) fn custom(mut self, name: &str, format: u8, value: &[u8]) -> Self {
        self.0.extend([1, 0]);
        self = self.text(name);
        self.0.push(format);
        self.0.extend(value);
        self
    }

    pub(crate) fn custom_text(self, name: &str, text: &str) -> Self {
        self.custom(name, 1, &[]).text(text)
    }

    pub(crate) fn custom_bytes(self, name: &str, bytes: &[u8]) -> Self {
        let mut this = self.custom(name, 7, &(bytes.len() as i32).to_le_bytes());
        this.0.extend(bytes);
        this
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.extend([0, 0]);
        self.0
    }
}

/// A parsed frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Raw {
    pub(crate) kind: u8,
    pub(crate) flag: Option<i32>,
    pub(crate) token: Option<String>,
    pub(crate) headers: Vec<(String, Value)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Byte(u8),
    Long(i64),
}

impl Raw {
    pub(crate) fn parse(mut bytes: &[u8]) -> Self {
        fn take<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
            let (taken, rest) = bytes.split_at(length);
            *bytes = rest;
            taken
        }
        fn int(bytes: &mut &[u8]) -> i32 {
            i32::from_le_bytes(take(bytes, 4).try_into().unwrap())
        }
        fn text(bytes: &mut &[u8]) -> String {
            let length = int(bytes) as usize;
            String::from_utf8(take(bytes, length).to_vec()).unwrap()
        }
        assert_eq!(take(&mut bytes, 1), [2]);
        let mut raw = Self { kind: take(&mut bytes, 1)[0], ..Self::default() };
        loop {
            match take(&mut bytes, 2) {
                [0, 0] => break,
                [1, 0] => {
                    let name = text(&mut bytes);
                    let value = match take(&mut bytes, 1)[0] {
                        1 => Value::Text(text(&mut bytes)),
                        2 => Value::Byte(take(&mut bytes, 1)[0]),
                        5 => Value::Long(i64::from_le_bytes(take(&mut bytes, 8).try_into().unwrap())),
                        format => panic!("format {format}"),
                    };
                    raw.headers.push((name, value));
                }
                [4, 0] => raw.flag = Some(int(&mut bytes)),
                [5, 0] => raw.token = Some(text(&mut bytes)),
                header => panic!("header {header:?}"),
            }
        }
        assert!(bytes.is_empty());
        raw
    }

    pub(crate) fn header(&self, name: &str) -> Option<&Value> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.header(name)? {
            Value::Text(text) => Some(text.clone()),
            other => panic!("{other:?}"),
        }
    }
}

/// A counter that clones share.
#[derive(Clone, Default)]
pub(crate) struct Counter(Arc<AtomicI64>);

impl Counter {
    pub(crate) fn add(&self, amount: i64) -> i64 {
        self.0.fetch_add(amount, Ordering::SeqCst) + amount
    }

    pub(crate) fn get(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}
