//! What the gateway tells the person who started it: a line a call, and why it was refused.

use crate::Answer;

/// The lines for one call.
pub(crate) fn lines(answer: &Answer) -> String {
    let outcome = &answer.outcome;
    let or_none = |text: &Option<String>| text.as_deref().unwrap_or("-").escape_debug().to_string();
    let result = if outcome.code.is_some() { outcome.explanation.as_str() } else { "ok" };
    format!("{}  app {}  request {}  {result}", or_none(&outcome.method), or_none(&outcome.app_key), outcome.request_id)
}
