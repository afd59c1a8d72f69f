//! A signed request as a `curl` command.

use std::fmt::Write as _;
use std::path::Path;

use crate::application::SignedRequest;
use crate::file::File;
use crate::multipart;
use crate::parameters::{PUBLIC_PARAMETERS, encoded};

impl SignedRequest {
    /// Returns a `curl` command for a POSIX shell, with one parameter per line and public parameters first.
    ///
    /// The command is valid for ten minutes around the timestamp (docs/protocol.md section 1.4). Replace
    /// `PATH-OF-THE-FILE`, which is the path of a file in memory, of a stream, or of a path that is not UTF-8.
    ///
    /// **The command contains the session and every other secret of the request.**
    ///
    /// ```
    /// use generated_sdk::protocol::{AppCredentials, Application, DateTime, UntypedParameters};
    ///
    /// let parameters = UntypedParameters::from([("sec_token", "it's 端")]);
    /// let application = Application::new(AppCredentials::new("12345678", "helloworld"));
    /// let signed = application.sign_untyped("taobao.a.get", &parameters, None, DateTime::now())?;
    /// let line = signed.to_curl("http://open.ieasynote.com/api");
    /// assert!(line.starts_with("curl -X POST 'http://open.ieasynote.com/api' \\\n"));
    /// assert!(line.ends_with(" \\\n-d 'sec_token=it%27s+%E7%AB%AF'"));
    /// # Ok::<(), generated_sdk::Error>(())
    /// ```
    pub fn to_curl(&self, gateway: &str) -> String {
        // Without -g, curl expands brackets and braces to several URLs.
        let no_glob = if gateway.contains(['[', ']', '{', '}']) { " -g" } else { "" };
        let query = self.query();
        if !query.is_empty() {
            let separator = if gateway.contains('?') { '&' } else { '?' };
            let url = quoted(&format!("{gateway}{separator}{query}"));
            let mut command = format!("curl{no_glob} -X {} {url}", self.verb());
            if let Some(content) = self.content() {
                let header = quoted(&format!("Content-Type:{}", self.content_type()));
                // Writing to a string cannot fail.
                let _ = write!(command, " \\\n-H {header} \\\n--data-raw {}", quoted(content));
            }
            return command;
        }
        let mut command = format!("curl{no_glob} -X POST {}", quoted(gateway));
        let files: Vec<_> = self.files().collect();
        if files.is_empty() {
            command.push_str(" \\\n-H 'Content-Type:application/x-www-form-urlencoded;charset=utf-8'");
        }
        let is_public = |name: &str| PUBLIC_PARAMETERS.contains(&name);
        let (public, own): (Vec<_>, Vec<_>) = self.parameters().pairs().partition(|(name, _)| is_public(name));
        for (name, value) in public.into_iter().chain(own) {
            // Writing to a string cannot fail.
            let _ = if files.is_empty() {
                write!(command, " \\\n-d {}", quoted(&format!("{}={}", encoded(name), encoded(value))))
            } else if name.contains('=') {
                // curl ends a name at the first `=`, so the name is in the header of the part.
                let header = format!("Content-Disposition: form-data; name=\"{}\"", multipart::quoted(name));
                let part = format!("=\"{}\";headers=\"{}\"", escaped(value), escaped(&header));
                write!(command, " \\\n-F {}", quoted(&part))
            } else {
                write!(command, " \\\n--form-string {}", quoted(&format!("{name}={value}")))
            };
        }
        for (name, file) in files {
            let _ = write!(command, " \\\n-F {}", quoted(&format!("{name}={}", part(file))));
        }
        command
    }
}

/// Returns the value of `-F` for a file: its path, name and media type.
fn part(file: &File) -> String {
    // A path that is not UTF-8 cannot be written here.
    let path = file.path().and_then(|path| path.to_str());
    let mut part = match path {
        // `-` is the standard input for curl.
        Some("-") => "@\"./-\"".to_owned(),
        Some(path) => format!("@\"{}\"", escaped(path)),
        None => "@\"PATH-OF-THE-FILE\"".to_owned(),
    };
    let own = path.and_then(|path| Path::new(path).file_name()?.to_str());
    // Writing to a string cannot fail.
    if own != Some(file.file_name()) {
        let _ = write!(part, ";filename=\"{}\"", escaped(file.file_name()));
    }
    // curl detects the type by the extension only, and rejects types that it cannot parse.
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/+-._;=".contains(character);
    let content_type = file.content_type();
    if content_type.split_once('/').is_some_and(|(kind, _)| !kind.is_empty()) && content_type.chars().all(is_plain) {
        let _ = write!(part, ";type={content_type}");
    }
    part
}

/// Escapes a text between the double quotes of curl's `-F`.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Quotes a text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
