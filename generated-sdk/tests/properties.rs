//! What holds of any input: against straightforward implementations of the same thing.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use std::collections::BTreeMap;

use generated_sdk::protocol::{Parameters, SignMethod, signature};
use md5::{Digest, Md5};
use proptest::prelude::*;

/// The protocol's text, built by the book.
fn text(parameters: &BTreeMap<String, String>) -> String {
    parameters
        .iter()
        .filter(|(name, value)| *name != "sign" && !value.is_empty())
        .map(|(name, value)| format!("{name}{value}"))
        .collect()
}

fn md5(bytes: &[u8]) -> Vec<u8> {
    Md5::digest(bytes).to_vec()
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    sha2::Sha256::digest(bytes).to_vec()
}

/// HMAC as RFC 2104 has it, for digests with blocks of 64 bytes.
fn hmac(digest: fn(&[u8]) -> Vec<u8>, key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut key = if key.len() > 64 { digest(key) } else { key.to_vec() };
    key.resize(64, 0);
    let padded = |pad: u8| key.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>();
    let inner = digest(&[padded(0x36), text.to_vec()].concat());
    digest(&[padded(0x5c), inner].concat())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn url_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #[test]
    fn signatures(
        parameters in proptest::collection::btree_map(".{1,8}", ".{0,12}", 0..12),
        secret in ".{0,80}",
        order in any::<u64>(),
    ) {
        let text = text(&parameters);
        let expected = [
            hex(&md5(format!("{secret}{text}{secret}").as_bytes())),
            hex(&hmac(md5, secret.as_bytes(), text.as_bytes())),
            hex(&hmac(sha256, secret.as_bytes(), text.as_bytes())),
        ];
        // The order in which parameters are set does not matter.
        let mut pairs: Vec<_> = parameters.iter().collect();
        let turn = if pairs.is_empty() { 0 } else { usize::try_from(order % pairs.len() as u64).unwrap() };
        pairs.rotate_left(turn);
        let mut set = Parameters::new();
        for (name, value) in pairs {
            set.set(name.clone(), value.clone());
        }
        for (method, expected) in SignMethod::ALL.into_iter().zip(expected) {
            prop_assert_eq!(signature(method, &secret, set.pairs(), b""), expected);
        }
    }

    #[test]
    fn forms_decode_to_what_was_set(parameters in proptest::collection::btree_map(".{1,8}", ".{1,12}", 0..12)) {
        let mut set = Parameters::new();
        for (name, value) in &parameters {
            set.set(name.clone(), value.clone());
        }
        let form = set.to_form();
        prop_assert!(form.is_ascii());
        let decoded: BTreeMap<_, _> = form
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (url_decoded(name), url_decoded(value)))
            .collect();
        prop_assert_eq!(decoded, parameters);
    }
}
