//! The TOP protocol without HTTP: signing, encoding, decoding, time and errors.
//!
//! Generated code is data for this module. It hands over its fields by index ([`Record`], [`RecordMut`]) and everything
//! that happens to a field happens here, once, for every type.
//!
//! A caller with an HTTP stack of its own needs three steps: [`Application::sign`] a request, POST the
//! [`body`](SignedRequest::body) of what comes back, and [`decode`](fn@decode) the answer.

mod application;
mod choice;
mod content;
mod curl;
mod debug;
mod decode;
mod encode;
mod error;
mod file;
mod gateway;
mod headers;
mod hex;
mod multipart;
mod paging;
mod parameters;
mod record;
mod secrets;
mod serde;
mod sign;
mod time;
mod untyped;
mod validate;

pub use application::{Application, Body, PUBLIC_PARAMETERS, SignedRequest, VERSION};
pub use choice::{Choice, ChoiceList, ChoiceListSlot, ChoiceSlot, choice};
pub use decode::{Format, Mismatch, Response, decode, decode_untyped};
pub use error::{
    Argument, ConfigurationError, ConfigurationKind, DecodeError, Error, FileError, FileProblem, LimitError,
    OAuthError, PlatformCode, PlatformError, RawBody, Retry, SessionError, StatusError,
};
pub use error::{Timeout, TransportError, TransportKind};
pub use file::File;
pub use gateway::{Gateway, KnownGateway};
pub use headers::Headers;
pub use paging::{Paged, Paging, Way, Window};
pub use parameters::{Parameter, Parameters};
pub use record::{AsSlot, AsView, record};
pub use record::{Authorization, ErrorCode, Limit};
pub use record::{Field, Kind, ObjectList, ObjectListSlot, ObjectSlot, Record, RecordMut, Request, Schema, Slot, View};
pub use rust_decimal::Decimal;
pub use serde_json::Value as Json;
pub use sign::{SignMethod, UnknownSignMethod, signature, signed_text};
pub use time::{DateTime, InvalidDateTime};
pub use untyped::UntypedParameters;
pub use validate::{Problem, Violation, Violations, validate};

#[cfg(feature = "client")]
pub(crate) use {
    content::{Content, Measure, Reader, open_again, read_some},
    debug::HIDDEN,
    decode::{Envelope, Head, decode_into, enveloped},
    encode::Attachment,
    gateway::redacted_url,
    multipart::{Piece, length},
    parameters::encoded,
    record::reads,
    secrets::redacted,
    time::http_date,
    validate::size,
};

#[doc(hidden)]
pub mod __private {
    //! What the one-line impls of generated types call.
    pub use super::debug::debug;
    pub use super::record::equal;
    pub use super::serde::{deserialize, serialize};
    pub use ::serde::{Deserialize, Deserializer, Serialize, Serializer};
}
