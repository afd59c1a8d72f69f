//! A lock helper.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`, and ignores poisoning. No code panics while it holds a lock, so the data is consistent.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
