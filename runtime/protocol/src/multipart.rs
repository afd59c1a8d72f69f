//! `multipart/form-data` bodies of requests with files (docs/protocol.md section 1.3).

use crate::encode::Attachment;
use crate::error::FileError;
use crate::parameters::Parameters;

/// A segment of a body, in the order of sending.
pub enum Segment {
    /// Text parameters and part headers.
    Text(Vec<u8>),
    /// The content of a file.
    File(Attachment),
}

/// Returns the segments of a body: every text parameter, then every file.
pub(crate) fn segments(boundary: &str, parameters: &Parameters, files: &[Attachment]) -> Vec<Segment> {
    let (mut segments, mut text) = (Vec::new(), Vec::new());
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
        segments.push(Segment::Text(std::mem::take(&mut text)));
        segments.push(Segment::File(attachment.clone()));
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    segments.push(Segment::Text(text));
    segments
}

/// Returns the total length in bytes; `None` if the length of a file is unknown.
pub fn length(segments: &[Segment]) -> Option<u64> {
    let lengths = segments.iter().map(|segment| match segment {
        Segment::Text(text) => u64::try_from(text.len()).ok(),
        Segment::File(attachment) => attachment.file.length(),
    });
    lengths.into_iter().try_fold(0_u64, |sum, length| sum.checked_add(length?))
}

/// Reads all segments into memory.
pub(crate) fn collect(segments: Vec<Segment>) -> Result<Vec<u8>, FileError> {
    let mut body = Vec::new();
    for segment in segments {
        match segment {
            Segment::Text(text) => body.extend_from_slice(&text),
            Segment::File(Attachment { name, file, limit }) => {
                file.append(limit, &mut body).map_err(|error| error.for_parameter(&name))?;
            }
        }
    }
    Ok(body)
}

/// Returns whether servers read the name that is signed. They do not reverse the escapes of [`quoted`].
pub(crate) fn is_sendable_name(name: &str) -> bool {
    !name.contains(['"', '\r', '\n'])
}

/// Escapes a name between quotes, as browsers do.
pub(crate) fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
