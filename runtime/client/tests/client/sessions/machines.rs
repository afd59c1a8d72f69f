//! Machines that share a store.

use std::sync::Arc;
use std::time::Duration;

use generated_sdk::client::{SessionProvider, Token};

use super::shared::Shared;
use super::{USER, refusal_of};
use crate::authority::{Authority, all};
use crate::support::chain;

#[tokio::test(start_paused = true)]
async fn machines_with_a_shared_store_refresh_once() {
    let (authority, store) = (Authority::new(), Shared::default());
    let machines: Vec<_> = (0..4).map(|_| Arc::new(authority.sessions(store.clone()))).collect();
    machines[0].put(USER, authority.token()).await.unwrap();
    authority.state().delay = Duration::from_millis(20);
    authority.clock.pass(86_400);
    for token in all(machines.clone().into_iter().map(async |sessions| sessions.token(USER).await.unwrap())).await {
        assert_eq!(token.access_token, "access-2");
    }
    assert_eq!(authority.state().refreshes, 1);
    assert_eq!(store.state().lock, None, "the lock is released");
    // Another machine has refreshed. This one learns of it when its own session is refused.
    authority.clock.pass(60);
    assert!(machines[1].refused(USER, "access-2", &refusal_of(27)).await);
    assert_eq!(machines[1].session(USER).await.unwrap(), "access-3");
    assert!(machines[2].refused(USER, "access-2", &refusal_of(27)).await);
    assert_eq!(machines[2].session(USER).await.unwrap(), "access-3");
    assert_eq!(authority.state().refreshes, 2);
}

#[tokio::test]
async fn machine_with_a_fast_clock_uses_the_stored_token() {
    let (authority, store) = (Authority::new(), Shared::default());
    let clock = authority.clock.clone();
    let ahead = authority.sessions(store.clone()).with_clock(move || clock.now() + Duration::from_secs(600));
    let mut token = authority.token();
    token.received_at += Duration::from_secs(600);
    for refused in [true, false] {
        ahead.put(USER, token.clone()).await.unwrap();
        // The user grants a new token on another machine.
        authority.clock.pass(60);
        authority.state().newest += 1;
        authority.sessions(store.clone()).put(USER, authority.token()).await.unwrap();
        if refused {
            assert!(ahead.refused(USER, "access-1", &refusal_of(27)).await);
        } else {
            // By its clock, both tokens are due. It refreshes the right one.
            authority.clock.pass(86_040);
        }
        let taken = ahead.token(USER).await.unwrap().access_token;
        assert_eq!(taken, format!("access-{}", authority.state().newest));
        assert_eq!(authority.state().refreshes, usize::from(!refused));
    }
}

#[tokio::test]
async fn calls_use_a_valid_session_while_another_machine_refreshes() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    store.state().lock = Some("another machine".to_owned());
    authority.clock.pass(86_200);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-1");
    assert_eq!(authority.state().refreshes, 0);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_lock_times_out() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone()).with_timeout(Duration::from_secs(1));
    sessions.put(USER, authority.token()).await.unwrap();
    store.state().lock = Some("another machine".to_owned());
    authority.clock.pass(86_400);
    let error = sessions.token(USER).await.unwrap_err();
    assert!(!error.needs_authorization() && chain(&error).contains("timed out waiting for another machine"), "{error}");
}

#[tokio::test]
async fn locks_with_a_lost_response_do_not_block() {
    for keeps_locks in [false, true] {
        let (authority, store) = (Authority::new(), Shared::default());
        let (one, other) = (authority.sessions(store.clone()), authority.sessions(store.clone()));
        one.put(USER, authority.token()).await.unwrap();
        authority.clock.pass(86_200);
        store.state().late = true;
        store.state().keeps_locks = keeps_locks;
        assert_eq!(one.token(USER).await.unwrap().access_token, "access-1");
        assert_eq!(authority.state().refreshes, 0);
        // The lock is released, or owned by this machine.
        authority.clock.pass(10);
        let next = if keeps_locks { &one } else { &other };
        assert_eq!(next.token(USER).await.unwrap().access_token, "access-2");
    }
}

#[tokio::test]
async fn refused_unstored_grant_is_replaced_by_the_stored_token() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    let mut token = authority.token();
    token.received_at += Duration::from_secs(600);
    store.state().read_only = true;
    sessions.put(USER, token).await.unwrap_err();
    store.state().read_only = false;
    authority.clock.pass(300);
    authority.state().newest = 2;
    authority.sessions(store.clone()).put(USER, authority.token()).await.unwrap();
    authority.clock.pass(600);
    assert!(sessions.refused(USER, "access-1", &refusal_of(27)).await);
    assert_eq!(sessions.session(USER).await.unwrap(), "access-2");
    assert_eq!(authority.state().refreshes, 0);
}

#[tokio::test]
async fn refreshes_that_keep_the_access_token() {
    let (authority, store) = (Authority::new(), Shared::default());
    let granted = |refresh_token: &str| {
        let token = format!(r#"{{"access_token":"access-1","expires_in":86400,"refresh_token":"{refresh_token}"}}"#);
        Token::from_response(&token, authority.clock.now()).unwrap()
    };
    let (one, other) = (authority.sessions(store.clone()), authority.sessions(store.clone()));
    one.put(USER, granted("refresh-1")).await.unwrap();
    authority.clock.pass(60);
    assert!(one.refused(USER, "access-1", &refusal_of(27)).await);
    // Another machine has refreshed the token and kept the access token.
    other.put(USER, granted("refresh-2")).await.unwrap();
    assert_eq!(one.token(USER).await.unwrap().refresh_token.as_deref(), Some("refresh-2"));
    assert!(store.state().tokens[USER].contains("refresh-2"));
    assert_eq!(authority.state().refreshes, 0);
}
