//! Deliveries as a stream.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use futures_core::Stream;
use tokio::sync::mpsc;
use top_protocol::messages::{ClientCommand, Message};

use crate::consumer::ConsumerHandle;
use crate::driver::drive;
use crate::error::ConnectError;
use crate::in_flight::Slot;
use crate::shared::{Queues, Settlement, Shared, Task};

/// A message to [confirm](Self::confirm) or to [fail](Self::fail).
///
/// A dropped delivery is neither: the platform delivers the message again. Until one of the three happens, the message
/// counts as in flight.
#[must_use = "a delivery that is dropped is delivered again"]
pub struct Delivery {
    message: Message,
    slot: Slot,
    shared: Arc<Shared>,
}

impl Delivery {
    pub(crate) fn new(message: Message, slot: Slot, shared: &Arc<Shared>) -> Self {
        Self { message, slot, shared: Arc::clone(shared) }
    }

    /// Returns the message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Returns the message, and leaves an empty content.
    pub(crate) fn take_message(&mut self) -> Message {
        let id = self.message.id;
        std::mem::replace(&mut self.message, Message::new(id, "", ""))
    }

    /// Returns the number of messages in flight.
    pub(crate) fn in_flight(&self) -> usize {
        self.shared.in_flight.count()
    }

    /// Returns the time since the platform published the message, to the second. Depends on the clocks of both machines.
    pub fn lag(&self) -> Option<Duration> {
        lag(&self.message)
    }

    /// Confirms the message. This does not wait: the confirmation is sent on the current or the next connection.
    ///
    /// If the connection is lost at this moment, the platform may deliver the message again.
    pub fn confirm(self) {
        let command = ClientCommand::Confirm { id: self.message.id };
        self.settle(command);
    }

    /// Reports that the message was not processed, so that the platform delivers it again.
    ///
    /// The platform gets at most 128 characters of the reason. This does not wait, like [`confirm`](Self::confirm).
    pub fn fail(self, reason: impl fmt::Display) {
        let command = ClientCommand::Failed { id: self.message.id, reason: reason.to_string() };
        self.settle(command);
    }

    fn settle(self, command: ClientCommand) {
        // The receiver is dropped after the shutdown. Then the platform delivers the message again.
        let _ = self.shared.settlements.send(Settlement { command, slot: self.slot });
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").field("message", &self.message).finish_non_exhaustive()
    }
}

pub(crate) fn lag(message: &Message) -> Option<Duration> {
    let published = message.time?.to_system_time();
    Some(SystemTime::now().duration_since(published).unwrap_or_default())
}

/// The deliveries of a consumer: an endless stream, until [`shutdown`](ConsumerHandle::shutdown).
///
/// Dropping it closes the connection at once. Messages in flight are delivered again.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Deliveries {
    receiver: mpsc::UnboundedReceiver<Delivery>,
    shared: Arc<Shared>,
    task: Task,
}

impl Deliveries {
    /// Starts the task of the connection.
    pub(crate) fn start(shared: Arc<Shared>, queues: Queues, receiver: mpsc::UnboundedReceiver<Delivery>) -> Self {
        let task = Task(tokio::spawn(drive(Arc::clone(&shared), queues)));
        Self { receiver, shared, task }
    }

    /// Returns a handle to the consumer.
    pub fn handle(&self) -> ConsumerHandle {
        ConsumerHandle::new(&self.shared)
    }

    /// Returns the next delivery, or `None` after the shutdown.
    pub async fn next(&mut self) -> Option<Delivery> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Shuts down, and waits until the messages in flight are settled and the connection is closed.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if the stream ended because of that: see
    /// [`max_attempts`](crate::ConsumerBuilder::max_attempts).
    pub async fn finish(mut self) -> Result<(), ConnectError> {
        self.shared.shut_down();
        self.discard();
        self.ended().await
    }

    /// Waits for the end of the connection's task.
    pub(crate) async fn ended(&mut self) -> Result<(), ConnectError> {
        // The task does not panic, and only dropping this aborts it.
        (&mut self.task.0).await.unwrap_or(Ok(()))
    }

    /// Drops the deliveries that wait.
    fn discard(&mut self) {
        self.receiver.close();
        while self.receiver.try_recv().is_ok() {}
    }
}

impl Stream for Deliveries {
    type Item = Delivery;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        if self.shared.is_shut_down() {
            self.discard();
            return Poll::Ready(None);
        }
        self.receiver.poll_recv(context)
    }
}

impl fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliveries").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}
