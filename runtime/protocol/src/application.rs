//! An application's identity, and the requests signed with it.

use std::fmt;

use super::encode::Attachment;
use super::multipart::{self, Piece};
use super::{AppCredentials, DateTime, Error, File, Format, Parameters, Request, SignMethod, UntypedParameters};

/// The version of the protocol: the `v` parameter.
pub const VERSION: &str = "2.0";

/// An application of the platform: its credentials, and the settings of its requests.
///
/// ```
/// use generated_sdk::api::top::TopClientTokenGetRequest;
/// use generated_sdk::protocol::{AppCredentials, Application, DateTime};
///
/// let application = Application::new(AppCredentials::new("12345678", "helloworld"));
/// let signed = application.sign(&TopClientTokenGetRequest::new("sec_token"), None, DateTime::now())?;
/// assert!(signed.body()?.bytes.starts_with(b"app_key=12345678&"));
/// # Ok::<(), generated_sdk::Error>(())
/// ```
#[derive(Clone)]
pub struct Application {
    credentials: AppCredentials,
    /// How requests are signed. [`SignMethod::HmacSha256`] unless set.
    pub sign_method: SignMethod,
    /// What the gateway is to answer in. [`Format::Json`] unless set.
    pub format: Format,
    /// Whether JSON answers come without their root node and with plain lists (docs/protocol.md section 4.4). `false`
    /// unless set.
    pub simplify: bool,
    /// Whether a request that breaks the documents' demands is refused before it is sent. `true` unless set.
    pub validate: bool,
    /// The `partner_id` parameter, which names an SDK.
    pub partner_id: Option<String>,
    /// The `target_app_key` parameter: the application whose implementation of an interface is called.
    pub target_app_key: Option<String>,
}

impl Application {
    /// Creates an application with the default settings.
    pub fn new(credentials: AppCredentials) -> Self {
        Self {
            credentials,
            sign_method: SignMethod::default(),
            format: Format::default(),
            simplify: false,
            validate: true,
            partner_id: None,
            target_app_key: None,
        }
    }

    /// Returns the AppKey.
    pub fn key(&self) -> &str {
        self.credentials.app_key()
    }

    /// Returns the AppSecret, for signatures and for the one form that sends it.
    #[doc(hidden)]
    pub fn secret(&self) -> &str {
        self.credentials.expose_secret()
    }

    /// Signs `request` as of `timestamp`, on behalf of the user who granted `session`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with every violation of the request.
    pub fn sign<R: Request>(
        &self,
        request: &R,
        session: Option<&str>,
        timestamp: DateTime,
    ) -> Result<SignedRequest, Error> {
        let has_session = session.is_some_and(|session| !session.is_empty());
        self.prepare(request, has_session)?.into_signed(session, timestamp)
    }

    /// Signs a call of a method that has no type, as of `timestamp`, on behalf of the user who granted `session`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if `parameters` has a [public parameter](super::PUBLIC_PARAMETERS), such as `session`, which signing
    /// sets; an [empty value](Request::with_empty) that is not named as one; an empty name; or, next to files, a name with a
    /// quote or a line break, which servers read in different ways.
    pub fn sign_untyped(
        &self,
        method: &str,
        parameters: &UntypedParameters,
        session: Option<&str>,
        timestamp: DateTime,
    ) -> Result<SignedRequest, Error> {
        self.prepare_untyped(method, parameters)?.into_signed(session, timestamp)
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("key", &self.key())
            .field("sign_method", &self.sign_method)
            .field("format", &self.format)
            .field("simplify", &self.simplify)
            .field("validate", &self.validate)
            .field("partner_id", &self.partner_id)
            .field("target_app_key", &self.target_app_key)
            .finish_non_exhaustive()
    }
}

/// A request as it goes over the wire: every parameter, with the signature over the others.
///
/// It is good for ten minutes around its timestamp (docs/protocol.md section 1.4). Printing it hides the session and
/// every other secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    pub(crate) parameters: Parameters,
    pub(crate) files: Vec<Attachment>,
}

/// What to POST.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    /// The `Content-Type`.
    pub content_type: String,
    /// The body itself. Secrets are in it.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Body {
    /// Its type and its length: secrets are in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({:?}, {} bytes)", self.content_type, self.bytes.len())
    }
}

impl SignedRequest {
    /// Every parameter.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The files, which are sent and not signed.
    pub fn files(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|attachment| (attachment.name.as_ref(), &attachment.file))
    }

    /// The body to POST: a form, or parts of several types if there are files. All of it is in memory; the client sends
    /// files without that.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if a file cannot be read.
    pub fn body(&self) -> Result<Body, Error> {
        let bytes = match self.pieces() {
            None => self.parameters.to_form().into_bytes(),
            Some(pieces) => multipart::collect(pieces).map_err(Error::File)?,
        };
        Ok(Body { content_type: self.content_type(), bytes })
    }

    /// The `Content-Type` of the body.
    #[doc(hidden)]
    pub fn content_type(&self) -> String {
        if self.files.is_empty() {
            return "application/x-www-form-urlencoded;charset=UTF-8".to_owned();
        }
        format!("multipart/form-data;charset=UTF-8;boundary={}", self.boundary())
    }

    /// The pieces of the body, if there are files.
    #[doc(hidden)]
    pub fn pieces(&self) -> Option<Vec<Piece>> {
        let pieces = || multipart::pieces(&self.boundary(), &self.parameters, &self.files);
        (!self.files.is_empty()).then(pieces)
    }

    /// Nobody who made a file could have known the signature, so no file holds it.
    fn boundary(&self) -> String {
        format!("----{}", self.parameters.get("sign").unwrap_or_default())
    }
}

impl fmt::Display for SignedRequest {
    /// A line a parameter, secrets hidden.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, parameter) in self.parameters.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}={}", parameter.name(), parameter.shown())?;
        }
        for (name, file) in self.files() {
            write!(f, "\n{name}={file:?}")?;
        }
        Ok(())
    }
}
