//! `cargo xtask test`: everything that must hold before a change is good.

use std::process::{Command, Stdio};

use codegen::commands::line;

use crate::cargo::{cargo, command_line, in_root, run};
use crate::failure::Failure;
use crate::{fuzz, generate, only_help, root};

pub(crate) const HELP: &str = "\
Run everything that CI runs: format, generated code, lints, tests, docs, fuzz targets.

Usage: cargo xtask test

Tests run under cargo nextest where that is installed, under cargo test otherwise. Checks that need
redis-server, the headers of OpenSSL, a C++ compiler or the oldest supported Rust are skipped with a
message where these are not installed. With CI=true a missing one of the first three is a failure.
Fuzz targets run for 55 s each in CI, for 5 s elsewhere: cargo xtask help fuzz.";

pub(crate) fn command(arguments: lexopt::Parser) -> Result<(), Failure> {
    if only_help(arguments, HELP)? {
        return Ok(());
    }
    root()?;
    step("cargo fmt --all --check");
    run(cargo().args(["fmt", "--all", "--check"]))?;
    step("cargo xtask gen --check");
    generate::generate(true)?;
    let everything = everything()?;
    told(cargo().args(["clippy", "--workspace", "--all-targets"]).args(everything).args(["--", "-D", "warnings"]))?;
    // Each library alone, and each feature alone.
    let tls = if everything == ALL { &["native-tls"][..] } else { &[] };
    let alone = [("top-protocol", ""), ("top-protocol", "tokio"), ("generated-sdk", ""), ("generated-sdk", "client")];
    let client = ["", "rustls", "blocking", "redis"].iter().chain(tls).map(|feature| ("top-client", *feature));
    for (package, features) in alone.into_iter().chain(client) {
        let library = ["clippy", "--package", package, "--no-default-features", "--features", features];
        told(cargo().args(library).args(["--", "-D", "warnings"]))?;
    }
    oldest_rust(everything)?;
    let nextest = has_nextest();
    let tests: &[&str] =
        if nextest { &["nextest", "run", "--no-fail-fast"] } else { &["test", "--all-targets", "--no-fail-fast"] };
    told(cargo().args(tests).arg("--workspace").args(everything))?;
    told(cargo().args(["test", "--doc", "--workspace"]).args(everything))?;
    told(cargo().args(["doc", "--workspace", "--no-deps"]).args(everything).env("RUSTDOCFLAGS", "-D warnings"))?;
    step("cargo xtask fuzz");
    fuzz::smoke()?;
    line(format_args!("\nall is well"));
    Ok(())
}

/// Every feature.
const ALL: &[&str] = &["--all-features"];

/// The options that turn on every feature that can be built here: the system's TLS is OpenSSL on Linux, and built from its
/// headers.
fn everything() -> Result<&'static [&'static str], Failure> {
    const BUT_NATIVE_TLS: &[&str] =
        &["--features", "generated-sdk/full,top-client/rustls,top-client/blocking,top-client/redis"];
    let headers = Command::new("pkg-config").args(["--exists", "openssl"]).status();
    if !cfg!(target_os = "linux") || headers.is_ok_and(|status| status.success()) {
        return Ok(ALL);
    }
    let missing = "OpenSSL's headers are not installed (Debian: libssl-dev, pkg-config)";
    if std::env::var_os("CI").is_some_and(|value| value == "true") {
        return Err(Failure::new(missing));
    }
    step(&format!("{missing}; native-tls is left out"));
    Ok(BUT_NATIVE_TLS)
}

/// Checks with the oldest Rust that is promised, where rustup has it.
fn oldest_rust(everything: &[&str]) -> Result<(), Failure> {
    const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");
    let rustup = |arguments: &[&str]| {
        let mut command = Command::new("rustup");
        command.args(["run", OLDEST, "cargo"]).args(arguments);
        in_root(&mut command);
        command
    };
    let silent = rustup(&["--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !silent.is_ok_and(|status| status.success()) {
        step(&format!(
            "Rust {OLDEST} is not installed; what it would refuse is left to clippy and the manifests' test"
        ));
        return Ok(());
    }
    told(rustup(&["check", "--workspace"]).args(everything))
}

fn told(command: &mut Command) -> Result<(), Failure> {
    step(&command_line(command));
    run(command)
}

fn step(text: &str) {
    line(format_args!("\n── {text}"));
}

fn has_nextest() -> bool {
    let version = cargo().args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}
