//! The minimum Rust version of the dependencies. `clippy::incompatible_msrv` checks this project's own code.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests panic on failure")]

use std::path::Path;
use std::process::Command;

#[test]
fn dependencies_support_the_minimum_rust_version() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--all-features"])
        .current_dir(root)
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let version = |package: &serde_json::Value| -> Option<Vec<u64>> {
        let text = package["rust_version"].as_str()?;
        let parts = text.split('.').map(|part| part.parse().unwrap());
        Some(parts.chain([0, 0]).take(3).collect())
    };
    let own = packages.iter().find(|package| package["name"] == "generated-sdk").and_then(version).unwrap();
    let demanding: Vec<_> = packages
        .iter()
        .filter(|package| version(package) > Some(own.clone()))
        .map(|package| &package["name"])
        .collect();
    assert!(packages.len() > 50, "the lock file has only {} packages", packages.len());
    assert!(demanding.is_empty(), "these packages require more than {own:?}: {demanding:?}");
}
