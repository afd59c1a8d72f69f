//! Redirects of the authorization page are read, and forged redirects are refused.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| fuzz::oauth::redirect(input));
