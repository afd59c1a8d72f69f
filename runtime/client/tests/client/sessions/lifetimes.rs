//! Tokens with an unusual or unknown lifetime, and damaged stored tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use generated_sdk::client::{BoxFuture, InvalidToken, MemorySessionStore, SessionStore, StoreError, Token};

use super::{USER, call};
use crate::authority::Authority;

/// Returns a token of the authority with these additional members.
fn token(authority: &Authority, members: &str) -> Token {
    let json = format!(r#"{{"access_token":"access-1","refresh_token":"refresh-1"{members}}}"#);
    Token::from_response(&json, authority.clock.now()).unwrap()
}

#[tokio::test]
async fn tokens_without_a_lifetime_are_used_until_refused() {
    for members in
        [r#","expires_in":0"#, r#","expires_in":"-1""#, r#","expire_time":1"#, r#","expires_in":0,"expire_time":0"#]
    {
        let authority = Authority::new();
        let sessions = Arc::new(authority.sessions(MemorySessionStore::new()));
        sessions.put(USER, token(&authority, members)).await.unwrap();
        let client = authority.client().with_session_from(sessions, USER);
        for _ in 0..100 {
            authority.clock.pass(100);
            call(&client).await.unwrap();
        }
        assert_eq!(authority.state().refreshes, 0, "{members}");
        // The token ends when the platform refuses it.
        authority.forget();
        call(&client).await.unwrap();
        assert_eq!(authority.state().refreshes, 1, "{members}");
    }
}

#[tokio::test]
async fn refreshes_zero_lifetime_tokens_once() {
    let authority = Authority::new();
    let sessions = Arc::new(authority.sessions(MemorySessionStore::new()));
    sessions.put(USER, authority.token()).await.unwrap();
    authority.state().lives.0 = 0;
    let client = authority.client().with_session_from(sessions, USER);
    authority.clock.pass(86_400);
    for _ in 0..100 {
        call(&client).await.unwrap();
    }
    assert_eq!(authority.state().refreshes, 1);
}

#[tokio::test]
async fn tokens_may_end_at_a_timestamp() {
    let authority = Authority::new();
    let sessions = Arc::new(authority.sessions(MemorySessionStore::new()));
    let now = authority.clock.now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let members = format!(r#","expire_time":{}"#, now + 86_400_000);
    sessions.put(USER, token(&authority, &members)).await.unwrap();
    let client = authority.client().with_session_from(sessions, USER);
    authority.clock.pass(86_000);
    call(&client).await.unwrap();
    assert_eq!(authority.state().refreshes, 0);
    authority.clock.pass(200);
    call(&client).await.unwrap();
    assert_eq!(authority.state().refreshes, 1);
}

#[tokio::test(start_paused = true)]
async fn accepts_any_timeout_and_margin() {
    let authority = Authority::new();
    let sessions = authority.sessions(MemorySessionStore::new());
    let sessions = Arc::new(sessions.with_timeout(Duration::MAX).with_margin(Duration::MAX));
    sessions.put(USER, authority.token()).await.unwrap();
    authority.clock.pass(86_400);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
    assert_eq!(authority.state().refreshes, 1);
}

/// A store with damaged content: reads fail until a valid token is stored.
#[derive(Clone)]
struct Damaged {
    inner: Arc<MemorySessionStore>,
    damaged: Arc<AtomicBool>,
    /// Whether `replace` overwrites the damaged token.
    repairs: bool,
}

impl Damaged {
    fn check(&self) -> Result<(), StoreError> {
        if self.damaged.load(Ordering::Relaxed) { Err(InvalidToken.into()) } else { Ok(()) }
    }
}

impl SessionStore for Damaged {
    fn get<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        Box::pin(async move {
            self.check()?;
            self.inner.get(user).await
        })
    }

    fn put<'a>(&'a self, user: &'a str, token: &'a Token) -> BoxFuture<'a, Result<(), StoreError>> {
        self.damaged.store(false, Ordering::Relaxed);
        self.inner.put(user, token)
    }

    fn replace<'a>(
        &'a self,
        user: &'a str,
        seen: Option<&'a Token>,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        Box::pin(async move {
            if self.check().is_err() && self.repairs {
                self.put(user, token).await?;
                return Ok(None);
            }
            self.check()?;
            self.inner.replace(user, seen, token).await
        })
    }

    fn remove<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        self.inner.remove(user)
    }
}

#[tokio::test(start_paused = true)]
async fn replaces_damaged_stored_tokens() {
    for repairs in [true, false] {
        let authority = Authority::new();
        let damaged = Arc::new(AtomicBool::new(false));
        let store = Damaged { inner: Arc::default(), damaged: damaged.clone(), repairs };
        let sessions = Arc::new(authority.sessions(store.clone()));
        sessions.put(USER, authority.token()).await.unwrap();
        let client = authority.client().with_session_from(sessions, USER);
        for day in 1..=3 {
            damaged.store(true, Ordering::Relaxed);
            authority.clock.pass(86_400);
            call(&client).await.unwrap();
            assert_eq!(authority.state().refreshes, day, "repairs={repairs}");
            assert_eq!(store.get(USER).await.is_ok(), repairs);
        }
        // Another process has no token.
        damaged.store(true, Ordering::Relaxed);
        let other = authority.sessions(store);
        assert!(!other.token(USER).await.unwrap_err().needs_authorization());
    }
}
