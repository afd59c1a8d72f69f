//! Signatures. The floor hashes the text that is signed, which is in memory.

use generated_sdk::protocol::{Parameters, SignMethod, signature, signed_text};
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha2::Sha256;

use crate::measure::Case;

const SECRET: &str = "0f6d2a84b1c943e7a5d8";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("sign 9 parameters, md5", 1.05, SignMethod::Md5, 9),
        case("sign 9 parameters, hmac", 1.05, SignMethod::Hmac, 9),
        case("sign 9 parameters, hmac-sha256", 1.15, SignMethod::HmacSha256, 9),
        case("sign 60 parameters, hmac-sha256", 1.40, SignMethod::HmacSha256, 60),
    ]
}

fn case(name: &'static str, target: f64, method: SignMethod, count: usize) -> Case {
    let parameters = parameters(method, count);
    let text = signed_text(parameters.pairs(), b"");
    Case::new(name, target, move || signature(method, SECRET, parameters.pairs(), b""), move || digest(method, &text))
}

/// The public parameters of a call, and others up to `count`.
fn parameters(method: SignMethod, count: usize) -> Parameters {
    let mut parameters = Parameters::new();
    for (name, value) in [
        ("app_key", "12345678"),
        ("fields", "tid,status,payment,orders"),
        ("format", "json"),
        ("method", "taobao.trade.fullinfo.get"),
        ("session", "6100e23a06fb0d0d6cd8c4cd51a1ae0a8e0c2b6f5a2f5e42074082787"),
        ("sign_method", method.name()),
        ("tid", "2231958349123456"),
        ("timestamp", "2024-06-18 10:00:00"),
        ("v", "2.0"),
    ] {
        parameters.set(name, value);
    }
    for number in parameters.pairs().count()..count {
        parameters.set(format!("parameter_{number}"), format!("value of parameter {number}"));
    }
    parameters
}

fn digest(method: SignMethod, text: &[u8]) -> String {
    match method {
        SignMethod::Md5 => {
            let mut digest = Md5::new();
            digest.update(SECRET);
            digest.update(text);
            digest.update(SECRET);
            upper_hex(&digest.finalize())
        }
        SignMethod::Hmac => keyed::<Hmac<Md5>>(text),
        _ => keyed::<Hmac<Sha256>>(text),
    }
}

fn keyed<M: Mac + KeyInit>(text: &[u8]) -> String {
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(SECRET.as_bytes()) else {
        return String::new();
    };
    mac.update(text);
    upper_hex(&mac.finalize().into_bytes())
}

/// Formats bytes with a table of two digits per byte.
fn upper_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_computes_the_signature() {
        for method in SignMethod::ALL {
            let parameters = parameters(method, 60);
            let text = signed_text(parameters.pairs(), b"");
            assert_eq!(signature(method, SECRET, parameters.pairs(), b""), digest(method, &text));
        }
    }
}
