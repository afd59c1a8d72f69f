//! The reasons why a document is not imported.

use std::error::Error;
use std::path::PathBuf;
use std::{fmt, io};

use crate::diagnostic::{Diagnostics, chain};
use crate::files::{ReadError, printable};

/// A document that was not imported, with the reason.
#[derive(Debug)]
pub struct Refusal {
    /// The document or folder.
    pub document: PathBuf,
    /// The reason.
    pub error: ImportError,
}

impl Refusal {
    pub(super) fn new(document: impl Into<PathBuf>, error: impl Into<ImportError>) -> Self {
        Self { document: document.into(), error: error.into() }
    }

    /// Returns the reason and its causes on one line.
    pub fn reason(&self) -> String {
        chain(&self.error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot import {}", printable(&self.document))
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

/// The reason why a document is not imported. `source()` is the error of the reader, if any.
#[derive(Debug)]
#[non_exhaustive]
pub enum ImportError {
    /// The file or folder cannot be read.
    Read(ReadError),
    /// The existing spec at this path cannot be read.
    ReadSpec(PathBuf, ReadError),
    /// The file is not UTF-8 text.
    NotText(String),
    /// The text looks like JSON but is invalid.
    Json(serde_json::Error),
    /// The text looks like XML but is invalid.
    Xml(quick_xml::Error),
    /// The text is not a known document, or a part of it is missing or unreadable.
    Document(String),
    /// The text describes several methods where one was expected.
    SeveralMethods(usize),
    /// Another document describes the same method.
    SameMethod(PathBuf),
    /// The method has a spec in another category.
    OtherCategory(PathBuf),
    /// No category can be derived from the method's name.
    NoCategory(String),
    /// The imported spec violates rules.
    Spec(Diagnostics),
    /// The spec cannot be written.
    Write(crate::output::OutputError),
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::ReadSpec(path, _) => write!(f, "cannot read the existing spec {}", printable(path)),
            Self::NotText(reason) | Self::Document(reason) => f.write_str(reason),
            Self::Json(_) => f.write_str("invalid JSON"),
            // `quick_xml::Error` prints its own source, so it is not a source here.
            Self::Xml(error) => write!(f, "invalid XML: {error}"),
            Self::SeveralMethods(count) => {
                write!(f, "expected a document of one method, found {count} methods; import it as a file")
            }
            Self::SameMethod(other) => {
                write!(f, "duplicate method: {} describes it too; keep one of them", printable(other))
            }
            Self::OtherCategory(path) => {
                write!(f, "the method already has the spec {}; omit --category or move that file", printable(path))
            }
            Self::NoCategory(method) => write!(f, "cannot derive a category from {method}; choose one with --category"),
            Self::Spec(problems) => {
                let first = problems.iter().next().map(|problem| problem.message.as_str()).unwrap_or_default();
                write!(f, "the imported spec is invalid: {first}")?;
                match problems.count().saturating_sub(1) {
                    0 => Ok(()),
                    more => write!(f, "; and {more} more"),
                }
            }
            Self::Write(_) => f.write_str("cannot write the spec"),
        }
    }
}

impl Error for ImportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Read(error) => error.source(),
            Self::ReadSpec(_, error) => Some(error),
            Self::Json(error) => Some(error),
            Self::Write(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ReadError> for ImportError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<io::Error> for ImportError {
    fn from(error: io::Error) -> Self {
        Self::Read(ReadError::Io(error))
    }
}

impl From<String> for ImportError {
    fn from(reason: String) -> Self {
        Self::Document(reason)
    }
}

impl From<&str> for ImportError {
    fn from(reason: &str) -> Self {
        Self::Document(reason.to_owned())
    }
}
