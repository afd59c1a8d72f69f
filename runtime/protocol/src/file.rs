//! Files as parameters (docs/protocol.md sections 1.3 and 3).

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::FileError;
use super::content::{self, Content, Reader, Stream};

/// A file to send, for a `byte[]` parameter: bytes in memory, a file on disk, or whatever can be read. Files are not
/// signed.
///
/// ```
/// use generated_sdk::protocol::File;
///
/// let picture = File::new(*b"GIF89a...").name("logo.gif");
/// assert_eq!(picture.content_type(), "image/gif");
/// ```
///
/// Of a file on disk or a stream nothing is kept in memory: the client reads it while it sends it.
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
/// # Sent again
///
/// A call that is retried sends its files again. Bytes and files on disk can be; a stream can be read only once, so a
/// call whose stream has been begun is not retried, and fails with an [`Error::File`](super::Error::File) that says so.
///
/// # Its size
///
/// If the documents set a limit, bytes, files on disk and streams of a known length are held against it before anything
/// is sent, and a stream of unknown length while it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    name: String,
    content_type: Option<String>,
    content: Content,
}

impl File {
    /// A file with this content, called `file`. Neither this nor cloning it copies the content.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self::with_content("file", Content::Bytes(bytes.into().into()))
    }

    /// The file at `path`, under the name that it has there. Its length and first bytes are looked at now; it is read
    /// when it is sent, and must then still be as long.
    ///
    /// This asks the disk, which may take its time if it is far away.
    ///
    /// # Errors
    ///
    /// [`FileError`] if it cannot be read, or is a folder, a pipe or a device.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, FileError> {
        let path = path.into();
        let (opened, length) = content::open(&path)?;
        let mut first = Vec::new();
        opened.take(FIRST_BYTES).read_to_end(&mut first).map_err(|error| FileError::unreadable(&path, error))?;
        let name = path.file_name().map_or_else(|| "file".into(), |name| name.to_string_lossy().into_owned());
        Ok(Self::with_content(name, Content::Path { path, length, content_type: sniffed(&first) }))
    }

    /// What `reader` gives, called `file`: so many bytes, or as many as come. It is read once, on a thread where it may
    /// block.
    ///
    /// Without a length the body goes out in chunks, which some gateways do not take: give the length if you know it.
    pub fn from_reader(reader: impl Read + Send + 'static, length: impl Into<Option<u64>>) -> Self {
        let stream = Stream::new(Reader::Blocking(Box::new(reader)), length.into());
        Self::with_content("file", Content::Stream(Arc::new(stream)))
    }

    /// The same for a reader that does not block: an upload that is passed on, a file of tokio.
    ///
    /// Only the client can send it.
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

    /// The same content under another name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The same file as another type of content than its first bytes or its name tell.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Its name.
    pub fn file_name(&self) -> &str {
        &self.name
    }

    /// The type of its content: the one that was set, or what the first bytes of a picture tell, or what the
    /// ending of the name does, or `application/octet-stream`. Of a stream only the name is known.
    pub fn content_type(&self) -> &str {
        if let Some(content_type) = &self.content_type {
            return content_type;
        }
        let sniffed = match &self.content {
            Content::Bytes(bytes) => sniffed(bytes.as_ref()),
            Content::Path { content_type, .. } => *content_type,
            Content::Stream(_) => None,
        };
        sniffed.or_else(|| named(&self.name)).unwrap_or("application/octet-stream")
    }

    /// How many bytes it has; `None` for a stream of which that is not known.
    pub fn length(&self) -> Option<u64> {
        self.content.length()
    }

    /// Its content, if that is in memory.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Bytes(bytes) => Some(bytes.as_ref()),
            _ => None,
        }
    }

    /// Where it is, if it is a file on disk.
    pub fn path(&self) -> Option<&Path> {
        match &self.content {
            Content::Path { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Whether it can be sent now. A stream cannot once it has been begun.
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
}

/// How many bytes tell what a file is.
const FIRST_BYTES: u64 = 8;

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

/// What the ending of a name tells.
fn named(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    mime_guess::from_ext(ending).first_raw()
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
    /// What it is, and nothing of what is in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({}, ", self.name, self.content_type())?;
        match self.length() {
            Some(length) => write!(f, "{length} bytes)"),
            None => f.write_str("a stream)"),
        }
    }
}
