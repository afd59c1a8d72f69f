//! The response to a call that is refused.

use http::{HeaderMap, Request, Response};
use serde_json::json;

use super::signed::format;
use super::typed::SpiResponse;
use crate::format::Format;

/// The response to a call that is refused, with HTTP status 200, as the platform reads it.
///
/// Scenes differ in the names of the fields, so a refusal has all of them: `flag`, `success`, `code`, `message`, `sub_code`,
/// `sub_message`, `errorCode` and `errorMessage`. The default is the platform's convention for a wrong signature: the code
/// `sign-check-failure` and the message `Illegal request`.
///
/// ```
/// use top_protocol::Format;
/// use top_protocol::spi::SpiRefusal;
///
/// let refusal = SpiRefusal::new(Format::Xml);
/// assert!(refusal.body().starts_with("<response><flag>failure</flag>"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpiRefusal {
    format: Format,
    code: String,
    message: String,
}

impl SpiRefusal {
    /// Creates the refusal of a wrong signature.
    pub fn new(format: Format) -> Self {
        Self { format, code: "sign-check-failure".to_owned(), message: "Illegal request".to_owned() }
    }

    /// Creates the refusal of a wrong signature in the format of the request: see [`of_parts`](Self::of_parts).
    pub fn of<B>(request: &Request<B>) -> Self {
        Self::of_parts(request.uri().query().unwrap_or_default(), request.headers())
    }

    /// Creates the refusal of a wrong signature in XML if the request has an XML body or asks for `format=xml`, else in JSON.
    pub fn of_parts(query: &str, headers: &HeaderMap) -> Self {
        Self::new(format(query, headers))
    }

    /// Sets another code and message, for a call that is valid and cannot be served.
    #[must_use]
    pub fn with_code(self, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), ..self }
    }

    /// Sets the format.
    #[must_use]
    pub fn in_format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// Returns the body.
    pub fn body(&self) -> String {
        let Self { format, code, message } = self;
        match format {
            Format::Json => json!({
                "flag": "failure", "success": false, "code": code, "message": message, "sub_code": code,
                "sub_message": message, "errorCode": code, "errorMessage": message,
            })
            .to_string(),
            Format::Xml => {
                let (code, message) = (quick_xml::escape::escape(code), quick_xml::escape::escape(message));
                format!(
                    "<response><flag>failure</flag><success>false</success><code>{code}</code>\
                     <message>{message}</message><sub_code>{code}</sub_code><sub_message>{message}</sub_message>\
                     <errorCode>{code}</errorCode><errorMessage>{message}</errorMessage></response>"
                )
            }
        }
    }

    /// Returns the HTTP response.
    pub fn into_response(self) -> Response<String> {
        SpiResponse::from(self).into_response()
    }
}

impl From<SpiRefusal> for SpiResponse {
    fn from(refusal: SpiRefusal) -> Self {
        Self::of_body(refusal.format, refusal.body())
    }
}
