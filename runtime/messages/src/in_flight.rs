//! The messages in flight, and the limit of their number.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use top_protocol::internal::locked;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The messages in flight: from their arrival until the confirmation or the failure is sent.
pub(crate) struct InFlight {
    capacity: usize,
    permits: Arc<Semaphore>,
    ids: Mutex<HashSet<i64>>,
    released: Notify,
}

/// The reason for ignoring a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAdmitted {
    /// A message with this id is in flight.
    Duplicate,
    /// There are too many messages in flight.
    Full,
}

/// A message in flight, until it is dropped.
pub(crate) struct Slot {
    in_flight: Arc<InFlight>,
    id: i64,
    permit: Option<OwnedSemaphorePermit>,
}

impl InFlight {
    /// The content that one permit stands for. A longer message takes several permits, which bounds the memory.
    const UNIT: usize = 32 << 10;

    /// The longest time that the reader waits for a permit, and does not read pings.
    const MAX_WAIT: Duration = Duration::from_secs(1);

    pub(crate) fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            capacity,
            permits: Arc::new(Semaphore::new(capacity)),
            ids: Mutex::new(HashSet::new()),
            released: Notify::new(),
        })
    }

    /// Returns the number of messages in flight.
    pub(crate) fn count(&self) -> usize {
        locked(&self.ids).len()
    }

    /// Returns whether there is room for the messages of another pull.
    pub(crate) fn has_room(&self) -> bool {
        self.permits.available_permits() > self.capacity / 2
    }

    /// Waits until there is room for the messages of another pull.
    pub(crate) async fn room(&self) {
        self.until(|| self.has_room()).await;
    }

    /// Waits until no message is in flight.
    pub(crate) async fn idle(&self) {
        self.until(|| self.count() == 0).await;
    }

    async fn until(&self, condition: impl Fn() -> bool) {
        loop {
            let mut released = std::pin::pin!(self.released.notified());
            released.as_mut().enable();
            if condition() {
                return;
            }
            released.await;
        }
    }

    /// Admits a message, or waits a limited time until it can.
    ///
    /// `exhausted` is whether the last message was not admitted because there were no permits. Then this does not wait.
    pub(crate) async fn admit(
        self: &Arc<Self>,
        id: i64,
        length: usize,
        exhausted: &mut bool,
    ) -> Result<Slot, NotAdmitted> {
        if locked(&self.ids).contains(&id) {
            return Err(NotAdmitted::Duplicate);
        }
        let permits = (length / Self::UNIT + 1).min(self.capacity);
        let permits = u32::try_from(permits).unwrap_or(u32::MAX);
        let permit = match Arc::clone(&self.permits).try_acquire_many_owned(permits) {
            Ok(permit) => Some(permit),
            Err(_) if *exhausted => None,
            Err(_) => {
                let wait = timeout(Self::MAX_WAIT, Arc::clone(&self.permits).acquire_many_owned(permits));
                wait.await.ok().and_then(Result::ok)
            }
        };
        *exhausted = permit.is_none();
        let permit = permit.ok_or(NotAdmitted::Full)?;
        locked(&self.ids).insert(id);
        Ok(Slot { in_flight: Arc::clone(self), id, permit: Some(permit) })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        locked(&self.in_flight.ids).remove(&self.id);
        drop(self.permit.take());
        self.in_flight.released.notify_waiters();
    }
}
