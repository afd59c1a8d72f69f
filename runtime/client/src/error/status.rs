//! Errors of HTTP statuses that are not from the platform's API.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;
use std::time::SystemTime;

use top_protocol::RawBody;
use top_protocol::internal::{ResponseHead, http_date};

/// An unexpected HTTP status: the response is from a proxy, a login page or a failing gateway, not from the platform's
/// API.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusError {
    /// The HTTP status.
    pub status: u16,
    /// The time to wait before the next attempt, from the `Retry-After` header.
    pub retry_after: Option<Duration>,
    /// The body of the response, as received.
    pub body: RawBody,
}

impl StatusError {
    pub(crate) fn of(head: &ResponseHead, body: RawBody) -> Self {
        // The header has seconds, or a date of the server's clock.
        let text = head.headers.get("Retry-After").map(str::trim);
        let retry_after = text.and_then(|text| match text.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => {
                let now = head.headers.get("Date").and_then(http_date).unwrap_or_else(SystemTime::now);
                Some(http_date(text)?.duration_since(now).unwrap_or_default())
            }
        });
        Self { status: head.status, retry_after, body }
    }
}

impl StatusError {
    /// Creates an error with this status and body, for tests and transports.
    pub fn new(status: u16, body: &str) -> Self {
        Self { status, retry_after: None, body: RawBody::from(body) }
    }

    /// Returns whether a later attempt can succeed: 408, 429 and 5xx, except 501 and 505, which mean that something is
    /// not supported.
    pub fn is_retryable(&self) -> bool {
        matches!(self.status, 408 | 429 | 500..=599) && !matches!(self.status, 501 | 505)
    }
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unexpected HTTP status {} (not an API response)", self.status)?;
        if matches!(self.status, 301..=303 | 307 | 308) {
            f.write_str("; redirects are not followed, because the request is signed for its gateway")?;
        }
        match self.body.excerpt() {
            beginning if beginning.is_empty() => Ok(()),
            beginning => write!(f, "; the body begins with {beginning:?}"),
        }
    }
}

impl StdError for StatusError {}
