//! The interface between a client and its HTTP library.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::error::TransportError;
use top_protocol::Headers;
use top_protocol::internal::redacted_url;

/// A boxed future, as object-safe traits return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends requests to a gateway and receives its responses.
///
/// A client uses reqwest by default. [`ClientBuilder::transport`](super::ClientBuilder::transport) replaces it: with
/// `HyperTransport` of the feature `hyper`, with another HTTP library, or with a transport for tests that needs no socket.
///
/// ```
/// use generated_sdk::AppCredentials;
/// use generated_sdk::api::top::TopClientTokenGetRequest;
/// use generated_sdk::client::{BoxFuture, Client, HttpResponse, HttpRequest, Transport};
/// use generated_sdk::protocol::TransportError;
///
/// struct Canned(&'static str);
///
/// impl Transport for Canned {
///     fn send(&self, _request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
///         Box::pin(async { Ok(HttpResponse::new(200, self.0)) })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), generated_sdk::Error> {
/// let transport = Canned(r#"{"top_client_token_get_response":{"token":"t"}}"#);
/// let client = Client::builder("http://gateway.test/", AppCredentials::new("app key", "app secret")).transport(transport).build()?;
/// let response = client.execute(&TopClientTokenGetRequest::new("sec_token")).await?;
/// assert_eq!(response.token.as_deref(), Some("t"));
/// # Ok(())
/// # }
/// ```
///
/// # Requirements
///
/// * A redirect is a response. Do not follow it: a signed request is for its gateway only.
/// * Verify certificates.
/// * Decompress the body: if the transport requests gzip, it decodes gzip.
/// * Dropping the future or the response body ends the exchange. The client does so at a timeout or at its body limit; an
///   implementation needs no timeout of its own.
/// * An error contains nothing of the request except its URL.
pub trait Transport: Send + Sync + 'static {
    /// Sends `request` and returns the head of the response, with a body to read.
    ///
    /// # Errors
    ///
    /// A [`TransportError`] of the [kind](crate::TransportKind) that tells how far the exchange got. An HTTP status is
    /// not an error here.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>>;
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        (**self).send(request)
    }
}

/// An HTTP request. `Debug` redacts its secrets.
#[non_exhaustive]
pub struct HttpRequest {
    /// The HTTP method.
    pub method: HttpMethod,
    /// The URL.
    pub url: String,
    /// The headers, such as `Content-Type`. The transport adds those of the connection.
    pub headers: Headers,
    /// The body.
    pub body: Payload,
}

impl HttpRequest {
    /// Creates a request without headers.
    pub fn new(method: HttpMethod, url: impl Into<String>, body: impl Into<Payload>) -> Self {
        Self { method, url: url.into(), headers: Headers::new(), body: body.into() }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.headers.push(name, value);
        self
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &redacted_url(&self.url))
            .field("headers", &self.headers)
            .field("body", &self.body)
            .finish()
    }
}

/// An HTTP method that the protocol uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HttpMethod {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
}

impl HttpMethod {
    /// Returns the name of the method.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// The body of a request.
pub enum Payload {
    /// A body in memory.
    Bytes(Bytes),
    /// A body that is read while it is sent.
    Stream {
        /// The chunks of the body.
        chunks: Box<dyn Chunks>,
        /// The total number of bytes, if it is known in advance.
        length: Option<u64>,
    },
}

impl<T: Into<Bytes>> From<T> for Payload {
    fn from(bytes: T) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl fmt::Debug for Payload {
    /// Shows the length only: the body contains secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "[{} bytes]", bytes.len()),
            Self::Stream { length: Some(length), .. } => write!(f, "[{length} bytes]"),
            Self::Stream { length: None, .. } => f.write_str("[a stream]"),
        }
    }
}

/// A body in chunks.
pub trait Chunks: Send + Sync {
    /// Returns the next chunk, or `None` after the last. It is polled again after [`Poll::Pending`], not after `None`
    /// or an error.
    ///
    /// # Errors
    ///
    /// [`TransportKind::Upload`](crate::TransportKind::Upload) if the body of a request cannot be read, any other kind
    /// for the body of a response.
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>>;
}

/// The chunks of a body in memory.
impl Chunks for std::vec::IntoIter<Bytes> {
    fn poll_chunk(&mut self, _context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        Poll::Ready(self.next().map(Ok))
    }
}

/// An HTTP response: its head, and a body to read.
#[non_exhaustive]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: Box<dyn Chunks>,
}

impl HttpResponse {
    /// Creates a response without headers, with a body in memory.
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self::with_chunks(status, vec![body.into()].into_iter())
    }

    /// Creates a response without headers, with a body that is read later.
    pub fn with_chunks(status: u16, body: impl Chunks + 'static) -> Self {
        Self { status, headers: Headers::new(), body: Box::new(body) }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.headers.push(name, value);
        self
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
