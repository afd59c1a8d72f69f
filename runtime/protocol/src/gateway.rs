//! Gateways, by id or by URL.

use std::borrow::Cow;
use std::fmt;

use crate::platform::GATEWAYS;
use crate::redact::HIDDEN;

/// The gateway of a client: a documented gateway, or a URL.
///
/// The documented ones are constants, such as [`Gateway::TAOBAO`], and have ids, such as `taobao`. They are called over
/// https.
///
/// ```
/// use generated_sdk::Gateway;
///
/// assert_eq!(Gateway::from("taobao"), Gateway::TAOBAO);
/// assert_eq!(Gateway::TAOBAO.url(), "https://gw.api.taobao.com/router/rest");
/// assert_eq!(Gateway::from("http://127.0.0.1:8642/api").id(), None);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Gateway(Target);

#[derive(Clone, PartialEq, Eq)]
enum Target {
    Known(&'static KnownGateway),
    /// A URL. A client checks it when it is built.
    Url(String),
}

/// A gateway of `specs/platform.yaml`. [`platform::GATEWAYS`](crate::platform::GATEWAYS) lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownGateway {
    /// The id, such as `taobao`.
    pub id: &'static str,
    /// The title in the platform's language.
    pub title: &'static str,
    /// The http URL, if http is supported.
    pub http: Option<&'static str>,
    /// The https URL.
    pub https: &'static str,
    /// Why a [`Client`](https://docs.rs/generated-sdk) cannot call it yet; `None` if it can.
    pub unsupported: Option<&'static str>,
}

impl Gateway {
    pub(crate) const fn known(known: &'static KnownGateway) -> Self {
        Self(Target::Known(known))
    }

    /// Returns the id of a documented gateway.
    pub fn id(&self) -> Option<&'static str> {
        self.documented().map(|known| known.id)
    }

    /// Returns the entry of `specs/platform.yaml`, if there is one.
    pub fn documented(&self) -> Option<&'static KnownGateway> {
        match &self.0 {
            Target::Known(known) => Some(known),
            Target::Url(_) => None,
        }
    }

    /// Returns the URL: the https one of a documented gateway, or the text that this was created from.
    pub fn url(&self) -> &str {
        match &self.0 {
            Target::Known(known) => known.https,
            Target::Url(url) => url,
        }
    }

    /// Returns the ids that a client accepts, for error messages: "`taobao`, `taobao-overseas`".
    #[doc(hidden)]
    pub fn ids() -> String {
        let supported = GATEWAYS.iter().filter(|known| known.unsupported.is_none());
        supported.map(|known| format!("`{}`", known.id)).collect::<Vec<_>>().join(", ")
    }
}

/// The id of a documented gateway, or a URL.
impl From<String> for Gateway {
    fn from(text: String) -> Self {
        let known = GATEWAYS.iter().find(|known| known.id == text);
        Self(known.map_or(Target::Url(text), Target::Known))
    }
}

/// The id of a documented gateway, or a URL.
impl From<&str> for Gateway {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

/// The id of a documented gateway, or a URL.
impl From<&String> for Gateway {
    fn from(text: &String) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<&Gateway> for Gateway {
    fn from(gateway: &Gateway) -> Self {
        gateway.clone()
    }
}

impl fmt::Debug for Gateway {
    /// Redacts credentials and the query of a URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.id().map_or_else(|| redacted_url(self.url()), Cow::Borrowed);
        f.debug_tuple("Gateway").field(&text).finish()
    }
}

/// Redacts the query of a URL, which may contain a key, and a URL with credentials.
pub fn redacted_url(url: &str) -> Cow<'_, str> {
    match url.split_once(['?', '#']) {
        _ if url.contains('@') => HIDDEN.into(),
        Some((before, _)) => format!("{before}?{HIDDEN}").into(),
        None => url.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_redacts_credentials_and_queries() {
        for (text, expected) in [
            ("taobao", r#"Gateway("taobao")"#),
            ("https://gateway.test/api", r#"Gateway("https://gateway.test/api")"#),
            ("https://gateway.test/api?key=s3cr3t", r#"Gateway("https://gateway.test/api?[hidden]")"#),
            ("https://user:s3cr3t@gateway.test/", r#"Gateway("[hidden]")"#),
        ] {
            assert_eq!(format!("{:?}", Gateway::from(text)), expected.replace("[hidden]", HIDDEN));
        }
    }
}
