//! Typed, signed calls to gateways that speak the Taobao Open Platform (TOP) protocol.
//!
//! A request is built by its type in [`api`], sent by a `Client`, and answered with its response or an [`Error`]:
//!
//! ```no_run
//! use generated_sdk::{AppCredentials, Client, Error, Gateway, api::top::TopClientTokenGetRequest};
//!
//! # async fn example(session: &str) -> Result<(), Error> {
//! let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret")).build()?;
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
//! Docs cite docs/protocol.md by section: the facts of the protocol, each with its source and its certainty. The file
//! is in the repository of this crate. The platform publishes no specification.
//!
//! This crate has the generated [`api`] alone. What it re-exports is the runtime: `top-protocol` and `top-client`, which
//! code generated into a crate of your own uses too.
//!
//! # Features
//!
//! * `client`, on by default: the async client over reqwest. Without it the crate has the requests, the responses and
//!   [`protocol`], for callers with an HTTP stack of their own.
//! * `gzip`, on by default: compressed responses.
//! * `rustls`, on by default: https through rustls, with the cryptography of aws-lc-rs.
//! * `rustls-ring`: https through rustls, with the cryptography of ring, for machines that cannot build aws-lc-rs.
//! * `rustls-no-provider`: https through rustls, with the `CryptoProvider` that the program installs.
//! * `native-tls`: https through the TLS of the system, in place of rustls.
//! * `blocking`: the client for programs that are not async.
//! * `redis`: tokens and limits that several machines share through Redis.
//! * `socks` and `system-proxy`, on by default: SOCKS proxies, and the proxy settings of macOS and Windows.
//! * `hyper`: `client::HyperTransport`, which takes less processor time than the default transport and has no proxies.
//! * `reqwest-0_13`: `client::HttpTransport`, made from a `reqwest::Client`. The name has the version of reqwest, because an
//!   update of reqwest changes the public API.
//! * `spi`: verification of the calls that the platform makes to the application, and `axum` for the same as an extractor.
//! * `messages`: the messages of the platform (TMC), and the types of topics in [`api`].
//! * `secret`: encryption of sensitive fields (TopSecret).
//! * One feature per category of methods, such as `trade`, and `full` for all of them; `top` is on by default.

/// Requests and responses of the platform's methods: one module per category, behind a feature of the same name.
#[rustfmt::skip]
pub mod api;
pub mod protocol {
    //! The protocol without HTTP: the crate `top-protocol`, and the client's errors beside it.
    #[cfg(feature = "client")]
    pub use top_client::{
        ConfigurationError, ConfigurationKind, LimitError, OAuthError, PaginationError, PaginationErrorKind,
        SessionError, StatusError, Timeout, TransportError, TransportKind,
    };
    pub use top_protocol::*;
}

#[cfg(feature = "axum")]
pub use top_axum as axum;
#[cfg(feature = "blocking")]
pub use top_client::blocking;
#[cfg(feature = "client")]
pub use top_client::{self as client, Client, ClientBuilder, Error, Limits, RetryPolicy};
#[cfg(feature = "messages")]
pub use top_messages as messages;
#[doc(hidden)]
pub use top_protocol::generated;
pub use top_protocol::{AppCredentials, DateTime, Decimal, Format, Gateway, Response, SignMethod, platform};
