//! Any text of a sensitive field is plain, decrypted or refused. Encrypted text is decrypted to itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use top_protocol::sensitive::{Ciphertext, EncryptionSettings, KeyAge, SecretKey, SensitiveType};

fuzz_target!(|input: (&str, &str)| {
    let (text, settings) = input;
    let key = SecretKey::new(b"0123456789abcdef", 42).expect("a key");
    let settings = EncryptionSettings::from_json(settings).unwrap_or_default();
    for kind in SensitiveType::ALL {
        if let Some(ciphertext) = Ciphertext::parse(kind, text) {
            let _ = key.decrypt(&ciphertext);
        }
        let _ = key.search_token(kind, text, &settings);
        let encrypted = key.encrypt(kind, text, &settings, KeyAge::Current);
        // The readable part of a phone number may contain the separator.
        if encrypted != text && kind != SensitiveType::Phone {
            let ciphertext = Ciphertext::parse(kind, &encrypted).expect("a ciphertext");
            assert_eq!(key.decrypt(&ciphertext).as_deref(), Ok(text));
        }
    }
});
