//! Decoding of responses (docs/protocol.md section 4).

mod body;
mod budget;
#[cfg(feature = "spi")]
mod call;
#[cfg(any(feature = "messages", feature = "spi"))]
mod decoded;
mod decoder;
mod deserialize;
mod document;
mod envelope;
#[cfg(feature = "messages")]
mod object;
mod response;
mod tree;
mod unknown;
mod untyped;

pub use self::body::ResponseBody;
#[cfg(feature = "spi")]
pub(crate) use self::call::decode_call;
#[cfg(any(feature = "messages", feature = "spi"))]
pub use self::decoded::Decoded;
pub use self::deserialize::deserialize;
pub use self::document::document_value;
#[cfg(feature = "messages")]
pub(crate) use self::object::decode_object;
pub use self::response::{Envelope, Mismatch, Response, ResponseHead};
pub use self::unknown::UnknownField;
pub use self::untyped::{decode_untyped, decode_value};

use self::envelope::ExpectedResponse;
use crate::error::Error;
use crate::record::RecordMut;
use crate::request::Request;

/// Decodes the response to a request of type `R`.
///
/// The body is XML or JSON, with or without a root node (docs/protocol.md section 4.4), independent of the requested format.
/// A value that does not match its documented type leaves its field empty and is listed in [`Response::mismatches`].
///
/// # Responses and refusals
///
/// A body is a response if it has the documented root node, a documented field or `request_id` at the top level, or a
/// documented field in another root node. Without the documented root node, it is a refusal if protocol fields report a
/// failure: `flag`, `success`, or a code or message if no documented field has a value.
///
/// ```
/// use generated_sdk::api::top::TopClientTokenGetRequest;
///
/// let body = r#"{"top_client_token_get_response":{"result_code":200,"token":"token","request_id":"4c1w"}}"#;
/// let response = generated_sdk::protocol::decode::<TopClientTokenGetRequest>(body.to_owned())?;
/// assert_eq!(response.result_code.as_deref(), Some("200"));
/// assert_eq!(response.request_id(), Some("4c1w"));
/// # Ok::<(), generated_sdk::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Platform`] if the platform refused the call, [`Error::Decode`] if the body is neither a response nor a refusal.
pub fn decode<R: Request>(body: impl Into<ResponseBody>) -> Result<Response<R::Response>, Error> {
    let body = body.into();
    let mut value = R::Response::default();
    let envelope = decode_into(&body, R::RESPONSE_NODE, &mut value)?;
    Ok(Response::from_parts(value, envelope, body.into_text()))
}

/// Decodes a response into `record`, and replaces its values. It has no type parameter, so that it is compiled once.
pub fn decode_into(body: &ResponseBody, node: &str, record: &mut dyn RecordMut) -> Result<Envelope, Error> {
    let expected = ExpectedResponse { node, simplified: false, typed: true };
    envelope::read(body, &expected, record).map(|(_, envelope)| envelope)
}
