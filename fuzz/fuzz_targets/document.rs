//! Any text as a document of the platform is refused, or imported as the same valid spec each time.

#![no_main]

use codegen::{import, spec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let platform = spec::Platform::default();
    if let Ok(yaml) = import::spec_of(text, &platform) {
        assert_eq!(import::spec_of(text, &platform).ok(), Some(yaml));
    }
});
