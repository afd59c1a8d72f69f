//! The dependency rules of ARCHITECTURE.md.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests panic on failure")]

use std::collections::BTreeSet;
use std::process::Command;

/// Returns the packages that `package` is built from, with its default features.
fn tree(package: &str) -> BTreeSet<String> {
    tree_with(package, "")
}

/// Returns the packages that `package` is built from, with these features and the default features.
fn tree_with(package: &str, features: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", package, "--features", features])
        .args(["--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn protocol_has_no_http_and_no_runtime() {
    for features in ["", "messages,spi,secret"] {
        let protocol = tree_with("top-protocol", features);
        assert!(protocol.contains("top-protocol") && protocol.contains("sha2"), "{protocol:?}");
        for unwanted in ["reqwest", "hyper", "axum", "tower", "tokio", "rustls", "top-client", "generated-sdk"] {
            assert!(!protocol.contains(unwanted), "top-protocol depends on {unwanted}");
        }
    }
    assert!(tree("top-client").contains("reqwest"));
}

#[test]
fn workspace_packages_depend_in_one_direction() {
    let workspace = [
        "cargo-top",
        "generated-sdk",
        "top-axum",
        "top-client",
        "top-codegen",
        "top-gateway",
        "top-messages",
        "top-protocol",
    ];
    for (package, allowed) in [
        ("top-protocol", &[][..]),
        ("top-codegen", &[]),
        ("top-axum", &["top-protocol"]),
        ("top-client", &["top-protocol"]),
        ("top-messages", &["top-protocol"]),
        ("generated-sdk", &["top-client", "top-protocol"]),
        ("top-gateway", &["top-codegen", "top-protocol"]),
        ("cargo-top", &["top-client", "top-codegen", "top-gateway", "top-protocol"]),
        ("xtask", &["top-codegen"]),
    ] {
        let found: Vec<_> =
            tree(package).into_iter().filter(|name| workspace.contains(&name.as_str()) && name != package).collect();
        assert_eq!(found, allowed, "{package}");
    }
}

/// `xtask` is built before every command.
#[test]
fn xtask_has_few_dependencies() {
    let xtask = tree("xtask");
    for unwanted in ["cargo-top", "clap", "hyper", "indicatif", "reqwest", "rustls", "tokio"] {
        assert!(!xtask.contains(unwanted), "xtask depends on {unwanted}");
    }
}

/// Returns the packages with their features that a command builds.
fn features(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--prefix", "none", "--format", "{p} {f}"])
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.trim_end_matches(" (*)").trim_end().to_owned()).collect()
}

/// `cargo xtask demo` builds `xtask` first, and then the gateway and the client.
#[test]
fn demo_builds_common_dependencies_once() {
    let xtask = features(&["--package", "xtask", "--edges", "normal,build"]);
    let demo = features(&[
        "--package",
        "cargo-top",
        "--package",
        "generated-sdk",
        "--no-default-features",
        "--features",
        "generated-sdk/client,generated-sdk/top",
    ]);
    let twice: Vec<_> = xtask.difference(&demo).filter(|line| !line.starts_with("xtask ")).collect();
    let lexopt_alone = matches!(twice[..], [only] if only.starts_with("lexopt "));
    assert!(lexopt_alone, "xtask and the demo build these with different features: {twice:?}");
}
