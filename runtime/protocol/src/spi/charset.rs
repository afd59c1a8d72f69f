//! The charset of a call: UTF-8 or GBK.

use std::borrow::Cow;

use encoding_rs::{Encoding, GBK, UTF_8};

use super::SpiError;

/// The charset of an SPI call, which depends on the scene.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpiCharset {
    /// UTF-8.
    #[default]
    Utf8,
    /// GBK.
    Gbk,
}

impl SpiCharset {
    /// The name in a `Content-Type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gbk => "GBK",
        }
    }

    /// Returns the charset of a `Content-Type`. Every name that starts with `GB` is GBK, as in the official Java SDK.
    pub(super) fn of(content_type: &str) -> Result<Self, SpiError> {
        let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
        let named = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset")).map(|(_, value)| value);
        let charset = named.last().map(|value| value.trim().trim_matches(['"', '\'']).trim()).unwrap_or_default();
        if charset.is_empty() || charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8") {
            return Ok(Self::Utf8);
        }
        match charset.get(..2) {
            Some(start) if start.eq_ignore_ascii_case("gb") => Ok(Self::Gbk),
            _ => Err(SpiError::UnsupportedCharset(charset.to_owned())),
        }
    }

    fn encoding(self) -> &'static Encoding {
        match self {
            Self::Utf8 => UTF_8,
            Self::Gbk => GBK,
        }
    }

    /// Decodes text. Returns `None` if the bytes are not text in this charset.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        self.encoding().decode_without_bom_handling_and_without_replacement(bytes)
    }

    /// Encodes text. Returns `None` if the charset lacks a character.
    pub(super) fn encode(self, text: &str) -> Option<Cow<'_, [u8]>> {
        let (bytes, _, unmappable) = self.encoding().encode(text);
        (!unmappable).then_some(bytes)
    }
}
