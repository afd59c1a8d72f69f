//! The errors of commands.

use std::error::Error as StdError;
use std::fmt;
use std::io::IsTerminal;

use crate::builder::BuildError;
use crate::diagnostic::{Diagnostics, chain};

/// The error of a command: a message with its causes, coloured if standard error is a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// Invalid arguments: exit status 2.
    Usage(String),
    /// The command failed: exit status 1.
    Failed(String),
}

impl CommandError {
    pub(super) fn usage(problem: impl Into<String>) -> Self {
        Self::Usage(problem.into())
    }

    pub(super) fn failed(problem: impl Into<String>) -> Self {
        Self::Failed(problem.into())
    }

    /// Formats an error and its causes.
    pub fn from_error(error: &dyn StdError) -> Self {
        Self::Failed(chain(error))
    }

    /// Formats the problems of specs for a command that would have written files.
    pub fn nothing_written(problems: &Diagnostics) -> Self {
        Self::Failed(format!("{}; nothing was written", rendered(problems)))
    }
}

impl From<Diagnostics> for CommandError {
    fn from(problems: Diagnostics) -> Self {
        Self::Failed(rendered(&problems))
    }
}

impl From<BuildError> for CommandError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Specs(problems) => Self::nothing_written(&problems),
            error => Self::from_error(&error),
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(problem) | Self::Failed(problem) => f.write_str(problem),
        }
    }
}

impl StdError for CommandError {}

fn rendered(problems: &Diagnostics) -> String {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    problems.render(std::io::stderr().is_terminal() && !no_colour)
}
