//! Reads files within limits, and writes files atomically.

use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

/// Why a file cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// An I/O error.
    Io(io::Error),
    /// The path is a folder, a pipe, a socket or a device, which may be endless.
    NotAFile,
    /// The file is longer than the limit, in bytes.
    TooLong(u64),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(_) => f.write_str("cannot read the file"),
            Self::NotAFile => f.write_str("expected a regular file, found a folder, a pipe or a device"),
            Self::TooLong(limit) => write!(f, "the file is too long: expected at most {limit} bytes"),
        }
    }
}

impl StdError for ReadError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::NotAFile | Self::TooLong(_) => None,
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
///
/// [`ReadError`]. Neither a pipe nor a device is opened.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    // Check before opening: opening a pipe waits for a writer.
    if !fs::metadata(path)?.is_file() {
        return Err(ReadError::NotAFile);
    }
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    // The stated length may be wrong or missing; reading one byte more detects a longer file.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= limit => Ok(bytes),
        _ => Err(ReadError::TooLong(limit)),
    }
}

/// Writes a file atomically, and creates its folder. A link at `path` is replaced, not followed.
///
/// # Errors
///
/// If the file or its folder cannot be written. No temporary file remains.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Readers of the folder skip hidden files.
    let mut file = builder().tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map(|_| ()).map_err(|error| error.error)
}

/// Formats a path for messages, with control characters escaped.
pub fn printable(path: &Path) -> impl fmt::Display {
    Printable(path)
}

struct Printable<'a>(&'a Path);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_string_lossy().chars().try_for_each(|character| match character {
            character if character.is_control() => write!(f, "{}", character.escape_default()),
            character => f.write_char(character),
        })
    }
}

fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".top-").suffix(".tmp");
    // The umask applies, as to any new file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is a test's verdict")]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_to_the_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert!(matches!(read(&path, 4), Err(ReadError::TooLong(4))));
        assert!(matches!(read(folder.path(), 5), Err(ReadError::NotAFile)));
        assert!(matches!(read(&folder.path().join("b"), 5), Err(ReadError::Io(_))));
    }

    #[cfg(unix)]
    #[test]
    fn devices_and_pipes_are_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [Path::new("/dev/zero"), &pipe] {
            assert!(matches!(read(path, 5), Err(ReadError::NotAFile)), "{}", path.display());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_replaced_and_not_followed() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        write(&target, "mine").unwrap();
        symlink(&target, &link).unwrap();
        write(&link, "generated").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
        assert!(!link.is_symlink());
        assert_eq!(fs::metadata(&link).unwrap().permissions().mode() & 0o600, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn writers_do_not_meet() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/deep/a");
        std::thread::scope(|scope| {
            for text in ["1", "2", "3"] {
                let path = &path;
                scope.spawn(move || (0..50).for_each(|_| write(path, &text.repeat(10_000)).unwrap()));
            }
        });
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.len() == 10_000 && text.bytes().all(|byte| byte == text.as_bytes()[0]));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
