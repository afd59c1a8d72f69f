//! `cargo xtask gateway`: builds `cargo-top` and runs its command `gateway`.

use crate::cargo::{become_program, cargo_top};
use crate::failure::Failure;

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    // Without TLS: the gateway uses plain http on loopback.
    let mut gateway = cargo_top(false)?;
    gateway.arg("gateway").args(arguments.raw_args()?);
    become_program(gateway, "the gateway")
}

pub(crate) fn help() -> Result<(), Failure> {
    let mut gateway = cargo_top(false)?;
    gateway.args(["gateway", "--help"]);
    become_program(gateway, "the gateway")
}
