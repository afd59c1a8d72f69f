//! The application's settings for encryption.

use serde_json::{Map, Value};

use super::{SecretError, SensitiveType};

/// The settings of an application for encryption: the `app_config` of `taobao.top.secret.get`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncryptionSettings {
    /// The types that are encrypted with an index, with the current key and with the previous one.
    indexed: [[bool; SensitiveType::ALL.len()]; 2],
    is_beta: bool,
    compressed_length: Option<usize>,
    window_size: Option<usize>,
}

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
        let settings: Map<String, Value> = serde_json::from_str(text).map_err(|_| SecretError::InvalidSettings)?;
        let indexed =
            |age: &str| SensitiveType::ALL.map(|kind| number(&settings, &format!("{age}_{}", kind.name())) == Some(2));
        Ok(Self {
            indexed: [indexed("current"), indexed("previous")],
            is_beta: number(&settings, "publish_status") == Some(0),
            compressed_length: number(&settings, "encrypt_index_compress_len")
                .filter(|length| (1..=64).contains(length)),
            window_size: number(&settings, "encrypt_slide_size").filter(|size| *size > 0),
        })
    }

    /// Returns whether a text of this type is encrypted with an index for search.
    pub fn is_indexed(&self, kind: SensitiveType, age: KeyAge) -> bool {
        kind == SensitiveType::Search || self.indexed[age as usize][kind as usize]
    }

    /// Returns whether encryption is not released yet (beta). Without a key, texts stay plain then.
    pub fn is_beta(&self) -> bool {
        self.is_beta
    }

    /// The number of bytes of one entry of an index.
    pub(super) fn compressed_length(&self) -> usize {
        self.compressed_length.unwrap_or(3)
    }

    /// The width of a window over the text; one entry of an index is for one window.
    pub(super) fn window_size(&self) -> usize {
        self.window_size.unwrap_or(4)
    }
}

/// Returns a number, which is written as text.
fn number(settings: &Map<String, Value>, name: &str) -> Option<usize> {
    match settings.get(name)? {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        _ => None,
    }
}
