//! Consumers.

use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use top_protocol::AppCredentials;
use top_protocol::messages::Message;
use tracing::{Instrument as _, debug, debug_span, warn};

use crate::TARGET;
use crate::builder::ConsumerBuilder;
use crate::error::{ConnectError, PublishError};
use crate::publish::publish;
use crate::shared::{Queues, Settings, Shared};
use crate::statistics::Statistics;
use crate::stream::{Deliveries, Delivery};

/// A consumer of the messages of one group.
///
/// A process can have any number of consumers. Consumers of one group share its messages.
pub struct Consumer {
    shared: Arc<Shared>,
    queues: Queues,
    receiver: mpsc::UnboundedReceiver<Delivery>,
}

impl Consumer {
    /// Creates a builder. `url` is that of the message channel, such as [`TAOBAO`](crate::TAOBAO).
    pub fn builder(url: impl Into<String>, credentials: AppCredentials) -> ConsumerBuilder {
        ConsumerBuilder::new(url.into(), credentials)
    }

    pub(crate) fn new(settings: Settings) -> Self {
        let (shared, queues, receiver) = Shared::new(settings);
        Self { shared, queues, receiver }
    }

    /// Returns a handle that shuts the consumer down.
    pub fn handle(&self) -> ConsumerHandle {
        ConsumerHandle::new(&self.shared)
    }

    /// Connects in a task of its own, and returns the deliveries as a stream.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn stream(self) -> Deliveries {
        Deliveries::start(self.shared, self.queues, self.receiver)
    }

    /// Calls `handler` with each message until [`shutdown`](ConsumerHandle::shutdown).
    ///
    /// At most [`concurrency`](ConsumerBuilder::concurrency) handlers run at a time. A message is confirmed after its handler
    /// returned `Ok`. An error, a panic or the [`handler_timeout`](ConsumerBuilder::handler_timeout) fails it, so that the
    /// platform delivers it again; the platform gets at most 128 characters of the error. A handler runs in a task, so it can
    /// use [`tokio::task::spawn_blocking`] but must not block.
    ///
    /// Dropping the future closes the connection at once and cancels the handlers.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] after [`max_attempts`](ConsumerBuilder::max_attempts). By default, the consumer never gives up.
    pub async fn run<H, F, E>(self, handler: H) -> Result<(), ConnectError>
    where
        H: Fn(Message) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: fmt::Display + 'static,
    {
        let (handler, limit) = (Arc::new(handler), self.shared.settings.handler_timeout);
        let concurrency = self.shared.settings.concurrency;
        let mut deliveries = self.stream();
        // Dropping the set aborts its tasks.
        let mut tasks = JoinSet::new();
        loop {
            while tasks.try_join_next().is_some() {}
            if tasks.len() >= concurrency {
                tokio::select! {
                    _ = tasks.join_next() => {}
                    ended = deliveries.ended() => return ended,
                }
                continue;
            }
            match deliveries.next().await {
                Some(delivery) => {
                    tasks.spawn(handle(delivery, Arc::clone(&handler), limit));
                }
                None => return deliveries.ended().await,
            }
        }
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

/// Handles a message and settles it.
async fn handle<H, F, E>(mut delivery: Delivery, handler: Arc<H>, limit: Duration)
where
    H: Fn(Message) -> F,
    F: Future<Output = Result<(), E>>,
    E: fmt::Display,
{
    let (start, lag) = (Instant::now(), delivery.lag());
    let message = delivery.take_message();
    let span = debug_span!(target: TARGET, "message", id = message.id, topic = message.topic);
    // The handler is called within the future, so that a panic of the call is caught too.
    let call = async { handler(message).await };
    let result = timeout(limit, AssertUnwindSafe(call).catch_unwind()).instrument(span.clone()).await;
    let _entered = span.enter();
    let in_flight = delivery.in_flight();
    let (lag_ms, duration_ms) = (lag.map(milliseconds), milliseconds(start.elapsed()));
    let error = match result {
        Ok(Ok(Ok(()))) => {
            debug!(target: TARGET, lag_ms, duration_ms, in_flight, "message handled");
            return delivery.confirm();
        }
        Ok(Ok(Err(error))) => error.to_string(),
        Ok(Err(_)) => "the handler panicked".to_owned(),
        Err(_) => format!("the handler took longer than {limit:?}"),
    };
    warn!(target: TARGET, lag_ms, duration_ms, in_flight, error, "message failed");
    delivery.fail(error);
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A handle to a consumer. Clones are handles to the same consumer.
#[derive(Clone)]
pub struct ConsumerHandle {
    shared: Arc<Shared>,
}

impl ConsumerHandle {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared) }
    }

    /// Shuts the consumer down: it takes no more messages, waits for the handlers that run, sends their confirmations, and
    /// closes the connection.
    ///
    /// Messages that wait for a handler are not handled, and the platform delivers them again. After the
    /// [`shutdown_timeout`](ConsumerBuilder::shutdown_timeout), the remaining handlers are cancelled.
    pub fn shutdown(&self) {
        self.shared.shut_down();
    }

    /// Publishes a message on the connection of the consumer: see [`Publisher::publish`](crate::Publisher::publish).
    ///
    /// # Errors
    ///
    /// [`PublishError`] says whether the message may have been published.
    pub async fn publish(
        &self,
        topic: impl Into<String>,
        content: impl Into<String>,
        session: Option<&str>,
    ) -> Result<(), PublishError> {
        publish(&self.shared, topic.into(), content.into(), session).await
    }

    /// Returns the counters.
    pub fn statistics(&self) -> Statistics {
        self.shared.statistics()
    }
}

impl fmt::Debug for ConsumerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsumerHandle").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}
