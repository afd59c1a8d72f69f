//! The time of refreshes, and failed refreshes.

use std::time::Duration;

use generated_sdk::client::{MemorySessionStore, RefreshingSessions, TokenMethods};
use tokio::time::timeout;

use super::{USER, authorized, call, calls};
use crate::authority::{Authority, SECRET};
use crate::support::chain;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_calls_share_one_refresh() {
    let authority = Authority::new();
    let (_, client) = authorized(&authority).await;
    authority.state().delay = Duration::from_millis(20);
    authority.clock.pass(86_400);
    calls(&client, 1000).await;
    assert_eq!(authority.state().refreshes, 1);
    assert_eq!(authority.state().calls, 1000);
}

#[tokio::test]
async fn refreshes_at_the_margin() {
    // The lifetime of a session, the margin, and the time of its refresh.
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
async fn uses_a_valid_session_after_a_failed_refresh() {
    let authority = Authority::new();
    let (sessions, client) = authorized(&authority).await;
    authority.state().down = true;
    authority.clock.pass(86_200);
    call(&client).await.unwrap();
    call(&client).await.unwrap();
    assert_eq!(authority.state().refreshes, 1, "a failed refresh is not retried at once");
    authority.clock.pass(10);
    call(&client).await.unwrap();
    assert_eq!(authority.state().refreshes, 2);
    authority.clock.pass(185);
    call(&client).await.unwrap();
    authority.clock.pass(5);
    let error = call(&client).await.unwrap_err();
    assert!(error.is_retryable() && !error.needs_authorization(), "{error}");
    assert!(chain(&error).contains("cannot connect to https://oauth.test/token"), "{error}");
    authority.state().down = false;
    authority.clock.pass(10);
    call(&client).await.unwrap();
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
}

#[tokio::test]
async fn failed_refreshes_back_off() {
    let authority = Authority::new();
    let (_, client) = authorized(&authority).await;
    authority.clock.pass(86_400);
    authority.state().down = true;
    // The backoff is 1, 2, 4 and 8 seconds, then 10.
    for (seconds, refreshes) in [(0, 1), (1, 2), (1, 2), (1, 3), (4, 4), (8, 5), (9, 5), (1, 6), (10, 7)] {
        authority.clock.pass(seconds);
        for _ in 0..5 {
            let error = call(&client).await.unwrap_err();
            assert!(chain(&error).contains("cannot connect to https://oauth.test/token"), "{error}");
        }
        assert_eq!(authority.state().refreshes, refreshes);
    }
    // After a success the backoff is short again, also for the same refresh token.
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
async fn refused_refresh_tokens_are_not_sent_again() {
    let authority = Authority::new();
    let (sessions, client) = authorized(&authority).await;
    authority.state().refuses = Some("invalid_grant");
    authority.clock.pass(86_400);
    for _ in 0..3 {
        let error = call(&client).await.unwrap_err();
        assert!(error.needs_authorization() && !error.is_retryable());
        assert_eq!(
            chain(&error),
            "no session for the user \"seller 1\": the user must authorize the application: the authorization server \
             refused: invalid_grant ([hidden] is invalid)"
        );
    }
    assert_eq!(authority.state().refreshes, 1);
    // The user grants again, possibly the same token.
    authority.state().refuses = None;
    sessions.put(USER, authority.token()).await.unwrap();
    call(&client).await.unwrap();
    authority.clock.pass(86_400);
    call(&client).await.unwrap();
    assert_eq!(authority.state().refreshes, 2);
}

#[tokio::test]
async fn client_errors_do_not_need_authorization() {
    let authority = Authority::new();
    let (_, client) = authorized(&authority).await;
    authority.clock.pass(86_400);
    for error in ["invalid_client", "temporarily_unavailable"] {
        authority.state().refuses = Some(error);
        let reported = call(&client).await.unwrap_err();
        assert!(!reported.needs_authorization() && chain(&reported).contains(error), "{reported}");
        authority.clock.pass(10);
    }
}

#[tokio::test]
async fn server_errors_do_not_invalidate_the_refresh_token() {
    let authority = Authority::new();
    let (_, client) = authorized(&authority).await;
    authority.clock.pass(86_400);
    for (status, error) in [(503, "system_busy"), (429, "too_many_requests"), (500, "invalid_grant")] {
        authority.state().status = status;
        authority.state().refuses = Some(error);
        let reported = call(&client).await.unwrap_err();
        assert!(reported.is_retryable() && !reported.needs_authorization(), "{status}: {reported}");
        assert!(chain(&reported).contains(error), "{status}: {reported}");
        authority.clock.pass(10);
    }
    authority.state().refuses = None;
    call(&client).await.unwrap();
}

#[tokio::test]
async fn expired_tokens_without_refresh_are_errors() {
    for (life, refresh_life, refresh_token, problem) in [
        (100, 50, true, "the session and its refresh token have expired"),
        (100, 0, true, "the session and its refresh token have expired"),
        (100, 500, false, "the session has expired, and it has no refresh token"),
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
        assert!(chain(&error).contains(problem), "{error}");
        assert_eq!(authority.state().refreshes, 0);
    }
    let sessions = Authority::new().sessions(MemorySessionStore::new());
    let error = sessions.token("another user").await.unwrap_err();
    assert!(error.needs_authorization() && chain(&error).contains("the store has no token"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn refresh_continues_when_callers_are_dropped() {
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
async fn refresh_restarts_after_its_runtime_ended() {
    let authority = Authority::new();
    let (sessions, _) = authorized(&authority).await;
    authority.state().delay = Duration::from_secs(3600);
    authority.clock.pass(86_400);
    let elsewhere = sessions.clone();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let wait = Duration::from_millis(10);
        assert!(runtime.block_on(async { timeout(wait, elsewhere.token(USER)).await }).is_err());
    });
    tokio::task::spawn_blocking(move || thread.join()).await.unwrap().unwrap();
    authority.state().delay = Duration::ZERO;
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
}

#[tokio::test]
async fn keeps_a_refresh_token_that_is_not_replaced() {
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
async fn token_methods_refresh_sessions() {
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

#[tokio::test(start_paused = true)]
async fn refreshes_time_out() {
    let authority = Authority::new();
    let sessions = authority.sessions(MemorySessionStore::new()).with_timeout(Duration::from_secs(1));
    sessions.put(USER, authority.token()).await.unwrap();
    authority.state().delay = Duration::from_secs(3600);
    authority.clock.pass(86_400);
    let error = sessions.token(USER).await.unwrap_err();
    assert!(!error.needs_authorization() && chain(&error).contains("the refresh timed out"), "{error}");
}

#[tokio::test]
async fn debug_hides_secrets() {
    let authority = Authority::new();
    let (sessions, client) = authorized(&authority).await;
    authority.state().refuses = Some("invalid_grant");
    authority.clock.pass(86_400);
    let error = call(&client).await.unwrap_err();
    let token = authority.token();
    let output = format!(
        "{sessions:?} {client:?} {:?} {error:?} {error} {token:?} {:?}",
        authority.oauth(),
        sessions.token(USER).await
    );
    for secret in [SECRET, "access-", "refresh-"] {
        assert!(!output.contains(secret), "{secret}: {output}");
    }
    assert!(output.contains("商家"), "{output}");
}
