//! Messages.

use std::fmt;

use super::content::{self, ContentEncoding};
use super::error::{CommandError, ContentError};
use super::frame::{Frame, HeaderValue};
use super::topic::{Topic, decode};
use crate::decode::Decoded;
use crate::time::DateTime;

/// A message of the platform.
///
/// The platform delivers a message at least once: again if it was not confirmed, and sometimes although it was. The id of a
/// message is the same in each delivery.
///
/// Debug output has the length of the content, which may contain secrets.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The id, which confirms the message.
    pub id: i64,
    /// The topic, such as `taobao_trade_TradeCreate`.
    pub topic: String,
    /// The content: in most topics a JSON object. Invalid UTF-8 is replaced by U+FFFD.
    pub content: String,
    /// The AppKey of the publisher.
    pub publisher: Option<String>,
    /// The time at which the message was published.
    pub time: Option<DateTime>,
    /// The nick of the user whom the message concerns.
    pub user_nick: Option<String>,
    /// The id of the user whom the message concerns.
    pub user_id: Option<i64>,
    /// The id of the data that the message concerns.
    pub data_id: Option<String>,
    /// The time at which the platform sent the message.
    pub outgoing_time: Option<DateTime>,
}

impl Message {
    /// The maximum length of a content in bytes, after decompression: 16 MiB.
    pub const MAX_CONTENT: usize = 16 << 20;

    /// Creates a message without optional values, for servers and for tests.
    pub fn new(id: i64, topic: impl Into<String>, content: impl Into<String>) -> Self {
        Self { id, topic: topic.into(), content: content.into(), ..Self::default() }
    }

    /// Decodes the content as that of a topic, which the message must have.
    ///
    /// A value that does not match its documented type leaves its field empty, and is listed in [`Decoded::mismatches`].
    ///
    /// # Errors
    ///
    /// [`ContentError`] if the message has another topic, or if the content is not a JSON object.
    pub fn decode<T: Topic>(&self) -> Result<Decoded<T>, ContentError> {
        decode(self)
    }

    /// Appends the headers of a message to a frame.
    pub(super) fn write<'a>(&'a self, frame: &mut Frame<'a>, encoding: ContentEncoding) {
        frame.push("id", HeaderValue::Long(self.id));
        frame.push_text("topic", &self.topic);
        frame.push("content", content::encode(&self.content, encoding));
        let texts = [("publisher", &self.publisher), ("nick", &self.user_nick), ("dataid", &self.data_id)];
        for (name, text) in texts {
            if let Some(text) = text {
                frame.push_text(name, text);
            }
        }
        for (name, time) in [("time", self.time), ("outtime", self.outgoing_time)] {
            if let Some(time) = time {
                frame.push(name, HeaderValue::Date(time.to_epoch_milliseconds()));
            }
        }
        if let Some(user_id) = self.user_id {
            frame.push("userid", HeaderValue::Long(user_id));
        }
    }

    /// Reads the headers of a message.
    pub(super) fn read(frame: &Frame<'_>) -> Result<Self, CommandError> {
        let mut message = Self::default();
        let (mut id, mut content) = (None, None);
        for (name, value) in &frame.headers {
            match &**name {
                "id" => id = value.as_i64(),
                "topic" => message.topic = owned(value).unwrap_or_default(),
                "content" => content = Some(value),
                "publisher" => message.publisher = owned(value),
                "time" => message.time = date(value),
                "nick" => message.user_nick = owned(value),
                "userid" => message.user_id = value.as_i64(),
                "dataid" => message.data_id = owned(value),
                "outtime" => message.outgoing_time = date(value),
                _ => {}
            }
        }
        message.id = id.ok_or(CommandError::InvalidHeader { name: "id", id })?;
        if message.topic.is_empty() {
            return Err(CommandError::InvalidHeader { name: "topic", id });
        }
        if let Some(content) = content {
            message.content = content::decode(content, Self::MAX_CONTENT)
                .map_err(|problem| CommandError::InvalidContent { id: message.id, problem })?;
        }
        Ok(message)
    }
}

fn owned(value: &HeaderValue<'_>) -> Option<String> {
    value.to_text().map(|text| text.into_owned())
}

fn date(value: &HeaderValue<'_>) -> Option<DateTime> {
    DateTime::from_epoch_milliseconds(value.as_i64()?)
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("topic", &self.topic)
            .field("content", &format_args!("[{} bytes]", self.content.len()))
            .field("time", &self.time)
            .field("user_id", &self.user_id)
            .field("data_id", &self.data_id)
            .finish_non_exhaustive()
    }
}
