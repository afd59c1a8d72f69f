//! Checks specs against the rules.

use std::path::PathBuf;

use super::context::Context;
use super::error::CommandError;
use super::print::{counted, line};
use crate::spec;

/// Checks the specs at `paths`, or all specs if there are no paths.
///
/// # Errors
///
/// All violations.
pub fn lint(context: &Context, paths: &[PathBuf]) -> Result<(), CommandError> {
    let count = if paths.is_empty() {
        spec::read(&context.specs).map(|specs| specs.methods.len() + specs.topics.len())
    } else {
        spec::lint(&context.specs, paths)
    };
    line(format_args!("{}, no problems", counted(count?, "spec", "specs")));
    Ok(())
}
