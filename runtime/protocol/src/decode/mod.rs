//! Answers as responses (docs/protocol.md section 4).

mod body;
mod decoder;
mod envelope;
mod json;
mod room;
mod source;
mod tree;
mod unknown;
mod untyped;
mod value;
mod xml;

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

pub use self::body::ResponseBody;
pub use self::unknown::UnknownField;
pub use self::untyped::decode_untyped;
pub use self::untyped::enveloped;
pub(super) use self::{
    json::Json,
    source::{Event, Source, SyntaxError},
};

use self::decoder::Decoder;
use self::envelope::Expected;
use self::room::Room;
use self::tree::Tree;
use super::{DecodeError, Error, Field, Headers, Kind, RecordMut, Request, debug};

/// What an answer is written in: the `format` parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// XML, which a gateway answers in when it is not asked for anything else.
    Xml,
}

impl Format {
    /// The value of the `format` parameter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Xml => "xml",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [Self::Json, Self::Xml]
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| "format is xml or json".to_owned())
    }
}

/// A response and what came with it. It can be used as the response itself.
#[derive(Clone)]
pub struct Response<T> {
    value: T,
    envelope: Envelope,
    head: Option<Head>,
    body: String,
}

/// What came around a response.
#[derive(Clone, Default)]
pub struct Envelope {
    /// The platform's id of the call.
    pub request_id: Option<String>,
    /// The values that did not fit their types.
    pub mismatches: Vec<Mismatch>,
    /// The fields that the spec lacks.
    pub unknown: Vec<UnknownField>,
    /// How many unknown fields were dropped.
    pub dropped: usize,
}

/// The head of an HTTP answer.
#[derive(Clone)]
pub struct Head {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
}

impl Head {
    #[doc(hidden)]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl<T> Response<T> {
    /// Creates a response that no gateway returned, without a request id, headers and body: for tests of code that takes
    /// a response.
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
    pub fn with_head(self, head: Head) -> Self {
        Self { head: Some(head), ..self }
    }

    /// The response alone. The request id, the mismatches and the body are gone then: look at them before, or keep them
    /// with [`map`](Self::map).
    pub fn into_value(self) -> T {
        self.value
    }

    /// What `change` makes of the response, be it a part of it, with all that came with it.
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
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Response<U> {
        let Self { value, envelope, head, body } = self;
        Response { value: change(value), envelope, head, body }
    }

    /// The platform's name for the call, to give to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.envelope.request_id.as_deref()
    }

    /// The values that did not fit their documented types and were left out, and those in which invalid characters were
    /// replaced: the first of every field, and of others as many as make 256. One without a path says that the response
    /// holds objects or lists, and nothing that is documented.
    pub fn mismatches(&self) -> &[Mismatch] {
        &self.envelope.mismatches
    }

    /// Returns the fields that the spec lacks, in the order of the body. Of an untyped response there are none: its value
    /// has every field.
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

    /// Returns how many unknown fields were dropped because the decoder's memory budget for them was used up.
    pub fn dropped_unknown_fields(&self) -> usize {
        self.envelope.dropped
    }

    /// The body as it came, with bytes that are not valid UTF-8 [replaced](ResponseBody).
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The HTTP status, of a response that a client has received.
    pub fn status(&self) -> Option<u16> {
        self.head.as_ref().map(|head| head.status)
    }

    /// The HTTP headers, of a response that a client has received; none of another.
    pub fn headers(&self) -> &Headers {
        const NONE: &Headers = &Headers::new();
        self.head.as_ref().map_or(NONE, |head| &head.headers)
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

/// A value that did not fit its field, or that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// The way to the field: wire names, with the indexes of lists, as in `trades[3].price`.
    pub path: String,
    /// The documented type.
    pub kind: Kind,
    /// Whether the field is documented as a list of it.
    pub list: bool,
    /// What came, in short; hidden if the field is a secret.
    pub found: String,
    /// Whether the field has a value all the same, in which invalid characters were replaced. Otherwise the value was
    /// left out.
    pub replaced: bool,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = if self.list { "[]" } else { "" };
        let path = if self.path.is_empty() { "the response" } else { &self.path };
        write!(f, "{path}: expected {}{list}, found {}", self.kind.name(), self.found)
    }
}

/// Reads the answer to a request of the type `R`.
///
/// The body may be XML or JSON, the latter with its root node or without (docs/protocol.md section 4.4), whatever was
/// asked for. It is text, or bytes in UTF-8. A value that does not fit its documented type leaves its field empty and
/// is listed in [`Response::mismatches`].
///
/// # What is a response
///
/// The documented root node makes a body a response. So does a documented field, or `request_id`, at the top level, or a
/// documented field in a root node of another name. Without the documented root node, undocumented protocol fields that
/// report a failure make the body a refusal: `flag`, `success`, and a code or a message if no documented field holds a
/// value. The root node of another method, without a documented field in it, is an error.
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
/// [`Error::Platform`] if the answer is a refusal, [`Error::Decode`] if it is none of the protocol's answers.
pub fn decode<R: Request>(body: impl Into<ResponseBody>) -> Result<Response<R::Response>, Error> {
    let body = body.into();
    let mut value = R::Response::default();
    let envelope = decode_into(&body, R::RESPONSE_NODE, &mut value)?;
    Ok(Response::from_parts(value, envelope, body.into_text()))
}

/// [`decode`](fn@decode) without its type parameter, so that it is compiled once. What is in `record` gives way.
pub fn decode_into(body: &ResponseBody, node: &str, record: &mut dyn RecordMut) -> Result<Envelope, Error> {
    let expected = Expected { node, simplified: false, typed: true };
    envelope::read(body, &expected, record).map(|(_, envelope)| envelope)
}

/// Fills a record from a tree that serde has written, and returns what did not fit.
pub(crate) fn from_json(value: &serde_json::Value, record: &mut dyn RecordMut) -> Vec<Mismatch> {
    let mut decoder = Decoder::new(Tree::verbatim(value), Room::unlimited());
    let whole = Field::new("", Kind::Object);
    let read = match decoder.next() {
        Ok(Event::StartObject) => decoder.members(record, None).map(|_| ()),
        Ok(other) => decoder.misfit(&whole, other),
        Err(error) => Err(error),
    };
    let mut mismatches = decoder.context.mismatches;
    if let Err(error) = read {
        let found = error.to_string();
        mismatches.push(Mismatch { path: String::new(), kind: Kind::Object, list: false, found, replaced: false });
    }
    mismatches
}

/// The body from where its document begins: with `<` if that is XML, and JSON otherwise.
fn opened(body: &str) -> Result<&str, Box<DecodeError>> {
    let start = body.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
    if start.is_empty() {
        return Err(DecodeError::new("the body is empty", "an answer", "nothing"));
    }
    let lower: String = start.chars().take(14).collect::<String>().to_ascii_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return Err(html());
    }
    Ok(start)
}

fn html() -> Box<DecodeError> {
    let problem = "an HTML page came instead; a proxy, a login page or another server answers there";
    DecodeError::new(problem, "an answer", "an HTML page")
}

impl From<SyntaxError> for Box<DecodeError> {
    fn from(error: SyntaxError) -> Self {
        let expected = error.expected.clone().unwrap_or_else(|| "well-formed JSON or XML".to_owned());
        DecodeError::new(error.to_string(), expected, error.found)
    }
}
