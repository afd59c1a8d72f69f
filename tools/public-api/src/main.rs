//! `cargo xtask api`: the public API of each library as a text file, `public-api.txt` in its folder.
//!
//! The list comes from the JSON of rustdoc, whose format belongs to a version of Rust. With another version the lists are not
//! checked.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

use lexopt::prelude::*;
use public_api::Builder;

/// The version of Rust whose JSON `public_api` reads.
const RUST: &str = "1.95";

/// The libraries: package and folder.
const LIBRARIES: &[(&str, &str)] = &[
    ("top-protocol", "runtime/protocol"),
    ("top-client", "runtime/client"),
    ("top-axum", "runtime/axum"),
    ("top-messages", "runtime/messages"),
    ("top-codegen", "codegen"),
    ("top-gateway", "gateway"),
    ("generated-sdk", "generated-sdk"),
];

/// The features that add to the API of a library. Of the SDK, one category stands for all.
const FEATURES: &str = "top-protocol/messages,top-protocol/secret,top-protocol/spi,top-protocol/tokio,\
    top-client/blocking,top-client/gzip,top-client/hyper,top-client/redis,top-client/reqwest-0_13,top-client/rustls-no-provider,\
    top-client/secret,top-client/socks,top-client/system-proxy,top-gateway/record,\
    generated-sdk/client,generated-sdk/top";

/// The environment variable with which this program runs as rustdoc.
const AS_RUSTDOC: &str = "PUBLIC_API_AS_RUSTDOC";

fn main() -> ExitCode {
    if env::var_os(AS_RUSTDOC).is_some() {
        return rustdoc();
    }
    let mode = match options() {
        Ok(mode) => mode,
        Err(error) => {
            eprintln!("{error}\nTry: cargo xtask help api");
            return ExitCode::from(2);
        }
    };
    match run(mode) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs rustdoc with the unstable options that its JSON needs. cargo starts this program as rustdoc, so that the compiler has no
/// such option and the dependencies are those of all other builds. The version is checked before.
fn rustdoc() -> ExitCode {
    let status = Command::new("rustdoc").args(env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1").status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cannot run rustdoc: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Compare,
    Update,
    CheckVersion,
}

fn options() -> Result<Mode, lexopt::Error> {
    let mut mode = Mode::Compare;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("update") => mode = Mode::Update,
            Long("check-version") => mode = Mode::CheckVersion,
            other => return Err(other.unexpected()),
        }
    }
    Ok(mode)
}

/// Checks that `public_api` reads the JSON of the installed rustdoc.
fn check_version() -> Result<(), Box<dyn Error>> {
    let version = String::from_utf8(Command::new("rustc").arg("--version").output()?.stdout)?;
    if version.starts_with(&format!("rustc {RUST}.")) {
        return Ok(());
    }
    Err(format!(
        "the lists of public items need Rust {RUST}, found {}; run the command with that version",
        version.trim()
    )
    .into())
}

fn run(mode: Mode) -> Result<(), Box<dyn Error>> {
    check_version()?;
    if mode == Mode::CheckVersion {
        return Ok(());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut differences = Vec::new();
    let documents = rustdoc_json(&root)?;
    for (package, folder) in LIBRARIES {
        let list = public_items(&documents, package)?;
        let file = root.join(folder).join("public-api.txt");
        if mode == Mode::Update {
            fs::write(&file, list).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        } else {
            let expected =
                fs::read_to_string(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            differences.extend(changes(&expected, &list).into_iter().map(|change| format!("{package}: {change}")));
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    let problem = "the public API differs from the lists; if that is intended, run: cargo xtask api --update";
    Err(format!("{}\n{problem}", differences.join("\n")).into())
}

/// Writes the JSON of rustdoc for all libraries in one command, so that common dependencies are checked once. Returns its
/// folder.
fn rustdoc_json(root: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let status = Command::new("cargo")
        .current_dir(root)
        .args(["doc", "--quiet", "--lib", "--no-deps", "--no-default-features", "--features", FEATURES])
        .args(LIBRARIES.iter().flat_map(|(package, _)| ["--package", package]))
        .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json --cap-lints allow")
        .env("RUSTDOC", env::current_exe()?)
        .env(AS_RUSTDOC, "1")
        .stdin(Stdio::null())
        .status()?;
    if !status.success() {
        return Err("rustdoc failed".into());
    }
    Ok(target_folder()?.join("doc"))
}

/// Returns the public items of a library, one per line.
fn public_items(documents: &Path, package: &str) -> Result<String, Box<dyn Error>> {
    let json = documents.join(format!("{}.json", library(package)));
    let api = Builder::from_rustdoc_json(json).omit_blanket_impls(true).omit_auto_trait_impls(true).build()?;
    Ok(api.items().map(|item| format!("{item}\n")).collect())
}

/// Returns the folder that cargo builds into: the one that contains this program.
fn target_folder() -> Result<PathBuf, Box<dyn Error>> {
    let program = env::current_exe()?;
    let profile = program.parent().and_then(Path::parent);
    profile.map(Path::to_owned).ok_or_else(|| format!("no target folder above {}", program.display()).into())
}

/// Returns the name of the library of a package.
fn library(package: &str) -> String {
    match package {
        "top-codegen" => "codegen".to_owned(),
        "top-gateway" => "gateway".to_owned(),
        _ => package.replace('-', "_"),
    }
}

/// Returns the lines that only one of two lists has: `-` for the expected one, `+` for the other.
fn changes(expected: &str, found: &str) -> Vec<String> {
    let (expected, found): (BTreeSet<_>, BTreeSet<_>) = (expected.lines().collect(), found.lines().collect());
    let missing = expected.difference(&found).map(|line| format!("-{line}"));
    missing.chain(found.difference(&expected).map(|line| format!("+{line}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_missing_and_added_lines() {
        assert_eq!(changes("a\nb\n", "b\nc\n"), ["-a", "+c"]);
        assert!(changes("a\n", "a\n").is_empty());
    }
}
