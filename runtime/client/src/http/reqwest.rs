//! The default transport, over reqwest.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use reqwest::redirect::Policy;
use reqwest::{Method, Url};

use super::{IDLE_TIMEOUT, Outgoing, USER_AGENT, UrlCache, causes, check_provider, classified, headers};
use crate::error::{ConfigurationError, ConfigurationKind, Error, TransportError, TransportKind};
use crate::runtime;
use crate::transport::{BoxFuture, Chunks, HttpMethod, HttpRequest, HttpResponse, Payload, Transport};

/// HTTP/1.1 through reqwest, with reused connections.
///
/// A client creates one by default. The feature `reqwest-0_13` adds constructors for settings of [`reqwest::Client`]
/// that [`ClientBuilder`](crate::ClientBuilder) lacks: root certificates, a resolver, a local address.
///
/// ```no_run
/// use generated_sdk::client::{Client, HttpTransport};
/// use generated_sdk::{AppCredentials, Gateway};
///
/// # fn example() -> Result<(), generated_sdk::Error> {
/// let reqwest = reqwest::Client::builder().local_address(std::net::IpAddr::from([10, 0, 0, 7]));
/// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret"))
///     .transport(HttpTransport::from_builder(reqwest)?)
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[cfg_attr(not(feature = "reqwest-0_13"), expect(unreachable_pub, reason = "the feature exports it"))]
pub struct HttpTransport {
    client: reqwest::Client,
    urls: UrlCache<Url>,
}

#[cfg(feature = "reqwest-0_13")]
impl HttpTransport {
    /// Creates a transport from a builder. Redirects are not followed: a signed request contains the session, which is for
    /// the gateway alone.
    ///
    /// The other settings are the builder's. The transport that a client creates has a connect timeout of 10 seconds, keeps
    /// an idle connection for 30 seconds, and ignores the system's proxies for a gateway on loopback.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] if the builder fails.
    pub fn from_builder(builder: reqwest::ClientBuilder) -> Result<Self, Error> {
        Self::build(builder)
    }

    /// Creates a transport from a client.
    ///
    /// The client must not follow redirects, or another server receives the request and its session; [`from_builder`](Self::from_builder) ensures that. A response from another URL is
    /// [refused](TransportKind::Redirected).
    pub fn new(client: reqwest::Client) -> Self {
        Self { client, urls: UrlCache::new() }
    }
}

impl HttpTransport {
    fn build(builder: reqwest::ClientBuilder) -> Result<Self, Error> {
        check_provider()?;
        match builder.redirect(Policy::none()).build() {
            Ok(client) => Ok(Self { client, urls: UrlCache::new() }),
            Err(error) => {
                let certificates = causes(&error).any(|cause| cause.to_string().contains("certificate"));
                let help = if certificates { ": check that the certificates of the system are installed" } else { "" };
                let message = format!("cannot build the HTTP client{help}");
                Err(ConfigurationError::new(ConfigurationKind::Transport, message).with_source(error).into())
            }
        }
    }
}

impl fmt::Debug for HttpTransport {
    /// Omits the client, which may contain secret headers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

/// The settings of the transport that a client creates.
#[derive(Clone)]
pub(crate) struct HttpSettings {
    pub(crate) connect_timeout: Duration,
    /// The URL of the proxy. Default: the proxies of the system.
    pub(crate) proxy: Option<String>,
    /// Whether the gateway is on this machine. The system's proxies cannot reach it.
    pub(crate) loopback: bool,
    /// Whether the gateway is called over TLS.
    pub(crate) https: bool,
}

impl HttpSettings {
    pub(crate) fn transport(&self) -> Result<HttpTransport, Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(IDLE_TIMEOUT);
        #[cfg(feature = "native-tls")]
        {
            builder = builder.tls_backend_native();
        }
        if let Some(url) = &self.proxy {
            // reqwest ignores a proxy with an unknown scheme.
            #[cfg(feature = "socks")]
            const SCHEMES: &[&str] = &["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
            #[cfg(not(feature = "socks"))]
            const SCHEMES: &[&str] = &["http", "https"];
            // The URL may contain a password, so neither it nor the message of reqwest is shown.
            let wrong = || {
                let help = if cfg!(feature = "socks") { "" } else { " (the feature `socks` adds its schemes)" };
                let schemes = SCHEMES.join(", ");
                let message = format!("invalid URL of the proxy: expected one of the schemes {schemes}{help}");
                ConfigurationError::new(ConfigurationKind::Proxy, message)
            };
            if !Url::parse(url).is_ok_and(|url| SCHEMES.contains(&url.scheme()) && url.has_host()) {
                return Err(wrong().into());
            }
            builder = builder.proxy(reqwest::Proxy::all(url).map_err(|_| wrong())?);
        } else if self.loopback {
            builder = builder.no_proxy();
            if !self.https {
                builder = without_certificates(builder);
            }
        }
        HttpTransport::build(builder)
    }
}

/// Loads no certificates: nothing is called over TLS, and the machine may have none.
#[cfg(any(feature = "rustls-no-provider", feature = "native-tls"))]
fn without_certificates(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.tls_certs_only([])
}

#[cfg(not(any(feature = "rustls-no-provider", feature = "native-tls")))]
use std::convert::identity as without_certificates;

impl Transport for HttpTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            runtime::check_io().map_err(|error| TransportError::new(TransportKind::Connect, error))?;
            let method = match request.method {
                HttpMethod::Get => Method::GET,
                HttpMethod::Post => Method::POST,
            };
            let url = self.urls.get(request.url, Ok)?;
            let mut builder = self.client.request(method, url);
            for (name, value) in request.headers.iter() {
                builder = builder.header(name, value);
            }
            let body = match request.body {
                Payload::Bytes(bytes) => bytes.into(),
                stream => reqwest::Body::wrap(Outgoing(stream)),
            };
            let request = builder.body(body).build().map_err(failed)?;
            let requested = request.url().clone();
            let received = self.client.execute(request).await.map_err(failed)?;
            if *received.url() != requested {
                let host = received.url().host_str().unwrap_or_default();
                return Err(TransportError::new(TransportKind::Redirected, format!("the response is from {host}")));
            }
            let (status, headers) = (received.status().as_u16(), headers(received.headers()));
            let mut response = HttpResponse::with_chunks(status, Incoming(received.into()));
            response.headers = headers;
            Ok(response)
        })
    }
}

/// A response body from reqwest.
struct Incoming(reqwest::Body);

impl Chunks for Incoming {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        loop {
            match std::task::ready!(Pin::new(&mut self.0).poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(failed(error)))),
                Some(Ok(frame)) => {
                    // Other frames are trailers.
                    if let Ok(bytes) = frame.into_data() {
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                }
            }
        }
    }
}

fn failed(error: reqwest::Error) -> TransportError {
    // `TransportError` contains the URL of the gateway, redacted.
    let error = error.without_url();
    let (connecting, timed_out) = (error.is_connect(), error.is_timeout());
    classified(error, connecting, timed_out)
}
