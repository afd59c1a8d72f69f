//! Signatures match an independent implementation.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| fuzz::signature::check(input));
