//! `cargo xtask gateway`: the gateway, built and started.

use std::ffi::OsStr;

use crate::cargo::{built, cargo, run};
use crate::failure::Failure;

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    start(arguments.raw_args()?)
}

/// The gateway says itself how it is used.
pub(crate) fn help() -> Result<(), Failure> {
    start(["--help"])
}

fn start(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<(), Failure> {
    run(cargo().args(["build", "--quiet", "--package", "gateway"]))?;
    let status = built(&["gateway"])?.args(arguments).status();
    match status.map_err(|error| Failure::new(format!("cannot start the gateway: {error}")))?.code() {
        Some(0) => Ok(()),
        Some(2) => Err(Failure::UsageTold),
        _ => Err(Failure::Told),
    }
}
