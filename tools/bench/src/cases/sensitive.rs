//! Sensitive fields. The floor is the cipher and Base64.

use std::error::Error;

use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit};
use generated_sdk::protocol::sensitive::{Ciphertext, EncryptionSettings, KeyAge, SecretKey, SensitiveType};

use crate::measure::Case;

const KEY: &[u8; 16] = b"0123456789abcdef";
const VECTOR: &[u8; 16] = b"0102030405060708";
const NAME: &str = "上海市浦东新区张江高科技园区博云路二号";

pub(crate) fn cases() -> Result<Vec<Case>, Box<dyn Error>> {
    let key = SecretKey::new(KEY, 42)?;
    let settings = EncryptionSettings::default();
    let text = key.encrypt(SensitiveType::Nick, NAME, &settings, KeyAge::Current);
    // The key schedule is part of neither side.
    let cipher = Aes128::new(KEY.into());
    let base64 = STANDARD.encode(encrypted(&cipher));
    let decipher = cipher.clone();
    let decrypting = key.clone();
    Ok(vec![
        Case::new(
            "encrypt a name",
            1.2,
            move || key.encrypt(SensitiveType::Nick, NAME, &settings, KeyAge::Current),
            move || STANDARD.encode(encrypted(&cipher)),
        ),
        Case::new(
            "decrypt a name",
            1.2,
            move || Ciphertext::parse(SensitiveType::Nick, &text).map(|ciphertext| decrypting.decrypt(&ciphertext)),
            move || {
                let ciphertext = STANDARD.decode(&base64).unwrap_or_default();
                let decryptor = cbc::Decryptor::inner_iv_init(&decipher, VECTOR.into());
                decryptor.decrypt_padded_vec::<Pkcs7>(&ciphertext).map(String::from_utf8)
            },
        ),
    ])
}

fn encrypted(cipher: &Aes128) -> Vec<u8> {
    cbc::Encryptor::inner_iv_init(cipher, VECTOR.into()).encrypt_padded_vec::<Pkcs7>(NAME.as_bytes())
}
