//! Why a document is not imported.

use std::error::Error;
use std::path::PathBuf;
use std::{fmt, io};

use crate::diagnostic::{Diagnostics, chain};
use crate::files::{ReadError, printable};

/// A document that was not imported, and the reason.
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

    /// The reason with the errors that caused it, on one line.
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

/// Why a document is not imported. `source()` holds the error of the reader, if there is one.
#[derive(Debug)]
#[non_exhaustive]
pub enum ImportError {
    /// The file or folder cannot be read.
    Read(ReadError),
    /// The existing spec at this path cannot be read.
    ReadSpec(PathBuf, ReadError),
    /// The file is not text in UTF-8.
    NotText(String),
    /// The text begins as JSON but is not valid JSON.
    Json(serde_json::Error),
    /// The text begins as XML but is not valid XML.
    Xml(quick_xml::Error),
    /// The text does not have the form of a known document, or a part of it is missing or unreadable.
    Document(String),
    /// The text describes several methods where one was expected.
    SeveralMethods(usize),
    /// Another document describes the same method.
    SameMethod(PathBuf),
    /// The method has a spec in another category.
    OtherCategory(PathBuf),
    /// No category follows from the method's name.
    NoCategory(String),
    /// The resulting spec breaks rules.
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
            Self::Json(_) => f.write_str("the text begins as JSON but is not valid JSON"),
            Self::Xml(_) => f.write_str("the text begins as XML but is not valid XML"),
            Self::SeveralMethods(count) => {
                write!(f, "expected a document of one method, found {count} methods; save it as a file and import that")
            }
            Self::SameMethod(other) => write!(f, "{} describes the same method; keep one of them", printable(other)),
            Self::OtherCategory(path) => {
                write!(f, "the method already has the spec {}; omit --category or move that file", printable(path))
            }
            Self::NoCategory(method) => write!(f, "no category follows from {method}; name one with --category"),
            Self::Spec(problems) => {
                let first = problems.iter().next().map(|problem| problem.message.as_str()).unwrap_or_default();
                write!(f, "the resulting spec breaks a rule: {first}")?;
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
            Self::Xml(error) => Some(error),
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
