//! Any text between the braces of a root node in JSON. `cargo fuzz run json fuzz/corpus/json fuzz/seeds/json`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|members: &str| fuzz::answer(format!("{{\"fixture_everything_get_response\":{{{members}}}}}")));
