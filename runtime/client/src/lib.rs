//! An async client for gateways that speak the Taobao Open Platform (TOP) protocol.
//!
//! Requests and responses are generated from specs, by the crate `generated-sdk` or into a crate of your own. One
//! [`Client`] calls both.
//!
//! A call validates and encodes its request once. Each attempt asks for its session, waits for its turn at the [`Limiter`], signs
//! the request, and sends it through the [`Transport`]. If an attempt fails, the [`RetryPolicy`] decides whether there is another. Whatever the policy's number of attempts, a
//! call is sent once more with the platform's time if its timestamp was refused, and once more with another session if its
//! session was refused. Both require that the call only reads or was certainly not processed (see [`Repeat`]); otherwise
//! its error is returned, and the next call has the new time and session.
//!
//! # Tracing
//!
//! With a subscriber of `tracing`, a call is a span `call`, and each attempt at it a span `attempt` within, both with
//! the target `generated_sdk` and at the level of information. Their fields are what metrics can be made of:
//!
//! - `method`, and `attempt`, which counts from 1.
//! - `duration_ms`: of a call, how long it takes its caller, with all waits and pauses; of an attempt, how long the
//!   exchange with the gateway takes, from the request to the last byte of the answer.
//! - `waited_ms`, of an attempt: how long it waits before that, for its session, its turn at the limiter and its files.
//!   One that is never sent has this alone.
//! - `outcome`: `ok`, `cancelled` if nobody waits any more, or the kind of failure in a word.
//! - `code`: the HTTP status or the platform's code.
//! - `sub_code`: that of the platform, which tells what the codes 15 and 50 are about, where it is a word and no text.
//! - `request_id`.
//!
//! A request to an authorisation server is a span `call` too, without attempts: with the `method` `oauth.token` for a code
//! or `oauth.refresh` for a refresh token, the HTTP status as its `code`, and the name of the error as its `sub_code`.
//!
//! Events tell of a call that is made again, a session that was refused, refreshed or could not be, a token that could not
//! be stored, a ban, limits that are kept without Redis, and a clock that is wrong. No parameter and no secret is ever
//! among them.
//!
//! Without `tracing`, an [`AttemptObserver`] receives the same facts before and after each attempt.

pub mod batch;
#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod call;
mod clock;
mod endpoint;
mod environment;
mod error;
mod exchange;
mod http;
mod limit;
mod lock;
mod oauth;
mod observer;
mod pagination;
mod received;
#[cfg(feature = "redis")]
mod redis;
mod retry;
mod runtime;
#[cfg(feature = "secret")]
pub mod secret;
mod session;
mod text;
mod trace;
mod transport;
mod untyped;
mod upload;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

pub use self::builder::ClientBuilder;
pub use self::error::{
    ConfigurationError, ConfigurationKind, Error, LimitError, OAuthError, PaginationError, PaginationErrorKind,
    SessionError, StatusError, Timeout, TransportError, TransportKind,
};
#[cfg(feature = "reqwest-0_13")]
pub use self::http::HttpTransport;
pub use top_protocol as protocol;
pub use top_protocol::{AppCredentials, DateTime, Decimal, Format, Gateway, Response, SignMethod, generated, platform};

pub use self::limit::{Limiter, Limits, Permit, Turn};
pub use self::oauth::{AuthorizationRequest, AuthorizeView, NoToken, OAuth, Refresh, Token, TokenMethods};
pub use self::observer::{Attempt, AttemptObserver, AttemptOutcome, OutcomeKind};
pub use self::pagination::{Items, PagePosition, Pages};
#[cfg(feature = "redis")]
pub use self::redis::{Redis, RedisLimits};
pub use self::retry::{Repeat, RetryPolicy};
pub use self::session::{MemorySessionStore, RefreshingSessions, SessionProvider, SessionStore, StoreError};
pub use self::transport::{BoxFuture, Chunks, HttpAnswer, HttpRequest, Payload, Transport, Verb};

use self::call::Call;
use self::clock::Clock;
use self::endpoint::Endpoint;
use self::exchange::Timeouts;
use self::http::HttpSettings;
use self::received::decode_as;
use self::session::Session;
use top_protocol::{Application, Request, SignedRequest};

/// A client of one gateway, for one application.
///
/// Cloning it is cheap, and clones share their connections. A session belongs to the clone that
/// [`with_session`](Self::with_session) returns, so one client serves many sellers.
///
/// ```no_run
/// use generated_sdk::{AppCredentials, Client, Gateway, api::top::TopClientTokenGetRequest};
///
/// # async fn example(session: &str) -> Result<(), generated_sdk::Error> {
/// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret")).build()?;
/// let response = client.with_session(session).execute(&TopClientTokenGetRequest::new("sec_token")).await?;
/// println!("{:?}", response.token);
/// # Ok(())
/// # }
/// ```
///
/// It runs on tokio: a call that is awaited in no runtime of it fails with [`Error::Configuration`]. The
/// [blocking client](ClientBuilder#method.build_blocking), of the feature `blocking`, brings its own.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    session: Session,
    retry: RetryPolicy,
    timeouts: Timeouts,
}

/// What the clones of a client have in common.
#[derive(Clone)]
struct Shared {
    endpoint: Endpoint,
    transport: Arc<dyn Transport>,
    /// What the transport is made of, if it is the client's own.
    #[cfg_attr(not(feature = "blocking"), expect(dead_code, reason = "only a blocking client needs another like it"))]
    own: Option<HttpSettings>,
    limiter: Arc<dyn Limiter>,
    clock: Arc<Clock>,
    observers: Vec<Arc<dyn AttemptObserver>>,
    application: Application,
    body_limit: usize,
    strict: bool,
}

impl Client {
    /// Creates a builder of a client of `gateway`: a [`Gateway`], the id of one, or an http or https URL with any path.
    ///
    /// Requests are sent to this gateway only. [`from_env`](Self::from_env) reads the gateway and the credentials from the
    /// environment.
    pub fn builder(gateway: impl Into<Gateway>, credentials: AppCredentials) -> ClientBuilder {
        ClientBuilder::new(gateway.into(), Application::new(credentials))
    }

    /// Returns the URL of the gateway that it calls.
    pub fn gateway(&self) -> &str {
        self.shared.endpoint.url()
    }

    /// The same client on behalf of the user who granted `session`.
    #[must_use]
    pub fn with_session(&self, session: impl Into<String>) -> Self {
        Self { session: Session::Fixed(SecretString::from(session.into())), ..self.clone() }
    }

    /// The same client on behalf of `user`, the caller's own name for whoever granted the sessions that `provider` has.
    ///
    /// The provider is asked before every attempt at a call of a method that takes a session, and told when the
    /// platform refuses one; the call then goes out once more if there is a better one. See [`SessionProvider`] and
    /// [`RefreshingSessions`].
    #[must_use]
    pub fn with_session_from(&self, provider: Arc<dyn SessionProvider>, user: impl Into<String>) -> Self {
        Self { session: Session::From(provider, user.into().into()), ..self.clone() }
    }

    /// The same client with another policy for failed calls, be it for a single one.
    ///
    /// ```no_run
    /// # use generated_sdk::{Client, api::top::TopClientTokenGetRequest};
    /// use generated_sdk::client::{Repeat, RetryPolicy};
    ///
    /// # async fn example(client: Client) -> Result<(), generated_sdk::Error> {
    /// let twice_does_no_harm = RetryPolicy::new().repeat(Repeat::All);
    /// client.with_retry(twice_does_no_harm).execute(&TopClientTokenGetRequest::new("sec_token")).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_retry(&self, policy: RetryPolicy) -> Self {
        Self { retry: policy, ..self.clone() }
    }

    /// The same client with another time for an attempt at a call, be it for a single one: a large file, or an answer that
    /// somebody waits for. See [`timeout`](ClientBuilder::timeout) of its builder; a call as a whole has the
    /// [deadline](RetryPolicy::deadline) of its policy.
    ///
    /// ```no_run
    /// # #[cfg(feature = "item")]
    /// # async fn example(client: generated_sdk::Client) -> Result<(), generated_sdk::Error> {
    /// use std::time::Duration;
    ///
    /// use generated_sdk::api::item::ItemImgUploadRequest;
    /// use generated_sdk::protocol::File;
    ///
    /// let request = ItemImgUploadRequest::new(1).image(File::open("large.png")?);
    /// client.with_timeout(Duration::from_secs(300)).execute(&request).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeouts: Timeouts { attempt: timeout, ..self.timeouts }, ..self.clone() }
    }

    /// The same client on nobody's behalf.
    fn without_session(&self) -> Self {
        Self { session: Session::None, ..self.clone() }
    }

    /// Validates and signs `request`, sends it, and reads the answer.
    ///
    /// # Errors
    ///
    /// Every way in which the call can fail: see [`Error`].
    pub async fn execute<R: Request>(&self, request: &R) -> Result<Response<R::Response>, Error> {
        let has_session = self.session.is_set();
        let call = Call {
            method: R::METHOD,
            authorization: R::AUTHORIZATION,
            https_only: R::HTTPS_ONLY,
            reads: R::READS,
            prepare: &|| self.shared.application.prepare(request, has_session),
        };
        self.execute_attempts(call, &decode_as::<R>).await
    }

    /// The request as [`execute`](Self::execute) would send it now, without a session that a provider is to be asked
    /// for. Printing it hides what is secret.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the request breaks the documents' demands.
    pub fn sign<R: Request>(&self, request: &R) -> Result<SignedRequest, Error> {
        Ok(self.shared.application.sign(request, self.session.fixed(), self.shared.clock.now())?)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("gateway", &self.shared.endpoint.redacted())
            .field("application", &self.shared.application)
            .field("session", &self.session)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}
