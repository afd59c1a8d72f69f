//! What carries requests to a gateway and its answers back, in types that belong to no HTTP library.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::error::TransportError;
use top_protocol::Headers;
use top_protocol::internal::redacted_url;

/// A future in a box, as traits that are used behind a pointer return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What carries requests to a gateway and its answers back.
///
/// A client creates one that uses reqwest. Another one takes its
/// place through [`ClientBuilder::transport`](super::ClientBuilder::transport): an HTTP stack of the caller's own, or
/// one for tests that needs no socket.
///
/// ```
/// use generated_sdk::AppCredentials;
/// use generated_sdk::api::top::TopClientTokenGetRequest;
/// use generated_sdk::client::{BoxFuture, Client, HttpAnswer, HttpRequest, Transport};
/// use generated_sdk::protocol::TransportError;
///
/// struct Canned(&'static str);
///
/// impl Transport for Canned {
///     fn send(&self, _request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
///         Box::pin(async { Ok(HttpAnswer::new(200, self.0)) })
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
/// # What an implementation must keep to
///
/// * A redirect is an answer: a signed request goes to the gateway and nowhere else.
/// * Certificates are verified.
/// * The body that it hands over is decoded: if it asks for gzip, it unpacks it.
/// * Dropping the future, or the body of the answer, ends the exchange. The client does so when time is up, and when
///   the answer is longer than it accepts; an implementation needs no deadline of its own.
/// * Nothing of the request but its URL stands in an error.
pub trait Transport: Send + Sync + 'static {
    /// Sends `request` and returns the head of the answer, with the body to come.
    ///
    /// # Errors
    ///
    /// A [`TransportError`] of the [kind](crate::TransportKind) that says how far the exchange came. An HTTP
    /// status is no error here.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>>;
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        (**self).send(request)
    }
}

/// A request on its way out. It holds secrets, and printing it shows none.
#[non_exhaustive]
pub struct HttpRequest {
    /// The HTTP verb.
    pub verb: Verb,
    /// Where to.
    pub url: String,
    /// The headers that belong to the request, `Content-Type` among them. Those of the connection are the transport's.
    pub headers: Headers,
    /// The body.
    pub body: Payload,
}

impl HttpRequest {
    /// A request without headers.
    pub fn new(verb: Verb, url: impl Into<String>, body: impl Into<Payload>) -> Self {
        Self { verb, url: url.into(), headers: Headers::new(), body: body.into() }
    }

    /// The same request with one more header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("verb", &self.verb)
            .field("url", &redacted_url(&self.url))
            .field("headers", &self.headers)
            .field("body", &self.body)
            .finish()
    }
}

/// An HTTP verb that the protocol uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
}

impl Verb {
    /// The verb as HTTP writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// The body of a request.
pub enum Payload {
    /// One that is in memory.
    Bytes(Bytes),
    /// One that is read as it is sent.
    Stream {
        /// Its pieces.
        chunks: Box<dyn Chunks>,
        /// How many bytes they have together, if that is known beforehand.
        length: Option<u64>,
    },
}

impl<T: Into<Bytes>> From<T> for Payload {
    fn from(bytes: T) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl fmt::Debug for Payload {
    /// Its length: secrets are in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "[{} bytes]", bytes.len()),
            Self::Stream { length: Some(length), .. } => write!(f, "[{length} bytes]"),
            Self::Stream { length: None, .. } => f.write_str("[a stream]"),
        }
    }
}

/// A body in pieces.
pub trait Chunks: Send + Sync {
    /// The next piece, `None` behind the last. It is asked for again after [`Poll::Pending`] and not after `None` or an
    /// error.
    ///
    /// # Errors
    ///
    /// [`TransportKind::Upload`](crate::TransportKind::Upload) from the body of a request that cannot be
    /// read, any other kind from the body of an answer.
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>>;
}

/// The pieces of a body that is in memory.
impl Chunks for std::vec::IntoIter<Bytes> {
    fn poll_chunk(&mut self, _context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        Poll::Ready(self.next().map(Ok))
    }
}

/// An answer on its way in: its head, and the body to come.
#[non_exhaustive]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: Box<dyn Chunks>,
}

impl HttpAnswer {
    /// An answer without headers, with a body that is in memory.
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self::with_chunks(status, vec![body.into()].into_iter())
    }

    /// An answer without headers, with a body that is still to come.
    pub fn with_chunks(status: u16, body: impl Chunks + 'static) -> Self {
        Self { status, headers: Headers::new(), body: Box::new(body) }
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }
}

impl fmt::Debug for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpAnswer")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
