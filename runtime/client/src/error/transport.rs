//! Errors of the transport.

use std::error::Error as StdError;
use std::fmt;

use top_protocol::RawBody;

/// No complete response was received.
#[derive(Debug)]
pub struct TransportError {
    /// The part of the exchange that failed.
    pub kind: TransportKind,
    /// The part of the response that was received.
    pub body: RawBody,
    gateway: String,
    source: Box<dyn StdError + Send + Sync>,
}

/// The part of an exchange that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// The connection failed. The request was not sent.
    Connect,
    /// The program has too many open connections or files. The request was not sent. Set a concurrency limit below the
    /// limit of open files.
    Exhausted,
    /// The TLS handshake failed: the certificate is invalid, or the gateway has no TLS. The request was not sent.
    Tls,
    /// A time limit was exceeded.
    Timeout(Timeout),
    /// The response is from another URL than the gateway's, because the given HTTP client follows redirects. A server
    /// may have processed the request.
    Redirected,
    /// The connection broke before the response was complete. The gateway may have processed the request.
    Interrupted,
    /// The response is longer than the client accepts. The gateway has most likely processed the request.
    TooLong,
    /// The body of the request cannot be read, such as a file that was deleted. The request was not sent completely.
    Upload,
}

/// The time limit that was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timeout {
    /// The connect timeout. The request was not sent.
    Connect,
    /// The read timeout: no bytes arrived in time. The gateway may have processed the request.
    Read,
    /// The timeout of an attempt. The gateway may have processed the request.
    Attempt,
    /// The deadline of the call, during an attempt. The gateway may have processed the request.
    Call,
    /// The deadline of the call, while it waited for its session, its files or the limiter. The request was not sent.
    BeforeSend,
}

impl TransportError {
    /// Creates an error of this kind with its source.
    pub fn new(kind: TransportKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, body: RawBody::default(), gateway: String::new(), source: source.into() }
    }

    /// Adds the URL of the gateway.
    pub(crate) fn at(mut self, gateway: &str) -> Self {
        gateway.clone_into(&mut self.gateway);
        self
    }

    /// Returns the source if it is an `E`, such as a file that cannot be read.
    pub(crate) fn into_source<E: StdError + 'static>(self) -> Result<E, Self> {
        let Self { kind, body, gateway, source } = self;
        source.downcast().map(|error| *error).map_err(|source| Self { kind, body, gateway, source })
    }

    /// Returns whether a later attempt can succeed. Certificates, redirects, long responses and missing files do not
    /// change, and a call whose deadline passed has no more attempts.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            TransportKind::Connect | TransportKind::Exhausted | TransportKind::Interrupted => true,
            TransportKind::Timeout(timeout) => timeout != Timeout::BeforeSend,
            TransportKind::Tls | TransportKind::Redirected | TransportKind::TooLong | TransportKind::Upload => false,
        }
    }

    /// Returns whether it is certain that the request was not sent.
    pub fn was_not_sent(&self) -> bool {
        match self.kind {
            TransportKind::Connect | TransportKind::Exhausted | TransportKind::Tls => true,
            TransportKind::Timeout(timeout) => matches!(timeout, Timeout::Connect | Timeout::BeforeSend),
            TransportKind::Redirected | TransportKind::Interrupted | TransportKind::TooLong | TransportKind::Upload => {
                false
            }
        }
    }

    /// Returns the URL of the gateway, with its query redacted. Empty if it is unknown.
    pub fn gateway(&self) -> &str {
        &self.gateway
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gateway = if self.gateway.is_empty() { "the gateway" } else { &self.gateway };
        match self.kind {
            TransportKind::Connect => {
                write!(f, "cannot connect to {gateway}: check its address, and whether it is running")
            }
            TransportKind::Exhausted => {
                write!(
                    f,
                    "cannot connect to {gateway}: too many open connections on this machine; set a concurrency limit"
                )
            }
            TransportKind::Tls => {
                write!(
                    f,
                    "cannot make a secure connection to {gateway}: its certificate is not valid, or it has no TLS"
                )
            }
            TransportKind::Redirected => write!(
                f,
                "{gateway} redirects requests and the HTTP client followed: expected a client that does not follow \
                 redirects; check the gateway's address"
            ),
            TransportKind::Timeout(Timeout::Connect) => {
                write!(f, "cannot connect to {gateway} within the connect timeout: check its address")
            }
            TransportKind::Timeout(Timeout::Read) => {
                write!(f, "no bytes from {gateway} within the read timeout")
            }
            TransportKind::Timeout(Timeout::Attempt) => {
                write!(f, "no complete response from {gateway} within the timeout")
            }
            TransportKind::Timeout(Timeout::Call) => {
                write!(f, "no complete response from {gateway} before the deadline of the call's retry policy")
            }
            TransportKind::Timeout(Timeout::BeforeSend) => {
                write!(f, "the request to {gateway} was not sent before the deadline of the call's retry policy")
            }
            TransportKind::Interrupted => {
                write!(f, "the connection to {gateway} broke before the response was complete")
            }
            TransportKind::TooLong => write!(f, "the response of {gateway} exceeds the client's body limit"),
            TransportKind::Upload => write!(f, "cannot read the body of the request to {gateway}"),
        }
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_ref())
    }
}
