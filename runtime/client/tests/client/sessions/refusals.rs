//! Sessions that the platform refuses.

use std::sync::Arc;
use std::time::Duration;

use generated_sdk::client::{MemorySessionStore, SessionProvider, Token};
use tokio::time::timeout;

use super::{USER, authorized, call, calls, refusal_of, start_refresh};
use crate::authority::Authority;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_refusals_share_one_refresh() {
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
async fn tokens_of_unknown_lifetime_are_used_until_refused() {
    let authority = Authority::new();
    let sessions = Arc::new(authority.sessions(MemorySessionStore::new()));
    let token = r#"{"access_token":"access-1","refresh_token":"refresh-1"}"#;
    sessions.put(USER, Token::from_response(token, authority.clock.now()).unwrap()).await.unwrap();
    let client = authority.client().with_session_from(sessions, USER);
    authority.clock.pass(1 << 32);
    call(&client).await.unwrap();
    assert_eq!(authority.state().refreshes, 0);
    authority.forget();
    call(&client).await.unwrap();
    assert_eq!(authority.state().refreshes, 1);
}

#[tokio::test]
async fn doubtful_refusals_refresh_once_an_hour() {
    // A doubtful refusal causes one refresh an hour.
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
        // A new grant resets the limit.
        sessions.put(USER, authority.token()).await.unwrap();
        authority.clock.pass(60);
        call(&client).await.unwrap_err();
        assert_eq!(authority.state().refreshes, refreshes + 2, "{code}");
    }
}

#[tokio::test]
async fn clear_refusals_refresh_at_once() {
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
async fn keeps_the_session_after_a_doubtful_refusal() {
    // The platform refuses the session for one method, and it cannot be refreshed.
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
            assert!(
                !sessions.refused(USER, "access-1", &refusal_of(53)).await,
                "a second doubtful refusal must not refresh"
            );
            authority.clock.pass(1);
        }
        assert_eq!(authority.state().refreshes, usize::from(down));
        // A clear refusal retires the session.
        assert!(sessions.refused(USER, "access-1", &refusal_of(27)).await);
        sessions.session(USER).await.unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn token_refused_during_its_refresh_is_replaced() {
    let authority = Authority::new();
    let (sessions, _) = authorized(&authority).await;
    authority.clock.pass(86_400);
    let mut waiting = std::pin::pin!(sessions.token(USER));
    // The call waits for the refresh and is not polled in between.
    assert!(timeout(Duration::ZERO, &mut waiting).await.is_err());
    tokio::time::sleep(Duration::from_millis(1)).await;
    authority.clock.pass(60);
    assert!(sessions.refused(USER, "access-2", &refusal_of(27)).await);
    assert_eq!(waiting.await.unwrap().access_token, "access-3");
}

#[tokio::test]
async fn young_tokens_are_not_refreshed() {
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
    assert_eq!(authority.state().refreshes, 1, "expected one refresh");
}

#[tokio::test(start_paused = true)]
async fn refusals_during_a_refresh_share_it() {
    let authority = Authority::new();
    let (sessions, _) = authorized(&authority).await;
    authority.state().delay = Duration::from_millis(50);
    authority.clock.pass(86_200);
    let early = start_refresh(&sessions).await;
    assert!(sessions.refused(USER, "access-1", &refusal_of(27)).await);
    assert_eq!(sessions.session(USER).await.unwrap(), "access-2");
    assert_eq!(early.await.unwrap().unwrap().access_token, "access-2");
    // A late refusal of the old session returns the new one.
    assert!(sessions.refused(USER, "access-1", &refusal_of(27)).await);
    assert_eq!(sessions.session(USER).await.unwrap(), "access-2");
    assert_eq!(authority.state().refreshes, 1);
}
