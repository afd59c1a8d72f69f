//! Calls that get no answer, or not all of it.

use std::error::Error as StdError;
use std::fmt;

use top_protocol::{FileError, RawBody};

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

/// The time that ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timeout {
    /// That for a connection to be made. The request was not sent.
    Connect,
    /// That for which the gateway may be silent. It may have carried out the call.
    Read,
    /// That for an attempt as a whole. The gateway may have carried out the call.
    Attempt,
    /// That for the call as a whole, in the middle of an attempt. The gateway may have carried out the call.
    Call,
    /// That for the call as a whole, while it waited for its session or its turn. The request was not sent.
    Turn,
}

impl TransportError {
    /// An error of this kind, with what is at its bottom.
    pub fn new(kind: TransportKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, body: RawBody::default(), gateway: String::new(), source: source.into() }
    }

    /// The same error from this gateway.
    pub(crate) fn at(mut self, gateway: &str) -> Self {
        gateway.clone_into(&mut self.gateway);
        self
    }

    /// The file that could not be read, if that is what failed.
    pub(crate) fn into_file(self) -> Result<FileError, Self> {
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
                write!(f, "cannot connect to {gateway}; is the address right and the gateway up?")?;
            }
            TransportKind::Exhausted => {
                write!(f, "no connection to {gateway}, as this machine has too many open; set a concurrency limit")?;
            }
            TransportKind::Tls => write!(f, "no secure connection to {gateway}; is its certificate good?")?,
            TransportKind::Redirected => {
                write!(
                    f,
                    "{gateway} redirects calls, and the HTTP client that was given followed; build it so that it"
                )?;
                f.write_str(" does not, and look where the gateway is")?;
            }
            TransportKind::Timeout(Timeout::Connect) => {
                write!(f, "no connection to {gateway} in time; is the address right and the gateway up?")?;
            }
            // That time is up is all that their causes say.
            TransportKind::Timeout(Timeout::Read) => {
                return write!(f, "{gateway} was silent for too long, which is the client's read timeout");
            }
            TransportKind::Timeout(Timeout::Attempt) => {
                return write!(f, "no whole answer from {gateway} in time, which is the client's timeout");
            }
            TransportKind::Timeout(Timeout::Call) => {
                return write!(
                    f,
                    "no whole answer from {gateway} before the call's deadline, which its retry policy has"
                );
            }
            TransportKind::Timeout(Timeout::Turn) => write!(f, "the call to {gateway} had no turn in time")?,
            TransportKind::Interrupted => write!(f, "no whole answer from {gateway}")?,
            TransportKind::TooLong => write!(f, "the answer of {gateway} is longer than the client accepts")?,
            TransportKind::Upload => write!(f, "the body of the request to {gateway} could not be read")?,
        }
        // A library's own top message says no more than the kind does; the cause is at the bottom of its chain.
        let mut cause: &(dyn StdError + 'static) = self.source.as_ref();
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        write!(f, " ({cause})")
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_ref())
    }
}
