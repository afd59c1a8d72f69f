//! Digests of inputs and of generated files.

use std::fmt::Write as _;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Digest(String);

impl Digest {
    /// Returns the digest of a value. Equal values have equal digests within one build of the program.
    pub(crate) fn of(value: &(impl Hash + ?Sized)) -> Self {
        let mut hasher = DigestHasher(Sha256::new());
        value.hash(&mut hasher);
        // Writing to a string cannot fail.
        Self(hasher.0.finalize().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }

    /// Returns the 64 hexadecimal digits.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

struct DigestHasher(Sha256);

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns 0: only the digest is used.
    fn finish(&self) -> u64 {
        0
    }
}
