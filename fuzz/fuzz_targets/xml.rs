//! Any text between the tags of a root element in XML. `cargo fuzz run xml fuzz/corpus/xml fuzz/seeds/xml`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|members: &str| fuzz::answer(format!(
    "<fixture_everything_get_response>{members}</fixture_everything_get_response>"
)));
