//! The project's commands: `cargo xtask help` lists them.

mod failure;
mod generate;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lexopt::prelude::*;

use failure::Failure;

const HELP: &str = "\
The commands of this project.

Usage: cargo xtask COMMAND [OPTION]...

Commands:
  gen      Write generated-sdk from specs
  help     Say this, or more about a command: cargo xtask help gen

Exit status: 0 done, 1 failed and said why, 2 not called rightly.";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run() -> Result<(), Failure> {
    let mut arguments = lexopt::Parser::from_env();
    let command = match arguments.next()? {
        None | Some(Short('h') | Long("help")) => "help".to_owned(),
        Some(Value(command)) => command.string()?,
        Some(other) => return Err(other.unexpected().into()),
    };
    match command.as_str() {
        "gen" => generate::command(arguments),
        "help" => help(arguments),
        other => Err(Failure::usage(format!("there is no command {other:?}"))),
    }
}

fn help(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let text = match arguments.next()? {
        None => HELP,
        Some(Value(command)) => match command.string()?.as_str() {
            "gen" => generate::HELP,
            "help" => HELP,
            other => return Err(Failure::usage(format!("there is no command {other:?}"))),
        },
        Some(other) => return Err(other.unexpected().into()),
    };
    println!("{text}");
    Ok(())
}

/// The project's root, as a path from where the command was started if that is short.
fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    match std::env::current_dir() {
        Ok(here) if here == root => PathBuf::new(),
        _ => root.to_owned(),
    }
}
