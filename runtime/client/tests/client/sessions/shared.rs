//! A store that several machines share, with failures.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use generated_sdk::client::{BoxFuture, SessionStore, StoreError, Token};
use tokio::time::sleep;

/// The store and its state.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<State>>);

#[derive(Default)]
pub(crate) struct State {
    /// Tokens as JSON, by user.
    pub(crate) tokens: HashMap<String, String>,
    /// The holder of the lock.
    pub(crate) lock: Option<String>,
    /// Whether every operation fails.
    pub(crate) down: bool,
    /// Whether writes fail.
    pub(crate) read_only: bool,
    /// Whether reads fail.
    pub(crate) write_only: bool,
    /// Whether the response to the next lock is lost.
    pub(crate) late: bool,
    /// Whether unlocking fails.
    pub(crate) keeps_locks: bool,
    /// The duration of a replacement or removal.
    pub(crate) slow: Duration,
    /// The number of reads.
    pub(crate) gets: usize,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Runs an operation, or fails with `problem`.
    fn answer<T: Send + 'static>(
        &self,
        problem: impl FnOnce(&State) -> Option<&'static str>,
        answer: impl FnOnce(&mut State) -> T,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        let mut state = self.state();
        let problem = if state.down { Some("the store is down") } else { problem(&state) };
        let answer = problem.map_or_else(|| Ok(answer(&mut state)), |problem| Err(problem.into()));
        Box::pin(async { answer })
    }
}

fn read_only(state: &State) -> Option<&'static str> {
    state.read_only.then_some("the store cannot be written to")
}

impl SessionStore for Shared {
    fn get<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        self.state().gets += 1;
        let write_only = |state: &State| state.write_only.then_some("the store cannot be read");
        self.answer(write_only, |state| state.tokens.get(user).map(|json| Token::from_json(json).unwrap()))
    }

    fn put<'a>(&'a self, user: &'a str, token: &'a Token) -> BoxFuture<'a, Result<(), StoreError>> {
        self.answer(read_only, |state| drop(state.tokens.insert(user.to_owned(), token.to_json())))
    }

    fn replace<'a>(
        &'a self,
        user: &'a str,
        seen: Option<&'a Token>,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        let replaced = move |state: &mut State| {
            let stored = state.tokens.get(user).map(|json| Token::from_json(json).unwrap());
            let other = stored.filter(|stored| Some(stored) != seen && stored != token);
            if other.is_none() {
                state.tokens.insert(user.to_owned(), token.to_json());
            }
            other
        };
        let slow = self.state().slow;
        Box::pin(async move {
            sleep(slow).await;
            self.answer(read_only, replaced).await
        })
    }

    fn remove<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        let slow = self.state().slow;
        Box::pin(async move {
            sleep(slow).await;
            self.answer(|_| None, |state| drop(state.tokens.remove(user))).await
        })
    }

    fn try_lock<'a>(
        &'a self,
        _user: &'a str,
        holder: &'a str,
        _time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let answer = self.answer(
            |_| None,
            |state| {
                let free = state.lock.as_deref().is_none_or(|other| other == holder);
                if free {
                    state.lock = Some(holder.to_owned());
                }
                match std::mem::take(&mut state.late) {
                    true => Err(StoreError::from("the store is slow")),
                    false => Ok(free),
                }
            },
        );
        Box::pin(async { answer.await? })
    }

    fn unlock<'a>(&'a self, _user: &'a str, holder: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        let keeps_locks = |state: &State| state.keeps_locks.then_some("the store is slow");
        self.answer(keeps_locks, |state| drop(state.lock.take_if(|other| other == holder)))
    }
}
