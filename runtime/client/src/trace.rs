//! Spans and events of `tracing`: methods, attempts, times, codes and request ids, never a parameter or a secret.

use std::time::Duration;

use top_protocol::internal::Chain;
use tracing::field::Empty;
use tracing::{Span, error, info, info_span, warn};

#[cfg(feature = "secret")]
use crate::error::Error;
use crate::error::SessionError;
#[cfg(feature = "secret")]
use crate::observer::OutcomeKind;
use crate::observer::{Attempt, AttemptOutcome};
use crate::session::store::StoreError;

/// The target of all spans and events.
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

pub(super) fn retrying(attempt: u32, pause: Duration) {
    info!(target: TARGET,
        attempt,
        pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
        "call failed; retrying after a pause"
    );
}

pub(super) fn file_consumed(parameter: &str) {
    info!(target: TARGET, parameter, "call not retried: its file can be read only once; create a new File and call again");
}

pub(super) fn session_replaced() {
    info!(target: TARGET, "session refused; retrying with another session");
}

pub(super) fn clock_corrected(offset: i64) {
    warn!(target: TARGET,
        offset_s = offset,
        "this machine's clock differs from the platform's; signing with the platform's time"
    );
}

pub(super) fn ban(method: Option<&str>, time: Duration) {
    let seconds = time.as_secs();
    warn!(target: TARGET, method, seconds, "calls banned by the platform; waiting until the ban ends");
}

/// `user` is the caller's name of the user.
pub(super) fn refreshed(user: &str) {
    info!(target: TARGET, user, "session refreshed");
}

pub(super) fn token_not_stored(user: &str, error: &StoreError) {
    let error = Chain(error.as_ref());
    error!(target: TARGET, user, %error, "cannot store the refreshed token; only this process has it until a retry succeeds");
}

/// The error is not logged: a gateway may repeat the parameters in its refusals. The error of a call shows it when the
/// session ends.
pub(super) fn not_refreshed(user: &str, error: &SessionError) {
    let needs_authorization = error.needs_authorization();
    warn!(target: TARGET, user, needs_authorization, "cannot refresh the session; using it until it ends");
}

#[cfg(feature = "redis")]
pub(super) fn redis_unavailable(error: &StoreError) {
    let error = Chain(error.as_ref());
    warn!(target: TARGET, %error, "Redis is unavailable; this program enforces limits by itself");
}

/// The error is not logged: a gateway may repeat the parameters in its refusals.
#[cfg(feature = "secret")]
pub(super) fn key_not_refreshed(error: &Error) {
    warn!(target: TARGET, reason = OutcomeKind::of(error).name(), "the secret key is not refreshed; the cached key is used");
}
