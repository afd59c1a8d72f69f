//! Locks.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Nothing panics while it holds a lock, so that what one guards is always whole.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
