//! The signature vectors of docs/protocol.md sections 2.3 and 2.4, and other rules.

use generated_sdk::protocol::{Parameters, SignMethod, signature, signed_text};

struct Vector {
    name: &'static str,
    secret: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    /// The value of `sign_method`, if it is not the name of the algorithm.
    sign_method: SignMethodText,
    body: &'static str,
    /// The signatures by md5, hmac and hmac-sha256.
    signatures: [&'static str; 3],
}

enum SignMethodText {
    OfTheAlgorithm,
    Fixed(&'static str),
    None,
}

use SignMethodText::{Fixed, None as Absent, OfTheAlgorithm};

const FIRST: &[(&str, &str)] = &[
    ("method", "taobao.item.seller.get"),
    ("app_key", "12345678"),
    ("session", "test"),
    ("timestamp", "2016-01-01 12:00:00"),
    ("format", "json"),
    ("v", "2.0"),
    ("fields", "num_iid,title,nick,price,num"),
    ("num_iid", "11223344"),
];

const VECTORS: &[Vector] = &[
    Vector {
        name: "1",
        secret: "helloworld",
        parameters: FIRST,
        sign_method: OfTheAlgorithm,
        body: "",
        signatures: [
            "66987CB115214E59E6EC978214934FB8",
            "D56D7858309C31B6251083A874D48273",
            "04DB15AD0774D5CFCE2C837DE43E3FCEA9011ED74F3038FB6AB5F3C4CEA119E8",
        ],
    },
    Vector {
        name: "1 (and 5) with the text sign_method=md5",
        secret: "helloworld",
        parameters: FIRST,
        sign_method: Fixed("md5"),
        body: "",
        signatures: [
            "66987CB115214E59E6EC978214934FB8",
            "B4DDA503460D60A86B16E950E5D303E9",
            "6B7EB7E1C35D068D69538D80282A37DFBF29B4DB11B451881AF51890626138B3",
        ],
    },
    Vector {
        name: "2",
        secret: "test",
        parameters: &[
            ("app_key", "test"),
            ("fields", "nick"),
            ("format", "xml"),
            ("method", "taobao.user.seller.get"),
            ("session", "test"),
            ("timestamp", "2013-05-06 13:52:03"),
            ("v", "2.0"),
        ],
        sign_method: OfTheAlgorithm,
        body: "",
        signatures: [
            "72CB4D809B375A54502C09360D879C64",
            "FA15A9D5B42AB2D6F3397843851ED09A",
            "267B9C1C7A2FE1CE413DBB95E596616D32107AE0992BE2C22143CFCE303E8E34",
        ],
    },
    Vector {
        name: "3, with the space in its timestamp",
        secret: "test",
        parameters: &[
            ("method", "taobao.user.get"),
            ("timestamp", "2011-07-01 13: 52:03"),
            ("format", "xml"),
            ("app_key", "test"),
            ("v", "2.0"),
            ("fields", "nick,location.state,location.city"),
            ("nick", "商家测试帐号17"),
        ],
        sign_method: OfTheAlgorithm,
        body: "",
        signatures: [
            "990FD28323F67A1EEC29336EDF373C0E",
            "023AA071CD942D836382BF22526B7A93",
            "47FC02B4BA057999B2E60572D1DD2455DB3BD2314D17917A8003529B78FF615E",
        ],
    },
    Vector {
        name: "4, without sign_method",
        secret: "sandbox01eff1e5ac77cf3d078982e6e",
        parameters: &[("a", "1"), ("b", "2"), ("c", "\u{2714}\u{fe0f}")],
        sign_method: Absent,
        body: "",
        signatures: [
            "3250EADEB3D5F9B453F4F0B95FA4B160",
            "FA26D09BE14FCA0F316A4C99085FBF3B",
            "07EB6D76B0062BA4F82C4D65886B7CF3F0D01421090E2F5FEB82341EBFE77B1E",
        ],
    },
    Vector {
        name: "6",
        secret: "helloworld",
        parameters: &[
            ("app_key", "00000000"),
            ("fields", "title"),
            ("format", "json"),
            ("method", "taobao.shop.seller.get"),
            ("nick", "lewin"),
            ("session", "203495ct8mu294538720c59384c7n204925876v23487695cb23948756c77"),
            ("timestamp", "2021-04-17 11:18:01"),
            ("v", "2.0"),
        ],
        sign_method: OfTheAlgorithm,
        body: "",
        signatures: [
            "AF62D4FFA3A6F8923D95783FAAB195B6",
            "EC017B645917D92D28B70F46E6C249AA",
            "C7FFEA40BACF1F7EEF76DEC9B01F9CEA2FA6D1489204F10175FCAD820BEBAB8C",
        ],
    },
    Vector {
        name: "1 with a raw body",
        secret: "helloworld",
        parameters: FIRST,
        sign_method: OfTheAlgorithm,
        body: "{\"a\":\"中文/b\"}",
        signatures: [
            "95818EF005000986F57C5CC50FFD2A6F",
            "C3B868A7FF3BB206EC673156A8BCA925",
            "26830ED2086A4DB5849407EAD57B37D97759F63E821B91E5D58CDF68F615F55D",
        ],
    },
    Vector {
        name: "1 with names that sort by bytes",
        secret: "helloworld",
        parameters: &[
            ("method", "taobao.item.seller.get"),
            ("app_key", "12345678"),
            ("session", "test"),
            ("timestamp", "2016-01-01 12:00:00"),
            ("format", "json"),
            ("v", "2.0"),
            ("fields", "num_iid,title,nick,price,num"),
            ("num_iid", "11223344"),
            ("a_b", "3"),
            ("aB", "4"),
            ("a.b", "2"),
            ("Zebra", "1"),
        ],
        sign_method: OfTheAlgorithm,
        body: "",
        signatures: [
            "FCA77D7240EA2D5310872525085186F4",
            "DA2341E6C998F193B2DEA37F7331DB4D",
            "32410D97E0AC9AF49C543F7B4BB1F6D63899207EEB80CB6584C48DF97EA9ECB9",
        ],
    },
];

/// The expected signatures were computed with Python's hashlib and hmac.
#[test]
fn signs_an_empty_value() {
    let vector = Vector {
        name: "an empty value",
        secret: "helloworld",
        parameters: &[
            ("method", "tmall.item.outerid.update"),
            ("app_key", "12345678"),
            ("session", "test"),
            ("timestamp", "2016-01-01 12:00:00"),
            ("format", "json"),
            ("v", "2.0"),
            ("item_id", "610000000001"),
            ("outer_id", ""),
        ],
        sign_method: OfTheAlgorithm,
        body: "",
        signatures: [
            "73F5E8D6D71FE89D4A794E1BDA050BCA",
            "7C650734BC867DC9D76F219199BD9708",
            "54151DA8EC02A0917620853452CB48F7B4943E342FAD08445702A5D08A7E1CE7",
        ],
    };
    for (method, expected) in SignMethod::ALL.into_iter().zip(vector.signatures) {
        let signed = signature(method, vector.secret, parameters(&vector, method).pairs(), b"");
        assert_eq!(signed, expected, "{method} of {}", vector.name);
    }
}

fn parameters(vector: &Vector, method: SignMethod) -> Parameters {
    let mut parameters = Parameters::new();
    for (name, value) in vector.parameters {
        parameters.set(*name, *value);
    }
    match vector.sign_method {
        OfTheAlgorithm => parameters.set("sign_method", method.name()),
        Fixed(text) => parameters.set("sign_method", text),
        Absent => {}
    }
    parameters
}

#[test]
fn matches_all_vectors() {
    for vector in VECTORS {
        for (method, expected) in SignMethod::ALL.into_iter().zip(vector.signatures) {
            let parameters = parameters(vector, method);
            let signed = signature(method, vector.secret, parameters.pairs(), vector.body.as_bytes());
            assert_eq!(signed, expected, "{method} of vector {}", vector.name);
        }
    }
}

#[test]
fn signed_text_matches_the_documentation() {
    let text = signed_text(parameters(&VECTORS[0], SignMethod::Md5).pairs(), b"");
    let published = "app_key12345678fieldsnum_iid,title,nick,price,numformatjsonmethodtaobao.item.seller.get\
                     num_iid11223344sessiontestsign_methodmd5timestamp2016-01-01 12:00:00v2.0";
    assert_eq!(String::from_utf8(text).unwrap(), published);
}

#[test]
fn skips_sign_and_signs_names_of_empty_values() {
    for method in SignMethod::ALL {
        let plain = signature(method, "s", [("a", "1")], b"");
        assert_eq!(plain, signature(method, "s", [("a", "1"), ("sign", "F00")], b""));
        assert_ne!(plain, signature(method, "s", [("a", "1"), ("b", "")], b""));
    }
    assert_eq!(signed_text([("a", "1"), ("b", ""), ("c", "2"), ("sign", "F00")], b""), b"a1bc2");
}

#[test]
fn parses_names_of_algorithms() {
    for method in SignMethod::ALL {
        assert_eq!(method.name().parse(), Ok(method));
        assert_eq!(method.to_string(), method.name());
    }
    for text in ["", "MD5", "hmac-sha1", "hmac_sha256"] {
        assert!(text.parse::<SignMethod>().is_err(), "{text:?}");
    }
}
