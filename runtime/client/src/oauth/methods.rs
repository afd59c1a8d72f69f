//! Tokens from methods of the platform's API.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::server::{Refresh, SystemClock, token_of};
use super::token::Token;
use crate::client::Client;
use crate::error::Error;
use crate::transport::BoxFuture;
use top_protocol::generated::record;
use top_protocol::{Authorization, Request};

/// Tokens from the methods `taobao.top.auth.token.create` and `taobao.top.auth.token.refresh`, which replace the
/// authorization server. They require https.
///
/// ```no_run
/// # async fn example(client: generated_sdk::Client) -> Result<(), generated_sdk::Error> {
/// use generated_sdk::client::TokenMethods;
///
/// let token = TokenMethods::new(&client).create("the code").await?;
/// println!("{:?}", token.user_nick);
/// # Ok(())
/// # }
/// ```
///
/// The platform allows a refresh only to applications that sellers subscribe to.
#[derive(Clone)]
pub struct TokenMethods {
    client: Client,
    uuid: Option<String>,
    clock: SystemClock,
}

impl TokenMethods {
    /// Creates tokens for the application of `client`, at its gateway.
    pub fn new(client: &Client) -> Self {
        Self { client: client.without_session(), uuid: None, clock: Arc::new(SystemTime::now) }
    }

    /// Sets the clock for [`Token::received_at`], for tests.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Sets the `uuid` that [`create`](Self::create) sends. Some platforms return it with the code.
    #[must_use]
    pub fn with_uuid(self, uuid: impl Into<String>) -> Self {
        Self { uuid: Some(uuid.into()), ..self }
    }

    /// Exchanges a code for a token. A code is valid for half an hour, and once.
    ///
    /// # Errors
    ///
    /// Every error of a call: see [`Error`].
    pub async fn create(&self, code: &str) -> Result<Token, Error> {
        self.result(&CreateRequest { code: code.to_owned(), uuid: self.uuid.clone() }).await
    }

    async fn result<R: Request<Response = TokenResult>>(&self, request: &R) -> Result<Token, Error> {
        let response = self.client.execute(request).await?.into_value();
        // JSON text as documented, or an object.
        let json = response.0.as_ref().map(|json| json.as_str().map_or_else(|| json.to_string(), str::to_owned));
        token_of(&json.unwrap_or_default(), (self.clock)())
    }
}

impl Refresh for TokenMethods {
    fn refresh<'a>(&'a self, refresh_token: &'a str) -> BoxFuture<'a, Result<Token, Error>> {
        Box::pin(async { self.result(&RefreshRequest(refresh_token.to_owned())).await })
    }
}

impl fmt::Debug for TokenMethods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenMethods").field("client", &self.client).finish_non_exhaustive()
    }
}

/// A request for a token. The generated type is not used, because an SDK of selected methods may lack it.
struct CreateRequest {
    code: String,
    uuid: Option<String>,
}

/// A request for a refreshed token.
struct RefreshRequest(String);

/// The response of both methods.
#[derive(Clone, Default)]
struct TokenResult(Option<Value>);

impl Request for CreateRequest {
    const METHOD: &'static str = "taobao.top.auth.token.create";
    const RESPONSE_NODE: &'static str = "top_auth_token_create_response";
    const AUTHORIZATION: Authorization = Authorization::None;
    const HTTPS_ONLY: bool = true;
    type Response = TokenResult;
}

impl Request for RefreshRequest {
    const METHOD: &'static str = "taobao.top.auth.token.refresh";
    const RESPONSE_NODE: &'static str = "top_auth_token_refresh_response";
    const AUTHORIZATION: Authorization = Authorization::None;
    const HTTPS_ONLY: bool = true;
    type Response = TokenResult;
}

record! {
    CreateRequest {
        0 => code: RequiredText("code", String, required, secret);
        1 => uuid: Text("uuid", String);
    }
}

record! {
    RefreshRequest {
        0 => 0: RequiredText("refresh_token", String, required, secret);
    }
}

record! {
    mut TokenResult {
        0 => 0: Json("token_result", Json, secret);
    }
}
