//! Errors of SPI calls.

use std::error::Error as StdError;
use std::fmt;

use super::SpiCharset;
use crate::time::DateTime;

/// The reason for refusing an SPI call.
///
/// The message is for the log of the endpoint. An [`SpiRefusal`](super::SpiRefusal) does not contain it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpiError {
    /// The query has no `sign`.
    MissingSignature,
    /// The signature does not match the request and the AppSecret.
    SignatureMismatch,
    /// The signed parameters have no `timestamp`.
    MissingTimestamp,
    /// The timestamp is not of the form `yyyy-MM-dd HH:mm:ss`.
    InvalidTimestamp,
    /// The timestamp is too far from now.
    Expired {
        /// The timestamp of the call.
        timestamp: DateTime,
        /// The time of the endpoint.
        now: DateTime,
    },
    /// The signature does not cover a body of this `Content-Type`.
    UnsupportedContentType(String),
    /// The charset is neither UTF-8 nor GBK.
    UnsupportedCharset(String),
    /// A name, a value or the body is not text in the charset of the call.
    InvalidEncoding(SpiCharset),
}

impl fmt::Display for SpiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SPI call refused: ")?;
        match self {
            Self::MissingSignature => f.write_str("the query has no `sign`: expected a call signed by the platform"),
            Self::SignatureMismatch => f.write_str(
                "the signature does not match: expected MD5 over the AppSecret, the parameters and the body; check the \
                 AppSecret, and that no proxy changes the query or the body",
            ),
            Self::MissingTimestamp => f.write_str("no parameter `timestamp`: expected `yyyy-MM-dd HH:mm:ss` at GMT+8"),
            Self::InvalidTimestamp => f.write_str("invalid `timestamp`: expected `yyyy-MM-dd HH:mm:ss` at GMT+8"),
            Self::Expired { timestamp, now } => write!(
                f,
                "the timestamp {timestamp} differs too much from the time {now} at GMT+8 of this machine; check the clock"
            ),
            Self::UnsupportedContentType(found) => write!(
                f,
                "unsupported Content-Type {found:?}: expected a form, JSON, XML or plain text, which the signature covers"
            ),
            Self::UnsupportedCharset(found) => write!(f, "unsupported charset {found:?}: expected UTF-8 or GBK"),
            Self::InvalidEncoding(charset) => {
                write!(
                    f,
                    "a parameter or the body is not valid {}; check the charset of the Content-Type",
                    charset.name()
                )
            }
        }
    }
}

impl StdError for SpiError {}

/// The error of a verified call whose content cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpiContentError {
    /// The call is one of another method.
    OtherMethod {
        /// The method of the type.
        expected: &'static str,
        /// The method of the call.
        found: String,
    },
    /// The body is neither JSON nor XML.
    Syntax {
        /// The problem.
        problem: String,
        /// The path to the field. Empty for the whole body.
        path: String,
    },
}

impl fmt::Display for SpiContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot decode the SPI call: ")?;
        match self {
            Self::OtherMethod { expected, found } => write!(f, "expected the method {expected}, found {found:?}"),
            Self::Syntax { problem, path } if path.is_empty() => f.write_str(problem),
            Self::Syntax { problem, path } => write!(f, "{path}: {problem}"),
        }
    }
}

impl StdError for SpiContentError {}

/// The error of an [`SpiRequest`](super::SpiRequest) that cannot be signed.
#[derive(Debug)]
#[non_exhaustive]
pub enum SpiRequestError {
    /// The charset lacks a character of this name, value or body.
    Unmappable(SpiCharset),
    /// The URL or the name of a header is invalid.
    Http(http::Error),
}

impl fmt::Display for SpiRequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unmappable(charset) => {
                write!(f, "cannot encode the call in {}: the charset lacks a character; use UTF-8", charset.name())
            }
            Self::Http(_) => f.write_str("cannot build the call: the URL or the name of a header is invalid"),
        }
    }
}

impl StdError for SpiRequestError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Unmappable(_) => None,
            Self::Http(error) => Some(error),
        }
    }
}

impl From<http::Error> for SpiRequestError {
    fn from(error: http::Error) -> Self {
        Self::Http(error)
    }
}
