//! Refusals of the server that grants and refreshes sessions.

use std::error::Error as StdError;
use std::fmt;

use top_protocol::RawBody;
use top_protocol::internal::redacted as hidden;

/// The authorisation server's refusal (docs/protocol.md section 7.5).
///
/// The names are those of OAuth 2.0, `invalid_grant` or `invalid_client` among them, and the platform has some of its
/// own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OAuthError {
    /// The name of what is wrong: the answer's `error`.
    pub error: String,
    /// What the server says of it: the answer's `error_description`, with what was sent hidden in it.
    pub description: Option<String>,
    /// The HTTP status, 400 as a rule; `None` of an error that came to the redirect URI.
    pub status: Option<u16>,
    /// The body as it came.
    pub body: RawBody,
}

/// Names of errors whose cause is the application or its request, so that no user can mend it.
const OF_APPLICATION: [&str; 5] =
    ["invalid_client", "invalid_request", "invalid_scope", "unauthorized_client", "unsupported_grant_type"];

/// Names of errors that the user who grants can mend: the two of OAuth 2.0, and those of a user who came back with what
/// is not this application's.
const OF_USER: [&str; 4] = ["invalid_grant", "access_denied", "invalid_state", "invalid_top_sign"];

/// Names of errors that pass.
const PASSING: [&str; 2] = ["server_error", "temporarily_unavailable"];

impl OAuthError {
    /// Whether the same request can succeed later without anything being changed: the server is in trouble, by the
    /// error's name or by the HTTP status (408, 429, or 500 and above), whatever it says beside it.
    pub fn is_retryable(&self) -> bool {
        PASSING.contains(&self.error.as_str()) || matches!(self.status, Some(408 | 429 | 500..))
    }

    /// Whether the application's key, its secret or the request is wrong.
    pub fn is_client_error(&self) -> bool {
        !self.is_retryable() && OF_APPLICATION.contains(&self.error.as_str())
    }

    /// Whether what the user granted is used up: the code or the refresh token is unknown, expired or revoked, or the
    /// user said no. An error whose name is not known tells nothing of that.
    ///
    /// # What to do
    ///
    /// Have the user authorise the application again.
    pub fn needs_authorization(&self) -> bool {
        !self.is_retryable() && OF_USER.contains(&self.error.as_str())
    }

    /// Whether it is certain that no token was granted and no code or refresh token used up: the server has refused by a
    /// name of OAuth 2.0 (RFC 6749, 5.2), or the user came back with a refusal or with what is not this application's. A
    /// server in trouble, or an error of another name, may have done the one and failed at the other.
    ///
    /// # What to do
    ///
    /// If this is not so, a code or a refresh token may be used up: where asking again with it is refused, have the user
    /// authorise the application again.
    pub fn was_not_processed(&self) -> bool {
        self.is_client_error() || self.needs_authorization()
    }

    /// Hides `secrets` from the server's words: some servers repeat in them what they were sent.
    pub(crate) fn redact<'s>(&mut self, secrets: impl Iterator<Item = &'s str> + Clone) {
        self.error = hidden(&self.error, secrets.clone());
        self.description = self.description.take().map(|text| hidden(&text, secrets));
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the authorization server refused: {}", self.error)?;
        match &self.description {
            Some(description) => write!(f, " ({description})"),
            None => Ok(()),
        }
    }
}

impl StdError for OAuthError {}
