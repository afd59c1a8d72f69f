//! Any text as a spec is refused, or Rust code is generated from it.

#![no_main]

use codegen::render::Paths;
use codegen::{model, render, spec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(method) = spec::parse("top", "specs/top/fuzz.yaml", text, &spec::Platform::default()) {
        let specs = spec::Specs { platform: spec::Platform::default(), methods: vec![method], topics: Vec::new() };
        render::api(&model::resolve(&specs), &Paths::of_generated_sdk(), true, 1).expect("a valid spec generates Rust");
    }
});
