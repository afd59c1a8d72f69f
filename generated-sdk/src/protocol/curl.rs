//! A signed request as a line for a shell.

use std::fmt::Write as _;

use super::parameters::encoded;
use super::{PUBLIC_PARAMETERS, SignedRequest};

impl SignedRequest {
    /// The request as a line that `curl` carries out from a POSIX shell, as the platform's pages show calls: public
    /// parameters first, each on a line of its own.
    ///
    /// The line is good for ten minutes around the request's timestamp (protocol.md 1.4). Of a file it names the path that
    /// is the file's name.
    ///
    /// **It holds the session and every other secret of the request as they are**: that is what it is for. Nothing else
    /// here prints them.
    ///
    /// ```
    /// use generated_sdk::protocol::{Application, DateTime, UntypedParameters};
    ///
    /// let parameters = UntypedParameters::from([("sec_token", "it's 端")]);
    /// let time = DateTime::now();
    /// let signed = Application::new("12345678", "helloworld").sign_untyped("taobao.a.get", &parameters, None, time)?;
    /// let line = signed.to_curl("http://open.ieasynote.com/api");
    /// assert!(line.starts_with("curl -X POST 'http://open.ieasynote.com/api' \\\n"));
    /// assert!(line.ends_with(" \\\n-d 'sec_token=it%27s+%E7%AB%AF'"));
    /// # Ok::<(), generated_sdk::Error>(())
    /// ```
    pub fn to_curl(&self, gateway: &str) -> String {
        let mut line = format!("curl -X POST {}", quoted(gateway));
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
            } else {
                write!(line, " \\\n--form-string {}", quoted(&format!("{name}={value}")))
            };
        }
        for (name, file) in files {
            // Between its quotes curl takes a backslash for an escape, as the shell does not between single ones.
            let path = file.file_name().replace('\\', "\\\\").replace('"', "\\\"");
            let _ = write!(line, " \\\n-F {}", quoted(&format!("{name}=@\"{path}\"")));
        }
        line
    }
}

/// A text as one word of a POSIX shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
