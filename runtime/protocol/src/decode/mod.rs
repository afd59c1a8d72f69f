//! Answers as responses (docs/protocol.md section 4).

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
pub use self::untyped::enveloped;
pub(super) use self::{
    json::Json,
    source::{Event, Source, SyntaxError},
};

use self::decoder::{Decoder, is_blank, is_structure};
use self::room::Room;
use self::tree::Tree;
use self::xml::XmlSource;
use super::error::{Outcome, PublicFields};
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
pub struct Envelope {
    /// The platform's id of the call.
    pub request_id: Option<String>,
    /// The values that did not fit their types.
    pub mismatches: Vec<Mismatch>,
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
    #[doc(hidden)]
    pub fn new(value: T, envelope: Envelope, body: String) -> Self {
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
/// The body may be XML or JSON, the latter with its root node or without (docs/protocol.md section 4.4), whatever was
/// asked for. Any root node is accepted. A value that does not fit its documented type leaves its field empty and is
/// listed in [`Response::mismatches`].
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
pub fn decode_into(body: &str, node: &str, record: &mut dyn RecordMut) -> Result<Envelope, Error> {
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
    /// The documented one, and any other object without a meaning of its own.
    Any,
    /// The documented one, and any `*_response`.
    Documented,
}

/// What identifies a body as the method's response, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Evidence {
    /// Nothing.
    None,
    /// A root node of another name, without any field of the method.
    Foreign,
    /// Public fields alone, such as `request_id`, which the response of any method may have.
    Public,
    /// Fields of the method that have the name of public ones, such as `code` and `message`.
    Ambiguous,
    /// Fields of the method, at the top level or under a root node of another name.
    Field,
    /// The documented root node.
    Root,
}

/// What a body is, by the strongest evidence in it and what its public fields say.
///
/// The documented root node is a response whatever is in it, since a business may have a `code` of its own. Fields of the
/// method are a response unless a `flag` says that the call failed. Everything else is a refusal if the public fields say
/// so, and a response only if they say that the call succeeded, or are all that there is at the top level.
pub(super) fn verdict(evidence: Evidence, public: &PublicFields) -> Verdict {
    match (evidence, public.outcome()) {
        (Evidence::Root, _) => Verdict::Response,
        (Evidence::Field, _) if public.is_flagged() => Verdict::Refusal,
        (Evidence::Field, _) => Verdict::Response,
        (_, Outcome::Failure) => Verdict::Refusal,
        (Evidence::Ambiguous | Evidence::Public, _) => Verdict::Response,
        (Evidence::Foreign, Outcome::Success) => Verdict::Response,
        (Evidence::Foreign | Evidence::None, _) => Verdict::Neither,
    }
}

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Response,
    Refusal,
    /// It is not the method's response, and does not say that the call failed.
    Neither,
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
    let mut public = PublicFields::default();
    let mut evidence = Evidence::None;
    // An object that was taken for the root because it has fields of the method, or public ones.
    let mut guess = None;
    // An `error_response` without an error.
    let mut no_error = None;
    // Whether a field of the method came, and whether an object or a list came that is none.
    let (mut known, mut unknown) = (false, false);
    let (mut empty, mut expected) = (true, 0);
    if decoder.next()? != Event::StartObject {
        return Err(not_an_object());
    }
    while let Event::Key(key) = decoder.next()? {
        empty = false;
        if key == "error_response" {
            no_error = refusal(decoder)?;
            match no_error {
                Some(refusal) if !refusal.is_empty() => return Ok(Answer::Refusal(refusal)),
                _ => continue,
            }
        }
        let is_root = is_node(&key, node);
        if !is_root {
            if decoder.member(&key, record, &mut expected)? {
                known = true;
                evidence = evidence.max(field_evidence(&key));
                continue;
            }
            if decoder.member(&key, &mut public, &mut 0)? {
                continue;
            }
        }
        if key.eq_ignore_ascii_case("html") {
            return Err(html());
        }
        let value = decoder.next()?;
        if is_root {
            if value == Event::StartObject {
                let members = decoder.members(record, Some(&mut public))?;
                known |= members.evidence >= Evidence::Ambiguous;
                unknown |= members.strange;
            } else if !is_blank(&value) && value != Event::Null {
                decoder.misfit(&Field::new("", Kind::Object), value)?;
            }
            evidence = Evidence::Root;
            continue;
        }
        let named = key.ends_with("_response");
        let may_be_root = named || (roots == Roots::Any && evidence < Evidence::Ambiguous && guess.is_none());
        if value == Event::StartObject && may_be_root {
            let mut inner = PublicFields::default();
            let members = decoder.members(record, Some(&mut inner))?;
            known |= members.evidence >= Evidence::Ambiguous;
            unknown |= members.strange;
            if named {
                evidence = evidence.max(members.evidence.max(Evidence::Foreign));
                public.merge(inner);
            } else {
                guess = Some((members.evidence, inner));
            }
        } else {
            unknown |= is_structure(&value);
            if named {
                evidence = evidence.max(Evidence::Foreign);
            }
            decoder.skip(value)?;
        }
    }
    decoder.next()?;
    if let Some((found, inner)) = guess {
        if evidence >= Evidence::Ambiguous {
            return Ok(Answer::Restart);
        }
        evidence = evidence.max(found.max(Evidence::Foreign));
        public.merge(inner);
    }
    let no_fields = record.schema().fields.is_empty();
    if evidence == Evidence::None && (public.request_id.is_some() || empty && no_fields) {
        evidence = Evidence::Public;
    }
    match verdict(evidence, &public) {
        Verdict::Response => {}
        Verdict::Refusal => {
            public.absorb(record);
            return Ok(Answer::Refusal(public));
        }
        Verdict::Neither => {
            return match no_error {
                Some(refusal) => Ok(Answer::Refusal(refusal)),
                None => Err(neither(node)),
            };
        }
    }
    if unknown && !known && !no_fields {
        decoder.report_strange();
    }
    let request_id = public.request_id.or_else(|| documented_request_id(record));
    Ok(Answer::Success(Envelope { request_id, mismatches: std::mem::take(&mut decoder.mismatches) }))
}

/// Returns whether a member has the name of the documented root node. Gateways of the family write it in their own case, and
/// with the prefix `taobao` that the rule leaves out (docs/protocol.md section 4.1).
pub(super) fn is_node(key: &str, node: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = char> {
        let name = name.strip_prefix("taobao").unwrap_or(name);
        name.chars().filter(|letter| *letter != '_').map(|letter| letter.to_ascii_lowercase())
    }
    key == node || (key.len() >= "response".len() && !node.is_empty() && letters(key).eq(letters(node)))
}

/// The evidence that a field of the method is.
pub(super) fn field_evidence(name: &str) -> Evidence {
    if PublicFields::has(name) { Evidence::Ambiguous } else { Evidence::Field }
}

pub(super) fn not_an_object() -> Box<DecodeError> {
    DecodeError::new("expected a JSON object or an XML element at the top level", "an object", "something else")
}

pub(super) fn neither(node: &str) -> Box<DecodeError> {
    let problem = format!("expected {node} or error_response, found neither");
    DecodeError::new(problem, format!("{node} or error_response"), "neither")
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
