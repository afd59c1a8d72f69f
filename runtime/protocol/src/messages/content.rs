//! The content of a message on the wire: text, or compressed text.

use std::borrow::Cow;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;

use super::frame::HeaderValue;
use crate::decode::ResponseBody;

/// The form of a content on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ContentEncoding {
    /// Text.
    #[default]
    Plain,
    /// Text that is compressed by gzip.
    Gzip,
}

/// Encodes a content.
pub(super) fn encode(content: &str, encoding: ContentEncoding) -> HeaderValue<'_> {
    let plain = HeaderValue::Text(content.into());
    match encoding {
        ContentEncoding::Plain => plain,
        ContentEncoding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            let compressed = encoder.write_all(content.as_bytes()).and_then(|()| encoder.finish());
            // Writing to memory cannot fail.
            compressed.map_or(plain, |bytes| HeaderValue::Bytes(bytes.into()))
        }
    }
}

/// Decodes a content of at most `limit` bytes. Invalid UTF-8 is replaced by U+FFFD. Returns the problem otherwise.
pub(super) fn decode(value: &HeaderValue<'_>, limit: usize) -> Result<String, &'static str> {
    const TOO_LONG: &str = "it is longer than the limit";
    let bytes = match value {
        HeaderValue::Bytes(bytes) if bytes.starts_with(&[0x1f, 0x8b]) => {
            let mut content = Vec::new();
            let mut decoder = GzDecoder::new(&bytes[..]).take(limit as u64 + 1);
            decoder.read_to_end(&mut content).map_err(|_| "expected gzip, found invalid data")?;
            Cow::Owned(content)
        }
        HeaderValue::Bytes(bytes) => Cow::Borrowed(&bytes[..]),
        HeaderValue::Text(text) if text.len() <= limit => return Ok(text.clone().into_owned()),
        HeaderValue::Text(_) => return Err(TOO_LONG),
        HeaderValue::Void => return Ok(String::new()),
        _ => return Err("expected text or gzip, found a number"),
    };
    if bytes.len() > limit {
        return Err(TOO_LONG);
    }
    Ok(ResponseBody::from(bytes.into_owned()).into_text())
}
