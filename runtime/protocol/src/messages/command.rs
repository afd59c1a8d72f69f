//! Commands after the handshake.

use std::borrow::Cow;
use std::fmt;

use super::content::{self, ContentEncoding};
use super::error::{CommandError, Refusal};
use super::frame::{Frame, FrameKind, HeaderValue};
use super::message::Message;

/// The header that names the command.
const KIND: &str = "__kind";
const PULL: i8 = 1;
const CONFIRM: i8 = 2;
const DATA: i8 = 3;
/// The same number as [`DATA`], from a client.
const PUBLISH: i8 = 3;
const FAILED: i8 = 20;

/// A command of a client.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientCommand {
    /// Asks the server to send messages.
    Pull,
    /// Confirms a message, which the server does not deliver again.
    Confirm {
        /// The id of the message.
        id: i64,
    },
    /// Reports a message that could not be processed, which the server delivers again.
    Failed {
        /// The id of the message.
        id: i64,
        /// The reason. A frame has at most [`MAX_REASON`](Self::MAX_REASON) UTF-16 units of it.
        reason: String,
    },
    /// Publishes a message.
    Publish {
        /// The number that the acknowledgement repeats.
        flag: Option<i32>,
        /// The topic.
        topic: String,
        /// The content: JSON or XML.
        content: String,
        /// The session of the user for whom the message is published.
        session: Option<String>,
    },
}

impl ClientCommand {
    /// The maximum length of a reason in UTF-16 units.
    pub const MAX_REASON: usize = 128;

    /// Returns the frame. `token` is that of the connection.
    pub fn to_frame<'a>(&'a self, token: &'a str) -> Frame<'a> {
        match self {
            Self::Pull => command(token, PULL),
            Self::Confirm { id } => {
                let mut frame = command(token, CONFIRM);
                frame.push("id", HeaderValue::Long(*id));
                frame
            }
            Self::Failed { id, reason } => {
                let mut frame = command(token, FAILED);
                frame.push("id", HeaderValue::Long(*id));
                frame.push_text("msg", shortened(reason));
                frame
            }
            Self::Publish { flag, topic, content, session } => {
                let mut frame = command(token, PUBLISH);
                frame.flag = *flag;
                frame.push_text("topic", topic);
                frame.push_text("content", content);
                if let Some(session) = session {
                    frame.push_text("session", session);
                }
                frame
            }
        }
    }

    /// Reads a command, for servers. Some clients send `Failed` as SENDACK (docs/protocol.md section 7.2).
    ///
    /// # Errors
    ///
    /// [`CommandError`] if the frame is not a command of a client.
    pub fn from_frame(frame: &Frame<'_>) -> Result<Self, CommandError> {
        let kind = kind(frame)?.ok_or(CommandError::MissingKind)?;
        let id = frame.header("id").and_then(HeaderValue::as_i64);
        let required_id = || id.ok_or(CommandError::InvalidHeader { name: "id", id });
        let text = |name| frame.text(name).map(Cow::into_owned);
        if kind == i64::from(PULL) {
            Ok(Self::Pull)
        } else if kind == i64::from(CONFIRM) {
            Ok(Self::Confirm { id: required_id()? })
        } else if kind == i64::from(FAILED) {
            Ok(Self::Failed { id: required_id()?, reason: text("msg").unwrap_or_default() })
        } else if kind == i64::from(PUBLISH) {
            let invalid = |name| CommandError::InvalidHeader { name, id: None };
            let content = frame.header("content").ok_or_else(|| invalid("content"))?;
            Ok(Self::Publish {
                flag: frame.flag,
                topic: text("topic").ok_or_else(|| invalid("topic"))?,
                content: content::decode(content, Message::MAX_CONTENT).map_err(|_| invalid("content"))?,
                session: text("session"),
            })
        } else {
            Err(CommandError::UnknownKind(kind))
        }
    }
}

/// Omits the session and the content.
impl fmt::Debug for ClientCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pull => f.write_str("Pull"),
            Self::Confirm { id } => f.debug_struct("Confirm").field("id", id).finish(),
            Self::Failed { id, reason } => f.debug_struct("Failed").field("id", id).field("reason", reason).finish(),
            Self::Publish { flag, topic, .. } => {
                f.debug_struct("Publish").field("flag", flag).field("topic", topic).finish_non_exhaustive()
            }
        }
    }
}

/// A command of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerCommand {
    /// Delivers a message.
    Message(Message),
    /// Acknowledges or refuses a published message.
    Ack(Ack),
}

impl ServerCommand {
    /// Returns the frame. `token` is that of the connection.
    pub fn to_frame<'a>(&'a self, token: &'a str) -> Frame<'a> {
        self.to_frame_with(token, ContentEncoding::Plain)
    }

    /// Returns the frame, with the content of a message in this form.
    pub fn to_frame_with<'a>(&'a self, token: &'a str, encoding: ContentEncoding) -> Frame<'a> {
        match self {
            Self::Message(message) => {
                let mut frame = command(token, DATA);
                message.write(&mut frame, encoding);
                frame
            }
            Self::Ack(ack) => {
                let mut frame = Frame::new(FrameKind::SendAck);
                frame.token = Some(token.into());
                frame.flag = Some(ack.flag);
                if let Some(refusal) = &ack.refusal {
                    write_refusal(&mut frame, refusal);
                }
                frame
            }
        }
    }

    /// Reads a command, for clients.
    ///
    /// # Errors
    ///
    /// [`CommandError`] if the frame is not a command of a server.
    pub fn from_frame(frame: &Frame<'_>) -> Result<Self, CommandError> {
        match (kind(frame)?, frame.flag) {
            (Some(kind), _) if kind == i64::from(DATA) => Message::read(frame).map(Self::Message),
            (Some(kind), _) => Err(CommandError::UnknownKind(kind)),
            (None, Some(flag)) => Ok(Self::Ack(Ack { flag, refusal: refusal_of(frame) })),
            (None, None) => Err(CommandError::MissingKind),
        }
    }
}

/// The response to a published message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ack {
    /// The flag of the command.
    pub flag: i32,
    /// The refusal, if the server refused the command.
    pub refusal: Option<Refusal>,
}

impl Ack {
    /// Creates the response to the command with this flag.
    pub fn new(flag: i32, refusal: Option<Refusal>) -> Self {
        Self { flag, refusal }
    }
}

fn command(token: &str, kind: i8) -> Frame<'_> {
    let mut frame = Frame::new(FrameKind::Send);
    frame.token = Some(token.into());
    frame.push(KIND, HeaderValue::Byte(kind));
    frame
}

/// Returns the number of the command, if the frame has one.
fn kind(frame: &Frame<'_>) -> Result<Option<i64>, CommandError> {
    if !matches!(frame.kind, FrameKind::Send | FrameKind::SendAck) {
        return Err(CommandError::UnexpectedFrame);
    }
    match frame.header(KIND) {
        None | Some(HeaderValue::Void) => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or(CommandError::InvalidHeader { name: KIND, id: None }),
    }
}

/// Returns the refusal of a response. A status code above 0 or a phrase is a refusal.
pub(super) fn refusal_of(frame: &Frame<'_>) -> Option<Refusal> {
    let code = frame.status_code.unwrap_or_default();
    let phrase = frame.status_phrase.as_deref().unwrap_or_default();
    // The phrase is printed, and a server may send megabytes. A phrase of control characters alone stays a phrase.
    let printable = phrase.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character });
    let is_refusal = code > 0 || !phrase.is_empty();
    is_refusal.then(|| Refusal::new(code, printable.take(Refusal::MAX_PHRASE).collect::<String>()))
}

pub(super) fn write_refusal<'a>(frame: &mut Frame<'a>, refusal: &'a Refusal) {
    frame.status_code = Some(refusal.code);
    frame.status_phrase = Some(refusal.phrase.as_str().into());
}

/// Returns the start of a reason.
fn shortened(reason: &str) -> &str {
    let mut units = 0;
    let end = reason.char_indices().find(|(_, character)| {
        units += character.len_utf16();
        units > ClientCommand::MAX_REASON
    });
    end.map_or(reason, |(end, _)| &reason[..end])
}
