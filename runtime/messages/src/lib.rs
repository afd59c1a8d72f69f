//! A client for the messages (TMC) of the Taobao Open Platform (TOP): docs/protocol.md section 7.2.
//!
//! A [`Consumer`] receives the messages of a group. It reconnects by itself, and confirms a message only after its handler
//! returned `Ok`. A [`Publisher`] publishes messages.
//!
//! ```no_run
//! use top_messages::{Consumer, Message, TAOBAO};
//! use top_protocol::AppCredentials;
//!
//! async fn process(message: Message) -> Result<(), String> {
//!     println!("{} {}", message.topic, message.content);
//!     Ok(())
//! }
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let consumer = Consumer::builder(TAOBAO, AppCredentials::from_env()?).build()?;
//! let handle = consumer.handle();
//! tokio::spawn(async move {
//!     // Wait for the signal to stop here.
//!     handle.shutdown();
//! });
//! consumer.run(process).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Delivery
//!
//! A message is delivered **at least once**. The platform delivers a message again if it was not confirmed, if its handler
//! failed, or if a connection was lost before the confirmation arrived. It keeps messages for at most 24 hours. Make
//! handlers idempotent; a [`Deduplicator`] drops most repeated deliveries. The order of messages is not guaranteed.
//!
//! # Flow control
//!
//! At most [`max_in_flight`](ConsumerBuilder::max_in_flight) messages wait or are handled at a time. The consumer asks for
//! more messages only while less than half of that is in use. If it is used up, the consumer stops reading for at most one
//! second. After that it discards messages, which the platform delivers again, so that it still answers pings and sees
//! acknowledgements.
//!
//! # Security
//!
//! The platform's channel is not encrypted (`ws://`): contents, and the session of a published message, are readable on the
//! way. The AppSecret is not sent. For `wss://` or a proxy, set a [`connector`](ConsumerBuilder::connector).

mod backoff;
mod builder;
mod connect;
mod connection;
mod consumer;
mod deduplicator;
mod driver;
mod error;
mod in_flight;
mod publish;
mod shared;
mod statistics;
mod stream;

pub use builder::ConsumerBuilder;
pub use consumer::{Consumer, ConsumerHandle};
pub use deduplicator::Deduplicator;
pub use error::{BoxError, ConfigurationError, ConnectError, PublishError};
pub use publish::Publisher;
pub use statistics::Statistics;
pub use stream::{Deliveries, Delivery};
pub use top_protocol::messages::{ContentError, Decoded, Message, Refusal, Topic};

/// The target of all spans and events.
const TARGET: &str = "top_messages";

/// The URL of the message channel of Taobao.
pub const TAOBAO: &str = "ws://mc.api.taobao.com/";

/// The URL of the message channel of the sandbox.
pub const TAOBAO_SANDBOX: &str = "ws://mc.api.tbsandbox.com/";
