//! Observers of attempts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, TransportKind};

/// Observes the attempts of a client's calls, for metrics and logs.
///
/// [`ClientBuilder::observer`](super::ClientBuilder::observer) adds one to a client. Every [`before`](Self::before) is
/// followed by one [`after`](Self::after), also if the call is dropped. Both run within the call and delay it, so they must
/// not block or panic. A call that fails before its first attempt, such as one with an invalid request, is not observed.
///
/// No parameter, session or secret is passed to an observer.
///
/// ```
/// use std::collections::BTreeMap;
/// use std::sync::{Arc, Mutex};
///
/// use generated_sdk::client::{Attempt, AttemptObserver, AttemptOutcome, Client};
/// use generated_sdk::{AppCredentials, Gateway};
///
/// /// Counts attempts by method and outcome.
/// #[derive(Default)]
/// struct Metrics(Mutex<BTreeMap<(String, &'static str), u64>>);
///
/// impl AttemptObserver for Metrics {
///     fn after(&self, attempt: &Attempt<'_>, outcome: &AttemptOutcome<'_>) {
///         if let Ok(mut counts) = self.0.lock() {
///             *counts.entry((attempt.method.to_owned(), outcome.kind.name())).or_default() += 1;
///         }
///     }
/// }
///
/// let metrics = Arc::new(Metrics::default());
/// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret"))
///     .observer(Arc::clone(&metrics))
///     .build()?;
/// # Ok::<(), generated_sdk::Error>(())
/// ```
pub trait AttemptObserver: Send + Sync + 'static {
    /// Called when an attempt starts, before it waits for its session and the limiter.
    fn before(&self, attempt: &Attempt<'_>) {
        let _ = attempt;
    }

    /// Called when an attempt ends.
    fn after(&self, attempt: &Attempt<'_>, outcome: &AttemptOutcome<'_>);
}

impl<T: AttemptObserver + ?Sized> AttemptObserver for Arc<T> {
    fn before(&self, attempt: &Attempt<'_>) {
        (**self).before(attempt);
    }

    fn after(&self, attempt: &Attempt<'_>, outcome: &AttemptOutcome<'_>) {
        (**self).after(attempt, outcome);
    }
}

/// An attempt at a call.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// The name of the method.
    pub method: &'a str,
    /// The number of the attempt within its call, from 1.
    pub number: u32,
    /// The AppKey.
    pub app_key: &'a str,
    /// The URL of the gateway, without its query.
    pub gateway: &'a str,
}

impl<'a> Attempt<'a> {
    /// Creates an attempt, for tests of an observer.
    pub const fn new(method: &'a str, number: u32, app_key: &'a str, gateway: &'a str) -> Self {
        Self { method, number, app_key, gateway }
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AttemptOutcome<'a> {
    /// Whether the attempt succeeded, or the kind of its error.
    pub kind: OutcomeKind,
    /// The HTTP status. `None` if no response was received.
    pub status: Option<u16>,
    /// The platform's error code.
    pub code: Option<i64>,
    /// The platform's `sub_code`, if it is a single word.
    pub sub_code: Option<&'a str>,
    /// The platform's id of the request.
    pub request_id: Option<&'a str>,
    /// The time before the request was sent: for the session, the limiter and the files.
    pub waited: Duration,
    /// The time from sending the request to the last byte of the response. `None` if the request was not sent.
    pub duration: Option<Duration>,
}

impl AttemptOutcome<'_> {
    /// Creates an outcome without details, for tests of an observer.
    pub const fn new(kind: OutcomeKind) -> Self {
        Self {
            kind,
            status: None,
            code: None,
            sub_code: None,
            request_id: None,
            waited: Duration::ZERO,
            duration: None,
        }
    }
}

/// Whether a call or an attempt succeeded, or the kind of its error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutcomeKind {
    /// A response was received.
    Ok,
    /// The call was dropped.
    Cancelled,
    /// [`Error::Configuration`].
    Configuration,
    /// [`Error::Invalid`].
    Invalid,
    /// [`Error::File`].
    File,
    /// [`Error::Limit`].
    Limit,
    /// [`TransportKind::Connect`].
    Connect,
    /// [`TransportKind::Exhausted`].
    Exhausted,
    /// [`TransportKind::Tls`].
    Tls,
    /// [`TransportKind::Redirected`].
    Redirected,
    /// [`TransportKind::Timeout`].
    Timeout,
    /// [`TransportKind::Interrupted`].
    Interrupted,
    /// [`TransportKind::TooLong`].
    TooLong,
    /// [`TransportKind::Upload`].
    Upload,
    /// [`Error::Status`].
    Status,
    /// [`Error::Platform`] or [`Error::OAuth`].
    Refused,
    /// [`Error::Decode`].
    Decode,
    /// [`Error::Session`].
    Session,
    /// [`Error::Pagination`].
    Pagination,
}

impl OutcomeKind {
    /// Returns the name in the field `outcome` of `tracing`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Cancelled => "cancelled",
            Self::Configuration => "configuration",
            Self::Invalid => "invalid",
            Self::File => "file",
            Self::Limit => "limit",
            Self::Connect => "connect",
            Self::Exhausted => "exhausted",
            Self::Tls => "tls",
            Self::Redirected => "redirected",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
            Self::TooLong => "too_long",
            Self::Upload => "upload",
            Self::Status => "status",
            Self::Refused => "refused",
            Self::Decode => "decode",
            Self::Session => "session",
            Self::Pagination => "pagination",
        }
    }

    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::Configuration(_) => Self::Configuration,
            Error::Invalid(_) => Self::Invalid,
            Error::File(_) => Self::File,
            Error::Limit(_) => Self::Limit,
            Error::Transport(error) => match error.kind {
                TransportKind::Connect => Self::Connect,
                TransportKind::Exhausted => Self::Exhausted,
                TransportKind::Tls => Self::Tls,
                TransportKind::Redirected => Self::Redirected,
                TransportKind::Timeout(_) => Self::Timeout,
                TransportKind::Interrupted => Self::Interrupted,
                TransportKind::TooLong => Self::TooLong,
                TransportKind::Upload => Self::Upload,
            },
            Error::Status(_) => Self::Status,
            Error::Platform(_) | Error::OAuth(_) => Self::Refused,
            Error::Decode(_) => Self::Decode,
            Error::Session(_) => Self::Session,
            Error::Pagination(_) => Self::Pagination,
        }
    }
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
