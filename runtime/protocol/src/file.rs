//! Files as parameters (docs/protocol.md sections 1.3 and 3).

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::content::{self, Content, ReadError, Reader, Stream};
use crate::error::{FileError, FileProblem};

/// A file for a `byte[]` parameter: bytes in memory, a file on disk, or a stream.
///
/// Files are not signed.
///
/// ```
/// use generated_sdk::protocol::File;
///
/// let picture = File::new(*b"GIF89a...").name("logo.gif");
/// assert_eq!(picture.content_type(), "image/gif");
/// ```
///
/// Files on disk and streams are read while they are sent, and are not kept in memory:
///
/// ```no_run
/// # fn example(export: impl std::io::Read + Send + 'static) -> Result<(), generated_sdk::Error> {
/// use generated_sdk::protocol::File;
///
/// let picture = File::open("pictures/cup.jpg")?;
/// assert_eq!(picture.file_name(), "cup.jpg");
/// let stream = File::from_reader(export, None).name("export.csv");
/// # Ok(())
/// # }
/// ```
///
/// # Retries
///
/// A retry sends the files again. A stream can be read only once: a call whose stream was already read is not retried, and
/// fails with [`Error::File`](crate::error::Error::File).
///
/// # Size limits
///
/// A documented limit is checked before the request is sent. A stream of unknown length is checked while it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    name: String,
    content_type: Option<String>,
    content: Content,
}

impl File {
    /// Creates a file named `file` from bytes. Neither this nor cloning copies the bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self::with_content("file", Content::Bytes(bytes.into().into()))
    }

    /// Creates a file from a path, with the file name of the path.
    ///
    /// Reads the length and the first bytes now, which may block. The content is read when the file is sent; its length
    /// must not have changed.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the file cannot be read, or is a directory, a pipe or a device.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, FileError> {
        let path = path.into();
        let (opened, length) = content::open(&path)?;
        let mut first = Vec::new();
        opened
            .take(FIRST_BYTES)
            .read_to_end(&mut first)
            .map_err(|error| FileError::new(FileProblem::Unreadable, "", Some(&path)).with_source(error))?;
        let name = path.file_name().map_or_else(|| "file".into(), |name| name.to_string_lossy().into_owned());
        Ok(Self::with_content(name, Content::Path { path, length, content_type: sniffed(&first) }))
    }

    /// Creates a file named `file` from a reader, which is read once, on a blocking thread.
    ///
    /// Set `length` if it is known. Without it the body is sent in chunks, which some gateways do not support.
    pub fn from_reader(reader: impl Read + Send + 'static, length: impl Into<Option<u64>>) -> Self {
        let stream = Stream::new(Reader::Blocking(Box::new(reader)), length.into());
        Self::with_content("file", Content::Stream(Arc::new(stream)))
    }

    /// Creates a file from an asynchronous reader, which only a client can send.
    ///
    /// See [`from_reader`](Self::from_reader).
    #[cfg(feature = "tokio")]
    pub fn from_async_reader(
        reader: impl tokio::io::AsyncRead + Send + 'static,
        length: impl Into<Option<u64>>,
    ) -> Self {
        let stream = Stream::new(Reader::Async(Box::pin(reader)), length.into());
        Self::with_content("file", Content::Stream(Arc::new(stream)))
    }

    fn with_content(name: impl Into<String>, content: Content) -> Self {
        Self { name: name.into(), content_type: None, content }
    }

    /// Sets the file name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the media type. Default: detected from the first bytes or the file name.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Returns the file name.
    pub fn file_name(&self) -> &str {
        &self.name
    }

    /// Returns the media type.
    ///
    /// It is the type that was set, else that of the first bytes of an image, else that of the file extension. Default:
    /// `application/octet-stream`. Streams have no first bytes.
    pub fn content_type(&self) -> &str {
        if let Some(content_type) = &self.content_type {
            return content_type;
        }
        let sniffed = match &self.content {
            Content::Bytes(bytes) => sniffed(bytes.as_ref()),
            Content::Path { content_type, .. } => *content_type,
            Content::Stream(_) => None,
        };
        sniffed.or_else(|| of_extension(&self.name)).unwrap_or("application/octet-stream")
    }

    /// Returns the length in bytes; `None` for a stream of unknown length.
    pub fn length(&self) -> Option<u64> {
        self.content.length()
    }

    /// Returns the content, if it is in memory.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Bytes(bytes) => Some(bytes.as_ref()),
            _ => None,
        }
    }

    /// Returns the path of a file on disk.
    pub fn path(&self) -> Option<&Path> {
        match &self.content {
            Content::Path { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Returns whether the file can be sent: `false` for a stream that was already read.
    pub fn is_fresh(&self) -> bool {
        match &self.content {
            Content::Stream(stream) => stream.is_fresh(),
            _ => true,
        }
    }

    #[doc(hidden)]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Creates an error of this file.
    #[doc(hidden)]
    pub fn error(&self, problem: FileProblem) -> FileError {
        FileError::new(problem, &self.name, self.path())
    }

    /// Appends the content to `body`, up to `limit` bytes.
    pub(crate) fn append(&self, limit: Option<u64>, body: &mut Vec<u8>) -> Result<(), FileError> {
        content::append(&self.content, limit, body).map_err(|error| match error {
            ReadError::File(error) => error,
            ReadError::Problem(problem) => self.error(problem),
            ReadError::Io(error) => self.error(FileProblem::Unreadable).with_source(error),
        })
    }
}

/// The number of bytes that identify a media type.
const FIRST_BYTES: u64 = 8;

/// Returns the media type that the first bytes identify.
fn sniffed(bytes: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 5] = [
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8", "image/jpeg"),
        (b"BM", "image/bmp"),
    ];
    SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature)).map(|(_, content_type)| *content_type)
}

/// Returns the media type of the extension of a file name.
fn of_extension(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    mime_guess::from_ext(extension).first_raw()
}

impl From<Vec<u8>> for File {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl From<&[u8]> for File {
    fn from(bytes: &[u8]) -> Self {
        Self::new(bytes)
    }
}

impl fmt::Debug for File {
    /// Writes the name, the media type and the length, without the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({}, ", self.name, self.content_type())?;
        match self.length() {
            Some(length) => write!(f, "{length} bytes)"),
            None => f.write_str("a stream)"),
        }
    }
}
