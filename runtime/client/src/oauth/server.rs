//! The authorization server.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Map, Value};
use top_protocol::{DecodeError, Parameters, RawBody};
use tracing::Instrument;

use super::token::{InvalidToken, Token};
use crate::call::failed_at;
use crate::charset;
use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::error::{ConfigurationError, ConfigurationKind, Error, OAuthError, StatusError};
use crate::exchange::{Received, deadline_after};
use crate::report::Report;
use crate::runtime;
use crate::transport::{BoxFuture, HttpMethod, HttpRequest};

/// The current time, replaceable in tests.
pub(crate) type SystemClock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// The authorization server, which grants and refreshes sessions.
///
/// The application, the transport and the limits are those of a [`Client`].
///
/// ```no_run
/// use generated_sdk::{AppCredentials, Client, Gateway};
/// use generated_sdk::client::{AuthorizationRequest, AuthorizeView, OAuth};
///
/// # async fn example(redirected: &str) -> Result<(), generated_sdk::Error> {
/// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret")).build()?;
/// let oauth = OAuth::new(&client, OAuth::PRODUCTION)?;
/// // Redirect the user, and store the state in the user's web session.
/// let request = AuthorizationRequest {
///     redirect_uri: "https://shop.test/back",
///     state: "a random text",
///     view: AuthorizeView::Web,
/// };
/// let url = oauth.authorize_url(&request);
/// // The user returns to https://shop.test/back?code=...&state=...
/// let code = oauth.code(redirected, "a random text")?;
/// let token = oauth.token(&code, "https://shop.test/back").await?;
/// client.with_session(token.access_token);
/// # Ok(())
/// # }
/// ```
///
/// The refresh of the old container, a signed GET at `container.open.taobao.com`, is not supported: it is known only
/// from third-party code.
#[derive(Clone)]
pub struct OAuth {
    pub(super) client: Client,
    server: String,
    pub(super) clock: SystemClock,
}

/// The kind of the authorization page: the `view` parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthorizeView {
    /// The page for browsers.
    #[default]
    Web,
    /// The page of Tmall.
    Tmall,
    /// The page for phones.
    Wap,
}

impl AuthorizeView {
    /// Returns the value of the parameter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Tmall => "tmall",
            Self::Wap => "wap",
        }
    }
}

/// A request for a user's authorization.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct AuthorizationRequest<'a> {
    /// The URL that the user returns to, on the domain that is registered for the application.
    pub redirect_uri: &'a str,
    /// A text that the server returns with the user. Use a random text for each request, so that an attacker cannot
    /// inject another code.
    pub state: &'a str,
    /// The page that the user sees. Default: [`AuthorizeView::Web`].
    pub view: AuthorizeView,
}

impl fmt::Debug for AuthorizationRequest<'_> {
    /// Omits the state, which authenticates the response.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("redirect_uri", &self.redirect_uri)
            .field("view", &self.view)
            .finish_non_exhaustive()
    }
}

impl OAuth {
    /// The URL of the platform's authorization server.
    pub const PRODUCTION: &'static str = "https://oauth.taobao.com";

    /// The URL of the sandbox's authorization server.
    pub const SANDBOX: &'static str = "https://oauth.tbsandbox.com";

    /// Creates a client of the authorization server at `server`. Its pages are `authorize` and `token` below this URL.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] if the URL is not an http or https URL, has a query, or is an http URL of another
    /// machine. The AppSecret is sent to it.
    pub fn new(client: &Client, server: &str) -> Result<Self, Error> {
        let server = server.trim_end_matches('/');
        let wrong = |kind, message: String| Err(ConfigurationError::new(kind, message).into());
        if server.contains(['?', '#']) {
            let message = "invalid URL of the authorization server: expected one without a query or a fragment";
            return wrong(ConfigurationKind::AuthorizationServer, message.to_owned());
        }
        let endpoint = Endpoint::parse(ConfigurationKind::AuthorizationServer, "the authorization server", server)?;
        if endpoint.is_plain() {
            let message = format!("an https authorization server is required for the AppSecret, found {server}");
            return wrong(ConfigurationKind::HttpsRequired, message);
        }
        Ok(Self { client: client.without_session(), server: server.to_owned(), clock: Arc::new(SystemTime::now) })
    }

    /// Sets the clock for [`Token::received_at`], for tests.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Returns the URL that a user opens to authorize the application. The user returns to the request's
    /// `redirect_uri` with a [code](Self::code) for [`token`](Self::token).
    pub fn authorize_url(&self, request: &AuthorizationRequest<'_>) -> String {
        self.authorize("code", request)
    }

    /// Returns the URL of the implicit flow. The user returns with a token in the URL's fragment, which only the
    /// browser sees. See [`implicit_token`](Self::implicit_token).
    pub fn implicit_url(&self, request: &AuthorizationRequest<'_>) -> String {
        self.authorize("token", request)
    }

    fn authorize(&self, response_type: &'static str, request: &AuthorizationRequest<'_>) -> String {
        let mut parameters = Parameters::new();
        parameters.set("response_type", response_type);
        parameters.set("client_id", self.client.shared.application.key().to_owned());
        parameters.set("redirect_uri", request.redirect_uri.to_owned());
        parameters.set("state", request.state.to_owned());
        parameters.set("view", request.view.name());
        format!("{}/authorize?{}", self.server, parameters.to_form())
    }

    /// Exchanges a code for a token. `redirect_uri` is that of the request. A code is valid for half an hour, and
    /// once.
    ///
    /// # Errors
    ///
    /// [`Error::OAuth`] if the server refuses, or any error of an exchange.
    pub async fn token(&self, code: &str, redirect_uri: &str) -> Result<Token, Error> {
        self.request_token("oauth.token", Self::grant(code, redirect_uri)).await
    }

    /// Exchanges a code for a token, and sends the `state` and `view` of the request, which some applications need
    /// (docs/protocol.md section 7.5).
    ///
    /// # Errors
    ///
    /// [`Error::OAuth`] if the server refuses, or any error of an exchange.
    pub async fn token_for_request(&self, code: &str, request: &AuthorizationRequest<'_>) -> Result<Token, Error> {
        let mut form = Self::grant(code, request.redirect_uri);
        form.set("state", request.state.to_owned());
        form.set("view", request.view.name());
        self.request_token("oauth.token", form).await
    }

    /// Creates the form for a code.
    fn grant(code: &str, redirect_uri: &str) -> Parameters {
        let mut form = Parameters::new();
        form.set("grant_type", "authorization_code");
        form.set_secret("code", code.to_owned());
        form.set("redirect_uri", redirect_uri.to_owned());
        form
    }

    /// Posts `form` with the application's credentials, and reads the token in the response. `name` is the name of the
    /// request in traces.
    async fn request_token(&self, name: &str, form: Parameters) -> Result<Token, Error> {
        let report = Report::of_call(name);
        let result = self.exchange(form).instrument(report.span()).await;
        report.ended(result.as_ref().map(|_| None));
        result
    }

    async fn exchange(&self, mut form: Parameters) -> Result<Token, Error> {
        runtime::current()?;
        let shared = &self.client.shared;
        form.set("client_id", shared.application.key().to_owned());
        form.set_secret("client_secret", shared.application.secret().to_owned());
        let request = HttpRequest::new(HttpMethod::Post, format!("{}/token", self.server), form.to_form())
            .header("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8");
        let url = request.url.clone();
        let timeouts = self.client.timeouts;
        let deadline = deadline_after(timeouts.attempt);
        let Received { head, bytes, truncated } =
            shared.exchange(request, timeouts, deadline).await.map_err(|error| failed_at(&url, error))?;
        let refusal = |body: &RawBody| {
            let mut refusal = refusal(head.status, body)?;
            refusal.redact(form.secrets());
            Some(Error::OAuth(Box::new(refusal)))
        };
        if !head.is_success() {
            let mut body = RawBody::of_bytes(&bytes, truncated);
            body.redact(form.secrets());
            return Err(refusal(&body).unwrap_or_else(|| Error::Status(StatusError::of(&head, body))));
        }
        let text = charset::decode_strict(&head, bytes)?;
        match refusal(&RawBody::from(text.as_str())) {
            Some(refusal) => Err(refusal),
            None => token_of(&text, (self.clock)()),
        }
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth").field("client", &self.client).field("server", &self.server).finish_non_exhaustive()
    }
}

/// Exchanges a refresh token for a new token. Implemented by [`OAuth`] and [`TokenMethods`](super::TokenMethods).
pub trait Refresh: Send + Sync + 'static {
    /// Returns a new token.
    ///
    /// # Errors
    ///
    /// [`Error::OAuth`] or [`Error::Platform`] if the refresh token is refused, or any error of an exchange.
    fn refresh<'a>(&'a self, refresh_token: &'a str) -> BoxFuture<'a, Result<Token, Error>>;
}

impl<T: Refresh + ?Sized> Refresh for Arc<T> {
    fn refresh<'a>(&'a self, refresh_token: &'a str) -> BoxFuture<'a, Result<Token, Error>> {
        (**self).refresh(refresh_token)
    }
}

impl Refresh for OAuth {
    fn refresh<'a>(&'a self, refresh_token: &'a str) -> BoxFuture<'a, Result<Token, Error>> {
        let mut form = Parameters::new();
        form.set("grant_type", "refresh_token");
        form.set_secret("refresh_token", refresh_token.to_owned());
        Box::pin(self.request_token("oauth.refresh", form))
    }
}

/// Reads a refusal: a JSON object with an `error`.
fn refusal(status: u16, body: &RawBody) -> Option<OAuthError> {
    let members: Map<String, Value> = serde_json::from_str(body).ok()?;
    let text = |name| members.get(name).and_then(Value::as_str).map(str::to_owned);
    let (error, description) = (text("error")?, text("error_description"));
    Some(OAuthError { error, description, status: Some(status), body: body.clone() })
}

/// Reads the token in a response.
pub(super) fn token_of(body: &str, received_at: SystemTime) -> Result<Token, Error> {
    let wrong = |error: InvalidToken| DecodeError::new(error.to_string(), "a token", "something else").with_body(body);
    Token::from_response(body, received_at).map_err(|error| Error::Decode(wrong(error)))
}
