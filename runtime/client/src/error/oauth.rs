//! Errors of the authorization server.

use std::error::Error as StdError;
use std::fmt;

use top_protocol::RawBody;
use top_protocol::internal::redacted as hidden;

/// A refusal of the authorization server (docs/protocol.md section 7.5).
///
/// Error names are those of OAuth 2.0, such as `invalid_grant` and `invalid_client`, and some of the platform's own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OAuthError {
    /// The error name: the response's `error`.
    pub error: String,
    /// The description: the response's `error_description`, with secrets redacted.
    pub description: Option<String>,
    /// The HTTP status, usually 400. `None` for an error in a redirect URI.
    pub status: Option<u16>,
    /// The body of the response, as received.
    pub body: RawBody,
}

/// Errors caused by the application or its request.
const CLIENT_ERRORS: [&str; 5] =
    ["invalid_client", "invalid_request", "invalid_scope", "unauthorized_client", "unsupported_grant_type"];

/// Errors that only the user can resolve: those of OAuth 2.0, and redirects that do not belong to this application.
const AUTHORIZATION_ERRORS: [&str; 4] = ["invalid_grant", "access_denied", "invalid_state", "invalid_top_sign"];

/// Temporary errors.
const TEMPORARY_ERRORS: [&str; 2] = ["server_error", "temporarily_unavailable"];

impl OAuthError {
    /// Returns whether the same request can succeed later without any change, by the error name or by the HTTP status
    /// (408, 429, or 500 and above).
    pub fn is_retryable(&self) -> bool {
        TEMPORARY_ERRORS.contains(&self.error.as_str()) || matches!(self.status, Some(408 | 429 | 500..))
    }

    /// Returns whether the AppKey, the AppSecret or the request is wrong.
    pub fn is_client_error(&self) -> bool {
        !self.is_retryable() && CLIENT_ERRORS.contains(&self.error.as_str())
    }

    /// Returns whether the user's grant cannot be used: the code or the refresh token is unknown, expired or revoked,
    /// or the user declined. Returns `false` for an unknown error name.
    ///
    /// # What to do
    ///
    /// Ask the user to authorize the application again.
    pub fn needs_authorization(&self) -> bool {
        !self.is_retryable() && AUTHORIZATION_ERRORS.contains(&self.error.as_str())
    }

    /// Returns whether it is certain that no token was granted and no code or refresh token was consumed.
    ///
    /// This is so if the error name is one of OAuth 2.0 (RFC 6749, 5.2), or if a redirect was rejected. A temporary or unknown
    /// error may have consumed it.
    ///
    /// # What to do
    ///
    /// If `false`, the code or refresh token may be consumed. If the server then refuses it, ask the user to authorize
    /// the application again.
    pub fn was_not_processed(&self) -> bool {
        self.is_client_error() || self.needs_authorization()
    }

    /// Redacts `secrets` in the name and the description: some servers repeat what they received.
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
