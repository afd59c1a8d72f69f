//! Where the bytes of a file come from, and what is held against them while they are read.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{File, FileError, FileProblem};

/// The bytes of a file, or where they are.
#[derive(Clone)]
pub enum Content {
    /// In memory.
    Bytes(Shared),
    /// A file on disk.
    Path {
        /// Where the file is.
        path: PathBuf,
        /// The number of bytes that it had when the request was made.
        length: u64,
        /// The type that its first bytes show.
        content_type: Option<&'static str>,
    },
    /// Still to come. Clones of a file share its stream.
    Stream(Arc<Stream>),
}

/// Bytes that clones share, where the caller has put them: a slice behind a pointer would be a copy of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Shared(Arc<Vec<u8>>);

impl From<Vec<u8>> for Shared {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(bytes))
    }
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Content {
    /// Returns the number of bytes, if it is known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => u64::try_from(bytes.as_ref().len()).ok(),
            Self::Path { length, .. } => Some(*length),
            Self::Stream(stream) => stream.length,
        }
    }
}

impl PartialEq for Content {
    /// Bytes are equal if they are the same bytes, files on disk if they are at one place and as long. A stream is
    /// equal to itself alone.
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

/// Bytes that come once.
pub struct Stream {
    length: Option<u64>,
    reader: Mutex<Option<Reader>>,
}

/// What gives them.
pub enum Reader {
    /// It may block.
    Blocking(Box<dyn Read + Send>),
    /// A reader that does not block.
    #[cfg(feature = "tokio")]
    Async(std::pin::Pin<Box<dyn tokio::io::AsyncRead + Send>>),
}

impl Stream {
    pub fn new(reader: Reader, length: Option<u64>) -> Self {
        Self { length, reader: Mutex::new(Some(reader)) }
    }

    pub fn is_fresh(&self) -> bool {
        self.reader().is_some()
    }

    /// The reader, for the one who comes first.
    pub fn take(&self) -> Option<Reader> {
        self.reader().take()
    }

    #[cfg(feature = "tokio")]
    fn give_back(&self, reader: Reader) {
        *self.reader() = Some(reader);
    }

    fn reader(&self) -> MutexGuard<'_, Option<Reader>> {
        // Nothing panics while it holds it.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a file on disk, and returns how long it is now.
pub(crate) fn open(path: &Path) -> Result<(fs::File, u64), FileError> {
    let unreadable = |error| FileError::unreadable(path, error);
    // Before it is opened: opening a pipe waits for whoever writes to it.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(FileError::at(path, FileProblem::NoFile));
    }
    let file = fs::File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    Ok((file, length))
}

/// Opens a file on disk that is to be as long as it was.
pub fn open_again(path: &Path, expected: u64) -> Result<fs::File, FileError> {
    let (file, found) = open(path)?;
    if found == expected { Ok(file) } else { Err(FileError::at(path, FileProblem::Changed { expected, found })) }
}

/// What has been read of a file, held against its length and its limit.
#[derive(Clone, Debug)]
pub struct Measure {
    expected: Option<u64>,
    most: Option<u64>,
    read: u64,
}

impl Measure {
    /// Starts the measure of `file` against its own length and the limit `most`.
    pub fn new(file: &File, most: Option<u64>) -> Self {
        Self { expected: file.length(), most, read: 0 }
    }

    /// Takes note of so many bytes more. None is the end.
    pub fn take(&mut self, bytes: usize) -> Result<(), FileProblem> {
        self.read = self.read.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        match (self.expected, self.most) {
            (Some(expected), _) if self.read > expected || (bytes == 0 && self.read < expected) => {
                Err(FileProblem::Changed { expected, found: self.read })
            }
            (None, Some(most)) if self.read > most => Err(FileProblem::TooLong(most)),
            _ => Ok(()),
        }
    }
}

/// Appends the content of `file` to `body`.
pub(crate) fn append(file: &File, most: Option<u64>, body: &mut Vec<u8>) -> Result<(), FileError> {
    let mut reader: Box<dyn Read> = match file.content() {
        Content::Bytes(bytes) => {
            body.extend_from_slice(bytes.as_ref());
            return Ok(());
        }
        Content::Path { path, length, .. } => Box::new(open_again(path, *length)?),
        Content::Stream(stream) => match stream.take() {
            Some(Reader::Blocking(reader)) => reader,
            #[cfg(feature = "tokio")]
            Some(reader @ Reader::Async(_)) => {
                stream.give_back(reader);
                let problem = "a reader that does not block can be sent by the client alone";
                return Err(FileError::failed(file, io::Error::new(io::ErrorKind::Unsupported, problem)));
            }
            None => return Err(FileError::of(file, FileProblem::ReadAlready)),
        },
    };
    let (mut measure, mut chunk) = (Measure::new(file, most), vec![0; 64 << 10]);
    loop {
        let read = read_some(reader.as_mut(), &mut chunk).map_err(|error| FileError::failed(file, error))?;
        measure.take(read).map_err(|problem| FileError::of(file, problem))?;
        if read == 0 {
            return Ok(());
        }
        body.extend_from_slice(&chunk[..read]);
    }
}

/// Reads what is there, and again if a signal has come in between.
pub fn read_some(reader: &mut (impl Read + ?Sized), chunk: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}
