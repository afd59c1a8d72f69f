//! Responses and their metadata.

use std::fmt;
use std::ops::Deref;

use super::unknown::UnknownField;
use crate::debug;
use crate::headers::Headers;
use crate::record::Kind;

/// A response and its metadata. It dereferences to the response.
#[derive(Clone)]
pub struct Response<T> {
    value: T,
    envelope: Envelope,
    head: Option<ResponseHead>,
    body: String,
}

/// The metadata in a response body.
#[derive(Clone, Default)]
pub struct Envelope {
    /// The platform's id of the call.
    pub request_id: Option<String>,
    /// The values that did not match their documented types.
    pub mismatches: Vec<Mismatch>,
    /// The fields that the spec lacks.
    pub unknown: Vec<UnknownField>,
    /// The number of unknown fields that were dropped.
    pub dropped: usize,
}

/// The status and headers of an HTTP response.
#[derive(Clone)]
pub struct ResponseHead {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
}

impl ResponseHead {
    /// Returns whether the status is 2xx.
    #[doc(hidden)]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl<T> Response<T> {
    /// Creates a response that no gateway returned, without a request id, headers and body. For tests of code that takes a
    /// response.
    ///
    /// ```
    /// use generated_sdk::api::top::TopClientTokenGetResponse;
    /// use generated_sdk::protocol::Response;
    ///
    /// let mut value = TopClientTokenGetResponse::default();
    /// value.token = Some("t".to_owned());
    /// let response = Response::new(value);
    /// assert_eq!((response.token.as_deref(), response.request_id()), (Some("t"), None));
    /// ```
    pub fn new(value: T) -> Self {
        Self::from_parts(value, Envelope::default(), String::new())
    }

    #[doc(hidden)]
    pub fn from_parts(value: T, envelope: Envelope, body: String) -> Self {
        Self { value, envelope, head: None, body }
    }

    #[doc(hidden)]
    pub fn with_head(self, head: ResponseHead) -> Self {
        Self { head: Some(head), ..self }
    }

    /// Returns the response without its metadata. To keep the metadata, use [`map`](Self::map).
    pub fn into_value(self) -> T {
        self.value
    }

    /// Maps the response, and keeps its metadata.
    ///
    /// ```
    /// use generated_sdk::api::top::TopClientTokenGetRequest;
    ///
    /// let body = r#"{"top_client_token_get_response":{"token":"t","request_id":"4c1w"}}"#;
    /// let response = generated_sdk::protocol::decode::<TopClientTokenGetRequest>(body.to_owned())?;
    /// let token = response.map(|response| response.token);
    /// assert_eq!((token.as_deref(), token.request_id()), (Some("t"), Some("4c1w")));
    /// # Ok::<(), generated_sdk::Error>(())
    /// ```
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Response<U> {
        let Self { value, envelope, head, body } = self;
        Response { value: map(value), envelope, head, body }
    }

    /// Returns the platform's id of the call, which its support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.envelope.request_id.as_deref()
    }

    /// Returns the values that were dropped because they do not match their type, or in which characters were replaced.
    ///
    /// At least the first mismatch of each field is kept, and at most 256 others. A mismatch with an empty path means that
    /// the response has objects or lists, but no documented field.
    pub fn mismatches(&self) -> &[Mismatch] {
        &self.envelope.mismatches
    }

    /// Returns the fields that the spec lacks, in the order of the body. Empty for an untyped response.
    ///
    /// ```
    /// use generated_sdk::api::top::TopClientTokenGetRequest;
    ///
    /// let body = r#"{"top_client_token_get_response":{"token":"t","new_field":{"a":[1]},"request_id":"4c1w"}}"#;
    /// let response = generated_sdk::protocol::decode::<TopClientTokenGetRequest>(body)?;
    /// let field = &response.unknown_fields()[0];
    /// assert_eq!((field.path.as_str(), &field.value["a"][0]), ("new_field", &1.into()));
    /// # Ok::<(), generated_sdk::Error>(())
    /// ```
    pub fn unknown_fields(&self) -> &[UnknownField] {
        &self.envelope.unknown
    }

    /// Returns the number of unknown fields that were dropped because their memory budget was exhausted.
    pub fn dropped_unknown_fields(&self) -> usize {
        self.envelope.dropped
    }

    /// Returns the response body, in which invalid UTF-8 is [replaced](super::ResponseBody).
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Returns the HTTP status; `None` if the response was decoded without a client.
    pub fn status(&self) -> Option<u16> {
        self.head.as_ref().map(|head| head.status)
    }

    /// Returns the HTTP headers. Empty if the response was decoded without a client.
    pub fn headers(&self) -> &Headers {
        const EMPTY: &Headers = &Headers::new();
        self.head.as_ref().map_or(EMPTY, |head| &head.headers)
    }
}

impl<T> Deref for Response<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug + 'static> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = f.debug_struct("Response");
        output.field("value", &debug::Value(&self.value));
        if let Some(request_id) = &self.envelope.request_id {
            output.field("request_id", request_id);
        }
        if !self.envelope.mismatches.is_empty() {
            output.field("mismatches", &self.envelope.mismatches);
        }
        output.finish_non_exhaustive()
    }
}

/// A value that did not match the type of its field, or in which characters were replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// The path to the field, such as `trades[3].price`.
    pub path: String,
    /// The documented type.
    pub kind: Kind,
    /// Whether the field is documented as a list of this type.
    pub list: bool,
    /// The value, shortened. Redacted if the field is a secret.
    pub found: String,
    /// Whether the field has the value, with invalid characters replaced. Otherwise the value was dropped.
    pub replaced: bool,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = if self.list { "[]" } else { "" };
        let path = if self.path.is_empty() { "the response" } else { &self.path };
        write!(f, "{path}: expected {}{list}, found {}", self.kind.name(), self.found)
    }
}
