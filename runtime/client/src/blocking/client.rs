//! The blocking client.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tracing::Instrument;
use tracing::instrument::WithSubscriber;

use crate::client::Shared;
use crate::error::{ConfigurationError, ConfigurationKind, Error};
use crate::retry::RetryPolicy;
use crate::session::provider::SessionProvider;
use top_protocol::{Request, Response, SignedRequest};

/// A client for programs without async code: its calls block until they return.
///
/// Requests, errors, retries and limits are those of the async [`Client`](crate::Client). Clones are cheap.
///
/// ```no_run
/// use generated_sdk::{AppCredentials, Client, Gateway, api::top::TopClientTokenGetRequest};
///
/// # fn main() -> Result<(), generated_sdk::Error> {
/// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret")).build_blocking()?;
/// let response = client.execute(&TopClientTokenGetRequest::new("sec_token"))?;
/// println!("{:?}", response.token);
/// # Ok(())
/// # }
/// ```
///
/// In an async program, a call blocks its thread. The client has its own connections, which do not need that thread.
#[derive(Clone)]
pub struct Client {
    pub(crate) client: crate::client::Client,
    runtime: Arc<Runtime>,
}

impl Client {
    /// Creates a blocking client from `client`. They share the limiter and the correction of the clock. A thread
    /// drives the connections until the last clone is dropped.
    ///
    /// The two clients do not share connections: a runtime drives the connections that it made, and a blocking call
    /// would stop a runtime that it waits for. A transport that was passed to the client is shared. If it keeps
    /// connections, as one over reqwest does, pass another one to the blocking client. An [`OAuth`](crate::OAuth) for
    /// [`wait`](Self::wait) needs a client without async calls.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] if the system cannot start a thread.
    pub fn new(mut client: crate::client::Client) -> Result<Self, Error> {
        if let Some(settings) = &client.shared.http_settings {
            let transport = Arc::new(settings.transport()?);
            client.shared = Arc::new(Shared { transport, ..Shared::clone(&client.shared) });
        }
        Self::from_unused(client)
    }

    /// Creates a blocking client from a client that has no connections.
    pub(crate) fn from_unused(client: crate::client::Client) -> Result<Self, Error> {
        Ok(Self { client, runtime: Arc::new(Runtime::start().map_err(no_thread)?) })
    }

    /// Returns a clone that calls on behalf of the user who granted `session`.
    #[must_use]
    pub fn with_session(&self, session: impl Into<String>) -> Self {
        Self { client: self.client.with_session(session), runtime: Arc::clone(&self.runtime) }
    }

    /// Returns a clone that calls on behalf of `user`, with sessions from `provider`. See
    /// [`with_session_from`](crate::Client::with_session_from) of the async client.
    #[must_use]
    pub fn with_session_from(&self, provider: Arc<dyn SessionProvider>, user: impl Into<String>) -> Self {
        Self { client: self.client.with_session_from(provider, user), runtime: Arc::clone(&self.runtime) }
    }

    /// Returns a clone with another retry policy.
    #[must_use]
    pub fn with_retry(&self, policy: RetryPolicy) -> Self {
        Self { client: self.client.with_retry(policy), runtime: Arc::clone(&self.runtime) }
    }

    /// Returns a clone with another timeout of an attempt.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { client: self.client.with_timeout(timeout), runtime: Arc::clone(&self.runtime) }
    }

    /// Validates and signs `request`, sends it, and decodes the response.
    ///
    /// # Errors
    ///
    /// Every error of a call: see [`Error`].
    pub fn execute<R: Request>(&self, request: &R) -> Result<Response<R::Response>, Error> {
        self.wait(self.client.execute(request))
    }

    /// Returns the request that [`execute`](Self::execute) would send now. `Debug` redacts its secrets.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the request violates the documented limits.
    pub fn sign<R: Request>(&self, request: &R) -> Result<SignedRequest, Error> {
        self.client.sign(request)
    }

    /// Runs a future to completion, such as a request of [`OAuth`](crate::OAuth) or
    /// [`RefreshingSessions::put`](crate::RefreshingSessions::put).
    ///
    /// ```no_run
    /// use generated_sdk::{AppCredentials, Client, Gateway};
    /// use generated_sdk::client::{MemorySessionStore, OAuth, RefreshingSessions};
    /// use std::sync::Arc;
    ///
    /// # fn example(code: &str) -> Result<(), generated_sdk::Error> {
    /// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret")).build()?;
    /// let oauth = OAuth::new(&client, OAuth::PRODUCTION)?;
    /// let client = generated_sdk::blocking::Client::new(client)?;
    /// let sessions = Arc::new(RefreshingSessions::new(oauth.clone(), MemorySessionStore::new()));
    /// let token = client.wait(oauth.token(code, "https://shop.test/back"))?;
    /// client.wait(sessions.put("seller 1", token))?;
    /// let seller = client.with_session_from(sessions, "seller 1");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the future, and [`Error::Configuration`] if the system cannot start a thread.
    pub fn wait<T: Send, E: From<Error> + Send>(
        &self,
        future: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        let handle = &self.runtime.handle;
        if Handle::try_current().is_err() {
            return handle.block_on(future);
        }
        // A thread of a runtime may not block on another runtime. A new thread may. Its spans and events go to the
        // caller's subscriber.
        let future = future.in_current_span().with_current_subscriber();
        thread::scope(|scope| {
            let thread = thread::Builder::new().spawn_scoped(scope, || handle.block_on(future));
            match thread.map_err(no_thread)?.join() {
                Ok(result) => result,
                Err(panic) => resume_unwind(panic),
            }
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt(f)
    }
}

fn no_thread(error: std::io::Error) -> Error {
    ConfigurationError::new(ConfigurationKind::Runtime, "cannot start the thread of the blocking client")
        .with_source(error)
        .into()
}

/// A runtime on its own thread, which drives connections and timers until this is dropped.
struct Runtime {
    handle: Handle,
    _end: oneshot::Sender<()>,
}

impl Runtime {
    fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        thread::Builder::new().name("top-client".to_owned()).spawn(move || {
            // Returns when the sender is dropped.
            let _ = runtime.block_on(ended);
        })?;
        Ok(Self { handle, _end: end })
    }
}
