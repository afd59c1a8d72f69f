//! The handshake of a connection.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message as WebSocketMessage};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use top_protocol::messages::{ConnectAck, ConnectRequest, Frame, HandshakeError, Message};

use crate::error::{BoxError, ConnectError};
use crate::shared::Settings;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A byte stream to a server.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Opens a byte stream to the server.
pub(crate) type Connector = Arc<dyn Fn() -> BoxFuture<io::Result<Box<dyn Io>>> + Send + Sync>;

/// Gets a token for the handshake.
pub(crate) type TokenProvider = Arc<dyn Fn() -> BoxFuture<Result<String, BoxError>> + Send + Sync>;

/// A connection after the handshake.
pub(crate) struct Connection {
    pub(crate) socket: WebSocketStream<Box<dyn Io>>,
    /// The token that later frames carry.
    pub(crate) token: String,
}

/// The longest time that a token provider may take.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(60);

/// The maximum length of a frame: the longest content and the other headers.
const MAX_FRAME: usize = Message::MAX_CONTENT + (64 << 10);

/// Connects, and does both handshakes.
pub(crate) async fn connect(settings: &Settings) -> Result<Connection, ConnectError> {
    let token = match &settings.token_provider {
        None => None,
        Some(provider) => match timeout(TOKEN_TIMEOUT, provider()).await {
            Ok(token) => Some(token.map_err(ConnectError::Token)?).filter(|token| !token.is_empty()),
            Err(_) => return Err(ConnectError::TokenTimeout(TOKEN_TIMEOUT)),
        },
    };
    let limit = settings.handshake_timeout;
    timeout(limit, handshake(settings, token)).await.unwrap_or(Err(ConnectError::Timeout(limit)))
}

async fn handshake(settings: &Settings, token: Option<String>) -> Result<Connection, ConnectError> {
    let (stream, address) = match &settings.connector {
        Some(connector) => (connector().await.map_err(ConnectError::Io)?, None),
        None => tcp(settings).await.map_err(ConnectError::Io)?,
    };
    let config = WebSocketConfig::default().max_message_size(Some(MAX_FRAME)).max_frame_size(Some(MAX_FRAME));
    let upgrade = client_async_with_config(settings.url.clone(), stream, Some(config));
    let (mut socket, _) = upgrade.await.map_err(web_socket)?;

    // The connection has no other frame with a flag yet.
    const FLAG: i32 = 1;
    let mut request = ConnectRequest::new(&settings.credentials, &settings.group, SystemTime::now());
    request.sdk = Some(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned());
    request.intranet_ip = address;
    request.token = token;
    let request = request.to_frame(FLAG).encode().map_err(ConnectError::Frame)?;
    socket.send(WebSocketMessage::Binary(request.into())).await.map_err(web_socket)?;
    loop {
        match socket.next().await {
            Some(Ok(WebSocketMessage::Binary(bytes))) => {
                let frame = Frame::decode(&bytes).map_err(ConnectError::Frame)?;
                let token = ConnectAck::token_of(&frame, FLAG).map_err(ConnectError::Handshake)?;
                return Ok(Connection { socket, token });
            }
            Some(Ok(WebSocketMessage::Text(_))) => {
                return Err(ConnectError::Handshake(HandshakeError::UnexpectedFrame));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(web_socket(error)),
            None => return Err(ConnectError::Closed),
        }
    }
}

/// Connects by TCP. Returns the local address too.
async fn tcp(settings: &Settings) -> io::Result<(Box<dyn Io>, Option<Ipv4Addr>)> {
    const PORT: u16 = 80;
    let host = settings.url.host().unwrap_or_default().trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, settings.url.port_u16().unwrap_or(PORT))).await?;
    stream.set_nodelay(true)?;
    let address = match stream.local_addr().map(|address| address.ip()) {
        Ok(IpAddr::V4(address)) => Some(address),
        _ => None,
    };
    Ok((Box::new(stream), address))
}

fn web_socket(error: tungstenite::Error) -> ConnectError {
    match error {
        tungstenite::Error::Io(error) => ConnectError::Io(error),
        tungstenite::Error::ConnectionClosed => ConnectError::Closed,
        error => ConnectError::WebSocket(error.into()),
    }
}
