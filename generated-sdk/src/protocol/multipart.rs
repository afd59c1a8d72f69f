//! `multipart/form-data`, which requests with files are sent as (protocol.md 1.3).

use std::borrow::Cow;

use super::{File, Parameters};

/// The parts: every text parameter, then every file.
pub(crate) fn encode(boundary: &str, parameters: &Parameters, files: &[(Cow<'static, str>, File)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in parameters.pairs() {
        let name = quoted(name);
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\nContent-Type:text/plain\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value.as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    for (name, file) in files {
        let (name, file_name) = (quoted(name), quoted(file.file_name()));
        let content_type = file.content_type().replace(['\r', '\n'], " ");
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\
             Content-Type:{content_type}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(file.bytes());
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    body
}

/// A name as it stands between quotes, escaped as browsers do.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
