//! The signature of a call, and what a client did if it differs (protocol.md 2).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use top_protocol::{SignMethod, signature};

use crate::check::{Refused, Signatures, given, pairs};
use crate::incoming::Parameters;

/// A name and a value that are signed.
type Pair<'a> = (&'a str, Cow<'a, str>);

/// Checks the signature of a call.
///
/// Values that are empty may be signed, by their name, or left out: the official SDKs do either (protocol.md 2.2 and 11). A
/// call without `sign_method` is signed with md5, with the secret on both sides or at the end alone (protocol.md 2.1).
pub(crate) fn verify(parameters: &Parameters, secret: &str) -> Result<(), Refused> {
    let sent = given(parameters, "sign").ok_or_else(|| Refused::new(24))?;
    let stated = given(parameters, "sign_method");
    let method: SignMethod = match stated {
        None => SignMethod::Md5,
        Some(name) => name
            .to_ascii_lowercase()
            .parse()
            .map_err(|error| Refused::because(25, "isv.invalid-sign-method", format!("{error}")))?,
    };
    let all: Vec<Pair<'_>> =
        pairs(parameters).filter(|(name, _)| *name != "sign").map(|(name, value)| (name, value.into())).collect();
    let filled: Vec<Pair<'_>> = all.iter().filter(|(_, value)| !value.is_empty()).cloned().collect();
    let expected = sign(method, secret, &text(&filled));
    let accepted = [expected.clone(), sign(method, secret, &text(&all))];
    let legacy = stated.is_none().then(|| plain_md5(&[&text(&filled), secret.as_bytes()].concat()));
    if accepted.iter().chain(&legacy).any(|accepted| accepted == sent) {
        return Ok(());
    }
    let mistake = mistake(sent, method, secret, &filled);
    let mut refused = Refused::new(25);
    refused.sub_msg = mistake.map(|mistake| format!("the signature would match if {mistake}"));
    refused.sub_code = refused.sub_msg.is_some().then(|| "isv.invalid-signature".to_owned());
    Err(Refused { signatures: Some(Signatures { method, expected }), ..refused })
}

/// What would have made `sent` of the parameters, if that is a usual mistake.
fn mistake(sent: &str, method: SignMethod, secret: &str, pairs: &[Pair<'_>]) -> Option<String> {
    let right = text(pairs);
    let is = |signature: String| signature.eq_ignore_ascii_case(sent);
    let of = |changed: &dyn Fn(&str) -> String| {
        let changed: Vec<Pair<'_>> = pairs.iter().map(|(name, value)| (*name, changed(value).into())).collect();
        sign(method, secret, &text(&changed))
    };
    if is(sign(method, secret, &right)) {
        return Some("it is written in upper case".to_owned());
    }
    if let Some(other) = SignMethod::ALL.into_iter().find(|other| is(sign(*other, secret, &right))) {
        return Some(format!("sign_method is {other}, which it was made with"));
    }
    let joined: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let secret_bytes = secret.as_bytes();
    for (signature, mistake) in [
        (of(&encoded), "values are signed before they are URL-encoded"),
        (of(&|value| value.replace(' ', "+")), "spaces are signed as spaces, not as `+`"),
        (of(&|value| value.trim().to_owned()), "values are signed as they are sent, with the blanks around them"),
        (sign(method, secret, joined.join("&").as_bytes()), "names and values are joined without `=` and `&`"),
        (sign(method, secret, joined.concat().as_bytes()), "names and values are joined without `=`"),
        (plain_md5(&right), "the secret is part of the signature"),
        (plain_md5(&[secret_bytes, &right].concat()), "the secret is at both ends of the text, not at its start alone"),
        (
            plain_md5(&[&right[..], secret_bytes].concat()),
            "the secret is at both ends of the text, not at its end alone",
        ),
    ] {
        if is(signature) {
            return Some(mistake.to_owned());
        }
    }
    // Parameters that are added after the signature was made, such as the session.
    let without = |left_out: &str| {
        let rest: Vec<Pair<'_>> = pairs.iter().filter(|(name, _)| *name != left_out).cloned().collect();
        sign(method, secret, &text(&rest))
    };
    pairs.iter().find(|(name, _)| is(without(name))).map(|(name, _)| format!("{name} is signed too"))
}

/// Signs a text that is ready.
fn sign(method: SignMethod, secret: &str, text: &[u8]) -> String {
    signature(method, secret, [], text)
}

/// The MD5 of a text, without a secret.
fn plain_md5(text: &[u8]) -> String {
    signature(SignMethod::Md5, "", [], text)
}

/// The text under the signature.
fn text(pairs: &[Pair<'_>]) -> Vec<u8> {
    pairs.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]).flatten().copied().collect()
}

fn encoded(value: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');
    utf8_percent_encode(value, KEPT).to_string().replace("%20", "+")
}
