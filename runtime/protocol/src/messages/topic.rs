//! Typed contents.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::ContentError;
use super::message::Message;
use crate::decode::{Decoded, decode_object};
use crate::record::RecordMut;

/// The content of the messages of one topic.
pub trait Topic:
    RecordMut + Clone + Default + fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The wire name of the topic, such as `taobao_trade_TradeCreate`.
    const NAME: &'static str;
}

/// Decodes the content of a message.
pub(super) fn decode<T: Topic>(message: &Message) -> Result<Decoded<T>, ContentError> {
    if message.topic != T::NAME {
        return Err(ContentError::OtherTopic { expected: T::NAME, found: message.topic.clone() });
    }
    let mut value = T::default();
    let envelope = decode_object(&message.content, &mut value)
        .map_err(|error| ContentError::Syntax { problem: error.problem, path: error.path })?;
    Ok(Decoded::new(value, envelope))
}
