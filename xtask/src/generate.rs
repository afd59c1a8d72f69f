//! `cargo xtask gen`: generates the SDK from specs.

use std::path::{Path, PathBuf};

use codegen::commands::{self, CommandError, Mode, line};
use codegen::files::printable;
use codegen::output::Generator;
use codegen::render::{Paths, package_name};
use codegen::{Builder, output};
use lexopt::prelude::*;

use crate::failure::Failure;
use crate::root;

pub(crate) const HELP: &str = "\
Write generated-sdk from specs.

Usage: cargo xtask gen [--check | --diff]
       cargo xtask gen [--only PATTERN,...] [--specs DIR] [--crates N] --out DIR

Every specs/CATEGORY/METHOD.yaml becomes a module of generated-sdk/src/api, and every category a
feature in generated-sdk/Cargo.toml. Every specs/messages/TOPIC.yaml becomes a module of
generated-sdk/src/api/messages. Nothing is written if any spec is wrong. Only files that differ are
written, and only generated files are replaced or removed.

Options:
  --check              Write nothing; list the files that are missing, stale or orphaned, and fail if
                       there are any
  --diff               Write nothing; list the types and fields that would be added, removed or changed
  --out DIR            Write a package to DIR that depends on top-client only
  --only PATTERN,...   With --out: generate only the methods and topics that match a pattern, in which *
                       is any text: --only 'taobao.trade.*,taobao_trade_*'
  --crates N           With --out: split the package into N crates, which cargo builds in parallel, and
                       one that re-exports their modules. For thousands of methods
  --specs DIR          With --out: read the specs from DIR. Default: specs
  -h, --help           Print help";

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let (mut check, mut diff, mut only, mut specs, mut out) = (false, false, Vec::new(), None, None);
    let mut crates = None;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("check") => check = true,
            Long("diff") => diff = true,
            Long("only") => {
                only.extend(arguments.value()?.string()?.split(',').map(|pattern| pattern.trim().to_owned()))
            }
            Long("crates") => crates = Some(number_of_crates(&arguments.value()?.string()?)?),
            Long("specs") => specs = Some(PathBuf::from(arguments.value()?)),
            Long("out") => out = Some(PathBuf::from(arguments.value()?)),
            Short('h') | Long("help") => {
                line(HELP);
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let mode = match (check, diff) {
        (true, true) => return Err(Failure::usage("--check cannot be used with --diff: pass one of them")),
        (true, false) => Mode::Check,
        (false, true) => Mode::Diff,
        (false, false) => Mode::Write,
    };
    match out {
        Some(out) => {
            let root = root()?;
            let specs = specs.unwrap_or_else(|| root.join("specs"));
            let builder = Builder::new(specs).only(only).crates(crates.unwrap_or(1)).cache(root.join("target"));
            generate_package(builder, &root, &out, mode)
        }
        None if only.is_empty() && specs.is_none() && crates.is_none() => generate_workspace(mode),
        None => Err(Failure::usage("--only, --specs and --crates need --out DIR, the folder of the package to write")),
    }
}

/// Writes the generated files of this project. With `check`, only compares them.
pub(crate) fn generate(check: bool) -> Result<(), Failure> {
    generate_workspace(if check { Mode::Check } else { Mode::Write })
}

fn generate_workspace(mode: Mode) -> Result<(), Failure> {
    let generated = codegen::workspace(&root()?).map_err(CommandError::from)?;
    Ok(commands::generate(&generated, mode, "cargo xtask gen")?)
}

fn number_of_crates(text: &str) -> Result<usize, Failure> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| Failure::usage(format!("invalid --crates {text:?}: expected a positive number")))
}

/// Writes a package to a folder that is empty or has a generated package.
fn generate_package(builder: Builder, root: &Path, out: &Path, mode: Mode) -> Result<(), Failure> {
    let manifest = std::fs::read(out.join("Cargo.toml")).unwrap_or_default();
    let is_empty = !std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if !is_empty && !output::is_generated(&manifest) {
        let expected = "expected an empty folder, a new folder or a generated package";
        return Err(Failure::new(format!("cannot write to {}: {expected}", printable(out))));
    }
    let client = root.join("runtime/client");
    let client = std::path::absolute(&client).unwrap_or(client);
    let paths = Paths { generator: Generator::Xtask, ..Paths::of_package(&package_name(out)) };
    let generated = builder.out(out).paths(paths).package(client).generate().map_err(CommandError::from)?;
    Ok(commands::generate(&generated, mode, "the same command without --check")?)
}
