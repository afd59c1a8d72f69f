//! An application's identity, and the requests signed with it.

use std::borrow::Cow;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::encode::{Attachment, encode};
use super::multipart::{self, Piece};
use super::validate::validate;
use super::{
    Authorization, DateTime, Error, File, Format, Parameters, Problem, Record, Request, SignMethod, UntypedParameters,
    Violation, Violations, signature,
};

/// The version of the protocol: the `v` parameter.
pub const VERSION: &str = "2.0";

/// The parameters that belong to the protocol rather than to a method (protocol.md 1.4).
pub const PUBLIC_PARAMETERS: [&str; 11] = [
    "app_key",
    "format",
    "method",
    "partner_id",
    "session",
    "sign",
    "sign_method",
    "simplify",
    "target_app_key",
    "timestamp",
    "v",
];

/// An application that the platform knows: its key and secret, and how its requests are signed and answered.
///
/// ```
/// use generated_sdk::api::top::TopClientTokenGetRequest;
/// use generated_sdk::protocol::{Application, DateTime};
///
/// let application = Application::new("12345678", "helloworld");
/// let signed = application.sign(&TopClientTokenGetRequest::new("sec_token"), None, DateTime::now())?;
/// assert!(signed.body()?.bytes.starts_with(b"app_key=12345678&"));
/// # Ok::<(), generated_sdk::Error>(())
/// ```
#[derive(Clone)]
pub struct Application {
    key: String,
    secret: SecretString,
    /// How requests are signed. [`SignMethod::HmacSha256`] unless set.
    pub sign_method: SignMethod,
    /// What the gateway is to answer in. [`Format::Json`] unless set.
    pub format: Format,
    /// Whether JSON answers come without their root node and with plain lists (protocol.md 4.4). `false` unless set.
    pub simplify: bool,
    /// Whether a request that breaks the documents' demands is refused before it is sent. `true` unless set.
    pub validate: bool,
    /// The `partner_id` parameter, which names an SDK.
    pub partner_id: Option<String>,
    /// The `target_app_key` parameter: the application whose implementation of an interface is called.
    pub target_app_key: Option<String>,
}

impl Application {
    /// The application with this AppKey and AppSecret.
    pub fn new(key: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            secret: SecretString::from(secret.into()),
            sign_method: SignMethod::default(),
            format: Format::default(),
            simplify: false,
            validate: true,
            partner_id: None,
            target_app_key: None,
        }
    }

    /// The AppKey.
    pub fn key(&self) -> &str {
        &self.key
    }

    #[doc(hidden)]
    pub fn has_secret(&self) -> bool {
        !self.secret.expose_secret().is_empty()
    }

    /// The AppSecret, for the one form that sends it and the one signature that is not a request's.
    #[doc(hidden)]
    pub fn secret(&self) -> &str {
        self.secret.expose_secret()
    }

    /// Signs `request` as of `timestamp`, on behalf of the user who granted `session`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with all that is wrong with the request.
    pub fn sign<R: Request>(
        &self,
        request: &R,
        session: Option<&str>,
        timestamp: DateTime,
    ) -> Result<SignedRequest, Error> {
        self.sign_record(R::METHOD, R::AUTHORIZATION, request, session, timestamp)
    }

    /// [`sign`](Self::sign) without its type parameter, so that it is compiled once.
    fn sign_record(
        &self,
        method: &'static str,
        authorization: Authorization,
        request: &dyn Record,
        session: Option<&str>,
        timestamp: DateTime,
    ) -> Result<SignedRequest, Error> {
        if self.validate {
            let mut violations = validate(request);
            if authorization == Authorization::Required && session.unwrap_or_default().is_empty() {
                violations.push(Violation::new("session", Problem::Missing));
            }
            if !violations.is_empty() {
                return Err(Error::Invalid(Violations::new(method, violations)));
            }
        }
        let mut parameters = Parameters::new();
        let mut files = encode(request, &mut parameters);
        if !self.validate {
            files.iter_mut().for_each(|attachment| attachment.most = None);
        }
        Ok(self.signed(method.into(), parameters, files, session, timestamp))
    }

    /// Signs a call of a method that has no type, as of `timestamp`, on behalf of the user who granted `session`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if there is a [public parameter](PUBLIC_PARAMETERS) among `parameters`, such as `session`: the
    /// application sets those, so what the caller says of them would be lost. The same if there are files, and a quote or
    /// a line break is in the name of a parameter: the names of parts have no way to say it that servers agree on.
    pub fn sign_untyped(
        &self,
        method: &str,
        parameters: &UntypedParameters,
        session: Option<&str>,
        timestamp: DateTime,
    ) -> Result<SignedRequest, Error> {
        let mut violations: Vec<_> = parameters.names().filter_map(public).collect();
        if !parameters.files.is_empty() {
            violations.extend(
                parameters
                    .names()
                    .filter(|name| !multipart::holds(name))
                    .map(|name| Violation::new(name, Problem::Name)),
            );
        }
        if !violations.is_empty() {
            return Err(Error::Invalid(Violations::new(method.to_owned(), violations)));
        }
        let UntypedParameters { texts, files } = parameters.clone();
        let files = files.into_iter().map(|(name, file)| Attachment { name, file, most: None }).collect();
        Ok(self.signed(method.to_owned().into(), texts, files, session, timestamp))
    }

    /// Adds the public parameters to the others, and the signature to all.
    fn signed(
        &self,
        method: Cow<'static, str>,
        mut parameters: Parameters,
        files: Vec<Attachment>,
        session: Option<&str>,
        timestamp: DateTime,
    ) -> SignedRequest {
        parameters.set("method", method);
        parameters.set("app_key", self.key.clone());
        parameters.set_secret("session", session.unwrap_or_default().to_owned());
        parameters.set("timestamp", timestamp.to_string());
        parameters.set("v", VERSION);
        parameters.set("format", self.format.name());
        parameters.set("simplify", if self.simplify && self.format == Format::Json { "true" } else { "" });
        parameters.set("partner_id", self.partner_id.clone().unwrap_or_default());
        parameters.set("target_app_key", self.target_app_key.clone().unwrap_or_default());
        parameters.set("sign_method", self.sign_method.name());
        // The signature is over everything but itself.
        parameters.set("sign", "");
        let sign = signature(self.sign_method, self.secret.expose_secret(), parameters.pairs(), b"");
        parameters.set("sign", sign);
        SignedRequest { parameters, files }
    }
}

/// What is wrong with a parameter of a method that has the name of a public one.
fn public(name: &str) -> Option<Violation> {
    let instead = match name {
        "session" => "give the session to with_session of the client",
        "app_key" => "give the application to the client's builder",
        "method" => "the method is an argument of the call",
        "format" => "use format of the client's builder",
        "partner_id" => "use partner_id of the client's builder",
        "sign_method" => "use sign_method of the client's builder",
        "simplify" => "use simplify of the client's builder",
        "target_app_key" => "use target_app_key of the client's builder",
        name if PUBLIC_PARAMETERS.contains(&name) => "leave it out, as signing sets it",
        _ => return None,
    };
    Some(Violation::new(name, Problem::Public(instead)))
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("key", &self.key)
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
/// It is good for ten minutes around its timestamp (protocol.md 1.4). Printing it hides the session and every other
/// secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    parameters: Parameters,
    files: Vec<Attachment>,
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

    /// A file that cannot be sent another time.
    #[doc(hidden)]
    pub fn spent(&self) -> Option<&Attachment> {
        self.files.iter().find(|attachment| !attachment.file.is_fresh())
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
