//! Stores that are down, and what becomes of tokens that they miss.

use std::time::Duration;

use generated_sdk::client::Token;

use crate::USER;
use crate::authority::Authority;
use crate::shared::Shared;
use crate::support::chain;

#[tokio::test]
async fn a_token_that_cannot_be_refreshed_is_used_to_its_end_without_another_thought() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    let token = r#"{"access_token":"access-1","expires_in":100}"#;
    sessions.put(USER, Token::from_answer(token, authority.clock.now()).unwrap()).await.unwrap();
    authority.clock.pass(99);
    sessions.token(USER).await.unwrap();
    assert_eq!(store.state().gets, 0);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    store.state().down = true;
    // What is at hand needs no store.
    let gets = store.state().gets;
    sessions.token(USER).await.unwrap();
    assert_eq!(store.state().gets, gets);
    let other = authority.sessions(store.clone());
    let error = other.token(USER).await.unwrap_err();
    assert!(!error.needs_authorization() && chain(&error).contains("the store is down"), "{error}");
    // Without the lock, no refresh: another machine may be at it. Until it ends, the session is used.
    authority.clock.pass(86_200);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-1");
    authority.clock.pass(200);
    let error = sessions.token(USER).await.unwrap_err();
    assert!(!error.needs_authorization(), "{error}");
    assert_eq!(authority.state().refreshes, 0);
    store.state().down = false;
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
        down.state().down = true;
    });
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
    assert!(store.state().tokens[USER].contains("access-1"));
    store.state().down = false;
    store.state().lock = None;
    authority.clock.pass(86_400);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-3");
    assert!(store.state().tokens[USER].contains("access-3"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_missed_a_token_is_given_it_when_it_is_back() {
    let (authority, store) = (Authority::new(), Shared::default());
    let stored = |number: u32| store.state().tokens[USER].contains(&format!("access-{number}"));
    let down = |down| store.state().down = down;
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
    store.state().deaf = true;
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-3");
    assert!(stored(2));
    tokio::time::sleep(Duration::from_secs(100)).await;
    store.state().deaf = false;
    assert!(stored(2));
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(stored(3));
    // It is in step from then on, and nobody looks after it any more.
    let gets = store.state().gets;
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(store.state().gets, gets);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_missed_a_grant_is_given_it_though_nobody_calls() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    // What was there before has a later time, of a machine whose clock is ahead, but was seen here.
    let mut old = authority.token();
    old.received_at += Duration::from_secs(600);
    sessions.put(USER, old).await.unwrap();
    store.state().deaf = true;
    authority.state().newest = 2;
    sessions.put(USER, authority.token()).await.unwrap_err();
    store.state().deaf = false;
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(store.state().tokens[USER].contains("access-2"));
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_was_not_stored_is_newer_than_what_was_granted_before() {
    let (authority, store) = (Authority::new(), Shared::default());
    authority.sessions(store.clone()).put(USER, authority.token()).await.unwrap();
    authority.clock.pass(60);
    authority.state().newest = 2;
    let sessions = authority.sessions(store.clone());
    store.state().deaf = true;
    sessions.put(USER, authority.token()).await.unwrap_err();
    store.state().deaf = false;
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(store.state().tokens[USER].contains("access-2"));
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_no_ground_for_a_refresh() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    store.state().blind = true;
    authority.clock.pass(86_400);
    let error = sessions.token(USER).await.unwrap_err();
    assert!(!error.needs_authorization() && chain(&error).contains("the store cannot be read"), "{error}");
    assert_eq!(authority.state().refreshes, 0);
    store.state().blind = false;
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
}

#[tokio::test]
async fn a_store_that_lost_its_data_is_given_what_is_known_here() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    store.state().tokens.clear();
    authority.clock.pass(86_400);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
    assert!(store.state().tokens[USER].contains("access-2"));
}

#[tokio::test]
async fn a_store_that_falls_back_to_what_it_had_is_given_what_is_known_here() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    let before = store.state().tokens.clone();
    authority.clock.pass(86_400);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
    store.state().tokens = before;
    authority.clock.pass(86_400);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-3");
    assert!(store.state().tokens[USER].contains("access-3"));
    assert_eq!(authority.state().refreshes, 2);
}
