//! Turns at even distances, in the order in which calls come.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Mutex as Lock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant as Time};

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::error::LimitError;
use crate::lock::locked;

/// Its parameters are all named, because their defaults go by features of governor that others may have turned on.
type Governor = RateLimiter<NotKeyed, InMemoryState, AsOf, NoOpMiddleware<Time>>;

/// Turns at even distances, of which governor keeps count. It lets whoever asks first have the next one, and so only the
/// first of those who wait asks.
pub(super) struct Rate {
    distance: Duration,
    governor: Governor,
    queue: Mutex<()>,
    waiting: AtomicU32,
}

impl Rate {
    /// One call in every such time. There are no bursts: the platform counts by its own seconds, and two bursts can fall
    /// into one of them.
    pub(super) fn new(distance: Duration) -> Self {
        // There is none only if the distance is less than a nanosecond.
        let quota = Quota::with_period(distance).unwrap_or(Quota::per_second(NonZeroU32::MAX));
        let quota = quota.allow_burst(NonZeroU32::MIN);
        Self {
            distance,
            governor: RateLimiter::direct_with_clock(quota, AsOf(Lock::new(Instant::now().into_std()))),
            queue: Mutex::default(),
            waiting: AtomicU32::new(0),
        }
    }

    /// Waits for the next turn, if it comes before `end`.
    pub(super) async fn turn(&self, end: Instant) -> Result<(), LimitError> {
        let came = Instant::now();
        let place = Place::behind(&self.waiting);
        // The first of those who wait has its turn then, and each of the others one distance later.
        let next = self.governor.clock().get().max(came);
        let earliest = next + self.distance.saturating_mul(place.ahead);
        if place.ahead > 0 && earliest > end {
            return Err(LimitError::too_late(earliest - came));
        }
        let Ok(_first) = timeout_at(end, self.queue.lock()).await else {
            return Err(LimitError::out_of_time());
        };
        // It is asked as of when the turn is due and not of when this task has woken, or each would be late by as much as
        // all before it together. What is later than timers are has stood still, and is not caught up with in a burst.
        let late = || Instant::now().checked_sub(self.distance.max(LATE)).unwrap_or(came);
        let clock = self.governor.clock();
        clock.set(came.max(late()));
        while let Err(early) = self.governor.check() {
            let due = clock.get() + early.wait_time_from(clock.now());
            clock.set(due);
            if due > end {
                return Err(LimitError::too_late(due.saturating_duration_since(Instant::now())));
            }
            sleep_until(due).await;
            clock.set(due.max(late()));
        }
        Ok(())
    }
}

/// How late a task may be that a timer has woken.
const LATE: Duration = Duration::from_millis(20);

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rate").field("distance", &self.distance).finish_non_exhaustive()
    }
}

/// A place in the queue, which is free again when this is dropped.
struct Place<'r> {
    ahead: u32,
    waiting: &'r AtomicU32,
}

impl<'r> Place<'r> {
    fn behind(waiting: &'r AtomicU32) -> Self {
        Self { ahead: waiting.fetch_add(1, Ordering::Relaxed), waiting }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The time that governor goes by: whatever it was set to.
struct AsOf(Lock<Time>);

impl AsOf {
    fn set(&self, time: Instant) {
        *locked(&self.0) = time.into_std();
    }

    fn get(&self) -> Instant {
        Instant::from_std(self.now())
    }
}

impl Clock for AsOf {
    type Instant = Time;

    fn now(&self) -> Time {
        *locked(&self.0)
    }
}
