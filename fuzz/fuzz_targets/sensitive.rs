//! Any text of a sensitive field. It is plain text, a ciphertext that is decrypted, or refused. What is encrypted is decrypted.

#![no_main]

use top_protocol::sensitive::{Ciphertext, EncryptionSettings, KeyAge, SecretKey, SensitiveType};
use libfuzzer_sys::fuzz_target;

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
        // The readable start of a phone number may have the separator.
        if encrypted != text && kind != SensitiveType::Phone {
            let ciphertext = Ciphertext::parse(kind, &encrypted).expect("a ciphertext");
            assert_eq!(key.decrypt(&ciphertext).as_deref(), Ok(text));
        }
    }
});
