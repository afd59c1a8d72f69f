//! Stores that fail, and the tokens that they miss.

use std::time::Duration;

use generated_sdk::client::Token;

use super::USER;
use super::shared::Shared;
use crate::authority::Authority;
use crate::support::chain;

#[tokio::test]
async fn unrefreshable_tokens_are_used_until_they_end() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    let token = r#"{"access_token":"access-1","expires_in":100}"#;
    sessions.put(USER, Token::from_response(token, authority.clock.now()).unwrap()).await.unwrap();
    authority.clock.pass(99);
    sessions.token(USER).await.unwrap();
    assert_eq!(store.state().gets, 0);
}

#[tokio::test(start_paused = true)]
async fn uses_cached_tokens_while_the_store_is_down() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    store.state().down = true;
    // A cached token needs no store.
    let gets = store.state().gets;
    sessions.token(USER).await.unwrap();
    assert_eq!(store.state().gets, gets);
    let other = authority.sessions(store.clone());
    let error = other.token(USER).await.unwrap_err();
    assert!(!error.needs_authorization() && chain(&error).contains("the store is down"), "{error}");
    // Without the lock there is no refresh, because another machine may be refreshing. The session is used until it
    // ends.
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
async fn keeps_tokens_that_cannot_be_stored() {
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
async fn stores_missed_tokens_later() {
    let (authority, store) = (Authority::new(), Shared::default());
    let stored = |number: u32| store.state().tokens[USER].contains(&format!("access-{number}"));
    let down = |down| store.state().down = down;
    let sessions = authority.sessions(store.clone());
    // A grant of the user.
    down(true);
    sessions.put(USER, authority.token()).await.unwrap_err();
    down(false);
    authority.clock.pass(86_400);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
    assert!(stored(2));
    // A refreshed token is stored although the session is valid for long.
    authority.clock.pass(86_400);
    store.state().read_only = true;
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-3");
    assert!(stored(2));
    tokio::time::sleep(Duration::from_secs(100)).await;
    store.state().read_only = false;
    assert!(stored(2));
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(stored(3));
    // Afterwards the store is up to date, and no task looks at it.
    let gets = store.state().gets;
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(store.state().gets, gets);
}

#[tokio::test(start_paused = true)]
async fn stores_missed_grants_without_calls() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    // The old token has a later time, of a machine with a fast clock, but this process has seen it.
    let mut old = authority.token();
    old.received_at += Duration::from_secs(600);
    sessions.put(USER, old).await.unwrap();
    store.state().read_only = true;
    authority.state().newest = 2;
    sessions.put(USER, authority.token()).await.unwrap_err();
    store.state().read_only = false;
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(store.state().tokens[USER].contains("access-2"));
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
}

#[tokio::test(start_paused = true)]
async fn unstored_grant_is_newer_than_the_stored_token() {
    let (authority, store) = (Authority::new(), Shared::default());
    authority.sessions(store.clone()).put(USER, authority.token()).await.unwrap();
    authority.clock.pass(60);
    authority.state().newest = 2;
    let sessions = authority.sessions(store.clone());
    store.state().read_only = true;
    sessions.put(USER, authority.token()).await.unwrap_err();
    store.state().read_only = false;
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(store.state().tokens[USER].contains("access-2"));
}

#[tokio::test]
async fn does_not_refresh_if_the_store_cannot_be_read() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    store.state().write_only = true;
    authority.clock.pass(86_400);
    let error = sessions.token(USER).await.unwrap_err();
    assert!(!error.needs_authorization() && chain(&error).contains("the store cannot be read"), "{error}");
    assert_eq!(authority.state().refreshes, 0);
    store.state().write_only = false;
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
}

#[tokio::test]
async fn restores_tokens_that_the_store_lost() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = authority.sessions(store.clone());
    sessions.put(USER, authority.token()).await.unwrap();
    store.state().tokens.clear();
    authority.clock.pass(86_400);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
    assert!(store.state().tokens[USER].contains("access-2"));
}

#[tokio::test]
async fn restores_tokens_after_a_store_rollback() {
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
