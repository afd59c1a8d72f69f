//! The URLs that are called.

use std::borrow::Cow;

use super::http::Url;
use crate::error::Error;
use top_protocol::Gateway;
use top_protocol::internal::HIDDEN;

/// The checked URL of a gateway or of an authorisation server.
#[derive(Clone)]
pub(super) struct Endpoint {
    url: String,
    https: bool,
    loopback: bool,
}

impl Endpoint {
    /// Returns the endpoint of a gateway: a URL, or the id of a known gateway.
    pub(super) fn of_gateway(gateway: &str) -> Result<Self, Error> {
        if gateway.is_empty() {
            return Err(Error::configuration(format!("no gateway is named; {}", known_gateways())));
        }
        match Gateway::by_id(gateway) {
            Some(known) => Self::parse("the gateway", known.https),
            None => Self::parse("the gateway", gateway),
        }
    }

    /// Parses the URL of a server, which errors call `name`.
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let invalid = || {
            // The text may have a password.
            let found =
                if text.contains('@') { HIDDEN.to_owned() } else { format!("`{}`", shown(text).escape_debug()) };
            let help = if name == "the gateway" { format!("; {}", known_gateways()) } else { String::new() };
            Error::configuration(format!(
                "{name}: expected a URL starting with `http://` or `https://`, found {found}{help}"
            ))
        };
        let url = Url::parse(text).map_err(|_| invalid())?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(invalid());
        }
        if url.password().is_some() || !url.username().is_empty() {
            return Err(Error::configuration(format!("{name}: remove the user name and the password from the URL")));
        }
        let loopback = url.host_str().is_some_and(is_loopback);
        Ok(Self { url: text.to_owned(), https: url.scheme() == "https", loopback })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The URL as it may be printed.
    pub(super) fn shown(&self) -> Cow<'_, str> {
        shown(&self.url)
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.loopback
    }

    pub(super) fn is_https(&self) -> bool {
        self.https
    }

    /// Whether what is sent can be read on its way: over http to another machine.
    pub(super) fn is_plain(&self) -> bool {
        !self.https && !self.loopback
    }

    /// Whether the client's own transport can call it.
    pub(super) fn check_tls(&self) -> Result<(), Error> {
        if self.https && !cfg!(any(feature = "rustls", feature = "native-tls")) {
            let problem = format!("{} needs https: turn on the feature `rustls` or `native-tls`", self.shown());
            return Err(Error::configuration(problem));
        }
        Ok(())
    }
}

/// A URL as it may be printed: its query may hold the key of whoever stands before the gateway.
pub(super) fn shown(url: &str) -> Cow<'_, str> {
    match url.split_once(['?', '#']) {
        Some((before, _)) => format!("{before}?{HIDDEN}").into(),
        None => url.into(),
    }
}

/// What can be written in place of a URL.
pub(super) fn known_gateways() -> String {
    let ids: Vec<_> = Gateway::ALL.iter().map(|gateway| gateway.id).collect();
    format!("use a URL or one of: {}", ids.join(", "))
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
