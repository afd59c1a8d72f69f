//! `multipart/form-data`, which requests with files are sent as (docs/protocol.md section 1.3).

use super::content;
use super::encode::Attachment;
use super::{FileError, Parameters};

/// A piece of a body, in the order in which they are sent.
pub enum Piece {
    /// What stands around the files.
    Text(Vec<u8>),
    /// A file.
    File(Attachment),
}

/// The parts: every text parameter, then every file.
pub(crate) fn pieces(boundary: &str, parameters: &Parameters, files: &[Attachment]) -> Vec<Piece> {
    let (mut pieces, mut text) = (Vec::new(), Vec::new());
    for (name, value) in parameters.pairs() {
        let name = quoted(name);
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\nContent-Type:text/plain\r\n\r\n"
        );
        text.extend_from_slice(head.as_bytes());
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    for attachment in files {
        let (name, file_name) = (quoted(&attachment.name), quoted(attachment.file.file_name()));
        let content_type = attachment.file.content_type().replace(['\r', '\n'], " ");
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\
             Content-Type:{content_type}\r\n\r\n"
        );
        text.extend_from_slice(head.as_bytes());
        pieces.push(Piece::Text(std::mem::take(&mut text)));
        pieces.push(Piece::File(attachment.clone()));
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    pieces.push(Piece::Text(text));
    pieces
}

/// How many bytes the pieces have together; `None` if that is not known of every file.
pub fn length(pieces: &[Piece]) -> Option<u64> {
    let lengths = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => u64::try_from(text.len()).ok(),
        Piece::File(attachment) => attachment.file.length(),
    });
    lengths.into_iter().try_fold(0_u64, |sum, length| sum.checked_add(length?))
}

/// The pieces in memory.
pub(crate) fn collect(pieces: Vec<Piece>) -> Result<Vec<u8>, FileError> {
    let mut body = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => body.extend_from_slice(&text),
            Piece::File(attachment) => content::append(&attachment.file, attachment.most, &mut body)
                .map_err(|error| error.for_parameter(&attachment.name))?,
        }
    }
    Ok(body)
}

/// Whether the name of a part comes back out of it as it went in, and so as it is signed: an escape is not undone there,
/// because it may be what the name is.
pub(super) fn holds(name: &str) -> bool {
    !name.contains(['"', '\r', '\n'])
}

/// A name as it stands between quotes, escaped as browsers do.
pub(super) fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
