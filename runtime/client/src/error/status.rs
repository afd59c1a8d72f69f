//! Answers with an HTTP status that the platform's API never gives.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;
use std::time::SystemTime;

use top_protocol::RawBody;
use top_protocol::internal::{ResponseHead, http_date};

/// An answer with an HTTP status that the platform's API never gives: a proxy, a login page, a gateway in trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusError {
    /// The HTTP status.
    pub status: u16,
    /// How long to wait before the next attempt, as the answer's `Retry-After` asks.
    pub retry_after: Option<Duration>,
    /// The body as it came.
    pub body: RawBody,
}

impl StatusError {
    pub(crate) fn of(head: &ResponseHead, body: RawBody) -> Self {
        // Seconds, or a moment on the clock of the one who answers.
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
    /// An answer with this status and body. How long to wait can be set.
    pub fn new(status: u16, body: &str) -> Self {
        Self { status, retry_after: None, body: RawBody::from(body) }
    }

    /// Whether another attempt can go better: 408, 429, and 5xx but for those that say that something is not supported.
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
            nothing if nothing.is_empty() => Ok(()),
            beginning => write!(f, "; the body begins with {beginning:?}"),
        }
    }
}

impl StdError for StatusError {}
