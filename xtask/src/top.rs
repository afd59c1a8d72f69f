//! Commands of `cargo-top`, which is built and started for them.

use std::ffi::OsString;

use crate::cargo::{become_program, cargo_top};
use crate::failure::Failure;

/// Runs a command, with or without TLS.
pub(crate) fn run(
    name: &str,
    tls: bool,
    arguments: impl IntoIterator<Item = impl Into<OsString>>,
) -> Result<(), Failure> {
    let mut command = cargo_top(tls)?;
    command.arg(name).args(arguments.into_iter().map(Into::into));
    become_program(command, &format!("the command {name}"))
}

/// Runs a command of the local gateway, which uses plain http on loopback.
pub(crate) fn run_local(name: &str, mut arguments: lexopt::Parser) -> Result<(), Failure> {
    run(name, false, arguments.raw_args()?)
}

/// Prints the help of a command.
pub(crate) fn help(name: &str) -> Result<(), Failure> {
    run(name, false, ["--help"])
}
