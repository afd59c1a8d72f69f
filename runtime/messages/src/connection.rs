//! One connection after the handshake: a reader, a writer and a timer for pulls, which run side by side.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::{self, Bytes, Message as WebSocketMessage};
use top_protocol::messages::{ClientCommand, Frame, ServerCommand};
use tracing::{debug, warn};

use crate::TARGET;
use crate::connect::Connection;
use crate::driver::Unsent;
use crate::in_flight::{NotAdmitted, Slot};
use crate::shared::{Queues, Settlement, Shared};
use crate::statistics::count;
use crate::stream::Delivery;

/// A command to send.
pub(crate) enum Outgoing {
    Pull,
    Settle(Settlement),
    Publish { flag: i32, command: ClientCommand },
}

/// The reason why a connection ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The shutdown is complete: no message is in flight, or the time is up.
    ShutDown,
    /// The server closed the connection.
    Closed,
    /// Nothing arrived for this time, in spite of a ping.
    Silent(Duration),
    /// The server did not read for this time.
    WriteTimeout(Duration),
    /// The connection failed.
    WebSocket(tungstenite::Error),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShutDown => f.write_str("the client was shut down"),
            Self::Closed => f.write_str("the server closed the connection"),
            Self::Silent(time) => write!(f, "the server did not answer a ping for {time:?}"),
            Self::WriteTimeout(time) => write!(f, "the server did not read for {time:?}"),
            Self::WebSocket(error) => write!(f, "the connection failed: {error}"),
        }
    }
}

/// Serves a connection until it ends. Commands that may not have arrived stay in `unsent`.
pub(crate) async fn serve(
    connection: Connection,
    shared: &Arc<Shared>,
    queues: &mut Queues,
    unsent: &mut Unsent,
) -> End {
    let Connection { socket, token } = connection;
    let (mut sink, stream) = socket.split();
    let signals = Signals::default();
    let end = tokio::select! {
        end = read(stream, &token, shared, &signals.ping) => end,
        end = write(&mut sink, &token, shared, queues, unsent, &signals) => end,
        end = pull(shared, &signals.pull) => end,
        end = shut_down(shared) => end,
    };
    if matches!(end, End::ShutDown) {
        // The server may not answer, so the time is limited. A failure does not matter any more.
        let _ = timeout(shared.settings.handshake_timeout, sink.close()).await;
    }
    end
}

/// What the writer has to send besides the queues. A signal that is given twice is sent once.
#[derive(Default)]
struct Signals {
    ping: Notify,
    pull: Notify,
}

/// Reads frames. Waits at most for a short time when too many messages are in flight, so that pings are answered.
async fn read(
    mut stream: impl Stream<Item = tungstenite::Result<WebSocketMessage>> + Unpin,
    token: &str,
    shared: &Arc<Shared>,
    ping: &Notify,
) -> End {
    let limit = shared.settings.ping_interval;
    let (mut pinged, mut exhausted) = (false, false);
    loop {
        match timeout(limit, stream.next()).await {
            Err(_) if pinged => return End::Silent(limit),
            Err(_) => {
                pinged = true;
                ping.notify_one();
                continue;
            }
            Ok(None) => return End::Closed,
            Ok(Some(Err(error))) => return End::WebSocket(error),
            Ok(Some(Ok(WebSocketMessage::Binary(bytes)))) => receive(&bytes, token, shared, &mut exhausted).await,
            Ok(Some(Ok(WebSocketMessage::Text(_)))) => invalid(shared, "expected a binary frame, found text"),
            // Pings are answered by the WebSocket.
            Ok(Some(Ok(_))) => {}
        }
        pinged = false;
    }
}

/// Reads a frame. One that is invalid is ignored: a new connection would get the same frame.
async fn receive(bytes: &[u8], token: &str, shared: &Arc<Shared>, exhausted: &mut bool) {
    let frame = match Frame::decode(bytes) {
        Ok(frame) => frame,
        Err(error) => return invalid(shared, error),
    };
    if frame.token.as_deref().is_some_and(|other| other != token) {
        return invalid(shared, "the frame has the token of another connection");
    }
    match ServerCommand::from_frame(&frame) {
        // Only a consumer asks for messages.
        Ok(ServerCommand::Message(_)) if shared.settings.pull_interval.is_none() => {}
        Ok(ServerCommand::Message(message)) => {
            // The content may be longer than the frame, which may be compressed.
            let length = bytes.len().max(message.content.len());
            let Some(slot) = admit(shared, message.id, length, exhausted).await else { return };
            count(&shared.counters.received);
            shared.deliver(Delivery::new(message, slot, shared));
        }
        Ok(ServerCommand::Ack(ack)) => {
            let flag = ack.flag;
            if !shared.acks.complete(ack) {
                debug!(target: TARGET, flag, "ignored an acknowledgement that no call waits for");
            }
        }
        Ok(_) => {}
        Err(error) => {
            invalid(shared, &error);
            let Some(id) = error.message_id() else { return };
            // The server learns of a message that can never be read.
            if let Some(slot) = admit(shared, id, bytes.len(), exhausted).await {
                let command = ClientCommand::Failed { id, reason: error.to_string() };
                // The receiver is dropped after the shutdown.
                let _ = shared.settlements.send(Settlement { command, slot });
            }
        }
    }
}

async fn admit(shared: &Arc<Shared>, id: i64, length: usize, exhausted: &mut bool) -> Option<Slot> {
    if shared.is_shut_down() {
        return None;
    }
    let was_exhausted = *exhausted;
    match shared.in_flight.admit(id, length, exhausted).await {
        Ok(slot) => Some(slot),
        Err(NotAdmitted::Duplicate) => {
            count(&shared.counters.duplicates);
            debug!(target: TARGET, id, "ignored a message that is in flight");
            None
        }
        Err(NotAdmitted::Full) => {
            count(&shared.counters.discarded);
            if was_exhausted {
                debug!(target: TARGET, id, "discarded a message");
            } else {
                warn!(target: TARGET, id, "discarding messages: too many are in flight; the server delivers them again");
            }
            None
        }
    }
}

/// Counts and reports a frame that is ignored.
fn invalid(shared: &Shared, error: impl fmt::Display) {
    count(&shared.counters.invalid_frames);
    warn!(target: TARGET, %error, "ignored an invalid frame");
}

/// Writes commands and pings.
async fn write(
    sink: &mut (impl Sink<WebSocketMessage, Error = tungstenite::Error> + Unpin),
    token: &str,
    shared: &Shared,
    queues: &mut Queues,
    unsent: &mut Unsent,
    signals: &Signals,
) -> End {
    /// The maximum number of commands between two flushes.
    const BATCH: usize = 256;
    let limit = shared.settings.ping_interval;
    loop {
        let mut ping = false;
        // After a lost connection, there are commands to repeat.
        if unsent.is_empty() {
            tokio::select! {
                Some(settlement) = queues.settlements.recv() => unsent.push(Outgoing::Settle(settlement)),
                Some((flag, command)) = queues.publishes.recv() => unsent.push(Outgoing::Publish { flag, command }),
                () = signals.pull.notified() => unsent.push(Outgoing::Pull),
                () = signals.ping.notified() => ping = true,
            }
        }
        while unsent.len() < BATCH {
            if let Ok(settlement) = queues.settlements.try_recv() {
                unsent.push(Outgoing::Settle(settlement));
            } else if let Ok((flag, command)) = queues.publishes.try_recv() {
                unsent.push(Outgoing::Publish { flag, command });
            } else {
                break;
            }
        }
        match timeout(limit, send(sink, token, shared, unsent, ping)).await {
            Ok(Ok(())) => sent(shared, unsent),
            Ok(Err(error)) => return End::WebSocket(error),
            Err(_) => return End::WriteTimeout(limit),
        }
    }
}

async fn send(
    sink: &mut (impl Sink<WebSocketMessage, Error = tungstenite::Error> + Unpin),
    token: &str,
    shared: &Shared,
    commands: &[Outgoing],
    ping: bool,
) -> tungstenite::Result<()> {
    for outgoing in commands {
        let command = match outgoing {
            Outgoing::Pull => &ClientCommand::Pull,
            Outgoing::Settle(settlement) => &settlement.command,
            // The caller stopped waiting before this was sent.
            Outgoing::Publish { flag, .. } if !shared.acks.mark_sent(*flag) => continue,
            Outgoing::Publish { command, .. } => command,
        };
        match command.to_frame(token).encode() {
            Ok(bytes) => sink.feed(WebSocketMessage::Binary(bytes.into())).await?,
            // Contents that are too long were refused before.
            Err(error) => warn!(target: TARGET, %error, "cannot encode a command"),
        }
    }
    if ping {
        sink.feed(WebSocketMessage::Ping(Bytes::new())).await?;
    }
    sink.flush().await
}

/// Counts the commands that were sent, and ends the flight of their messages.
fn sent(shared: &Shared, commands: &mut Unsent) {
    for outgoing in commands.drain(..) {
        if let Outgoing::Settle(Settlement { command, slot }) = outgoing {
            drop(slot);
            match command {
                ClientCommand::Confirm { .. } => count(&shared.counters.confirmed),
                _ => count(&shared.counters.failed),
            }
        }
    }
}

/// Asks for messages in intervals, while there is room for them.
async fn pull(shared: &Shared, pull: &Notify) -> End {
    let Some(period) = shared.settings.pull_interval else { return std::future::pending().await };
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        shared.in_flight.room().await;
        if shared.is_shut_down() {
            return std::future::pending().await;
        }
        pull.notify_one();
    }
}

/// Waits for the shutdown, and then until no message is in flight.
async fn shut_down(shared: &Shared) -> End {
    shared.shutdown().await;
    shared.finish().await;
    End::ShutDown
}
