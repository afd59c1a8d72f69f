//! Digests of inputs and of generated files.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

/// A digest of 128 bits in hexadecimal. It tells changed inputs and files apart, and is no protection against an attacker.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Digest(String);

impl Digest {
    /// Returns the digest of a value. Equal values have equal digests within one build of the program.
    pub(crate) fn of(value: &(impl Hash + ?Sized)) -> Self {
        let half = |number: u8| {
            // The hash of the standard library is compiled with optimization, also in a dev build.
            let mut hasher = DefaultHasher::new();
            hasher.write_u8(number);
            value.hash(&mut hasher);
            hasher.finish()
        };
        Self(format!("{:016x}{:016x}", half(0), half(1)))
    }

    /// Returns the 32 hexadecimal digits.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}
