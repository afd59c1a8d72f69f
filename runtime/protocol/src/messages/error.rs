//! Errors of frames and their contents.

use std::error::Error as StdError;
use std::fmt;

/// The error of bytes that are not a frame, or of a frame that cannot be encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// The version is not 2.
    UnsupportedVersion(u8),
    /// The kind is not one of [`FrameKind`](super::FrameKind).
    UnknownKind(u8),
    /// The type of a header is unknown. Its length is unknown too, so the rest of the frame cannot be read.
    UnknownHeader {
        /// The type of the header.
        header: u16,
        /// Its position in the frame.
        offset: usize,
    },
    /// The format of a value is unknown.
    UnknownFormat {
        /// The format.
        format: u8,
        /// Its position in the frame.
        offset: usize,
    },
    /// A length is negative.
    InvalidLength {
        /// The length.
        length: i32,
        /// Its position in the frame.
        offset: usize,
    },
    /// The frame ends within a header.
    Truncated {
        /// The position of the value that is not complete.
        offset: usize,
    },
    /// There are more than [`Frame::MAX_HEADERS`](super::Frame::MAX_HEADERS) custom headers.
    TooManyHeaders,
    /// A text or a value is longer than 2 GiB.
    TooLong,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid frame: ")?;
        match self {
            Self::UnsupportedVersion(version) => write!(f, "unsupported version {version}: expected 2"),
            Self::UnknownKind(kind) => write!(f, "unknown kind {kind}: expected 0 to 3"),
            Self::UnknownHeader { header, offset } => {
                write!(f, "unknown header type {header} at byte {offset}: expected 0 to 5")
            }
            Self::UnknownFormat { format, offset } => {
                write!(f, "unknown value format {format} at byte {offset}: expected 0 to 7")
            }
            Self::InvalidLength { length, offset } => {
                write!(f, "invalid length {length} at byte {offset}: expected 0 or more")
            }
            Self::Truncated { offset } => write!(f, "expected more bytes at byte {offset}, found the end"),
            Self::TooManyHeaders => write!(f, "too many headers: expected at most {}", super::Frame::MAX_HEADERS),
            Self::TooLong => f.write_str("a value is too long: expected at most 2 GiB"),
        }
    }
}

impl StdError for FrameError {}

/// A refusal in a response of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The status code. 0 if the server sent only a phrase.
    pub code: i32,
    /// The status phrase, with control characters replaced by U+FFFD. It may be empty.
    pub phrase: String,
}

impl Refusal {
    /// The maximum length of the phrase of a server, in characters. The rest is dropped.
    pub const MAX_PHRASE: usize = 1000;

    /// Creates a refusal.
    pub fn new(code: i32, phrase: impl Into<String>) -> Self {
        Self { code, phrase: phrase.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.phrase.as_str() {
            "" => write!(f, "status code {}", self.code),
            phrase => write!(f, "status code {}: {phrase}", self.code),
        }
    }
}

/// The error of a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The server refused the connection.
    Refused(Refusal),
    /// The frame is not the expected part of a handshake.
    UnexpectedFrame,
    /// The response has another flag than the request, or none.
    FlagMismatch {
        /// The flag of the request.
        expected: i32,
        /// The flag of the response.
        found: Option<i32>,
    },
    /// The server accepted the connection without a token.
    MissingToken,
    /// The request lacks a header.
    MissingHeader(&'static str),
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("handshake failed: ")?;
        match self {
            Self::Refused(refusal) => write!(f, "the server refused the connection with {refusal}"),
            Self::UnexpectedFrame => f.write_str("expected a CONNECT or CONNECTACK frame, found another kind"),
            Self::FlagMismatch { expected, found: Some(found) } => {
                write!(f, "expected a response with the flag {expected}, found the flag {found}")
            }
            Self::FlagMismatch { expected, found: None } => {
                write!(f, "expected a response with the flag {expected}, found no flag")
            }
            Self::MissingToken => f.write_str("expected a token in CONNECTACK, found none"),
            Self::MissingHeader(name) => write!(f, "expected the header `{name}` in CONNECT"),
        }
    }
}

impl StdError for HandshakeError {}

/// The error of a frame that is not a command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// The frame is part of a handshake.
    UnexpectedFrame,
    /// The frame has neither a command nor a flag.
    MissingKind,
    /// The command is not one that this side receives.
    UnknownKind(i64),
    /// The command lacks a header, or its value has the wrong type.
    InvalidHeader {
        /// The name of the header.
        name: &'static str,
        /// The id of the message, if the command has one.
        id: Option<i64>,
    },
    /// The content cannot be decompressed, or is longer than [`Message::MAX_CONTENT`](super::Message::MAX_CONTENT).
    InvalidContent {
        /// The id of the message.
        id: i64,
        /// The problem.
        problem: &'static str,
    },
}

impl CommandError {
    /// Returns the id of the message, if it is known.
    pub fn message_id(&self) -> Option<i64> {
        match self {
            Self::InvalidHeader { id, .. } => *id,
            Self::InvalidContent { id, .. } => Some(*id),
            Self::UnexpectedFrame | Self::MissingKind | Self::UnknownKind(_) => None,
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid command: ")?;
        match self {
            Self::UnexpectedFrame => f.write_str("expected a SEND or SENDACK frame, found a frame of a handshake"),
            Self::MissingKind => f.write_str("expected the header `__kind` or a flag, found neither"),
            Self::UnknownKind(kind) => write!(f, "unknown `__kind` {kind}"),
            Self::InvalidHeader { name, id: Some(id) } => {
                write!(f, "message {id} lacks the header `{name}`, or its value has the wrong type")
            }
            Self::InvalidHeader { name, id: None } => {
                write!(f, "the header `{name}` is missing, or its value has the wrong type")
            }
            Self::InvalidContent { id, problem } => write!(f, "cannot read the content of message {id}: {problem}"),
        }
    }
}

impl StdError for CommandError {}

/// The error of a message whose content cannot be decoded as a [`Topic`](super::Topic).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentError {
    /// The message has another topic.
    OtherTopic {
        /// The topic of the type.
        expected: &'static str,
        /// The topic of the message.
        found: String,
    },
    /// The content is not a JSON object.
    Syntax {
        /// The problem, with its line and column.
        problem: String,
        /// The path to the field, such as `orders[3].price`. Empty for the whole content.
        path: String,
    },
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherTopic { expected, found } => {
                write!(f, "cannot decode the message: expected the topic `{expected}`, found `{found}`")
            }
            Self::Syntax { problem, path } if path.is_empty() => {
                write!(f, "cannot decode the content of the message: {problem}")
            }
            Self::Syntax { problem, path } => {
                write!(f, "cannot decode the content of the message: {problem}, in {path}")
            }
        }
    }
}

impl StdError for ContentError {}
