//! Any request to an SPI endpoint without a valid signature is refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use top_protocol::spi::http::{HeaderMap, HeaderValue};
use top_protocol::spi::{SpiRefusal, SpiVerifier};

fuzz_target!(|request: (&str, &[u8], &[u8], &[u8])| {
    let (query, content_type, sign_list, body) = request;
    let mut headers = HeaderMap::new();
    for (name, value) in [("content-type", content_type), ("top-sign-list", sign_list)] {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.insert(name, value);
        }
    }
    let error = SpiVerifier::new("app secret").verify_parts(query, &headers, body).expect_err("no valid signature");
    let _ = format!("{error} {error:?} {}", SpiRefusal::of_parts(query, &headers).body());
});
