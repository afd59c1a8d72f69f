//! Responses of the gateway, and their outcome for the console.

use codegen::spec::Dialect;
use top_protocol::Format;

use crate::request::Parameters;
use crate::value::{Members, Value};

/// A response. Its HTTP status is 200 for a refusal too (docs/protocol.md section 4.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// The outcome of the call, or of the whole batch.
    pub outcome: Outcome,
    /// The outcomes of the calls of a batch, which is empty for any other call.
    pub calls: Vec<Outcome>,
}

/// The outcome of a call, for the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The method of the call.
    pub method: Option<String>,
    /// The application of the call.
    pub app_key: Option<String>,
    /// The error code. `None` for a successful call.
    pub code: Option<i64>,
    /// The reason of the refusal. For a wrong signature, more lines have the signed text.
    pub explanation: String,
    /// The `request_id` of the response.
    pub request_id: String,
}

/// The format of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ResponseFormat {
    Xml,
    Json,
    /// JSON with plain lists, and without the root node if the call succeeds.
    SimplifiedJson,
}

impl ResponseFormat {
    /// Returns the format that a request selects.
    pub(crate) fn of(parameters: &Parameters<'_>) -> Self {
        match (named_format(parameters.get("format")), is_true(parameters.get("simplify"))) {
            (Some(Format::Json), true) => Self::SimplifiedJson,
            (Some(Format::Json), false) => Self::Json,
            _ => Self::Xml,
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml;charset=UTF-8",
            Self::Json | Self::SimplifiedJson => "application/json;charset=UTF-8",
        }
    }
}

/// Parses a format, in any case.
pub(crate) fn named_format(name: Option<&str>) -> Option<Format> {
    name?.to_ascii_lowercase().parse().ok()
}

/// Parses a boolean as Java, Python (`True`) and PHP (`1`) write it.
fn is_true(value: Option<&str>) -> bool {
    value.is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
}

/// How the response to a request is written.
#[derive(Clone, Copy)]
pub(crate) struct ResponseStyle<'g> {
    pub(crate) dialect: &'g Dialect,
    pub(crate) format: ResponseFormat,
}

impl ResponseStyle<'_> {
    /// Renders a successful response with the root node `node`. In a dialect with one root node for all responses, the members
    /// are those of the only object, if the spec has one with this name, and start with the flag of a success.
    pub(crate) fn successful(self, node: &str, mut members: Members) -> Body {
        let Some(root) = &self.dialect.response_root else { return Body::new(node, members, self.format) };
        if let [(name, Value::Object(content))] = members.as_mut_slice()
            && *name == root.value
        {
            members = std::mem::take(content);
        }
        if !members.iter().any(|(name, _)| name == "flag") {
            members.insert(0, ("flag".to_owned(), Value::Text("success".to_owned())));
        }
        Body::new(&root.value, members, self.format)
    }

    /// Renders the response to a refused call, which has a root node in any format.
    pub(crate) fn refusal(self, members: Members) -> Body {
        let root = self.dialect.response_root.as_ref().map_or("error_response", |root| root.value.as_str());
        Body::render(Some(root), members, self.format)
    }
}

/// The body of a response without its `request_id`, so that it can be used again.
#[derive(Debug)]
pub(crate) struct Body {
    head: String,
    tail: String,
}

/// The placeholder of the `request_id` while a body is rendered.
const REQUEST_ID: &str = "{request_id}";

impl Body {
    /// Renders a successful response with the root node `node`.
    pub(crate) fn new(node: &str, members: Members, format: ResponseFormat) -> Self {
        Self::render(Some(node).filter(|_| format != ResponseFormat::SimplifiedJson), members, format)
    }

    fn render(node: Option<&str>, mut members: Members, format: ResponseFormat) -> Self {
        members.retain(|(name, _)| name != "request_id");
        members.push(("request_id".to_owned(), Value::Text(REQUEST_ID.to_owned())));
        let value = Value::Object(members);
        let mut body = match format {
            ResponseFormat::Xml => {
                // The platform's responses have this declaration and a trailing comment with the host.
                let mut body = "<?xml version=\"1.0\" encoding=\"utf-8\" ?>".to_owned();
                value.write_xml(node.unwrap_or_default(), &mut body);
                body.push_str("<!--loopback-->");
                body
            }
            ResponseFormat::Json | ResponseFormat::SimplifiedJson => {
                value.to_json(node, format == ResponseFormat::SimplifiedJson)
            }
        };
        // The id is the last member. Other values may contain the same text.
        let end = body.rfind(REQUEST_ID).unwrap_or(body.len());
        let tail = body.get(end + REQUEST_ID.len()..).unwrap_or_default().to_owned();
        body.truncate(end);
        Self { head: body, tail }
    }

    /// Returns the body with an id.
    pub(crate) fn with_id(&self, request_id: &str) -> String {
        [self.head.as_str(), request_id, &self.tail].concat()
    }

    /// Returns the length in bytes without the id.
    pub(crate) fn len(&self) -> usize {
        self.head.len() + self.tail.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_the_last_member() {
        let text = |text: &str| Value::Text(text.to_owned());
        let members = || vec![("request_id".to_owned(), text("of the example")), ("a".to_owned(), text(REQUEST_ID))];
        for (format, expected) in [
            (ResponseFormat::Json, r#"{"node":{"a":"{request_id}","request_id":"abc"}}"#),
            (ResponseFormat::SimplifiedJson, r#"{"a":"{request_id}","request_id":"abc"}"#),
            (
                ResponseFormat::Xml,
                "<?xml version=\"1.0\" encoding=\"utf-8\" ?><node><a>{request_id}</a><request_id>abc</request_id></node>\
                 <!--loopback-->",
            ),
        ] {
            assert_eq!(Body::new("node", members(), format).with_id("abc"), expected);
        }
    }
}
