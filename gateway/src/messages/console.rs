//! The lines that the console prints for the message channel. They contain neither contents nor control characters.

use std::fmt::Display;

use super::broker::GroupKey;
use crate::excerpt::excerpt;

/// The maximum number of characters of a reason.
const MAX_REASON: usize = 200;

/// Returns the line for an event of a connection.
pub(super) fn connection(group: &GroupKey, event: impl Display) -> String {
    let (app_key, name) = (excerpt(&group.app_key), excerpt(&group.name));
    format!("messages  app {}  group {}  {event}", app_key.escape_debug(), name.escape_debug())
}

/// Returns the line for an event of a message.
pub(super) fn message(group: &GroupKey, id: i64, event: impl Display) -> String {
    connection(group, format_args!("message {id}  {event}"))
}

/// Returns a text of a client as a part of a line.
pub(super) fn printable(text: &str) -> String {
    text.chars().take(MAX_REASON).flat_map(char::escape_debug).collect()
}
