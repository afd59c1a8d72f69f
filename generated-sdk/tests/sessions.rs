//! Sessions that come from a provider, and the one that keeps and refreshes tokens.

#![cfg(feature = "client")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod authority;
mod support;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authority::{Authority, Between, SECRET, all};
use generated_sdk::Error;
use generated_sdk::api::top::{TopAuthTokenRefreshRequest, TopClientTokenGetRequest};
use generated_sdk::client::{
    BoxFuture, Client, MemorySessionStore, Refresh, RefreshingSessions, SessionProvider, SessionStore, StoreError,
    Token, TokenMethods,
};
use generated_sdk::protocol::{PlatformError, SessionError};
use support::{Script, ok, refusal};
use tokio::time::timeout;

const USER: &str = "seller 1";

async fn call(client: &Client) -> Result<(), Error> {
    client.execute(&TopClientTokenGetRequest::new("the parameter")).await.map(|_| ())
}

/// Makes so many calls at once, which all succeed.
async fn calls(client: &Client, count: usize) {
    for result in all(std::iter::repeat_n(client.clone(), count).map(async |client| call(&client).await)).await {
        result.unwrap();
    }
}

/// The platform's refusal of a session, with this code.
fn refusal_of(code: i64) -> PlatformError {
    PlatformError { code, ..PlatformError::default() }
}

/// Sessions with a token that was received now, and a client for its user.
async fn authorized(authority: &Authority) -> (Arc<RefreshingSessions>, Client) {
    let sessions = Arc::new(authority.sessions(MemorySessionStore::new()));
    sessions.put(USER, authority.token()).await.unwrap();
    (sessions.clone(), authority.client().with_session_from(sessions, USER))
}

fn session_error(error: &Error) -> &SessionError {
    match error {
        Error::Session(error) => error,
        other => panic!("{other:?}"),
    }
}

/// A provider that counts, and has a new session whenever one is refused.
#[derive(Default)]
struct Counting {
    asked: AtomicUsize,
    refused: Mutex<Vec<(String, PlatformError)>>,
}

impl SessionProvider for Counting {
    fn session<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<String, SessionError>> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move { Ok(format!("{user}-{number}")) })
    }

    fn refused<'a>(&'a self, user: &'a str, session: &'a str, refusal: &'a PlatformError) -> BoxFuture<'a, bool> {
        self.refused.lock().unwrap().push((format!("{user}: {session}"), refusal.clone()));
        Box::pin(async { true })
    }
}

#[tokio::test]
async fn a_provider_is_told_of_a_session_that_is_refused_and_asked_once_more() {
    for (code, sub_code, told) in [
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
        assert_eq!(call(&client).await.is_ok(), told, "{code} {sub_code}");
        let refused = provider.refused.lock().unwrap().clone();
        assert_eq!(refused.len(), usize::from(told), "{code} {sub_code}");
        for (session, refusal) in refused {
            assert_eq!((session.as_str(), refusal.code), ("u: u-1", code));
            assert_eq!(refusal.sub_code.as_deref(), Some(sub_code));
        }
        let bodies = script.bodies();
        assert!(bodies[0].contains("session=u-1&"));
        assert!(!told || bodies[1].contains("session=u-2&"));
    }
}

#[tokio::test]
async fn a_call_is_renewed_once_and_not_for_ever() {
    let script = Script::new([refusal(27, "", "")]);
    let provider = Arc::new(Counting::default());
    let error = call(&script.builder().build().unwrap().with_session_from(provider.clone(), "u")).await.unwrap_err();
    assert!(error.is_session_invalid());
    assert_eq!((script.count(), provider.refused.lock().unwrap().len()), (2, 1));
}

#[tokio::test]
async fn a_method_without_a_session_is_called_without_one() {
    let authority = Authority::new();
    let provider = Arc::new(Counting::default());
    let client = authority.client().with_session_from(provider.clone(), "u");
    client.execute(&TopAuthTokenRefreshRequest::new("refresh-1")).await.unwrap();
    assert_eq!(provider.asked.load(Ordering::SeqCst), 0);
    assert!(!authority.state().seen[0].1.contains("session="));
}

/// A provider that has none.
struct Without(bool);

impl SessionProvider for Without {
    fn session<'a>(&'a self, _user: &'a str) -> BoxFuture<'a, Result<String, SessionError>> {
        let error =
            if self.0 { SessionError::unauthorized("nobody came") } else { SessionError::unavailable("it rains") };
        Box::pin(async { Err(error) })
    }
}

#[tokio::test]
async fn a_call_without_a_session_is_not_sent_and_says_what_to_do() {
    let script = Script::new([ok("t")]);
    let client = script.builder().build().unwrap();
    let error = call(&client.with_session_from(Arc::new(Without(true)), "u 1")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no session for the user \"u 1\": nobody came; the user must authorise the application"
    );
    assert!(error.needs_authorization() && !error.is_retryable() && error.was_not_carried_out());
    assert_eq!(session_error(&error).user(), "u 1");
    let error = call(&client.with_session_from(Arc::new(Without(false)), "u 1")).await.unwrap_err();
    assert_eq!(error.to_string(), "no session for the user \"u 1\": it rains; a later call may succeed");
    assert!(!error.needs_authorization() && error.is_retryable());
    assert_eq!(script.count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_refresh_for_a_thousand_calls() {
    let authority = Authority::new();
    let (_, client) = authorized(&authority).await;
    authority.state().delay = Duration::from_millis(20);
    authority.clock.pass(86_400);
    calls(&client, 1000).await;
    assert_eq!(authority.state().refreshes, 1);
    assert_eq!(authority.state().calls, 1000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_refresh_for_a_thousand_refusals() {
    let authority = Authority::new();
    let (sessions, client) = authorized(&authority).await;
    authority.state().delay = Duration::from_millis(20);
    authority.clock.pass(60);
    authority.forget();
    calls(&client, 1000).await;
    assert_eq!(authority.state().refreshes, 1);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-1002");
}

#[tokio::test]
async fn a_session_is_refreshed_before_it_ends_and_not_long_before() {
    // The life of a session, the margin, and when it is refreshed.
    for (life, margin, at) in [(86_400, 300, 86_100), (400, 300, 200), (86_400, 0, 86_400), (1, 300, 1)] {
        let authority = Authority::new();
        authority.state().lives.0 = life;
        let sessions = authority.sessions(MemorySessionStore::new()).with_margin(Duration::from_secs(margin));
        sessions.put(USER, authority.token()).await.unwrap();
        authority.clock.pass(at - 1);
        assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-1", "{life} {margin}");
        authority.clock.pass(1);
        let token = sessions.token(USER).await.unwrap();
        assert_eq!(token.access_token, "access-2", "{life} {margin}");
        assert_eq!(token.received_at, authority.clock.now());
        assert_eq!(authority.state().refreshes, 1, "{life} {margin}");
    }
}

#[tokio::test]
async fn a_session_whose_end_is_not_known_is_good_until_it_is_refused() {
    let authority = Authority::new();
    let sessions = Arc::new(authority.sessions(MemorySessionStore::new()));
    let token = r#"{"access_token":"access-1","refresh_token":"refresh-1"}"#;
    sessions.put(USER, Token::from_answer(token, authority.clock.now()).unwrap()).await.unwrap();
    let client = authority.client().with_session_from(sessions, USER);
    authority.clock.pass(1 << 32);
    call(&client).await.unwrap();
    assert_eq!(authority.state().refreshes, 0);
    authority.forget();
    call(&client).await.unwrap();
    assert_eq!(authority.state().refreshes, 1);
}

#[tokio::test]
async fn a_refresh_that_fails_does_no_harm_while_the_session_is_good() {
    let authority = Authority::new();
    let (sessions, client) = authorized(&authority).await;
    authority.state().down = true;
    authority.clock.pass(86_200);
    call(&client).await.unwrap();
    call(&client).await.unwrap();
    assert_eq!(authority.state().refreshes, 1, "it is not tried again at once");
    authority.clock.pass(10);
    call(&client).await.unwrap();
    assert_eq!(authority.state().refreshes, 2);
    authority.clock.pass(185);
    call(&client).await.unwrap();
    authority.clock.pass(5);
    let error = call(&client).await.unwrap_err();
    assert!(error.is_retryable() && !error.needs_authorization(), "{error}");
    assert!(error.to_string().contains("cannot connect to https://oauth.test/token"), "{error}");
    authority.state().down = false;
    authority.clock.pass(10);
    call(&client).await.unwrap();
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
}

#[tokio::test]
async fn a_refresh_that_fails_fast_is_not_made_for_every_call() {
    let authority = Authority::new();
    let (_, client) = authorized(&authority).await;
    authority.clock.pass(86_400);
    authority.state().down = true;
    // Pauses of 1, 2, 4 and 8 seconds, and of 10 from then on.
    for (seconds, refreshes) in [(0, 1), (1, 2), (1, 2), (1, 3), (4, 4), (8, 5), (9, 5), (1, 6), (10, 7)] {
        authority.clock.pass(seconds);
        for _ in 0..5 {
            let error = call(&client).await.unwrap_err();
            assert!(error.to_string().contains("cannot connect to https://oauth.test/token"), "{error}");
        }
        assert_eq!(authority.state().refreshes, refreshes);
    }
    // It begins with short pauses again once one has succeeded, though the refresh token stays the same.
    (authority.state().down, authority.state().keeps) = (false, true);
    authority.clock.pass(10);
    call(&client).await.unwrap();
    authority.state().down = true;
    for (seconds, refreshes) in [(86_400, 9), (1, 10)] {
        authority.clock.pass(seconds);
        call(&client).await.unwrap_err();
        assert_eq!(authority.state().refreshes, refreshes);
    }
}

#[tokio::test]
async fn a_platform_that_refuses_every_session_is_not_asked_for_new_ones_on_and_on() {
    // A refusal that does not say whether it is the session's fault is worth one refresh an hour.
    for (code, refreshes) in [(27, 60), (53, 1)] {
        let authority = Authority::new();
        let (sessions, client) = authorized(&authority).await;
        (authority.state().takes_none, authority.state().code) = (true, code);
        for _ in 0..3600 {
            authority.clock.pass(1);
            assert!(call(&client).await.unwrap_err().is_session_invalid());
        }
        assert_eq!(authority.state().refreshes, refreshes, "{code}");
        authority.clock.pass(60);
        call(&client).await.unwrap_err();
        assert_eq!(authority.state().refreshes, refreshes + 1, "{code}");
        // What the user grants anew starts anew.
        sessions.put(USER, authority.token()).await.unwrap();
        authority.clock.pass(60);
        call(&client).await.unwrap_err();
        assert_eq!(authority.state().refreshes, refreshes + 2, "{code}");
    }
}

#[tokio::test]
async fn a_session_that_is_lost_is_renewed_at_once_whatever_was_doubted_before() {
    let authority = Authority::new();
    let (_, client) = authorized(&authority).await;
    (authority.state().takes_none, authority.state().code) = (true, 53);
    for _ in 0..120 {
        authority.clock.pass(60);
        call(&client).await.unwrap_err();
    }
    let before = authority.state().refreshes;
    (authority.state().takes_none, authority.state().code) = (false, 27);
    authority.clock.pass(60);
    authority.forget();
    call(&client).await.unwrap();
    assert_eq!(authority.state().refreshes, before + 1);
}

#[tokio::test]
async fn a_doubt_that_nothing_comes_of_leaves_the_session_in_use() {
    // The platform refuses the session for one method, and it cannot be refreshed now, or not at all.
    for (down, refresh_token) in [(true, true), (false, false)] {
        let authority = Authority::new();
        let sessions = Arc::new(authority.sessions(MemorySessionStore::new()));
        let mut token = authority.token();
        if !refresh_token {
            token.refresh_token = None;
        }
        sessions.put(USER, token).await.unwrap();
        authority.state().down = down;
        authority.clock.pass(600);
        assert!(sessions.refused(USER, "access-1", &refusal_of(53)).await);
        for _ in 0..100 {
            assert_eq!(sessions.session(USER).await.unwrap(), "access-1");
            assert!(!sessions.refused(USER, "access-1", &refusal_of(53)).await, "one doubt is enough for now");
            authority.clock.pass(1);
        }
        assert_eq!(authority.state().refreshes, usize::from(down));
        // A refusal that is clear is another matter.
        assert!(sessions.refused(USER, "access-1", &refusal_of(27)).await);
        sessions.session(USER).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_refresh_token_that_is_dead_is_told_and_not_asked_for_again() {
    let authority = Authority::new();
    let (sessions, client) = authorized(&authority).await;
    authority.state().refuses = Some("invalid_grant");
    authority.clock.pass(86_400);
    for _ in 0..3 {
        let error = call(&client).await.unwrap_err();
        assert!(error.needs_authorization() && !error.is_retryable());
        assert_eq!(
            error.to_string(),
            "no session for the user \"seller 1\": the authorisation server refused: invalid_grant ([hidden] is no \
             good); the user must authorise the application"
        );
    }
    assert_eq!(authority.state().refreshes, 1);
    // The user comes back, and may be granted the same again.
    authority.state().refuses = None;
    sessions.put(USER, authority.token()).await.unwrap();
    call(&client).await.unwrap();
    authority.clock.pass(86_400);
    call(&client).await.unwrap();
    assert_eq!(authority.state().refreshes, 2);
}

#[tokio::test]
async fn a_token_that_was_refused_is_used_if_it_is_put_again() {
    let authority = Authority::new();
    let (sessions, _) = authorized(&authority).await;
    let token = authority.token();
    authority.clock.pass(60);
    assert!(sessions.refused(USER, "access-1", &refusal_of(27)).await);
    sessions.put(USER, token).await.unwrap();
    assert_eq!(sessions.session(USER).await.unwrap(), "access-1");
    assert_eq!(authority.state().refreshes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_before_those_who_wait_have_it() {
    let authority = Authority::new();
    let (sessions, _) = authorized(&authority).await;
    authority.clock.pass(86_400);
    let mut waiting = std::pin::pin!(sessions.token(USER));
    // It waits for a renewal, and does not come to look at what that brings.
    assert!(timeout(Duration::ZERO, &mut waiting).await.is_err());
    tokio::time::sleep(Duration::from_millis(1)).await;
    authority.clock.pass(60);
    assert!(sessions.refused(USER, "access-2", &refusal_of(27)).await);
    assert_eq!(waiting.await.unwrap().access_token, "access-3");
}

#[tokio::test]
async fn the_applications_own_faults_are_not_the_users() {
    let authority = Authority::new();
    let (_, client) = authorized(&authority).await;
    authority.clock.pass(86_400);
    for error in ["invalid_client", "temporarily_unavailable"] {
        authority.state().refuses = Some(error);
        let told = call(&client).await.unwrap_err();
        assert!(!told.needs_authorization() && told.to_string().contains(error), "{told}");
        authority.clock.pass(10);
    }
}

#[tokio::test]
async fn a_server_in_trouble_says_nothing_of_the_refresh_token() {
    let authority = Authority::new();
    let (_, client) = authorized(&authority).await;
    authority.clock.pass(86_400);
    for (status, error) in [(503, "system_busy"), (429, "too_many_requests"), (500, "invalid_grant")] {
        authority.state().status = status;
        authority.state().refuses = Some(error);
        let told = call(&client).await.unwrap_err();
        assert!(told.is_retryable() && !told.needs_authorization(), "{status}: {told}");
        assert!(told.to_string().contains(error), "{status}: {told}");
        authority.clock.pass(10);
    }
    authority.state().refuses = None;
    call(&client).await.unwrap();
}

#[tokio::test]
async fn tokens_that_cannot_be_refreshed() {
    for (life, refresh_life, refresh_token, problem) in [
        (100, 50, true, "the session and its refresh token have ended"),
        (100, 0, true, "the session and its refresh token have ended"),
        (100, 500, false, "the session has ended, and no refresh token came with it"),
    ] {
        let authority = Authority::new();
        authority.state().lives = (life, refresh_life);
        let sessions = authority.sessions(MemorySessionStore::new());
        let mut token = authority.token();
        if !refresh_token {
            token.refresh_token = None;
        }
        sessions.put(USER, token).await.unwrap();
        authority.clock.pass(99);
        sessions.token(USER).await.unwrap();
        authority.clock.pass(1);
        let error = sessions.token(USER).await.unwrap_err();
        assert!(error.needs_authorization());
        assert!(error.to_string().contains(problem), "{error}");
        assert_eq!(authority.state().refreshes, 0);
    }
    let sessions = Authority::new().sessions(MemorySessionStore::new());
    let error = sessions.token("somebody").await.unwrap_err();
    assert!(error.needs_authorization() && error.to_string().contains("the store has no token"), "{error}");
}

#[tokio::test]
async fn a_new_session_that_is_refused_is_not_refreshed_for_it() {
    let authority = Authority::new();
    let (_, client) = authorized(&authority).await;
    authority.state().takes_none = true;
    let error = call(&client).await.unwrap_err();
    assert_eq!(error.request_id(), Some("r27"));
    assert_eq!(authority.with(|state| (state.refreshes, state.calls)), (0, 1));
    authority.clock.pass(60);
    for _ in 0..5 {
        assert!(call(&client).await.unwrap_err().is_session_invalid());
    }
    assert_eq!(authority.state().refreshes, 1, "calls do not refresh in turns");
}

#[tokio::test]
async fn a_refusal_during_a_refresh_takes_part_in_it() {
    let authority = Authority::new();
    let (sessions, _) = authorized(&authority).await;
    authority.state().delay = Duration::from_millis(50);
    authority.clock.pass(86_200);
    let early = tokio::spawn({
        let sessions = sessions.clone();
        async move { sessions.token(USER).await }
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(sessions.refused(USER, "access-1", &refusal_of(27)).await);
    assert_eq!(sessions.session(USER).await.unwrap(), "access-2");
    assert_eq!(early.await.unwrap().unwrap().access_token, "access-2");
    // One who comes late with the old session is given the new one.
    assert!(sessions.refused(USER, "access-1", &refusal_of(27)).await);
    assert_eq!(sessions.session(USER).await.unwrap(), "access-2");
    assert_eq!(authority.state().refreshes, 1);
}

#[tokio::test]
async fn a_refresh_goes_on_when_those_who_wait_for_it_are_gone() {
    let authority = Authority::new();
    let (sessions, client) = authorized(&authority).await;
    authority.state().delay = Duration::from_millis(50);
    authority.clock.pass(86_400);
    assert!(timeout(Duration::from_millis(10), call(&client)).await.is_err());
    calls(&client, 10).await;
    assert_eq!(authority.state().refreshes, 1);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
}

#[tokio::test]
async fn a_refresh_that_is_broken_off_with_its_runtime_is_made_again() {
    let authority = Authority::new();
    let (sessions, _) = authorized(&authority).await;
    authority.state().delay = Duration::from_secs(3600);
    authority.clock.pass(86_400);
    let elsewhere = sessions.clone();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let wait = Duration::from_millis(10);
        assert!(runtime.block_on(async { timeout(wait, elsewhere.token(USER)).await }).is_err());
    });
    tokio::task::spawn_blocking(move || thread.join()).await.unwrap().unwrap();
    authority.state().delay = Duration::ZERO;
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
}

#[tokio::test]
async fn a_token_that_is_put_during_a_refresh_outlives_it() {
    let authority = Authority::new();
    let (sessions, _) = authorized(&authority).await;
    authority.state().delay = Duration::from_millis(20);
    authority.clock.pass(86_400);
    let refresh = tokio::spawn({
        let sessions = sessions.clone();
        async move { sessions.token(USER).await }
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    let granted = Token::from_answer(r#"{"access_token":"granted"}"#, authority.clock.now()).unwrap();
    // It does not wait for the refresh.
    sessions.put(USER, granted).await.unwrap();
    assert_eq!(authority.state().newest, 1);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "granted");
    assert_eq!(refresh.await.unwrap().unwrap().access_token, "granted");
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "granted");
    assert_eq!(authority.with(|state| (state.refreshes, state.newest)), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_cannot_be_stored_outlives_the_refresh_that_was_under_way() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = Arc::new(authority.sessions(store.clone()));
    sessions.put(USER, authority.token()).await.unwrap();
    authority.state().delay = Duration::from_millis(20);
    authority.clock.pass(86_400);
    let refresh = tokio::spawn({
        let sessions = sessions.clone();
        async move { sessions.token(USER).await }
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    let granted = Token::from_answer(r#"{"access_token":"granted"}"#, authority.clock.now()).unwrap();
    store.0.deaf.store(true, Ordering::SeqCst);
    sessions.put(USER, granted).await.unwrap_err();
    store.0.deaf.store(false, Ordering::SeqCst);
    assert_eq!(refresh.await.unwrap().unwrap().access_token, "granted");
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(store.0.tokens.lock().unwrap()[USER].contains("granted"));
}

#[tokio::test]
async fn a_refresh_brings_no_user_back_who_is_removed() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = Arc::new(authority.sessions(store.clone()));
    sessions.put(USER, authority.token()).await.unwrap();
    authority.state().delay = Duration::from_millis(20);
    authority.clock.pass(86_400);
    let refresh = tokio::spawn({
        let sessions = sessions.clone();
        async move { sessions.token(USER).await }
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    sessions.remove(USER).await.unwrap();
    let error = refresh.await.unwrap().unwrap_err();
    assert!(error.needs_authorization() && error.to_string().contains("the token was removed"), "{error}");
    assert!(store.0.tokens.lock().unwrap().is_empty());
    assert!(format!("{sessions:?}").contains("users: 0"), "{sessions:?}");
}

#[tokio::test]
async fn a_refresh_token_that_no_answer_replaces_is_good_for_the_next_refresh() {
    let authority = Authority::new();
    authority.state().keeps = true;
    let (sessions, client) = authorized(&authority).await;
    for number in [2, 3] {
        authority.clock.pass(86_400);
        call(&client).await.unwrap();
        let token = sessions.token(USER).await.unwrap();
        assert_eq!(token.access_token, format!("access-{number}"));
        assert_eq!(token.refresh_token.as_deref(), Some("refresh-1"));
        assert_eq!(token.user_nick.as_deref(), Some("商家"));
    }
}

#[tokio::test]
async fn parts_that_are_shared() {
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

#[tokio::test]
async fn the_methods_refresh_as_well() {
    let authority = Authority::new();
    let clock = authority.clock.clone();
    let methods = TokenMethods::new(&authority.client()).with_clock(move || clock.now());
    let clock = authority.clock.clone();
    let sessions = RefreshingSessions::new(methods, MemorySessionStore::new()).with_clock(move || clock.now());
    sessions.put(USER, authority.token()).await.unwrap();
    authority.clock.pass(86_400);
    let token = sessions.token(USER).await.unwrap();
    assert_eq!((token.access_token.as_str(), token.user_nick.as_deref()), ("access-2", Some("商家")));
}

/// A store that several machines share, and that can be down.
#[derive(Clone, Default)]
struct Shared(Arc<SharedState>);

#[derive(Default)]
struct SharedState {
    tokens: Mutex<HashMap<String, String>>,
    lock: Mutex<Option<String>>,
    down: AtomicBool,
    /// No token can be written.
    deaf: AtomicBool,
    /// No token can be read.
    blind: AtomicBool,
    /// The next lock is had, and its answer lost.
    late: AtomicBool,
    /// No lock can be released.
    stuck: AtomicBool,
    gets: AtomicUsize,
}

impl Shared {
    fn answer<T: Send + 'static>(
        &self,
        answer: impl FnOnce(&SharedState) -> T,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        let down = self.0.down.load(Ordering::SeqCst);
        let answer = if down { Err(StoreError::from("the store is down")) } else { Ok(answer(&self.0)) };
        Box::pin(async { answer })
    }
}

impl SessionStore for Shared {
    fn get<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        self.0.gets.fetch_add(1, Ordering::SeqCst);
        if self.0.blind.load(Ordering::SeqCst) {
            return Box::pin(async { Err("the store cannot be read".into()) });
        }
        self.answer(|state| state.tokens.lock().unwrap().get(user).map(|json| Token::from_json(json).unwrap()))
    }

    fn put<'a>(&'a self, user: &'a str, token: &'a Token) -> BoxFuture<'a, Result<(), StoreError>> {
        if self.0.deaf.load(Ordering::SeqCst) {
            return Box::pin(async { Err("the store cannot be written to".into()) });
        }
        self.answer(|state| drop(state.tokens.lock().unwrap().insert(user.to_owned(), token.to_json())))
    }

    fn replace<'a>(
        &'a self,
        user: &'a str,
        seen: Option<&'a Token>,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        if self.0.deaf.load(Ordering::SeqCst) {
            return Box::pin(async { Err("the store cannot be written to".into()) });
        }
        self.answer(|state| {
            let mut tokens = state.tokens.lock().unwrap();
            let stored = tokens.get(user).map(|json| Token::from_json(json).unwrap());
            let other = stored.filter(|stored| Some(stored) != seen && stored != token);
            if other.is_none() {
                tokens.insert(user.to_owned(), token.to_json());
            }
            other
        })
    }

    fn remove<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        self.answer(|state| drop(state.tokens.lock().unwrap().remove(user)))
    }

    fn try_lock<'a>(
        &'a self,
        _user: &'a str,
        holder: &'a str,
        _time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let answer = self.answer(|state| {
            let mut lock = state.lock.lock().unwrap();
            let free = lock.as_deref().is_none_or(|other| other == holder);
            if free {
                *lock = Some(holder.to_owned());
            }
            match state.late.swap(false, Ordering::SeqCst) {
                true => Err(StoreError::from("the store is slow")),
                false => Ok(free),
            }
        });
        Box::pin(async { answer.await? })
    }

    fn unlock<'a>(&'a self, _user: &'a str, holder: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        if self.0.stuck.load(Ordering::SeqCst) {
            return Box::pin(async { Err("the store is slow".into()) });
        }
        self.answer(|state| {
            let mut lock = state.lock.lock().unwrap();
            if lock.as_deref() == Some(holder) {
                *lock = None;
            }
        })
    }
}

#[tokio::test]
async fn machines_that_share_a_store_refresh_once() {
    let (authority, store) = (Authority::new(), Shared::default());
    let machines: Vec<_> = (0..4).map(|_| Arc::new(authority.sessions(store.clone()))).collect();
    machines[0].put(USER, authority.token()).await.unwrap();
    authority.state().delay = Duration::from_millis(20);
    authority.clock.pass(86_400);
    for token in all(machines.clone().into_iter().map(async |sessions| sessions.token(USER).await.unwrap())).await {
        assert_eq!(token.access_token, "access-2");
    }
    assert_eq!(authority.state().refreshes, 1);
    assert_eq!(*store.0.lock.lock().unwrap(), None, "the lock is released");
    // Another machine has refreshed; this one hears of it when its own session is refused.
    authority.clock.pass(60);
    assert!(machines[1].refused(USER, "access-2", &refusal_of(27)).await);
    assert_eq!(machines[1].session(USER).await.unwrap(), "access-3");
    assert!(machines[2].refused(USER, "access-2", &refusal_of(27)).await);
    assert_eq!(machines[2].session(USER).await.unwrap(), "access-3");
    assert_eq!(authority.state().refreshes, 2);
}

#[tokio::test]
async fn a_machine_whose_clock_is_ahead_takes_what_another_one_has_stored() {
    let (authority, store) = (Authority::new(), Shared::default());
    let clock = authority.clock.clone();
    let ahead = authority.sessions(store.clone()).with_clock(move || clock.now() + Duration::from_secs(600));
    let mut token = authority.token();
    token.received_at += Duration::from_secs(600);
    for refused in [true, false] {
        ahead.put(USER, token.clone()).await.unwrap();
        // The user grants anew, and another machine hears of it.
        authority.clock.pass(60);
        authority.state().newest += 1;
        authority.sessions(store.clone()).put(USER, authority.token()).await.unwrap();
        if refused {
            assert!(ahead.refused(USER, "access-1", &refusal_of(27)).await);
        } else {
            // It looks for another token by itself, and both are old by its clock. It asks with the right one.
            authority.clock.pass(86_040);
        }
        let taken = ahead.token(USER).await.unwrap().access_token;
        assert_eq!(taken, format!("access-{}", authority.state().newest));
        assert_eq!(authority.state().refreshes, usize::from(!refused));
    }
}

#[tokio::test(start_paused = true)]
async fn a_grant_on_another_machine_during_a_refresh_outlives_it() {
    let (authority, store) = (Authority::new(), Shared::default());
    let (one, other) = (Arc::new(authority.sessions(store.clone())), authority.sessions(store.clone()));
    one.put(USER, authority.token()).await.unwrap();
    authority.state().delay = Duration::from_millis(20);
    authority.clock.pass(86_400);
    let refresh = tokio::spawn(async move { one.token(USER).await });
    tokio::time::sleep(Duration::from_millis(10)).await;
    let granted = Token::from_answer(r#"{"access_token":"granted"}"#, authority.clock.now()).unwrap();
    other.put(USER, granted).await.unwrap();
    assert_eq!(refresh.await.unwrap().unwrap().access_token, "granted");
    assert!(store.0.tokens.lock().unwrap()[USER].contains("granted"));
    assert_eq!(authority.state().refreshes, 1);
}

#[tokio::test]
async fn a_grant_that_lands_while_a_token_is_replaced_outlives_it() {
    let authority = Authority::new();
    let granted = Token::from_answer(r#"{"access_token":"granted"}"#, authority.clock.now()).unwrap();
    let stores: [Arc<dyn SessionStore>; 2] = [Arc::new(MemorySessionStore::new()), Arc::new(Shared::default())];
    for (store, refreshes) in stores.into_iter().zip(1..) {
        let store = Arc::new(Between::new(store, granted.clone()));
        let sessions = authority.sessions(store.clone());
        sessions.put(USER, authority.token()).await.unwrap();
        authority.clock.pass(86_400);
        assert_eq!(sessions.token(USER).await.unwrap(), granted);
        assert_eq!(store.get(USER).await.unwrap(), Some(granted.clone()));
        assert_eq!(authority.state().refreshes, refreshes);
    }
}

#[tokio::test]
async fn a_grant_that_lands_while_a_store_is_given_what_it_lost_outlives_it() {
    let authority = Authority::new();
    let granted = Token::from_answer(r#"{"access_token":"granted"}"#, authority.clock.now()).unwrap();
    let store = Arc::new(Between::new(Shared::default(), granted.clone()));
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    store.remove(USER).await.unwrap();
    authority.clock.pass(86_400);
    assert_eq!(sessions.token(USER).await.unwrap(), granted);
    assert_eq!(store.get(USER).await.unwrap(), Some(granted));
    assert_eq!(authority.state().refreshes, 0);
}

#[tokio::test]
async fn what_a_store_replaces() {
    let stores: [Arc<dyn SessionStore>; 2] = [Arc::new(MemorySessionStore::new()), Arc::new(Shared::default())];
    for store in stores {
        authority::replaces(&store).await;
    }
}

#[tokio::test]
async fn no_call_waits_for_another_machine_while_its_session_is_good() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    *store.0.lock.lock().unwrap() = Some("another machine".to_owned());
    authority.clock.pass(86_200);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-1");
    assert_eq!(authority.state().refreshes, 0);
}

#[tokio::test]
async fn a_token_that_cannot_be_refreshed_is_used_to_its_end_without_another_thought() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    let token = r#"{"access_token":"access-1","expires_in":100}"#;
    sessions.put(USER, Token::from_answer(token, authority.clock.now()).unwrap()).await.unwrap();
    authority.clock.pass(99);
    sessions.token(USER).await.unwrap();
    assert_eq!(store.0.gets.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_stays_is_no_wait_without_end() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone()).with_timeout(Duration::from_secs(1));
    sessions.put(USER, authority.token()).await.unwrap();
    *store.0.lock.lock().unwrap() = Some("another machine".to_owned());
    authority.clock.pass(86_400);
    let error = sessions.token(USER).await.unwrap_err();
    assert!(!error.needs_authorization() && error.to_string().contains("other machines are refreshing"), "{error}");
}

#[tokio::test]
async fn a_lock_that_was_had_without_an_answer_holds_nobody_up() {
    for stuck in [false, true] {
        let (authority, store) = (Authority::new(), Shared::default());
        let (one, other) = (authority.sessions(store.clone()), authority.sessions(store.clone()));
        one.put(USER, authority.token()).await.unwrap();
        authority.clock.pass(86_200);
        store.0.late.store(true, Ordering::SeqCst);
        store.0.stuck.store(stuck, Ordering::SeqCst);
        assert_eq!(one.token(USER).await.unwrap().access_token, "access-1");
        assert_eq!(authority.state().refreshes, 0);
        // The lock is released, or is this machine's own.
        authority.clock.pass(10);
        let next = if stuck { &one } else { &other };
        assert_eq!(next.token(USER).await.unwrap().access_token, "access-2");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_without_an_answer_ends() {
    let authority = Authority::new();
    let sessions = authority.sessions(MemorySessionStore::new()).with_timeout(Duration::from_secs(1));
    sessions.put(USER, authority.token()).await.unwrap();
    authority.state().delay = Duration::from_secs(3600);
    authority.clock.pass(86_400);
    let error = sessions.token(USER).await.unwrap_err();
    assert!(!error.needs_authorization() && error.to_string().contains("the refresh took too long"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    store.0.down.store(true, Ordering::SeqCst);
    // What is at hand needs no store.
    let gets = store.0.gets.load(Ordering::SeqCst);
    sessions.token(USER).await.unwrap();
    assert_eq!(store.0.gets.load(Ordering::SeqCst), gets);
    let other = authority.sessions(store.clone());
    let error = other.token(USER).await.unwrap_err();
    assert!(!error.needs_authorization() && error.to_string().contains("the store is down"), "{error}");
    // Without the lock, no refresh: another machine may be at it. Until it ends, the session is used.
    authority.clock.pass(86_200);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-1");
    authority.clock.pass(200);
    let error = sessions.token(USER).await.unwrap_err();
    assert!(!error.needs_authorization(), "{error}");
    assert_eq!(authority.state().refreshes, 0);
    store.0.down.store(false, Ordering::SeqCst);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_stored_is_not_lost() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    authority.state().delay = Duration::from_millis(100);
    authority.clock.pass(86_400);
    let down = store.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        down.0.down.store(true, Ordering::SeqCst);
    });
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
    assert!(store.0.tokens.lock().unwrap()[USER].contains("access-1"));
    store.0.down.store(false, Ordering::SeqCst);
    *store.0.lock.lock().unwrap() = None;
    authority.clock.pass(86_400);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-3");
    assert!(store.0.tokens.lock().unwrap()[USER].contains("access-3"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_missed_a_token_is_given_it_when_it_is_back() {
    let (authority, store) = (Authority::new(), Shared::default());
    let stored = |number: u32| store.0.tokens.lock().unwrap()[USER].contains(&format!("access-{number}"));
    let down = |down| store.0.down.store(down, Ordering::SeqCst);
    let sessions = authority.sessions(store.clone());
    // What a user granted meanwhile.
    down(true);
    sessions.put(USER, authority.token()).await.unwrap_err();
    down(false);
    authority.clock.pass(86_400);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
    assert!(stored(2));
    // What a refresh brought, which is stored though the session is good for long.
    authority.clock.pass(86_400);
    store.0.deaf.store(true, Ordering::SeqCst);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-3");
    assert!(stored(2));
    tokio::time::sleep(Duration::from_secs(100)).await;
    store.0.deaf.store(false, Ordering::SeqCst);
    assert!(stored(2));
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(stored(3));
    // It is in step from then on, and nobody looks after it any more.
    let gets = store.0.gets.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(store.0.gets.load(Ordering::SeqCst), gets);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_missed_a_grant_is_given_it_though_nobody_calls() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    // What was there before has a later time, of a machine whose clock is ahead, but was seen here.
    let mut old = authority.token();
    old.received_at += Duration::from_secs(600);
    sessions.put(USER, old).await.unwrap();
    store.0.deaf.store(true, Ordering::SeqCst);
    authority.state().newest = 2;
    sessions.put(USER, authority.token()).await.unwrap_err();
    store.0.deaf.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(store.0.tokens.lock().unwrap()[USER].contains("access-2"));
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_was_not_stored_is_newer_than_what_was_granted_before() {
    let (authority, store) = (Authority::new(), Shared::default());
    authority.sessions(store.clone()).put(USER, authority.token()).await.unwrap();
    authority.clock.pass(60);
    authority.state().newest = 2;
    let sessions = authority.sessions(store.clone());
    store.0.deaf.store(true, Ordering::SeqCst);
    sessions.put(USER, authority.token()).await.unwrap_err();
    store.0.deaf.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(store.0.tokens.lock().unwrap()[USER].contains("access-2"));
}

#[tokio::test]
async fn a_grant_that_was_not_stored_and_is_refused_gives_way_whatever_the_clocks_say() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    let mut token = authority.token();
    token.received_at += Duration::from_secs(600);
    store.0.deaf.store(true, Ordering::SeqCst);
    sessions.put(USER, token).await.unwrap_err();
    store.0.deaf.store(false, Ordering::SeqCst);
    authority.clock.pass(300);
    authority.state().newest = 2;
    authority.sessions(store.clone()).put(USER, authority.token()).await.unwrap();
    authority.clock.pass(600);
    assert!(sessions.refused(USER, "access-1", &refusal_of(27)).await);
    assert_eq!(sessions.session(USER).await.unwrap(), "access-2");
    assert_eq!(authority.state().refreshes, 0);
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_no_ground_for_a_refresh() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    store.0.blind.store(true, Ordering::SeqCst);
    authority.clock.pass(86_400);
    let error = sessions.token(USER).await.unwrap_err();
    assert!(!error.needs_authorization() && error.to_string().contains("the store cannot be read"), "{error}");
    assert_eq!(authority.state().refreshes, 0);
    store.0.blind.store(false, Ordering::SeqCst);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
}

#[tokio::test]
async fn a_platform_that_leaves_the_access_token_as_it_was() {
    let (authority, store) = (Authority::new(), Shared::default());
    let granted = |refresh_token: &str| {
        let token = format!(r#"{{"access_token":"access-1","expires_in":86400,"refresh_token":"{refresh_token}"}}"#);
        Token::from_answer(&token, authority.clock.now()).unwrap()
    };
    let (one, other) = (authority.sessions(store.clone()), authority.sessions(store.clone()));
    one.put(USER, granted("refresh-1")).await.unwrap();
    authority.clock.pass(60);
    assert!(one.refused(USER, "access-1", &refusal_of(27)).await);
    // Another machine has refreshed it, to the same access token.
    other.put(USER, granted("refresh-2")).await.unwrap();
    assert_eq!(one.token(USER).await.unwrap().refresh_token.as_deref(), Some("refresh-2"));
    assert!(store.0.tokens.lock().unwrap()[USER].contains("refresh-2"));
    assert_eq!(authority.state().refreshes, 0);
}

#[tokio::test]
async fn a_store_that_lost_its_data_is_given_what_is_known_here() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    store.0.tokens.lock().unwrap().clear();
    authority.clock.pass(86_400);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
    assert!(store.0.tokens.lock().unwrap()[USER].contains("access-2"));
}

#[tokio::test]
async fn a_store_that_falls_back_to_what_it_had_is_given_what_is_known_here() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    let before = store.0.tokens.lock().unwrap().clone();
    authority.clock.pass(86_400);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
    *store.0.tokens.lock().unwrap() = before;
    authority.clock.pass(86_400);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-3");
    assert!(store.0.tokens.lock().unwrap()[USER].contains("access-3"));
    assert_eq!(authority.state().refreshes, 2);
}

#[tokio::test]
async fn a_user_who_is_removed_has_no_session() {
    let authority = Authority::new();
    let (sessions, client) = authorized(&authority).await;
    call(&client).await.unwrap();
    sessions.remove(USER).await.unwrap();
    assert!(format!("{sessions:?}").contains("users: 0"), "{sessions:?}");
    assert!(call(&client).await.unwrap_err().needs_authorization());
}

#[tokio::test]
async fn nothing_shows_a_secret() {
    let authority = Authority::new();
    let (sessions, client) = authorized(&authority).await;
    authority.state().refuses = Some("invalid_grant");
    authority.clock.pass(86_400);
    let error = call(&client).await.unwrap_err();
    let token = authority.token();
    let shown = format!(
        "{sessions:?} {client:?} {:?} {error:?} {error} {token:?} {:?}",
        authority.oauth(),
        sessions.token(USER).await
    );
    for secret in [SECRET, "access-", "refresh-"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    assert!(shown.contains("商家"), "{shown}");
}

#[cfg(feature = "blocking")]
#[test]
fn sessions_of_programs_that_are_not_async() {
    let authority = Authority::new();
    let sessions = Arc::new(authority.sessions(MemorySessionStore::new()));
    let client = generated_sdk::blocking::Client::new(authority.client()).unwrap();
    let token = client.wait(authority.oauth().token("c0de", "https://shop.test/back")).unwrap();
    client.wait(async { Ok(sessions.put(USER, token).await?) }).unwrap();
    let seller = client.with_session_from(sessions, USER);
    for _ in 0..2 {
        seller.execute(&TopClientTokenGetRequest::new("the parameter")).unwrap();
        authority.clock.pass(86_400);
    }
    assert_eq!(authority.with(|state| (state.refreshes, state.calls)), (1, 2));
}
