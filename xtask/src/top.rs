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

/// Runs a command that needs all default features, with TLS among them. Help is built without them.
pub(crate) fn run_full(name: &str, mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let arguments: Vec<OsString> = arguments.raw_args()?.collect();
    run(name, !arguments.iter().any(|argument| argument == "-h" || argument == "--help"), arguments)
}

/// Runs a command that sends to a URL in the arguments, with TLS if one is https.
pub(crate) fn run_to(name: &str, mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let arguments: Vec<OsString> = arguments.raw_args()?.collect();
    let is_https = |argument: &OsString| argument.to_string_lossy().to_ascii_lowercase().contains("https://");
    run(name, arguments.iter().any(is_https), arguments)
}

/// Prints the help of a command.
pub(crate) fn help(name: &str) -> Result<(), Failure> {
    run(name, false, ["--help"])
}
