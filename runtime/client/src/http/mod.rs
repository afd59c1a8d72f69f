//! HTTP transports, and what they share. No other module uses an HTTP library.

#[cfg(all(feature = "hyper", feature = "gzip"))]
mod gzip;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(feature = "hyper")]
mod pool;
mod reqwest;

use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
#[cfg(feature = "rustls-no-provider")]
use std::sync::Arc;
use std::sync::OnceLock;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::reqwest::header::HeaderMap;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
#[cfg(feature = "rustls-no-provider")]
use rustls::crypto::CryptoProvider;

#[cfg(feature = "hyper")]
pub use self::hyper::{HyperTransport, HyperTransportBuilder};
pub(super) use self::reqwest::HttpSettings;
#[cfg(feature = "reqwest-0_13")]
pub use self::reqwest::HttpTransport;
#[cfg(feature = "rustls-no-provider")]
use crate::error::ConfigurationKind;
use crate::error::{ConfigurationError, Timeout, TransportError, TransportKind};
use crate::transport::Payload;
pub(super) use ::reqwest::Url;
use top_protocol::Headers;

/// The value of the header `User-Agent`.
const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// The maximum idle time of a connection. Servers keep connections longer, so a request seldom meets one that is being
/// closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The first URL without a query, as text and parsed. Nearly all requests have it, so it is not parsed again.
struct UrlCache<T>(OnceLock<(String, T)>);

impl<T: Clone> UrlCache<T> {
    const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Returns the parsed form of a URL.
    fn get(&self, text: String, parsed: fn(Url) -> Result<T, TransportError>) -> Result<T, TransportError> {
        if let Some((_, value)) = self.0.get().filter(|(cached, _)| *cached == text) {
            return Ok(value.clone());
        }
        let url = Url::parse(&text).map_err(not_sent)?;
        // A query is signed, so that it differs between requests.
        let has_query = url.query().is_some();
        let value = parsed(url)?;
        if !has_query {
            self.0.get_or_init(|| (text, value.clone()));
        }
        Ok(value)
    }
}

/// The body of a request.
struct Outgoing(Payload);

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let chunk = match &mut self.0 {
            Payload::Bytes(bytes) if bytes.is_empty() => None,
            Payload::Bytes(bytes) => Some(Ok(std::mem::take(bytes))),
            Payload::Stream { chunks, length } => {
                let chunk = ready!(chunks.poll_chunk(context));
                if let (Some(Ok(bytes)), Some(left)) = (&chunk, length) {
                    *left = left.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                }
                chunk
            }
        };
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        // The end of a stream is polled, because it may be an error.
        matches!(&self.0, Payload::Bytes(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Payload::Bytes(bytes) => SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            Payload::Stream { length, .. } => length.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

/// Converts the headers of a response.
fn headers(headers: &HeaderMap) -> Headers {
    headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))).collect()
}

/// Returns the error of a request that cannot be sent.
fn not_sent(source: impl Into<Box<dyn StdError + Send + Sync>>) -> TransportError {
    TransportError::new(TransportKind::Connect, source)
}

/// Classifies the error of an exchange. `connecting` says whether there was no connection yet.
fn classified(error: impl Into<Box<dyn StdError + Send + Sync>>, connecting: bool, timed_out: bool) -> TransportError {
    let error = error.into();
    let has = |wanted: fn(&(dyn StdError + 'static)) -> bool| causes(&*error).any(wanted);
    let kind = if has(|cause| cause.is::<TransportError>()) {
        TransportKind::Upload
    } else if connecting && has(is_exhausted) {
        TransportKind::Exhausted
    } else if connecting && has(is_end) {
        TransportKind::Connect
    } else if has(is_tls) {
        TransportKind::Tls
    } else {
        match (connecting, timed_out) {
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
    not(any(feature = "rustls-no-provider", feature = "native-tls")),
    expect(unused_variables, reason = "there is no TLS")
)]
fn is_tls(cause: &(dyn StdError + 'static)) -> bool {
    #[cfg(feature = "rustls-no-provider")]
    if cause.is::<rustls::Error>() {
        return true;
    }
    #[cfg(feature = "native-tls")]
    if cause.is::<native_tls::Error>() {
        return true;
    }
    false
}

/// Ensures that rustls has a cryptography provider. Without one, reqwest panics when it builds a client.
fn check_provider() -> Result<(), ConfigurationError> {
    #[cfg(all(feature = "rustls-no-provider", not(feature = "native-tls")))]
    provider()?;
    Ok(())
}

/// Returns the cryptography provider of rustls: the program's, or that of the feature `rustls` or `rustls-ring`.
#[cfg(feature = "rustls-no-provider")]
fn provider() -> Result<Arc<CryptoProvider>, ConfigurationError> {
    #[cfg(all(feature = "rustls-ring", not(feature = "rustls")))]
    if CryptoProvider::get_default().is_none() {
        // reqwest takes the program's provider only. Fails if the program has installed one in the meantime.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    let provider = CryptoProvider::get_default().cloned();
    #[cfg(feature = "rustls")]
    let provider = provider.or_else(|| Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider())));
    provider.ok_or_else(|| {
        let message = "rustls has no cryptography provider: call `CryptoProvider::install_default` first, or enable the \
                       feature `rustls` or `rustls-ring`";
        ConfigurationError::new(ConfigurationKind::Tls, message)
    })
}
