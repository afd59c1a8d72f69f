//! The message channel of the gateway over real sockets, with a client that is written for these tests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use codegen::spec;
use futures_util::{SinkExt, StreamExt};
use gateway::{Gateway, MessageBroker, OutgoingMessage, Server};
use generated_sdk::api::messages::TopicMessage;
use generated_sdk::messages::Consumer;
use generated_sdk::protocol::AppCredentials;
use generated_sdk::protocol::messages::{
    Ack, ClientCommand, ConnectAck, ConnectRequest, Frame, HandshakeError, HeaderValue, Message, ServerCommand,
};
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio_tungstenite::tungstenite::Message as WebSocketMessage;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support;

const TOPIC: &str = "taobao_trade_TradeSuccess";
const NOW: SystemTime = UNIX_EPOCH;

fn credentials() -> AppCredentials {
    AppCredentials::new("12345678", "helloworld")
}

/// A gateway on a free port, with the lines of its console.
struct Running {
    address: String,
    messages: MessageBroker,
    lines: Arc<Mutex<Vec<String>>>,
    _server: tokio::task::JoinHandle<()>,
}

async fn start() -> Running {
    start_at(|| NOW).await
}

async fn start_at(clock: fn() -> SystemTime) -> Running {
    let specs = spec::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")).unwrap();
    let gateway = Gateway::builder(specs).application("12345678", "helloworld").clock(clock).build();
    let messages = gateway.messages().clone();
    let server = Server::bind(gateway, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = server.address().unwrap().to_string();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&lines);
    let server = tokio::spawn(async move {
        server.serve(move |line| log.lock().unwrap().push(line.to_owned())).await;
    });
    Running { address, messages, lines, _server: server }
}

impl Running {
    fn has_line(&self, part: &str) -> bool {
        self.lines.lock().unwrap().iter().any(|line| line.contains(part))
    }

    async fn post(&self, query: &str, body: &str) -> (u16, Json) {
        let url = format!("http://{}/_messages?{query}", self.address);
        let request = reqwest::Client::new().post(url).header("content-type", "application/json");
        let response = request.body(body.to_owned()).send().await.unwrap();
        (response.status().as_u16(), serde_json::from_str(&response.text().await.unwrap()).unwrap())
    }
}

/// A client of the channel.
struct Client {
    socket: WebSocketStream<TcpStream>,
    token: String,
}

async fn socket(address: &str) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    client_async(format!("ws://{address}/"), stream).await.unwrap().0
}

impl Client {
    async fn connect(address: &str, group: &str) -> Self {
        let request = ConnectRequest::new(&credentials(), group, NOW);
        Self::handshake(address, &request).await.unwrap()
    }

    async fn handshake(address: &str, request: &ConnectRequest) -> Result<Self, HandshakeError> {
        let mut socket = socket(address).await;
        let frame = request.to_frame(1).encode().unwrap();
        socket.send(WebSocketMessage::Binary(frame.into())).await.unwrap();
        let WebSocketMessage::Binary(bytes) = socket.next().await.unwrap().unwrap() else { panic!("expected a frame") };
        let token = ConnectAck::token_of(&Frame::decode(&bytes).unwrap(), 1)?;
        Ok(Self { socket, token })
    }

    async fn send(&mut self, command: ClientCommand) {
        let bytes = command.to_frame(&self.token).encode().unwrap();
        self.socket.send(WebSocketMessage::Binary(bytes.into())).await.unwrap();
    }

    async fn receive(&mut self) -> ServerCommand {
        loop {
            match self.socket.next().await.unwrap().unwrap() {
                WebSocketMessage::Binary(bytes) => {
                    let frame = Frame::decode(&bytes).unwrap();
                    assert_eq!(frame.token.as_deref(), Some(self.token.as_str()));
                    return ServerCommand::from_frame(&frame).unwrap();
                }
                WebSocketMessage::Ping(_) | WebSocketMessage::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn message(&mut self) -> Message {
        match self.receive().await {
            ServerCommand::Message(message) => message,
            other => panic!("{other:?}"),
        }
    }

    /// Reads until the server closes the connection, and returns its reason.
    async fn closed(mut self) -> String {
        loop {
            match self.socket.next().await {
                Some(Ok(WebSocketMessage::Close(frame))) => {
                    return frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
                }
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Waits until the server has processed the frames before.
    async fn synchronize(&mut self) {
        let (flag, topic) = (Some(9), "sync_a".to_owned());
        self.send(ClientCommand::Publish { flag, topic, content: String::new(), session: None }).await;
        assert_eq!(self.receive().await, ServerCommand::Ack(Ack::new(9, None)));
    }
}

#[tokio::test]
async fn every_topic_is_sent_with_its_example_and_decodes() {
    let running = start().await;
    let mut client = Client::connect(&running.address, "default").await;
    let topics: Vec<String> = running.messages.topics().map(str::to_owned).collect();
    assert!(topics.len() >= 70, "{}", topics.len());
    for topic in topics {
        let id = running.messages.send(OutgoingMessage::example(&topic)).unwrap();
        let message = client.message().await;
        assert_eq!((message.id, &message.topic), (id, &topic));
        assert_eq!(message.outgoing_time.map(|time| time.to_string()).as_deref(), Some("1970-01-01 08:00:00"));
        let decoded = TopicMessage::from_message(&message).unwrap();
        assert!(decoded.mismatches().is_empty(), "{topic}: {:?}", decoded.mismatches());
        assert!(decoded.unknown_fields().is_empty(), "{topic}: {:?}", decoded.unknown_fields());
        assert!(!matches!(&*decoded, TopicMessage::Unknown { .. }), "{topic}");
        client.send(ClientCommand::Confirm { id }).await;
    }
}

#[tokio::test]
async fn delivers_again_what_failed_or_was_not_confirmed() {
    let running = start().await;
    let mut first = Client::connect(&running.address, "g").await;
    let sent: Vec<i64> = (0..3).map(|number| running.messages.send(content(number)).unwrap()).collect();
    for id in &sent {
        assert_eq!(first.message().await.id, *id);
    }
    first.send(ClientCommand::Confirm { id: sent[0] }).await;
    first.send(ClientCommand::Failed { id: sent[1], reason: "no database\u{7}".to_owned() }).await;
    first.send(ClientCommand::Pull).await;
    assert_eq!(first.message().await.id, sent[1]);
    // Another connection gets what the closed one did not confirm.
    drop(first);
    let mut second = Client::connect(&running.address, "g").await;
    let again = [second.message().await, second.message().await];
    assert_eq!([again[0].id, again[1].id], [sent[1], sent[2]]);
    assert_eq!(again[1].content, r#"{"number":2}"#);
    for id in [sent[1], sent[2]] {
        second.send(ClientCommand::Confirm { id }).await;
    }
    second.synchronize().await;
    let status = &running.messages.groups()[0];
    assert_eq!((status.waiting, status.in_flight, status.confirmed, status.failed), (0, 0, 3, 1));
    assert!(running.has_line("failed: no database\\u{7}"), "{:?}", running.lines);
    assert!(running.has_line("delivery 3"), "{:?}", running.lines);
}

/// The package tmc.js reports failures as SENDACK.
#[tokio::test]
async fn accepts_failures_as_sendack() {
    let running = start().await;
    let mut client = Client::connect(&running.address, "g").await;
    let id = running.messages.send(content(1)).unwrap();
    assert_eq!(client.message().await.id, id);
    let command = ClientCommand::Failed { id, reason: "no".to_owned() };
    let mut bytes = command.to_frame(&client.token).encode().unwrap();
    bytes[1] = 3;
    client.socket.send(WebSocketMessage::Binary(bytes.into())).await.unwrap();
    client.send(ClientCommand::Pull).await;
    assert_eq!(client.message().await.id, id);
}

fn content(number: i32) -> OutgoingMessage {
    OutgoingMessage::new(TOPIC, json!({ "number": number }).to_string())
}

#[tokio::test]
async fn refuses_invalid_handshakes() {
    let running = start().await;
    let valid = || ConnectRequest::new(&credentials(), "default", NOW);
    let signed = |key: &str, secret: &str, group: &str, time| {
        ConnectRequest::new(&AppCredentials::new(key, secret), group, time)
    };
    let mut wrong_sign = valid();
    wrong_sign.sign = "00".to_owned();
    let late = NOW + Duration::from_secs(3600);
    for (request, expected) in [
        (wrong_sign, "wrong sign"),
        (signed("12345678", "other", "default", NOW), "wrong sign"),
        (signed("9", "helloworld", "default", NOW), "unknown app_key 9"),
        (signed("12345678", "helloworld", "default", late), "timestamp differs by more than 10 minutes"),
        (signed("12345678", "helloworld", &"g".repeat(65), NOW), "invalid group_name"),
        (signed("12345678", "helloworld", "a\nb", NOW), "invalid group_name"),
    ] {
        match Client::handshake(&running.address, &request).await {
            Err(HandshakeError::Refused(refusal)) => {
                assert!(refusal.code > 0 && refusal.phrase.contains(expected), "{refusal}");
            }
            Err(error) => panic!("{expected}: {error}"),
            Ok(_) => panic!("{expected}: accepted"),
        }
        assert!(running.has_line(&format!("connection refused: {expected}")), "{:?}", running.lines);
    }
    let lines = format!("{:?}", running.lines);
    assert!(!lines.contains("helloworld") && !lines.contains(&valid().sign), "{lines}");
    assert!(Client::handshake(&running.address, &valid()).await.is_ok());
}

#[tokio::test]
async fn acknowledges_published_messages() {
    let running = start().await;
    let mut client = Client::connect(&running.address, "g").await;
    let publish = |flag, topic: &str| ClientCommand::Publish {
        flag: Some(flag),
        topic: topic.to_owned(),
        content: "{\"a\":1}".to_owned(),
        session: Some("s3cret".to_owned()),
    };
    client.send(publish(7, TOPIC)).await;
    assert_eq!(client.receive().await, ServerCommand::Ack(Ack::new(7, None)));
    client.send(publish(8, "no topic")).await;
    let ServerCommand::Ack(ack) = client.receive().await else { panic!("expected an acknowledgement") };
    assert!(ack.flag == 8 && ack.refusal.is_some_and(|refusal| refusal.phrase.contains("invalid topic")));
    let published = running.messages.published();
    assert_eq!(published.len(), 1);
    assert_eq!((published[0].topic.as_str(), published[0].content.as_str()), (TOPIC, "{\"a\":1}"));
    assert!(published[0].has_session && published[0].app_key == "12345678" && published[0].group == "g");
    assert!(!format!("{:?} {:?}", running.lines, published).contains("s3cret"));
}

#[tokio::test]
async fn survives_hostile_clients() {
    let running = start().await;
    // Instead of CONNECT.
    let huge = [2, 0, 1, 0, 0xff, 0xff, 0xff, 0x7f];
    for bytes in
        [&b""[..], b"\x02", b"\x01\x00\x00\x00", b"\x02\x09\x00\x00", &huge, b"\x02\x02\x00\x00", b"\x02\x00\x00\x00"]
    {
        let mut socket = socket(&running.address).await;
        socket.send(WebSocketMessage::Binary(bytes.to_vec().into())).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    }
    let mut text = socket(&running.address).await;
    text.send(WebSocketMessage::Text("hello".into())).await.unwrap();
    while let Some(Ok(_)) = text.next().await {}
    // After the handshake.
    let commands: [(Vec<u8>, &str); 5] = [
        (b"\x02\x02\x63\x00".to_vec(), "unknown header type 99"),
        (b"\x02\x02\x00\x00".to_vec(), "wrong token"),
        (ClientCommand::Pull.to_frame("other token").encode().unwrap(), "wrong token"),
        (huge.to_vec(), "invalid frame"),
        (Vec::new(), "invalid frame"),
    ];
    for (bytes, reason) in commands {
        let mut client = Client::connect(&running.address, "g").await;
        client.socket.send(WebSocketMessage::Binary(bytes.into())).await.unwrap();
        let closed = client.closed().await;
        assert!(closed.contains(reason), "{closed}");
    }
    let mut client = Client::connect(&running.address, "g").await;
    let mut frame = Frame::new(generated_sdk::protocol::messages::FrameKind::Send);
    let token = client.token.clone();
    frame.token = Some(token.as_str().into());
    frame.push("__kind", HeaderValue::Byte(99));
    client.socket.send(WebSocketMessage::Binary(frame.encode().unwrap().into())).await.unwrap();
    assert!(client.closed().await.contains("unknown `__kind` 99"));
    // Ids that were never delivered change nothing.
    let mut client = Client::connect(&running.address, "g").await;
    for id in [0, -1, i64::MAX, i64::MIN] {
        client.send(ClientCommand::Confirm { id }).await;
        client.send(ClientCommand::Failed { id, reason: String::new() }).await;
    }
    let id = running.messages.send(content(1)).unwrap();
    assert_eq!(client.message().await.id, id);
}

#[tokio::test]
async fn sends_messages_from_http() {
    let running = start().await;
    let mut client = Client::connect(&running.address, "g").await;
    let (status, body) = running.post(&format!("topic={TOPIC}&user_nick=%E5%95%86%E5%AE%B6&user_id=5"), "").await;
    assert_eq!(status, 200, "{body}");
    let message = client.message().await;
    assert_eq!(body, json!({ "ids": [message.id] }));
    assert_eq!((message.user_nick.as_deref(), message.user_id), (Some("商家"), Some(5)));
    assert_eq!(Some(message.content.as_str()), running.messages.example(TOPIC));
    let (status, body) = running.post("topic=acme_a_B&count=3&group=g&app_key=12345678", "{\"a\": 1}").await;
    assert_eq!((status, body["ids"].as_array().unwrap().len()), (200, 3));
    for _ in 0..3 {
        assert_eq!(client.message().await.content, "{\"a\": 1}");
    }
    for (query, expected) in [
        ("", "invalid topic"),
        ("topic=acme_a_B", "no spec describes the topic acme_a_B"),
        ("topic=acme_a_B&count=0", "invalid count"),
        ("topic=acme_a_B&count=100001", "invalid count"),
        ("topic=acme_a_B&user_id=x", "invalid user_id"),
        ("topc=acme_a_B", "unknown parameter \"topc\""),
    ] {
        let (status, body) = running.post(query, "").await;
        assert!(status == 400 && body["error"].as_str().unwrap().contains(expected), "{query}: {status} {body}");
    }
    let url = format!("http://{}/_messages", running.address);
    // A form of a page in a browser is refused.
    let form = reqwest::Client::new().post(format!("{url}?topic={TOPIC}")).body("").send().await.unwrap();
    assert_eq!(form.status().as_u16(), 415);
    assert_eq!(reqwest::Client::new().put(&url).send().await.unwrap().status().as_u16(), 405);
    for (name, value) in [("origin", "http://example.com"), ("host", "example.com")] {
        let foreign = reqwest::Client::new().get(&url).header(name, value).send().await.unwrap();
        assert_eq!(foreign.status().as_u16(), 403, "{name}");
    }
    let status = reqwest::get(&url).await.unwrap().text().await.unwrap();
    let status: Json = serde_json::from_str(&status).unwrap();
    assert_eq!(status["groups"][0]["delivered"], 4, "{status}");
    assert!(status["topics"].as_array().unwrap().len() >= 70);
    // Any other path is a call.
    let call = reqwest::get(format!("http://{}/_other", running.address)).await.unwrap();
    assert!(call.text().await.unwrap().contains("error_response"));
}

#[tokio::test]
async fn refuses_other_versions_of_web_socket() {
    let running = start().await;
    let request = reqwest::Client::new().get(format!("http://{}/", running.address));
    let request =
        request.header("upgrade", "websocket").header("connection", "upgrade").header("sec-websocket-version", "8");
    assert_eq!(request.send().await.unwrap().status().as_u16(), 400);
}

/// Thousands of messages to two connections, of which one in a hundred fails at first: none is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loses_no_message() {
    const COUNT: i32 = 5_000;
    let running = start().await;
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let mut client = Client::connect(&running.address, "g").await;
        clients.spawn(async move {
            let mut confirmed = Vec::new();
            let mut failed = BTreeSet::new();
            loop {
                let message = client.message().await;
                if message.topic == "end_a" {
                    client.send(ClientCommand::Confirm { id: message.id }).await;
                    client.synchronize().await;
                    return confirmed;
                }
                if message.id % 100 == 0 && failed.insert(message.id) {
                    client.send(ClientCommand::Failed { id: message.id, reason: "at first".to_owned() }).await;
                    client.send(ClientCommand::Pull).await;
                } else {
                    client.send(ClientCommand::Confirm { id: message.id }).await;
                    confirmed.push(message.id);
                }
            }
        });
    }
    let mut sent: Vec<i64> = (0..COUNT).map(|number| running.messages.send(content(number)).unwrap()).collect();
    while running.messages.groups()[0].confirmed < u64::try_from(COUNT).unwrap() {
        tokio::task::yield_now().await;
    }
    // One end for each connection.
    let mut received = Vec::new();
    while !clients.is_empty() {
        running.messages.send(OutgoingMessage::new("end_a", "")).unwrap();
        received.extend(clients.join_next().await.unwrap().unwrap());
    }
    received.sort_unstable();
    sent.sort_unstable();
    assert_eq!(received, sent);
}

/// The client of this project: one handler in three fails at first, and one message is published.
#[tokio::test]
async fn serves_the_client_of_this_project() {
    const COUNT: u64 = 100;
    let running = start_at(SystemTime::now).await;
    running.messages.set_redelivery(Duration::from_millis(20));
    let url = format!("ws://{}/", running.address);
    let handled = Arc::new(Mutex::new(BTreeSet::new()));
    let failed = Arc::new(Mutex::new(BTreeSet::new()));
    let handler = {
        let (handled, failed) = (Arc::clone(&handled), Arc::clone(&failed));
        move |message: Message| {
            let result = if message.id % 3 == 0 && failed.lock().unwrap().insert(message.id) {
                Err("at first")
            } else {
                handled.lock().unwrap().insert(message.id);
                Ok(())
            };
            async move { result }
        }
    };
    let consumer = Consumer::builder(url.as_str(), credentials()).group("g").build().unwrap();
    let handle = consumer.handle();
    let consumer = tokio::spawn(consumer.run(handler));
    let sent: BTreeSet<i64> =
        (0..COUNT).map(|_| running.messages.send(OutgoingMessage::example(TOPIC)).unwrap()).collect();
    while running.messages.groups().first().is_none_or(|group| group.confirmed < COUNT) {
        tokio::task::yield_now().await;
    }
    handle.shutdown();
    consumer.await.unwrap().unwrap();
    assert_eq!(*handled.lock().unwrap(), sent);
    assert!(running.messages.groups()[0].failed > 0);

    let publisher = Consumer::builder(url.as_str(), credentials()).build_publisher().unwrap();
    publisher.publish(TOPIC, "{}", Some("s1")).await.unwrap();
    assert!(publisher.publish("no topic", "{}", None).await.is_err());
    assert_eq!(running.messages.published().len(), 1);
}

/// The package tmcpy from PyPI, which confirms a message before its handler runs.
#[tokio::test]
async fn serves_tmcpy() {
    let Some(site) = support::foreign::pip("tmcpy", &["tmcpy==0.3.7", "tornado==6.6.1"]) else { return };
    let mut client = Command::new("python3");
    client.arg(foreign("tmcpy_client.py")).env("PYTHONPATH", site);
    serves(client).await;
}

/// The package ali-topsdk from npm: the platform's SDK for Node.
#[tokio::test]
async fn serves_ali_topsdk() {
    let packages = ["ali-topsdk@2.0.5"];
    let Some(client) = support::foreign::npm("ali-topsdk", &packages, "ali-topsdk/package.json") else { return };
    let (node, manifest) = (client.get_program().to_owned(), client.get_args().next().unwrap().to_owned());
    let mut client = Command::new(node);
    client.arg(foreign("ali_topsdk_client.js")).arg(manifest);
    serves(client).await;
}

fn foreign(script: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign").join(script)
}

/// Runs a foreign client, which receives and confirms messages.
async fn serves(mut client: Command) {
    let running = start_at(SystemTime::now).await;
    let topics = [TOPIC, "taobao_refund_RefundCreated", "taobao_item_ItemUpdate"];
    let sent: Vec<i64> =
        topics.iter().map(|topic| running.messages.send(OutgoingMessage::example(*topic)).unwrap()).collect();
    client.args([&format!("ws://{}/", running.address), "12345678", "helloworld", "default", "3"]);
    let output = client.kill_on_drop(true).output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let received: Vec<Json> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for ((id, topic), received) in sent.iter().zip(topics).zip(&received) {
        let content: Json = serde_json::from_str(running.messages.example(topic).unwrap()).unwrap();
        // A number of JavaScript cannot hold an id, so the package returns it as text.
        let id = if received["id"].is_string() { json!(id.to_string()) } else { json!(id) };
        assert_eq!(*received, json!({ "id": id, "topic": topic, "content": content }));
    }
    assert_eq!((received.len(), running.messages.groups()[0].confirmed), (3, 3));
}
