//! Applications, and the requests that they sign.

use std::fmt;

use crate::credentials::AppCredentials;
use crate::dialect::{Dialect, ParameterPlacement};
use crate::encode::Attachment;
use crate::error::Error;
use crate::file::File;
use crate::format::Format;
use crate::multipart::{self, Segment};
use crate::parameters::{Parameter, Parameters};
use crate::sign::SignMethod;

/// The protocol version: the `v` parameter.
pub const VERSION: &str = "2.0";

/// The credentials of an application and the settings of its requests.
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
    /// The variant of the protocol. Default: that of Taobao.
    pub dialect: Dialect,
    /// The signature algorithm. Default: that of the dialect.
    pub sign_method: SignMethod,
    /// The response format. Default: that of the dialect.
    pub format: Format,
    /// Whether JSON responses have no root node and plain lists (docs/protocol.md section 4.4). Default: `false`.
    pub simplify: bool,
    /// Whether requests are validated before they are sent. Default: `true`.
    pub validate: bool,
    /// The `partner_id` parameter: the id of the SDK.
    pub partner_id: Option<String>,
    /// The `target_app_key` parameter: the application that implements the called interface.
    pub target_app_key: Option<String>,
    /// The customer id: on whose behalf a warehouse is called (docs/protocol.md sections 7.4 and 11.2).
    pub customer_id: Option<String>,
}

impl Application {
    /// Creates an application with the default settings.
    pub fn new(credentials: AppCredentials) -> Self {
        Self::with_dialect(credentials, Dialect::TAOBAO)
    }

    /// Creates an application for gateways of a dialect, with its defaults.
    pub fn with_dialect(credentials: AppCredentials, dialect: Dialect) -> Self {
        Self {
            credentials,
            sign_method: dialect.sign_method,
            format: dialect.format,
            dialect,
            simplify: false,
            validate: true,
            partner_id: None,
            target_app_key: None,
            customer_id: None,
        }
    }

    /// Returns the AppKey.
    pub fn key(&self) -> &str {
        self.credentials.app_key()
    }

    /// Returns the AppSecret, for signatures and OAuth.
    #[doc(hidden)]
    pub fn secret(&self) -> &str {
        self.credentials.expose_secret()
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("key", &self.key())
            .field("dialect", &self.dialect)
            .field("sign_method", &self.sign_method)
            .field("format", &self.format)
            .field("simplify", &self.simplify)
            .field("validate", &self.validate)
            .field("partner_id", &self.partner_id)
            .field("target_app_key", &self.target_app_key)
            .field("customer_id", &self.customer_id)
            .finish_non_exhaustive()
    }
}

/// A signed request.
///
/// It is valid for ten minutes around its timestamp (docs/protocol.md section 1.4). Printing it redacts the session and
/// other secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    pub(crate) placement: ParameterPlacement,
    pub(crate) parameters: Parameters,
    pub(crate) files: Vec<Attachment>,
    /// The signed body, if it does not have the parameters.
    pub(crate) content: Option<Parameter>,
}

/// The body of a signed request.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    /// The `Content-Type`. Empty for a GET, which has no body.
    pub content_type: String,
    /// The content, which contains secrets.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Body {
    /// Writes the type and the length, because the content contains secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({:?}, {} bytes)", self.content_type, self.bytes.len())
    }
}

impl SignedRequest {
    /// Returns the HTTP verb: `POST` or `GET`.
    pub fn verb(&self) -> &'static str {
        if self.is_get() { "GET" } else { "POST" }
    }

    /// Returns the query of the URL. It is empty if the body has the parameters, and contains secrets otherwise.
    pub fn query(&self) -> String {
        if self.is_get() || self.content.is_some() { self.parameters.to_form() } else { String::new() }
    }

    fn is_get(&self) -> bool {
        self.placement == ParameterPlacement::Query && self.files.is_empty()
    }

    /// Returns the text of the signed body, if it does not have the parameters: JSON or XML with secrets.
    pub fn content(&self) -> Option<&str> {
        self.content.as_ref().map(Parameter::value)
    }

    /// Returns the parameters of the query, or those of the body if it is a form.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Returns the files with the names of their parameters. Files are not signed.
    pub fn files(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|attachment| (attachment.name.as_ref(), &attachment.file))
    }

    /// Returns the body: a form, `multipart/form-data` if there are files, or what the dialect has in place of a form.
    ///
    /// The files are read into memory. The client sends them without that.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if a file cannot be read.
    pub fn body(&self) -> Result<Body, Error> {
        let bytes = match self.segments() {
            None => self.text().into_bytes(),
            Some(segments) => multipart::collect(segments).map_err(Error::File)?,
        };
        Ok(Body { content_type: self.content_type(), bytes })
    }

    /// Returns the body of a request without files.
    #[doc(hidden)]
    pub fn text(&self) -> String {
        match &self.content {
            Some(content) => content.value().to_owned(),
            None if self.is_get() => String::new(),
            None => self.parameters.to_form(),
        }
    }

    /// Returns the `Content-Type` of the body.
    #[doc(hidden)]
    pub fn content_type(&self) -> String {
        if self.files.is_empty() {
            let content_type = match self.placement {
                ParameterPlacement::Form => "application/x-www-form-urlencoded;charset=UTF-8",
                ParameterPlacement::Query => "",
                ParameterPlacement::JsonBody => "application/json;charset=UTF-8",
                ParameterPlacement::XmlBody => "text/xml;charset=UTF-8",
            };
            return content_type.to_owned();
        }
        format!("multipart/form-data;charset=UTF-8;boundary={}", self.boundary())
    }

    /// Returns the segments of the body, if there are files.
    #[doc(hidden)]
    pub fn segments(&self) -> Option<Vec<Segment>> {
        let segments = || multipart::segments(&self.boundary(), &self.parameters, &self.files);
        (!self.files.is_empty()).then(segments)
    }

    /// Returns the boundary. It contains the signature, which a file cannot contain by chance or on purpose.
    fn boundary(&self) -> String {
        format!("----{}", self.parameters.get("sign").unwrap_or_default())
    }
}

impl fmt::Display for SignedRequest {
    /// Writes one parameter per line, with secrets redacted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, parameter) in self.parameters.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}={}", parameter.name(), parameter.redacted())?;
        }
        for (name, file) in self.files() {
            write!(f, "\n{name}={file:?}")?;
        }
        if let Some(content) = &self.content {
            write!(f, "\n{}", content.redacted())?;
        }
        Ok(())
    }
}
