//! `cargo xtask gateway`: the gateway, built and started.

use std::ffi::OsStr;

use crate::cargo::{become_program, cargo_run};
use crate::failure::Failure;

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    start(arguments.raw_args()?)
}

/// The gateway says itself how it is used.
pub(crate) fn help() -> Result<(), Failure> {
    start(["--help"])
}

fn start(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<(), Failure> {
    let mut gateway = cargo_run(&["--package", "gateway"])?;
    gateway.args(arguments);
    become_program(gateway, "the gateway")
}
