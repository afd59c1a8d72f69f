//! The signed parts of a call.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use md5::{Digest, Md5};
use percent_encoding::percent_decode;

use super::{SpiCharset, SpiError};
use crate::format::Format;
use crate::hex;

/// The header that lists the signed headers.
pub(super) const SIGN_LIST: &str = "top-sign-list";

/// A name and its value, decoded from their URL encoding.
type Pair<'r> = (Cow<'r, [u8]>, Cow<'r, [u8]>);

/// The signed parts of a request. Values are the bytes of the request, in its charset.
pub(super) struct Signed<'r> {
    pub(super) charset: SpiCharset,
    /// Names as text, which orders them, with the name and value as bytes.
    pub(super) parameters: BTreeMap<String, Pair<'r>>,
    /// The body, if it is text that the signature covers.
    pub(super) body: &'r [u8],
    /// The `sign` parameter of the query.
    pub(super) sign: Option<Cow<'r, [u8]>>,
}

/// The signed part of a body.
#[derive(PartialEq)]
enum Coverage {
    /// The body is text: all of it.
    Text,
    /// The body is a form: its fields are parameters.
    Form,
}

impl<'r> Signed<'r> {
    /// Collects the signed parts: headers, then query parameters, then form fields that are not in the query.
    pub(super) fn of(query: &'r str, headers: &'r HeaderMap, body: &'r [u8]) -> Result<Self, SpiError> {
        let content_type = content_type(headers);
        let charset = SpiCharset::of(&content_type)?;
        let mut signed = Self { charset, parameters: BTreeMap::new(), body: b"", sign: None };
        let list = headers.get(SIGN_LIST).map_or(&b""[..], |list| list.as_bytes());
        for name in list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|name| !name.is_empty()) {
            // A name that no header can have is signed with an empty value, like a header that is absent.
            let value = std::str::from_utf8(name).ok().and_then(|name| headers.get(name));
            let value = value.map_or(Cow::Borrowed(&b""[..]), |value| url_decoded(value.as_bytes()));
            signed.set(Cow::Borrowed(name), value)?;
        }
        let coverage = coverage(&content_type, body)?;
        let mut in_query = Vec::new();
        for (name, value) in pairs(query.as_bytes()) {
            if *name == *b"sign" {
                signed.sign = Some(value);
                continue;
            }
            if coverage == Coverage::Form {
                in_query.push(name.clone());
            }
            signed.set(name, value)?;
        }
        match coverage {
            Coverage::Text => signed.body = body,
            Coverage::Form => {
                in_query.sort_unstable();
                for (name, value) in pairs(body) {
                    if in_query.binary_search(&name).is_err() {
                        signed.set(name, value)?;
                    }
                }
            }
        }
        signed.parameters.remove("sign");
        Ok(signed)
    }

    fn set(&mut self, name: Cow<'r, [u8]>, value: Cow<'r, [u8]>) -> Result<(), SpiError> {
        let text = self.charset.decode(&name).ok_or(SpiError::InvalidEncoding(self.charset))?.into_owned();
        self.parameters.insert(text, (name, value));
        Ok(())
    }

    /// Returns the signature: MD5 in upper-case hexadecimal.
    pub(super) fn signature(&self, secret: &str) -> String {
        let mut digest = Md5::new();
        digest.update(secret);
        for (name, value) in self.parameters.values() {
            digest.update(name);
            digest.update(value);
        }
        digest.update(self.body);
        digest.update(secret);
        hex::encode(&digest.finalize())
    }
}

/// Returns the `Content-Type`, or an empty text.
pub(super) fn content_type(headers: &HeaderMap) -> Cow<'_, str> {
    headers.get(CONTENT_TYPE).map_or(Cow::Borrowed(""), |value| String::from_utf8_lossy(value.as_bytes()))
}

/// Returns the media type of a `Content-Type`: lower case, without parameters.
pub(super) fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Returns the format of the response: XML if the request has an XML body or asks for `format=xml`, else JSON.
pub(super) fn format(query: &str, headers: &HeaderMap) -> Format {
    let is_xml = matches!(media_type(&content_type(headers)).as_str(), "text/xml" | "application/xml")
        || query.split('&').any(|pair| pair == "format=xml");
    if is_xml { Format::Xml } else { Format::Json }
}

/// A body that the signature cannot cover is refused: an attacker could add it to a call that has none.
fn coverage(content_type: &str, body: &[u8]) -> Result<Coverage, SpiError> {
    match media_type(content_type).as_str() {
        "application/json" | "text/xml" | "application/xml" | "text/plain" => Ok(Coverage::Text),
        "application/x-www-form-urlencoded" => Ok(Coverage::Form),
        _ if body.is_empty() => Ok(Coverage::Text),
        _ => Err(SpiError::UnsupportedContentType(content_type.to_owned())),
    }
}

/// The pairs of a query or form. A value ends at `&` only; a pair without `=` has an empty value.
fn pairs(text: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        (url_decoded(&pair[..end]), url_decoded(pair.get(end + 1..).unwrap_or_default()))
    })
}

/// Decodes percent escapes and `+`, which is a space.
fn url_decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'+') {
        return percent_decode(text).into();
    }
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Cow::Owned(percent_decode(&spaced).collect())
}
