//! A store that several machines share, and that can be down.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use generated_sdk::client::{BoxFuture, SessionStore, StoreError, Token};
use tokio::time::sleep;

/// The store, and its state.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<State>>);

#[derive(Default)]
pub(crate) struct State {
    /// Tokens as JSON, by user.
    pub(crate) tokens: HashMap<String, String>,
    /// Who has the lock.
    pub(crate) lock: Option<String>,
    /// Nothing works.
    pub(crate) down: bool,
    /// No token can be written.
    pub(crate) deaf: bool,
    /// No token can be read.
    pub(crate) blind: bool,
    /// The next lock is had, and its answer lost.
    pub(crate) late: bool,
    /// No lock can be released.
    pub(crate) stuck: bool,
    /// How long it takes until a token is replaced or removed.
    pub(crate) slow: Duration,
    /// How often a token was asked for.
    pub(crate) gets: usize,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Carries out what works, and fails with `problem` if there is one.
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

fn deaf(state: &State) -> Option<&'static str> {
    state.deaf.then_some("the store cannot be written to")
}

impl SessionStore for Shared {
    fn get<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        self.state().gets += 1;
        let blind = |state: &State| state.blind.then_some("the store cannot be read");
        self.answer(blind, |state| state.tokens.get(user).map(|json| Token::from_json(json).unwrap()))
    }

    fn put<'a>(&'a self, user: &'a str, token: &'a Token) -> BoxFuture<'a, Result<(), StoreError>> {
        self.answer(deaf, |state| drop(state.tokens.insert(user.to_owned(), token.to_json())))
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
            self.answer(deaf, replaced).await
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
        let stuck = |state: &State| state.stuck.then_some("the store is slow");
        self.answer(stuck, |state| drop(state.lock.take_if(|other| other == holder)))
    }
}
