//! Any text as a document of the platform: it is refused, or it makes a spec that keeps to the rules and imports as the same
//! spec again. `cargo fuzz run document`.

#![no_main]

use codegen::{import, spec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let platform = spec::Platform::default();
    if let Ok(yaml) = import::spec_of(text, &platform) {
        assert_eq!(import::spec_of(text, &platform).ok(), Some(yaml));
    }
});
