//! The URL that requests are sent to, checked once when a client is built.

use crate::error::{ConfigurationError, ConfigurationKind};
use crate::http::Url;
use top_protocol::Gateway;
use top_protocol::internal::redacted_url;

/// A checked URL of a server.
#[derive(Clone)]
pub(super) struct Endpoint {
    url: String,
    /// The URL with its secrets redacted.
    redacted: String,
    https: bool,
    loopback: bool,
}

impl Endpoint {
    /// Checks the gateway of a client.
    pub(super) fn of(gateway: &Gateway) -> Result<Self, ConfigurationError> {
        const KIND: ConfigurationKind = ConfigurationKind::Gateway;
        let url = gateway.url();
        if url.trim().is_empty() {
            return Err(ConfigurationError::new(KIND, format!("no gateway: expected {}", expected_gateway())));
        }
        // A name without a colon cannot be the start of a URL.
        if !url.contains(':') {
            let found = redacted_url(url);
            let message = format!("unknown gateway {found:?}: expected {}", expected_gateway());
            return Err(ConfigurationError::new(KIND, message));
        }
        Self::parse(KIND, "the gateway", url)
    }

    /// Checks a URL. `name` is what errors call the server.
    pub(super) fn parse(kind: ConfigurationKind, name: &str, text: &str) -> Result<Self, ConfigurationError> {
        let wrong = || {
            let found = redacted_url(text);
            let message =
                format!("invalid URL of {name}: expected a URL starting with `http://` or `https://`, found {found:?}");
            ConfigurationError::new(kind, message)
        };
        let url = Url::parse(text).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(wrong());
        }
        if url.password().is_some() || !url.username().is_empty() {
            let message = format!("invalid URL of {name}: it contains a user name or password, which logs would show");
            return Err(ConfigurationError::new(kind, message));
        }
        let loopback = url.host_str().is_some_and(is_loopback);
        let redacted = redacted_url(text).into_owned();
        Ok(Self { url: text.to_owned(), redacted, https: url.scheme() == "https", loopback })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Returns the URL with a query added.
    pub(super) fn url_with(&self, query: &str) -> String {
        let separator = if self.url.contains('?') { '&' } else { '?' };
        format!("{}{separator}{query}", self.url)
    }

    /// Returns the URL with its secrets redacted, for printing.
    pub(super) fn redacted(&self) -> &str {
        &self.redacted
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.loopback
    }

    pub(super) fn is_https(&self) -> bool {
        self.https
    }

    /// Checks that calls of a method that requires https are not sent over http.
    pub(super) fn check_https(&self, method: &str) -> Result<(), ConfigurationError> {
        if !self.is_plain() {
            return Ok(());
        }
        let message = format!("{method} requires an https gateway, found {}", self.redacted());
        Err(ConfigurationError::new(ConfigurationKind::HttpsRequired, message))
    }

    /// Returns whether requests are sent unencrypted to another machine.
    pub(super) fn is_plain(&self) -> bool {
        !self.https && !self.loopback
    }

    /// Checks that the client's own transport can call it.
    pub(super) fn check_tls(&self) -> Result<(), ConfigurationError> {
        if self.https && !cfg!(any(feature = "rustls-no-provider", feature = "native-tls")) {
            let message =
                format!("the feature `rustls`, `rustls-ring` or `native-tls` is required to call {}", self.redacted());
            return Err(ConfigurationError::new(ConfigurationKind::Tls, message));
        }
        Ok(())
    }
}

/// Returns what names a gateway, for error messages.
pub(super) fn expected_gateway() -> String {
    format!("a URL starting with `http://` or `https://`, or one of {}", Gateway::ids())
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
