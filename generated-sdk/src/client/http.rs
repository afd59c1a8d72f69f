//! HTTP, and the only place that knows reqwest.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;

use crate::protocol::{Error, HIDDEN, SignedRequest, StatusError, TransportError, TransportKind};

/// A gateway and the connections to it.
pub(super) struct Http {
    gateway: String,
    /// Whether what is sent can be read on its way.
    plain: bool,
    client: reqwest::Client,
    body_limit: usize,
}

impl Http {
    pub(super) fn new(gateway: &str, timeout: Duration, body_limit: usize) -> Result<Self, Error> {
        // A password in a URL is no reason to print it.
        let shown = if gateway.contains('@') { HIDDEN.to_owned() } else { format!("{gateway:?}") };
        let wrong = |problem: &str| Error::Configuration(format!("{problem}: {shown}"));
        let url = reqwest::Url::parse(gateway).map_err(|_| wrong("the gateway is no URL"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(wrong("the gateway is no http or https URL"));
        }
        if url.password().is_some() {
            return Err(Error::Configuration("the gateway's URL holds a password, which would show".to_owned()));
        }
        if url.scheme() == "https" && !cfg!(feature = "rustls") {
            return Err(wrong("an https gateway needs the feature `rustls`"));
        }
        // A proxy cannot reach the loopback of this machine.
        let loopback = url.host_str().is_some_and(is_loopback);
        let builder = if loopback { reqwest::Client::builder().no_proxy() } else { reqwest::Client::builder() };
        let client = builder
            .timeout(timeout)
            // A signed request goes to the gateway and nowhere else: a redirect is an answer that the caller sees.
            .redirect(Policy::none())
            .build()
            .map_err(|error| Error::Configuration(format!("no HTTP client: {error}")))?;
        let plain = url.scheme() == "http" && !loopback;
        Ok(Self { gateway: gateway.to_owned(), plain, client, body_limit })
    }

    pub(super) fn gateway(&self) -> &str {
        &self.gateway
    }

    /// Whether what is sent can be read on its way: over http to another machine.
    pub(super) fn is_plain(&self) -> bool {
        self.plain
    }

    /// POSTs `request` and returns the body of the answer.
    pub(super) async fn post(&self, request: &SignedRequest) -> Result<String, Error> {
        let body = request.body();
        let request = self.client.post(&self.gateway).header(CONTENT_TYPE, body.content_type).body(body.bytes);
        let mut answer = request.send().await.map_err(|error| self.failed(error))?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.failed(error))? {
            if body.len() + chunk.len() > self.body_limit {
                let limit = format!("more than {} bytes", self.body_limit);
                return Err(self.error(TransportKind::TooLong, limit));
            }
            body.extend_from_slice(&chunk);
        }
        if !status.is_success() {
            let body = String::from_utf8_lossy(&body).into_owned();
            return Err(Error::Status(StatusError { status: status.as_u16(), body }));
        }
        String::from_utf8(body).map_err(Error::not_utf8)
    }

    fn failed(&self, error: reqwest::Error) -> Error {
        let kind = if error.is_timeout() {
            TransportKind::Timeout
        } else if error.is_connect() {
            TransportKind::Connect
        } else {
            TransportKind::Interrupted
        };
        self.error(kind, error.without_url())
    }

    fn error(&self, kind: TransportKind, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Transport(TransportError::new(kind, &self.gateway, source))
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
