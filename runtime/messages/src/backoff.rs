//! The delays between attempts to connect.

use std::time::Duration;

/// Exponential backoff with jitter.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    initial: Duration,
    max: Duration,
    next: Duration,
}

impl Backoff {
    /// Creates a backoff. The first delay is at most `initial`, and no delay is longer than `max`.
    pub(crate) fn new(initial: Duration, max: Duration) -> Self {
        let initial = initial.min(max);
        Self { initial, max, next: initial }
    }

    /// Returns the next delay: a random one from half of the limit up to the limit, which doubles each time.
    pub(crate) fn delay(&mut self) -> Duration {
        let limit = self.next;
        self.next = limit.saturating_mul(2).min(self.max);
        limit.mul_f64(0.5 + fastrand::f64() / 2.0)
    }

    /// Starts again with the first delay.
    pub(crate) fn reset(&mut self) {
        self.next = self.initial;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_maximum() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        for _ in 0..2 {
            for limit in [1, 2, 4, 5, 5] {
                let (limit, delay) = (Duration::from_secs(limit), backoff.delay());
                assert!(delay >= limit / 2 && delay <= limit, "{delay:?} of {limit:?}");
            }
            backoff.reset();
        }
    }

    #[test]
    fn extreme_settings_do_not_overflow() {
        for (initial, max) in
            [(Duration::ZERO, Duration::ZERO), (Duration::MAX, Duration::MAX), (Duration::MAX, Duration::ZERO)]
        {
            let mut backoff = Backoff::new(initial, max);
            for _ in 0..3 {
                assert!(backoff.delay() <= max);
            }
        }
    }
}
