//! Writes, checks or compares generated code.

use super::error::CommandError;
use super::print::{counted, line};
use crate::builder::{Generated, Report};
use crate::difference::Difference;
use crate::files::printable;

/// The maximum number of changed files that are listed.
const MAX_LISTED: usize = 20;

/// What to do with generated code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Write the files that differ.
    Write,
    /// Write nothing; fail if a file differs.
    Check,
    /// Write nothing; list the API changes.
    Diff,
}

/// Writes, compares or describes generated code. `fix_command` is the command that writes it, for the error of [`Mode::Check`].
///
/// # Errors
///
/// If files cannot be read or written, or with [`Mode::Check`] differ.
pub fn generate(generated: &Generated, mode: Mode, fix_command: &str) -> Result<(), CommandError> {
    match mode {
        Mode::Write => print_report(&generated.write()?),
        Mode::Check => return check_report(&generated.check()?, fix_command),
        Mode::Diff => print_differences(&generated.diff()?),
    }
    Ok(())
}

fn print_differences(differences: &[Difference]) {
    differences.iter().for_each(line);
    line(counted(differences.len(), "difference", "differences"));
}

fn check_report(report: &Report, fix_command: &str) -> Result<(), CommandError> {
    report.changes.iter().for_each(line);
    if report.changes.is_empty() {
        print_report(report);
        return Ok(());
    }
    Err(CommandError::failed(format!("generated files do not match the specs; run: {fix_command}")))
}

fn print_report(report: &Report) {
    let changes = &report.changes;
    for change in changes.iter().take(MAX_LISTED) {
        line(format_args!("{:8} {}", change.effect(), printable(&change.path)));
    }
    if changes.len() > MAX_LISTED {
        line(format_args!("and {} more", changes.len() - MAX_LISTED));
    }
    let state = match changes.len() {
        0 => "all up to date".to_owned(),
        count => format!("{count} changed"),
    };
    let topics = match report.topics {
        0 => String::new(),
        count => format!(" and {}", counted(count, "topic", "topics")),
    };
    line(format_args!(
        "{} in {}{topics}: {}, {state}",
        counted(report.methods, "method", "methods"),
        counted(report.categories, "category", "categories"),
        counted(report.files, "file", "files"),
    ));
}
