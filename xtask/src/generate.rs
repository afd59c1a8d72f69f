//! `cargo xtask gen`: specs into the SDK.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use codegen::diagnostic::Diagnostics;
use codegen::difference::Difference;
use codegen::files::printable;
use codegen::{BuildError, Builder, Report, output};
use lexopt::prelude::*;

use crate::failure::Failure;
use crate::root;
use crate::tell::{self, counted};

pub(crate) const HELP: &str = "\
Write generated-sdk from specs.

Usage: cargo xtask gen [--check | --diff]
       cargo xtask gen [--only PATTERN,...] [--specs DIR] --out DIR

Every specs/CATEGORY/METHOD.yaml becomes a module of generated-sdk/src/api, and every category a
feature in generated-sdk/Cargo.toml. Nothing is written if any spec is wrong. Files are written only
where they differ, and only files that were generated are ever replaced or removed.

Options:
  --check              Write nothing; list what is missing, stale or orphaned, and fail if anything is
  --diff               Write nothing; list what users of the SDK would meet: what is added, removed or
                       of another type
  --out DIR            Write a package to DIR that depends on top-client alone
  --only PATTERN,...   With --out: only methods that match one of these, in which * is any text, as in
                       --only 'taobao.trade.*,taobao.item.*'
  --specs DIR          With --out: take the specs from there [specs]
  -h, --help           Say this";

/// The number of changed files that are listed by name.
const LISTED: usize = 20;

/// What is to be done with what is generated.
enum Mode {
    Write,
    Check,
    Diff,
}

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
                tell::line(HELP);
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
    let project = codegen::workspace(&root()?).map_err(failed)?;
    match mode {
        Mode::Write => written(&project.write().map_err(failed)?),
        Mode::Check => checked(&project.check().map_err(failed)?, "cargo xtask gen"),
        Mode::Diff => differences(&project.diff().map_err(failed)?),
    }
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
    let builder = Builder::new(specs).out(out).only(only).package(client);
    match mode {
        Mode::Write => written(&builder.write().map_err(failed)?),
        Mode::Check => checked(&builder.check().map_err(failed)?, "the same command without --check"),
        Mode::Diff => differences(&builder.diff().map_err(failed)?),
    }
}

fn differences(differences: &[Difference]) -> Result<(), Failure> {
    differences.iter().for_each(tell::line);
    tell::line(counted(differences.len(), "difference", "differences"));
    Ok(())
}

fn checked(report: &Report, repair: &str) -> Result<(), Failure> {
    report.changes.iter().for_each(tell::line);
    if report.changes.is_empty() {
        return written(report);
    }
    Err(Failure::new(format!("generated files do not match the specs; run: {repair}")))
}

fn written(report: &Report) -> Result<(), Failure> {
    let changes = &report.changes;
    changes.iter().take(LISTED).for_each(tell::line);
    if changes.len() > LISTED {
        tell::line(format_args!("and {} more", changes.len() - LISTED));
    }
    let state = match changes.len() {
        0 => "all up to date".to_owned(),
        count => format!("{count} changed"),
    };
    tell::line(format_args!(
        "{} in {}: {}, {state}",
        counted(report.methods, "method", "methods"),
        counted(report.categories, "category", "categories"),
        counted(report.files, "file", "files"),
    ));
    Ok(())
}

fn failed(error: BuildError) -> Failure {
    match error {
        BuildError::Specs(found) => wrong(found),
        error => Failure::of_error(&error),
    }
}

/// What is wrong with specs, in colour for a terminal, before anything was written.
pub(crate) fn wrong(found: Diagnostics) -> Failure {
    Failure::new(format!("{}; nothing was written", rendered(&found)))
}

/// What is wrong with specs, in colour for a terminal.
pub(crate) fn problems(found: Diagnostics) -> Failure {
    Failure::new(rendered(&found))
}

fn rendered(found: &Diagnostics) -> String {
    found.render(std::io::stderr().is_terminal())
}
