//! Stores of tokens.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use top_protocol::internal::locked;

use crate::oauth::token::Token;
use crate::transport::BoxFuture;

/// The error of a store.
pub type StoreError = Box<dyn StdError + Send + Sync>;

/// Stores the tokens of users, by the caller's names of the users. Several machines can share one.
///
/// Tokens are secrets: protect the store like a password file. [`Token::to_json`] and [`Token::from_json`] convert
/// them to text and back.
///
/// An implementation needs its own timeouts, because callers wait for it. Beside a map, it needs an atomic
/// compare-and-swap: in a database, an `UPDATE` whose `WHERE` contains the expected token.
///
/// ```
/// use generated_sdk::client::{BoxFuture, InvalidToken, SessionStore, StoreError, Token};
/// use std::fs;
/// use std::path::PathBuf;
/// use std::sync::Mutex;
///
/// /// One file per user, for one process.
/// struct Files(Mutex<PathBuf>);
///
/// fn read(path: PathBuf) -> Result<Option<Token>, StoreError> {
///     if !path.exists() {
///         return Ok(None);
///     }
///     Ok(Some(Token::from_json(&fs::read_to_string(path)?)?))
/// }
///
/// impl SessionStore for Files {
///     fn get<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
///         Box::pin(async move { read(self.0.lock().unwrap().join(user)) })
///     }
///
///     fn put<'a>(&'a self, user: &'a str, token: &'a Token) -> BoxFuture<'a, Result<(), StoreError>> {
///         Box::pin(async move { Ok(fs::write(self.0.lock().unwrap().join(user), token.to_json())?) })
///     }
///
///     fn replace<'a>(
///         &'a self,
///         user: &'a str,
///         expected: Option<&'a Token>,
///         token: &'a Token,
///     ) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
///         Box::pin(async move {
///             let folder = self.0.lock().unwrap();
///             let stored = match read(folder.join(user)) {
///                 Err(error) if error.is::<InvalidToken>() => None,
///                 stored => stored?,
///             };
///             if let Some(other) = stored.filter(|stored| Some(stored) != expected && stored != token) {
///                 return Ok(Some(other));
///             }
///             fs::write(folder.join(user), token.to_json())?;
///             Ok(None)
///         })
///     }
///
///     fn remove<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
///         Box::pin(async move { Ok(fs::remove_file(self.0.lock().unwrap().join(user))?) })
///     }
/// }
/// # let folder = std::env::temp_dir().join(format!("top-sessions-{}", std::process::id()));
/// # fs::create_dir_all(&folder)?;
/// # let store = Files(Mutex::new(folder.clone()));
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// # let (one, two) = (Token::new("1"), Token::new("2"));
/// # store.put("u", &one).await?;
/// # assert_eq!(store.replace("u", Some(&two), &two).await?, Some(one.clone()));
/// # assert_eq!(store.replace("u", Some(&one), &two).await?, None);
/// # assert_eq!(store.get("u").await?, Some(two));
/// # store.remove("u").await
/// # })?;
/// # fs::remove_dir(folder)?;
/// # Ok::<(), StoreError>(())
/// ```
pub trait SessionStore: Send + Sync + 'static {
    /// Returns the token of `user`. `None` if there is no token.
    ///
    /// # Errors
    ///
    /// The store cannot be read. If the stored text is not a token, the error is the [`InvalidToken`](crate::InvalidToken) of
    /// [`Token::from_json`], and the token of this process replaces it.
    fn get<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Option<Token>, StoreError>>;

    /// Stores `token` for `user`, and replaces any other.
    ///
    /// # Errors
    ///
    /// The store cannot be written to.
    fn put<'a>(&'a self, user: &'a str, token: &'a Token) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Stores `token` for `user` if the stored token is `expected`, `token`, missing or invalid.
    /// Otherwise returns the stored token: a user may have granted it in the meantime.
    ///
    /// The comparison and the change must be atomic. [`get`](Self::get) followed by [`put`](Self::put) is not.
    ///
    /// # Errors
    ///
    /// The store cannot be read or written to.
    fn replace<'a>(
        &'a self,
        user: &'a str,
        expected: Option<&'a Token>,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Option<Token>, StoreError>>;

    /// Removes the token of `user`.
    ///
    /// # Errors
    ///
    /// The store cannot be written to.
    fn remove<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Tries to lock the refresh of `user` for one of several machines, without waiting.
    ///
    /// Returns whether `holder`, a
    /// random name of the caller, has the lock. The lock expires after `time` unless it is [released](Self::unlock).
    /// If the holder already has it, it is extended: the response to an earlier attempt may have been lost.
    ///
    /// Default: always succeeds, for a store that only one machine uses.
    ///
    /// # Errors
    ///
    /// The store cannot be written to.
    fn try_lock<'a>(
        &'a self,
        user: &'a str,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let _ = (user, holder, time);
        Box::pin(async { Ok(true) })
    }

    /// Releases the lock if `holder` still has it.
    ///
    /// # Errors
    ///
    /// The store cannot be written to. The lock then expires.
    fn unlock<'a>(&'a self, user: &'a str, holder: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        let _ = (user, holder);
        Box::pin(async { Ok(()) })
    }
}

impl<T: SessionStore + ?Sized> SessionStore for Arc<T> {
    fn get<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        (**self).get(user)
    }

    fn put<'a>(&'a self, user: &'a str, token: &'a Token) -> BoxFuture<'a, Result<(), StoreError>> {
        (**self).put(user, token)
    }

    fn replace<'a>(
        &'a self,
        user: &'a str,
        expected: Option<&'a Token>,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        (**self).replace(user, expected, token)
    }

    fn remove<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        (**self).remove(user)
    }

    fn try_lock<'a>(
        &'a self,
        user: &'a str,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        (**self).try_lock(user, holder, time)
    }

    fn unlock<'a>(&'a self, user: &'a str, holder: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        (**self).unlock(user, holder)
    }
}

/// A store in memory, which is lost when the process ends.
#[derive(Default)]
pub struct MemorySessionStore {
    tokens: Mutex<HashMap<String, Token>>,
}

impl MemorySessionStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, f: impl FnOnce(&mut HashMap<String, Token>) -> T) -> Result<T, StoreError> {
        Ok(f(&mut locked(&self.tokens)))
    }
}

impl SessionStore for MemorySessionStore {
    fn get<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        Box::pin(async { self.with(|tokens| tokens.get(user).cloned()) })
    }

    fn put<'a>(&'a self, user: &'a str, token: &'a Token) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { self.with(|tokens| drop(tokens.insert(user.to_owned(), token.clone()))) })
    }

    fn replace<'a>(
        &'a self,
        user: &'a str,
        expected: Option<&'a Token>,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        Box::pin(async move {
            self.with(|tokens| {
                let other = tokens.get(user).filter(|stored| Some(*stored) != expected && *stored != token).cloned();
                if other.is_none() {
                    tokens.insert(user.to_owned(), token.clone());
                }
                other
            })
        })
    }

    fn remove<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { self.with(|tokens| drop(tokens.remove(user))) })
    }
}

impl fmt::Debug for MemorySessionStore {
    /// Shows the number of tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = locked(&self.tokens).len();
        write!(f, "MemorySessionStore({count} tokens)")
    }
}
