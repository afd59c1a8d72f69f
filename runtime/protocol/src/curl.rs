//! A signed request as a line for a shell.

use std::fmt::Write as _;
use std::path::Path;

use super::parameters::encoded;
use super::{File, PUBLIC_PARAMETERS, SignedRequest, multipart};

impl SignedRequest {
    /// The request as a line that `curl` carries out from a POSIX shell, as the platform's pages show calls: public
    /// parameters first, each on a line of its own.
    ///
    /// The line is good for ten minutes around the request's timestamp (docs/protocol.md section 1.4). A file on disk
    /// is named by its path. What is in memory or a stream has none, and a path that is no UTF-8 cannot stand here:
    /// there the line says `PATH-OF-THE-FILE`, for the reader to fill in.
    ///
    /// **It holds the session and every other secret of the request as they are**: that is what it is for. Nothing else
    /// here prints them.
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
        // Without the option curl takes brackets and braces for a pattern, and calls every address that it stands for.
        let plainly = if gateway.contains(['[', ']', '{', '}']) { " -g" } else { "" };
        let mut line = format!("curl{plainly} -X POST {}", quoted(gateway));
        let files: Vec<_> = self.files().collect();
        if files.is_empty() {
            line.push_str(" \\\n-H 'Content-Type:application/x-www-form-urlencoded;charset=utf-8'");
        }
        let is_public = |name: &str| PUBLIC_PARAMETERS.contains(&name);
        let (public, own): (Vec<_>, Vec<_>) = self.parameters().pairs().partition(|(name, _)| is_public(name));
        for (name, value) in public.into_iter().chain(own) {
            // Writing to a string cannot fail.
            let _ = if files.is_empty() {
                write!(line, " \\\n-d {}", quoted(&format!("{}={}", encoded(name), encoded(value))))
            } else if name.contains('=') {
                // A form's name ends at the first = for curl, so the part's own header names it.
                let header = format!("Content-Disposition: form-data; name=\"{}\"", multipart::quoted(name));
                let part = format!("=\"{}\";headers=\"{}\"", escaped(value), escaped(&header));
                write!(line, " \\\n-F {}", quoted(&part))
            } else {
                write!(line, " \\\n--form-string {}", quoted(&format!("{name}={value}")))
            };
        }
        for (name, file) in files {
            let _ = write!(line, " \\\n-F {}", quoted(&format!("{name}={}", part(file))));
        }
        line
    }
}

/// What curl's form option says of a file: where it is, and the name and type that it is sent with.
fn part(file: &File) -> String {
    // One that is no text would name another file.
    let path = file.path().and_then(|path| path.to_str());
    let mut part = match path {
        // For curl this is its standard input.
        Some("-") => "@\"./-\"".to_owned(),
        Some(path) => format!("@\"{}\"", escaped(path)),
        None => "@\"PATH-OF-THE-FILE\"".to_owned(),
    };
    let own = path.and_then(|path| Path::new(path).file_name()?.to_str());
    // Writing to a string cannot fail.
    if own != Some(file.file_name()) {
        let _ = write!(part, ";filename=\"{}\"", escaped(file.file_name()));
    }
    // curl guesses by the ending of the path, and the client by more. What curl cannot read as a type it would refuse.
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/+-._;=".contains(character);
    let content_type = file.content_type();
    if content_type.split_once('/').is_some_and(|(kind, _)| !kind.is_empty()) && content_type.chars().all(is_plain) {
        let _ = write!(part, ";type={content_type}");
    }
    part
}

/// A text as it stands between curl's own quotes, where a backslash is an escape.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// A text as one word of a POSIX shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
