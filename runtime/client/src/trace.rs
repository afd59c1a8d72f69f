//! What is told through `tracing`: methods, attempts, times, codes and request ids. Never a parameter or a secret.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Span, error, info, info_span, warn};

use super::session::StoreError;
use crate::error::{Error, SessionError, TransportKind};

/// What all of it is filtered by.
const TARGET: &str = "generated_sdk";

/// The field that tells how long a call takes in all, or the exchange of an attempt.
const DURATION: &str = "duration_ms";

/// A call, or an attempt at one, while it lasts.
pub(super) struct Running {
    span: Span,
    began: Instant,
    /// The field that tells how long what is going on takes, if one is to tell it.
    time: Option<&'static str>,
    over: bool,
}

impl Running {
    /// A call with all of its attempts, or a request to an authorisation server.
    pub(super) fn call(method: &str) -> Self {
        Self::begin(
            info_span!(
                target: TARGET,
                "call",
                method,
                outcome = Empty,
                code = Empty,
                sub_code = Empty,
                request_id = Empty,
                duration_ms = Empty
            ),
            DURATION,
        )
    }

    /// An attempt at a call, which waits for its session and its turn first.
    pub(super) fn attempt(method: &str, attempt: u32) -> Self {
        Self::begin(
            info_span!(
                target: TARGET,
                "attempt",
                method,
                attempt,
                outcome = Empty,
                code = Empty,
                sub_code = Empty,
                request_id = Empty,
                waited_ms = Empty,
                duration_ms = Empty
            ),
            "waited_ms",
        )
    }

    fn begin(span: Span, time: &'static str) -> Self {
        Self { span, began: Instant::now(), time: Some(time), over: false }
    }

    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// The wait is over: the attempt is sent now.
    pub(super) fn sent(&mut self) {
        self.took();
        (self.began, self.time) = (Instant::now(), Some(DURATION));
    }

    /// The attempt has its answer, or will have none. What is made of that takes none of its time.
    pub(super) fn answered(&mut self) {
        self.took();
    }

    fn took(&mut self) {
        if let Some(time) = self.time.take() {
            self.span.record(time, u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX));
        }
    }

    /// Its end: with the request's id, or an error.
    pub(super) fn ended(mut self, result: Result<Option<&str>, &Error>) {
        self.over = true;
        self.took();
        let request_id = match result {
            Ok(request_id) => {
                self.span.record("outcome", "ok");
                request_id
            }
            Err(error) => {
                self.span.record("outcome", outcome(error));
                if let Some(code) = code(error) {
                    self.span.record("code", code);
                }
                if let Some(sub_code) = sub_code(error) {
                    self.span.record("sub_code", sub_code);
                }
                error.request_id()
            }
        };
        if let Some(request_id) = request_id {
            self.span.record("request_id", request_id);
        }
    }
}

impl Drop for Running {
    /// One that nobody waits for any more has an end too.
    fn drop(&mut self) {
        if !self.over {
            self.took();
            self.span.record("outcome", "cancelled");
        }
    }
}

pub(super) fn pause(attempt: u32, pause: Duration) {
    info!(target: TARGET,
        attempt,
        pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
        "the call is made again after a pause"
    );
}

pub(super) fn consumed(parameter: &str) {
    info!(target: TARGET, parameter, "the call is not repeated: its file can be read only once; make a new File and call again");
}

pub(super) fn session() {
    info!(target: TARGET, "the platform has refused the session; the call is made again with another");
}

pub(super) fn clock(ahead: i64) {
    warn!(target: TARGET,
        ahead_s = ahead,
        "the clocks of the platform and of this machine differ; calls are signed with the platform's time from now on"
    );
}

pub(super) fn ban(method: Option<&str>, time: Duration) {
    let seconds = time.as_secs();
    warn!(target: TARGET, method, seconds, "the platform refuses calls for some time; the limiter holds them back");
}

/// The user is the caller's own name for whoever it is.
pub(super) fn refreshed(user: &str) {
    info!(target: TARGET, user, "the session is refreshed");
}

pub(super) fn not_kept(user: &str, error: &StoreError) {
    let error = Chain(error.as_ref());
    error!(target: TARGET, user, %error, "the refreshed token could not be stored; this process alone has it until it can be");
}

/// Why is not told: a gateway may repeat the parameters in its refusals. The error of a call tells, once the session
/// ends.
pub(super) fn not_refreshed(user: &str, error: &SessionError) {
    let needs_authorization = error.needs_authorization();
    warn!(target: TARGET, user, needs_authorization, "the session could not be refreshed and is used as long as it is good");
}

#[cfg(feature = "redis")]
pub(super) fn alone(error: &StoreError) {
    let error = Chain(error.as_ref());
    warn!(target: TARGET, %error, "limits are kept by this program alone as long as Redis is down");
}

/// The error is not logged: a gateway may repeat the parameters in its refusals.
#[cfg(feature = "secret")]
pub(super) fn key_not_refreshed(error: &Error) {
    warn!(target: TARGET, reason = outcome(error), code = code(error), "the secret key is not refreshed; the cached key is used");
}

/// An error with its sources: an event has one field for all of them.
struct Chain<'a>(&'a (dyn StdError + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(source) = next {
            write!(f, ": {source}")?;
            next = source.source();
        }
        Ok(())
    }
}

fn outcome(error: &Error) -> &'static str {
    match error {
        Error::Configuration(_) => "configuration",
        Error::Invalid(_) => "invalid",
        Error::File(_) => "file",
        Error::Limit(_) => "limit",
        Error::Transport(error) => match error.kind {
            TransportKind::Connect => "connect",
            TransportKind::Exhausted => "exhausted",
            TransportKind::Tls => "tls",
            TransportKind::Redirected => "redirected",
            TransportKind::Timeout(_) => "timeout",
            TransportKind::Interrupted => "interrupted",
            TransportKind::TooLong => "too_long",
            TransportKind::Upload => "upload",
        },
        Error::Status(_) => "status",
        Error::Platform(_) => "refused",
        Error::Decode(_) => "decode",
        Error::OAuth(_) => "refused",
        Error::Session(_) => "session",
    }
}

/// The HTTP status or the platform's code.
fn code(error: &Error) -> Option<i64> {
    match error {
        Error::Status(error) => Some(i64::from(error.status)),
        Error::OAuth(error) => error.status.map(i64::from),
        error => error.platform().and_then(|refusal| refusal.code.equivalent()),
    }
}

/// The platform's or the authorisation server's word for what is wrong, in which what was sent is hidden. Some gateways
/// have a text in its place, and there may be parameters in that.
fn sub_code(error: &Error) -> Option<&str> {
    const LONGEST: usize = 100;
    let word = match error {
        Error::OAuth(error) => error.error.as_str(),
        error => error.platform()?.sub_code.as_deref()?.trim(),
    };
    let is_word = !word.is_empty() && word.len() <= LONGEST && word.bytes().all(|byte| byte.is_ascii_graphic());
    is_word.then_some(word)
}
