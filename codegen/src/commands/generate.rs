//! Write, compare or describe generated code.

use super::CommandError;
use super::print::{counted, line};
use crate::difference::Difference;
use crate::{Generated, Report};

/// The number of changed files that are listed by name.
const LISTED: usize = 20;

/// What to do with generated code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Write the files that differ.
    Write,
    /// Write nothing; fail if any file differs.
    Check,
    /// Write nothing; list what changes for users of the code.
    Diff,
}

/// Writes, compares or describes generated code. `repair` is the command that writes it, for the error of [`Mode::Check`].
///
/// # Errors
///
/// If files cannot be read or written, or with [`Mode::Check`] differ.
pub fn generate(generated: &Generated, mode: Mode, repair: &str) -> Result<(), CommandError> {
    match mode {
        Mode::Write => written(&generated.write()?),
        Mode::Check => return checked(&generated.check()?, repair),
        Mode::Diff => differences(&generated.diff()?),
    }
    Ok(())
}

fn differences(differences: &[Difference]) {
    differences.iter().for_each(line);
    line(counted(differences.len(), "difference", "differences"));
}

fn checked(report: &Report, repair: &str) -> Result<(), CommandError> {
    report.changes.iter().for_each(line);
    if report.changes.is_empty() {
        written(report);
        return Ok(());
    }
    Err(CommandError::failed(format!("generated files do not match the specs; run: {repair}")))
}

fn written(report: &Report) {
    let changes = &report.changes;
    changes.iter().take(LISTED).for_each(line);
    if changes.len() > LISTED {
        line(format_args!("and {} more", changes.len() - LISTED));
    }
    let state = match changes.len() {
        0 => "all up to date".to_owned(),
        count => format!("{count} changed"),
    };
    line(format_args!(
        "{} in {}: {}, {state}",
        counted(report.methods, "method", "methods"),
        counted(report.categories, "category", "categories"),
        counted(report.files, "file", "files"),
    ));
}
