//! Files as parameters (protocol.md 1.3 and 3).

use std::fmt;
use std::sync::Arc;

/// A file to send, for a `byte[]` parameter. Files are not signed.
///
/// ```
/// use generated_sdk::protocol::File;
///
/// let picture = File::new(*b"GIF89a...").name("logo.gif");
/// assert_eq!(picture.content_type(), "image/gif");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    name: String,
    content_type: Option<String>,
    bytes: Arc<[u8]>,
}

impl File {
    /// A file with this content, called `file`. Cloning it does not copy the content.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: "file".to_owned(), content_type: None, bytes: Arc::from(bytes.into()) }
    }

    /// The same content under another name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The same file as another type of content than its first bytes tell.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Its name.
    pub fn file_name(&self) -> &str {
        &self.name
    }

    /// The type of its content: the one that was set, or of a picture what its first bytes tell, or
    /// `application/octet-stream`.
    pub fn content_type(&self) -> &str {
        match &self.content_type {
            Some(content_type) => content_type,
            None => sniffed(&self.bytes),
        }
    }

    /// Its content.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn sniffed(bytes: &[u8]) -> &'static str {
    const SIGNATURES: [(&[u8], &str); 5] = [
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8", "image/jpeg"),
        (b"BM", "image/bmp"),
    ];
    let known = SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature));
    known.map_or("application/octet-stream", |(_, content_type)| content_type)
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
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({}, {} bytes)", self.name, self.content_type(), self.bytes.len())
    }
}
