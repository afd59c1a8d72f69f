//! Checks of signatures (docs/protocol.md section 2), and the reasons why one does not match.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::iter;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use top_protocol::{PUBLIC_PARAMETERS, SignMethod, signature};

use crate::check::{Refused, given};
use crate::incoming::Parameters;

/// The most bytes of text of which mistakes are looked for: each mistake hashes the text once.
const MAX_TEXT: usize = 64 << 10;

/// The most bytes of files of which mistakes are looked for.
const MAX_FILES: usize = 8 << 20;

/// The most parameters of which mistakes are looked for.
const MAX_PARAMETERS: usize = 200;

/// A signature that does not match.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// How the text is hashed.
    pub(crate) digest: &'static str,
    /// The signature that matches.
    pub(crate) expected: String,
}

/// How a signature is made from the signed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digest {
    Named(SignMethod),
    /// MD5 over the text and the secret: what official SDKs for Java and .NET send without `sign_method`, so a platform
    /// accepts it that accepts them.
    Legacy,
}

impl Digest {
    /// The digest that `sign_method` names, in any case.
    fn of(parameters: &Parameters<'_>) -> Result<Self, Refused> {
        let Some(name) = given(parameters, "sign_method") else { return Ok(Self::Legacy) };
        match name.to_ascii_lowercase().parse() {
            Ok(method) => Ok(Self::Named(method)),
            Err(error) => Err(Refused::because(25, "isv.invalid-sign-method", format!("{error}"))),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Named(method) => method.name(),
            Self::Legacy => "md5 over the text and the secret, as there is no sign_method",
        }
    }

    /// The signature of `pairs`, which have values, and then `text`.
    fn sign<'p>(self, secret: &str, pairs: impl IntoIterator<Item = (&'p str, &'p str)>, text: &[u8]) -> String {
        match self {
            Self::Named(method) => signature(method, secret, pairs, text),
            Self::Legacy => signature(SignMethod::Md5, "", pairs, &[text, secret.as_bytes()].concat()),
        }
    }
}

/// The text parameters that are signed, in the byte order of their names. They may be empty.
pub(crate) fn signed<'p>(parameters: &'p Parameters<'_>) -> impl Iterator<Item = (&'p str, &'p str)> {
    let pairs = parameters.texts.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    pairs.filter(|(name, _)| *name != "sign")
}

/// Checks the signature of a call. Empty values may be signed as their names, or left out: SDKs do either
/// (docs/protocol.md section 2.2).
pub(crate) fn check(parameters: &Parameters<'_>, secret: &str) -> Result<(), Refused> {
    let sent = given(parameters, "sign").ok_or_else(|| Refused::new(24))?;
    let digest = Digest::of(parameters)?;
    let filled = || signed(parameters).filter(|(_, value)| !value.is_empty());
    let expected = digest.sign(secret, filled(), b"");
    if sent == expected {
        return Ok(());
    }
    let has_empty = signed(parameters).any(|(_, value)| value.is_empty());
    if has_empty && sent == digest.sign(secret, [], &joined(signed(parameters))) {
        return Ok(());
    }
    let text_length: usize = signed(parameters).map(|(name, value)| name.len() + value.len()).sum();
    let reason = if text_length > MAX_TEXT || parameters.texts.len() > MAX_PARAMETERS {
        "the signature does not match; the parameters are too long to look for the mistake".to_owned()
    } else {
        let mut texts = vec![filled().collect()];
        texts.extend(has_empty.then(|| signed(parameters).collect()));
        Attempt { digest, secret, sent, texts, files: &parameters.files }.mistake()
    };
    let mismatch = Mismatch { digest: digest.name(), expected };
    Err(Refused { mismatch: Some(mismatch), ..Refused::because(25, "isv.invalid-signature", reason) })
}

type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// A signature that does not match, and what it was made from.
struct Attempt<'a> {
    digest: Digest,
    secret: &'a str,
    sent: &'a str,
    /// The parameters without the empty ones, and with them if there are any.
    texts: Vec<Pairs<'a>>,
    files: &'a BTreeMap<Cow<'a, str>, Vec<&'a [u8]>>,
}

/// A mistake of clients that makes a signature differ.
struct Mistake {
    /// The mistake, and what to do. A name follows where `found` returns one.
    reason: &'static str,
    /// Whether the signature matches a text with this mistake.
    found: for<'a> fn(&Attempt<'a>) -> Option<&'a str>,
}

/// The mistakes that are looked for, in this order.
const MISTAKES: &[Mistake] = &[
    Mistake {
        reason: "the signature is in lower case: write its hexadecimal digits in upper case",
        found: |attempt| attempt.matches(attempt.digest, joined_pairs),
    },
    Mistake {
        reason: "the signature is made with md5: send sign_method=md5",
        found: |attempt| attempt.matches(Digest::Named(SignMethod::Md5), joined_pairs),
    },
    Mistake {
        reason: "the signature is made with hmac: send sign_method=hmac",
        found: |attempt| attempt.matches(Digest::Named(SignMethod::Hmac), joined_pairs),
    },
    Mistake {
        reason: "the signature is made with hmac-sha256: send sign_method=hmac-sha256",
        found: |attempt| attempt.matches(Digest::Named(SignMethod::HmacSha256), joined_pairs),
    },
    Mistake {
        reason: "the signature lacks the secret in front of the text: md5 needs it on both sides",
        found: |attempt| attempt.matches(Digest::Legacy, joined_pairs),
    },
    Mistake {
        reason: "the signature lacks the secret behind the text: md5 needs it on both sides",
        found: |attempt| {
            let text = |pairs: &Pairs<'_>| [attempt.secret.as_bytes(), &joined_pairs(pairs)].concat();
            attempt.matches_unkeyed(text)
        },
    },
    Mistake {
        reason: "the values were percent-encoded before signing: sign the plain values",
        found: |attempt| ENCODINGS.iter().find_map(|encoding| attempt.matches_values(|value| encoding.encode(value))),
    },
    Mistake {
        reason: "the values were trimmed before signing: send and sign the same text",
        found: |attempt| attempt.matches_values(|value| value.trim().to_owned()),
    },
    Mistake {
        reason: "the text was not signed in UTF-8: characters beyond ASCII became `?`",
        found: |attempt| attempt.matches_values(|value| value.replace(|character: char| !character.is_ascii(), "?")),
    },
    Mistake {
        reason: "values that start with `@` are missing in the signature: sign every text",
        found: |attempt| attempt.matches_without(|_, value| value.starts_with('@')),
    },
    Mistake {
        reason: "the parameters of the method are missing in the signature: sign them and the public ones together",
        found: |attempt| attempt.matches_without(|name, _| !PUBLIC_PARAMETERS.contains(&name)),
    },
    Mistake {
        reason: "the public parameters are missing in the signature: sign them and those of the method together",
        found: |attempt| attempt.matches_without(|name, _| PUBLIC_PARAMETERS.contains(&name)),
    },
    Mistake {
        reason: "a parameter that is sent is missing in the signature: ",
        found: |attempt| {
            let names = attempt.texts.iter().flatten().map(|(name, _)| *name);
            names.into_iter().find(|left_out| attempt.matches_without(|name, _| name == *left_out).is_some())
        },
    },
    Mistake {
        reason: "the signature includes the parameter sign: leave it out of the signed text",
        found: |attempt| {
            attempt.matches(attempt.digest, |pairs| {
                let mut pairs = pairs.clone();
                pairs.insert(pairs.partition_point(|(name, _)| *name < "sign"), ("sign", ""));
                joined_pairs(&pairs)
            })
        },
    },
    Mistake {
        reason: "the signature includes files: sign only the text parameters",
        found: |attempt| attempt.matches_files(),
    },
    Mistake {
        reason: "the names were sorted without regard to case: sort them by their bytes",
        found: |attempt| {
            attempt.matches(attempt.digest, |pairs| {
                let mut pairs = pairs.clone();
                pairs.sort_by_key(|(name, _)| name.to_ascii_lowercase());
                joined_pairs(&pairs)
            })
        },
    },
    Mistake {
        reason: "the names and values were joined by `=` and `&`: join them without separators",
        found: |attempt| {
            attempt.matches(attempt.digest, |pairs| {
                let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
                pairs.collect::<Vec<_>>().join("&").into_bytes()
            })
        },
    },
];

impl<'a> Attempt<'a> {
    /// The first mistake that leads to the signature.
    fn mistake(&self) -> String {
        let found = MISTAKES.iter().find_map(|mistake| Some(format!("{}{}", mistake.reason, (mistake.found)(self)?)));
        found.unwrap_or_else(|| {
            "the signature matches no usual mistake: check the secret, and that the values are signed as they are sent"
                .to_owned()
        })
    }

    /// An empty name if the signature is that of a text, with or without the empty values.
    fn matches(&self, digest: Digest, text: impl Fn(&Pairs<'a>) -> Vec<u8>) -> Option<&'a str> {
        let mut texts = self.texts.iter();
        let matches = |pairs| digest.sign(self.secret, [], &text(pairs)).eq_ignore_ascii_case(self.sent);
        texts.any(matches).then_some("")
    }

    /// The same for the MD5 of a text that holds the secret.
    fn matches_unkeyed(&self, text: impl Fn(&Pairs<'a>) -> Vec<u8>) -> Option<&'a str> {
        let mut texts = self.texts.iter();
        let matches = |pairs| signature(SignMethod::Md5, "", [], &text(pairs)).eq_ignore_ascii_case(self.sent);
        texts.any(matches).then_some("")
    }

    /// The same for a text of other values.
    fn matches_values(&self, change: impl Fn(&str) -> String) -> Option<&'a str> {
        self.matches(self.digest, |pairs| {
            pairs.iter().flat_map(|(name, value)| [(*name).to_owned(), change(value)]).collect::<String>().into_bytes()
        })
    }

    /// The same for a text of fewer parameters.
    fn matches_without(&self, left_out: impl Fn(&str, &str) -> bool) -> Option<&'a str> {
        self.matches(self.digest, |pairs| joined(pairs.iter().copied().filter(|(name, value)| !left_out(name, value))))
    }

    /// The same for a text that has the contents of the files as values.
    fn matches_files(&self) -> Option<&'a str> {
        if self.files.values().flatten().map(|content| content.len()).sum::<usize>() > MAX_FILES {
            return None;
        }
        self.matches(self.digest, |pairs| {
            let texts = pairs.iter().map(|(name, value)| (*name, value.as_bytes()));
            let files = self.files.iter().flat_map(|(name, files)| iter::zip(iter::repeat(name.as_ref()), files));
            let mut all: Vec<(&str, &[u8])> = texts.chain(files.map(|(name, content)| (name, *content))).collect();
            all.sort_by_key(|(name, _)| *name);
            all.into_iter().flat_map(|(name, value)| [name.as_bytes(), value]).collect::<Vec<_>>().concat()
        })
    }
}

fn joined<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Vec<u8> {
    pairs.flat_map(|(name, value)| [name, value]).collect::<String>().into_bytes()
}

fn joined_pairs(pairs: &Pairs<'_>) -> Vec<u8> {
    joined(pairs.iter().copied())
}

/// A way to percent-encode a value.
struct Encoding {
    escaped: &'static AsciiSet,
    /// Whether a space becomes `+`.
    plus: bool,
    lower_case: bool,
}

impl Encoding {
    fn encode(&self, value: &str) -> String {
        let pieces = utf8_percent_encode(value, self.escaped).map(|piece| match piece {
            "%20" if self.plus => Cow::Borrowed("+"),
            piece if self.lower_case && piece.starts_with('%') => Cow::Owned(piece.to_ascii_lowercase()),
            piece => Cow::Borrowed(piece),
        });
        pieces.collect()
    }
}

/// RFC 3986: PHP's rawurlencode.
const RFC_3986: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Python's quote and quote_plus.
const SLASH: &AsciiSet = &RFC_3986.remove(b'/');
/// JavaScript's encodeURIComponent.
const JAVASCRIPT: &AsciiSet = &RFC_3986.remove(b'!').remove(b'*').remove(b'\'').remove(b'(').remove(b')');
/// Java's URLEncoder and the forms of browsers.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');
/// .NET's HttpUtility.UrlEncode.
const DOT_NET: &AsciiSet = &FORM.remove(b'!').remove(b'(').remove(b')');

/// The ways in which clients encode values.
const ENCODINGS: [Encoding; 8] = [
    Encoding { escaped: FORM, plus: true, lower_case: false },
    Encoding { escaped: FORM, plus: true, lower_case: true },
    Encoding { escaped: DOT_NET, plus: true, lower_case: true },
    Encoding { escaped: RFC_3986, plus: false, lower_case: false },
    Encoding { escaped: RFC_3986, plus: false, lower_case: true },
    Encoding { escaped: RFC_3986, plus: true, lower_case: false },
    Encoding { escaped: SLASH, plus: false, lower_case: false },
    Encoding { escaped: JAVASCRIPT, plus: false, lower_case: false },
];

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "helloworld";

    /// Changes to the parameters: other values, or none.
    type Changes<'c> = &'c [(&'static str, Option<&'static str>)];

    fn parameters(changes: Changes<'_>, sign: &'static str) -> Parameters<'static> {
        let mut texts = BTreeMap::from([
            ("app_key", "12345678"),
            ("format", "json"),
            ("method", "taobao.top.client.token.get"),
            ("sec_token", "端 a+b/c(d)*'~!"),
            ("session", "71f46e93"),
            ("sign", sign),
            ("sign_method", "hmac"),
            ("timestamp", "2024-08-24 10:20:01"),
            ("v", "2.0"),
        ]);
        for (name, value) in changes {
            match value {
                Some(value) => texts.insert(name, value),
                None => texts.remove(name),
            };
        }
        let texts = texts.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Parameters { texts, files: BTreeMap::new() }
    }

    fn reason(parameters: &Parameters<'_>) -> String {
        let refused = check(parameters, SECRET).unwrap_err();
        assert_eq!((refused.code, refused.sub_code.as_deref()), (25, Some("isv.invalid-signature")));
        refused.sub_msg.unwrap()
    }

    // The signatures of these tests were made with hashlib and hmac of Python.

    #[test]
    fn signatures_that_match() {
        for (changes, sign) in [
            (&[][..], "C512499644CC7ECA43040847EED9270D"),
            (&[("nick", Some("")), ("zip", Some(""))], "D8C0EB23F041AFE5CD6CEF2918466254"),
            (&[("nick", Some("")), ("zip", Some(""))], "C512499644CC7ECA43040847EED9270D"),
            (&[("sign_method", Some("MD5"))], "8C76FC126BFB0BC8DD3D1877D8C58409"),
            (&[("sign_method", Some("HMAC"))], "3811DA294B1DD0E5BC046ABE44856D97"),
            (
                &[("sign_method", Some("Hmac-SHA256"))],
                "704A49A3E163BFEC8276202C4F2BE09B640E4620B1A4C53CA7C1CB9854A68F3B",
            ),
            (&[("sign_method", None)], "86761ED0BB01F2AAA437062A14B69F2B"),
            (&[("sign_method", Some(""))], "86761ED0BB01F2AAA437062A14B69F2B"),
            (&[("sign_method", Some(""))], "040E05529FC6A2AB3C24884B9962E7A0"),
            (
                &[("sign_method", Some("md5")), ("nick", Some("")), ("zip", Some(""))],
                "557A343710EDFDEAA2DAD168C80686C4",
            ),
            (
                &[("sign_method", Some("md5")), ("nick", Some("")), ("zip", Some(""))],
                "9CC2233EED3857DFA0B67F91E6A56844",
            ),
            (&[("format", Some("JSON")), ("simplify", Some("True"))], "CAABB374DBAA0E1A13D324E7BCEE4AF7"),
        ] {
            assert_eq!(check(&parameters(changes, sign), SECRET), Ok(()), "{changes:?} {sign}");
        }
    }

    #[test]
    fn every_mistake_is_named() {
        let mut found = [false; MISTAKES.len()];
        for (changes, sign, expected) in [
            (&[][..], "c512499644cc7eca43040847eed9270d", "in lower case"),
            (&[("nick", Some("")), ("zip", Some(""))], "d8c0eb23f041afe5cd6cef2918466254", "in lower case"),
            (&[], "9CCE1CE162C812947378AB426AE96480", "made with md5: send sign_method=md5"),
            (
                &[("sign_method", Some("md5"))],
                "CF9D15022E455D2F1F3DF9FE576E1A6C",
                "made with hmac: send sign_method=hmac",
            ),
            (&[], "E7D72547E97C15D0A50FCDE421F254F027551ADA182F036B43655E2C5079C1D8", "made with hmac-sha256:"),
            (&[("sign_method", None)], "CBFB0D70BA31660D888667318CC13DCF", "made with md5:"),
            (&[("sign_method", Some("md5"))], "619A533E8474B31653046E0F17BB1A97", "lacks the secret in front"),
            (&[("sign_method", Some("md5"))], "5EDFD2806C68BF56E177A95377C5132D", "lacks the secret behind"),
            (&[], "BE2F3F30A3FFA952347689AC967DFC53", "percent-encoded before signing"),
            (&[], "542400E762F1CB1427701E01B541785A", "percent-encoded before signing"),
            (&[], "AD9324BD599BEF8C1C5F32A73D0D021A", "percent-encoded before signing"),
            (&[], "5D87E5E7F47146B1BFA2E4C6A2FFD835", "percent-encoded before signing"),
            (&[], "734103C4DC56156D42D1D7339F9F2B3C", "percent-encoded before signing"),
            (&[], "FB1361D66DB25D5F23280DD1C3EE049E", "percent-encoded before signing"),
            (&[], "9E47662358F132500CBBD35DDB497D4A", "percent-encoded before signing"),
            (&[], "642ABADAAC0262D0AA83869E9D7D1809", "percent-encoded before signing"),
            (
                &[("nick", Some("")), ("zip", Some(""))],
                "2DF9573CD2E488CC186BA77E9BFCC39E",
                "percent-encoded before signing",
            ),
            (&[("nick", Some(" x "))], "1300238B0E4B077D5DEF5D1EC9211211", "trimmed before signing"),
            (&[], "BC9DC4224BE4A5268D89985CD73FD860", "not signed in UTF-8"),
            (&[("a", Some("@file"))], "C512499644CC7ECA43040847EED9270D", "start with `@`"),
            (&[("a", Some("1"))], "A8A145FA684AEBD8A1D86E2848B90E4B", "parameters of the method are missing"),
            (&[("a", Some("1"))], "64DCB844B8BC8F1DF87E24A42D43A438", "the public parameters are missing"),
            (&[], "2B30C37430823B2ABBEFE53726D0ED5B", "is missing in the signature: sign_method"),
            (&[], "54199FBB9BD9E749AF6DFEAAD79EE5BB", "is missing in the signature: format"),
            (&[], "1134722536443B5CF314D250ACA1E73E", "is missing in the signature: session"),
            (&[], "01FE72480F135F56CFCA1B9D02A9C66C", "is missing in the signature: v"),
            (&[], "76FAB712643C7EDA25F922E974C487DD", "is missing in the signature: timestamp"),
            (&[], "5F9044AE4061382CF530C92B91CA7499", "is missing in the signature: app_key"),
            (&[], "8A1885BC8FEBF69E05E9A7A93A57D0A3", "is missing in the signature: method"),
            (&[("a", Some("1"))], "C512499644CC7ECA43040847EED9270D", "is missing in the signature: a"),
            (
                &[("a", Some("1")), ("nick", Some("")), ("zip", Some(""))],
                "D8C0EB23F041AFE5CD6CEF2918466254",
                "is missing in the signature: a",
            ),
            (&[], "E3E73A4987A4895B2B4DD627D23B4D29", "includes the parameter sign"),
            (&[("Zebra", Some("1"))], "FE94723000CCA67E0B8C1A5C03E9F6DB", "sorted without regard to case"),
            (&[], "F7AF664C0C9A07D0A22EBFBB30A26819", "joined by `=` and `&`"),
            (&[], "C8FD5AD1831CE20BDD57949F1BF127F1", "no usual mistake: check the secret"),
            (&[], "0", "no usual mistake"),
        ] {
            let reason = reason(&parameters(changes, sign));
            assert!(reason.contains(expected), "{changes:?} {sign}: {reason}");
            for (mistake, found) in MISTAKES.iter().zip(&mut found) {
                *found |= reason.starts_with(mistake.reason);
            }
        }
        let missed: Vec<_> =
            MISTAKES.iter().zip(found).filter(|(_, found)| !found).map(|(row, _)| row.reason).collect();
        assert_eq!(missed, ["the signature includes files: sign only the text parameters"]);
    }

    #[test]
    fn files_are_not_signed() {
        let changes = &[
            ("method", Some("taobao.picture.upload")),
            ("sec_token", None),
            ("picture_category_id", Some("0")),
            ("image_input_title", Some("t.jpg")),
        ];
        let with_file = |sign| {
            let mut parameters = parameters(changes, sign);
            parameters.files.insert("img".into(), vec![b"GIF89a"]);
            parameters
        };
        assert_eq!(check(&with_file("6152E84DA2F0265ED838667761D15AE3"), SECRET), Ok(()));
        assert!(reason(&with_file("821EEBD07366DA7618324D8DCE028C9D")).contains("includes files"));
    }

    #[test]
    fn unknown_and_missing_signatures() {
        assert_eq!(check(&parameters(&[("sign", None)], ""), SECRET), Err(Refused::new(24)));
        let refused = check(&parameters(&[("sign_method", Some("sha1"))], "0"), SECRET).unwrap_err();
        assert_eq!(refused.sub_code.as_deref(), Some("isv.invalid-sign-method"));
        assert!(refused.sub_msg.unwrap().contains("md5, hmac, hmac-sha256"));
    }

    #[test]
    fn mistakes_of_long_requests_are_not_looked_for() {
        let mut long = parameters(&[], "C512499644CC7ECA43040847EED9270D");
        long.texts.insert("text".into(), "x".repeat(MAX_TEXT).into());
        assert!(reason(&long).ends_with("too long to look for the mistake"));
        let mut many = parameters(&[], "C512499644CC7ECA43040847EED9270D");
        many.texts.extend((0..MAX_PARAMETERS).map(|number| (number.to_string().into(), "1".into())));
        assert!(reason(&many).ends_with("too long to look for the mistake"));
    }
}
