//! Calls that get no answer, or not all of it.

use std::error::Error as StdError;
use std::fmt;

use top_protocol::RawBody;

/// The call got no answer, or not all of it.
#[derive(Debug)]
pub struct TransportError {
    /// What failed.
    pub kind: TransportKind,
    /// What had come of the answer, if anything.
    pub body: RawBody,
    gateway: String,
    source: Box<dyn StdError + Send + Sync>,
}

/// The part of a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// No connection could be made, so the request was not sent.
    Connect,
    /// This machine lets the program open no more connections, so the request was not sent. Too many calls are under
    /// way: a concurrency limit has the others wait for their turn, and fewer of them than the files that may be open.
    Exhausted,
    /// The gateway could not prove who it is, or speaks no TLS, so the request was not sent.
    Tls,
    /// Time ran out.
    Timeout(Timeout),
    /// The answer came from another address than the gateway's, because the HTTP client that was given follows redirects.
    /// Whether anyone has carried out the call is not known.
    Redirected,
    /// The connection broke before the whole answer was read. The gateway may have carried out the call.
    Interrupted,
    /// The answer is longer than the client accepts. The gateway has most likely carried out the call.
    TooLong,
    /// The body of the request could not be read, be it that a file is gone. It was not sent as a whole.
    Upload,
}

/// The limit of time that was exceeded.
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
    /// The deadline of the call, while it waited for its session or the limiter. The request was not sent.
    Turn,
}

impl TransportError {
    /// Creates an error of this kind with its source.
    pub fn new(kind: TransportKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, body: RawBody::default(), gateway: String::new(), source: source.into() }
    }

    /// The same error from this gateway.
    pub(crate) fn at(mut self, gateway: &str) -> Self {
        gateway.clone_into(&mut self.gateway);
        self
    }

    /// Returns the source if it is an `E`, such as the file that could not be read.
    pub(crate) fn into_source<E: StdError + 'static>(self) -> Result<E, Self> {
        let Self { kind, body, gateway, source } = self;
        source.downcast().map(|error| *error).map_err(|source| Self { kind, body, gateway, source })
    }

    /// Whether another attempt can go better: not where a certificate is bad, a redirect was followed, the answer is too
    /// long, a file is gone, or the call's time is up.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            TransportKind::Connect | TransportKind::Exhausted | TransportKind::Interrupted => true,
            TransportKind::Timeout(timeout) => timeout != Timeout::Turn,
            TransportKind::Tls | TransportKind::Redirected | TransportKind::TooLong | TransportKind::Upload => false,
        }
    }

    /// Whether it is certain that the request was not sent.
    pub fn was_not_sent(&self) -> bool {
        match self.kind {
            TransportKind::Connect | TransportKind::Exhausted | TransportKind::Tls => true,
            TransportKind::Timeout(timeout) => matches!(timeout, Timeout::Connect | Timeout::Turn),
            TransportKind::Redirected | TransportKind::Interrupted | TransportKind::TooLong | TransportKind::Upload => {
                false
            }
        }
    }

    /// The URL of the gateway that was called, its query hidden; empty where it is not known.
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
            TransportKind::Timeout(Timeout::Turn) => {
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
