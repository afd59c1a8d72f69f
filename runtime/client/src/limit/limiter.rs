//! The interface of a limiter.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::LimitError;
use crate::transport::BoxFuture;

/// Decides when a call may be sent.
///
/// A client acquires a [`Permit`] before every attempt at a call, and reports bans of the platform. [`Limits`](super::Limits)
/// serves one program. A limiter over a shared store serves several machines.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::time::Duration;
///
/// use generated_sdk::client::{BoxFuture, CallInfo, Limiter, Permit};
/// use generated_sdk::protocol::LimitError;
///
/// /// A daily quota for calls of all methods.
/// struct DailyQuota(AtomicU64);
///
/// impl Limiter for DailyQuota {
///     fn acquire<'a>(&'a self, _call: CallInfo<'a>) -> BoxFuture<'a, Result<Permit, LimitError>> {
///         let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
///         Box::pin(async move { left.map(|_| Permit::new()).map_err(|_| LimitError::failed("daily quota used up")) })
///     }
///
///     fn banned<'a>(&'a self, _app_key: &'a str, _method: Option<&'a str>, _time: Duration) -> BoxFuture<'a, ()> {
///         Box::pin(async {})
///     }
/// }
/// ```
///
/// When the deadline of a call passes, the client drops the future of [`acquire`](Self::acquire).
pub trait Limiter: Send + Sync + 'static {
    /// Waits until `call` may be sent.
    ///
    /// # Errors
    ///
    /// [`LimitError`] if the wait is known to exceed [`max_wait`](CallInfo::max_wait), or if the limiter fails.
    fn acquire<'a>(&'a self, call: CallInfo<'a>) -> BoxFuture<'a, Result<Permit, LimitError>>;

    /// Called when the platform bans an application's calls of `method` for `time` from now. Without a method, the ban is
    /// for all methods.
    fn banned<'a>(&'a self, app_key: &'a str, method: Option<&'a str>, time: Duration) -> BoxFuture<'a, ()>;
}

impl<T: Limiter + ?Sized> Limiter for Arc<T> {
    fn acquire<'a>(&'a self, call: CallInfo<'a>) -> BoxFuture<'a, Result<Permit, LimitError>> {
        (**self).acquire(call)
    }

    fn banned<'a>(&'a self, app_key: &'a str, method: Option<&'a str>, time: Duration) -> BoxFuture<'a, ()> {
        (**self).banned(app_key, method, time)
    }
}

/// An attempt at a call that waits for a [`Permit`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CallInfo<'a> {
    /// The AppKey of the application.
    pub app_key: &'a str,
    /// The name of the method.
    pub method: &'a str,
    /// The maximum time that the caller waits.
    pub max_wait: Duration,
}

impl<'a> CallInfo<'a> {
    /// Creates the description of an attempt.
    pub const fn new(app_key: &'a str, method: &'a str, max_wait: Duration) -> Self {
        Self { app_key, method, max_wait }
    }
}

/// Permission for one attempt. The client drops it when the attempt ends.
pub struct Permit {
    _guard: Option<Box<dyn Send + Sync>>,
}

impl Permit {
    /// Creates a permit that releases nothing.
    pub const fn new() -> Self {
        Self { _guard: None }
    }

    /// Creates a permit that drops `guard` with itself, to release what the guard holds.
    pub fn with_guard(guard: impl Send + Sync + 'static) -> Self {
        Self { _guard: Some(Box::new(guard)) }
    }
}

impl Default for Permit {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permit")
    }
}
