//! The state that a consumer or a publisher shares with its tasks.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use top_protocol::internal::locked;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::http::Uri;
use top_protocol::AppCredentials;
use top_protocol::messages::ClientCommand;
use tracing::warn;

use crate::TARGET;
use crate::connect::{Connector, TokenProvider};
use crate::error::ConnectError;
use crate::in_flight::{InFlight, Slot};
use crate::publish::Acks;
use crate::statistics::{Counters, Statistics};
use crate::stream::Delivery;

/// The settings of a consumer or a publisher.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) url: Uri,
    pub(crate) credentials: AppCredentials,
    pub(crate) group: String,
    pub(crate) concurrency: usize,
    pub(crate) max_in_flight: usize,
    /// `None` for a publisher.
    pub(crate) pull_interval: Option<Duration>,
    pub(crate) ping_interval: Duration,
    pub(crate) handshake_timeout: Duration,
    pub(crate) handler_timeout: Duration,
    pub(crate) publish_timeout: Duration,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) backoff: (Duration, Duration),
    pub(crate) max_attempts: Option<u32>,
    pub(crate) token_provider: Option<TokenProvider>,
    pub(crate) connector: Option<Connector>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("host", &self.url.host())
            .field("credentials", &self.credentials)
            .field("group", &self.group)
            .field("concurrency", &self.concurrency)
            .field("max_in_flight", &self.max_in_flight)
            .field("pull_interval", &self.pull_interval)
            .field("ping_interval", &self.ping_interval)
            .field("handshake_timeout", &self.handshake_timeout)
            .field("handler_timeout", &self.handler_timeout)
            .field("publish_timeout", &self.publish_timeout)
            .field("shutdown_timeout", &self.shutdown_timeout)
            .field("backoff", &self.backoff)
            .field("max_attempts", &self.max_attempts)
            .finish_non_exhaustive()
    }
}

/// The state that a consumer or a publisher shares with its tasks.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) in_flight: Arc<InFlight>,
    pub(crate) acks: Acks,
    pub(crate) counters: Counters,
    /// Bounded by the messages in flight.
    pub(crate) settlements: mpsc::UnboundedSender<Settlement>,
    pub(crate) publishes: mpsc::Sender<(i32, ClientCommand)>,
    /// Bounded by the messages in flight. `None` after the shutdown.
    deliveries: Mutex<Option<mpsc::UnboundedSender<Delivery>>>,
    shutdown: watch::Sender<bool>,
}

/// The result of a message, to send to the server. The message is in flight until it is sent.
pub(crate) struct Settlement {
    pub(crate) command: ClientCommand,
    pub(crate) slot: Slot,
}

/// The receivers of the channels of [`Shared`].
pub(crate) struct Queues {
    pub(crate) settlements: mpsc::UnboundedReceiver<Settlement>,
    pub(crate) publishes: mpsc::Receiver<(i32, ClientCommand)>,
}

impl Shared {
    /// The maximum number of published messages that wait for the writer.
    const PUBLISHES: usize = 64;

    pub(crate) fn new(settings: Settings) -> (Arc<Self>, Queues, mpsc::UnboundedReceiver<Delivery>) {
        let (settlements, settlement_queue) = mpsc::unbounded_channel();
        let (publishes, publish_queue) = mpsc::channel(Self::PUBLISHES);
        let (deliveries, delivery_queue) = mpsc::unbounded_channel();
        let shared = Self {
            in_flight: InFlight::new(settings.max_in_flight),
            settings,
            acks: Acks::default(),
            counters: Counters::default(),
            settlements,
            publishes,
            deliveries: Mutex::new(Some(deliveries)),
            shutdown: watch::Sender::new(false),
        };
        (Arc::new(shared), Queues { settlements: settlement_queue, publishes: publish_queue }, delivery_queue)
    }

    /// Starts the shutdown, and ends the stream of deliveries.
    pub(crate) fn shut_down(&self) {
        self.shutdown.send_replace(true);
        locked(&self.deliveries).take();
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        *self.shutdown.borrow()
    }

    /// Waits for the shutdown.
    pub(crate) async fn shutdown(&self) {
        // The sender is a field, so it is not dropped.
        let _ = self.shutdown.subscribe().wait_for(|shutdown| *shutdown).await;
    }

    /// Waits until no message is in flight, at most the time limit of a shutdown.
    pub(crate) async fn finish(&self) {
        let limit = self.settings.shutdown_timeout;
        if timeout(limit, self.in_flight.idle()).await.is_err() {
            let in_flight = self.in_flight.count();
            warn!(target: TARGET, in_flight, waited = ?limit, "shut down with messages in flight; the server delivers them again");
        }
    }

    /// Passes a delivery to the stream. After the shutdown it is dropped, and the server delivers it again.
    pub(crate) fn deliver(&self, delivery: Delivery) {
        if let Some(deliveries) = &*locked(&self.deliveries) {
            // Without a receiver, the stream was dropped.
            let _ = deliveries.send(delivery);
        }
    }

    pub(crate) fn statistics(&self) -> Statistics {
        self.counters.snapshot(self.in_flight.count())
    }
}

/// A spawned task. Dropping this aborts it.
pub(crate) struct Task(pub(crate) JoinHandle<Result<(), ConnectError>>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
