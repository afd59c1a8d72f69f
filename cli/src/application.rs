//! The credentials of an application.

use codegen::commands::CommandError;

/// The AppKey and the AppSecret of an application.
pub(crate) struct Application {
    pub(crate) key: String,
    pub(crate) secret: String,
}

impl Application {
    /// Parses `KEY=SECRET`.
    ///
    /// # Errors
    ///
    /// If the key or the secret is empty. The message does not contain the text, which may be a secret.
    pub(crate) fn parse(text: &str) -> Result<Self, CommandError> {
        match text.split_once('=') {
            Some((key, secret)) if !key.is_empty() && !secret.is_empty() => {
                Ok(Self { key: key.to_owned(), secret: secret.to_owned() })
            }
            _ => Err(CommandError::Usage("invalid --app: expected KEY=SECRET".to_owned())),
        }
    }

    /// Returns the application of `TOP_APP_KEY` and `TOP_APP_SECRET`, if both are set and not empty.
    pub(crate) fn from_env() -> Option<Self> {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Self { key: set("TOP_APP_KEY")?, secret: set("TOP_APP_SECRET")? })
    }

    /// Returns the application that the local gateway accepts by default.
    pub(crate) fn local_default() -> Self {
        Self { key: "12345678".to_owned(), secret: "helloworld".to_owned() }
    }
}
