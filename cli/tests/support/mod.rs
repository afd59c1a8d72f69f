//! Running the commands.

#![allow(dead_code, reason = "every test file uses a part of this")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of this workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A command as cargo runs it for `cargo top`, in the root of this workspace, without the variables that name an application.
pub(crate) fn cargo_top(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-top"));
    for name in ["TOP_GATEWAY", "TOP_APP_KEY", "TOP_APP_SECRET", "TOP_SESSION"] {
        command.env_remove(name);
    }
    command.current_dir(root()).arg("top").args(arguments);
    command
}

/// A path below the target folder that belongs to one test, with nothing at it.
pub(crate) fn nothing_at(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    path
}

/// The target folder of the packages that tests generate. The tests of `xtask` use the same one.
pub(crate) fn shared_target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated-packages")
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
