//! What is told through `tracing`: methods, attempts, times, codes and request ids. Never a parameter or a secret.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use tracing::field::Empty;
use tracing::{Span, error, info, info_span, warn};

#[cfg(feature = "secret")]
use super::observer::OutcomeKind;
use super::observer::{Attempt, AttemptOutcome};
use super::session::StoreError;
#[cfg(feature = "secret")]
use crate::error::Error;
use crate::error::SessionError;

/// What all of it is filtered by.
const TARGET: &str = "generated_sdk";

/// Creates the span of a call with all its attempts, or of a request to an authorization server.
pub(super) fn call(method: &str) -> Span {
    info_span!(
        target: TARGET,
        "call",
        method,
        outcome = Empty,
        code = Empty,
        sub_code = Empty,
        request_id = Empty,
        duration_ms = Empty
    )
}

/// Creates the span of an attempt.
pub(super) fn attempt(attempt: &Attempt<'_>) -> Span {
    info_span!(
        target: TARGET,
        "attempt",
        method = attempt.method,
        attempt = attempt.number,
        outcome = Empty,
        code = Empty,
        sub_code = Empty,
        request_id = Empty,
        waited_ms = Empty,
        duration_ms = Empty
    )
}

/// Records how long a call or an exchange took, or how long an attempt waited before it was sent.
pub(super) fn time(span: &Span, exchanged: bool, time: Duration) {
    let field = if exchanged { "duration_ms" } else { "waited_ms" };
    span.record(field, u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
}

/// Records how a call or an attempt ended. `status` is the HTTP status if the error is about it.
pub(super) fn ended(span: &Span, outcome: &AttemptOutcome<'_>, status: Option<u16>) {
    span.record("outcome", outcome.kind.name());
    if let Some(code) = status.map(i64::from).or(outcome.code) {
        span.record("code", code);
    }
    if let Some(sub_code) = outcome.sub_code {
        span.record("sub_code", sub_code);
    }
    if let Some(request_id) = outcome.request_id {
        span.record("request_id", request_id);
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
    warn!(target: TARGET, reason = OutcomeKind::of(error).name(), "the secret key is not refreshed; the cached key is used");
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
