//! The gateway reads the multipart body that the client encodes.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| fuzz::request::multipart(input));
