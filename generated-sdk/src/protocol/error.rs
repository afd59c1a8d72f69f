//! What can go wrong with a call.

use std::error::Error as StdError;
use std::fmt;

use super::{Field, Kind, Record, RecordMut, Schema, Slot, View, Violations, record};

/// Why a call did not return its response.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The client cannot be built as it was asked to.
    Configuration(String),
    /// The request breaks the documents' demands and was not sent.
    Invalid(Violations),
    /// No answer came.
    Transport(TransportError),
    /// The answer has an HTTP status other than 2xx, so it does not come from the platform's API.
    Status(StatusError),
    /// The platform refused the call.
    Platform(Box<PlatformError>),
    /// The answer is no response of the protocol.
    Decode(Box<DecodeError>),
}

#[cfg(feature = "client")]
impl Error {
    /// A mismatch, to a client that asked for none.
    pub(crate) fn mismatch(mismatch: &super::Mismatch, body: &str) -> Self {
        Self::Decode(Box::new(DecodeError { problem: mismatch.to_string(), body: body.to_owned() }))
    }

    /// A body that is no text in the one encoding that the protocol has.
    pub(crate) fn not_utf8(error: std::string::FromUtf8Error) -> Self {
        let problem = format!("it is not UTF-8 from byte {} on", error.utf8_error().valid_up_to());
        let body = String::from_utf8_lossy(error.as_bytes()).into_owned();
        Self::Decode(Box::new(DecodeError { problem, body }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(problem) => write!(f, "the client cannot be built: {problem}"),
            Self::Invalid(violations) => violations.fmt(f),
            Self::Transport(error) => error.fmt(f),
            Self::Status(error) => error.fmt(f),
            Self::Platform(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Transport(error) => error.source(),
            Self::Configuration(_) | Self::Invalid(_) | Self::Status(_) | Self::Platform(_) | Self::Decode(_) => None,
        }
    }
}

/// The call got no answer, or not all of it.
#[derive(Debug)]
pub struct TransportError {
    /// What failed.
    pub kind: TransportKind,
    gateway: String,
    source: Box<dyn StdError + Send + Sync>,
}

/// The part of a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// No connection could be made, so the request was not sent.
    Connect,
    /// Time ran out. The gateway may have carried out the call.
    Timeout,
    /// The connection broke before the whole answer was read. The gateway may have carried out the call.
    Interrupted,
    /// The answer is longer than the client accepts.
    TooLong,
}

impl TransportError {
    #[cfg_attr(not(feature = "client"), expect(dead_code, reason = "only a client has transport errors to report"))]
    pub(crate) fn new(kind: TransportKind, gateway: &str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, gateway: gateway.to_owned(), source: source.into() }
    }

    /// The gateway that was called.
    pub fn gateway(&self) -> &str {
        &self.gateway
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gateway = &self.gateway;
        match self.kind {
            TransportKind::Connect => {
                write!(f, "cannot connect to {gateway}; is the address right and the gateway up?")?
            }
            TransportKind::Timeout => write!(f, "no whole answer from {gateway} in time")?,
            TransportKind::Interrupted => write!(f, "the connection to {gateway} broke before the whole answer came")?,
            TransportKind::TooLong => write!(f, "the answer of {gateway} is longer than the client accepts")?,
        }
        // A library's own top message says no more than the kind does; the cause is at the bottom of its chain.
        let mut cause: &(dyn StdError + 'static) = self.source.as_ref();
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        write!(f, " ({cause})")
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_ref())
    }
}

/// An answer with an HTTP status that the platform's API never gives: a proxy, a login page, a gateway in trouble.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusError {
    /// The HTTP status.
    pub status: u16,
    /// The body as it came.
    pub body: String,
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP status {}, which is no answer of the API", self.status)?;
        if !self.body.trim().is_empty() {
            write!(f, "; it begins {:?}", beginning(&self.body))?;
        }
        Ok(())
    }
}

impl fmt::Debug for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusError").field("status", &self.status).field("body", &Length(&self.body)).finish()
    }
}

impl StdError for StatusError {}

/// The platform's refusal: the `error_response` node (protocol.md 4.6 and 5).
#[derive(Clone, Default, PartialEq)]
pub struct PlatformError {
    /// The platform's code, `25` for an invalid signature; 0 where the answer has none that is a number.
    pub code: i64,
    /// What the code means, in the platform's words.
    pub msg: String,
    /// The code of the service behind the gateway: `isv.*` is the caller's to mend, `isp.*` the platform's.
    pub sub_code: Option<String>,
    /// What the sub code means.
    pub sub_msg: Option<String>,
    /// The platform's name for the call, to give to its support.
    pub request_id: Option<String>,
    /// The parameters, as some gateways echo them.
    pub args: Vec<Argument>,
    /// The body as it came.
    pub body: String,
}

impl PlatformError {
    /// What the platform's documents say of [`code`](Self::code), if they know it.
    pub fn documented(&self) -> Option<&'static PlatformCode> {
        crate::platform::CODES.iter().find(|entry| entry.code == self.code)
    }
}

/// An environment of the platform, and where it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Its name.
    pub environment: &'static str,
    /// Its http URL.
    pub http: &'static str,
    /// Its https URL.
    pub https: &'static str,
}

/// A code of the platform (protocol.md 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlatformCode {
    /// The code.
    pub code: i64,
    /// The platform's name for it.
    pub name: &'static str,
    /// What it means and what to do.
    pub meaning: &'static str,
    /// Whether sending the call again can help.
    pub retry: Retry,
}

/// Whether sending a refused call again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// Not before something is changed.
    Never,
    /// After a pause.
    Later,
    /// With a session that is renewed.
    RenewSession,
    /// If the sub code begins with `isp.`.
    IfServerSide,
}

impl fmt::Display for PlatformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the gateway refused the call: {} {}", self.code, self.msg)?;
        match (&self.sub_code, &self.sub_msg) {
            (Some(code), Some(msg)) => write!(f, " ({code}: {msg})")?,
            (Some(text), None) | (None, Some(text)) => write!(f, " ({text})")?,
            (None, None) => {}
        }
        if let Some(known) = self.documented() {
            write!(f, "; {}", known.meaning)?;
        }
        match &self.request_id {
            Some(id) => write!(f, "; request {id}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for PlatformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformError")
            .field("code", &self.code)
            .field("msg", &self.msg)
            .field("sub_code", &self.sub_code)
            .field("sub_msg", &self.sub_msg)
            .field("request_id", &self.request_id)
            .field("args", &self.args.iter().map(|arg| &arg.key).collect::<Vec<_>>())
            .field("body", &Length(&self.body))
            .finish()
    }
}

impl StdError for PlatformError {}

/// The answer cannot be read as a response.
#[derive(Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// What is wrong, and where.
    pub problem: String,
    /// The body as it came.
    pub body: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer cannot be read: {}", self.problem)
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError").field("problem", &self.problem).field("body", &Length(&self.body)).finish()
    }
}

impl StdError for DecodeError {}

/// A body in place of itself: it may hold secrets, and may be megabytes.
struct Length<'a>(&'a str);

impl fmt::Debug for Length<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

fn beginning(body: &str) -> String {
    const SHOWN: usize = 120;
    let body = body.trim_start();
    let mut text: String = body.chars().take(SHOWN).collect();
    if text.len() < body.len() {
        text.push('…');
    }
    text
}

/// The fields that any answer may have next to those of its method, in success or failure (protocol.md 4.2 and 4.6).
#[derive(Clone, Default)]
pub(crate) struct PublicFields {
    pub(crate) code: Option<String>,
    pub(crate) msg: Option<String>,
    pub(crate) sub_code: Option<String>,
    pub(crate) sub_msg: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) args: Vec<Argument>,
}

impl PublicFields {
    /// Whether they are a refusal that came without its node. The code 0 is a success (protocol.md 4.5).
    pub(crate) fn is_refusal(&self) -> bool {
        let code = self.code.as_deref().map_or("0", str::trim);
        !matches!(code, "" | "0") && (self.msg.is_some() || self.sub_code.is_some())
    }

    /// A code that is no number is kept as the sub code, whose place it has taken.
    pub(crate) fn into_error(mut self, body: String) -> PlatformError {
        let code = self.code.as_deref().map(str::trim).unwrap_or_default();
        let number = code.parse().ok();
        if number.is_none() && !code.is_empty() && self.sub_code.is_none() {
            self.sub_code = Some(code.to_owned());
        }
        PlatformError {
            code: number.unwrap_or_default(),
            msg: self.msg.unwrap_or_default(),
            sub_code: self.sub_code,
            sub_msg: self.sub_msg,
            request_id: self.request_id,
            args: self.args,
            body,
        }
    }
}

impl Record for PublicFields {
    fn schema(&self) -> &'static Schema {
        const SCHEMA: Schema = Schema {
            name: "PublicFields",
            fields: &[
                Field::new("code", Kind::String),
                Field::new("msg", Kind::String),
                Field::new("sub_code", Kind::String),
                Field::new("sub_msg", Kind::String),
                Field::new("request_id", Kind::String),
                Field::new("args", Kind::Object).list(),
            ],
        };
        &SCHEMA
    }

    fn view(&self, index: usize) -> View<'_> {
        match index {
            0 => View::of(&self.code),
            1 => View::of(&self.msg),
            2 => View::of(&self.sub_code),
            3 => View::of(&self.sub_msg),
            4 => View::of(&self.request_id),
            5 => View::of(&self.args),
            _ => View::Absent,
        }
    }
}

impl RecordMut for PublicFields {
    fn slot(&mut self, index: usize) -> Slot<'_> {
        match index {
            0 => Slot::of(&mut self.code),
            1 => Slot::of(&mut self.msg),
            2 => Slot::of(&mut self.sub_code),
            3 => Slot::of(&mut self.sub_msg),
            4 => Slot::of(&mut self.request_id),
            5 => Slot::of(&mut self.args),
            _ => Slot::None,
        }
    }
}

/// A parameter that a refusal echoes. Its value may be a secret and is not printed.
#[derive(Clone, Default)]
pub struct Argument {
    /// The parameter's name.
    pub key: Option<String>,
    /// The value that the gateway saw.
    pub value: Option<String>,
}

impl Record for Argument {
    fn schema(&self) -> &'static Schema {
        const SCHEMA: Schema = Schema {
            name: "Argument",
            fields: &[Field::new("key", Kind::String), Field::new("value", Kind::String).secret()],
        };
        &SCHEMA
    }

    fn view(&self, index: usize) -> View<'_> {
        match index {
            0 => View::of(&self.key),
            1 => View::of(&self.value),
            _ => View::Absent,
        }
    }
}

impl RecordMut for Argument {
    fn slot(&mut self, index: usize) -> Slot<'_> {
        match index {
            0 => Slot::of(&mut self.key),
            1 => Slot::of(&mut self.value),
            _ => Slot::None,
        }
    }
}

record!(mut Argument);
