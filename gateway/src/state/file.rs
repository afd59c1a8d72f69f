//! The file of a state: JSON, read and replaced as a whole.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;

use codegen::files::{self, ReadError};
use serde::{Deserialize, Serialize};

use super::record::Record;
use super::store::{Resource, Store};

/// The version of the format.
const VERSION: u32 = 1;

/// The maximum length of a file in bytes. The limits of a store are far below.
const MAX_FILE: u64 = 512 << 20;

/// Why a state was not opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenStateError {
    /// The file cannot be read.
    Read(ReadError),
    /// The file is not JSON of a state.
    Parse(serde_json::Error),
    /// Another version of the format.
    Version(u32),
    /// The file has more than 100,000 records or 64 MiB of them.
    Full,
}

impl fmt::Display for OpenStateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(_) => f.write_str("cannot read the state"),
            Self::Parse(_) => f.write_str("invalid state: expected a file that the gateway saved"),
            Self::Version(version) => {
                write!(
                    f,
                    "unsupported version {version} of the state: expected {VERSION}; delete the file to start anew"
                )
            }
            Self::Full => f.write_str("the state is full: expected at most 100000 records and 64 MiB"),
        }
    }
}

impl std::error::Error for OpenStateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(error) => Some(error),
            Self::Parse(error) => Some(error),
            _ => None,
        }
    }
}

/// The content of a file.
#[derive(Serialize, Deserialize)]
struct Content<R> {
    version: u32,
    resources: BTreeMap<Resource, Table<R>>,
}

#[derive(Serialize, Deserialize)]
struct Table<R> {
    /// The next id.
    next: Option<i64>,
    records: Vec<R>,
}

/// Reads a store. `None` if there is no file.
pub(super) fn read(path: &Path) -> Result<Option<Store>, OpenStateError> {
    let text = match files::read(path, MAX_FILE) {
        Ok(text) => text,
        Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OpenStateError::Read(error)),
    };
    let content: Content<Record> = serde_json::from_slice(&text).map_err(OpenStateError::Parse)?;
    if content.version != VERSION {
        return Err(OpenStateError::Version(content.version));
    }
    let mut store = Store::default();
    for (resource, table) in content.resources {
        for record in table.records {
            store.insert(resource, record).map_err(|_| OpenStateError::Full)?;
        }
        if let Some(next) = table.next {
            store.set_next(resource, next);
        }
    }
    Ok(Some(store))
}

/// Returns the text of a file.
pub(super) fn text(store: &Store) -> io::Result<String> {
    let table = |(resource, next)| (resource, Table { next, records: store.records(resource).collect::<Vec<_>>() });
    let content = Content { version: VERSION, resources: store.resources().map(table).collect() };
    Ok(serde_json::to_string_pretty(&content)? + "\n")
}
