//! Keys for encryption.

use std::fmt;

use aes::{Aes128, Aes192, Aes256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit};
use hmac::{Hmac, Mac};
use md5::Md5;

use super::windows::windows;
use super::{Ciphertext, EncryptionSettings, KeyAge, SecretError, SensitiveType};

/// The initialization vector of every text.
const IV: [u8; 16] = *b"0102030405060708";

/// A key of a seller, a customer or the application, with its version.
///
/// [The module](super) has an example. Printing it hides the key.
#[derive(Clone)]
pub struct SecretKey {
    cipher: Cipher,
    index: Hmac<Md5>,
    version: u64,
    application_wide: bool,
    /// The version as ciphertexts have it.
    label: String,
}

/// The cipher, whose length is the one of the key.
#[derive(Clone)]
enum Cipher {
    Aes128(Box<Aes128>),
    Aes192(Box<Aes192>),
    Aes256(Box<Aes256>),
}

impl SecretKey {
    /// Creates the key of a seller or customer from its Base64 text: the `secret` of `taobao.top.secret.get`.
    ///
    /// # Errors
    ///
    /// [`SecretError::InvalidKey`] if it is not Base64 of 16, 24 or 32 bytes.
    pub fn from_base64(secret: &str, version: u64) -> Result<Self, SecretError> {
        let bytes = decoded(secret.trim()).ok_or(SecretError::InvalidKey)?;
        Self::new(&bytes, version)
    }

    /// Creates the key of a seller or customer.
    ///
    /// # Errors
    ///
    /// [`SecretError::InvalidKey`] if it has not 16, 24 or 32 bytes.
    pub fn new(bytes: &[u8], version: u64) -> Result<Self, SecretError> {
        let wrong = |_| SecretError::InvalidKey;
        let cipher = match bytes.len() {
            16 => Cipher::Aes128(Box::new(Aes128::new_from_slice(bytes).map_err(wrong)?)),
            24 => Cipher::Aes192(Box::new(Aes192::new_from_slice(bytes).map_err(wrong)?)),
            _ => Cipher::Aes256(Box::new(Aes256::new_from_slice(bytes).map_err(wrong)?)),
        };
        let index = Hmac::new_from_slice(bytes).map_err(wrong)?;
        Ok(Self { cipher, index, version, application_wide: false, label: version.to_string() })
    }

    /// Makes it the key of the application: its version is written with a minus sign.
    #[must_use]
    pub fn application_wide(self) -> Self {
        Self { application_wide: true, label: format!("-{}", self.version), ..self }
    }

    /// Returns the version.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Encrypts a text, with an index for search if the settings say so for a key of this age.
    ///
    /// An empty text and a phone number of less than 11 characters stay plain.
    pub fn encrypt(&self, kind: SensitiveType, text: &str, settings: &EncryptionSettings, age: KeyAge) -> String {
        if text.is_empty() {
            return String::new();
        }
        let separator = kind.separator();
        let is_indexed = settings.is_indexed(kind, age);
        let mut parts = Parts::new(separator, text.len());
        if kind == SensitiveType::Phone {
            let (Some(_), Some(last8), Some(last4)) = (tail(text, 11), tail(text, 8), tail(text, 4)) else {
                return text.to_owned();
            };
            if is_indexed {
                parts.part(&self.phone_index(last4));
                parts.base64(&self.encrypted(text));
            } else {
                parts.part(&text[..text.len() - last8.len()]);
                parts.base64(&self.encrypted(last8));
            }
        } else {
            parts.base64(&self.encrypted(text));
            if is_indexed {
                parts.part(&self.index(text, settings));
            }
        }
        parts.part(&self.label);
        if is_indexed {
            parts.text.push(separator);
        }
        parts.text
    }

    /// Returns what to search for in ciphertexts that have an index, which contains `term`.
    ///
    /// The term for a phone number is its last 4 digits: search with SQL `LIKE 'token%'`. Other texts contain the token:
    /// search with `LIKE '%token%'`. Returns an empty term unchanged.
    ///
    /// # Errors
    ///
    /// [`SecretError::PhoneTerm`] if the term for a phone number has not 4 characters.
    pub fn search_token(
        &self,
        kind: SensitiveType,
        term: &str,
        settings: &EncryptionSettings,
    ) -> Result<String, SecretError> {
        match kind {
            _ if term.is_empty() => Ok(String::new()),
            SensitiveType::Phone if term.chars().count() != 4 => Err(SecretError::PhoneTerm),
            SensitiveType::Phone => Ok(format!("${}$", self.phone_index(term))),
            _ => Ok(self.index(term, settings)),
        }
    }

    /// Decrypts a text.
    ///
    /// # Errors
    ///
    /// [`SecretError::OtherVersion`] or [`SecretError::Undecryptable`] if the text was written with another key.
    pub fn decrypt(&self, ciphertext: &Ciphertext<'_>) -> Result<String, SecretError> {
        let version = ciphertext.version();
        if version != self.version {
            return Err(SecretError::OtherVersion { expected: version, found: self.version });
        }
        let decrypted = decoded(ciphertext.encrypted).and_then(|bytes| match &self.cipher {
            Cipher::Aes128(cipher) => decrypt(cipher.as_ref(), &bytes),
            Cipher::Aes192(cipher) => decrypt(cipher.as_ref(), &bytes),
            Cipher::Aes256(cipher) => decrypt(cipher.as_ref(), &bytes),
        });
        let text = decrypted.and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or(SecretError::Undecryptable { version })?;
        Ok(if ciphertext.prefix.is_empty() { text } else { [ciphertext.prefix, &text].concat() })
    }

    fn encrypted(&self, text: &str) -> Vec<u8> {
        match &self.cipher {
            Cipher::Aes128(cipher) => encrypt(cipher.as_ref(), text),
            Cipher::Aes192(cipher) => encrypt(cipher.as_ref(), text),
            Cipher::Aes256(cipher) => encrypt(cipher.as_ref(), text),
        }
    }

    fn phone_index(&self, last4: &str) -> String {
        STANDARD.encode(self.mac(last4))
    }

    fn index(&self, text: &str, settings: &EncryptionSettings) -> String {
        let mut index = String::new();
        let mut folded = vec![0; settings.compressed_length()];
        for window in windows(text, settings.window_size()) {
            folded.fill(0);
            for (at, byte) in self.mac(&window).into_iter().enumerate() {
                let at = at % folded.len();
                folded[at] ^= byte;
            }
            STANDARD.encode_string(&folded, &mut index);
        }
        index
    }

    fn mac(&self, text: &str) -> [u8; 16] {
        self.index.clone().chain_update(text).finalize().into_bytes().into()
    }
}

/// The parts of a ciphertext, each followed by the separator.
struct Parts {
    text: String,
    separator: char,
}

impl Parts {
    /// Starts the ciphertext of a text with a length in bytes.
    fn new(separator: char, length: usize) -> Self {
        // Base64 of the padded text, and the version.
        let mut text = String::with_capacity((length + 16).div_ceil(3) * 4 + 32);
        text.push(separator);
        Self { text, separator }
    }

    fn part(&mut self, part: &str) {
        self.text.push_str(part);
        self.text.push(self.separator);
    }

    fn base64(&mut self, bytes: &[u8]) {
        STANDARD.encode_string(bytes, &mut self.text);
        self.text.push(self.separator);
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey")
            .field("version", &self.version)
            .field("application_wide", &self.application_wide)
            .finish_non_exhaustive()
    }
}

/// Decodes Base64.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// The last `count` characters, if there are as many.
fn tail(text: &str, count: usize) -> Option<&str> {
    let (start, _) = text.char_indices().rev().nth(count - 1)?;
    text.get(start..)
}

fn encrypt<C: BlockCipherEncrypt<BlockSize = aes::cipher::consts::U16>>(cipher: &C, text: &str) -> Vec<u8> {
    cbc::Encryptor::inner_iv_init(cipher, &IV.into()).encrypt_padded_vec::<Pkcs7>(text.as_bytes())
}

fn decrypt<C: BlockCipherDecrypt<BlockSize = aes::cipher::consts::U16>>(cipher: &C, bytes: &[u8]) -> Option<Vec<u8>> {
    cbc::Decryptor::inner_iv_init(cipher, &IV.into()).decrypt_padded_vec::<Pkcs7>(bytes).ok()
}
