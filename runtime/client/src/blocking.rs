//! The client for programs that are not async.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tracing::Instrument;
use tracing::instrument::WithSubscriber;

pub use super::pagination::blocking::{Items, Pages};

use super::{RetryPolicy, SessionProvider, Shared};
use crate::error::{ConfigurationError, ConfigurationKind, Error};
use top_protocol::{Request, Response, SignedRequest};

/// [`Client`](super::Client) for programs that are not async: its calls return when they are done.
///
/// It is the same client, so requests, errors, retries and limits are the same. Cloning it is cheap.
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
/// It can be used from within an async program too, where it holds up the thread that it is called on: only where that
/// does no harm. It has connections of its own, which that thread is not needed for.
#[derive(Clone)]
pub struct Client {
    pub(super) client: super::Client,
    runtime: Arc<Runtime>,
}

impl Client {
    /// The calls of `client`, waited for, with what it shares: its limiter, and what it knows of the platform's clock.
    /// Connections are kept by a thread that lives as long as this or a clone of it.
    ///
    /// They are not those of `client`, whose calls may go on beside: a connection is driven by the runtime that made it,
    /// and a call from a thread of that runtime would hold up what it waits for. A transport that was given to the client
    /// stays as it is. If that keeps connections, as one over reqwest does, give the blocking
    /// client another; and if [`OAuth`](super::OAuth) is waited for here, build it upon a client that makes no async
    /// calls.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] if the system has no thread for it.
    pub fn new(mut client: super::Client) -> Result<Self, Error> {
        if let Some(own) = &client.shared.own {
            let transport = Arc::new(own.transport()?);
            client.shared = Arc::new(Shared { transport, ..Shared::clone(&client.shared) });
        }
        Self::of(client)
    }

    /// The calls of `client`, which has made none.
    pub(super) fn of(client: super::Client) -> Result<Self, Error> {
        Ok(Self { client, runtime: Arc::new(Runtime::start().map_err(no_thread)?) })
    }

    /// The same client on behalf of the user who granted `session`.
    #[must_use]
    pub fn with_session(&self, session: impl Into<String>) -> Self {
        Self { client: self.client.with_session(session), runtime: Arc::clone(&self.runtime) }
    }

    /// The same client on behalf of `user`, with sessions from `provider`: see the
    /// [async client's](super::Client::with_session_from).
    #[must_use]
    pub fn with_session_from(&self, provider: Arc<dyn SessionProvider>, user: impl Into<String>) -> Self {
        Self { client: self.client.with_session_from(provider, user), runtime: Arc::clone(&self.runtime) }
    }

    /// The same client with another policy for failed calls, be it for a single one.
    #[must_use]
    pub fn with_retry(&self, policy: RetryPolicy) -> Self {
        Self { client: self.client.with_retry(policy), runtime: Arc::clone(&self.runtime) }
    }

    /// The same client with another time for an attempt at a call, be it for a single one.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { client: self.client.with_timeout(timeout), runtime: Arc::clone(&self.runtime) }
    }

    /// Validates and signs `request`, sends it, and reads the answer.
    ///
    /// # Errors
    ///
    /// Every way in which the call can fail: see [`Error`].
    pub fn execute<R: Request>(&self, request: &R) -> Result<Response<R::Response>, Error> {
        self.wait(self.client.execute(request))
    }

    /// The request as [`execute`](Self::execute) would send it now. Printing it hides what is secret.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the request breaks the documents' demands.
    pub fn sign<R: Request>(&self, request: &R) -> Result<SignedRequest, Error> {
        self.client.sign(request)
    }

    /// Waits for what is async beside the client: a grant or a refresh of [`OAuth`](super::OAuth), or a token that
    /// [`RefreshingSessions`](super::RefreshingSessions) is to keep.
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
    /// Those of what is waited for, of whatever type they are, and [`Error::Configuration`] if the system has no thread
    /// for it.
    pub fn wait<T: Send, E: From<Error> + Send>(
        &self,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        let handle = &self.runtime.handle;
        if Handle::try_current().is_err() {
            return handle.block_on(call);
        }
        // A thread that belongs to a runtime may not wait for another; one that belongs to nobody may. What is told there
        // is told where the caller listens.
        let call = call.in_current_span().with_current_subscriber();
        thread::scope(|scope| {
            let thread = thread::Builder::new().spawn_scoped(scope, || handle.block_on(call));
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

/// A runtime on a thread of its own, which looks after connections and timers. It ends when this is dropped.
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
            // The other end is never used, only dropped.
            let _ = runtime.block_on(ended);
        })?;
        Ok(Self { handle, _end: end })
    }
}
