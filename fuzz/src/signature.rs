//! An independent implementation of signatures (docs/protocol.md section 2.1, RFC 2104).

use std::collections::BTreeMap;

use generated_sdk::protocol::{
    AppCredentials, Application, DateTime, Parameters, SignMethod, UntypedParameters, signature,
};
use md5::{Digest, Md5};
use sha2::Sha256;

use crate::input;

/// Checks the signatures of the parameters of `input` with every algorithm.
///
/// The lines are the AppSecret, the AppKey, the body and then names and values.
///
/// # Panics
///
/// If a signature differs from the independent implementation.
pub fn check(input: &[u8]) {
    let mut lines = input::lines(input);
    let mut line = || lines.next().unwrap_or_default();
    let (secret, key, body) = (line(), line(), line());
    let pairs = input::pairs(lines);
    let mut parameters = Parameters::new();
    for (name, value) in pairs.clone() {
        parameters.set(name, value);
    }
    let expected: BTreeMap<String, String> = pairs.clone().into_iter().collect();
    for method in SignMethod::ALL {
        let sign = signature(method, &secret, parameters.pairs(), body.as_bytes());
        assert_eq!(sign, reference(method, &secret, &expected, &body), "{method} of {expected:?} and {body:?}");

        let mut application = Application::new(AppCredentials::new(key.clone(), secret.clone()));
        application.sign_method = method;
        let untyped: UntypedParameters = pairs.clone().into_iter().collect();
        if let Ok(signed) = application.sign_untyped("taobao.any.get", &untyped, Some("session"), timestamp()) {
            let sent = signed.parameters();
            let all = sent.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            assert_eq!(sent.get("sign"), Some(&*reference(method, &secret, &all, "")), "{all:?}");
        }
    }
}

/// Returns the time of signed requests.
pub(crate) fn timestamp() -> DateTime {
    "2016-01-01 12:00:00".parse().expect("a date and a time")
}

/// Returns the signature in upper-case hexadecimal.
fn reference(method: SignMethod, secret: &str, parameters: &BTreeMap<String, String>, body: &str) -> String {
    let mut text = String::new();
    for (name, value) in parameters.iter().filter(|(name, _)| *name != "sign") {
        text += name;
        text += value;
    }
    text += body;
    match method {
        SignMethod::Md5 => md5_around(secret, &text),
        SignMethod::Hmac => hmac::<Md5>(secret.as_bytes(), text.as_bytes()),
        SignMethod::HmacSha256 => hmac::<Sha256>(secret.as_bytes(), text.as_bytes()),
        other => panic!("no reference implementation of {other}"),
    }
}

/// Returns the MD5 of `text` between two secrets.
pub(crate) fn md5_around(secret: &str, text: &str) -> String {
    hex(&Md5::digest([secret, text, secret].concat()))
}

/// Returns `H(key ^ opad, H(key ^ ipad, text))` for digests with blocks of 64 bytes.
fn hmac<D: Digest>(key: &[u8], text: &[u8]) -> String {
    let mut block = [0; 64];
    if key.len() > block.len() {
        let digest = D::digest(key);
        block[..digest.len()].copy_from_slice(&digest);
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = D::digest([&block.map(|byte| byte ^ 0x36), text].concat());
    hex(&D::digest([&block.map(|byte| byte ^ 0x5c)[..], &inner[..]].concat()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
