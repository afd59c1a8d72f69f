//! Answers as responses (protocol.md 4).

mod decoder;
mod json;
mod room;
mod source;
mod tree;
mod untyped;
mod value;
mod xml;

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

pub use self::untyped::decode_untyped;
#[cfg(feature = "client")]
pub(crate) use self::untyped::enveloped;
pub(super) use self::{
    json::Json,
    source::{Event, Source, SyntaxError},
};

use self::decoder::{Decoder, is_structure};
use self::room::Room;
use self::tree::Tree;
use self::xml::XmlSource;
use super::error::PublicFields;
use super::record::clear;
use super::{DecodeError, Error, Field, Headers, Kind, RecordMut, Request, View, debug};

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
#[derive(Clone)]
pub(crate) struct Envelope {
    pub(crate) request_id: Option<String>,
    pub(crate) mismatches: Vec<Mismatch>,
}

/// The head of an HTTP answer.
#[derive(Clone)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
}

#[cfg(feature = "client")]
impl Head {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl<T> Response<T> {
    pub(crate) fn new(value: T, envelope: Envelope, body: String) -> Self {
        Self { value, envelope, head: None, body }
    }

    #[cfg(feature = "client")]
    pub(crate) fn with_head(self, head: Head) -> Self {
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

    /// The values that did not fit their documented types and were left out: the first of every field, and of others as
    /// many as make 256. One without a path says that the response holds objects or lists, and nothing that is documented.
    pub fn mismatches(&self) -> &[Mismatch] {
        &self.envelope.mismatches
    }

    /// The body as it came.
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

/// A value that did not fit its field, and so left it empty.
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
/// The body may be XML or JSON, the latter with its root node or without (protocol.md 4.4), whatever was asked for. Any
/// root node is accepted. A value that does not fit its documented type leaves its field empty and is listed in
/// [`Response::mismatches`].
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
pub fn decode<R: Request>(body: String) -> Result<Response<R::Response>, Error> {
    let mut value = R::Response::default();
    let envelope = decode_into(&body, R::RESPONSE_NODE, &mut value)?;
    Ok(Response::new(value, envelope, body))
}

/// [`decode`](fn@decode) without its type parameter, so that it is compiled once. What is in `record` gives way.
pub(crate) fn decode_into(body: &str, node: &str, record: &mut dyn RecordMut) -> Result<Envelope, Error> {
    clear(record);
    let mut answer = read(body, node, record, Roots::Any);
    if matches!(answer, Ok(Answer::Restart)) {
        clear(record);
        answer = read(body, node, record, Roots::Documented);
    }
    let ambiguous = || DecodeError::new("its structure is ambiguous", "one root node", "several");
    match answer {
        Ok(Answer::Success(envelope)) => Ok(envelope),
        Ok(Answer::Refusal(public)) => Err(Error::Platform(Box::new(public.into_error(body)))),
        Ok(Answer::Restart) => Err(Error::Decode(ambiguous().in_body(body))),
        Err(error) => Err(Error::Decode(error.in_body(body))),
    }
}

/// Fills a record from a tree and returns what did not fit.
pub(crate) fn from_json(value: &serde_json::Value, record: &mut dyn RecordMut) -> Vec<Mismatch> {
    let mut decoder = Decoder::new(Tree::new(value), Room::unlimited());
    let whole = Field::new("", Kind::Object);
    let read = match decoder.next() {
        Ok(Event::StartObject) => decoder.members(record, None).map(|_| ()),
        Ok(other) => decoder.misfit(&whole, other),
        Err(error) => Err(error),
    };
    let mut mismatches = decoder.mismatches;
    if let Err(error) = read {
        let found = error.to_string();
        mismatches.push(Mismatch { path: String::new(), kind: Kind::Object, list: false, found });
    }
    mismatches
}

/// What a body turned out to be.
enum Answer {
    Success(Envelope),
    Refusal(PublicFields),
    /// An object was taken for the root node, and then the root or fields of the response came beside it. Read again.
    Restart,
}

/// Which members of the top level may be the root node.
#[derive(Clone, Copy, PartialEq)]
enum Roots {
    /// The documented one, any `*_response`, and any object that has no other meaning.
    Any,
    /// The documented one and any `*_response`.
    Documented,
}

/// Reads a body into `record`.
fn read(body: &str, node: &str, record: &mut dyn RecordMut, roots: Roots) -> Result<Answer, Box<DecodeError>> {
    let start = opened(body)?;
    let room = Room::of(start.len());
    if start.starts_with('<') {
        read_from(Decoder::new(XmlSource::new(start), room), node, record, roots)
    } else {
        read_from(Decoder::new(Json::new(start), room), node, record, roots)
    }
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

fn read_from<'a, S: Source<'a>>(
    mut decoder: Decoder<S>,
    node: &str,
    record: &mut dyn RecordMut,
    roots: Roots,
) -> Result<Answer, Box<DecodeError>> {
    envelope(&mut decoder, node, record, roots).map_err(|mut error| {
        error.path = decoder.path();
        error
    })
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

/// Reads the top level of a body: the root node of a response, the fields of a simplified one, or `error_response`.
fn envelope<'a, S: Source<'a>>(
    decoder: &mut Decoder<S>,
    node: &str,
    record: &mut dyn RecordMut,
    roots: Roots,
) -> Result<Answer, Box<DecodeError>> {
    let whole = Field::new("", Kind::Object);
    let mut public = PublicFields::default();
    // What has been seen: the root node, a root that is a guess, fields of the response in it, fields that stand beside
    // a root, what is no field of anything, and anything at all.
    let (mut root, mut guessed, mut fits, mut flat) = (false, false, false, false);
    let (mut known, mut strange, mut empty) = (false, false, true);
    let (mut expected, mut hollow) = (0, None);
    if decoder.next()? != Event::StartObject {
        return Err(DecodeError::new("it is no object, which every answer is", "an object", "something else"));
    }
    while let Event::Key(key) = decoder.next()? {
        empty = false;
        if key == "error_response" {
            hollow = refusal(decoder)?;
            match hollow {
                Some(refusal) if !refusal.is_hollow() => return Ok(Answer::Refusal(refusal)),
                _ => continue,
            }
        }
        if key != node {
            if decoder.member(&key, record, &mut expected)? {
                flat = true;
                continue;
            }
            if decoder.member(&key, &mut public, &mut 0)? {
                continue;
            }
        }
        if key.eq_ignore_ascii_case("html") {
            return Err(html());
        }
        let named = key == node || key.ends_with("_response");
        match decoder.next()? {
            Event::StartObject if named => {
                let members = decoder.members(record, Some(&mut public))?;
                known |= members.known;
                strange |= members.strange;
                root = true;
            }
            // Some other name for the root, if what it holds are the response's fields.
            Event::StartObject if roots == Roots::Any && !root && !flat && !guessed => {
                let members = decoder.members(record, Some(&mut public))?;
                fits = members.known;
                strange |= members.strange;
                guessed = fits || public.request_id.is_some();
            }
            Event::Null => root |= named,
            Event::Text(text) if named && text.trim().is_empty() => root = true,
            other if named => {
                decoder.misfit(&whole, other)?;
                root = true;
            }
            other => {
                strange |= is_structure(&other);
                decoder.skip(other)?;
            }
        }
    }
    decoder.next()?;
    if guessed && (flat || root) {
        return Ok(Answer::Restart);
    }
    let documented = flat || root;
    // Under any other name, fields of the response make it one, unless there is the code that no response has.
    if !documented && public.is_refusal() && (!fits || public.sub_code.is_some()) {
        return Ok(Answer::Refusal(public));
    }
    let no_fields = record.schema().fields.is_empty();
    if !(documented || guessed || public.request_id.is_some() || empty && no_fields) {
        if let Some(refusal) = hollow {
            return Ok(Answer::Refusal(refusal));
        }
        let problem = format!("neither {node} nor error_response is in it");
        return Err(DecodeError::new(problem, format!("{node} or error_response"), "neither"));
    }
    if strange && !(known || fits || flat || no_fields) {
        decoder.report_strange();
    }
    let request_id = public.request_id.or_else(|| documented_request_id(record));
    Ok(Answer::Success(Envelope { request_id, mismatches: std::mem::take(&mut decoder.mismatches) }))
}

/// The value of `error_response`, if it has one.
fn refusal<'a, S: Source<'a>>(decoder: &mut Decoder<S>) -> Result<Option<PublicFields>, SyntaxError> {
    let mut refusal = PublicFields::default();
    match decoder.next()? {
        Event::Null => return Ok(None),
        Event::StartObject => {
            decoder.members(&mut refusal, None)?;
        }
        Event::Text(text) => refusal.msg = Some(text.into_owned()),
        // Some gateways make a list of whatever they serialise.
        Event::StartList => {
            let mut first = true;
            loop {
                match decoder.next()? {
                    Event::EndList => break,
                    Event::StartObject if first => {
                        decoder.members(&mut refusal, None)?;
                        first = false;
                    }
                    other => decoder.skip(other)?,
                }
            }
        }
        other => decoder.skip(other)?,
    }
    Ok(Some(refusal))
}

/// The `request_id` of the few methods that document it as a field of their own.
fn documented_request_id(record: &dyn RecordMut) -> Option<String> {
    let index = record.schema().fields.iter().position(|field| field.name == "request_id")?;
    match record.view(index) {
        View::Text(id) => Some(id.to_owned()),
        _ => None,
    }
}
