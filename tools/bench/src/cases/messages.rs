//! Messages (TMC). The floor of reading one is serde_json parsing its content, and the floor of receiving messages is the same
//! WebSocket without the client.

use std::error::Error;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use futures_util::{SinkExt as _, StreamExt as _};
use generated_sdk::AppCredentials;
use generated_sdk::messages::{Consumer, Deliveries, Message};
use generated_sdk::protocol::messages::{ClientCommand, ConnectAck, ConnectRequest, Frame, FrameError, ServerCommand};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, Message as Packet};

use crate::measure::Case;

/// The messages that one run receives and confirms.
const MESSAGES: usize = 1000;

/// The messages that the server sends before it waits for confirmations.
const WINDOW: i64 = 500;

const TOKEN: &str = "32e88d28-20b1-40dd-8e2d-abec197277fe";

/// Returns a message of 1 KB.
fn message(id: i64) -> Message {
    let order =
        r#"{"oid":520813250866001,"title":"纯棉短袖","num":12,"price":"188.80","payment":"188.80","status":"PAID"}"#;
    let orders = [order; 8].join(",");
    let content = format!(r#"{{"buyer_nick":"小二","tid":520813250866000,"post_fee":"0.00","orders":[{orders}]}}"#);
    Message::new(id, "taobao_trade_TradeCreate", content)
}

/// Returns the cases without sockets.
pub(crate) fn computing() -> Result<Vec<Case>, FrameError> {
    let message = message(7104300007405429232);
    let content = message.content.clone();
    let bytes = ServerCommand::Message(message).to_frame(TOKEN).encode()?;
    Ok(vec![Case::new(
        "read a message of 1 KB",
        1.5,
        move || match ServerCommand::from_frame(&Frame::decode(&bytes).ok()?).ok()? {
            ServerCommand::Message(message) => serde_json::from_str::<Value>(&message.content).ok(),
            _ => None,
        },
        move || serde_json::from_str::<Value>(&content).ok(),
    )])
}

/// Returns the case over a socket.
pub(crate) fn waiting() -> Result<Vec<Case>, Box<dyn Error>> {
    let runtime = Rc::new(runtime()?);
    let url = format!("ws://{}/", start()?);
    let consumer = Consumer::builder(&url, AppCredentials::new("12345678", "helloworld")).build()?;
    let mut deliveries = runtime.block_on(async { consumer.stream() });
    let address = start()?;
    let mut plain = runtime.block_on(Plain::connect(address))?;
    let plain_runtime = Rc::clone(&runtime);
    Ok(vec![Case::new(
        "receive and confirm 1,000 messages",
        2.0,
        move || runtime.block_on(receive(&mut deliveries)),
        move || plain_runtime.block_on(plain.receive()).is_ok(),
    )])
}

async fn receive(deliveries: &mut Deliveries) {
    for _ in 0..MESSAGES {
        if let Some(delivery) = deliveries.next().await {
            delivery.confirm();
        }
    }
}

/// A client that answers each frame with one confirmation, and reads nothing of it.
struct Plain {
    socket: WebSocketStream<TcpStream>,
    confirm: tungstenite::Bytes,
}

impl Plain {
    async fn connect(address: SocketAddr) -> Result<Self, Box<dyn Error>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (mut socket, _) = tokio_tungstenite::client_async(format!("ws://{address}/"), stream).await?;
        let credentials = AppCredentials::new("12345678", "helloworld");
        let request = ConnectRequest::new(&credentials, "default", std::time::SystemTime::now());
        socket.send(Packet::Binary(request.to_frame(1).encode()?.into())).await?;
        socket.next().await.ok_or("the server closed the connection")??;
        let confirm = ClientCommand::Confirm { id: 1 }.to_frame(TOKEN).encode()?;
        Ok(Self { socket, confirm: confirm.into() })
    }

    async fn receive(&mut self) -> Result<(), tungstenite::Error> {
        /// The confirmations between two flushes, as in the client under load.
        const BATCH: usize = 100;
        for number in 1..=MESSAGES {
            if let Some(packet) = self.socket.next().await {
                packet?;
            }
            self.socket.feed(Packet::Binary(self.confirm.clone())).await?;
            if number % BATCH == 0 {
                self.socket.flush().await?;
            }
        }
        Ok(())
    }
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Starts a server on a thread of its own.
fn start() -> Result<SocketAddr, Box<dyn Error>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // An error drops the sender, which is the error below.
        if let Ok(runtime) = runtime() {
            let _ = runtime.block_on(serve(sender));
        }
    });
    Ok(receiver.recv().map_err(|_| "cannot start a server on loopback")?)
}

/// Serves one client: keeps a window of messages unconfirmed.
async fn serve(address: mpsc::Sender<SocketAddr>) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    address.send(listener.local_addr()?)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    let mut socket = tokio_tungstenite::accept_async(stream).await?;
    socket.next().await.ok_or("the client closed the connection")??;
    let ack = ConnectAck::Accepted { token: TOKEN.to_owned() }.to_frame(Some(1)).encode()?;
    socket.send(Packet::Binary(ack.into())).await?;
    let mut next = 0;
    let mut limit = WINDOW;
    let mut confirmed = 0;
    loop {
        while next < limit {
            next += 1;
            let bytes = ServerCommand::Message(message(next)).to_frame(TOKEN).encode()?;
            socket.feed(Packet::Binary(bytes.into())).await?;
        }
        socket.flush().await?;
        // Refills half of the window at a time.
        while confirmed < next - WINDOW / 2 {
            let Some(packet) = socket.next().await else { return Ok(()) };
            let Packet::Binary(bytes) = packet? else { continue };
            if let ClientCommand::Confirm { .. } = ClientCommand::from_frame(&Frame::decode(&bytes)?)? {
                confirmed += 1;
            }
        }
        limit = confirmed + WINDOW;
    }
}
