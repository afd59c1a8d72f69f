//! Machines that share a store.

use std::sync::Arc;
use std::time::Duration;

use generated_sdk::client::{SessionProvider, Token};

use crate::authority::{Authority, all};
use crate::shared::Shared;
use crate::support::chain;
use crate::{USER, refusal_of};

#[tokio::test(start_paused = true)]
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
    assert_eq!(store.state().lock, None, "the lock is released");
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

#[tokio::test]
async fn no_call_waits_for_another_machine_while_its_session_is_good() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    store.state().lock = Some("another machine".to_owned());
    authority.clock.pass(86_200);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-1");
    assert_eq!(authority.state().refreshes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_stays_is_no_wait_without_end() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone()).with_timeout(Duration::from_secs(1));
    sessions.put(USER, authority.token()).await.unwrap();
    store.state().lock = Some("another machine".to_owned());
    authority.clock.pass(86_400);
    let error = sessions.token(USER).await.unwrap_err();
    assert!(!error.needs_authorization() && chain(&error).contains("other machines are refreshing"), "{error}");
}

#[tokio::test]
async fn a_lock_that_was_had_without_an_answer_holds_nobody_up() {
    for stuck in [false, true] {
        let (authority, store) = (Authority::new(), Shared::default());
        let (one, other) = (authority.sessions(store.clone()), authority.sessions(store.clone()));
        one.put(USER, authority.token()).await.unwrap();
        authority.clock.pass(86_200);
        store.state().late = true;
        store.state().stuck = stuck;
        assert_eq!(one.token(USER).await.unwrap().access_token, "access-1");
        assert_eq!(authority.state().refreshes, 0);
        // The lock is released, or is this machine's own.
        authority.clock.pass(10);
        let next = if stuck { &one } else { &other };
        assert_eq!(next.token(USER).await.unwrap().access_token, "access-2");
    }
}

#[tokio::test]
async fn a_grant_that_was_not_stored_and_is_refused_gives_way_whatever_the_clocks_say() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    let mut token = authority.token();
    token.received_at += Duration::from_secs(600);
    store.state().deaf = true;
    sessions.put(USER, token).await.unwrap_err();
    store.state().deaf = false;
    authority.clock.pass(300);
    authority.state().newest = 2;
    authority.sessions(store.clone()).put(USER, authority.token()).await.unwrap();
    authority.clock.pass(600);
    assert!(sessions.refused(USER, "access-1", &refusal_of(27)).await);
    assert_eq!(sessions.session(USER).await.unwrap(), "access-2");
    assert_eq!(authority.state().refreshes, 0);
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
    assert!(store.state().tokens[USER].contains("refresh-2"));
    assert_eq!(authority.state().refreshes, 0);
}
