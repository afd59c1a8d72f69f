//! Detection of repeated deliveries.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::hash::Hash;
use std::sync::Mutex;
use std::time::Duration;
use top_protocol::internal::locked;

use tokio::time::Instant;

/// Remembers the keys of handled messages, for a time and up to a number of keys.
///
/// Insert the key after the message was handled. A failed message is then handled again when it is delivered again. The key
/// is the [id](crate::Message::id) of the message, or for a change of the same data, its
/// [data id](crate::Message::data_id).
///
/// ```
/// use std::time::Duration;
/// use top_messages::{Deduplicator, Message};
///
/// # async fn process(message: &Message) -> Result<(), String> { Ok(()) }
/// async fn handle(handled: &Deduplicator<i64>, message: Message) -> Result<(), String> {
///     if !handled.contains(&message.id) {
///         process(&message).await?;
///         handled.insert(message.id);
///     }
///     Ok(())
/// }
///
/// let handled = Deduplicator::new(100_000, Duration::from_secs(24 * 60 * 60));
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # handle(&handled, Message::new(1, "t", "{}")).await.unwrap();
/// # assert!(handled.contains(&1));
/// # });
/// ```
pub struct Deduplicator<K> {
    capacity: usize,
    lifetime: Duration,
    keys: Mutex<Keys<K>>,
}

struct Keys<K> {
    known: HashSet<K>,
    /// The keys with the time of their insertion, in this order.
    order: VecDeque<(Instant, K)>,
}

impl<K: Clone + Eq + Hash> Deduplicator<K> {
    /// Creates a deduplicator that remembers at most `capacity` keys, each for `lifetime`.
    pub fn new(capacity: usize, lifetime: Duration) -> Self {
        Self { capacity, lifetime, keys: Mutex::new(Keys { known: HashSet::new(), order: VecDeque::new() }) }
    }

    /// Returns whether the key is remembered: it was inserted, has not expired, and was not displaced by newer keys.
    pub fn contains(&self, key: &K) -> bool {
        self.current().known.contains(key)
    }

    /// Inserts a key. Returns `false` if it is known. The lifetime of a known key does not change.
    pub fn insert(&self, key: K) -> bool {
        let mut keys = self.current();
        if !keys.known.insert(key.clone()) {
            return false;
        }
        keys.order.push_back((Instant::now(), key));
        if keys.order.len() > self.capacity {
            keys.remove_oldest();
        }
        true
    }

    /// Returns the number of keys.
    pub fn len(&self) -> usize {
        self.current().order.len()
    }

    /// Returns whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes the keys whose lifetime has ended.
    fn current(&self) -> std::sync::MutexGuard<'_, Keys<K>> {
        let mut keys = locked(&self.keys);
        let now = Instant::now();
        while keys.order.front().is_some_and(|(since, _)| now.duration_since(*since) >= self.lifetime) {
            keys.remove_oldest();
        }
        keys
    }
}

impl<K: Eq + Hash> Keys<K> {
    fn remove_oldest(&mut self) {
        if let Some((_, key)) = self.order.pop_front() {
            self.known.remove(&key);
        }
    }
}

impl<K> fmt::Debug for Deduplicator<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deduplicator")
            .field("capacity", &self.capacity)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn keys_expire() {
        let handled = Deduplicator::new(10, Duration::from_secs(60));
        assert!(handled.insert(1));
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(!handled.insert(1));
        assert!(handled.insert(2));
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(!handled.contains(&1));
        assert!(handled.contains(&2));
        assert_eq!(handled.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_key_makes_room() {
        let handled = Deduplicator::new(2, Duration::from_secs(60));
        for key in 0..1000 {
            assert!(handled.insert(key));
            assert!(handled.len() <= 2);
        }
        assert!(!handled.contains(&997) && handled.contains(&998) && handled.contains(&999));
        let nothing = Deduplicator::new(0, Duration::from_secs(60));
        assert!(nothing.insert(1) && nothing.insert(1) && nothing.is_empty());
    }
}
