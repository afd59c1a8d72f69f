//! A transport over hyper.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::time::timeout;
use tower_service::Service;

use super::pool::{Body, Connection, Pool};
use super::{IDLE_TIMEOUT, Outgoing, Url, UrlCache, causes, classified, headers, not_sent};
use crate::error::{ConfigurationError, ConfigurationKind, Error, Timeout, TransportError, TransportKind};
use crate::runtime;
use crate::transport::{BoxFuture, HttpMethod, HttpRequest, HttpResponse, Transport};
use top_protocol::Headers;

/// HTTP/1.1 through hyper, with reused connections: a call takes less processor time than with the default transport.
///
/// ```
/// use generated_sdk::client::HyperTransport;
/// use generated_sdk::{AppCredentials, Client, Gateway};
///
/// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret"))
///     .transport(HyperTransport::new()?)
///     .build()?;
/// # Ok::<(), generated_sdk::Error>(())
/// ```
///
/// It has the errors and the compression of the default transport. The differences:
///
/// * It does not support proxies, and ignores those of the system and the environment. Use the default transport behind a
///   proxy.
/// * https requires the feature `rustls`, `rustls-ring` or `rustls-no-provider`. The feature `native-tls` does not apply.
///
/// A connection belongs to the runtime that opened it, and works only while that runtime runs. Use a transport of its own
/// for each runtime.
pub struct HyperTransport {
    connector: Connector,
    connect_timeout: Duration,
    pool: Arc<Pool>,
    targets: UrlCache<Arc<Target>>,
}

impl HyperTransport {
    /// Creates a transport with the default settings.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] if TLS cannot be set up: see [`build`](HyperTransportBuilder::build).
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Returns a builder with the default settings.
    pub fn builder() -> HyperTransportBuilder {
        HyperTransportBuilder {
            connect_timeout: Duration::from_secs(10),
            idle_timeout: IDLE_TIMEOUT,
            max_idle: usize::MAX,
            #[cfg(feature = "rustls-no-provider")]
            certificates: Vec::new(),
        }
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport").finish_non_exhaustive()
    }
}

/// A builder of a [`HyperTransport`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct HyperTransportBuilder {
    connect_timeout: Duration,
    idle_timeout: Duration,
    max_idle: usize,
    /// Texts in PEM.
    #[cfg(feature = "rustls-no-provider")]
    certificates: Vec<Vec<u8>>,
}

impl HyperTransportBuilder {
    /// Sets the connect timeout: of the resolution of the name, the connection and the TLS handshake together. Default: 10 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long an idle connection is kept. Default: 30 seconds.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets the maximum number of idle connections to one server. 0 closes each connection after its response. Default: no limit.
    pub fn max_idle(mut self, connections: usize) -> Self {
        self.max_idle = connections;
        self
    }

    /// Adds root certificates to those of the system, as text in PEM. Default: those of the system alone.
    #[cfg(all(feature = "rustls-no-provider", not(target_os = "android")))]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificates.push(pem.into());
        self
    }

    /// Builds the transport.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] if an added certificate is invalid, if the system has no certificates and none is added, or if rustls has
    /// no cryptography provider.
    pub fn build(self) -> Result<HyperTransport, Error> {
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(self.connect_timeout));
        tcp.set_nodelay(true);
        // A server that disappears without closing the connection is noticed after a minute: the values of reqwest.
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_keepalive_interval(Some(KEEPALIVE));
        tcp.set_keepalive_retries(Some(3));
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        tcp.set_tcp_user_timeout(Some(KEEPALIVE * 2));
        #[cfg(feature = "rustls-no-provider")]
        let connector = tls::connector(tcp, &self.certificates)?;
        #[cfg(not(feature = "rustls-no-provider"))]
        let connector = tcp;
        Ok(HyperTransport {
            connector,
            connect_timeout: self.connect_timeout,
            pool: Arc::new(Pool::new(self.idle_timeout, self.max_idle)),
            targets: UrlCache::new(),
        })
    }
}

/// The time without data after which a connection is probed.
const KEEPALIVE: Duration = Duration::from_secs(15);

#[cfg(feature = "rustls-no-provider")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "rustls-no-provider"))]
type Connector = HttpConnector;

/// A connected socket.
pub(super) type Socket = <Connector as Service<Uri>>::Response;

#[cfg(feature = "rustls-no-provider")]
mod tls {
    use std::error::Error as StdError;
    use std::sync::Arc;

    use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
    use hyper_util::client::legacy::connect::HttpConnector;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::{ClientConfig, RootCertStore};
    use rustls_platform_verifier::Verifier;

    use super::super::provider;
    use crate::error::{ConfigurationError, ConfigurationKind};

    /// Returns a connector for http and https that trusts the certificates of the system and those of `pems`.
    pub(super) fn connector(
        mut tcp: HttpConnector,
        pems: &[Vec<u8>],
    ) -> Result<HttpsConnector<HttpConnector>, ConfigurationError> {
        const INVALID: &str = "invalid root certificate";
        let mut certificates = Vec::new();
        for pem in pems {
            let count = certificates.len();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| wrong(INVALID, error))?;
                // The verifier reports an invalid certificate and missing ones of the system alike.
                RootCertStore::empty().add(certificate.clone()).map_err(|error| wrong(INVALID, error))?;
                certificates.push(certificate);
            }
            if certificates.len() == count {
                return Err(wrong(INVALID, "expected a certificate in PEM, found none"));
            }
        }
        let provider = provider()?;
        let help = "cannot set up TLS: check that the certificates of the system are installed";
        #[cfg(not(target_os = "android"))]
        let verifier = Verifier::new_with_extra_roots(certificates, provider.clone());
        #[cfg(target_os = "android")]
        let verifier = Verifier::new(provider.clone());
        let verifier = verifier.map_err(|error| wrong(help, error))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(help, error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        tcp.enforce_http(false);
        let builder = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http();
        Ok(builder.enable_http1().wrap_connector(tcp))
    }

    fn wrong(message: &str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> ConfigurationError {
        ConfigurationError::new(ConfigurationKind::Tls, message).with_source(source)
    }
}

/// What a request needs of its URL.
struct Target {
    /// The scheme, host and port.
    server: Arc<str>,
    /// The same, to connect to.
    address: Uri,
    /// The path and the query.
    path: Uri,
    /// The header `Host`.
    host: HeaderValue,
}

impl Target {
    fn parse(url: Url) -> Result<Arc<Self>, TransportError> {
        if url.scheme() == "https" && !cfg!(feature = "rustls-no-provider") {
            let message =
                "the feature `rustls` or `rustls-ring` is required to call an https URL with `HyperTransport`";
            return Err(not_sent(ConfigurationError::new(ConfigurationKind::Tls, message)));
        }
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let server: Arc<str> = format!("{}://{host}", url.scheme()).into();
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let (address, path) = (Uri::try_from(&*server).map_err(not_sent)?, Uri::try_from(path).map_err(not_sent)?);
        Ok(Arc::new(Self { server, address, path, host: HeaderValue::try_from(host).map_err(not_sent)? }))
    }

    /// Returns the headers of a request: those of the caller, and the missing ones of the transport.
    fn headers(&self, given: &Headers) -> Result<HeaderMap, TransportError> {
        let mut headers = HeaderMap::with_capacity(8);
        for (name, value) in given.iter() {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(not_sent)?;
            headers.append(name, HeaderValue::from_str(value).map_err(not_sent)?);
        }
        headers.entry(HOST).or_insert_with(|| self.host.clone());
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(super::USER_AGENT));
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        #[cfg(feature = "gzip")]
        headers.entry(http::header::ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
        Ok(headers)
    }
}

impl HyperTransport {
    async fn connect(&self, target: &Target) -> Result<Box<Connection>, TransportError> {
        let connected = timeout(self.connect_timeout, self.connector.clone().call(target.address.clone())).await;
        let socket = connected
            .map_err(|elapsed| TransportError::new(TransportKind::Timeout(Timeout::Connect), elapsed))?
            .map_err(|error| failed(error, true))?;
        Connection::start(socket).await.map_err(|error| failed(error, true))
    }
}

impl Transport for HyperTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            runtime::check_io().map_err(not_sent)?;
            let target = self.targets.get(request.url, Target::parse)?;
            let mut outgoing = Request::new(Outgoing(request.body));
            *outgoing.method_mut() = match request.method {
                HttpMethod::Get => Method::GET,
                HttpMethod::Post => Method::POST,
            };
            *outgoing.uri_mut() = target.path.clone();
            *outgoing.headers_mut() = target.headers(&request.headers)?;
            loop {
                let idle = self.pool.take(&target.server);
                let is_reused = idle.is_some();
                let mut connection = match idle {
                    Some(connection) => connection,
                    None => self.connect(&target).await?,
                };
                match connection.exchange(outgoing).await {
                    Ok(response) => {
                        let (head, incoming) = response.into_parts();
                        let body = Body::new(incoming, connection, target.server.clone(), self.pool.clone());
                        return Ok(received(head, body));
                    }
                    Err(mut error) => match error.take_message() {
                        // The server closed the idle connection before anything was sent.
                        Some(unsent) if is_reused => outgoing = unsent,
                        _ => return Err(failed(error.into_error(), false)),
                    },
                }
            }
        })
    }
}

/// Converts the response, and decodes its body if that is compressed.
fn received(head: http::response::Parts, body: Body) -> HttpResponse {
    let status = head.status.as_u16();
    #[cfg(feature = "gzip")]
    if head.headers.get(http::header::CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip") {
        let mut response = HttpResponse::with_chunks(status, super::gzip::Decoded::new(body));
        let mut decoded = head.headers;
        // Both describe the compressed body.
        decoded.remove(http::header::CONTENT_ENCODING);
        decoded.remove(http::header::CONTENT_LENGTH);
        response.headers = headers(&decoded);
        return response;
    }
    let mut response = HttpResponse::with_chunks(status, body);
    response.headers = headers(&head.headers);
    response
}

/// Converts the error of an exchange. `connecting` says whether there was no connection yet.
pub(super) fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>, connecting: bool) -> TransportError {
    let error = error.into();
    let timed_out = causes(&*error)
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut));
    classified(error, connecting, timed_out)
}
