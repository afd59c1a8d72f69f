//! Keys for sensitive fields (TopSecret, docs/protocol.md section 7.6): fetched with `taobao.top.secret.get` and
//! cached.
//!
//! [`SecretKeys`] has the keys of one application. A [`SensitiveFields`] of it encrypts, decrypts and searches with the key of
//! one owner: a seller by session, a customer of a self-managed account, or the application.
//!
//! ```no_run
//! use top_client::Client;
//! use top_client::secret::{SecretKeys, SecretKeyError, SensitiveType};
//!
//! # async fn example(client: Client, session: &str, stored: &str) -> Result<(), SecretKeyError> {
//! let keys = SecretKeys::new(&client, "the security code of the application");
//! let seller = keys.for_session(session);
//! let phone = seller.decrypt(SensitiveType::Phone, stored).await?;
//! let encrypted = seller.encrypt(SensitiveType::Phone, &phone).await?;
//! let token = seller.search_token(SensitiveType::Phone, "6786").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Caching
//!
//! The platform returns two intervals with a key. During the first, the key is used. During the second, it is used
//! while one task refreshes it in the background. After that, callers wait for a new key. Concurrent callers share one
//! fetch and its error.

mod cache;
mod error;
mod request;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

pub use top_protocol::sensitive::{Ciphertext, EncryptionSettings, KeyAge, SecretError, SecretKey, SensitiveType};

pub use self::error::SecretKeyError;

use self::cache::{Cache, CachedKey, Owner, Version};
use crate::client::Client;

/// The cached secret keys of one application.
///
/// Clones are cheap and share the cache: create one per application. `Debug` hides keys and sessions.
#[derive(Clone)]
pub struct SecretKeys(Arc<Cache>);

impl SecretKeys {
    /// Creates the cache. `security_code` is the application's security code from the platform's console: the `random_num`
    /// parameter of `taobao.top.secret.get`.
    ///
    /// The client's gateway must be https, or on this machine.
    pub fn new(client: &Client, security_code: impl Into<String>) -> Self {
        Self(Arc::new(Cache::new(client.without_session(), security_code.into(), Arc::new(Instant::now))))
    }

    /// Creates an empty cache for the same application with another clock, which measures the intervals. For tests.
    #[must_use]
    pub fn with_clock(&self, clock: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self(Arc::new(self.0.with_clock(Arc::new(clock))))
    }

    /// Returns the fields that are encrypted with the key of the application, which all its users share.
    pub fn for_application(&self) -> SensitiveFields {
        self.of(Owner::Application)
    }

    /// Returns the fields of the seller who granted `session`.
    ///
    /// A session `_` and digits, as official SDKs write a customer, is that [customer](Self::for_customer).
    pub fn for_session(&self, session: impl Into<String>) -> SensitiveFields {
        let session = session.into();
        let customer = session.strip_prefix('_').filter(|id| id.bytes().all(|digit| digit.is_ascii_digit()));
        match customer.and_then(|id| id.parse().ok()) {
            Some(id) => self.for_customer(id),
            None => self.of(Owner::Session(session.into())),
        }
    }

    /// Returns the fields of a customer of a self-managed account. The key is fetched without a session.
    pub fn for_customer(&self, user_id: i64) -> SensitiveFields {
        self.of(Owner::Customer(user_id))
    }

    fn of(&self, owner: Owner) -> SensitiveFields {
        SensitiveFields { keys: self.clone(), owner }
    }
}

impl fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The sensitive fields of one owner.
///
/// Every method fetches the key that it needs, unless it is cached.
#[derive(Clone)]
pub struct SensitiveFields {
    keys: SecretKeys,
    owner: Owner,
}

impl SensitiveFields {
    /// Encrypts a text with the current key.
    ///
    /// The text stays plain if it is empty, if it is a phone number of less than 11 characters, or if the platform has no
    /// key for the owner because encryption is not released yet (beta).
    ///
    /// # Errors
    ///
    /// [`SecretKeyError`] if there is no key.
    pub async fn encrypt(&self, kind: SensitiveType, text: &str) -> Result<String, SecretKeyError> {
        self.encrypt_with(kind, text, KeyAge::Current).await
    }

    /// Encrypts a text with the current or the previous key: see [`encrypt`](Self::encrypt).
    ///
    /// # Errors
    ///
    /// [`SecretKeyError`] if there is no key.
    pub async fn encrypt_with(&self, kind: SensitiveType, text: &str, age: KeyAge) -> Result<String, SecretKeyError> {
        if text.is_empty() {
            return Ok(String::new());
        }
        let cached = self.cached(age).await?;
        Ok(match &cached.key {
            Some(key) => key.encrypt(kind, text, &cached.settings, age),
            None => text.to_owned(),
        })
    }

    /// Returns what to search for in ciphertexts of the current key: see [`SecretKey::search_token`].
    ///
    /// The term is returned unchanged if the platform has no key for the owner because encryption is not released yet (beta).
    ///
    /// # Errors
    ///
    /// [`SecretKeyError`] if there is no key, or the term is invalid.
    pub async fn search_token(&self, kind: SensitiveType, term: &str) -> Result<String, SecretKeyError> {
        self.search_token_with(kind, term, KeyAge::Current).await
    }

    /// Returns what to search for in ciphertexts of the current or the previous key. While the platform replaces a key, texts
    /// of both are stored: search for both tokens.
    ///
    /// # Errors
    ///
    /// [`SecretKeyError`] if there is no key, or the term is invalid.
    pub async fn search_token_with(
        &self,
        kind: SensitiveType,
        term: &str,
        age: KeyAge,
    ) -> Result<String, SecretKeyError> {
        if term.is_empty() {
            return Ok(String::new());
        }
        let cached = self.cached(age).await?;
        match &cached.key {
            Some(key) => Ok(key.search_token(kind, term, &cached.settings)?),
            None => Ok(term.to_owned()),
        }
    }

    /// Decrypts a text with the key that it names. A text that is not a ciphertext is returned unchanged.
    ///
    /// # Errors
    ///
    /// [`SecretKeyError`] if there is no such key, or the text was written with another key.
    pub async fn decrypt(&self, kind: SensitiveType, text: &str) -> Result<String, SecretKeyError> {
        let Some(ciphertext) = Ciphertext::parse(kind, text) else { return Ok(text.to_owned()) };
        let owner = if ciphertext.is_application_wide() { &Owner::Application } else { &self.owner };
        let version = ciphertext.version();
        let cached = match self.keys.0.current_of_version(owner, version) {
            Some(cached) => cached,
            None => self.keys.0.get(owner, Version::Number(version)).await?,
        };
        let key = cached.key.as_ref().ok_or(SecretKeyError::NoKey { version: Some(version) })?;
        Ok(key.decrypt(&ciphertext)?)
    }

    async fn cached(&self, age: KeyAge) -> Result<Arc<CachedKey>, SecretKeyError> {
        let version = match age {
            KeyAge::Current => Version::Current,
            KeyAge::Previous => Version::Previous,
        };
        self.keys.0.get(&self.owner, version).await
    }
}

impl fmt::Debug for SensitiveFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SensitiveFields").field("owner", &self.owner).finish_non_exhaustive()
    }
}
