//! The application that calls, or may call, a gateway.

use codegen::commands::CommandError;

/// An application: its key and its secret.
pub(crate) struct Application {
    pub(crate) key: String,
    pub(crate) secret: String,
}

impl Application {
    /// Parses `KEY=SECRET`.
    ///
    /// # Errors
    ///
    /// If one of the two is empty. The text is not in the message: it may be a secret.
    pub(crate) fn parse(text: &str) -> Result<Self, CommandError> {
        match text.split_once('=') {
            Some((key, secret)) if !key.is_empty() && !secret.is_empty() => {
                Ok(Self { key: key.to_owned(), secret: secret.to_owned() })
            }
            _ => Err(CommandError::Usage("--app takes KEY=SECRET".to_owned())),
        }
    }

    /// Returns the application of `TOP_APP_KEY` and `TOP_APP_SECRET`, if both are set and not empty.
    pub(crate) fn from_env() -> Option<Self> {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Self { key: set("TOP_APP_KEY")?, secret: set("TOP_APP_SECRET")? })
    }

    /// The application that the local gateway knows by default.
    pub(crate) fn of_gateway() -> Self {
        Self { key: "12345678".to_owned(), secret: "helloworld".to_owned() }
    }
}
