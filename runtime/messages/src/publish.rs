//! Publishing with acknowledgements.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use top_protocol::internal::locked;

use tokio::sync::oneshot;
use tokio::time::timeout;
use top_protocol::messages::{Ack, ClientCommand, Message};

use crate::error::PublishError;
use crate::shared::{Shared, Task};
use crate::statistics::Statistics;

/// A connection that publishes messages. It does not receive any. Clones share the connection.
///
/// [`ConsumerBuilder::build_publisher`](crate::ConsumerBuilder::build_publisher) creates it. Dropping the last clone closes
/// the connection.
#[derive(Clone)]
pub struct Publisher {
    shared: Arc<Shared>,
    task: Arc<Task>,
}

impl Publisher {
    pub(crate) fn new(shared: Arc<Shared>, task: Task) -> Self {
        Self { shared, task: Arc::new(task) }
    }

    /// Publishes a message, and waits for the acknowledgement. It waits for a connection too.
    ///
    /// `session` is that of the user for whom the message is published.
    ///
    /// # Errors
    ///
    /// [`PublishError`] says whether the message may have been published. Default of the time limit: 2 seconds, see
    /// [`publish_timeout`](crate::ConsumerBuilder::publish_timeout).
    pub async fn publish(
        &self,
        topic: impl Into<String>,
        content: impl Into<String>,
        session: Option<&str>,
    ) -> Result<(), PublishError> {
        publish(&self.shared, topic.into(), content.into(), session).await
    }

    /// Closes the connection. Calls in progress fail.
    pub fn shutdown(&self) {
        self.shared.shut_down();
    }

    /// Returns the counters.
    pub fn statistics(&self) -> Statistics {
        self.shared.statistics()
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = &self.task;
        f.debug_struct("Publisher").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

/// Publishes a message on the connection of `shared`.
pub(crate) async fn publish(
    shared: &Shared,
    topic: String,
    content: String,
    session: Option<&str>,
) -> Result<(), PublishError> {
    let length = content.len();
    if length > Message::MAX_CONTENT {
        return Err(PublishError::TooLong { length });
    }
    if shared.is_shut_down() {
        return Err(PublishError::Stopped);
    }
    let (pending, result) = shared.acks.register();
    let flag = Some(pending.flag);
    let command = ClientCommand::Publish { flag, topic, content, session: session.map(str::to_owned) };
    let exchange = async {
        shared.publishes.send((pending.flag, command)).await.map_err(|_| PublishError::Stopped)?;
        result.await.unwrap_or(Err(PublishError::Stopped))
    };
    match timeout(shared.settings.publish_timeout, exchange).await {
        Ok(result) => result,
        Err(_) if pending.is_sent() => Err(PublishError::Timeout),
        Err(_) => Err(PublishError::NotConnected),
    }
}

/// The published messages without an acknowledgement, by flag.
#[derive(Default)]
pub(crate) struct Acks {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: i32,
    pending: HashMap<i32, Waiting>,
}

struct Waiting {
    result: oneshot::Sender<Result<(), PublishError>>,
    sent: bool,
}

/// A registered message. Dropping it withdraws the message if it was not sent.
pub(crate) struct Pending<'a> {
    flag: i32,
    acks: &'a Acks,
}

impl Acks {
    fn register(&self) -> (Pending<'_>, oneshot::Receiver<Result<(), PublishError>>) {
        let (result, receiver) = oneshot::channel();
        let mut state = locked(&self.state);
        // Flags are above 0. Skip flags that are still in use.
        let mut flag = state.last;
        loop {
            flag = flag.checked_add(1).unwrap_or(1);
            if !state.pending.contains_key(&flag) {
                break;
            }
        }
        state.last = flag;
        state.pending.insert(flag, Waiting { result, sent: false });
        (Pending { flag, acks: self }, receiver)
    }

    /// Marks a message as sent. Returns `false` if it was withdrawn.
    pub(crate) fn mark_sent(&self, flag: i32) -> bool {
        locked(&self.state).pending.get_mut(&flag).map(|waiting| waiting.sent = true).is_some()
    }

    /// Ends the wait for an acknowledgement. Returns `false` if no call waits for it.
    pub(crate) fn complete(&self, ack: Ack) -> bool {
        let waiting = locked(&self.state).pending.remove(&ack.flag);
        let result = ack.refusal.map_or(Ok(()), |refusal| Err(PublishError::Refused(refusal)));
        waiting.is_some_and(|waiting| waiting.result.send(result).is_ok())
    }

    /// Fails the messages that were sent on a connection that is lost.
    pub(crate) fn connection_lost(&self) {
        let pending = &mut locked(&self.state).pending;
        for (_, waiting) in pending.extract_if(|_, waiting| waiting.sent) {
            // The caller may have stopped waiting.
            let _ = waiting.result.send(Err(PublishError::ConnectionLost));
        }
    }

    /// Fails all messages.
    pub(crate) fn stop(&self) {
        self.connection_lost();
        for (_, waiting) in locked(&self.state).pending.drain() {
            let _ = waiting.result.send(Err(PublishError::Stopped));
        }
    }
}

impl Pending<'_> {
    fn is_sent(&self) -> bool {
        locked(&self.acks.state).pending.get(&self.flag).is_some_and(|waiting| waiting.sent)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        locked(&self.acks.state).pending.remove(&self.flag);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_positive_and_not_reused_while_pending() {
        let acks = Acks::default();
        let (first, _) = acks.register();
        assert_eq!(first.flag, 1);
        locked(&acks.state).last = i32::MAX;
        let (second, _) = acks.register();
        assert_eq!(second.flag, 2);
    }

    #[test]
    fn a_withdrawn_message_is_not_sent() {
        let acks = Acks::default();
        let (pending, _) = acks.register();
        let flag = pending.flag;
        drop(pending);
        assert!(!acks.mark_sent(flag));
        assert!(!acks.complete(Ack::new(flag, None)));
    }
}
