//! Redirects of the authorization page are read, and forged ones are refused.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| fuzz::oauth::redirect(input));
