//! The credentials of an application.

use codegen::commands::CommandError;
use top_protocol::AppCredentials;

/// Parses `KEY=SECRET`.
///
/// # Errors
///
/// If the key or the secret is empty. The message does not contain the text, which may be a secret.
pub(crate) fn parse(text: &str) -> Result<AppCredentials, CommandError> {
    match text.split_once('=') {
        Some((key, secret)) if !key.is_empty() && !secret.is_empty() => Ok(AppCredentials::new(key, secret)),
        _ => Err(CommandError::Usage("invalid --app: expected KEY=SECRET".to_owned())),
    }
}

/// Returns the application that the local gateway accepts by default.
pub(crate) fn local_default() -> AppCredentials {
    AppCredentials::new("12345678", "helloworld")
}
