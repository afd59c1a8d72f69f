//! The key and secret of an application.

use std::env;
use std::error::Error as StdError;
use std::ffi::OsString;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// The AppKey and AppSecret of an application.
///
/// Debug output omits the secret, and dropping the value erases it.
///
/// ```
/// use generated_sdk::AppCredentials;
///
/// let credentials = AppCredentials::new("12345678", "helloworld");
/// assert_eq!(credentials.app_key(), "12345678");
/// assert!(!format!("{credentials:?}").contains("helloworld"));
/// ```
#[derive(Clone)]
pub struct AppCredentials {
    app_key: String,
    app_secret: SecretString,
}

impl AppCredentials {
    /// Creates the credentials of an application.
    pub fn new(app_key: impl Into<String>, app_secret: impl Into<String>) -> Self {
        Self { app_key: app_key.into(), app_secret: SecretString::from(app_secret.into()) }
    }

    /// Reads the environment variables `TOP_APP_KEY` and `TOP_APP_SECRET`, which keep secrets out of code and command lines.
    ///
    /// # Errors
    ///
    /// [`EnvironmentError`] if a variable is not set, empty or not UTF-8.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        Self::from_variables(|name| env::var_os(name))
    }

    /// [`from_env`](Self::from_env) with another source of variables.
    #[doc(hidden)]
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, EnvironmentError> {
        Ok(Self::new(required("TOP_APP_KEY", &variable)?, required("TOP_APP_SECRET", &variable)?))
    }

    /// Returns the AppKey.
    pub fn app_key(&self) -> &str {
        &self.app_key
    }

    /// Returns the AppSecret, for signatures and for the one form that sends it.
    #[doc(hidden)]
    pub fn expose_secret(&self) -> &str {
        self.app_secret.expose_secret()
    }
}

impl fmt::Debug for AppCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppCredentials").field("app_key", &self.app_key).finish_non_exhaustive()
    }
}

/// Reads a variable. An empty one counts as not set.
pub fn optional(
    name: &'static str,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<String>, EnvironmentError> {
    match variable(name).filter(|value| !value.is_empty()).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value)),
        // The value may be a secret.
        Some(Err(_)) => Err(EnvironmentError { variable: name, problem: EnvironmentProblem::NotUtf8 }),
    }
}

fn required(name: &'static str, variable: impl Fn(&str) -> Option<OsString>) -> Result<String, EnvironmentError> {
    optional(name, variable)?.ok_or(EnvironmentError { variable: name, problem: EnvironmentProblem::NotSet })
}

/// The error of an environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnvironmentError {
    /// The name of the variable.
    pub variable: &'static str,
    /// The kind of problem.
    pub problem: EnvironmentProblem,
}

/// The kind of problem with an environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvironmentProblem {
    /// The variable is not set, or empty.
    NotSet,
    /// The value is not UTF-8.
    NotUtf8,
}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            EnvironmentProblem::NotSet => write!(f, "{} is not set in the environment", self.variable),
            EnvironmentProblem::NotUtf8 => write!(f, "{} in the environment is not UTF-8", self.variable),
        }
    }
}

impl StdError for EnvironmentError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_variables_are_required() {
        let read = |environment: &[(&str, &str)]| {
            let variable = |name: &str| Some(environment.iter().find(|(other, _)| *other == name)?.1.into());
            match AppCredentials::from_variables(variable) {
                Ok(credentials) => format!("{}={}", credentials.app_key(), credentials.expose_secret()),
                Err(error) => error.to_string(),
            }
        };
        let (key, secret) = (("TOP_APP_KEY", "k"), ("TOP_APP_SECRET", "s3cr3t"));
        assert_eq!(read(&[key, secret]), "k=s3cr3t");
        assert_eq!(read(&[secret]), "TOP_APP_KEY is not set in the environment");
        assert_eq!(read(&[key]), "TOP_APP_SECRET is not set in the environment");
        assert_eq!(read(&[key, ("TOP_APP_SECRET", "")]), "TOP_APP_SECRET is not set in the environment");
    }

    #[cfg(unix)]
    #[test]
    fn errors_do_not_contain_the_value() {
        use std::os::unix::ffi::OsStringExt;
        let value = |_: &str| Some(OsString::from_vec(b"s3cr3t\xff".into()));
        let error = AppCredentials::from_variables(value).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(error, Err("TOP_APP_KEY in the environment is not UTF-8".to_owned()));
    }

    #[test]
    fn debug_output_omits_the_secret() {
        let credentials = AppCredentials::new("k", "s3cr3t");
        assert_eq!(format!("{:?}", credentials.clone()), r#"AppCredentials { app_key: "k", .. }"#);
    }
}
