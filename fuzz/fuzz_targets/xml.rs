//! Any text as the XML elements of a root element: a decoded response survives serialization.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|members: &str| fuzz::response(format!(
    "<fixture_everything_get_response>{members}</fixture_everything_get_response>"
)));
