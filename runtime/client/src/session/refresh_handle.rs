//! A handle to a refresh.

use std::sync::Arc;

use tokio::sync::watch;

use crate::error::SessionError;
use crate::oauth::token::Token;

/// The result of a refresh.
pub(super) type RefreshResult = Result<Arc<Token>, SessionError>;

/// A handle to a refresh. Any number of calls can wait for its result.
#[derive(Clone)]
pub(super) struct RefreshHandle(watch::Receiver<Option<RefreshResult>>);

impl RefreshHandle {
    /// Creates a handle, and the sender of its result.
    pub(super) fn new() -> (watch::Sender<Option<RefreshResult>>, Self) {
        let (sender, receiver) = watch::channel(None);
        (sender, Self(receiver))
    }

    /// Creates a handle to a finished refresh.
    pub(super) fn finished(result: RefreshResult) -> Self {
        Self(watch::channel(Some(result)).1)
    }

    /// Returns whether the refresh is running: its sender exists.
    pub(super) fn is_running(&self) -> bool {
        self.0.has_changed().is_ok()
    }

    /// Returns whether both handles are of the same refresh.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0.same_channel(&other.0)
    }

    /// Waits for the result.
    pub(super) async fn result(mut self) -> RefreshResult {
        match self.0.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(result)) => result.clone(),
            _ => Err(SessionError::unavailable("the refresh was cancelled")),
        }
    }
}
