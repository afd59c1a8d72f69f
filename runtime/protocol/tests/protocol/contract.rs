//! The compile error for generated code of a contract version that the runtime does not support.

use std::path::Path;
use std::process::Command;

/// Compiles code that states a version, and returns what the compiler prints. The macro needs nothing of its crate, so the
/// compiler reads its file alone.
fn compile(version: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract.rs");
    let code = format!("#[path = {contract:?}]\nmod contract;\n__contract!({version});\n");
    let file = folder.path().join("api.rs");
    std::fs::write(&file, code).unwrap();
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "--color=never", "--out-dir"])
        .args([folder.path(), &file])
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_supported_version_compiles() {
    let (success, output) = compile("3");
    assert!(success, "{output}");
}

#[test]
fn other_versions_fail_and_the_error_names_the_command() {
    for version in ["0", "1", "2", "4", "latest"] {
        let (success, output) = compile(version);
        assert!(!success, "{version}");
        let message = output.lines().next().unwrap_or_default();
        assert_eq!(
            message,
            format!(
                "error: the generated code has contract version {version}, and the runtime supports version 3: run `cargo \
                 xtask gen` (in your own crate: `cargo top gen`), or update the runtime with `cargo update` if the generated \
                 code is newer"
            )
        );
    }
}
