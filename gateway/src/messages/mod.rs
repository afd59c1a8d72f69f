//! The message channel (TMC) of the gateway: docs/protocol.md section 7.2.
//!
//! [`MessageBroker`] has the queues, without I/O. `channel` serves one connection, and `http` upgrades connections and
//! answers `/_messages`.

mod broker;
mod channel;
mod console;
mod http;

pub use broker::{GroupStatus, MessageBroker, OutgoingMessage, PublishedMessage, SendMessageError};
pub(crate) use http::{Endpoint, handles};
