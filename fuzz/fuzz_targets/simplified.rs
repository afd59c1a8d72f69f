//! Any text between the braces of JSON without a root node. `cargo fuzz run simplified fuzz/corpus/simplified fuzz/seeds/simplified`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|members: &str| fuzz::answer(format!("{{{members}}}")));
