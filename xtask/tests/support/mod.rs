//! Calling the commands.

#![allow(dead_code, reason = "every test file uses a part of this")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Calls a command, whatever gateway and application the environment names.
pub(crate) fn xtask(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// A command to be called.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    for name in ["TOP_GATEWAY", "TOP_APP_KEY", "TOP_APP_SECRET", "TOP_SESSION"] {
        command.env_remove(name);
    }
    command.current_dir(root()).args(arguments);
    command
}

/// A path below the target folder that is the test's own, with nothing at it.
pub(crate) fn nothing_at(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    path
}

/// The target folder of the packages that tests generate, which have the same dependencies.
#[allow(dead_code, reason = "not every test builds a package")]
pub(crate) fn shared_target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated-packages")
}
