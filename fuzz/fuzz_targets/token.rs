//! A token answer is refused, or its token survives being written and read.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| fuzz::oauth::token(input));
