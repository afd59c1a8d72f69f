//! Encryption of sensitive fields (docs/protocol.md section 7.6).

use proptest::prelude::*;
use top_protocol::sensitive::KeyAge::{Current, Previous};
use top_protocol::sensitive::SensitiveType::{Nick, Normal, Phone, ReceiverName, Search, Simple};
use top_protocol::sensitive::{
    Ciphertext, EncryptionSettings, SecretError, SecretKey, SensitiveType, UnknownSensitiveType,
};

const SECRET: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

fn key() -> SecretKey {
    SecretKey::from_base64(SECRET, 42).unwrap()
}

/// Settings with an index for every type.
fn indexed() -> EncryptionSettings {
    let json = r#"{"current_phone":"2","current_nick":"2","current_receiver_name":"2","current_simple":"2","current_normal":"2"}"#;
    EncryptionSettings::from_json(json).unwrap()
}

fn decrypted(key: &SecretKey, kind: SensitiveType, text: &str) -> Result<String, SecretError> {
    Ciphertext::parse(kind, text).map_or_else(|| Ok(text.to_owned()), |ciphertext| key.decrypt(&ciphertext))
}

#[test]
fn matches_published_vectors() {
    let plain = EncryptionSettings::default();
    for (kind, text, settings, expected) in [
        (Phone, "13834566786", &plain, "$138$ln9oVewt47CUfsrUD6IJ9Q==$42$"),
        (Phone, "13834566786", &indexed(), "$HQE4OAlcgknUqf7f8/A9tw==$vh7qEbdVYZYMddSP13CXHg==$42$$"),
        (Nick, "taobaoTEST", &plain, "~kYscms7kH7qcleelEAsgug==~42~"),
        (
            Nick,
            "淘宝test旺旺",
            &indexed(),
            "~VI/EuQlqH2fBK3ltZoMItvqaFBLRvK9VHB04iLLy8Es=~UYaUGzDoZ3SXUByshBFhc3EGfY6g/kUZSjRU~42~~",
        ),
        // The type always has an index, and the separators of other types.
        (
            Search,
            "淘宝test旺旺",
            &plain,
            "~VI/EuQlqH2fBK3ltZoMItvqaFBLRvK9VHB04iLLy8Es=~UYaUGzDoZ3SXUByshBFhc3EGfY6g/kUZSjRU~42~~",
        ),
        (ReceiverName, "taobaoTEST", &plain, "~kYscms7kH7qcleelEAsgug==~42~"),
        (Simple, "taobaoTEST", &plain, "~kYscms7kH7qcleelEAsgug==~42~"),
        (Normal, "taobaoTEST", &plain, "\u{1}kYscms7kH7qcleelEAsgug==\u{1}42\u{1}"),
        // Texts that stay plain.
        (Phone, "1383456678", &indexed(), "1383456678"),
        (Phone, "", &plain, ""),
        (Nick, "", &plain, ""),
    ] {
        assert_eq!(key().encrypt(kind, text, settings, Current), expected, "{kind} {text}");
        assert_eq!(decrypted(&key(), kind, expected).unwrap(), text, "{kind} {text}");
    }
    for (kind, term, expected) in [
        (Phone, "6786", "$HQE4OAlcgknUqf7f8/A9tw==$"),
        (Nick, "淘宝test旺旺", "UYaUGzDoZ3SXUByshBFhc3EGfY6g/kUZSjRU"),
        (Nick, "test", "hBFh"),
        (Nick, "", ""),
    ] {
        assert_eq!(key().search_token(kind, term, &plain).unwrap(), expected, "{kind} {term}");
    }
    for wrong in ["678", "67860", "13834566786"] {
        assert_eq!(key().search_token(Phone, wrong, &plain), Err(SecretError::PhoneTerm), "{wrong}");
    }
}

#[test]
fn ciphertext_has_the_key_version() {
    let application = key().application_wide();
    let text = application.encrypt(Nick, "taobaoTEST", &EncryptionSettings::default(), Current);
    assert_eq!(text, "~kYscms7kH7qcleelEAsgug==~-42~");
    let ciphertext = Ciphertext::parse(Nick, &text).unwrap();
    assert_eq!((ciphertext.version(), ciphertext.is_application_wide(), ciphertext.is_indexed()), (42, true, false));
    assert_eq!(application.decrypt(&ciphertext).unwrap(), "taobaoTEST");

    let text = key().encrypt(Phone, "13834566786", &indexed(), Current);
    let ciphertext = Ciphertext::parse(Phone, &text).unwrap();
    assert_eq!((ciphertext.version(), ciphertext.is_application_wide(), ciphertext.is_indexed()), (42, false, true));
    let other = SecretKey::from_base64(SECRET, 41).unwrap().decrypt(&ciphertext);
    assert_eq!(other, Err(SecretError::OtherVersion { expected: 42, found: 41 }));
    let other = SecretKey::new(b"fedcba9876543210", 42).unwrap().decrypt(&ciphertext);
    assert_eq!(other, Err(SecretError::Undecryptable { version: 42 }));
}

#[test]
fn rejects_texts_that_are_not_ciphertexts() {
    for (kind, text) in [
        (Nick, ""),
        (Nick, "~~~"),
        (Nick, "~~~~"),
        (Nick, "taobao"),
        (Nick, "~taobao~"),
        (Nick, "~taobao"),
        (Nick, "$kYscms7kH7qcleelEAsgug==$42$"),
        (Nick, "~kYscms7kH7qcleelEAsgug==~~"),
        (Nick, "~kYscms7kH7qcleelEAsgug==~x42~"),
        (Nick, "~kYscms7kH7qcleelEAsgug==~+42~"),
        (Nick, "~kYscms7kH7qcleelEAsgug==~4-2~"),
        (Nick, "~kYscms7kH7qcleelEAsgug==~-~"),
        (Nick, "~kYscms7kH7qcleelEAsgug==~99999999999999999999~"),
        (Nick, "~kYscms7kH7qcleelEAsgug==~hBFh~42~"),
        (Nick, "~kYscms7kH7qcleelEAsgug==~42~~"),
        (Nick, "~a~b~c~42~~"),
        (Phone, "13834566786"),
        (Phone, "$ln9oVewt47CUfsrUD6IJ9Q==$42$"),
        (Phone, "$138$ln9oVewt47CUfsrUD6IJ9Q==$42"),
        (Phone, "~138~ln9oVewt47CUfsrUD6IJ9Q==~42~"),
        (Normal, "~kYscms7kH7qcleelEAsgug==~42~"),
    ] {
        assert_eq!(Ciphertext::parse(kind, text), None, "{kind} {text}");
        assert!(!Ciphertext::is_encrypted(kind, text), "{kind} {text}");
    }
    for (kind, text, encrypted) in [
        (Nick, "~kYscms7kH7qcleelEAsgug==~42~", true),
        (Nick, "~CKoqAl2hWzh54uBFv9Suug==~1~", true),
        (Nick, "~not Base64~42~", false),
        (Nick, "~hBFh~not Base64~42~~", false),
        (Phone, "$138$ln9oVewt47CUfsrUD6IJ9Q==$42$", true),
    ] {
        assert!(Ciphertext::parse(kind, text).is_some(), "{kind} {text}");
        assert_eq!(Ciphertext::is_encrypted(kind, text), encrypted, "{kind} {text}");
    }
}

#[test]
fn supports_every_key_length() {
    for length in [16, 24, 32] {
        let key = SecretKey::new(&vec![7; length], 1).unwrap();
        let text = key.encrypt(Nick, "taobaoTEST", &EncryptionSettings::default(), Current);
        assert_eq!(decrypted(&key, Nick, &text).unwrap(), "taobaoTEST");
    }
    for length in [0, 15, 17, 31, 33, 64] {
        assert_eq!(SecretKey::new(&vec![7; length], 1).err(), Some(SecretError::InvalidKey), "{length}");
    }
    for wrong in ["", "MDEy", "not Base64", "MDEyMzQ1Njc4OWFiY2RlZg"] {
        assert_eq!(SecretKey::from_base64(wrong, 1).err(), Some(SecretError::InvalidKey), "{wrong}");
    }
    assert!(SecretKey::from_base64(&format!("{SECRET}\n"), 1).is_ok());
    let text = format!("{:?}", key());
    assert!(!text.contains(SECRET) && !text.contains("0123456789abcdef") && text.contains("42"), "{text}");
}

#[test]
fn reads_settings() {
    let settings = r#"{"current_phone":"1","previous_phone":"2","current_nick":2,"publish_status":"0"}"#;
    let settings = EncryptionSettings::from_json(settings).unwrap();
    for (kind, age, expected) in [
        (Phone, Current, false),
        (Phone, Previous, true),
        (Nick, Current, true),
        (Nick, Previous, false),
        (Search, Current, true),
        (Normal, Current, false),
    ] {
        assert_eq!(settings.is_indexed(kind, age), expected, "{kind} {age:?}");
    }
    assert!(settings.is_beta() && !EncryptionSettings::default().is_beta());
    for wrong in ["", "[]", "null", "{"] {
        assert_eq!(EncryptionSettings::from_json(wrong), Err(SecretError::InvalidSettings), "{wrong}");
    }

    let token =
        |json: &str, term: &str| key().search_token(Nick, term, &EncryptionSettings::from_json(json).unwrap()).unwrap();
    // One window, whose entry has 5 bytes.
    assert_eq!(token(r#"{"encrypt_index_compress_len":"5"}"#, "test").len(), 8);
    assert_eq!(token(r#"{"encrypt_slide_size":"2"}"#, "test").len(), 12);
    for unusable in ["0", "-1", "x", "1000000000000"] {
        let json = format!(r#"{{"encrypt_index_compress_len":"{unusable}"}}"#);
        assert_eq!(token(&json, "test"), "hBFh", "{unusable}");
    }
    assert_eq!(token(r#"{"encrypt_slide_size":"0"}"#, "test"), "hBFh");
}

#[test]
fn parses_names_of_types() {
    for kind in SensitiveType::ALL {
        assert_eq!(kind.name().parse(), Ok(kind));
    }
    assert_eq!("mobile".parse::<SensitiveType>(), Err(UnknownSensitiveType));
}

fn kinds() -> impl Strategy<Value = SensitiveType> {
    proptest::sample::select(&SensitiveType::ALL[..])
}

proptest! {
    #[test]
    fn encryption_round_trip(kind in kinds(), text in "\\PC{0,24}", with_index in any::<bool>(), wide in any::<bool>()) {
        // A readable start must not contain the separator.
        prop_assume!(kind != Phone || !text.contains('$'));
        let settings = if with_index { indexed() } else { EncryptionSettings::default() };
        let key = if wide { key().application_wide() } else { key() };
        let encrypted = key.encrypt(kind, &text, &settings, Current);
        if encrypted != text {
            prop_assert!(Ciphertext::is_encrypted(kind, &encrypted));
            prop_assert_eq!(decrypted(&key, kind, &encrypted), Ok(text));
        }
    }

    /// The token of a part of a text is in the index, if the part has whole windows of ASCII.
    #[test]
    fn search_token_is_in_the_index(text in "[a-z]{8,16}", start in 0_usize..4) {
        let encrypted = key().encrypt(Search, &text, &EncryptionSettings::default(), Current);
        let token = key().search_token(Search, &text[start..start + 4], &EncryptionSettings::default()).unwrap();
        prop_assert!(encrypted.contains(&token));
    }

    #[test]
    fn parses_any_text_without_panic(kind in kinds(), text in "\\PC{0,12}|[~$\u{1}a0=-]{0,16}|~[A-Za-z0-9+/=]{0,24}~42~") {
        let _ = decrypted(&key(), kind, &text);
        let _ = Ciphertext::is_encrypted(kind, &text);
    }
}
