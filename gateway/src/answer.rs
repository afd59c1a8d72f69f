//! What the gateway answers, and what it has to tell about it.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use top_protocol::Format;

use crate::Gateway;
use crate::check::{self, Passed, Refused};
use crate::console;
use crate::example::Node;
use crate::excerpt::excerpt;
use crate::incoming::{Incoming, Parameters};
use crate::signing;

/// An answer, which HTTP carries with the status 200 whatever it says (docs/protocol.md section 4.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// What the call was and came to.
    pub outcome: Outcome,
}

/// A call and what it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The method that was called.
    pub method: Option<String>,
    /// The application that called it.
    pub app_key: Option<String>,
    /// The code of the refusal; `None` for a call that passed.
    pub code: Option<i64>,
    /// Lines for the gateway's console: why a call was refused, and for a wrong signature what was signed.
    pub explanation: String,
    /// The name that the answer gives to the call.
    pub request_id: String,
}

/// The members of a response, by their names.
type Members = Vec<(String, Node)>;

impl Gateway {
    /// Answers a request.
    pub fn answer(&self, incoming: &Incoming<'_>) -> Answer {
        let (parameters, checked) = match check::read(incoming) {
            Ok(parameters) => {
                let answered = self.members(incoming.verb, &parameters);
                (parameters, answered)
            }
            // The query says in which format the refusal is to be.
            Err(refused) => (incoming.query_parameters(), Err(refused)),
        };
        let format = check::format(&parameters);
        let request_id = self.request_id();
        let own = |name: &str| check::given(&parameters, name).map(|value| excerpt(value).into_owned());
        let mut outcome = Outcome {
            method: own("method"),
            app_key: own("app_key"),
            code: None,
            explanation: String::new(),
            request_id: request_id.clone(),
        };
        let with_id = |mut members: Vec<(String, Node)>| {
            members.retain(|(name, _)| name != "request_id");
            members.push(("request_id".to_owned(), Node::Text(request_id)));
            Node::Object(members)
        };
        let body = match checked {
            Ok((node, members)) => {
                let simplify = format == Format::Json && check::simplify(&parameters);
                write(node, &with_id(members), format, simplify, simplify)
            }
            Err(refused) => {
                outcome.code = Some(refused.code);
                outcome.explanation = self.explain(&refused, &parameters);
                let simplify = check::simplify(&parameters);
                write("error_response", &with_id(self.refusal(refused)), format, simplify, false)
            }
        };
        let content_type = match format {
            Format::Json => "application/json;charset=UTF-8",
            Format::Xml => "text/xml;charset=UTF-8",
        };
        Answer { content_type, body, outcome }
    }

    /// The root node of the answer to a call that passes, and its members.
    fn members(&self, verb: &str, parameters: &Parameters<'_>) -> Result<(&str, Members), Refused> {
        let Passed { method } = self.check(verb, parameters)?;
        Ok((method.node.as_str(), method.answer(parameters, self.list_length)?))
    }

    fn name(&self, code: i64) -> &str {
        self.platform.code(code).map_or("Unknown", |entry| entry.name.as_str())
    }

    /// The members of `error_response` (docs/protocol.md section 4.6).
    fn refusal(&self, refused: Refused) -> Vec<(String, Node)> {
        let name = self.name(refused.code);
        let msg = refused.argument.map_or_else(|| name.to_owned(), |argument| format!("{name}:{argument}"));
        let optional = [("sub_code", refused.sub_code), ("sub_msg", refused.sub_msg)];
        [("code", Some(Node::Number(refused.code))), ("msg", Some(Node::Text(msg)))]
            .into_iter()
            .chain(optional.map(|(name, value)| (name, value.map(Node::Text))))
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }

    /// The lines for the console. Secrets in the signed text are replaced by their lengths, and long values by their starts.
    fn explain(&self, refused: &Refused, parameters: &Parameters<'_>) -> String {
        let mut lines = format!("{} {}", refused.code, self.name(refused.code));
        if let Some(sub_msg) = &refused.sub_msg {
            lines.push_str(": ");
            lines.extend(visible(sub_msg));
        }
        let Some(mismatch) = &refused.mismatch else {
            return lines;
        };
        let method = check::given(parameters, "method").and_then(|method| self.methods.get(method));
        let hidden = |name: &str| {
            method.map_or_else(|| self.platform.is_secret(name), |method| method.hides(name, &self.platform))
        };
        let mut signed = String::new();
        for (name, value) in signing::signed(parameters) {
            if signed.len() > MAX_SIGNED {
                signed.push('…');
                break;
            }
            signed.extend(excerpt(name).escape_debug());
            if hidden(name) || console::holds_secret(value, &self.platform) {
                let _ = write!(signed, "[hidden: {} characters]", value.chars().count());
            } else {
                signed.extend(visible(&excerpt(value)));
            }
        }
        let sent = excerpt(check::given(parameters, "sign").unwrap_or_default());
        let (sent, digest, expected) = (sent.escape_debug(), mismatch.digest, &mismatch.expected);
        let _ = write!(lines, "\n  sent    {sent}\n  expect  {expected}\n  signed  {signed}\n  with    {digest}");
        lines
    }

    /// An opaque name for a call: short, and new for each.
    fn request_id(&self) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let time = (self.clock)().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        base36(time.wrapping_mul(1 << 12).wrapping_add(u128::from(count & 0xfff)))
    }
}

/// The length after which no more of the signed text is written to the console.
const MAX_SIGNED: usize = 4000;

/// A value whose characters do nothing to the terminal that shows it. Quotes stay as they are: JSON is full of them.
fn visible(value: &str) -> impl Iterator<Item = char> {
    value.chars().flat_map(|character| {
        let (plain, escaped) =
            if character.is_control() { (None, Some(character.escape_debug())) } else { (Some(character), None) };
        plain.into_iter().chain(escaped.into_iter().flatten())
    })
}

fn base36(mut number: u128) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(number % 36).unwrap_or_default();
        digits.extend(char::from_digit(digit, 36));
        number /= 36;
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

/// Writes an answer: XML with the declaration and trailing comment that the platform's has, or JSON.
fn write(node: &str, value: &Node, format: Format, simplify: bool, bare: bool) -> String {
    match format {
        Format::Xml => {
            let mut xml = "<?xml version=\"1.0\" encoding=\"utf-8\" ?>".to_owned();
            value.write_xml(node, &mut xml);
            xml.push_str("<!--loopback-->");
            xml
        }
        // Writing a tree of texts and numbers to memory cannot fail.
        Format::Json if bare => serde_json::to_string(&value.json(simplify)).unwrap_or_default(),
        Format::Json => {
            let wrapped = Node::Object(vec![(node.to_owned(), value.clone())]);
            serde_json::to_string(&wrapped.json(simplify)).unwrap_or_default()
        }
    }
}
