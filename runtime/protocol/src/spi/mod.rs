//! SPI: calls that the platform makes to an HTTP endpoint of the application (docs/protocol.md section 7.3).
//!
//! The platform signs each call with the AppSecret of the application. [`SpiVerifier`] checks the signature and the
//! timestamp and returns the [`SpiCall`]: the signed parameters and the signed body, and nothing else of the request. A call
//! that fails is answered with an [`SpiRefusal`]. [`SpiRequest`] signs calls as the platform does, for tests of an endpoint.
//!
//! ```
//! use top_protocol::spi::{SpiRefusal, SpiRequest, SpiVerifier};
//!
//! fn handle(verifier: &SpiVerifier, request: &http::Request<Vec<u8>>) -> http::Response<String> {
//!     match verifier.verify(request) {
//!         Ok(call) if call.method() == Some("taobao.qimen.test") => {
//!             http::Response::new(r#"{"flag":"success"}"#.to_owned())
//!         }
//!         Ok(_) => SpiRefusal::of(request).with_code("invalid-method", "Invalid method").into_response(),
//!         Err(error) => {
//!             eprintln!("{error}");
//!             SpiRefusal::of(request).into_response()
//!         }
//!     }
//! }
//!
//! let verifier = SpiVerifier::new("helloworld");
//! let call = SpiRequest::new("taobao.qimen.test", "12345678", "helloworld").json(r#"{"a":"1"}"#);
//! let response = handle(&verifier, &call.sign("https://shop.test/spi")?);
//! assert_eq!(response.body(), r#"{"flag":"success"}"#);
//!
//! let forged = SpiRequest::new("taobao.qimen.test", "12345678", "guess").json(r#"{"a":"1"}"#);
//! let response = handle(&verifier, &forged.sign("https://shop.test/spi")?);
//! assert!(response.body().contains("sign-check-failure"));
//! # Ok::<(), top_protocol::spi::SpiRequestError>(())
//! ```
//!
//! # Security
//!
//! The signature covers names and values without separators, so `a=bc` and `ab=c` have one signature. Read parameters by
//! the names that the documents list and validate their values. A call is valid until its timestamp is too old: make the
//! handler idempotent, because a valid call can be sent again within that time.

mod charset;
mod error;
mod refusal;
mod request;
mod signed;
mod typed;
mod verify;

/// The types of HTTP requests and responses.
pub use http;

pub use self::charset::SpiCharset;
pub use self::error::{SpiContentError, SpiError, SpiRequestError};
pub use self::refusal::SpiRefusal;
pub use self::request::SpiRequest;
pub use self::typed::{Spi, SpiResponse};
pub use self::verify::{SpiCall, SpiVerifier};
pub use crate::decode::Decoded;
