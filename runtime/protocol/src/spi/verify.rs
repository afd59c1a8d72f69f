//! Verification of calls.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Request};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

use super::signed::{self, Signed};
use super::{SpiCharset, SpiError};
use crate::format::Format;
use crate::redact::HIDDEN;
use crate::secrets::is_secret;
use crate::time::DateTime;

/// Verifies the SPI calls of one application.
///
/// Cloning it is cheap. [The module](super) has an example.
#[derive(Clone)]
pub struct SpiVerifier {
    secret: SecretString,
    tolerance: Option<Duration>,
    clock: Arc<dyn Fn() -> DateTime + Send + Sync>,
}

impl SpiVerifier {
    /// Creates a verifier for calls that are signed with this AppSecret.
    pub fn new(app_secret: impl Into<String>) -> Self {
        Self {
            secret: SecretString::from(app_secret.into()),
            tolerance: Some(Duration::from_secs(600)),
            clock: Arc::new(DateTime::now),
        }
    }

    /// Sets how far the timestamp of a call may be from now, in the past or in the future. Default: 10 minutes.
    #[must_use]
    pub fn tolerance(self, tolerance: Duration) -> Self {
        Self { tolerance: Some(tolerance), ..self }
    }

    /// Accepts any timestamp, or none. A recorded call can then be sent again at any time.
    #[must_use]
    pub fn any_timestamp(self) -> Self {
        Self { tolerance: None, ..self }
    }

    /// Sets the clock that timestamps are compared with. For tests. Default: [`DateTime::now`].
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> DateTime + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Verifies a request whose body is in memory.
    ///
    /// # Errors
    ///
    /// [`SpiError`]: the call is not signed by the platform, is too old, or has a body that the signature does not cover.
    pub fn verify<B: AsRef<[u8]>>(&self, request: &Request<B>) -> Result<SpiCall, SpiError> {
        self.verify_parts(request.uri().query().unwrap_or_default(), request.headers(), request.body().as_ref())
    }

    /// Verifies the parts of a request: the query without `?`, as received, the headers and the body.
    ///
    /// # Errors
    ///
    /// Those of [`verify`](Self::verify).
    pub fn verify_parts(&self, query: &str, headers: &HeaderMap, body: &[u8]) -> Result<SpiCall, SpiError> {
        let signed = Signed::of(query, headers, body)?;
        let received = signed.sign.as_deref().ok_or(SpiError::MissingSignature)?;
        let expected = signed.signature(self.secret.expose_secret());
        if !bool::from(expected.as_bytes().ct_eq(received)) {
            return Err(SpiError::SignatureMismatch);
        }
        let call = SpiCall::of(signed, signed::format(query, headers))?;
        self.check_timestamp(&call)?;
        Ok(call)
    }

    fn check_timestamp(&self, call: &SpiCall) -> Result<(), SpiError> {
        let Some(tolerance) = self.tolerance else { return Ok(()) };
        let text = call.parameter("timestamp").ok_or(SpiError::MissingTimestamp)?;
        let timestamp: DateTime = text.parse().map_err(|_| SpiError::InvalidTimestamp)?;
        let now = (self.clock)();
        let (sent, read) = (timestamp.to_system_time(), now.to_system_time());
        let distance = sent.duration_since(read).unwrap_or_else(|earlier| earlier.duration());
        if distance > tolerance {
            return Err(SpiError::Expired { timestamp, now });
        }
        Ok(())
    }
}

impl fmt::Debug for SpiVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpiVerifier").field("tolerance", &self.tolerance).finish_non_exhaustive()
    }
}

/// A verified call: the parameters and the body that the signature covers.
///
/// Printing it redacts the body and secret parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct SpiCall {
    charset: SpiCharset,
    format: Format,
    /// In the order of their names.
    parameters: Vec<(String, String)>,
    body: String,
}

impl SpiCall {
    fn of(signed: Signed<'_>, format: Format) -> Result<Self, SpiError> {
        let charset = signed.charset;
        let text = |bytes: &[u8]| charset.decode(bytes).map(Cow::into_owned).ok_or(SpiError::InvalidEncoding(charset));
        let parameters = signed.parameters.into_iter();
        let parameters = parameters.map(|(name, (_, value))| Ok((name, text(&value)?))).collect::<Result<_, _>>()?;
        Ok(Self { charset, format, parameters, body: text(signed.body)? })
    }

    /// Returns the `method` parameter: the name of the SPI.
    pub fn method(&self) -> Option<&str> {
        self.parameter("method")
    }

    /// Returns a signed parameter: of the query, of the form, or a header that the call lists as signed.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let index = self.parameters.binary_search_by(|(other, _)| other.as_str().cmp(name)).ok()?;
        self.parameters.get(index).map(|(_, value)| value.as_str())
    }

    /// Returns the signed parameters in the order of their names, without `sign`.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the body as text. It is empty for a form, whose fields are parameters.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Decodes the body as JSON.
    ///
    /// # Errors
    ///
    /// Those of serde_json.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.body)
    }

    /// Returns the format of the response: XML if the call has an XML body or asks for `format=xml`, else JSON.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Returns the charset of the call.
    pub fn charset(&self) -> SpiCharset {
        self.charset
    }
}

impl fmt::Debug for SpiCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Parameters<'a>(&'a SpiCall);
        impl fmt::Debug for Parameters<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let redacted = |(name, value)| (name, if is_secret(name) { HIDDEN } else { value });
                f.debug_map().entries(self.0.parameters().map(redacted)).finish()
            }
        }
        f.debug_struct("SpiCall")
            .field("parameters", &Parameters(self))
            .field("body", &format_args!("[{} bytes]", self.body.len()))
            .finish()
    }
}
