//! Sensitive fields: encryption, decryption and search of names and phone numbers (TopSecret, docs/protocol.md section
//! 7.6).
//!
//! A text is encrypted with a [`SecretKey`], which `taobao.top.secret.get` returns for a seller or for the application. Its
//! [`SensitiveType`] selects the form of the ciphertext. The key's version is part of the ciphertext, so a reader finds the
//! key by it: see [`Ciphertext::parse`]. The crate `top-client` fetches and caches keys, with its feature `secret`.
//!
//! ```
//! use top_protocol::sensitive::{Ciphertext, EncryptionSettings, KeyAge, SecretKey, SensitiveType};
//!
//! let key = SecretKey::from_base64("MDEyMzQ1Njc4OWFiY2RlZg==", 42)?;
//! let settings = EncryptionSettings::default();
//! let text = key.encrypt(SensitiveType::Phone, "13834566786", &settings, KeyAge::Current);
//! assert_eq!(text, "$138$ln9oVewt47CUfsrUD6IJ9Q==$42$");
//!
//! let ciphertext = Ciphertext::parse(SensitiveType::Phone, &text).expect("a ciphertext");
//! assert_eq!(ciphertext.version(), 42);
//! assert_eq!(key.decrypt(&ciphertext)?, "13834566786");
//! # Ok::<(), top_protocol::sensitive::SecretError>(())
//! ```
//!
//! Orders use OAID in place of this: it is decrypted by a method, `taobao.top.oaid.decrypt`, without a key here.
//!
//! # Security
//!
//! The scheme is the platform's: AES in CBC mode with a fixed initialization vector and without a signature. Equal texts have
//! equal ciphertexts, and a changed ciphertext is not always detected.

mod ciphertext;
mod error;
mod key;
mod settings;
mod windows;

pub use self::ciphertext::{Ciphertext, SensitiveType};
pub use self::error::{SecretError, UnknownSensitiveType};
pub use self::key::SecretKey;
pub use self::settings::{EncryptionSettings, KeyAge};
