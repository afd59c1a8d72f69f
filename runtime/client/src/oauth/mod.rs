//! How a user's grant becomes a session (docs/protocol.md section 7.5).

mod methods;
mod redirect;
mod token;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Map, Value};
use tracing::Instrument;

pub use self::methods::TokenMethods;
pub use self::token::{NoToken, Token};

use super::call::failed_at;
use super::endpoint::Endpoint;
use super::exchange::{Received, ends_in};
use super::observer::Report;
use super::runtime;
use super::text;
use super::transport::{HttpRequest, Verb};
use super::{BoxFuture, Client};
use crate::error::{ConfigurationError, ConfigurationKind, Error, OAuthError, StatusError};
use top_protocol::{DecodeError, Parameters, RawBody};

/// The present, as tests may want to set it.
pub(super) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// The authorisation server: where users grant an application sessions, and where these are refreshed.
///
/// The application, the transport and the limits of time and size are those of a [`Client`].
///
/// ```no_run
/// use generated_sdk::{AppCredentials, Client, Gateway};
/// use generated_sdk::client::{AuthorizationRequest, AuthorizeView, OAuth};
///
/// # async fn example(redirected: &str) -> Result<(), generated_sdk::Error> {
/// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret")).build()?;
/// let oauth = OAuth::new(&client, OAuth::PRODUCTION)?;
/// // Send the user there, and keep the state with the user's visit.
/// let request = AuthorizationRequest {
///     redirect_uri: "https://shop.test/back",
///     state: "a random text",
///     view: AuthorizeView::Web,
/// };
/// let url = oauth.authorize_url(&request);
/// // The user comes back to https://shop.test/back?code=...&state=...
/// let code = oauth.code(redirected, "a random text")?;
/// let token = oauth.token(&code, "https://shop.test/back").await?;
/// client.with_session(token.access_token);
/// # Ok(())
/// # }
/// ```
///
/// The refresh of the old container, by signed GET at `container.open.taobao.com`, is not offered: it is known from
/// third-party code alone.
#[derive(Clone)]
pub struct OAuth {
    client: Client,
    server: String,
    clock: Clock,
}

/// What a user sees of the authorisation page: the `view` parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthorizeView {
    /// The page for a browser.
    #[default]
    Web,
    /// The page of Tmall.
    Tmall,
    /// The page for a phone.
    Wap,
}

impl AuthorizeView {
    /// The value of the parameter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Tmall => "tmall",
            Self::Wap => "wap",
        }
    }
}

/// What a user is sent to the authorization page with.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct AuthorizationRequest<'a> {
    /// The URL that the user comes back to, on the domain that the application is registered with.
    pub redirect_uri: &'a str,
    /// A text that comes back with the user. Make it random, one for each visit, so that nobody can slip in a code of their
    /// own.
    pub state: &'a str,
    /// The page that the user sees. Default: [`AuthorizeView::Web`].
    pub view: AuthorizeView,
}

impl fmt::Debug for AuthorizationRequest<'_> {
    /// Omits the state, which proves where a user comes from.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("redirect_uri", &self.redirect_uri)
            .field("view", &self.view)
            .finish_non_exhaustive()
    }
}

impl OAuth {
    /// The platform's authorisation server.
    pub const PRODUCTION: &'static str = "https://oauth.taobao.com";

    /// The authorisation server of the platform's sandbox.
    pub const SANDBOX: &'static str = "https://oauth.tbsandbox.com";

    /// The authorisation server at `server`, whose pages are `authorize` and `token` below that URL.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] if it is not an http or https URL without a query, or if it is an http URL of another machine:
    /// the AppSecret is sent there.
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

    /// The same with another clock, which tells when tokens are received. For tests.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Returns the URL that a user opens to authorise the application. The user comes back to the request's
    /// `redirect_uri` with a code for [`token`](Self::token): see [`code`](Self::code).
    pub fn authorize_url(&self, request: &AuthorizationRequest<'_>) -> String {
        self.authorize("code", request)
    }

    /// Returns the URL of the implicit flow: the user comes back with a token in the URL's fragment, which only the browser
    /// sees. See [`implicit_token`](Self::implicit_token).
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

    /// The token for a code that a user came back with, who was sent away with `redirect_uri`. A code is good for half
    /// an hour, and once.
    ///
    /// # Errors
    ///
    /// [`Error::OAuth`] if the server refuses, or any way in which it cannot be asked.
    pub async fn token(&self, code: &str, redirect_uri: &str) -> Result<Token, Error> {
        self.ask("oauth.token", Self::grant(code, redirect_uri)).await
    }

    /// The same with the `state` and the `view` of the request that the user was sent away with, which the form can have too
    /// (docs/protocol.md section 7.5).
    ///
    /// # Errors
    ///
    /// [`Error::OAuth`] if the server refuses, or any way in which it cannot be asked.
    pub async fn token_for_request(&self, code: &str, request: &AuthorizationRequest<'_>) -> Result<Token, Error> {
        let mut form = Self::grant(code, request.redirect_uri);
        form.set("state", request.state.to_owned());
        form.set("view", request.view.name());
        self.ask("oauth.token", form).await
    }

    /// What is sent for a code.
    fn grant(code: &str, redirect_uri: &str) -> Parameters {
        let mut form = Parameters::new();
        form.set("grant_type", "authorization_code");
        form.set_secret("code", code.to_owned());
        form.set("redirect_uri", redirect_uri.to_owned());
        form
    }

    /// Posts `form`, with the application's key and secret, and reads the token that is the answer. `what` is its name for
    /// tracing.
    async fn ask(&self, what: &str, form: Parameters) -> Result<Token, Error> {
        let report = Report::of_call(what);
        let result = self.answer(form).instrument(report.span()).await;
        report.ended(result.as_ref().map(|_| None));
        result
    }

    async fn answer(&self, mut form: Parameters) -> Result<Token, Error> {
        runtime::current()?;
        let shared = &self.client.shared;
        form.set("client_id", shared.application.key().to_owned());
        form.set_secret("client_secret", shared.application.secret().to_owned());
        let request = HttpRequest::new(Verb::Post, format!("{}/token", self.server), form.to_form())
            .header("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8");
        let url = request.url.clone();
        let timeouts = self.client.timeouts;
        let deadline = ends_in(timeouts.attempt);
        let Received { head, bytes, cut } =
            shared.exchange(request, timeouts, deadline).await.map_err(|error| failed_at(&url, error))?;
        let refusal = |body: &RawBody| {
            let mut refusal = refusal(head.status, body)?;
            refusal.redact(form.secrets());
            Some(Error::OAuth(Box::new(refusal)))
        };
        if !head.is_success() {
            let mut body = RawBody::of_bytes(&bytes, cut);
            body.redact(form.secrets());
            return Err(refusal(&body).unwrap_or_else(|| Error::Status(StatusError::of(&head, body))));
        }
        let text = text::strict(&head, bytes)?;
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

/// Who turns a refresh token into a new token: [`OAuth`], [`TokenMethods`], or a platform's own way.
pub trait Refresh: Send + Sync + 'static {
    /// A new token for `refresh_token`.
    ///
    /// # Errors
    ///
    /// [`Error::OAuth`] or [`Error::Platform`] if it is refused, any other error if it could not be asked for.
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
        Box::pin(self.ask("oauth.refresh", form))
    }
}

/// The refusal that an answer is, if it is one: a JSON object with an `error`.
fn refusal(status: u16, body: &RawBody) -> Option<OAuthError> {
    let members: Map<String, Value> = serde_json::from_str(body).ok()?;
    let text = |name| members.get(name).and_then(Value::as_str).map(str::to_owned);
    let (error, description) = (text("error")?, text("error_description"));
    Some(OAuthError { error, description, status: Some(status), body: body.clone() })
}

/// The token in an answer.
fn token_of(body: &str, received_at: SystemTime) -> Result<Token, Error> {
    let wrong = |error: NoToken| DecodeError::new(error.to_string(), "a token", "something else").with_body(body);
    Token::from_answer(body, received_at).map_err(|error| Error::Decode(wrong(error)))
}
