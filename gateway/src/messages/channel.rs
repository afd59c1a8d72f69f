//! A connection of the message channel: the handshake, deliveries and commands.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message as WebSocketMessage};
use top_protocol::DateTime;
use top_protocol::messages::{Ack, ClientCommand, ConnectAck, ConnectRequest, Frame, Message, Refusal, ServerCommand};

use super::broker::{GroupKey, MAX_NAME, PublishedMessage, Settled, Subscription, is_name};
use super::console;
use super::http::Endpoint;

/// The maximum time of the handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The time without a frame after which a connection is closed. Clients ping after 45 seconds.
const SILENCE: Duration = Duration::from_secs(180);

/// The maximum time of a delivery. A client that does not read is disconnected.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// The maximum length of a frame in bytes: the longest content and the other headers.
const MAX_FRAME: usize = Message::MAX_CONTENT + (64 << 10);

/// The maximum number of messages of one delivery.
const BATCH: usize = 64;

/// The status codes of refusals. The platform's are not known.
const INVALID_REQUEST: i32 = 400;
const UNKNOWN_APPLICATION: i32 = 401;
const WRONG_SIGNATURE: i32 = 403;
const TOO_MANY_GROUPS: i32 = 429;

/// Returns the limits of a WebSocket.
pub(super) fn config() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(Some(MAX_FRAME)).max_frame_size(Some(MAX_FRAME))
}

/// Why a connection ended, for the console.
type End = String;

/// Serves a connection until it ends.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(endpoint: &Endpoint, mut socket: WebSocketStream<S>) {
    let accepted = timeout(HANDSHAKE_TIMEOUT, accept(endpoint, &mut socket)).await;
    let timed_out = || Err(format!("handshake failed: no CONNECT within {} s", HANDSHAKE_TIMEOUT.as_secs()));
    let (subscription, token) = match accepted.unwrap_or_else(|_| timed_out()) {
        Ok(accepted) => accepted,
        Err(end) => {
            endpoint.log(&format!("messages  {end}"));
            close(&mut socket, &end).await;
            return;
        }
    };
    let group = subscription.group.clone();
    endpoint.log(&console::connection(&group, "connected"));
    let mut channel = Channel { endpoint, socket, token, subscription };
    let end = channel.run().await;
    endpoint.log(&console::connection(&group, format_args!("disconnected: {end}")));
    close(&mut channel.socket, &end).await;
}

/// Reads CONNECT, and answers it.
async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    endpoint: &Endpoint,
    socket: &mut WebSocketStream<S>,
) -> Result<(Subscription, String), End> {
    let bytes = loop {
        match socket.next().await {
            Some(Ok(WebSocketMessage::Binary(bytes))) => break bytes,
            Some(Ok(WebSocketMessage::Ping(_) | WebSocketMessage::Pong(_))) => {}
            Some(Ok(_)) => return Err("handshake failed: expected a binary frame".to_owned()),
            Some(Err(error)) => return Err(format!("handshake failed: {error}")),
            None => return Err("handshake failed: the client closed the connection".to_owned()),
        }
    };
    let frame = Frame::decode(&bytes).map_err(|error| error.to_string())?;
    let result = match ConnectRequest::from_frame(&frame) {
        Ok(request) => subscribe(endpoint, request),
        Err(error) => Err(Refusal::new(INVALID_REQUEST, error.to_string())),
    };
    let (answer, result) = match result {
        Ok(subscription) => {
            let token = endpoint.new_token();
            (ConnectAck::Accepted { token: token.clone() }, Ok((subscription, token)))
        }
        Err(refusal) => {
            let end = format!("connection refused: {}", console::printable(&refusal.phrase));
            (ConnectAck::Refused(refusal), Err(end))
        }
    };
    send(socket, &answer.to_frame(frame.flag)).await?;
    result
}

/// Checks CONNECT, and opens the connection of its group.
fn subscribe(endpoint: &Endpoint, request: ConnectRequest) -> Result<Subscription, Refusal> {
    let Some(secret) = endpoint.secret(&request.app_key) else {
        let key = console::printable(&request.app_key);
        return Err(Refusal::new(UNKNOWN_APPLICATION, format!("unknown app_key {key}: expected a key of the gateway")));
    };
    if !request.is_signed_with(secret) {
        let reason = "wrong sign: expected the md5 signature of app_key, group_name and timestamp with the AppSecret";
        return Err(Refusal::new(WRONG_SIGNATURE, reason));
    }
    check_timestamp(&request.timestamp, endpoint.now(), endpoint.tolerance())
        .map_err(|reason| Refusal::new(INVALID_REQUEST, reason))?;
    if !is_name(&request.group) {
        let reason = format!("invalid group_name: expected at most {MAX_NAME} printable characters");
        return Err(Refusal::new(INVALID_REQUEST, reason));
    }
    let group = GroupKey { app_key: request.app_key, name: request.group };
    let full = || Refusal::new(TOO_MANY_GROUPS, "too many groups: restart the gateway");
    endpoint.broker().connect(group).ok_or_else(full)
}

/// Checks a timestamp: milliseconds since 1970, or the ticks of .NET, which have no known zone.
fn check_timestamp(text: &str, now: SystemTime, tolerance: Duration) -> Result<(), String> {
    const TICKS: u64 = 100_000_000_000_000_000;
    let Ok(number) = text.parse::<u64>() else {
        return Err("invalid timestamp: expected milliseconds since 1970".to_owned());
    };
    if number >= TICKS {
        return Ok(());
    }
    let sent = Duration::from_millis(number);
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    if sent.abs_diff(now) <= tolerance {
        return Ok(());
    }
    let minutes = tolerance.as_secs() / 60;
    Err(format!("timestamp differs by more than {minutes} minutes from the gateway's clock"))
}

/// A connection after the handshake.
struct Channel<'a, S> {
    endpoint: &'a Endpoint,
    socket: WebSocketStream<S>,
    token: String,
    subscription: Subscription,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Channel<'_, S> {
    /// Delivers messages and processes commands until the connection ends.
    async fn run(&mut self) -> End {
        let mut silent = Instant::now() + SILENCE;
        loop {
            self.subscription.wake.mark_unchanged();
            let delivered = match self.deliver().await {
                Ok(delivered) => delivered,
                Err(end) => return end,
            };
            let redelivery = self.subscription.next_redelivery().unwrap_or(silent).min(silent);
            tokio::select! {
                frame = self.socket.next() => {
                    silent = Instant::now() + SILENCE;
                    match frame {
                        Some(Ok(frame)) => {
                            if let Err(end) = self.receive(frame).await {
                                return end;
                            }
                        }
                        Some(Err(error)) => return error.to_string(),
                        None => return "the client closed the connection".to_owned(),
                    }
                }
                _ = self.subscription.wake.changed() => {}
                // More messages may be due: read a frame first if there is one.
                () = std::future::ready(()), if delivered == BATCH => {}
                () = sleep_until(redelivery) => {
                    if Instant::now() >= silent {
                        return format!("nothing arrived for {} s", SILENCE.as_secs());
                    }
                }
            }
        }
    }

    /// Sends the messages that are due. Returns their number.
    async fn deliver(&mut self) -> Result<usize, End> {
        let due = self.subscription.take(Instant::now(), BATCH);
        if due.is_empty() {
            return Ok(0);
        }
        let now = DateTime::from(self.endpoint.now());
        for due in &due {
            let mut message = (*due.message).clone();
            message.time = message.time.or(Some(now));
            message.outgoing_time = Some(now);
            let (id, topic) = (message.id, console::printable(&message.topic));
            let command = ServerCommand::Message(message);
            let bytes = command.to_frame(&self.token).encode().map_err(|error| error.to_string())?;
            let feed = self.socket.feed(WebSocketMessage::Binary(Bytes::from(bytes)));
            within(feed).await?;
            let again = if due.delivery > 1 { format!(", delivery {}", due.delivery) } else { String::new() };
            self.log(id, format_args!("{topic} delivered{again}"));
        }
        within(self.socket.flush()).await?;
        Ok(due.len())
    }

    async fn receive(&mut self, frame: WebSocketMessage) -> Result<(), End> {
        let bytes = match frame {
            WebSocketMessage::Binary(bytes) => bytes,
            WebSocketMessage::Text(_) => return Err("expected a binary frame, found text".to_owned()),
            // The library answers pings, and the next read returns the end after a close.
            _ => return Ok(()),
        };
        let frame = Frame::decode(&bytes).map_err(|error| error.to_string())?;
        if frame.token.as_deref() != Some(self.token.as_str()) {
            return Err("wrong token: expected the token of CONNECTACK in each frame".to_owned());
        }
        match ClientCommand::from_frame(&frame).map_err(|error| error.to_string())? {
            ClientCommand::Pull => self.subscription.pull(),
            ClientCommand::Confirm { id } => {
                let settled = self.subscription.confirm(id);
                self.log_settled(id, "confirmed", settled);
            }
            ClientCommand::Failed { id, reason } => {
                let settled = self.subscription.fail(id, Instant::now());
                self.log_settled(id, &format!("failed: {}", console::printable(&reason)), settled);
            }
            ClientCommand::Publish { flag, topic, content, session } => {
                self.publish(flag, topic, content, session.is_some()).await?;
            }
            _ => return Err("unsupported command".to_owned()),
        }
        Ok(())
    }

    /// Keeps a published message, and acknowledges it.
    async fn publish(
        &mut self,
        flag: Option<i32>,
        topic: String,
        content: String,
        has_session: bool,
    ) -> Result<(), End> {
        let event = format!("published {}, {} bytes", console::printable(&topic), content.len());
        let GroupKey { app_key, name } = self.subscription.group.clone();
        let refusal = if codegen::spec::is_topic_name(&topic) {
            self.endpoint.broker().publish(PublishedMessage { app_key, group: name, topic, content, has_session });
            None
        } else {
            let reason = "invalid topic: expected a name such as taobao_trade_TradeSuccess";
            Some(Refusal::new(INVALID_REQUEST, reason))
        };
        let result = if refusal.is_some() { "refused" } else { "ok" };
        self.endpoint.log(&console::connection(&self.subscription.group, format_args!("{event}  {result}")));
        match flag {
            Some(flag) => {
                let ack = ServerCommand::Ack(Ack::new(flag, refusal));
                send(&mut self.socket, &ack.to_frame(&self.token)).await
            }
            None => Ok(()),
        }
    }

    fn log(&self, id: i64, event: impl std::fmt::Display) {
        self.endpoint.log(&console::message(&self.subscription.group, id, event));
    }

    fn log_settled(&self, id: i64, event: &str, settled: Settled) {
        match settled {
            Settled::Done => self.log(id, event),
            Settled::Unknown => self.log(id, format_args!("{event}: no such message waits for a confirmation")),
        }
    }
}

async fn send<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    frame: &Frame<'_>,
) -> Result<(), End> {
    let bytes = frame.encode().map_err(|error| error.to_string())?;
    within(socket.send(WebSocketMessage::Binary(Bytes::from(bytes)))).await
}

/// Closes a connection. The client may not read, so the time is limited.
async fn close<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>, reason: &str) {
    // A close frame has at most 123 bytes of text.
    let reason = reason.char_indices().take_while(|(start, character)| start + character.len_utf8() <= 123);
    let reason: String = reason.map(|(_, character)| character).collect();
    let frame = CloseFrame { code: CloseCode::Policy, reason: reason.into() };
    let _ = timeout(Duration::from_secs(5), socket.close(Some(frame))).await;
}

async fn within<T, E: std::fmt::Display>(action: impl Future<Output = Result<T, E>>) -> Result<T, End> {
    match timeout(WRITE_TIMEOUT, action).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err(format!("the client did not read for {} s", WRITE_TIMEOUT.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_timestamps() {
        let now = UNIX_EPOCH + Duration::from_millis(1_451_620_800_000);
        let tolerance = Duration::from_secs(600);
        for (text, accepted) in [
            ("1451620800000", true),
            ("1451620200000", true),
            ("1451621400000", true),
            ("1451620199999", false),
            ("1451621400001", false),
            // The ticks of .NET.
            ("635871852000000000", true),
            ("18446744073709551615", true),
            ("18446744073709551616", false),
            ("2016-01-01 12:00:00", false),
            ("-1", false),
            ("", false),
        ] {
            assert_eq!(check_timestamp(text, now, tolerance).is_ok(), accepted, "{text}");
        }
    }
}
