//! Helpers to run the commands.

#![allow(dead_code, reason = "each test file uses a part of the module")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Returns the root of the project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs a command without `TOP_` variables.
pub(crate) fn xtask(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// Returns a command without `TOP_` variables.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    for name in ["TOP_GATEWAY", "TOP_APP_KEY", "TOP_APP_SECRET", "TOP_SESSION"] {
        command.env_remove(name);
    }
    command.current_dir(root()).args(arguments);
    command
}

/// Returns a path in the target folder for one test. Nothing exists at the path.
pub(crate) fn absent_path(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    path
}

/// Returns the target folder of generated packages.
pub(crate) fn shared_target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated-packages")
}
