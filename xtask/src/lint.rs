//! `cargo xtask lint`: checks specs against the rules.

use std::path::PathBuf;

use codegen::commands::{self, line};
use lexopt::prelude::*;

use crate::context;
use crate::failure::Failure;

pub(crate) const HELP: &str = "\
Check specs against the rules; write nothing.

Usage: cargo xtask lint [PATH...]

A PATH is a spec or a folder of specs. Default: specs. All violations are printed, each with its line.

Options:
  -h, --help  Print help";

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let mut paths = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(path) => paths.push(PathBuf::from(path)),
            Short('h') | Long("help") => {
                line(HELP);
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(commands::lint(&context()?, &paths)?)
}
