//! The builder of a client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::client::{Client, Shared, Timeouts};
use crate::endpoint::Endpoint;
use crate::error::{ConfigurationError, ConfigurationKind, Error};
use crate::http::HttpSettings;
use crate::limit::limiter::Limiter;
use crate::limit::limits::Limits;
use crate::observer::AttemptObserver;
use crate::retry::RetryPolicy;
use crate::session::provider::SessionSource;
use crate::transport::Transport;
use top_protocol::{AppCredentials, Application, Format, Gateway, SignMethod};

/// A builder of a [`Client`].
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    gateway: Gateway,
    application: Application,
    timeouts: Timeouts,
    connect_timeout: Option<Duration>,
    proxy: Option<String>,
    body_limit: usize,
    strict: bool,
    transport: Option<Arc<dyn Transport>>,
    limiter: Arc<dyn Limiter>,
    observers: Vec<Arc<dyn AttemptObserver>>,
    retry: RetryPolicy,
    session: SessionSource,
}

impl Client {
    /// Creates a builder of a client for `gateway`: a [`Gateway`], the id of one, or an http or https URL with any
    /// path.
    ///
    /// Requests are sent to this gateway only. [`from_env`](Self::from_env) reads the gateway and the credentials from the
    /// environment.
    pub fn builder(gateway: impl Into<Gateway>, credentials: AppCredentials) -> ClientBuilder {
        let gateway = gateway.into();
        let application = Application::with_dialect(credentials, gateway.dialect().clone());
        ClientBuilder::new(gateway, application)
    }
}

impl ClientBuilder {
    fn new(gateway: Gateway, application: Application) -> Self {
        Self {
            gateway,
            application,
            timeouts: Timeouts { attempt: Duration::from_secs(30), read: None },
            connect_timeout: None,
            proxy: None,
            body_limit: 32 << 20,
            strict: false,
            transport: None,
            limiter: Arc::new(Limits::new()),
            observers: Vec::new(),
            retry: RetryPolicy::default(),
            session: SessionSource::None,
        }
    }

    /// Sets the sign method. Default: that of the gateway's [`Dialect`](top_protocol::Dialect), mostly
    /// [`SignMethod::HmacSha256`].
    pub fn sign_method(mut self, method: SignMethod) -> Self {
        self.application.sign_method = method;
        self
    }

    /// Sets the format of responses. Default: that of the gateway's [`Dialect`](top_protocol::Dialect), mostly
    /// [`Format::Json`].
    pub fn format(mut self, format: Format) -> Self {
        self.application.format = format;
        self
    }

    /// Requests simplified JSON responses: without a root node, with plain lists. Default: `false`.
    pub fn simplify(mut self, simplify: bool) -> Self {
        self.application.simplify = simplify;
        self
    }

    /// Sets the `partner_id` parameter, which identifies an SDK to the platform. Default: not sent.
    pub fn partner_id(mut self, partner_id: impl Into<String>) -> Self {
        self.application.partner_id = Some(partner_id.into());
        self
    }

    /// Sets the `target_app_key` parameter: the application that implements the called interface. Default: not sent.
    pub fn target_app_key(mut self, app_key: impl Into<String>) -> Self {
        self.application.target_app_key = Some(app_key.into());
        self
    }

    /// Sets the customer id, which calls of warehouses have (docs/protocol.md sections 7.4 and 11.2). Default: not sent.
    pub fn customer_id(mut self, customer_id: impl Into<String>) -> Self {
        self.application.customer_id = Some(customer_id.into());
        self
    }

    /// Sets whether requests are validated against the documented limits before they are sent. Default: `true`.
    pub fn validate(mut self, validate: bool) -> Self {
        self.application.validate = validate;
        self
    }

    /// Sets whether a response value that does not have its documented type is an error. Default: `false`.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Sets the timeout of an attempt, from the first byte of the request to the last byte of the response. Default:
    /// 30 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.attempt = timeout;
        self
    }

    /// Sets the maximum time without progress: until the response starts, and between two chunks of it. Default: no
    /// limit other than [`timeout`](Self::timeout).
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.read = Some(timeout);
        self
    }

    /// Sets the connect timeout. Default: 10 seconds. Applies to the client's own transport only.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Sets the proxy: an `http`, `https` or `socks5` URL, which may contain a user name and password. Default: the
    /// proxies of the system, and no proxy for a gateway on loopback. Applies to the client's own transport only.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Sets the maximum size of a decompressed response body, in bytes. Default: 32 MiB.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Sets the retry policy. Default: [`RetryPolicy::off`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets the session of the user on whose behalf calls are made. Default: no session. See
    /// [`with_session`](Client::with_session).
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.session = SessionSource::Fixed(SecretString::from(session.into()));
        self
    }

    /// Sets the limiter. Default: [`Limits::new`], which only enforces the platform's bans.
    pub fn limiter(mut self, limiter: impl Limiter) -> Self {
        self.limiter = Arc::new(limiter);
        self
    }

    /// Adds an observer of every attempt. Observers are called in the order in which they are added. Default: no
    /// observer.
    pub fn observer(mut self, observer: impl AttemptObserver) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// Sets the transport. Default: HTTP through reqwest.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] if the gateway is unknown or not an http or https URL, if the app key or
    /// secret is empty, if the proxy is not a URL, or if a transport is set together with a setting of the client's own.
    pub fn build(self) -> Result<Client, Error> {
        let wrong = |kind, message| Err(ConfigurationError::new(kind, message).into());
        if self.application.key().is_empty() {
            return wrong(ConfigurationKind::Credentials, "the app key is empty");
        }
        if self.application.secret().is_empty() {
            return wrong(ConfigurationKind::Credentials, "the app secret is empty");
        }
        let endpoint = Endpoint::of(&self.gateway)?;
        let (transport, http_settings) = match self.transport {
            Some(_) if self.connect_timeout.is_some() || self.proxy.is_some() => {
                let message = "a connect timeout and a proxy apply to the client's own transport only: \
                               set them in the given transport";
                return wrong(ConfigurationKind::Transport, message);
            }
            Some(transport) => (transport, None),
            None => {
                endpoint.check_tls()?;
                let connect_timeout = self.connect_timeout.unwrap_or(Duration::from_secs(10));
                let settings = HttpSettings {
                    connect_timeout,
                    proxy: self.proxy,
                    loopback: endpoint.is_loopback(),
                    https: endpoint.is_https(),
                };
                let transport: Arc<dyn Transport> = Arc::new(settings.transport()?);
                (transport, Some(settings))
            }
        };
        let shared = Shared {
            endpoint,
            transport,
            http_settings,
            limiter: self.limiter,
            clock: Arc::default(),
            observers: self.observers,
            application: self.application,
            body_limit: self.body_limit,
            strict: self.strict,
        };
        Ok(Client { shared: Arc::new(shared), session: self.session, retry: self.retry, timeouts: self.timeouts })
    }

    /// Builds a client for programs without async code.
    ///
    /// # Errors
    ///
    /// The errors of [`build`](Self::build), and [`Error::Configuration`] if the system cannot start a thread.
    #[cfg(feature = "blocking")]
    pub fn build_blocking(self) -> Result<crate::blocking::client::Client, Error> {
        crate::blocking::client::Client::from_unused(self.build()?)
    }
}

impl fmt::Debug for ClientBuilder {
    /// Omits the URL of the proxy, which may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("gateway", &self.gateway)
            .field("application", &self.application)
            .field("timeouts", &self.timeouts)
            .field("body_limit", &self.body_limit)
            .field("strict", &self.strict)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}
