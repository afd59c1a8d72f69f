//! Typed calls and their responses.

use std::fmt;

use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::SpiRefusal;
use super::error::SpiContentError;
use super::verify::SpiCall;
use crate::decode::{Decoded, decode_call};
use crate::format::Format;
use crate::record::{Record, RecordMut};
use crate::structured;

/// The request of an SPI method, which the platform sends to the application.
///
/// The types are generated from specs with `direction: spi` or `direction: both`.
pub trait Spi:
    RecordMut + Clone + Default + fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The wire name of the method.
    const METHOD: &'static str;

    /// The root node of the response.
    const RESPONSE_NODE: &'static str;

    /// The response of the application.
    type Response: Record + Clone + Default + fmt::Debug + PartialEq + Serialize + Send + Sync + 'static;
}

impl SpiCall {
    /// Returns whether the call is one of the SPI method `R`.
    ///
    /// The prefixes `taobao.` and `qimen.` are ignored: the calls of Qimen omit them (docs/protocol.md section 7.4).
    pub fn is<R: Spi>(&self) -> bool {
        self.method().is_some_and(|method| stem(method) == stem(R::METHOD))
    }

    /// Decodes the request from the body, which is JSON or XML, and the signed parameters.
    ///
    /// A parameter or a field of the form fills a field that the body lacks. A value that does not match its documented type
    /// leaves its field empty, and is listed in [`Decoded::mismatches`].
    ///
    /// # Errors
    ///
    /// [`SpiContentError`]: the call is one of another method, or its body is neither JSON nor XML.
    pub fn decode<R: Spi>(&self) -> Result<Decoded<R>, SpiContentError> {
        if !self.is::<R>() {
            let found = self.method().unwrap_or_default().to_owned();
            return Err(SpiContentError::OtherMethod { expected: R::METHOD, found });
        }
        let mut request = R::default();
        let envelope = decode_call(self.body(), self.parameters(), &mut request)
            .map_err(|error| SpiContentError::Syntax { problem: error.problem, path: error.path })?;
        Ok(Decoded::new(request, envelope))
    }

    /// Encodes the response to a call of the SPI method `R` in the [`format`](Self::format) of the call.
    pub fn response<R: Spi>(&self, response: &R::Response) -> SpiResponse {
        SpiResponse::new(self.format(), R::RESPONSE_NODE, response)
    }

    /// Creates the refusal of this call in its [`format`](Self::format): see [`SpiRefusal`].
    pub fn refusal(&self) -> SpiRefusal {
        SpiRefusal::new(self.format())
    }
}

/// Returns the name of a method without the prefixes that calls of Qimen omit.
fn stem(method: &str) -> &str {
    let method = method.strip_prefix("taobao.").unwrap_or(method);
    method.strip_prefix("qimen.").unwrap_or(method)
}

/// The response to an SPI call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpiResponse {
    format: Format,
    body: String,
}

impl SpiResponse {
    /// Encodes a response with the root node `node`.
    pub fn new<R: Record + Serialize>(format: Format, node: &str, response: &R) -> Self {
        let body = match format {
            Format::Xml => structured::element(node, response),
            // Serializing strings, numbers and booleans to memory cannot fail.
            Format::Json => {
                serde_json::to_string(&std::collections::BTreeMap::from([(node, response)])).unwrap_or_default()
            }
        };
        Self { format, body }
    }

    pub(super) fn of_body(format: Format, body: String) -> Self {
        Self { format, body }
    }

    /// Returns the `Content-Type` of the body.
    pub fn content_type(&self) -> &'static str {
        match self.format {
            Format::Json => "application/json;charset=UTF-8",
            Format::Xml => "text/xml;charset=UTF-8",
        }
    }

    /// Returns the body.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Returns the HTTP response.
    pub fn into_response(self) -> Response<String> {
        let content_type = HeaderValue::from_static(self.content_type());
        let mut response = Response::new(self.body);
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response
    }
}
