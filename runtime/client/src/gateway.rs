//! Where a gateway is.

use std::borrow::Cow;

use super::http::Url;
use crate::error::Error;
use top_protocol::internal::HIDDEN;

/// The URL of a gateway that can be called.
#[derive(Clone)]
pub(super) struct Gateway {
    url: String,
    https: bool,
    loopback: bool,
}

impl Gateway {
    pub(super) fn new(gateway: &str) -> Result<Self, Error> {
        Self::named("the gateway", gateway)
    }

    /// Another server, which errors call by this name.
    pub(super) fn named(name: &str, gateway: &str) -> Result<Self, Error> {
        // A password in a URL is no reason to print it.
        let shown = if gateway.contains('@') { HIDDEN.to_owned() } else { format!("{:?}", shown(gateway)) };
        let wrong = || Error::Configuration(format!("{name} is no URL that begins with http:// or https://: {shown}"));
        let url = Url::parse(gateway).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(wrong());
        }
        if url.password().is_some() || !url.username().is_empty() {
            return Err(Error::Configuration(format!("{name}'s URL holds a name or a password, which would show")));
        }
        let loopback = url.host_str().is_some_and(is_loopback);
        Ok(Self { url: gateway.to_owned(), https: url.scheme() == "https", loopback })
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
            let problem = format!("an https gateway needs the feature `rustls` or `native-tls`: {:?}", self.shown());
            return Err(Error::Configuration(problem));
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

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
