//! Sessions of users: their providers, their stores, and their refresh.

pub(crate) mod provider;
mod refresh_handle;
mod refresh_state;
mod refresh_task;
mod refreshing;
pub(crate) mod store;
mod user;

pub use self::provider::SessionProvider;
pub use self::refreshing::RefreshingSessions;
pub use self::store::{MemorySessionStore, SessionStore, StoreError};
