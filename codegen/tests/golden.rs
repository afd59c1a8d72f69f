//! The fixtures generated, against the files in `golden/`, which generated-sdk's tests compile and use.
//!
//! After a change that is meant: `UPDATE_GOLDEN=1 cargo test -p codegen --test golden`, and read the difference.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use std::path::Path;

use codegen::output;

#[test]
fn fixtures() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let (files, summary) = codegen::sdk(&tests.join("fixtures/specs"), &[]).unwrap();
    assert_eq!((summary.methods, summary.categories), (7, 1));
    let golden = tests.join("golden");
    let changes = files.compare(&golden).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        output::apply(&golden, &changes).unwrap();
    } else {
        let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
        assert!(
            changes.is_empty(),
            "{changes:#?}\nif this is meant: UPDATE_GOLDEN=1 cargo test -p codegen --test golden"
        );
    }
}
