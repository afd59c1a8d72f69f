//! Where tokens are kept.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::lock::locked;
use crate::{BoxFuture, Token};

/// What a store failed with.
pub type StoreError = Box<dyn StdError + Send + Sync>;

/// Where the tokens of users are kept, by the caller's own names for the users. Several machines can share one.
///
/// It holds secrets: keep it as well as a password file. [`Token::to_json`] and [`Token::from_json`] are the text to
/// keep.
///
/// An implementation that can be down must answer within a time of its own: callers wait for it. One of your own is
/// short. What it needs beside a map is a comparison and a change in one step: in a database, an `UPDATE` whose `WHERE`
/// names what is to be replaced.
///
/// ```
/// use generated_sdk::client::{BoxFuture, NoToken, SessionStore, StoreError, Token};
/// use std::fs;
/// use std::path::PathBuf;
/// use std::sync::Mutex;
///
/// /// A file a user, for the users of one process.
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
///         seen: Option<&'a Token>,
///         token: &'a Token,
///     ) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
///         Box::pin(async move {
///             let folder = self.0.lock().unwrap();
///             let stored = match read(folder.join(user)) {
///                 Err(error) if error.is::<NoToken>() => None,
///                 stored => stored?,
///             };
///             if let Some(other) = stored.filter(|stored| Some(stored) != seen && stored != token) {
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
    /// The token of `user`, if there is one.
    ///
    /// # Errors
    ///
    /// The store cannot be read. If what is stored is not a token, the error is the [`NoToken`](crate::NoToken) of
    /// [`Token::from_json`]: the user's calls go on if this process has another token.
    fn get<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Option<Token>, StoreError>>;

    /// Keeps `token` for `user`, in place of whatever is there.
    ///
    /// # Errors
    ///
    /// The store cannot be written to.
    fn put<'a>(&'a self, user: &'a str, token: &'a Token) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Keeps `token` for `user` in place of the one that was `seen` there, and of nothing else: a user may have granted
    /// another one since. Returns the one that is there instead, if it is neither `seen` nor `token`, and leaves it. If
    /// there is none at all, or one that cannot be read, `token` is kept.
    ///
    /// Nothing else may change the user's token between the comparison and the change. There is no default, because
    /// [`get`](Self::get) and [`put`](Self::put) one after the other are not that.
    ///
    /// # Errors
    ///
    /// The store cannot be read or written to.
    fn replace<'a>(
        &'a self,
        user: &'a str,
        seen: Option<&'a Token>,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Option<Token>, StoreError>>;

    /// Forgets the token of `user`.
    ///
    /// # Errors
    ///
    /// The store cannot be written to.
    fn remove<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Tries to become the one of several machines that refreshes the token of `user`. `holder` is a random text that
    /// tells the one who tries from all others, and `time` ends the lock if it is not [released](Self::unlock) before.
    /// Returns whether it worked, and does not wait. It works too, and for `time` from now on, if the lock is this
    /// holder's already: the answer to an earlier attempt may have been lost.
    ///
    /// A store that no other machine uses needs no lock: it works always unless an implementation says otherwise.
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
    /// The store cannot be written to; the lock then ends by itself.
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
        seen: Option<&'a Token>,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        (**self).replace(user, seen, token)
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

/// A store in memory, which ends with the process.
#[derive(Default)]
pub struct MemorySessionStore {
    tokens: Mutex<HashMap<String, Token>>,
}

impl MemorySessionStore {
    /// A store without tokens.
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, change: impl FnOnce(&mut HashMap<String, Token>) -> T) -> Result<T, StoreError> {
        Ok(change(&mut locked(&self.tokens)))
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
        seen: Option<&'a Token>,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Option<Token>, StoreError>> {
        Box::pin(async move {
            self.with(|tokens| {
                let other = tokens.get(user).filter(|stored| Some(*stored) != seen && *stored != token).cloned();
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
    /// How many tokens there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = locked(&self.tokens).len();
        write!(f, "MemorySessionStore({count} tokens)")
    }
}
