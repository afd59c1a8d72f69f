//! The types of sensitive fields and the forms of their ciphertexts.

use std::fmt;
use std::str::FromStr;

use super::UnknownSensitiveType;
use super::key::decoded;

/// The type of a sensitive field, which selects the form of its ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SensitiveType {
    /// A phone number. All but the last 8 digits are readable, unless it is encrypted with an index.
    Phone,
    /// The nick of a user.
    Nick,
    /// The name of a receiver.
    ReceiverName,
    /// Any short text.
    Simple,
    /// Any short text, always with an index for search.
    Search,
    /// Any text.
    Normal,
}

impl SensitiveType {
    /// Every type.
    pub const ALL: [Self; 6] = [Self::Phone, Self::Nick, Self::ReceiverName, Self::Simple, Self::Search, Self::Normal];

    /// The platform's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Nick => "nick",
            Self::ReceiverName => "receiver_name",
            Self::Simple => "simple",
            Self::Search => "search",
            Self::Normal => "normal",
        }
    }

    /// The character around and between the parts of a ciphertext.
    pub(super) const fn separator(self) -> char {
        match self {
            Self::Phone => '$',
            Self::Nick | Self::ReceiverName | Self::Simple | Self::Search => '~',
            Self::Normal => '\u{1}',
        }
    }
}

impl fmt::Display for SensitiveType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SensitiveType {
    type Err = UnknownSensitiveType;

    fn from_str(name: &str) -> Result<Self, UnknownSensitiveType> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or(UnknownSensitiveType)
    }
}

/// A ciphertext in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ciphertext<'t> {
    /// The readable start of a phone number.
    pub(super) prefix: &'t str,
    /// The encrypted text in Base64.
    pub(super) encrypted: &'t str,
    index: Option<&'t str>,
    version: u64,
    application_wide: bool,
}

impl<'t> Ciphertext<'t> {
    /// Parses a text of a sensitive field. Returns `None` if it is not a ciphertext: it is then plain text.
    pub fn parse(kind: SensitiveType, text: &'t str) -> Option<Self> {
        let separator = kind.separator();
        // Shorter texts are plain.
        if text.len() < 4 * char::MAX.len_utf8() {
            text.chars().nth(3)?;
        }
        let inner = text.strip_prefix(separator)?.strip_suffix(separator)?;
        let is_indexed = inner.ends_with(separator);
        // Nearly all ciphertexts have two parts, which need no general split.
        if kind != SensitiveType::Phone
            && !is_indexed
            && let Some((encrypted, version)) = inner.rsplit_once(separator)
            && !encrypted.is_empty()
            && !encrypted.contains(separator)
        {
            return Self::of_parts("", encrypted, None, version);
        }
        let mut parts = inner.split(separator).filter(|part| !part.is_empty());
        let (prefix, encrypted, index) = match (kind, is_indexed) {
            (SensitiveType::Phone, false) => (parts.next()?, parts.next()?, None),
            (SensitiveType::Phone, true) => {
                let index = parts.next()?;
                ("", parts.next()?, Some(index))
            }
            (_, false) => ("", parts.next()?, None),
            (_, true) => ("", parts.next()?, Some(parts.next()?)),
        };
        let version = parts.next()?;
        if parts.next().is_some() {
            return None;
        }
        Self::of_parts(prefix, encrypted, index, version)
    }

    fn of_parts(prefix: &'t str, encrypted: &'t str, index: Option<&'t str>, version: &str) -> Option<Self> {
        let digits = version.strip_prefix('-').unwrap_or(version);
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let application_wide = digits.len() < version.len();
        Some(Self { prefix, encrypted, index, version: digits.parse().ok()?, application_wide })
    }

    /// Returns whether a text is a ciphertext whose encrypted parts are Base64.
    pub fn is_encrypted(kind: SensitiveType, text: &str) -> bool {
        Ciphertext::parse(kind, text).is_some_and(|ciphertext| {
            [Some(ciphertext.encrypted), ciphertext.index].into_iter().flatten().all(|part| decoded(part).is_some())
        })
    }

    /// Returns the version of the key.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Returns whether the key is the one of the application and not of a seller: the version is written with a minus sign.
    pub fn is_application_wide(&self) -> bool {
        self.application_wide
    }

    /// Returns whether the ciphertext has an index for search.
    pub fn is_indexed(&self) -> bool {
        self.index.is_some()
    }
}
