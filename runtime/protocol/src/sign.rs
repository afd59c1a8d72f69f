//! Signatures (docs/protocol.md section 2).

use std::fmt;
use std::str::FromStr;

use hmac::digest::Digest;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::Sha256;

use crate::hex;

/// The signature algorithm of a request: the `sign_method` parameter.
///
/// The signed text is the same for all: the names and values of every text parameter except `sign`, in the byte order of
/// the names, without separators, then the signed body (docs/protocol.md section 2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignMethod {
    /// MD5 of the secret, the text and the secret.
    Md5,
    /// HMAC-MD5 with the secret as the key.
    Hmac,
    /// HMAC-SHA256 with the secret as the key. The default, because it is the strongest.
    #[default]
    HmacSha256,
}

impl SignMethod {
    /// Every algorithm of the protocol.
    pub const ALL: [Self; 3] = [Self::Md5, Self::Hmac, Self::HmacSha256];

    /// Returns the value of the `sign_method` parameter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Hmac => "hmac",
            Self::HmacSha256 => "hmac-sha256",
        }
    }
}

impl fmt::Display for SignMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SignMethod {
    type Err = UnknownSignMethod;

    fn from_str(name: &str) -> Result<Self, UnknownSignMethod> {
        Self::ALL.into_iter().find(|method| method.name() == name).ok_or(UnknownSignMethod)
    }
}

/// The error of a text that is not the name of a signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownSignMethod;

impl fmt::Display for UnknownSignMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown sign_method: expected md5, hmac or hmac-sha256")
    }
}

impl std::error::Error for UnknownSignMethod {}

/// Returns the signature in upper-case hexadecimal: 32 digits, or 64 for [`SignMethod::HmacSha256`].
///
/// `parameters` must be in the byte order of their names, as in [`Parameters`](crate::parameters::Parameters). `sign` is
/// skipped. An empty value is signed as its name (docs/protocol.md section 2.2). `body` is the signed body, or empty.
///
/// ```
/// use generated_sdk::protocol::{SignMethod, signature};
///
/// let parameters = [("app_key", "test"), ("fields", "nick"), ("format", "xml"), ("method", "taobao.user.seller.get"),
///     ("session", "test"), ("sign_method", "md5"), ("timestamp", "2013-05-06 13:52:03"), ("v", "2.0")];
/// assert_eq!(signature(SignMethod::Md5, "test", parameters, b""), "72CB4D809B375A54502C09360D879C64");
/// ```
pub fn signature<'a>(
    method: SignMethod,
    secret: &str,
    parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    body: &[u8],
) -> String {
    match method {
        SignMethod::Md5 => {
            let mut digest = Md5::new();
            digest.update(secret);
            feed(parameters, body, |piece| digest.update(piece));
            digest.update(secret);
            hex::encode(&digest.finalize())
        }
        SignMethod::Hmac => keyed::<Hmac<Md5>>(secret, |mac| feed(parameters, body, |piece| mac.update(piece))),
        SignMethod::HmacSha256 => {
            keyed::<Hmac<Sha256>>(secret, |mac| feed(parameters, body, |piece| mac.update(piece)))
        }
    }
}

/// Returns the signed text without the secret, to compare it with that of another program.
pub fn signed_text<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>, body: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    feed(parameters, body, |piece| text.extend_from_slice(piece));
    text
}

fn feed<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>, body: &[u8], mut sink: impl FnMut(&[u8])) {
    for (name, value) in parameters {
        if name != "sign" {
            sink(name.as_bytes());
            sink(value.as_bytes());
        }
    }
    sink(body);
}

fn keyed<M: Mac + KeyInit>(secret: &str, fill: impl FnOnce(&mut M)) -> String {
    // An HMAC accepts a key of any length, so this cannot fail.
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    fill(&mut mac);
    hex::encode(&mac.finalize().into_bytes())
}
