//! Verification of a call from the platform. The floor is the digest of what is signed, and the body as text.

use std::error::Error;

use generated_sdk::protocol::spi::{SpiRequest, SpiVerifier};
use md5::{Digest, Md5};

use crate::measure::Case;

const SECRET: &str = "helloworld";

pub(crate) fn cases() -> Result<Vec<Case>, Box<dyn Error>> {
    let item = r#"{"item_id":520813250866,"title":"纯棉短袖","quantity":12,"price":"188.80"}"#;
    let body = format!(r#"{{"order":[{}]}}"#, [item; 40].join(","));
    let call = SpiRequest::new("taobao.qimen.test", "12345678", SECRET).json(body.clone());
    let request = call.sign("https://shop.test/spi")?;
    let verifier = SpiVerifier::new(SECRET).any_timestamp();
    let bytes = body.clone().into_bytes();
    let text = [SECRET, "app_key12345678methodtaobao.qimen.test", &body, SECRET].concat();
    Ok(vec![Case::new(
        "verify an SPI call of 3 KB",
        1.2,
        move || verifier.verify(&request).is_ok(),
        move || (Md5::digest(&text), std::str::from_utf8(&bytes).map(str::to_owned)),
    )])
}
