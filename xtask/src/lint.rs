//! `cargo xtask lint`: specs held against the rules, and nothing else.

use std::path::PathBuf;

use codegen::spec;
use lexopt::prelude::*;

use crate::failure::Failure;
use crate::tell::{self, counted};
use crate::{generate, root};

pub(crate) const HELP: &str = "\
Hold specs against the rules, and write nothing.

Usage: cargo xtask lint [PATH...]

A PATH is a spec or a folder of specs; without any it is specs. All that is wrong is told at once, with
its line.

Options:
  -h, --help  Say this";

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let mut paths = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(path) => paths.push(PathBuf::from(path)),
            Short('h') | Long("help") => {
                tell::line(HELP);
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let specs = root()?.join("specs");
    let count = spec::lint(&specs, &paths).map_err(generate::problems)?;
    tell::line(format_args!("{}, nothing wrong", counted(count, "spec", "specs")));
    Ok(())
}
