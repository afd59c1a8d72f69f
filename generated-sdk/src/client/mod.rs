//! The client: signed requests out, typed responses in.

mod http;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use self::http::Http;
use crate::protocol::{Application, DateTime, Error, Format, Request, Response, SignMethod, SignedRequest, decode};

/// A client of one gateway, for one application.
///
/// Cloning it is cheap, and clones share their connections. A session belongs to the clone that
/// [`with_session`](Self::with_session) returns, so one client serves many sellers.
///
/// ```no_run
/// use generated_sdk::{Client, api::top::TopClientTokenGetRequest};
///
/// # async fn example(session: &str) -> Result<(), generated_sdk::Error> {
/// let client = Client::builder("https://open.ieasynote.com/api", "app key", "app secret").build()?;
/// let response = client.with_session(session).execute(&TopClientTokenGetRequest::new("sec_token")).await?;
/// println!("{:?}", response.token);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    session: Option<SecretString>,
}

struct Shared {
    http: Http,
    application: Application,
    strict: bool,
}

impl Client {
    /// Begins a client of the gateway at `gateway`, an http or https URL with any path.
    pub fn builder(
        gateway: impl Into<String>,
        app_key: impl Into<String>,
        app_secret: impl Into<String>,
    ) -> ClientBuilder {
        ClientBuilder {
            gateway: gateway.into(),
            application: Application::new(app_key, app_secret),
            timeout: Duration::from_secs(30),
            body_limit: 32 << 20,
            strict: false,
        }
    }

    /// The same client on behalf of the user who granted `session`.
    #[must_use]
    pub fn with_session(&self, session: impl Into<String>) -> Self {
        Self { shared: Arc::clone(&self.shared), session: Some(SecretString::from(session.into())) }
    }

    /// Validates and signs `request`, sends it, and reads the answer.
    ///
    /// # Errors
    ///
    /// Every way in which the call can fail: see [`Error`].
    pub async fn execute<R: Request>(&self, request: &R) -> Result<Response<R::Response>, Error> {
        if R::HTTPS_ONLY && self.shared.http.is_plain() {
            let gateway = self.shared.http.gateway();
            return Err(Error::Configuration(format!("{} goes over https alone, not to {gateway}", R::METHOD)));
        }
        let signed = self.sign(request)?;
        let body = self.shared.http.post(&signed).await?;
        let response = decode::<R>(body)?;
        match response.mismatches() {
            [first, ..] if self.shared.strict => Err(Error::mismatch(first, response.body())),
            _ => Ok(response),
        }
    }

    /// The request as [`execute`](Self::execute) would send it now. Printing it hides what is secret.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the request breaks the documents' demands.
    pub fn sign<R: Request>(&self, request: &R) -> Result<SignedRequest, Error> {
        let session = self.session.as_ref().map(ExposeSecret::expose_secret);
        self.shared.application.sign(request, session, DateTime::now())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("gateway", &self.shared.http.gateway())
            .field("application", &self.shared.application)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// A client to be.
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    gateway: String,
    application: Application,
    timeout: Duration,
    body_limit: usize,
    strict: bool,
}

impl ClientBuilder {
    /// How requests are signed; [`SignMethod::HmacSha256`] unless set.
    pub fn sign_method(mut self, method: SignMethod) -> Self {
        self.application.sign_method = method;
        self
    }

    /// What the gateway is to answer in; [`Format::Json`] unless set.
    pub fn format(mut self, format: Format) -> Self {
        self.application.format = format;
        self
    }

    /// Whether JSON answers come without their root node and with plain lists; `false` unless set.
    pub fn simplify(mut self, simplify: bool) -> Self {
        self.application.simplify = simplify;
        self
    }

    /// The `partner_id` parameter, which names an SDK to the platform.
    pub fn partner_id(mut self, partner_id: impl Into<String>) -> Self {
        self.application.partner_id = Some(partner_id.into());
        self
    }

    /// The application whose implementation of an interface is called: the `target_app_key` parameter.
    pub fn target_app_key(mut self, app_key: impl Into<String>) -> Self {
        self.application.target_app_key = Some(app_key.into());
        self
    }

    /// Whether a request that breaks the documents' demands is refused before it is sent; `true` unless set.
    pub fn validate(mut self, validate: bool) -> Self {
        self.application.validate = validate;
        self
    }

    /// Whether a value that does not fit its documented type is an error; `false` unless set.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// How long a call may take from its first byte out to its last byte in; 30 seconds unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many bytes an answer may have; 32 MiB unless set.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] if the gateway is no http or https URL, or the app key or secret is empty.
    pub fn build(self) -> Result<Client, Error> {
        if self.application.key().is_empty() {
            return Err(Error::Configuration("the app key is empty".to_owned()));
        }
        if !self.application.has_secret() {
            return Err(Error::Configuration("the app secret is empty".to_owned()));
        }
        let http = Http::new(&self.gateway, self.timeout, self.body_limit)?;
        let shared = Shared { http, application: self.application, strict: self.strict };
        Ok(Client { shared: Arc::new(shared), session: None })
    }
}

impl fmt::Debug for ClientBuilder {
    /// Without the gateway, whose URL may hold a password until [`build`](Self::build) refuses it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("application", &self.application)
            .field("timeout", &self.timeout)
            .field("body_limit", &self.body_limit)
            .field("strict", &self.strict)
            .finish_non_exhaustive()
    }
}
