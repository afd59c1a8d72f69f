//! Compares the code generated from the fixtures with `golden/`, which is compiled by the tests of generated-sdk.
//!
//! To accept a change: `UPDATE_GOLDEN=1 cargo test -p top-codegen --test golden`, then review the diff.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use std::path::Path;

use codegen::output::Generator;
use codegen::render::{self, Paths};
use codegen::{model, output, spec};

#[test]
fn fixtures() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let paths = Paths {
        runtime: "generated_sdk::generated".to_owned(),
        client: "generated_sdk".to_owned(),
        api: "generated_sdk::api".to_owned(),
        generator: Generator::Xtask,
    };
    let golden = tests.join("golden");
    let model = model::resolve(&spec::read(&tests.join("fixtures/specs")).unwrap());
    assert_eq!(
        (model.apis().count(), model.callbacks().count(), model.categories.len(), model.topics.len()),
        (8, 2, 1, 4)
    );
    let api = render::api(&model, &paths, true, 1).unwrap().under(Path::new("src/api"));
    let sdk = api.and(render::sdk(&model).unwrap()).and(render::examples(&model, &paths).unwrap());
    let files = sdk.and(render::platform(&model).unwrap());
    let changes = files.compare(&golden).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        output::apply(&golden, &changes).unwrap();
    } else {
        let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
        assert!(
            changes.is_empty(),
            "{changes:#?}\nif this is meant: UPDATE_GOLDEN=1 cargo test -p top-codegen --test golden"
        );
    }
}
