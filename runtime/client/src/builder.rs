//! A client to be.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::endpoint::Endpoint;
use super::exchange::Timeouts;
use super::http::HttpSettings;
use super::limit::{Limiter, Limits};
use super::observer::AttemptObserver;
use super::retry::RetryPolicy;
use super::session::Session;
use super::transport::Transport;
use super::{Client, Shared};
use crate::error::{ConfigurationError, ConfigurationKind, Error};
use top_protocol::{Application, Format, Gateway, SignMethod};

/// A client to be.
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
    session: Session,
}

impl ClientBuilder {
    pub(super) fn new(gateway: Gateway, application: Application) -> Self {
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
            session: Session::None,
        }
    }

    /// How requests are signed; [`SignMethod::HmacSha256`] unless set.
    pub fn sign_method(mut self, method: SignMethod) -> Self {
        self.application.sign_method = method;
        self
    }

    /// What the gateway is to answer in; [`Format::Json`] unless set.
    pub fn format(mut self, format: Format) -> Self {
        self.application.format = format;
        self
    }

    /// Whether JSON answers come without their root node and with plain lists; `false` unless set.
    pub fn simplify(mut self, simplify: bool) -> Self {
        self.application.simplify = simplify;
        self
    }

    /// The `partner_id` parameter, which names an SDK to the platform.
    pub fn partner_id(mut self, partner_id: impl Into<String>) -> Self {
        self.application.partner_id = Some(partner_id.into());
        self
    }

    /// The application whose implementation of an interface is called: the `target_app_key` parameter.
    pub fn target_app_key(mut self, app_key: impl Into<String>) -> Self {
        self.application.target_app_key = Some(app_key.into());
        self
    }

    /// Whether a request that breaks the documents' demands is refused before it is sent; `true` unless set.
    pub fn validate(mut self, validate: bool) -> Self {
        self.application.validate = validate;
        self
    }

    /// Whether a value that does not fit its documented type is an error; `false` unless set.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// How long an attempt at a call may take from its first byte out to its last byte in; 30 seconds unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.attempt = timeout;
        self
    }

    /// How long the gateway may be silent: before its answer begins, and between two pieces of it. No limit but
    /// [`timeout`](Self::timeout) unless set.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.read = Some(timeout);
        self
    }

    /// How long a connection may take to be made; 10 seconds unless set. For the client's own transport.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// The proxy to go through: an `http`, `https` or `socks5` URL, with a name and password if it wants them. Those of
    /// the system unless set, and none for a gateway on loopback. For the client's own transport.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// How many bytes an answer may have, once unpacked; 32 MiB unless set.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Whether and when a call that fails is made again; never unless set.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// On whose behalf calls are made: that of the user who granted this session, as
    /// [`with_session`](Client::with_session) of the client says it later; nobody's unless set.
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.session = Session::Fixed(SecretString::from(session.into()));
        self
    }

    /// Who may call when. Unless set, that is [`Limits::new`]: all at once, but for what the platform has banned.
    pub fn limiter(mut self, limiter: impl Limiter) -> Self {
        self.limiter = Arc::new(limiter);
        self
    }

    /// Adds an observer of every attempt. Several are called in the order in which they are added. Default: none.
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
    /// [`Error::Configuration`] if the gateway is unknown, not supported or not an http or https URL, if the app key or
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
        let (transport, own) = match self.transport {
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
            own,
            limiter: self.limiter,
            clock: Arc::default(),
            observers: self.observers,
            application: self.application,
            body_limit: self.body_limit,
            strict: self.strict,
        };
        Ok(Client { shared: Arc::new(shared), session: self.session, retry: self.retry, timeouts: self.timeouts })
    }
}

impl ClientBuilder {
    /// The client for programs that are not async.
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build), and [`Error::Configuration`] if the system has no thread for it.
    #[cfg(feature = "blocking")]
    pub fn build_blocking(self) -> Result<super::blocking::Client, Error> {
        super::blocking::Client::of(self.build()?)
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
