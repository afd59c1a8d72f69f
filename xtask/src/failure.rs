//! Failures of commands.

use std::fmt::Display;
use std::process::ExitCode;

use codegen::commands::CommandError;

/// A failure of a command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A usage error, and the command if it is known.
    Usage(String, Option<String>),
    /// The command failed.
    Failed(String),
    /// A program failed and reported the reason.
    #[cfg(not(unix))]
    Reported,
    /// A program reported a usage error.
    #[cfg(not(unix))]
    UsageReported,
}

impl Failure {
    pub(crate) fn usage(problem: impl Display) -> Self {
        Self::Usage(problem.to_string(), None)
    }

    /// Adds the command whose help the message names.
    pub(crate) fn of(self, command: String) -> Self {
        match self {
            Self::Usage(problem, _) => Self::Usage(problem, Some(command)),
            other => other,
        }
    }

    pub(crate) fn new(problem: impl Display) -> Self {
        Self::Failed(problem.to_string())
    }

    /// Prints the reason to standard error and returns the exit status.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Self::Usage(problem, command) => {
                let help = command.map(|command| format!(" {command}")).unwrap_or_default();
                eprintln!("{problem}\nTry: cargo xtask help{help}");
                ExitCode::from(2)
            }
            Self::Failed(problem) => {
                eprintln!("{problem}");
                ExitCode::FAILURE
            }
            #[cfg(not(unix))]
            Self::Reported => ExitCode::FAILURE,
            #[cfg(not(unix))]
            Self::UsageReported => ExitCode::from(2),
        }
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Usage(problem) => Self::usage(problem),
            error => Self::new(error),
        }
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        match error {
            // The message does not contain the argument, which may be a secret.
            lexopt::Error::NonUnicodeValue(_) => Self::usage("invalid argument: expected UTF-8"),
            error => Self::usage(error),
        }
    }
}
