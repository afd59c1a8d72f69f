//! `cargo xtask gateway`: the gateway, built and started.

use std::ffi::OsStr;

use crate::cargo::{become_program, built, cargo, run};
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
    become_program(gateway, "the gateway")
}
