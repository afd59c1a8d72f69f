//! `cargo xtask new`: writes a spec to fill in.

use codegen::commands::{self, line};
use lexopt::prelude::*;

use crate::context;
use crate::failure::Failure;

pub(crate) const HELP: &str = "\
Write a spec to fill in from the platform's page.

Usage: cargo xtask new METHOD [--category NAME]

The spec is specs/CATEGORY/METHOD.yaml. A file that exists is not changed.

Options:
  --category NAME  The folder. Default: a word of the method's name, such as trade for taobao.trade.close
  -h, --help       Print help";

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let (mut method, mut category) = (None, None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("category") => category = Some(arguments.value()?.string()?),
            Short('h') | Long("help") => {
                line(HELP);
                return Ok(());
            }
            Value(value) if method.is_none() => method = Some(value.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let method = method
        .ok_or_else(|| Failure::usage("no method: expected a METHOD, as in cargo xtask new taobao.trade.close"))?;
    Ok(commands::new(&context()?, &method, category.as_deref())?)
}
