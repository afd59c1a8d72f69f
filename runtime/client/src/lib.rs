//! An async client for gateways that speak the Taobao Open Platform (TOP) protocol.
//!
//! Requests and responses are generated from specs, by the crate `generated-sdk` or into a crate of your own. One
//! [`Client`] calls both.
//!
//! A call validates and encodes its request once. Each attempt gets the session, waits for the [`Limiter`], signs the
//! request, and sends it through the [`Transport`]. If an attempt fails, the [`RetryPolicy`] decides whether there is
//! another. In addition, a call is sent once more with the platform's time after a refused timestamp, and once more with
//! another session after a refused session. Both require that the call only reads or was certainly not processed (see
//! [`RetryScope`]). Otherwise the error is returned, and the next call uses the new time and session.
//!
//! # Tracing
//!
//! A call is a span `call` of `tracing`, and each attempt a span `attempt` within it. Both have the target `generated_sdk`
//! and the level `INFO`. Their fields are suitable for metrics:
//!
//! - `method`, and `attempt`: the number of the attempt, from 1.
//! - `duration_ms`: the total time of a call, with all waits; of an attempt, the time from the request to the last byte of
//!   the response.
//! - `waited_ms` of an attempt: the time before that, for the session, the limiter and the files.
//! - `outcome`: `ok`, `cancelled` if the call was dropped, or the kind of the error in one word.
//! - `code`: the HTTP status or the platform's code.
//! - `sub_code`: the platform's sub-code, if it is a single word.
//! - `request_id`.
//!
//! A request to an authorization server is a span `call` without attempts. Its `method` is `oauth.token` for a code or
//! `oauth.refresh` for a refresh token, its `code` is the HTTP status, and its `sub_code` the error name.
//!
//! Events report retries, refused and refreshed sessions, failed refreshes, tokens that cannot be stored, bans, limits
//! without Redis, and corrections of the clock. Spans and events contain no parameters or secrets.
//!
//! Without `tracing`, an [`AttemptObserver`] receives the same facts before and after each attempt.

pub mod batch;
#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod call;
mod charset;
mod client;
mod clock;
mod endpoint;
mod environment;
mod error;
mod exchange;
mod http;
mod limit;
mod oauth;
mod observer;
mod pagination;
mod received;
#[cfg(feature = "redis")]
mod redis;
mod report;
mod retry;
mod runtime;
#[cfg(feature = "secret")]
pub mod secret;
mod session;
mod trace;
mod transport;
mod untyped;
mod upload;

pub use self::builder::ClientBuilder;
pub use self::client::Client;
pub use self::error::{
    ConfigurationError, ConfigurationKind, Error, LimitError, OAuthError, PaginationError, PaginationErrorKind,
    SessionError, StatusError, Timeout, TransportError, TransportKind,
};
#[cfg(feature = "reqwest-0_13")]
pub use self::http::HttpTransport;
#[cfg(feature = "hyper")]
pub use self::http::{HyperTransport, HyperTransportBuilder};
pub use self::limit::{CallInfo, Limiter, Limits, Permit};
pub use self::oauth::{AuthorizationRequest, AuthorizeView, InvalidToken, OAuth, Refresh, Token, TokenMethods};
pub use self::observer::{Attempt, AttemptObserver, AttemptOutcome, OutcomeKind};
pub use self::pagination::{Items, PagePosition, Pages};
#[cfg(feature = "redis")]
pub use self::redis::{Redis, RedisLimits};
pub use self::retry::{RetryPolicy, RetryScope};
pub use self::session::{MemorySessionStore, RefreshingSessions, SessionProvider, SessionStore, StoreError};
pub use self::transport::{BoxFuture, Chunks, HttpMethod, HttpRequest, HttpResponse, Payload, Transport};

#[doc(hidden)]
pub use top_protocol::generated;
pub use top_protocol::{
    self as protocol, AppCredentials, DateTime, Decimal, Format, Gateway, Response, SignMethod, platform,
};
