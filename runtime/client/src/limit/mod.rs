//! How often calls are made, and how many at once.

mod bans;
mod rate;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

use self::bans::Bans;
use self::rate::Rate;
use super::lock::locked;
use super::transport::BoxFuture;
use crate::error::LimitError;

/// Who may call now.
///
/// A client asks it for a [`Permit`] before every attempt at a call, and tells it when the platform has banned a
/// method. [`Limits`] is the one for a single program; one over a shared store serves several machines.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::time::Duration;
///
/// use generated_sdk::client::{BoxFuture, Limiter, Permit, Turn};
/// use generated_sdk::protocol::LimitError;
///
/// /// The quota of a day, of calls of whatever method.
/// struct OfDay(AtomicU64);
///
/// impl Limiter for OfDay {
///     fn acquire<'a>(&'a self, _turn: Turn<'a>) -> BoxFuture<'a, Result<Permit, LimitError>> {
///         let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
///         Box::pin(async move { left.map(|_| Permit::new()).map_err(|_| LimitError::failed("no more calls today")) })
///     }
///
///     fn banned<'a>(&'a self, _app_key: &'a str, _method: Option<&'a str>, _time: Duration) -> BoxFuture<'a, ()> {
///         Box::pin(async {})
///     }
/// }
/// ```
///
/// The client gives up a wait by dropping the future, when the call's deadline is over.
pub trait Limiter: Send + Sync + 'static {
    /// Waits until `turn` has come.
    ///
    /// # Errors
    ///
    /// [`LimitError`] if it is known that the turn comes too late, or if the limiter itself has failed.
    fn acquire<'a>(&'a self, turn: Turn<'a>) -> BoxFuture<'a, Result<Permit, LimitError>>;

    /// Takes note that the platform refuses an application's calls of `method`, or of every method if there is none,
    /// from now on for `time`.
    fn banned<'a>(&'a self, app_key: &'a str, method: Option<&'a str>, time: Duration) -> BoxFuture<'a, ()>;
}

impl<T: Limiter + ?Sized> Limiter for Arc<T> {
    fn acquire<'a>(&'a self, turn: Turn<'a>) -> BoxFuture<'a, Result<Permit, LimitError>> {
        (**self).acquire(turn)
    }

    fn banned<'a>(&'a self, app_key: &'a str, method: Option<&'a str>, time: Duration) -> BoxFuture<'a, ()> {
        (**self).banned(app_key, method, time)
    }
}

/// An attempt at a call that is to have its turn.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Turn<'a> {
    /// The application that calls.
    pub app_key: &'a str,
    /// The method that is called.
    pub method: &'a str,
    /// How long the caller waits.
    pub patience: Duration,
}

impl<'a> Turn<'a> {
    /// A turn for this call, waited for this long.
    pub const fn new(app_key: &'a str, method: &'a str, patience: Duration) -> Self {
        Self { app_key, method, patience }
    }
}

/// Leave to make an attempt. It is kept until the attempt is over, and then dropped.
pub struct Permit {
    _guard: Option<Box<dyn Send + Sync>>,
}

impl Permit {
    /// Leave that nothing is to be given back for.
    pub const fn new() -> Self {
        Self { _guard: None }
    }

    /// Leave that gives back what `guard` holds when it is dropped.
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

/// Limits within one program: a rate, a number of calls at once, or both. They hold for all that share them: the clones
/// of a client, and the clients that are given clones of these limits.
///
/// ```
/// use generated_sdk::{AppCredentials, Gateway};
/// use generated_sdk::client::{Client, Limits};
///
/// # fn main() -> Result<(), generated_sdk::Error> {
/// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret"))
///     .limiter(Limits::new().per_second(40).concurrency(8))
///     .build()?;
/// # Ok(())
/// # }
/// ```
///
/// Calls have their turns in the order in which they come, and one that is given up leaves its turn to the next. A method
/// that the platform has banned has to wait until the ban is over; when the application's quota of the day is used up,
/// that holds for every method. A call that cannot wait as long as its turn or the end of a ban is known to take fails at
/// once.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    rate: Option<Arc<Rate>>,
    calls: Option<Arc<Semaphore>>,
    bans: Arc<Mutex<Bans>>,
}

impl Limits {
    /// No limits but the platform's bans.
    pub fn new() -> Self {
        Self::default()
    }

    /// So many calls a second, evenly spread; 0 is taken as 1.
    #[must_use]
    pub fn per_second(self, calls: u32) -> Self {
        self.rate(calls, Duration::from_secs(1))
    }

    /// So many calls in every such time, evenly spread; 0 is taken as 1.
    #[must_use]
    pub fn rate(mut self, calls: u32, time: Duration) -> Self {
        self.rate = Some(Arc::new(Rate::new(time.min(YEAR) / calls.max(1))));
        self
    }

    /// So many calls at once; 0 is taken as 1.
    #[must_use]
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.calls = Some(Arc::new(Semaphore::new(calls.clamp(1, Semaphore::MAX_PERMITS))));
        self
    }

    /// Waits for the end of the ban, if it comes before `end`.
    async fn ban_over(&self, turn: Turn<'_>, end: Instant) -> Result<(), LimitError> {
        loop {
            let Some(until) = locked(&self.bans).until(turn.app_key, turn.method) else {
                return Ok(());
            };
            if until > end {
                return Err(LimitError::too_late(until - Instant::now()));
            }
            // Calls that waited together do not come back together, which would bring the next ban.
            let spread = SPREAD.min(end - until).mul_f64(fastrand::f64());
            sleep_until(until + spread).await;
        }
    }
}

impl Limiter for Limits {
    fn acquire<'a>(&'a self, turn: Turn<'a>) -> BoxFuture<'a, Result<Permit, LimitError>> {
        Box::pin(async move {
            let end = Instant::now() + turn.patience.min(YEAR);
            loop {
                self.ban_over(turn, end).await?;
                let permit = match &self.calls {
                    // It is never closed.
                    Some(calls) => Arc::clone(calls).acquire_owned().await.map(Permit::with_guard).unwrap_or_default(),
                    None => Permit::new(),
                };
                if let Some(rate) = &self.rate {
                    rate.turn(end).await?;
                }
                // Another call may have come back with a ban meanwhile.
                if locked(&self.bans).until(turn.app_key, turn.method).is_none() {
                    return Ok(permit);
                }
            }
        })
    }

    fn banned<'a>(&'a self, app_key: &'a str, method: Option<&'a str>, time: Duration) -> BoxFuture<'a, ()> {
        locked(&self.bans).add(app_key, method, time);
        Box::pin(std::future::ready(()))
    }
}

/// Over how much time the calls that a ban has held back come back.
const SPREAD: Duration = Duration::from_secs(1);

/// As long as no program waits. What limits are kept with can count it, scripts in Redis too.
pub(super) const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);
