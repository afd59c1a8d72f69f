//! The Taobao Open Platform (TOP) protocol without HTTP: signing, encoding, decoding, time and errors.
//!
//! The crate has no async code and no HTTP. The crate `top-client` adds both. With another HTTP stack, a call has three
//! steps:
//!
//! 1. Sign a request with [`Application::sign`].
//! 2. POST its [`body`](SignedRequest::body), or send what its [`verb`](SignedRequest::verb) and [`query`](SignedRequest::query) say.
//! 3. Decode the response with [`decode`](fn@decode).
//!
//! Requests and responses are generated from specs. What generated code uses of this crate is in [`generated`].

mod application;
mod chain;
mod content;
mod contract;
mod credentials;
mod curl;
mod debug;
mod decode;
mod dialect;
mod encode;
mod error;
mod file;
mod format;
mod gateway;
mod headers;
mod hex;
mod lock;
#[cfg(feature = "messages")]
pub mod messages;
mod multipart;
mod open_enum;
mod paging;
mod parameters;
#[rustfmt::skip]
pub mod platform;
mod platform_code;
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
mod source;
#[cfg(feature = "spi")]
pub mod spi;
mod structured;
mod surrogate;
mod time;
mod untyped;
mod validate;

pub use application::{Application, Body, SignedRequest, VERSION};
pub use credentials::{AppCredentials, EnvironmentError, EnvironmentProblem};
pub use decode::{Mismatch, Response, ResponseBody, UnknownField, decode, decode_untyped};
pub use dialect::{Dialect, ParameterPlacement, TimestampForm};
pub use error::{Argument, Code, DecodeError, Error, FileError, FileProblem, PlatformError, RawBody};
pub use file::File;
pub use format::{Format, UnknownFormat};
pub use gateway::{Gateway, KnownGateway};
pub use headers::Headers;
pub use paging::Paged;
pub use parameters::{PUBLIC_PARAMETERS, Parameter, Parameters};
pub use platform_code::{PlatformCode, Retry};
pub use project::{ProjectionError, ProjectionProblem, project};
pub use request::{Authorization, ErrorCode, Request, WithParameters};
pub use rust_decimal::Decimal;
pub use serde_json::Value as Json;
pub use sign::{SignMethod, UnknownSignMethod, signature, signed_text};
pub use time::{DateTime, InvalidDateTime};
pub use untyped::{UntypedParameter, UntypedParameters};
pub use validate::{Problem, Violation, Violations, validate};

pub mod generated;

#[doc(hidden)]
pub mod internal {
    //! Items for the client. Semantic versioning does not cover them.
    pub use super::chain::Chain;
    pub use super::content::{Content, LengthCheck, Reader, read_uninterrupted, reopen};
    pub use super::credentials::optional as optional_variable;
    pub use super::decode::{Envelope, ResponseHead, decode_into, decode_value, document_value};
    pub use super::encode::Attachment;
    pub use super::gateway::redacted_url;
    pub use super::lock::locked;
    pub use super::multipart::{Segment, length};
    pub use super::parameters::encoded;
    pub use super::prepared::PreparedRequest;
    pub use super::redact::{HIDDEN, redacted};
    pub use super::request::is_read_only_method;
    pub use super::secrets::redacted_json;
    pub use super::serde::SerializedView;
    pub use super::structured::item_name;
    pub use super::time::http_date;
    pub use super::validate::size;
}

#[doc(hidden)]
pub mod __private {
    //! The functions that the macros of `generated` call.
    pub use super::debug::{debug, debug_as};
    pub use super::decode::deserialize;
    pub use super::record::equal;
    pub use super::serde::serialize;
    pub use ::serde::{Deserialize, Deserializer, Serialize, Serializer};
}
