//! A rate limiter that spaces calls evenly.

use std::sync::Mutex as SyncMutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use top_protocol::internal::locked;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::error::LimitError;

/// Admits one call per interval, in the order in which calls arrive.
///
/// There are no bursts: the platform counts calls per second of its own clock, and two bursts can fall into one second.
#[derive(Debug)]
pub(super) struct RateLimiter {
    interval: Duration,
    /// The earliest time of the next call.
    next: SyncMutex<Instant>,
    /// Held by the first call in the queue. The mutex is fair.
    queue: Mutex<()>,
    /// The number of calls in the queue, the first one included.
    queued: AtomicU32,
}

/// The delay of a task after its timer that is still ordinary.
const MAX_LATENCY: Duration = Duration::from_millis(20);

impl RateLimiter {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, next: SyncMutex::new(Instant::now()), queue: Mutex::default(), queued: AtomicU32::new(0) }
    }

    /// Waits until the next call may be sent. Fails at once if that is known to be after `end`.
    pub(super) async fn acquire(&self, end: Instant) -> Result<(), LimitError> {
        let arrived = Instant::now();
        let position = QueuePosition::join(&self.queued);
        let earliest = self.due(arrived).checked_add(self.interval.saturating_mul(position.ahead)).unwrap_or(end);
        if earliest > end {
            return Err(LimitError::too_late(earliest - arrived));
        }
        let Ok(_first) = timeout_at(end, self.queue.lock()).await else {
            return Err(LimitError::out_of_time());
        };
        let due = self.due(arrived);
        if due > end {
            return Err(LimitError::too_late(due.saturating_duration_since(Instant::now())));
        }
        sleep_until(due).await;
        // Counts from the scheduled time, so that timer latency does not accumulate. A longer delay is not made up for: that
        // would be a burst.
        *locked(&self.next) = self.without_backlog(due) + self.interval;
        Ok(())
    }

    /// Returns the time of the next call, for a call that arrived at `arrived`.
    fn due(&self, arrived: Instant) -> Instant {
        self.without_backlog(arrived.max(*locked(&self.next)))
    }

    /// Moves a time that is long past to the latest time that causes no burst.
    fn without_backlog(&self, time: Instant) -> Instant {
        Instant::now().checked_sub(self.interval.max(MAX_LATENCY)).map_or(time, |earliest| time.max(earliest))
    }
}

/// A position in the queue. Dropping it leaves the queue.
struct QueuePosition<'r> {
    ahead: u32,
    queued: &'r AtomicU32,
}

impl<'r> QueuePosition<'r> {
    fn join(queued: &'r AtomicU32) -> Self {
        Self { ahead: queued.fetch_add(1, Ordering::Relaxed), queued }
    }
}

impl Drop for QueuePosition<'_> {
    fn drop(&mut self) {
        self.queued.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is a test's verdict")]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use tokio::time::{advance, sleep};

    use super::*;

    const INTERVAL: Duration = Duration::from_millis(100);

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Returns the times of `count` calls that arrive together, in milliseconds after `start`.
    async fn times(limiter: &RateLimiter, start: Instant, count: usize) -> Vec<u128> {
        let mut times = Vec::new();
        for _ in 0..count {
            limiter.acquire(start + millis(60_000)).await.unwrap();
            times.push(start.elapsed().as_millis());
        }
        times
    }

    #[tokio::test(start_paused = true)]
    async fn calls_are_evenly_spaced_without_a_burst() {
        let (start, limiter) = (Instant::now(), RateLimiter::new(INTERVAL));
        assert_eq!(times(&limiter, start, 4).await, [0, 100, 200, 300]);
        // Idle time is not saved up.
        advance(millis(10_000)).await;
        assert_eq!(times(&limiter, start, 3).await, [10_300, 10_400, 10_500]);
    }

    #[tokio::test(start_paused = true)]
    async fn late_tasks_do_not_accumulate_delay_and_do_not_burst() {
        let (start, limiter) = (Instant::now(), RateLimiter::new(INTERVAL));
        limiter.acquire(start + INTERVAL).await.unwrap();
        let mut second = pin!(limiter.acquire(start + millis(1000)));
        let mut context = Context::from_waker(Waker::noop());
        assert!(second.as_mut().poll(&mut context).is_pending());
        // The task wakes 15 ms late. The third call keeps its time.
        advance(millis(115)).await;
        second.await.unwrap();
        limiter.acquire(start + millis(1000)).await.unwrap();
        assert_eq!(start.elapsed().as_millis(), 200);
        // The program stops for a second. At most one call is made up for.
        let mut fourth = pin!(limiter.acquire(start + millis(5000)));
        assert!(fourth.as_mut().poll(&mut context).is_pending());
        advance(millis(1000)).await;
        fourth.await.unwrap();
        assert_eq!(times(&limiter, start, 3).await, [1200, 1300, 1400]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_known_to_be_too_long_fails_at_once() {
        let (start, limiter) = (Instant::now(), RateLimiter::new(INTERVAL));
        limiter.acquire(start).await.unwrap();
        let error = limiter.acquire(start + millis(99)).await.unwrap_err();
        assert_eq!(error.retry_after, Some(INTERVAL));
        // The queue counts: one call waits, and the next one waits for two intervals.
        let mut first = pin!(limiter.acquire(start + INTERVAL));
        assert!(first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let error = limiter.acquire(start + millis(199)).await.unwrap_err();
        assert_eq!(error.retry_after, Some(2 * INTERVAL));
        assert_eq!(start.elapsed(), Duration::ZERO);
        first.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_call_gives_its_place_to_the_next() {
        let (start, limiter) = (Instant::now(), RateLimiter::new(INTERVAL));
        limiter.acquire(start).await.unwrap();
        tokio::select! {
            _ = limiter.acquire(start + millis(1000)) => unreachable!("the limiter admits no call before 100 ms"),
            () = sleep(millis(50)) => {}
        }
        assert_eq!(times(&limiter, start, 2).await, [100, 200]);
    }

    #[tokio::test(start_paused = true)]
    async fn extreme_intervals_are_accepted() {
        let (start, limiter) = (Instant::now(), RateLimiter::new(Duration::ZERO));
        assert_eq!(times(&limiter, start, 100).await, [0; 100]);
        let year = RateLimiter::new(millis(366 * 24 * 3600 * 1000));
        year.acquire(start).await.unwrap();
        assert!(year.acquire(start + millis(60_000)).await.is_err());
        // The wait of a long queue is beyond the range of the clock.
        year.queued.store(u32::MAX - 1, Ordering::Relaxed);
        assert!(year.acquire(start + millis(60_000)).await.is_err());
    }
}
