//! `cargo xtask gen`: specs into the SDK.

use std::path::{Path, PathBuf};

use codegen::commands::{self, CommandError, Mode, line};
use codegen::files::printable;
use codegen::output::Generator;
use codegen::render::Paths;
use codegen::{Builder, output};
use lexopt::prelude::*;

use crate::failure::Failure;
use crate::root;

pub(crate) const HELP: &str = "\
Write generated-sdk from specs.

Usage: cargo xtask gen [--check | --diff]
       cargo xtask gen [--only PATTERN,...] [--specs DIR] --out DIR

Every specs/CATEGORY/METHOD.yaml becomes a module of generated-sdk/src/api, and every category a
feature in generated-sdk/Cargo.toml. Nothing is written if any spec is wrong. Files are written only
where they differ, and only files that were generated are ever replaced or removed.

Options:
  --check              Write nothing; list what is missing, stale or orphaned, and fail if anything is
  --diff               Write nothing; list what changes for users of the SDK: what is added, removed or
                       of another type
  --out DIR            Write a package to DIR that depends on top-client alone
  --only PATTERN,...   With --out: only methods that match one of these, in which * is any text, as in
                       --only 'taobao.trade.*,taobao.item.*'
  --specs DIR          With --out: take the specs from there [specs]
  -h, --help           Print help";

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let (mut check, mut diff, mut only, mut specs, mut out) = (false, false, Vec::new(), None, None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("check") => check = true,
            Long("diff") => diff = true,
            Long("only") => {
                only.extend(arguments.value()?.string()?.split(',').map(|pattern| pattern.trim().to_owned()))
            }
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
        (true, true) => return Err(Failure::usage("--check or --diff, not both")),
        (true, false) => Mode::Check,
        (false, true) => Mode::Diff,
        (false, false) => Mode::Write,
    };
    match out {
        Some(out) => {
            let root = root()?;
            elsewhere(&root, &out, &specs.unwrap_or_else(|| root.join("specs")), only, mode)
        }
        None if only.is_empty() && specs.is_none() => here(mode),
        None => Err(Failure::usage("--only and --specs make another SDK, so they need --out DIR to write it to")),
    }
}

/// Writes, or with `check` compares, the generated files of this project.
pub(crate) fn generate(check: bool) -> Result<(), Failure> {
    here(if check { Mode::Check } else { Mode::Write })
}

fn here(mode: Mode) -> Result<(), Failure> {
    let generated = codegen::workspace(&root()?).map_err(CommandError::from)?;
    Ok(commands::generate(&generated, mode, "cargo xtask gen")?)
}

/// Writes a package of its own, to a folder that is empty or has such a package already.
fn elsewhere(root: &Path, out: &Path, specs: &Path, only: Vec<String>, mode: Mode) -> Result<(), Failure> {
    let manifest = std::fs::read(out.join("Cargo.toml")).unwrap_or_default();
    let holds_other = std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if holds_other && !output::is_generated(&manifest) {
        let problem = "is not empty and has no generated SDK; name an empty or a new folder";
        return Err(Failure::new(format!("{} {problem}", printable(out))));
    }
    let client = root.join("runtime/client");
    let client = std::path::absolute(&client).unwrap_or(client);
    let paths = Paths { generator: Generator::Xtask, ..Paths::of_package("crate") };
    let builder = Builder::new(specs).out(out).only(only).paths(paths).package(client);
    let generated = builder.generate().map_err(CommandError::from)?;
    Ok(commands::generate(&generated, mode, "the same command without --check")?)
}
