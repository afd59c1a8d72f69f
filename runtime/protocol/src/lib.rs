//! The Taobao Open Platform (TOP) protocol without HTTP: signing, encoding, decoding, time and errors.
//!
//! The crate has no async code and no HTTP. A caller with an HTTP stack of its own needs three steps:
//! [`Application::sign`] signs a request, the caller POSTs its [`body`](SignedRequest::body), and [`decode`](fn@decode) reads
//! the response. The crate `top-client` does all of that.
//!
//! Requests and responses are generated from specs. What generated code uses of this crate is in [`generated`].

mod application;
mod content;
mod contract;
mod credentials;
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
mod open_enum;
mod paging;
mod parameters;
#[rustfmt::skip]
pub mod platform;
mod prepared;
mod project;
mod record;
mod redact;
mod request;
mod secrets;
#[cfg(feature = "secret")]
pub mod sensitive;
mod serde;
mod sign;
#[cfg(feature = "spi")]
pub mod spi;
mod time;
mod untyped;
mod validate;

pub use application::{Application, Body, SignedRequest, VERSION};
pub use credentials::{AppCredentials, EnvironmentError, EnvironmentProblem};
pub use decode::{Format, Mismatch, Response, ResponseBody, UnknownField, decode, decode_untyped};
pub use error::{
    Argument, Code, DecodeError, Error, FileError, FileProblem, PlatformCode, PlatformError, RawBody, Retry,
};
pub use file::File;
pub use gateway::{Gateway, KnownGateway};
pub use headers::Headers;
pub use paging::Paged;
pub use parameters::{PUBLIC_PARAMETERS, Parameter, Parameters};
pub use project::{ProjectionError, ProjectionProblem, project};
pub use request::{Authorization, ErrorCode, Request, WithParameters};
pub use rust_decimal::Decimal;
pub use serde_json::Value as Json;
pub use sign::{SignMethod, UnknownSignMethod, signature, signed_text};
pub use time::{DateTime, InvalidDateTime};
pub use untyped::{UntypedParameter, UntypedParameters};
pub use validate::{Problem, Violation, Violations, validate};

// Within the crate only: users find these in `generated`.
use open_enum::OpenEnumListSlot;
use record::{Field, Kind, Limit, ObjectListSlot, ObjectSlot, Record, RecordMut, Schema, Slot, View, record};

pub mod generated;

#[doc(hidden)]
pub mod internal {
    //! What the client shares with this crate. It is not covered by semantic versioning.
    pub use super::content::{Content, Measure, Reader, open_again, read_some};
    pub use super::credentials::optional as optional_variable;
    pub use super::debug::HIDDEN;
    pub use super::decode::{Envelope, Head, decode_into, enveloped};
    pub use super::encode::Attachment;
    pub use super::gateway::redacted_url;
    pub use super::multipart::{Piece, length};
    pub use super::parameters::encoded;
    pub use super::prepared::PreparedRequest;
    pub use super::redact::redacted;
    pub use super::request::reads;
    pub use super::secrets::redacted as redacted_json;
    pub use super::serde::Written;
    pub use super::time::http_date;
    pub use super::validate::size;
}

#[doc(hidden)]
pub mod __private {
    //! The functions that the macros of `generated` call.
    pub use super::debug::{debug, debug_as};
    pub use super::record::equal;
    pub use super::serde::{deserialize, serialize};
    pub use ::serde::{Deserialize, Deserializer, Serialize, Serializer};
}
