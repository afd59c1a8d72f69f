//! Decoding and classification of received responses, for calls and batches.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::charset;
use crate::client::Client;
use crate::error::{Error, LimitError, StatusError};
use crate::limit::limiter::{CallInfo, Permit};
use crate::trace;
use top_protocol::internal::{Envelope, ResponseHead, decode_into, redacted};
use top_protocol::{RawBody, Request, Response, ResponseBody};

/// Decodes a body as a response or as a refusal of the platform.
pub(super) type Decode<'a, T> = dyn Fn(&ResponseBody) -> Result<(T, Envelope), top_protocol::Error> + Sync + 'a;

/// The [`Decode`] of a typed call.
pub(super) fn decode_as<R: Request>(body: &ResponseBody) -> Result<(R::Response, Envelope), top_protocol::Error> {
    let mut value = R::Response::default();
    decode_into(body, R::RESPONSE_NODE, &mut value).map(|envelope| (value, envelope))
}

/// Decodes the body of a successful HTTP response. A type mismatch is an error if `strict`.
pub(super) fn decoded<'s, T>(
    strict: bool,
    head: &ResponseHead,
    bytes: Vec<u8>,
    secrets: impl Iterator<Item = &'s str> + Clone,
    decode: &Decode<'_, T>,
) -> Result<Response<T>, Error> {
    let body = charset::decode_lossy(head, bytes)?;
    let (value, mut envelope) = decode(&body)?;
    if let (Some(first), true) = (envelope.mismatches.first(), strict) {
        return Err(Error::mismatch(first, body.text()));
    }
    envelope.request_id = envelope.request_id.map(|request_id| redacted(&request_id, secrets));
    Ok(Response::from_parts(value, envelope, body.into_text()))
}

/// Returns the error of a response with an error status. A refusal in its body takes precedence.
pub(super) fn unsuccessful<T>(head: &ResponseHead, bytes: &[u8], truncated: bool, decode: &Decode<'_, T>) -> Error {
    let body = RawBody::of_bytes(bytes, truncated);
    if body.contains("error_response")
        && let Err(error @ top_protocol::Error::Platform(_)) = decode(&ResponseBody::from(&*body))
    {
        return error.into();
    }
    Error::Status(StatusError::of(head, body))
}

/// Returns whether the platform refused the timestamp, because it differs from the platform's time.
pub(super) fn refuses_timestamp(error: &Error) -> bool {
    const INVALID_TIMESTAMP: i64 = 31;
    error.platform().is_some_and(|refusal| refusal.code.equivalent() == Some(INVALID_TIMESTAMP))
}

/// A ban: the method, or `None` for the whole application, and its duration.
pub(super) type Ban<'m> = (Option<&'m str>, Duration);

/// Returns the ban in the refusal of a call of `method`.
pub(super) fn ban<'m>(error: &Error, method: &'m str) -> Option<Ban<'m>> {
    const APP_CALL_LIMITED: i64 = 7;
    let refusal = error.platform().filter(|refusal| refusal.code.equivalent() == Some(APP_CALL_LIMITED))?;
    let method = (!refusal.is_limit_of_application()).then_some(method);
    Some((method, refusal.retry_after()?))
}

impl Client {
    /// Waits for the limiter's permit for a call.
    pub(super) async fn permit(&self, method: &str, deadline: Instant) -> Result<Permit, Error> {
        let shared = &self.shared;
        let max_wait = deadline.saturating_duration_since(Instant::now());
        let call = CallInfo::new(shared.application.key(), method, max_wait);
        let permit = timeout_at(deadline, shared.limiter.acquire(call)).await;
        permit.unwrap_or_else(|_| Err(LimitError::out_of_time())).map_err(Error::Limit)
    }

    /// Reports a ban to the limiter, which applies it to other calls.
    pub(super) async fn report_ban(&self, (method, time): Ban<'_>, deadline: Instant) {
        trace::ban(method, time);
        let shared = &self.shared;
        // At the deadline, the report is given up. Other calls then learn of the ban from their own refusals.
        let _ = timeout_at(deadline, shared.limiter.banned(shared.application.key(), method, time)).await;
    }
}
