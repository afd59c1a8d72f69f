//! Counters of a consumer or a publisher.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of a consumer or a publisher since it was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Whether there is a connection.
    pub connected: bool,
    /// The connections whose handshake succeeded.
    pub connections: u64,
    /// The attempts to connect that failed.
    pub failed_connections: u64,
    /// The messages that are in flight: they wait, are handled, or their confirmation is not sent.
    pub in_flight: usize,
    /// The received messages, without discarded and duplicate ones.
    pub received: u64,
    /// The sent confirmations.
    pub confirmed: u64,
    /// The sent reports of failures.
    pub failed: u64,
    /// The messages that were delivered again while they were in flight. They are ignored.
    pub duplicates: u64,
    /// The messages that were discarded because too many were in flight. The platform delivers them again.
    pub discarded: u64,
    /// The frames that could not be read.
    pub invalid_frames: u64,
}

/// The counters behind [`Statistics`].
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) connected: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) failed_connections: AtomicU64,
    pub(crate) received: AtomicU64,
    pub(crate) confirmed: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) discarded: AtomicU64,
    pub(crate) invalid_frames: AtomicU64,
}

impl Counters {
    pub(crate) fn snapshot(&self, in_flight: usize) -> Statistics {
        Statistics {
            connected: get(&self.connected) > 0,
            connections: get(&self.connections),
            failed_connections: get(&self.failed_connections),
            in_flight,
            received: get(&self.received),
            confirmed: get(&self.confirmed),
            failed: get(&self.failed),
            duplicates: get(&self.duplicates),
            discarded: get(&self.discarded),
            invalid_frames: get(&self.invalid_frames),
        }
    }
}

/// Increments a counter.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
