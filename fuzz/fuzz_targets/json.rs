//! Any text as the JSON members of a root node: a decoded response survives serialization.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|members: &str| fuzz::response(format!("{{\"fixture_everything_get_response\":{{{members}}}}}")));
