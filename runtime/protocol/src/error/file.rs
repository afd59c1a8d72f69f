//! The error of a file that cannot be sent.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

/// The error of a file that cannot be sent.
#[derive(Debug)]
pub struct FileError {
    /// The kind of problem.
    pub problem: FileProblem,
    parameter: Option<String>,
    name: String,
    path: Option<PathBuf>,
    while_sending: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kind of problem with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileProblem {
    /// The file does not exist, may not be read, or reading it failed.
    Unreadable,
    /// The path is a directory, a pipe or a device.
    NotAFile,
    /// The length of the file changed, or a stream has another length than declared.
    Changed {
        /// The expected length in bytes.
        expected: u64,
        /// The length in bytes, or the number of bytes read before the problem was detected.
        found: u64,
    },
    /// The stream exceeds the parameter's limit, which is in bytes.
    TooLong(u64),
    /// The stream was already read, at least in part.
    AlreadyRead,
}

impl FileError {
    /// Creates the error of a file with this name, and with this path if it is on disk.
    #[doc(hidden)]
    pub fn new(problem: FileProblem, name: impl Into<String>, path: Option<&Path>) -> Self {
        let path = path.map(Path::to_owned);
        Self { problem, parameter: None, name: name.into(), path, while_sending: false, source: None }
    }

    /// Sets the source of the error.
    #[doc(hidden)]
    pub fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// Sets the parameter of the file.
    #[doc(hidden)]
    pub fn for_parameter(self, name: &str) -> Self {
        Self { parameter: Some(name.to_owned()), ..self }
    }

    /// Marks the error as one that occurred while the request was sent.
    #[doc(hidden)]
    pub fn while_sending(self) -> Self {
        Self { while_sending: true, ..self }
    }

    /// Returns the name of the parameter, if it is known.
    pub fn parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }

    /// Returns the path of a file on disk.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Returns the file name that is sent. Empty if only the path is known.
    pub fn file_name(&self) -> &str {
        &self.name
    }

    /// Returns whether the error occurred before the request was sent.
    pub fn was_not_sent(&self) -> bool {
        !self.while_sending
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "the file {path:?} ")?,
            None => write!(f, "the stream {:?} ", self.name)?,
        }
        if let Some(parameter) = &self.parameter {
            write!(f, "for {parameter} ")?;
        }
        match (self.problem, &self.path) {
            (FileProblem::Unreadable, _) => f.write_str("cannot be read"),
            (FileProblem::NotAFile, _) => {
                f.write_str("is not a regular file: send the content of a pipe or a device as a stream")
            }
            (FileProblem::Changed { expected, found }, Some(_)) => {
                write!(f, "changed after the request was built: expected {expected} bytes, found {found}")
            }
            (FileProblem::Changed { expected, found }, None) => {
                write!(f, "has the wrong length: expected {expected} bytes, found {found}")
            }
            (FileProblem::TooLong(limit), _) => write!(f, "exceeds the parameter's limit of {limit} bytes"),
            (FileProblem::AlreadyRead, _) => {
                f.write_str("was already read: a stream can be sent once, create a new File for every call")
            }
        }
    }
}

impl StdError for FileError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
