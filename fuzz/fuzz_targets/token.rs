//! A token response is refused, or its token survives writing and reading.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| fuzz::oauth::token(input));
