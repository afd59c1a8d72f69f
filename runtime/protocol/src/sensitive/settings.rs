//! The application's settings for encryption.

use serde_json::{Map, Value};

use super::{SecretError, SensitiveType};

/// The settings of an application for encryption: the `app_config` of `taobao.top.secret.get`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncryptionSettings(Map<String, Value>);

/// Which key of an owner to use. Both are in use while the platform replaces a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeyAge {
    /// The current key.
    #[default]
    Current,
    /// The key before the current one.
    Previous,
}

impl EncryptionSettings {
    /// Reads the JSON text of an `app_config`.
    ///
    /// # Errors
    ///
    /// [`SecretError::InvalidSettings`] if it is not a JSON object.
    pub fn from_json(text: &str) -> Result<Self, SecretError> {
        serde_json::from_str(text).map(Self).map_err(|_| SecretError::InvalidSettings)
    }

    /// Returns whether a text of this type is encrypted with an index for search.
    pub fn is_indexed(&self, kind: SensitiveType, age: KeyAge) -> bool {
        let age = match age {
            KeyAge::Current => "current",
            KeyAge::Previous => "previous",
        };
        kind == SensitiveType::Search || self.number(&format!("{age}_{}", kind.name())) == Some(2)
    }

    /// Returns whether encryption is not released yet (beta). Without a key, texts stay plain then.
    pub fn is_beta(&self) -> bool {
        self.number("publish_status") == Some(0)
    }

    /// The number of bytes of one entry of an index.
    pub(super) fn compressed_length(&self) -> usize {
        self.number("encrypt_index_compress_len").filter(|length| (1..=64).contains(length)).unwrap_or(3)
    }

    /// The width of a window over the text; one entry of an index is for one window.
    pub(super) fn window_size(&self) -> usize {
        self.number("encrypt_slide_size").filter(|size| *size > 0).unwrap_or(4)
    }

    /// Numbers are written as text.
    fn number(&self, name: &str) -> Option<usize> {
        match self.0.get(name)? {
            Value::String(text) => text.trim().parse().ok(),
            Value::Number(number) => number.as_u64()?.try_into().ok(),
            _ => None,
        }
    }
}
