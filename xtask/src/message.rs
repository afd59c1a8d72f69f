//! `cargo xtask message`: builds `cargo-top` and runs its command `message`.

use crate::cargo::{become_program, cargo_top};
use crate::failure::Failure;

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    // Without TLS: the gateway uses plain http on loopback.
    let mut message = cargo_top(false)?;
    message.arg("message").args(arguments.raw_args()?);
    become_program(message, "the command")
}

pub(crate) fn help() -> Result<(), Failure> {
    let mut message = cargo_top(false)?;
    message.args(["message", "--help"]);
    become_program(message, "the command")
}
