//! Files that cannot be sent.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::File;

/// A file of a request cannot be sent.
#[derive(Debug)]
pub struct FileError {
    /// What is wrong with it.
    pub problem: FileProblem,
    parameter: Option<String>,
    name: String,
    path: Option<PathBuf>,
    begun: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What can be wrong with a file that is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileProblem {
    /// It cannot be read: it is gone, this program may not read it, or reading it failed.
    Unreadable,
    /// It is a folder, a pipe or a device.
    NoFile,
    /// It is not as long any more as it was when the request was made, or a stream not as long as was said.
    Changed {
        /// How many bytes it was to have.
        expected: u64,
        /// How many it has; where it has too many, how many had come when that was seen.
        found: u64,
    },
    /// It is a stream, and longer than the parameter takes: so many bytes.
    TooLong(u64),
    /// It is a stream, and was sent before, be it in part.
    ReadAlready,
}

impl FileError {
    #[doc(hidden)]
    pub fn of(file: &File, problem: FileProblem) -> Self {
        let (name, path) = (file.file_name().to_owned(), file.path().map(Path::to_owned));
        Self { problem, parameter: None, name, path, begun: false, source: None }
    }

    #[doc(hidden)]
    pub fn at(path: &Path, problem: FileProblem) -> Self {
        Self { problem, parameter: None, name: String::new(), path: Some(path.to_owned()), begun: false, source: None }
    }

    #[doc(hidden)]
    pub fn unreadable(path: &Path, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::at(path, FileProblem::Unreadable) }
    }

    #[doc(hidden)]
    pub fn failed(file: &File, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::of(file, FileProblem::Unreadable) }
    }

    /// The same error of the file for this parameter.
    #[doc(hidden)]
    pub fn for_parameter(self, name: &str) -> Self {
        Self { parameter: Some(name.to_owned()), ..self }
    }

    /// The parameter that it was for; `None` where it was not known yet.
    pub fn parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }

    /// The path of a file on disk.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The name under which it was to be sent.
    pub fn file_name(&self) -> &str {
        &self.name
    }

    /// Whether it is certain that the request was not sent: the file was looked at before.
    pub fn was_not_sent(&self) -> bool {
        !self.begun
    }
}

impl FileError {
    /// The same error, while the request was being sent.
    #[doc(hidden)]
    pub fn while_sent(self) -> Self {
        Self { begun: true, ..self }
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
            (FileProblem::NoFile, _) => {
                f.write_str("is not a regular file: send the content of a pipe or a device as a stream")
            }
            (FileProblem::Changed { expected, found }, Some(_)) => {
                write!(f, "changed after the request was built: expected {expected} bytes, found {found}")
            }
            (FileProblem::Changed { expected, found }, None) => {
                write!(f, "has the wrong length: expected {expected} bytes, found {found}")
            }
            (FileProblem::TooLong(most), _) => write!(f, "exceeds the parameter's limit of {most} bytes"),
            (FileProblem::ReadAlready, _) => {
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
