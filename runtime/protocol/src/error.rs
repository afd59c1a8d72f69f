//! Errors of requests and responses.

mod argument;
mod body;
mod code;
mod decode;
mod file;
mod platform;
mod protocol_fields;

use std::error::Error as StdError;
use std::fmt;

pub use self::argument::Argument;
pub use self::body::RawBody;
pub use self::code::Code;
pub use self::decode::DecodeError;
pub use self::file::{FileError, FileProblem};
pub use self::platform::PlatformError;
pub(crate) use self::protocol_fields::{Outcome, ProtocolFields};
use crate::validate::Violations;

/// The error of a request that cannot be signed, or of a body that is not a response.
///
/// The error of the client has the same variants, and those of sending and receiving. The enum is exhaustive: a client converts
/// every variant.
#[derive(Debug)]
pub enum Error {
    /// The request violates its documentation.
    Invalid(Violations),
    /// A file of the request cannot be read.
    File(FileError),
    /// The platform refused the call.
    Platform(Box<PlatformError>),
    /// The body is not a response of the method.
    Decode(Box<DecodeError>),
}

impl Error {
    /// Returns the platform's refusal.
    pub fn platform(&self) -> Option<&PlatformError> {
        match self {
            Self::Platform(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the platform's id of the call, which its support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.platform()?.request_id.as_deref()
    }

    /// Returns the response body; `None` for errors of a request.
    pub fn body(&self) -> Option<&RawBody> {
        match self {
            Self::Invalid(_) | Self::File(_) => None,
            Self::Platform(error) => Some(&error.body),
            Self::Decode(error) => Some(&error.body),
        }
    }
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(violations) => violations.fmt(f),
            Self::File(error) => error.fmt(f),
            Self::Platform(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::File(error) => error.source(),
            Self::Invalid(_) | Self::Platform(_) | Self::Decode(_) => None,
        }
    }
}
