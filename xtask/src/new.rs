//! `cargo xtask new`: writes a spec to fill in.

use codegen::commands::{self, line};
use lexopt::prelude::*;

use crate::context;
use crate::failure::Failure;

pub(crate) const HELP: &str = "\
Write a spec to fill in from the platform's page.

Usage: cargo xtask new METHOD [--category NAME]
       cargo xtask new TOPIC

The spec is specs/CATEGORY/METHOD.yaml, or specs/messages/TOPIC.yaml for a topic of the message channel. A
file that exists is not changed.

Options:
  --category NAME  The folder. Default: a word of the method's name, such as trade for taobao.trade.close
  -h, --help       Print help";

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let (mut name, mut category) = (None, None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("category") => category = Some(arguments.value()?.string()?),
            Short('h') | Long("help") => {
                line(HELP);
                return Ok(());
            }
            Value(value) if name.is_none() => name = Some(value.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let name = name.ok_or_else(|| {
        Failure::usage("no name: expected a METHOD or a TOPIC, as in cargo xtask new taobao.trade.close")
    })?;
    Ok(commands::new(&context()?, &name, category.as_deref())?)
}
