//! Errors of secret keys.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::error::Error;
use top_protocol::sensitive::SecretError;

/// Why a sensitive field cannot be encrypted, decrypted or searched.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SecretKeyError {
    /// The key cannot be fetched. Callers who waited for one key share the error.
    Fetch(Arc<Error>),
    /// The platform has no such key.
    NoKey {
        /// The version that a ciphertext names; `None` for the current or previous key.
        version: Option<u64>,
    },
    /// The key, a ciphertext or a search term is invalid.
    Secret(SecretError),
}

impl fmt::Display for SecretKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(error) if error.is_session_invalid() => f.write_str(
                "cannot fetch the secret key with taobao.top.secret.get: the session is invalid; refresh it and try again",
            ),
            Self::Fetch(error) if error.is_retryable() => {
                f.write_str("cannot fetch the secret key with taobao.top.secret.get; try again later")
            }
            Self::Fetch(_) => f.write_str(
                "cannot fetch the secret key with taobao.top.secret.get; check the security code of the application, and \
                 that the gateway is https",
            ),
            Self::NoKey { version: Some(version) } => write!(
                f,
                "no secret key of version {version}: expected the version of a key of this owner; check that the text was \
                 encrypted for this seller and application"
            ),
            Self::NoKey { version: None } => f.write_str(
                "taobao.top.secret.get returned no key; enable the encryption of sensitive fields in the platform's console",
            ),
            Self::Secret(error) => error.fmt(f),
        }
    }
}

impl StdError for SecretKeyError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Fetch(error) => Some(error.as_ref()),
            Self::NoKey { .. } => None,
            Self::Secret(error) => error.source(),
        }
    }
}

impl From<SecretError> for SecretKeyError {
    fn from(error: SecretError) -> Self {
        Self::Secret(error)
    }
}

impl From<Error> for SecretKeyError {
    fn from(error: Error) -> Self {
        Self::Fetch(Arc::new(error))
    }
}
