//! Session providers and their client.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use generated_sdk::Error;
use generated_sdk::api::top::TopAuthTokenRefreshRequest;
use generated_sdk::client::{BoxFuture, Refresh, RefreshingSessions, SessionProvider, SessionStore};
use generated_sdk::protocol::{PlatformError, SessionError};

use super::shared::Shared;
use super::{USER, call};
use crate::authority::Authority;
use crate::support::{Script, chain, ok, refusal};

fn session_error(error: &Error) -> &SessionError {
    match error {
        Error::Session(error) => error,
        other => panic!("{other:?}"),
    }
}

/// A provider with a new session after each refusal.
#[derive(Default)]
struct Counting {
    requests: AtomicUsize,
    refused: Mutex<Vec<(String, PlatformError)>>,
}

impl SessionProvider for Counting {
    fn session<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<String, SessionError>> {
        let number = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move { Ok(format!("{user}-{number}")) })
    }

    fn refused<'a>(&'a self, user: &'a str, session: &'a str, refusal: &'a PlatformError) -> BoxFuture<'a, bool> {
        self.refused.lock().unwrap().push((format!("{user}: {session}"), refusal.clone()));
        Box::pin(async { true })
    }
}

#[tokio::test]
async fn reports_refused_sessions_and_retries_once() {
    for (code, sub_code, reported) in [
        (26, "", true),
        (27, "", true),
        (44, "", true),
        (53, "", true),
        (15, "isv.invalid-sessionkey", true),
        (42, "", false),
        (25, "", false),
        (11, "isv.permission-api-package-empty", false),
    ] {
        let script = Script::new([refusal(code, sub_code, ""), ok("t")]);
        let provider = Arc::new(Counting::default());
        let client = script.builder().build().unwrap().with_session_from(provider.clone(), "u");
        assert_eq!(call(&client).await.is_ok(), reported, "{code} {sub_code}");
        let refused = provider.refused.lock().unwrap().clone();
        assert_eq!(refused.len(), usize::from(reported), "{code} {sub_code}");
        for (session, refusal) in refused {
            assert_eq!((session.as_str(), refusal.code.clone()), ("u: u-1", code.into()));
            assert_eq!(refusal.sub_code.as_deref(), Some(sub_code));
        }
        let bodies = script.bodies();
        assert!(bodies[0].contains("session=u-1&"));
        assert!(!reported || bodies[1].contains("session=u-2&"));
    }
}

#[tokio::test]
async fn replaces_the_session_at_most_once_per_call() {
    let script = Script::new([refusal(27, "", "")]);
    let provider = Arc::new(Counting::default());
    let error = call(&script.builder().build().unwrap().with_session_from(provider.clone(), "u")).await.unwrap_err();
    assert!(error.is_session_invalid());
    assert_eq!((script.count(), provider.refused.lock().unwrap().len()), (2, 1));
}

#[tokio::test]
async fn sends_no_session_for_methods_without_one() {
    let authority = Authority::new();
    let provider = Arc::new(Counting::default());
    let client = authority.client().with_session_from(provider.clone(), "u");
    client.execute(&TopAuthTokenRefreshRequest::new("refresh-1")).await.unwrap();
    assert_eq!(provider.requests.load(Ordering::SeqCst), 0);
    assert!(!authority.state().seen[0].1.contains("session="));
}

/// A provider without sessions.
struct Without(bool);

impl SessionProvider for Without {
    fn session<'a>(&'a self, _user: &'a str) -> BoxFuture<'a, Result<String, SessionError>> {
        let error =
            if self.0 { SessionError::unauthorized("no grant") } else { SessionError::unavailable("store down") };
        Box::pin(async { Err(error) })
    }
}

#[tokio::test]
async fn calls_without_a_session_are_not_sent() {
    let script = Script::new([ok("t")]);
    let client = script.builder().build().unwrap();
    let error = call(&client.with_session_from(Arc::new(Without(true)), "u 1")).await.unwrap_err();
    assert_eq!(chain(&error), "no session for the user \"u 1\": the user must authorize the application: no grant");
    assert!(error.needs_authorization() && !error.is_retryable() && error.was_not_processed());
    assert_eq!(session_error(&error).user(), "u 1");
    let error = call(&client.with_session_from(Arc::new(Without(false)), "u 1")).await.unwrap_err();
    assert_eq!(chain(&error), "no session for the user \"u 1\": temporarily unavailable, call again later: store down");
    assert!(!error.needs_authorization() && error.is_retryable());
    assert_eq!(script.count(), 0);
}

#[tokio::test]
async fn stores_and_refreshers_can_be_shared() {
    let authority = Authority::new();
    let store: Arc<dyn SessionStore> = Arc::new(Shared::default());
    let refresh: Arc<dyn Refresh> = Arc::new(authority.oauth());
    let clock = authority.clock.clone();
    let sessions = RefreshingSessions::new(refresh, store.clone()).with_clock(move || clock.now());
    sessions.put(USER, authority.token()).await.unwrap();
    let provider: Arc<dyn SessionProvider> = Arc::new(sessions);
    let client = authority.client().with_session_from(Arc::new(provider), USER);
    assert!(store.try_lock(USER, "one", Duration::from_secs(1)).await.unwrap());
    assert!(!store.try_lock(USER, "two", Duration::from_secs(1)).await.unwrap());
    store.unlock(USER, "one").await.unwrap();
    authority.clock.pass(60);
    authority.forget();
    call(&client).await.unwrap();
    assert_eq!(store.get(USER).await.unwrap().unwrap().access_token, "access-1002");
}
