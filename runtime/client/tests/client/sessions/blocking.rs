//! Sessions of the blocking client.

use std::sync::Arc;

use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::client::MemorySessionStore;

use super::USER;
use crate::authority::Authority;

#[test]
fn blocking_client_refreshes_sessions() {
    let authority = Authority::new();
    let sessions = Arc::new(authority.sessions(MemorySessionStore::new()));
    let client = generated_sdk::blocking::Client::new(authority.client()).unwrap();
    let token = client.wait(authority.oauth().token("c0de", "https://shop.test/back")).unwrap();
    client.wait(sessions.put(USER, token)).unwrap();
    let seller = client.with_session_from(sessions, USER);
    for _ in 0..2 {
        seller.execute(&TopClientTokenGetRequest::new("the parameter")).unwrap();
        authority.clock.pass(86_400);
    }
    assert_eq!(authority.with(|state| (state.refreshes, state.calls)), (1, 2));
}
