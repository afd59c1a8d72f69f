//! `cargo xtask gen`: specs into the SDK.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use codegen::Summary;
use codegen::diagnostic::Diagnostics;
use codegen::output::{self, FileSet};
use lexopt::prelude::*;

use crate::failure::Failure;
use crate::tell::{self, counted};
use crate::{root, trimmed};

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
  --out DIR            Write an SDK that stands on its own to DIR
  --only PATTERN,...   With --out: only methods that match one of these, in which * is any text, as in
                       --only 'taobao.trade.*,taobao.item.*'
  --specs DIR          With --out: take the specs from there [specs]
  -h, --help           Say this";

/// How many of the files that are written are told by name.
const TOLD: usize = 20;

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
            elsewhere(&root, &out, &specs.unwrap_or_else(|| root.join("specs")), &only, mode)
        }
        None if only.is_empty() && specs.is_none() => here(mode),
        None => Err(Failure::usage("--only and --specs make another SDK, so they need --out DIR to write it to")),
    }
}

/// Writes, or with `check` holds against specs, what is generated in this project.
pub(crate) fn generate(check: bool) -> Result<(), Failure> {
    here(if check { Mode::Check } else { Mode::Write })
}

fn here(mode: Mode) -> Result<(), Failure> {
    let root = root()?;
    let (files, summary) = codegen::generate(&root).map_err(wrong)?;
    carry_out(&files, summary, &root, mode, "cargo xtask gen")
}

/// Writes an SDK that stands on its own, to a folder that is empty or holds one already.
fn elsewhere(root: &Path, out: &Path, specs: &Path, only: &[String], mode: Mode) -> Result<(), Failure> {
    let manifest = std::fs::read(out.join("Cargo.toml")).unwrap_or_default();
    let holds_other = std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if holds_other && !output::is_generated(&manifest) {
        let problem = "holds something other than a generated SDK; name a folder that is empty or not there yet";
        return Err(Failure::new(format!("{} {problem}", out.display())));
    }
    let (sdk, summary) = codegen::sdk(specs, only).map_err(wrong)?;
    let files = sdk.placed_in_files(trimmed::runtime(root)?).map_err(Failure::new)?;
    carry_out(&files, summary, out, mode, "the same without --check")
}

fn carry_out(files: &FileSet, summary: Summary, folder: &Path, mode: Mode, repair: &str) -> Result<(), Failure> {
    if let Mode::Diff = mode {
        let differences = files.differences(folder).map_err(Failure::new)?;
        differences.iter().for_each(tell::line);
        tell::line(format_args!("{}", counted(differences.len(), "difference", "differences")));
        return Ok(());
    }
    let changes = files.compare(folder).map_err(Failure::new)?;
    // A check tells of every file; of a run that mends them the first say enough.
    let told = if let Mode::Check = mode { changes.len() } else { TOLD };
    changes.iter().take(told).for_each(tell::line);
    if changes.len() > told {
        tell::line(format_args!("and {} more", changes.len() - told));
    }
    if let (Mode::Check, false) = (&mode, changes.is_empty()) {
        return Err(Failure::new(format!("what is generated does not match specs; run: {repair}")));
    }
    output::apply(folder, &changes).map_err(Failure::new)?;
    let state = match changes.len() {
        0 => "all up to date".to_owned(),
        count => format!("{count} changed"),
    };
    tell::line(format_args!(
        "{} in {}: {}, {state}",
        counted(summary.methods, "method", "methods"),
        counted(summary.categories, "category", "categories"),
        counted(files.len(), "file", "files"),
    ));
    Ok(())
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
