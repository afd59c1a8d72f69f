//! Why a command failed.

use std::error::Error as StdError;
use std::fmt;
use std::io::IsTerminal;

use crate::BuildError;
use crate::diagnostic::{Diagnostics, chain};

/// The error of a command: a text for a person, with the causes and in colour if standard error is a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// An argument is wrong: exit status 2.
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

    /// The failure of an error, with its causes.
    pub fn from_error(error: &dyn StdError) -> Self {
        Self::Failed(chain(error))
    }

    /// The failure of specs that violate rules, where a command would have written something.
    pub fn nothing_written(found: &Diagnostics) -> Self {
        Self::Failed(format!("{}; nothing was written", rendered(found)))
    }
}

impl From<Diagnostics> for CommandError {
    fn from(found: Diagnostics) -> Self {
        Self::Failed(rendered(&found))
    }
}

impl From<BuildError> for CommandError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Specs(found) => Self::nothing_written(&found),
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

fn rendered(found: &Diagnostics) -> String {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    found.render(std::io::stderr().is_terminal() && !no_colour)
}
