//! Errors of keys and ciphertexts.

use std::error::Error as StdError;
use std::fmt;

/// A key, its settings, a search term or a ciphertext is invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretError {
    /// The key is not Base64 of 16, 24 or 32 bytes.
    InvalidKey,
    /// The `app_config` is not a JSON object.
    InvalidSettings,
    /// A phone number is searched by its last 4 digits.
    PhoneTerm,
    /// The ciphertext was written with another key, or is damaged.
    Undecryptable {
        /// The version of the key that the ciphertext names.
        version: u64,
    },
    /// The ciphertext names a key of another version.
    OtherVersion {
        /// The version that the ciphertext names.
        expected: u64,
        /// The version of the key.
        found: u64,
    },
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidKey => f.write_str(
                "invalid secret key: expected Base64 of 16, 24 or 32 bytes; use the `secret` of taobao.top.secret.get",
            ),
            Self::InvalidSettings => f.write_str(
                "invalid encryption settings: expected a JSON object; use the `app_config` of taobao.top.secret.get",
            ),
            Self::PhoneTerm => f.write_str(
                "invalid search term: expected 4 characters; a phone number is searched by its last 4 digits",
            ),
            Self::Undecryptable { version } => write!(
                f,
                "cannot decrypt the text with version {version} of the key: it is damaged, or encrypted for another \
                 seller or application"
            ),
            Self::OtherVersion { expected, found } => {
                write!(f, "cannot decrypt the text: expected version {expected} of the key, found version {found}")
            }
        }
    }
}

impl StdError for SecretError {}

/// The text is not the name of a type of sensitive fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownSensitiveType;

impl fmt::Display for UnknownSensitiveType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown type of a sensitive field: expected phone, nick, receiver_name, simple, search or normal")
    }
}

impl StdError for UnknownSensitiveType {}
