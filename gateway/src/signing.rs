//! Checks of signatures (docs/protocol.md section 2), and the likely cause of a wrong one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::iter;

use codegen::spec::Dialect;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use top_protocol::{PUBLIC_PARAMETERS, SignMethod, UnknownSignMethod, signature};

use crate::dialect::sign_method;
use crate::refusal::{Refusal, SignatureMismatch};
use crate::request::Parameters;

/// The maximum bytes of text for a search for mistakes, which hashes the text once for each.
const MAX_TEXT: usize = 64 << 10;

/// The maximum bytes of files for a search for mistakes.
const MAX_FILES: usize = 8 << 20;

/// The maximum number of parameters for a search for mistakes.
const MAX_PARAMETERS: usize = 200;

/// The algorithm of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Named(SignMethod),
    /// MD5 of the text and the secret, which official SDKs for Java and .NET send without `sign_method`.
    Legacy,
}

impl Algorithm {
    /// Returns the algorithm of `sign_method`, in any case.
    fn of(dialect: &Dialect, parameters: &Parameters<'_>) -> Result<Self, Refusal> {
        let Some(name) = parameters.get("sign_method") else { return Ok(Self::Legacy) };
        match sign_method(dialect, name) {
            Some(method) => Ok(Self::Named(method)),
            None => Err(Refusal::with_reason(25, "isv.invalid-sign-method", UnknownSignMethod.to_string())),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Named(method) => method.name(),
            Self::Legacy => "md5 of the text and the secret (no sign_method)",
        }
    }

    /// Signs `pairs` and then `text`. Pairs without a value are ignored.
    fn sign<'p>(self, secret: &str, pairs: impl IntoIterator<Item = (&'p str, &'p str)>, text: &[u8]) -> String {
        match self {
            Self::Named(method) => signature(method, secret, pairs, text),
            Self::Legacy => signature(SignMethod::Md5, "", pairs, &[text, secret.as_bytes()].concat()),
        }
    }
}

/// Returns the signed parameters in the byte order of their names, empty values included. A signed body is the last value,
/// with an empty name.
pub(crate) fn signed_pairs<'p>(parameters: &'p Parameters<'_>) -> impl Iterator<Item = (&'p str, &'p str)> {
    let pairs = parameters.texts.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    pairs.filter(|(name, _)| *name != "sign").chain(parameters.content.map(|content| ("", content)))
}

/// Returns the signature of a call with a method, without empty values.
pub(crate) fn sign(parameters: &Parameters<'_>, method: SignMethod, secret: &str) -> String {
    let pairs = signed_pairs(parameters).filter(|(_, value)| !value.is_empty());
    signature(method, secret, pairs, b"")
}

/// Checks the signature of a call. SDKs sign the name of a parameter with an empty value, or leave it out; both are
/// accepted (docs/protocol.md section 2.2).
pub(crate) fn check(dialect: &Dialect, parameters: &Parameters<'_>, secret: &str) -> Result<(), Refusal> {
    let received = parameters.get("sign").ok_or_else(|| Refusal::new(24))?;
    let algorithm = Algorithm::of(dialect, parameters)?;
    let non_empty = || signed_pairs(parameters).filter(|(_, value)| !value.is_empty());
    let expected = algorithm.sign(secret, non_empty(), b"");
    if received == expected {
        return Ok(());
    }
    let has_empty = signed_pairs(parameters).any(|(_, value)| value.is_empty());
    if has_empty && received == algorithm.sign(secret, [], &joined(signed_pairs(parameters))) {
        return Ok(());
    }
    let text_length: usize = signed_pairs(parameters).map(|(name, value)| name.len() + value.len()).sum();
    let reason = if text_length > MAX_TEXT || parameters.texts.len() > MAX_PARAMETERS {
        "the signature does not match; the request is too long to search for the cause".to_owned()
    } else {
        let mut texts = vec![non_empty().collect()];
        texts.extend(has_empty.then(|| signed_pairs(parameters).collect()));
        let has_body = parameters.content.is_some_and(|content| !content.is_empty());
        Candidate { algorithm, secret, received, texts, files: &parameters.files, has_body }.mistake()
    };
    let mismatch = SignatureMismatch { algorithm: algorithm.name(), expected };
    Err(Refusal { mismatch: Some(mismatch), ..Refusal::with_reason(25, "isv.invalid-signature", reason) })
}

type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// A wrong signature, and the inputs that it may be computed from.
struct Candidate<'a> {
    algorithm: Algorithm,
    secret: &'a str,
    received: &'a str,
    /// The parameters without empty values, and with them if the request has any.
    texts: Vec<Pairs<'a>>,
    files: &'a BTreeMap<Cow<'a, str>, Vec<&'a [u8]>>,
    /// Whether the last pair of the texts is a signed body.
    has_body: bool,
}

/// A common mistake of clients.
struct Mistake {
    /// The mistake and the fix. The name that `find` returns follows.
    reason: &'static str,
    /// Returns a name, which may be empty, if the signature has this mistake.
    find: for<'a> fn(&Candidate<'a>) -> Option<&'a str>,
}

/// The mistakes, in the order of the search.
const MISTAKES: &[Mistake] = &[
    Mistake {
        reason: "the signature is in lower case: expected upper-case hexadecimal digits",
        find: |candidate| candidate.matches(candidate.algorithm, joined_pairs),
    },
    Mistake {
        reason: "the signature is computed with md5: send sign_method=md5",
        find: |candidate| candidate.matches(Algorithm::Named(SignMethod::Md5), joined_pairs),
    },
    Mistake {
        reason: "the signature is computed with hmac: send sign_method=hmac",
        find: |candidate| candidate.matches(Algorithm::Named(SignMethod::Hmac), joined_pairs),
    },
    Mistake {
        reason: "the signature is computed with hmac-sha256: send sign_method=hmac-sha256",
        find: |candidate| candidate.matches(Algorithm::Named(SignMethod::HmacSha256), joined_pairs),
    },
    Mistake {
        reason: "the secret before the signed text is missing: md5 needs it before and after the text",
        find: |candidate| candidate.matches(Algorithm::Legacy, joined_pairs),
    },
    Mistake {
        reason: "the secret after the signed text is missing: md5 needs it before and after the text",
        find: |candidate| {
            let text = |pairs: &Pairs<'_>| [candidate.secret.as_bytes(), &joined_pairs(pairs)].concat();
            candidate.matches_unkeyed(text)
        },
    },
    Mistake {
        reason: "the body is not signed: append it to the text of the parameters",
        find: |candidate| {
            let is_missing = candidate.has_body && candidate.matches_without(|name, _| name.is_empty()).is_some();
            is_missing.then_some("")
        },
    },
    Mistake {
        reason: "the values are percent-encoded before signing: sign the plain values",
        find: |candidate| {
            ENCODINGS.iter().find_map(|encoding| candidate.matches_values(|value| encoding.encode(value)))
        },
    },
    Mistake {
        reason: "the values are trimmed before signing: send and sign the same text",
        find: |candidate| candidate.matches_values(|value| value.trim().to_owned()),
    },
    Mistake {
        reason: "the signed text is not UTF-8: non-ASCII characters became `?`",
        find: |candidate| candidate.matches_values(|value| value.replace(|character: char| !character.is_ascii(), "?")),
    },
    Mistake {
        reason: "values that start with `@` are not signed: sign every text parameter",
        find: |candidate| candidate.matches_without(|_, value| value.starts_with('@')),
    },
    Mistake {
        reason: "the parameters of the method are not signed: sign them with the public parameters",
        find: |candidate| candidate.matches_without(|name, _| !PUBLIC_PARAMETERS.contains(&name)),
    },
    Mistake {
        reason: "the public parameters are not signed: sign them with the parameters of the method",
        find: |candidate| candidate.matches_without(|name, _| PUBLIC_PARAMETERS.contains(&name)),
    },
    Mistake {
        reason: "a parameter is sent but not signed: ",
        find: |candidate| {
            let names = candidate.texts.iter().flatten().map(|(name, _)| *name);
            names.into_iter().find(|left_out| candidate.matches_without(|name, _| name == *left_out).is_some())
        },
    },
    Mistake {
        reason: "the parameter sign is signed: leave it out",
        find: |candidate| {
            candidate.matches(candidate.algorithm, |pairs| {
                let mut pairs = pairs.clone();
                pairs.insert(pairs.partition_point(|(name, _)| *name < "sign"), ("sign", ""));
                joined_pairs(&pairs)
            })
        },
    },
    Mistake { reason: "files are signed: sign only the text parameters", find: |candidate| candidate.matches_files() },
    Mistake {
        reason: "the names are sorted case-insensitively: sort them by their bytes",
        find: |candidate| {
            candidate.matches(candidate.algorithm, |pairs| {
                let mut pairs = pairs.clone();
                pairs.sort_by_key(|(name, _)| name.to_ascii_lowercase());
                joined_pairs(&pairs)
            })
        },
    },
    Mistake {
        reason: "the names and values are joined by `=` and `&`: join them without separators",
        find: |candidate| {
            candidate.matches(candidate.algorithm, |pairs| {
                let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
                pairs.collect::<Vec<_>>().join("&").into_bytes()
            })
        },
    },
];

impl<'a> Candidate<'a> {
    /// Returns the first mistake that leads to the signature.
    fn mistake(&self) -> String {
        let found = MISTAKES.iter().find_map(|mistake| Some(format!("{}{}", mistake.reason, (mistake.find)(self)?)));
        found.unwrap_or_else(|| {
            "the signature does not match, and no common mistake explains it: check the secret, and sign the values as sent"
                .to_owned()
        })
    }

    /// Returns an empty name if the signature matches a text, with or without the empty values.
    fn matches(&self, algorithm: Algorithm, text: impl Fn(&Pairs<'a>) -> Vec<u8>) -> Option<&'a str> {
        let mut texts = self.texts.iter();
        let matches = |pairs| algorithm.sign(self.secret, [], &text(pairs)).eq_ignore_ascii_case(self.received);
        texts.any(matches).then_some("")
    }

    /// Like [`matches`](Self::matches) for the MD5 of a text that contains the secret.
    fn matches_unkeyed(&self, text: impl Fn(&Pairs<'a>) -> Vec<u8>) -> Option<&'a str> {
        let mut texts = self.texts.iter();
        let matches = |pairs| signature(SignMethod::Md5, "", [], &text(pairs)).eq_ignore_ascii_case(self.received);
        texts.any(matches).then_some("")
    }

    /// Like [`matches`](Self::matches) for changed values.
    fn matches_values(&self, change: impl Fn(&str) -> String) -> Option<&'a str> {
        self.matches(self.algorithm, |pairs| {
            pairs.iter().flat_map(|(name, value)| [(*name).to_owned(), change(value)]).collect::<String>().into_bytes()
        })
    }

    /// Like [`matches`](Self::matches) for fewer parameters.
    fn matches_without(&self, left_out: impl Fn(&str, &str) -> bool) -> Option<&'a str> {
        self.matches(self.algorithm, |pairs| {
            joined(pairs.iter().copied().filter(|(name, value)| !left_out(name, value)))
        })
    }

    /// Like [`matches`](Self::matches) with the contents of the files as values.
    fn matches_files(&self) -> Option<&'a str> {
        if self.files.values().flatten().map(|content| content.len()).sum::<usize>() > MAX_FILES {
            return None;
        }
        self.matches(self.algorithm, |pairs| {
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

/// A percent-encoding of values.
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

/// RFC 3986, as PHP's `rawurlencode`.
const RFC_3986: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Python's `quote` and `quote_plus`.
const SLASH: &AsciiSet = &RFC_3986.remove(b'/');
/// JavaScript's `encodeURIComponent`.
const JAVASCRIPT: &AsciiSet = &RFC_3986.remove(b'!').remove(b'*').remove(b'\'').remove(b'(').remove(b')');
/// Java's `URLEncoder`, and forms of browsers.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');
/// .NET's `HttpUtility.UrlEncode`.
const DOT_NET: &AsciiSet = &FORM.remove(b'!').remove(b'(').remove(b')');

/// The percent-encodings of common clients.
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

    /// Changes of parameters: another value, or `None` to remove the parameter.
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
        Parameters { texts, ..Parameters::default() }
    }

    fn reason(parameters: &Parameters<'_>) -> String {
        let refused = check(&Dialect::default(), parameters, SECRET).unwrap_err();
        assert_eq!((refused.code, refused.sub_code.as_deref()), (25, Some("isv.invalid-signature")));
        refused.sub_msg.unwrap()
    }

    // The signatures of these tests were computed with Python's hashlib and hmac.

    #[test]
    fn accepts_valid_signatures() {
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
            assert_eq!(check(&Dialect::default(), &parameters(changes, sign), SECRET), Ok(()), "{changes:?} {sign}");
        }
    }

    #[test]
    fn names_every_mistake() {
        let mut found = [false; MISTAKES.len()];
        for (changes, sign, expected) in [
            (&[][..], "c512499644cc7eca43040847eed9270d", "in lower case"),
            (&[("nick", Some("")), ("zip", Some(""))], "d8c0eb23f041afe5cd6cef2918466254", "in lower case"),
            (&[], "9CCE1CE162C812947378AB426AE96480", "computed with md5: send sign_method=md5"),
            (
                &[("sign_method", Some("md5"))],
                "CF9D15022E455D2F1F3DF9FE576E1A6C",
                "computed with hmac: send sign_method=hmac",
            ),
            (&[], "E7D72547E97C15D0A50FCDE421F254F027551ADA182F036B43655E2C5079C1D8", "computed with hmac-sha256:"),
            (&[("sign_method", None)], "CBFB0D70BA31660D888667318CC13DCF", "computed with md5:"),
            (&[("sign_method", Some("md5"))], "619A533E8474B31653046E0F17BB1A97", "the secret before the signed text"),
            (&[("sign_method", Some("md5"))], "5EDFD2806C68BF56E177A95377C5132D", "the secret after the signed text"),
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
            (&[], "BC9DC4224BE4A5268D89985CD73FD860", "not UTF-8"),
            (&[("a", Some("@file"))], "C512499644CC7ECA43040847EED9270D", "start with `@`"),
            (&[("a", Some("1"))], "A8A145FA684AEBD8A1D86E2848B90E4B", "parameters of the method are not signed"),
            (&[("a", Some("1"))], "64DCB844B8BC8F1DF87E24A42D43A438", "the public parameters are not signed"),
            (&[], "2B30C37430823B2ABBEFE53726D0ED5B", "sent but not signed: sign_method"),
            (&[], "54199FBB9BD9E749AF6DFEAAD79EE5BB", "sent but not signed: format"),
            (&[], "1134722536443B5CF314D250ACA1E73E", "sent but not signed: session"),
            (&[], "01FE72480F135F56CFCA1B9D02A9C66C", "sent but not signed: v"),
            (&[], "76FAB712643C7EDA25F922E974C487DD", "sent but not signed: timestamp"),
            (&[], "5F9044AE4061382CF530C92B91CA7499", "sent but not signed: app_key"),
            (&[], "8A1885BC8FEBF69E05E9A7A93A57D0A3", "sent but not signed: method"),
            (&[("a", Some("1"))], "C512499644CC7ECA43040847EED9270D", "sent but not signed: a"),
            (
                &[("a", Some("1")), ("nick", Some("")), ("zip", Some(""))],
                "D8C0EB23F041AFE5CD6CEF2918466254",
                "sent but not signed: a",
            ),
            (&[], "E3E73A4987A4895B2B4DD627D23B4D29", "the parameter sign is signed"),
            (&[("Zebra", Some("1"))], "FE94723000CCA67E0B8C1A5C03E9F6DB", "sorted case-insensitively"),
            (&[], "F7AF664C0C9A07D0A22EBFBB30A26819", "joined by `=` and `&`"),
            (&[], "C8FD5AD1831CE20BDD57949F1BF127F1", "no common mistake explains it: check the secret"),
            (&[], "0", "no common mistake"),
        ] {
            let reason = reason(&parameters(changes, sign));
            assert!(reason.contains(expected), "{changes:?} {sign}: {reason}");
            for (mistake, found) in MISTAKES.iter().zip(&mut found) {
                *found |= reason.starts_with(mistake.reason);
            }
        }
        let text = |body| {
            let mut parameters = parameters(&[], "C512499644CC7ECA43040847EED9270D");
            parameters.content = Some(body);
            parameters
        };
        assert!(reason(&text("<a/>")).starts_with("the body is not signed"));
        assert_eq!(check(&Dialect::default(), &text(""), SECRET), Ok(()));
        let missed: Vec<_> =
            MISTAKES.iter().zip(found).filter(|(_, found)| !found).map(|(row, _)| row.reason).collect();
        assert_eq!(
            missed,
            [
                "the body is not signed: append it to the text of the parameters",
                "files are signed: sign only the text parameters"
            ]
        );
    }

    #[test]
    fn reports_signed_files() {
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
        assert_eq!(check(&Dialect::default(), &with_file("6152E84DA2F0265ED838667761D15AE3"), SECRET), Ok(()));
        assert!(reason(&with_file("821EEBD07366DA7618324D8DCE028C9D")).contains("files are signed"));
    }

    #[test]
    fn refuses_missing_signatures_and_unknown_algorithms() {
        assert_eq!(check(&Dialect::default(), &parameters(&[("sign", None)], ""), SECRET), Err(Refusal::new(24)));
        let refused =
            check(&Dialect::default(), &parameters(&[("sign_method", Some("sha1"))], "0"), SECRET).unwrap_err();
        assert_eq!(refused.sub_code.as_deref(), Some("isv.invalid-sign-method"));
        assert!(refused.sub_msg.unwrap().contains("expected md5, hmac or hmac-sha256"));
    }

    #[test]
    fn skips_the_search_for_mistakes_in_long_requests() {
        let mut long = parameters(&[], "C512499644CC7ECA43040847EED9270D");
        long.texts.insert("text".into(), "x".repeat(MAX_TEXT).into());
        assert!(reason(&long).ends_with("too long to search for the cause"));
        let mut many = parameters(&[], "C512499644CC7ECA43040847EED9270D");
        many.texts.extend((0..MAX_PARAMETERS).map(|number| (number.to_string().into(), "1".into())));
        assert!(reason(&many).ends_with("too long to search for the cause"));
    }
}
