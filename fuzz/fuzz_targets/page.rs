//! A page that is written from a spec is imported as the same spec.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| fuzz::page::check(input));
