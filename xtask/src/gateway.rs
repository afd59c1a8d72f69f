//! `cargo xtask gateway`: the gateway, built and started.

use std::ffi::OsStr;
use std::process::Command;

use crate::cargo::{built, cargo, run};
use crate::failure::Failure;
use crate::root;

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    start(arguments.raw_args()?)
}

/// The gateway says itself how it is used.
pub(crate) fn help() -> Result<(), Failure> {
    start(["--help"])
}

fn start(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<(), Failure> {
    run(cargo().args(["build", "--quiet", "--package", "gateway"]))?;
    let mut gateway = built(&["gateway"])?;
    // The last one that is given counts, so whoever names other specs has those.
    gateway.arg("--specs").arg(root().join("specs")).args(arguments);
    become_program(gateway)
}

/// Puts the gateway in the place of this process, so that what ends the one ends the other.
#[cfg(unix)]
fn become_program(mut gateway: Command) -> Result<(), Failure> {
    use std::os::unix::process::CommandExt;
    let error = gateway.exec();
    Err(Failure::new(format!("cannot start the gateway: {error}")))
}

#[cfg(not(unix))]
fn become_program(mut gateway: Command) -> Result<(), Failure> {
    let status = gateway.status().map_err(|error| Failure::new(format!("cannot start the gateway: {error}")))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(2) => Err(Failure::UsageTold),
        _ => Err(Failure::Told),
    }
}
