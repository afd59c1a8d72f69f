//! Tokens through the methods of the platform's API.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::{Clock, Refresh, Token, token_of};
use crate::error::Error;
use crate::{BoxFuture, Client};
use top_protocol::generated::{Field, Kind, Record, RecordMut, Schema, Slot, View, record};
use top_protocol::{Authorization, Request};

/// Tokens through the methods `taobao.top.auth.token.create` and `taobao.top.auth.token.refresh`, which a client's
/// gateway has in place of an authorisation server's `token` page. They go over https alone.
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
/// The platform lets only applications that sellers subscribe to refresh tokens.
#[derive(Clone)]
pub struct TokenMethods {
    client: Client,
    uuid: Option<String>,
    clock: Clock,
}

impl TokenMethods {
    /// The methods of this client's gateway, for its application.
    pub fn new(client: &Client) -> Self {
        Self { client: client.without_session(), uuid: None, clock: Arc::new(SystemTime::now) }
    }

    /// The same with another clock, which tells when tokens are received. For tests.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Sets the `uuid` that came with a code, where a platform has one. [`create`](Self::create) sends it.
    #[must_use]
    pub fn with_uuid(self, uuid: impl Into<String>) -> Self {
        Self { uuid: Some(uuid.into()), ..self }
    }

    /// The token for a code that a user came back with. A code is good for half an hour, and once.
    ///
    /// # Errors
    ///
    /// Every way in which a call can fail.
    pub async fn create(&self, code: &str) -> Result<Token, Error> {
        self.result(&Create { code: code.to_owned(), uuid: self.uuid.clone() }).await
    }

    async fn result<R: Request<Response = TokenResult>>(&self, request: &R) -> Result<Token, Error> {
        let response = self.client.execute(request).await?.into_value();
        // JSON text as documented, or the object itself.
        let json = response.0.as_ref().map(|json| json.as_str().map_or_else(|| json.to_string(), str::to_owned));
        token_of(&json.unwrap_or_default(), (self.clock)())
    }
}

impl Refresh for TokenMethods {
    fn refresh<'a>(&'a self, refresh_token: &'a str) -> BoxFuture<'a, Result<Token, Error>> {
        Box::pin(async { self.result(&Renew(refresh_token.to_owned())).await })
    }
}

impl fmt::Debug for TokenMethods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenMethods").field("client", &self.client).finish_non_exhaustive()
    }
}

/// The request that gets a token. It is not taken from the generated ones, which a trimmed SDK may be without.
struct Create {
    code: String,
    uuid: Option<String>,
}

/// The request that refreshes one.
struct Renew(String);

/// What both answer.
#[derive(Clone, Default)]
struct TokenResult(Option<Value>);

record!(mut TokenResult);

impl Request for Create {
    const METHOD: &'static str = "taobao.top.auth.token.create";
    const RESPONSE_NODE: &'static str = "top_auth_token_create_response";
    const AUTHORIZATION: Authorization = Authorization::None;
    const HTTPS_ONLY: bool = true;
    type Response = TokenResult;
}

impl Request for Renew {
    const METHOD: &'static str = "taobao.top.auth.token.refresh";
    const RESPONSE_NODE: &'static str = "top_auth_token_refresh_response";
    const AUTHORIZATION: Authorization = Authorization::None;
    const HTTPS_ONLY: bool = true;
    type Response = TokenResult;
}

impl Record for Create {
    fn schema(&self) -> &'static Schema {
        const SCHEMA: Schema = Schema {
            name: "Create",
            fields: &[Field::new("code", Kind::String).required().secret(), Field::new("uuid", Kind::String)],
        };
        &SCHEMA
    }

    fn view(&self, index: usize) -> View<'_> {
        match index {
            0 => View::of(&self.code),
            1 => View::of(&self.uuid),
            _ => View::Absent,
        }
    }
}

impl Record for Renew {
    fn schema(&self) -> &'static Schema {
        const SCHEMA: Schema =
            Schema { name: "Renew", fields: &[Field::new("refresh_token", Kind::String).required().secret()] };
        &SCHEMA
    }

    fn view(&self, index: usize) -> View<'_> {
        if index == 0 { View::of(&self.0) } else { View::Absent }
    }
}

impl Record for TokenResult {
    fn schema(&self) -> &'static Schema {
        const SCHEMA: Schema =
            Schema { name: "TokenResult", fields: &[Field::new("token_result", Kind::Json).secret()] };
        &SCHEMA
    }

    fn view(&self, index: usize) -> View<'_> {
        if index == 0 { View::of(&self.0) } else { View::Absent }
    }
}

impl RecordMut for TokenResult {
    fn slot(&mut self, index: usize) -> Slot<'_> {
        if index == 0 { Slot::of(&mut self.0) } else { Slot::None }
    }
}
