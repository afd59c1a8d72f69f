//! Sessions that the platform refuses.

use std::sync::Arc;
use std::time::Duration;

use generated_sdk::client::{MemorySessionStore, SessionProvider, Token};
use tokio::time::timeout;

use crate::authority::Authority;
use crate::{USER, authorized, begun, call, calls, refusal_of};

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

#[tokio::test(start_paused = true)]
async fn a_refusal_during_a_refresh_takes_part_in_it() {
    let authority = Authority::new();
    let (sessions, _) = authorized(&authority).await;
    authority.state().delay = Duration::from_millis(50);
    authority.clock.pass(86_200);
    let early = begun(&sessions).await;
    assert!(sessions.refused(USER, "access-1", &refusal_of(27)).await);
    assert_eq!(sessions.session(USER).await.unwrap(), "access-2");
    assert_eq!(early.await.unwrap().unwrap().access_token, "access-2");
    // One who comes late with the old session is given the new one.
    assert!(sessions.refused(USER, "access-1", &refusal_of(27)).await);
    assert_eq!(sessions.session(USER).await.unwrap(), "access-2");
    assert_eq!(authority.state().refreshes, 1);
}
