//! Folders of response files.
//!
//! `METHOD.json` has the response to every call of a method. `METHOD/NAME.json` has the response to calls with some
//! parameters, in the form of [`Recording`].

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use codegen::files::{self, ReadError};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::template::ParseTemplateError;

/// The maximum size of a file in bytes.
const MAX_FILE: u64 = 16 << 20;

/// The content of a file in the folder of a method.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Recording {
    /// The parameters that a call must have.
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) response: Json,
}

/// Why a folder of responses was not loaded.
#[derive(Debug)]
#[non_exhaustive]
pub struct LoadResponsesError {
    /// The folder or the file.
    pub path: PathBuf,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Folder(io::Error),
    File(ReadError),
    Json(serde_json::Error),
    Template(ParseTemplateError),
}

impl fmt::Display for LoadResponsesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = files::printable(&self.path);
        match &self.problem {
            Problem::Folder(_) => write!(f, "cannot read the folder {path}"),
            Problem::File(_) => write!(f, "cannot read {path}"),
            Problem::Json(_) | Problem::Template(_) => write!(f, "cannot use {path}"),
        }
    }
}

impl StdError for LoadResponsesError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(match &self.problem {
            Problem::Folder(error) => error,
            Problem::File(error) => error,
            Problem::Json(error) => error,
            Problem::Template(error) => error,
        })
    }
}

impl LoadResponsesError {
    /// Creates the error of a file that is not a template.
    pub(crate) fn template(path: PathBuf, error: ParseTemplateError) -> Self {
        Self { path, problem: Problem::Template(error) }
    }
}

/// A file with a response.
pub(crate) struct ResponseFile {
    pub(crate) path: PathBuf,
    pub(crate) method: String,
    pub(crate) recording: Recording,
}

/// Reads the files of a folder.
pub(crate) fn read(folder: &Path) -> Result<Vec<ResponseFile>, LoadResponsesError> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        if path.is_dir() {
            for path in entries(&path)?.into_iter().filter(|file| file.extension().is_some_and(|kind| kind == "json")) {
                let recording = parse(&path)?;
                found.push(ResponseFile { path, method: name.clone(), recording });
            }
        } else if let Some(method) = name.strip_suffix(".json") {
            let recording = Recording { parameters: BTreeMap::new(), response: parse(&path)? };
            found.push(ResponseFile { path, method: method.to_owned(), recording });
        }
    }
    Ok(found)
}

/// Returns the paths in a folder in order.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, LoadResponsesError> {
    let failed = |error| LoadResponsesError { path: folder.to_owned(), problem: Problem::Folder(error) };
    let entries = fs::read_dir(folder).map_err(failed)?.map(|entry| Ok(entry?.path()));
    let mut paths = entries.collect::<io::Result<Vec<_>>>().map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn parse<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, LoadResponsesError> {
    let failed = |problem| LoadResponsesError { path: path.to_owned(), problem };
    let text = files::read(path, MAX_FILE).map_err(|error| failed(Problem::File(error)))?;
    serde_json::from_slice(&text).map_err(|error| failed(Problem::Json(error)))
}
