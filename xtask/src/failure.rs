//! Why a command did not do what it was asked.

use std::fmt::Display;
use std::process::ExitCode;

use codegen::commands::CommandError;

/// A failure and what to tell of it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is wrong, be it of a command whose name is known.
    Usage(String, Option<String>),
    /// The command failed.
    Failed(String),
    /// A program that was started failed, and has told why.
    #[cfg(not(unix))]
    Reported,
    /// A program that was started says that the command line is wrong.
    #[cfg(not(unix))]
    UsageReported,
}

impl Failure {
    pub(crate) fn usage(problem: impl Display) -> Self {
        Self::Usage(problem.to_string(), None)
    }

    /// The same failure of this command, whose help is the one to read.
    pub(crate) fn of(self, command: String) -> Self {
        match self {
            Self::Usage(problem, _) => Self::Usage(problem, Some(command)),
            other => other,
        }
    }

    pub(crate) fn new(problem: impl Display) -> Self {
        Self::Failed(problem.to_string())
    }

    /// Says why on standard error.
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
            // It is not repeated: it may be a secret.
            lexopt::Error::NonUnicodeValue(_) => Self::usage("an argument is no UTF-8"),
            error => Self::usage(error),
        }
    }
}
