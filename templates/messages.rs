//! The messages of topics.

use {{ runtime }}::{ContentError, Decoded, Message, Topic};

{% for topic in topics %}
pub mod {{ topic.module }};
{% endfor %}

{% for topic in topics %}
pub use {{ topic.module }}::{{ topic.name }};
{% endfor %}

/// A message with the type of its topic.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TopicMessage {
    {%- for topic in topics %}
    /// {{ topic.doc }}
    {{ topic.name }}({{ topic.name }}),
    {%- endfor %}
    /// A message of another topic.
    Unknown {
        /// The topic.
        topic: String,
        /// The content, in most topics a JSON object.
        content: String,
    },
}

impl TopicMessage {
    /// Decodes the content of a message as the type of its topic.
    ///
    /// # Errors
    ///
    /// If the content is not a JSON object. The content of an unknown topic is not decoded.
    pub fn from_message(message: &Message) -> Result<Decoded<Self>, ContentError> {
        match message.topic.as_str() {
            {%- for topic in topics %}
            {{ topic.literal }} => decoded(message, Self::{{ topic.name }}),
            {%- endfor %}
            _ => Ok(Self::Unknown { topic: message.topic.clone(), content: message.content.clone() }.into()),
        }
    }
}

fn decoded<T: Topic>(message: &Message, variant: fn(T) -> TopicMessage) -> Result<Decoded<TopicMessage>, ContentError> {
    Ok(message.decode::<T>()?.map(variant))
}
