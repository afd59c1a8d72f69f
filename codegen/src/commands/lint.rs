//! Check specs against the rules, and nothing else.

use std::path::PathBuf;

use super::print::{counted, line};
use super::{CommandError, Context};
use crate::spec;

/// Checks the specs at `paths`, or all specs if there are no paths.
///
/// # Errors
///
/// All violations.
pub fn lint(context: &Context, paths: &[PathBuf]) -> Result<(), CommandError> {
    let count = if paths.is_empty() {
        spec::read(&context.specs).map(|specs| specs.methods.len())
    } else {
        spec::lint(&context.specs, paths)
    };
    line(format_args!("{}, nothing wrong", counted(count?, "spec", "specs")));
    Ok(())
}
