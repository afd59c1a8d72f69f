//! Grants of users during refreshes and removals.

use std::sync::Arc;
use std::time::Duration;

use generated_sdk::client::{MemorySessionStore, RefreshingSessions, SessionProvider, SessionStore, Token};
use tokio::time::sleep;

use super::shared::Shared;
use super::{USER, authorized, call, refusal_of, start_refresh};
use crate::authority::{Authority, Between};
use crate::support::chain;

#[tokio::test]
async fn put_restores_a_refused_token() {
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
async fn put_replaces_the_result_of_a_running_refresh() {
    let authority = Authority::new();
    let (sessions, _) = authorized(&authority).await;
    authority.state().delay = Duration::from_millis(20);
    authority.clock.pass(86_400);
    let refresh = start_refresh(&sessions).await;
    let granted = Token::from_response(r#"{"access_token":"granted"}"#, authority.clock.now()).unwrap();
    // `put` does not wait for the refresh.
    sessions.put(USER, granted).await.unwrap();
    assert_eq!(authority.state().newest, 1);
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "granted");
    assert_eq!(refresh.await.unwrap().unwrap().access_token, "granted");
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "granted");
    assert_eq!(authority.with(|state| (state.refreshes, state.newest)), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn unstored_grant_replaces_the_result_of_a_running_refresh() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = Arc::new(authority.sessions(store.clone()));
    sessions.put(USER, authority.token()).await.unwrap();
    authority.state().delay = Duration::from_millis(20);
    authority.clock.pass(86_400);
    let refresh = start_refresh(&sessions).await;
    let granted = Token::from_response(r#"{"access_token":"granted"}"#, authority.clock.now()).unwrap();
    store.state().read_only = true;
    sessions.put(USER, granted).await.unwrap_err();
    store.state().read_only = false;
    assert_eq!(refresh.await.unwrap().unwrap().access_token, "granted");
    sleep(Duration::from_secs(11)).await;
    assert!(store.state().tokens[USER].contains("granted"));
}

#[tokio::test(start_paused = true)]
async fn refresh_does_not_restore_a_removed_user() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = Arc::new(authority.sessions(store.clone()));
    sessions.put(USER, authority.token()).await.unwrap();
    authority.state().delay = Duration::from_millis(20);
    authority.clock.pass(86_400);
    let refresh = start_refresh(&sessions).await;
    sessions.remove(USER).await.unwrap();
    let error = refresh.await.unwrap().unwrap_err();
    assert!(error.needs_authorization() && chain(&error).contains("the token was removed"), "{error}");
    assert!(store.state().tokens.is_empty());
    assert!(format!("{sessions:?}").contains("users: 0"), "{sessions:?}");
}

#[tokio::test(start_paused = true)]
async fn late_store_does_not_restore_a_removed_user() {
    for (read_only, slow) in [(true, 0), (false, 20)] {
        let (authority, store) = (Authority::new(), Shared::default());
        let sessions = Arc::new(authority.sessions(store.clone()));
        sessions.put(USER, authority.token()).await.unwrap();
        authority.clock.pass(86_400);
        (store.state().read_only, store.state().slow) = (read_only, Duration::from_millis(slow));
        let refresh = start_refresh(&sessions).await;
        assert_eq!(authority.state().refreshes, 1);
        (store.state().read_only, store.state().slow) = (false, Duration::ZERO);
        sessions.remove(USER).await.unwrap();
        // A call reads the token before it is written.
        assert!(sessions.token(USER).await.unwrap_err().needs_authorization());
        assert!(refresh.await.unwrap().unwrap_err().needs_authorization());
        is_removed(&sessions, &store).await;
    }
}

#[tokio::test(start_paused = true)]
async fn removes_tokens_read_before_the_removal() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = Arc::new(authority.sessions(store.clone()));
    sessions.put(USER, authority.token()).await.unwrap();
    authority.clock.pass(86_400);
    store.state().slow = Duration::from_millis(20);
    let refresh = start_refresh(&sessions).await;
    store.state().slow = Duration::ZERO;
    sessions.remove(USER).await.unwrap();
    store.state().slow = Duration::from_millis(20);
    sleep(Duration::from_millis(20)).await;
    assert_eq!(sessions.token(USER).await.unwrap().access_token, "access-2");
    assert!(refresh.await.unwrap().unwrap_err().needs_authorization());
    is_removed(&sessions, &store).await;
}

#[tokio::test(start_paused = true)]
async fn late_grant_does_not_restore_a_removed_user() {
    for wait in [9_995, 10_005] {
        let (authority, store) = (Authority::new(), Shared::default());
        let sessions = authority.sessions(store.clone());
        store.state().read_only = true;
        sessions.put(USER, authority.token()).await.unwrap_err();
        (store.state().read_only, store.state().slow) = (false, Duration::from_millis(20));
        sleep(Duration::from_millis(wait)).await;
        store.state().slow = Duration::ZERO;
        sessions.remove(USER).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        is_removed(&sessions, &store).await;
    }
}

#[tokio::test(start_paused = true)]
async fn removes_tokens_read_during_the_removal() {
    let (authority, store) = (Authority::new(), Shared::default());
    let sessions = Arc::new(authority.sessions(store.clone()));
    sessions.put(USER, authority.token()).await.unwrap();
    store.state().slow = Duration::from_millis(20);
    let read = async {
        sleep(Duration::from_millis(5)).await;
        sessions.token(USER).await
    };
    let (removed, read) = tokio::join!(sessions.remove(USER), read);
    removed.unwrap();
    assert_eq!(read.unwrap().access_token, "access-1");
    is_removed(&sessions, &store).await;
}

/// Checks that the token is gone, and stays so.
async fn is_removed(sessions: &RefreshingSessions, store: &Shared) {
    for _ in 0..3 {
        assert!(sessions.token(USER).await.unwrap_err().needs_authorization());
        assert!(store.state().tokens.is_empty());
        assert!(format!("{sessions:?}").contains("users: 0"), "{sessions:?}");
        sleep(Duration::from_secs(60)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn grant_on_another_machine_replaces_a_running_refresh() {
    let (authority, store) = (Authority::new(), Shared::default());
    let (one, other) = (Arc::new(authority.sessions(store.clone())), authority.sessions(store.clone()));
    one.put(USER, authority.token()).await.unwrap();
    authority.state().delay = Duration::from_millis(20);
    authority.clock.pass(86_400);
    let refresh = start_refresh(&one).await;
    let granted = Token::from_response(r#"{"access_token":"granted"}"#, authority.clock.now()).unwrap();
    other.put(USER, granted).await.unwrap();
    assert_eq!(refresh.await.unwrap().unwrap().access_token, "granted");
    assert!(store.state().tokens[USER].contains("granted"));
    assert_eq!(authority.state().refreshes, 1);
}

#[tokio::test]
async fn keeps_a_grant_stored_during_a_replacement() {
    let authority = Authority::new();
    let granted = Token::from_response(r#"{"access_token":"granted"}"#, authority.clock.now()).unwrap();
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
async fn keeps_a_grant_stored_during_a_restore() {
    let authority = Authority::new();
    let granted = Token::from_response(r#"{"access_token":"granted"}"#, authority.clock.now()).unwrap();
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
async fn memory_store_replaces_expected_tokens() {
    let stores: [Arc<dyn SessionStore>; 2] = [Arc::new(MemorySessionStore::new()), Arc::new(Shared::default())];
    for store in stores {
        crate::authority::replaces(&store).await;
    }
}

#[tokio::test]
async fn removed_users_have_no_session() {
    let authority = Authority::new();
    let (sessions, client) = authorized(&authority).await;
    call(&client).await.unwrap();
    sessions.remove(USER).await.unwrap();
    assert!(format!("{sessions:?}").contains("users: 0"), "{sessions:?}");
    assert!(call(&client).await.unwrap_err().needs_authorization());
}
