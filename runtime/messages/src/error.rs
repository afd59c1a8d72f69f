//! Errors of the message client.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use top_protocol::messages::{FrameError, HandshakeError, Refusal};

/// An error of another crate, or of code of the application.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// An invalid setting. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// The URL is not one of a message channel.
    Url(&'static str),
    /// The AppKey or the AppSecret is empty.
    Credentials(&'static str),
    /// A setting is 0, and must not be.
    Zero(&'static str),
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid configuration: ")?;
        match self {
            Self::Url(problem) => f.write_str(problem),
            Self::Credentials(name) => write!(f, "the {name} is empty"),
            Self::Zero(name) => write!(f, "expected `{name}` above 0, found 0"),
        }
    }
}

impl StdError for ConfigurationError {}

/// The error of an attempt to connect.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The token provider failed.
    Token(BoxError),
    /// The network connection failed.
    Io(io::Error),
    /// The server does not speak WebSocket, or violates its protocol.
    WebSocket(BoxError),
    /// The server sent a frame that cannot be read.
    Frame(FrameError),
    /// The server refused the handshake, or answered with another frame.
    Handshake(HandshakeError),
    /// The server closed the connection during the handshake.
    Closed,
    /// The handshake took too long.
    Timeout(Duration),
    /// The token provider took too long.
    TokenTimeout(Duration),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot connect to the message channel")?;
        match self {
            Self::Token(_) => f.write_str(": the token provider failed"),
            Self::Io(_) => f.write_str(": the network connection failed"),
            Self::WebSocket(_) => f.write_str(": the WebSocket handshake failed"),
            Self::Frame(_) | Self::Handshake(_) => Ok(()),
            Self::Closed => f.write_str(": the server closed the connection during the handshake"),
            Self::Timeout(limit) => write!(f, ": the handshake took longer than {limit:?}"),
            Self::TokenTimeout(limit) => write!(f, ": the token provider took longer than {limit:?}"),
        }
    }
}

impl StdError for ConnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Token(error) | Self::WebSocket(error) => Some(&**error),
            Self::Io(error) => Some(error),
            Self::Frame(error) => Some(error),
            Self::Handshake(error) => Some(error),
            Self::Closed | Self::Timeout(_) | Self::TokenTimeout(_) => None,
        }
    }
}

/// The error of a message that was not published, or may not have been published.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// The server refused the message.
    Refused(Refusal),
    /// The content is too long. Nothing was sent.
    TooLong {
        /// The length of the content in bytes.
        length: usize,
    },
    /// There was no connection in time. Nothing was sent.
    NotConnected,
    /// The server did not acknowledge the message in time. It may have published the message.
    Timeout,
    /// The connection was lost before the acknowledgement. The server may have published the message.
    ConnectionLost,
    /// The consumer or the publisher was shut down. Nothing was sent.
    Stopped,
}

impl PublishError {
    /// Returns whether the message was certainly not published, so that it can be published again.
    pub fn was_not_published(&self) -> bool {
        !matches!(self, Self::Timeout | Self::ConnectionLost)
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot publish the message: ")?;
        match self {
            Self::Refused(refusal) => write!(f, "the server refused it with {refusal}"),
            Self::TooLong { length } => {
                let limit = top_protocol::messages::Message::MAX_CONTENT;
                write!(f, "the content has {length} bytes: expected at most {limit}")
            }
            Self::NotConnected => f.write_str("no connection in time; nothing was sent"),
            Self::Timeout => f.write_str("no acknowledgement in time; the server may have published it"),
            Self::ConnectionLost => {
                f.write_str("the connection was lost before the acknowledgement; the server may have published it")
            }
            Self::Stopped => f.write_str("the client was shut down; nothing was sent"),
        }
    }
}

impl StdError for PublishError {}
