//! The loop that connects again and again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use top_protocol::internal::Chain;
use tracing::{info, warn};

use crate::TARGET;
use crate::backoff::Backoff;
use crate::connect::connect;
use crate::connection::{End, Outgoing, serve};
use crate::error::ConnectError;
use crate::shared::{Queues, Shared};
use crate::statistics::{count, get};

/// Commands that may not have arrived. They are sent again on the next connection, except published messages that were sent.
pub(crate) type Unsent = Vec<Outgoing>;

/// A connection that lasted this long resets the backoff.
const STABLE: Duration = Duration::from_secs(10);

/// Connects and serves connections until the shutdown, or until too many attempts in a row failed.
pub(crate) async fn drive(shared: Arc<Shared>, queues: Queues) -> Result<(), ConnectError> {
    let _ended = Ended(&shared);
    // Dropped before the guard, so that the guard sees every published message.
    let mut queues = queues;
    let settings = &shared.settings;
    let (mut unsent, mut failures) = (Unsent::new(), 0);
    let mut backoff = Backoff::new(settings.backoff.0, settings.backoff.1);
    let ended = loop {
        let connected = tokio::select! {
            biased;
            () = shared.shutdown() => break Ok(()),
            connected = connect(settings) => connected,
        };
        match connected {
            Ok(connection) => {
                failures = 0;
                count(&shared.counters.connections);
                shared.counters.connected.store(1, Ordering::Relaxed);
                let connections = get(&shared.counters.connections);
                info!(target: TARGET, group = settings.group, connections, "connected");
                let start = Instant::now();
                let end = serve(connection, &shared, &mut queues, &mut unsent).await;
                shared.counters.connected.store(0, Ordering::Relaxed);
                shared.acks.connection_lost();
                // A new connection pulls by itself.
                unsent.retain(|command| !matches!(command, Outgoing::Pull));
                let in_flight = shared.in_flight.count();
                if matches!(end, End::ShutDown) {
                    info!(target: TARGET, group = settings.group, in_flight, "disconnected: {end}");
                    return Ok(());
                }
                warn!(target: TARGET, group = settings.group, in_flight, connections, "disconnected: {end}");
                if start.elapsed() >= STABLE {
                    backoff.reset();
                }
            }
            Err(error) => {
                failures += 1;
                count(&shared.counters.failed_connections);
                warn!(target: TARGET, group = settings.group, failures, error = %Chain(&error), "connection failed");
                if settings.max_attempts.is_some_and(|max| failures >= max) {
                    break Err(error);
                }
            }
        }
        tokio::select! {
            biased;
            () = shared.shutdown() => break Ok(()),
            () = sleep(backoff.delay()) => {}
        }
    };
    // Without a connection, nothing is sent any more. Handlers that run may finish.
    shared.shut_down();
    drop((queues, unsent));
    shared.acks.stop();
    shared.finish().await;
    ended
}

/// Ends the stream of deliveries and the calls in progress, even if the task is aborted.
struct Ended<'a>(&'a Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.counters.connected.store(0, Ordering::Relaxed);
        self.0.shut_down();
        self.0.acks.stop();
    }
}
