//! Messages of the platform (TMC): the frames of the WebSocket channel, without I/O (docs/protocol.md section 7.2).
//!
//! A client connects with a [`ConnectRequest`] and reads a [`ConnectAck`]. Then it sends [`ClientCommand`]s and receives
//! [`ServerCommand`]s. Each of them is one [`Frame`], which is one binary message of the WebSocket. Every type converts in
//! both directions, so servers can use them too. The crate `top-messages` has the client.
//!
//! ```
//! use top_protocol::messages::{ClientCommand, Frame, Message, ServerCommand};
//!
//! // The server sends a message.
//! let message = Message::new(7104300007405429232, "taobao_trade_TradeCreate", r#"{"tid":123}"#);
//! let bytes = ServerCommand::Message(message).to_frame("connection token").encode()?;
//!
//! // The client receives and confirms the message.
//! let ServerCommand::Message(message) = ServerCommand::from_frame(&Frame::decode(&bytes)?)? else { return Ok(()) };
//! assert_eq!((message.topic.as_str(), message.content.as_str()), ("taobao_trade_TradeCreate", r#"{"tid":123}"#));
//! let confirm = ClientCommand::Confirm { id: message.id }.to_frame("connection token").encode()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod command;
mod content;
mod error;
mod frame;
mod handshake;
mod message;
mod topic;

pub use self::command::{Ack, ClientCommand, ServerCommand};
pub use self::content::ContentEncoding;
pub use self::error::{CommandError, ContentError, FrameError, HandshakeError, Refusal};
pub use self::frame::{Frame, FrameKind, HeaderValue};
pub use self::handshake::{ConnectAck, ConnectRequest};
pub use self::message::Message;
pub use self::topic::Topic;
pub use crate::decode::Decoded;
