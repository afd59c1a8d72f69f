//! A platform without a socket, which grants and refreshes the tokens of one user. Only the newest access token is
//! valid.

#![allow(dead_code, reason = "every test file uses a part of this")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use generated_sdk::AppCredentials;
use generated_sdk::client::{
    BoxFuture, Client, ClientBuilder, HttpRequest, HttpResponse, OAuth, Payload, RefreshingSessions, SessionStore,
    StoreError, Token, Transport,
};
use generated_sdk::protocol::{TransportError, TransportKind};
use tokio::time::sleep;

pub(crate) const SECRET: &str = "s3cr3t-of-the-app";

/// Runs all `tasks` concurrently.
pub(crate) async fn all<T: Send + 'static>(
    tasks: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let started: Vec<_> = tasks.map(tokio::spawn).collect();
    let mut results = Vec::new();
    for task in started {
        results.push(task.await.unwrap());
    }
    results
}

/// Checks `SessionStore::replace` of a store.
pub(crate) async fn replaces(store: &dyn SessionStore) {
    let (one, two, three) = (Token::new("1"), Token::new("2"), Token::new("3"));
    for (there, seen, instead) in [
        (None, None, None),
        (None, Some(&one), None),
        (Some(&one), Some(&one), None),
        (Some(&two), Some(&one), None),
        (Some(&one), None, Some(&one)),
        (Some(&three), Some(&one), Some(&three)),
        (Some(&three), None, Some(&three)),
    ] {
        store.remove("u").await.unwrap();
        if let Some(there) = there {
            store.put("u", there).await.unwrap();
        }
        assert_eq!(store.replace("u", seen, &two).await.unwrap().as_ref(), instead);
        assert_eq!(store.get("u").await.unwrap().as_ref(), Some(instead.unwrap_or(&two)));
    }
    // A token that differs in one member is not the expected one.
    let mut later = one.clone();
    later.received_at += Duration::from_secs(1);
    store.put("u", &later).await.unwrap();
    assert_eq!(store.replace("u", Some(&one), &two).await.unwrap(), Some(later));
    store.remove("u").await.unwrap();
}

/// A store that receives a grant of the user during each replacement.
pub(crate) struct Between<S> {
    pub(crate) store: S,
    pub(crate) granted: Mutex<Option<Token>>,
}

impl<S: SessionStore> Between<S> {
    pub(crate) fn new(store: S, granted: Token) -> Self {
        Self { store, granted: Mutex::new(Some(granted)) }
    }
}

impl<S: SessionStore> SessionStore for Between<S> {
    fn get<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        self.store.get(user)
    }

    fn put<'a>(&'a self, user: &'a str, token: &'a Token) -> BoxFuture<'a, Result<(), StoreError>> {
        self.store.put(user, token)
    }

    fn replace<'a>(
        &'a self,
        user: &'a str,
        seen: Option<&'a Token>,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        let granted = self.granted.lock().unwrap().take();
        Box::pin(async move {
            if let Some(granted) = granted {
                self.store.put(user, &granted).await?;
            }
            self.store.replace(user, seen, token).await
        })
    }

    fn remove<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        self.store.remove(user)
    }
}

/// A clock that only moves when it is advanced.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<AtomicU64>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_700_000_000)))
    }

    pub(crate) fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::SeqCst))
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

/// The platform and its state.
#[derive(Clone)]
pub(crate) struct Authority {
    state: Arc<Mutex<State>>,
    pub(crate) clock: TestClock,
}

pub(crate) struct State {
    /// The number of the newest token.
    pub(crate) newest: u32,
    /// The lifetimes of the access token and the refresh token, in seconds.
    pub(crate) lives: (u64, u64),
    /// The number of refreshes.
    pub(crate) refreshes: usize,
    /// The number of other calls.
    pub(crate) calls: usize,
    /// The duration of a refresh.
    pub(crate) delay: Duration,
    /// Whether the authorization server is unreachable.
    pub(crate) down: bool,
    /// The error of the authorization server, if it refuses.
    pub(crate) refuses: Option<&'static str>,
    /// The HTTP status of the error.
    pub(crate) status: u16,
    /// Whether refreshes return an access token only, and keep the refresh token.
    pub(crate) keeps: bool,
    /// Whether the gateway refuses all sessions.
    pub(crate) takes_none: bool,
    /// The code of these refusals.
    pub(crate) code: i64,
    /// The URLs and bodies of the requests.
    pub(crate) seen: Vec<(String, String)>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let state = State {
            newest: 1,
            lives: (86_400, 864_000),
            refreshes: 0,
            calls: 0,
            delay: Duration::ZERO,
            down: false,
            refuses: None,
            status: 400,
            keeps: false,
            takes_none: false,
            code: 27,
            seen: Vec::new(),
        };
        Self { state: Arc::new(Mutex::new(state)), clock: TestClock::new() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Reads the state. Two locks in one expression would deadlock.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state())
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder("https://gateway.test/router/rest", AppCredentials::new("12345678", SECRET))
            .transport(self.clone())
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) fn oauth(&self) -> OAuth {
        let clock = self.clock.clone();
        OAuth::new(&self.client(), "https://oauth.test/").unwrap().with_clock(move || clock.now())
    }

    pub(crate) fn sessions(&self, store: impl SessionStore) -> RefreshingSessions {
        let clock = self.clock.clone();
        RefreshingSessions::new(self.oauth(), store).with_clock(move || clock.now())
    }

    /// Returns the newest token, received now.
    pub(crate) fn token(&self) -> Token {
        Token::from_response(&self.state().json(), self.clock.now()).unwrap()
    }

    /// Revokes the session.
    pub(crate) fn forget(&self) {
        self.state().newest += 1000;
    }
}

impl State {
    fn json(&self) -> String {
        let (number, (life, refresh_life)) = (self.newest, self.lives);
        format!(
            r#"{{"access_token":"access-{number}","token_type":"Bearer","expires_in":"{life}","refresh_token":"refresh-{}",
                "re_expires_in":{refresh_life},"taobao_user_id":"263685215","taobao_user_nick":"%E5%95%86%E5%AE%B6"}}"#,
            number % 1000
        )
    }

    /// Returns the response to a refresh.
    fn refreshed(&mut self, refresh_token: &str) -> (u16, String) {
        self.refreshes += 1;
        if let Some(error) = self.refuses {
            let body = format!(r#"{{"error":"{error}","error_description":"{refresh_token} is invalid"}}"#);
            return (self.status, body);
        }
        // A refresh token is valid once.
        if self.keeps && refresh_token == "refresh-1" {
            self.newest += 1;
            return (200, format!(r#"{{"access_token":"access-{}","expires_in":"{}"}}"#, self.newest, self.lives.0));
        }
        if refresh_token != format!("refresh-{}", self.newest % 1000) {
            return (400, r#"{"error":"invalid_grant","error_description":"already used"}"#.to_owned());
        }
        self.newest += 1;
        (200, self.json())
    }

    fn answer(&mut self, url: &str, form: &str) -> (u16, String) {
        self.seen.push((url.to_owned(), form.to_owned()));
        let parameter = |name: &str| form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        if url.ends_with("/token") {
            return match parameter("grant_type") {
                Some("refresh_token") => self.refreshed(parameter("refresh_token").unwrap()),
                _ => (200, self.json()),
            };
        }
        match parameter("method").unwrap() {
            "taobao.top.auth.token.refresh" => {
                let (_, body) = self.refreshed(parameter("refresh_token").unwrap());
                let result = serde_json::to_string(&body).unwrap();
                (200, format!(r#"{{"top_auth_token_refresh_response":{{"token_result":{result}}}}}"#))
            }
            "taobao.top.auth.token.create" => {
                let result = serde_json::to_string(&self.json()).unwrap();
                (200, format!(r#"{{"top_auth_token_create_response":{{"token_result":{result}}}}}"#))
            }
            _ => {
                self.calls += 1;
                let newest = format!("access-{}", self.newest);
                if parameter("session") == Some(&newest) && !self.takes_none {
                    return (200, r#"{"top_client_token_get_response":{"token":"t"}}"#.to_owned());
                }
                let code = self.code;
                (
                    200,
                    format!(r#"{{"error_response":{{"code":{code},"msg":"Invalid session","request_id":"r{code}"}}}}"#),
                )
            }
        }
    }
}

impl Transport for Authority {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let Payload::Bytes(body) = request.body else { panic!("expected a body in memory") };
            let form = String::from_utf8(body.to_vec()).unwrap();
            let refreshes = form.contains("grant_type=refresh_token") || form.contains("token.refresh");
            let (delay, down) = self.with(|state| (state.delay, state.down));
            if refreshes {
                sleep(delay).await;
                if down {
                    self.state().refreshes += 1;
                    return Err(TransportError::new(TransportKind::Connect, "the server is down"));
                }
            }
            let (status, body) = self.state().answer(&request.url, &form);
            Ok(HttpResponse::new(status, body))
        })
    }
}
