//! The content of a file, and reading it.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::error::{FileError, FileProblem};
use crate::lock::locked;

/// The content of a file.
#[derive(Clone)]
pub enum Content {
    /// Bytes in memory.
    Bytes(SharedBytes),
    /// A file on disk.
    Path {
        /// The path.
        path: PathBuf,
        /// The length in bytes when the [`File`](crate::File) was created.
        length: u64,
        /// The media type that the first bytes identify.
        content_type: Option<&'static str>,
    },
    /// A reader. Clones of a file share it.
    Stream(Arc<Stream>),
}

/// Bytes that clones share. Creating it does not copy the bytes, unlike `Arc<[u8]>`.
#[derive(Clone, PartialEq, Eq)]
pub struct SharedBytes(Arc<Vec<u8>>);

impl From<Vec<u8>> for SharedBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(bytes))
    }
}

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Content {
    /// Returns the length in bytes, if it is known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => u64::try_from(bytes.as_ref().len()).ok(),
            Self::Path { length, .. } => Some(*length),
            Self::Stream(stream) => stream.length,
        }
    }
}

impl PartialEq for Content {
    /// Compares bytes by value, files on disk by path and length, and streams by identity.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bytes(one), Self::Bytes(other)) => one == other,
            (Self::Path { path: one, length: long, .. }, Self::Path { path: other, length, .. }) => {
                one == other && long == length
            }
            (Self::Stream(one), Self::Stream(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Eq for Content {}

/// A reader that can be taken once.
pub struct Stream {
    length: Option<u64>,
    reader: Mutex<Option<Reader>>,
}

/// The reader of a stream.
pub enum Reader {
    /// A reader that may block.
    Blocking(Box<dyn Read + Send>),
    /// An asynchronous reader.
    #[cfg(feature = "tokio")]
    Async(std::pin::Pin<Box<dyn tokio::io::AsyncRead + Send>>),
}

impl Stream {
    /// Creates a stream with a declared length in bytes.
    pub fn new(reader: Reader, length: Option<u64>) -> Self {
        Self { length, reader: Mutex::new(Some(reader)) }
    }

    /// Returns whether the reader was not taken yet.
    pub fn is_fresh(&self) -> bool {
        self.reader().is_some()
    }

    /// Takes the reader; `None` if it was taken before.
    pub fn take(&self) -> Option<Reader> {
        self.reader().take()
    }

    #[cfg(feature = "tokio")]
    fn put_back(&self, reader: Reader) {
        *self.reader() = Some(reader);
    }

    fn reader(&self) -> MutexGuard<'_, Option<Reader>> {
        locked(&self.reader)
    }
}

/// Opens a file on disk. Returns its current length.
pub(crate) fn open(path: &Path) -> Result<(fs::File, u64), FileError> {
    let failed = |error| FileError::new(FileProblem::Unreadable, "", Some(path)).with_source(error);
    // Checks the type first, because opening a pipe waits for its writer.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(FileError::new(FileProblem::NotAFile, "", Some(path)));
    }
    let file = fs::File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    Ok((file, length))
}

/// Opens a file on disk, which must still have the `expected` length.
pub fn reopen(path: &Path, expected: u64) -> Result<fs::File, FileError> {
    let (file, found) = open(path)?;
    if found == expected {
        Ok(file)
    } else {
        Err(FileError::new(FileProblem::Changed { expected, found }, "", Some(path)))
    }
}

/// Checks the number of bytes read against the length and the limit of a file.
#[derive(Clone, Debug)]
pub struct LengthCheck {
    expected: Option<u64>,
    limit: Option<u64>,
    read: u64,
}

impl LengthCheck {
    /// Starts the check of a file with this length, if it is known, and this limit.
    pub fn new(expected: Option<u64>, limit: Option<u64>) -> Self {
        Self { expected, limit, read: 0 }
    }

    /// Counts bytes. 0 means the end of the file.
    pub fn advance(&mut self, bytes: usize) -> Result<(), FileProblem> {
        self.read = self.read.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        match (self.expected, self.limit) {
            (Some(expected), _) if self.read > expected || (bytes == 0 && self.read < expected) => {
                Err(FileProblem::Changed { expected, found: self.read })
            }
            (None, Some(limit)) if self.read > limit => Err(FileProblem::TooLong(limit)),
            _ => Ok(()),
        }
    }
}

/// The error of a content that cannot be read.
pub(crate) enum ReadError {
    File(FileError),
    Problem(FileProblem),
    Io(io::Error),
}

/// Appends a content with this limit to `body`.
pub(crate) fn append(content: &Content, limit: Option<u64>, body: &mut Vec<u8>) -> Result<(), ReadError> {
    let mut reader: Box<dyn Read> = match content {
        Content::Bytes(bytes) => {
            body.extend_from_slice(bytes.as_ref());
            return Ok(());
        }
        Content::Path { path, length, .. } => Box::new(reopen(path, *length).map_err(ReadError::File)?),
        Content::Stream(stream) => match stream.take() {
            Some(Reader::Blocking(reader)) => reader,
            #[cfg(feature = "tokio")]
            Some(reader @ Reader::Async(_)) => {
                stream.put_back(reader);
                let problem = "expected a blocking reader, found an asynchronous one: send the request with a Client";
                return Err(ReadError::Io(io::Error::new(io::ErrorKind::Unsupported, problem)));
            }
            None => return Err(ReadError::Problem(FileProblem::AlreadyRead)),
        },
    };
    let (mut check, mut chunk) = (LengthCheck::new(content.length(), limit), vec![0; 64 << 10]);
    loop {
        let read = read_uninterrupted(reader.as_mut(), &mut chunk).map_err(ReadError::Io)?;
        check.advance(read).map_err(ReadError::Problem)?;
        if read == 0 {
            return Ok(());
        }
        body.extend_from_slice(&chunk[..read]);
    }
}

/// Reads once, and retries if a signal interrupts it.
pub fn read_uninterrupted(reader: &mut (impl Read + ?Sized), chunk: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}
