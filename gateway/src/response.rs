//! Responses of the gateway, and their outcome for the console.

use crate::value::Value;

/// A response. Its HTTP status is 200 for a refusal too (docs/protocol.md section 4.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// The outcome of the call.
    pub outcome: Outcome,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseFormat {
    Xml,
    Json,
    /// JSON with plain lists, and without the root node if the call succeeds.
    SimplifiedJson,
}

impl Response {
    /// Creates a successful response with the root node `node`.
    pub(crate) fn new(node: &str, value: &Value, format: ResponseFormat, outcome: Outcome) -> Self {
        match format {
            ResponseFormat::SimplifiedJson => Self::write(None, value, format, outcome),
            ResponseFormat::Xml | ResponseFormat::Json => Self::write(Some(node), value, format, outcome),
        }
    }

    /// Creates the response to a refused call.
    pub(crate) fn refusal(value: &Value, format: ResponseFormat, outcome: Outcome) -> Self {
        Self::write(Some("error_response"), value, format, outcome)
    }

    fn write(node: Option<&str>, value: &Value, format: ResponseFormat, outcome: Outcome) -> Self {
        match format {
            ResponseFormat::Xml => {
                // The platform's responses have this declaration and a trailing comment with the host.
                let mut body = "<?xml version=\"1.0\" encoding=\"utf-8\" ?>".to_owned();
                value.write_xml(node.unwrap_or_default(), &mut body);
                body.push_str("<!--loopback-->");
                Self { content_type: "text/xml;charset=UTF-8", body, outcome }
            }
            ResponseFormat::Json | ResponseFormat::SimplifiedJson => {
                let body = value.to_json(node, format == ResponseFormat::SimplifiedJson);
                Self { content_type: "application/json;charset=UTF-8", body, outcome }
            }
        }
    }
}
