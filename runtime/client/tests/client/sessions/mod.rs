//! Sessions from a provider, and their refresh.

#[cfg(feature = "blocking")]
mod blocking;
mod grants;
mod lifetimes;
mod machines;
mod provider;
mod refreshing;
mod refusals;
mod shared;
mod stores;
use std::sync::Arc;
use std::time::Duration;

use generated_sdk::Error;
use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::client::{Client, MemorySessionStore, RefreshingSessions, Token};
use generated_sdk::protocol::{PlatformError, SessionError};
use tokio::task::JoinHandle;

use crate::authority::{Authority, all};

const USER: &str = "seller 1";

async fn call(client: &Client) -> Result<(), Error> {
    client.execute(&TopClientTokenGetRequest::new("the parameter")).await.map(|_| ())
}

/// Makes `count` concurrent calls. All must succeed.
async fn calls(client: &Client, count: usize) {
    for result in all(std::iter::repeat_n(client.clone(), count).map(async |client| call(&client).await)).await {
        result.unwrap();
    }
}

/// Returns the platform's refusal of a session with this code.
fn refusal_of(code: i64) -> PlatformError {
    PlatformError::new(code, "")
}

/// Creates sessions with a token that was received now, and a client of its user.
async fn authorized(authority: &Authority) -> (Arc<RefreshingSessions>, Client) {
    let sessions = Arc::new(authority.sessions(MemorySessionStore::new()));
    sessions.put(USER, authority.token()).await.unwrap();
    (sessions.clone(), authority.client().with_session_from(sessions, USER))
}

/// Requests the token, and waits until its refresh has started.
async fn start_refresh(sessions: &Arc<RefreshingSessions>) -> JoinHandle<Result<Token, SessionError>> {
    let sessions = sessions.clone();
    let waiting = tokio::spawn(async move { sessions.token(USER).await });
    tokio::time::sleep(Duration::from_millis(5)).await;
    waiting
}
