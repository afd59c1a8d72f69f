//! Typed, signed calls to gateways that speak the Taobao Open Platform (TOP) protocol.
//!
//! A request is built by its type in [`api`], sent by a `Client`, and answered with its response or an [`Error`]:
//!
//! ```no_run
//! use generated_sdk::{Client, Error, Gateway, api::top::TopClientTokenGetRequest};
//!
//! # async fn example(session: &str) -> Result<(), Error> {
//! let client = Client::builder(Gateway::TAOBAO, "app key", "app secret").build()?;
//! match client.with_session(session).execute(&TopClientTokenGetRequest::new("sec_token")).await {
//!     Ok(response) => println!("{:?}, request {:?}", response.token, response.request_id()),
//!     Err(Error::Platform(refusal)) => println!("{}: {:?}", refusal.code, refusal.sub_code),
//!     Err(error) => return Err(error),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A list that comes in pages is walked by `Client::items`, and a method that has no type here is called by `Client::call`.
//!
//! Money is [`Decimal`], a date is a [`DateTime`] at GMT+8, and no number is a float. A value of an answer that does not fit
//! its documented type leaves its field empty and is listed in [`Response::mismatches`].
//!
//! Where the docs cite `protocol.md` with a section, that is in the notes on the protocol which this crate is built from: the
//! platform publishes no specification, so each fact of the wire is kept there with its source and how certain it is.
//!
//! # Features
//!
//! * `client`, on by default: the async client over reqwest. Without it the crate is [`protocol`] alone, for callers with
//!   an HTTP stack of their own.
//! * `rustls`, on by default: https.
//! * `blocking`: the client for programs that are not async.
//! * `native-tls`: https through the TLS of the system, in place of rustls.
//! * `redis`: tokens and limits that several machines share through Redis.
//! * One a category of methods, as `trade`, and `full` for all of them; `top` is on by default.

#[rustfmt::skip]
#[allow(
    clippy::module_inception,
    clippy::should_implement_trait,
    clippy::wrong_self_convention,
    reason = "modules and setters are called like methods and parameters, be that item, add or is_new"
)]
pub mod api;
#[cfg(feature = "client")]
pub mod client;
#[rustfmt::skip]
pub mod platform;
pub mod protocol;

#[cfg(feature = "blocking")]
pub use client::blocking;
#[cfg(feature = "client")]
pub use client::{Client, ClientBuilder, Limits, RetryPolicy};
pub use protocol::{DateTime, Error, Format, Gateway, Response, SignMethod};
pub use rust_decimal::Decimal;
