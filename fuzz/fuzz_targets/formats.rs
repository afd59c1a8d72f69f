//! One value in each format decodes as the same value.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| fuzz::formats::check(input));
