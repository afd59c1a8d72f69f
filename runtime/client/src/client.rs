//! The client and the state that its clones share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use top_protocol::Application;

use crate::clock::PlatformClock;
use crate::endpoint::Endpoint;
use crate::http::HttpSettings;
use crate::limit::limiter::Limiter;
use crate::observer::AttemptObserver;
use crate::retry::RetryPolicy;
use crate::session::provider::{SessionProvider, SessionSource};
use crate::transport::Transport;

/// A client of one gateway, for one application.
///
/// Clones are cheap and share their connections. [`with_session`](Self::with_session) returns a clone with a session,
/// so one client serves many sellers.
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
/// A call outside of a tokio runtime fails with [`Error::Configuration`](crate::Error::Configuration). The [blocking
/// client](crate::ClientBuilder#method.build_blocking) (feature `blocking`) has its own runtime.
#[derive(Clone)]
pub struct Client {
    pub(super) shared: Arc<Shared>,
    pub(super) session: SessionSource,
    pub(super) retry: RetryPolicy,
    pub(super) timeouts: Timeouts,
}

/// The state that the clones of a client share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) endpoint: Endpoint,
    pub(super) transport: Arc<dyn Transport>,
    /// The settings of the transport, if the client created it.
    #[cfg_attr(
        not(feature = "blocking"),
        expect(dead_code, reason = "only a blocking client creates a second transport")
    )]
    pub(super) http_settings: Option<HttpSettings>,
    pub(super) limiter: Arc<dyn Limiter>,
    pub(super) clock: Arc<PlatformClock>,
    pub(super) observers: Vec<Arc<dyn AttemptObserver>>,
    pub(super) application: Application,
    pub(super) body_limit: usize,
    pub(super) strict: bool,
}

/// The time limits of an exchange.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// The maximum total time.
    pub(super) attempt: Duration,
    /// The maximum time without progress.
    pub(super) read: Option<Duration>,
}

impl Client {
    /// Returns the URL of the gateway.
    pub fn gateway(&self) -> &str {
        self.shared.endpoint.url()
    }

    /// Returns a clone that calls on behalf of the user who granted `session`.
    #[must_use]
    pub fn with_session(&self, session: impl Into<String>) -> Self {
        Self { session: SessionSource::Fixed(SecretString::from(session.into())), ..self.clone() }
    }

    /// Returns a clone that calls on behalf of `user`, the caller's name of a user whose sessions `provider` has.
    ///
    /// The client gets the session before every attempt, for methods that take one, and reports refused sessions. The
    /// call is then sent once more if the provider has another session. See [`SessionProvider`] and
    /// [`RefreshingSessions`](crate::RefreshingSessions).
    #[must_use]
    pub fn with_session_from(&self, provider: Arc<dyn SessionProvider>, user: impl Into<String>) -> Self {
        Self { session: SessionSource::From(provider, user.into().into()), ..self.clone() }
    }

    /// Returns a clone with another retry policy. It can be used for a single call.
    ///
    /// ```no_run
    /// # use generated_sdk::{Client, api::top::TopClientTokenGetRequest};
    /// use generated_sdk::client::{RetryPolicy, RetryScope};
    ///
    /// # async fn example(client: Client) -> Result<(), generated_sdk::Error> {
    /// let idempotent = RetryPolicy::new().scope(RetryScope::All);
    /// client.with_retry(idempotent).execute(&TopClientTokenGetRequest::new("sec_token")).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_retry(&self, policy: RetryPolicy) -> Self {
        Self { retry: policy, ..self.clone() }
    }

    /// Returns a clone with another timeout of an attempt, such as for a large file. It can be used for a single call.
    ///
    /// See [`ClientBuilder::timeout`](crate::ClientBuilder::timeout). The whole call has the
    /// [deadline](RetryPolicy::deadline) of its retry policy.
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

    /// Returns a clone without a session.
    pub(super) fn without_session(&self) -> Self {
        Self { session: SessionSource::None, ..self.clone() }
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
