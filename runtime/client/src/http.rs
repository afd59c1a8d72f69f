//! The HTTP transport. No other module uses reqwest.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use reqwest::Method;
pub(super) use reqwest::Url;
use reqwest::redirect::Policy;

use crate::error::{ConfigurationError, ConfigurationKind, Error, Timeout, TransportError, TransportKind};
use crate::runtime;
use crate::transport::{BoxFuture, Chunks, HttpMethod, HttpRequest, HttpResponse, Payload, Transport};
use top_protocol::Headers;

/// HTTP/1.1 through reqwest, with reused connections.
///
/// A client creates one by default. The feature `reqwest-0_13` adds constructors for settings of [`reqwest::Client`]
/// that [`ClientBuilder`](super::ClientBuilder) lacks: root certificates, a resolver, a local address.
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
    /// The first URL without a query, as text and parsed. Nearly all requests have it, so it is not parsed again.
    url: OnceLock<(String, Url)>,
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
        Self { client, url: OnceLock::new() }
    }
}

impl HttpTransport {
    fn build(builder: reqwest::ClientBuilder) -> Result<Self, Error> {
        provider::check()?;
        match builder.redirect(Policy::none()).build() {
            Ok(client) => Ok(Self { client, url: OnceLock::new() }),
            Err(error) => {
                let certificates = causes(&error).any(|cause| cause.to_string().contains("certificate"));
                let help = if certificates { ": check that the certificates of the system are installed" } else { "" };
                let message = format!("cannot build the HTTP client{help}");
                Err(ConfigurationError::new(ConfigurationKind::Transport, message).with_source(error).into())
            }
        }
    }
}

/// The cryptography of rustls. Without a provider, reqwest panics when it builds a client.
mod provider {
    use crate::error::ConfigurationError;

    /// Ensures that rustls has a provider: the program's, or ring if the feature `rustls-ring` is enabled.
    #[cfg(all(feature = "rustls-no-provider", not(any(feature = "rustls", feature = "native-tls"))))]
    pub(super) fn check() -> Result<(), ConfigurationError> {
        use rustls::crypto::CryptoProvider;

        #[cfg(feature = "rustls-ring")]
        if CryptoProvider::get_default().is_none() {
            // Fails only if the program has installed a provider in the meantime.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        if CryptoProvider::get_default().is_none() {
            let message = "rustls has no cryptography provider: call `CryptoProvider::install_default` first, or enable the \
                           feature `rustls` or `rustls-ring`";
            return Err(ConfigurationError::new(crate::error::ConfigurationKind::Tls, message));
        }
        Ok(())
    }

    #[cfg(not(all(feature = "rustls-no-provider", not(any(feature = "rustls", feature = "native-tls")))))]
    pub(super) fn check() -> Result<(), ConfigurationError> {
        Ok(())
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
pub(super) struct HttpSettings {
    pub(super) connect_timeout: Duration,
    /// The URL of the proxy. Default: the proxies of the system.
    pub(super) proxy: Option<String>,
    /// Whether the gateway is on this machine. The system's proxies cannot reach it.
    pub(super) loopback: bool,
    /// Whether the gateway is called over TLS.
    pub(super) https: bool,
}

impl HttpSettings {
    pub(super) fn transport(&self) -> Result<HttpTransport, Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(IDLE);
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
#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
fn without_certificates(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.tls_certs_only([])
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
use std::convert::identity as without_certificates;

/// The maximum idle time of a connection. Servers keep connections longer, so a request seldom meets one that is being
/// closed.
const IDLE: Duration = Duration::from_secs(30);

impl Transport for HttpTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            runtime::check_io().map_err(|error| TransportError::new(TransportKind::Connect, error))?;
            let method = match request.method {
                HttpMethod::Get => Method::GET,
                HttpMethod::Post => Method::POST,
            };
            let mut builder = match self.url.get().filter(|(text, _)| *text == request.url) {
                Some((_, url)) => self.client.request(method, url.clone()),
                None => self.client.request(method, &request.url),
            };
            for (name, value) in request.headers.iter() {
                builder = builder.header(name, value);
            }
            let body = match request.body {
                Payload::Bytes(bytes) => bytes.into(),
                Payload::Stream { chunks, length } => reqwest::Body::wrap(Outgoing { chunks, left: length }),
            };
            let text = request.url;
            let request = builder.body(body).build().map_err(failed)?;
            let requested = request.url().clone();
            // A query is signed, so that it differs between requests.
            if requested.query().is_none() {
                self.url.get_or_init(|| (text, requested.clone()));
            }
            let received = self.client.execute(request).await.map_err(failed)?;
            if *received.url() != requested {
                let host = received.url().host_str().unwrap_or_default();
                return Err(TransportError::new(TransportKind::Redirected, format!("the response is from {host}")));
            }
            let status = received.status().as_u16();
            let headers = received.headers().iter();
            let headers: Headers =
                headers.map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))).collect();
            let mut response = HttpResponse::with_chunks(status, Incoming(received.into()));
            response.headers = headers;
            Ok(response)
        })
    }
}

/// A request body for reqwest.
struct Outgoing {
    chunks: Box<dyn Chunks>,
    left: Option<u64>,
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let chunk = std::task::ready!(self.chunks.poll_chunk(context));
        if let (Some(Ok(bytes)), Some(left)) = (&chunk, &mut self.left) {
            *left = left.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        }
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
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
    let has = |wanted: fn(&(dyn StdError + 'static)) -> bool| causes(&error).any(wanted);
    let kind = if has(|cause| cause.is::<TransportError>()) {
        TransportKind::Upload
    } else if error.is_connect() && has(is_exhausted) {
        TransportKind::Exhausted
    } else if error.is_connect() && has(is_end) {
        TransportKind::Connect
    } else if has(is_tls) {
        TransportKind::Tls
    } else {
        match (error.is_connect(), error.is_timeout()) {
            (true, true) => TransportKind::Timeout(Timeout::Connect),
            (true, false) => TransportKind::Connect,
            (false, true) => TransportKind::Timeout(Timeout::Attempt),
            (false, false) => TransportKind::Interrupted,
        }
    };
    TransportError::new(kind, error)
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
        // `source` of an I/O error skips the error inside it.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    }
    std::iter::successors(Some(error), |error| cause(*error))
}

/// Returns whether the process (`EMFILE`) or the system (`ENFILE`, `ENOBUFS`) has no more sockets. The standard
/// library has no error kinds for them.
fn is_exhausted(cause: &(dyn StdError + 'static)) -> bool {
    const CODES: &[i32] = if cfg!(windows) {
        &[10024, 10055]
    } else if cfg!(any(target_os = "linux", target_os = "android")) {
        &[24, 23, 105]
    } else {
        &[24, 23, 55]
    };
    let number = cause.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
    number.is_some_and(|number| CODES.contains(&number))
}

/// Returns whether the server closed the connection. A server that restarts may do so during a handshake.
fn is_end(cause: &(dyn StdError + 'static)) -> bool {
    let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
    // OpenSSL reports it only in the message.
    kind == Some(io::ErrorKind::UnexpectedEof) || cause.to_string().to_ascii_lowercase().contains("unexpected eof")
}

#[cfg_attr(
    not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")),
    expect(unused_variables, reason = "there is no TLS")
)]
fn is_tls(cause: &(dyn StdError + 'static)) -> bool {
    #[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
    if cause.is::<rustls::Error>() {
        return true;
    }
    #[cfg(feature = "native-tls")]
    if cause.is::<native_tls::Error>() {
        return true;
    }
    false
}
