//! Gateways, by id or by URL.

use std::borrow::Cow;
use std::fmt;

use crate::dialect::Dialect;
use crate::platform::GATEWAYS;
use crate::redact::HIDDEN;

/// The gateway of a client: a documented gateway, or a URL.
///
/// The documented ones are constants, such as [`Gateway::TAOBAO`], and have ids, such as `taobao`. They are called over
/// https where there is an https URL. [`with_dialect`](Self::with_dialect) describes a gateway with another variant of the
/// protocol.
///
/// ```
/// use generated_sdk::Gateway;
///
/// assert_eq!(Gateway::from("taobao"), Gateway::TAOBAO);
/// assert_eq!(Gateway::TAOBAO.url(), "https://gw.api.taobao.com/router/rest");
/// assert_eq!(Gateway::from("http://127.0.0.1:8642/api").id(), None);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Gateway {
    target: Target,
    dialect: Cow<'static, Dialect>,
}

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
    /// The http URL, if there is one.
    pub http: Option<&'static str>,
    /// The https URL, if there is one.
    pub https: Option<&'static str>,
    /// The variant of the protocol.
    pub dialect: &'static Dialect,
}

impl Gateway {
    pub(crate) const fn known(known: &'static KnownGateway) -> Self {
        Self { target: Target::Known(known), dialect: Cow::Borrowed(known.dialect) }
    }

    /// Sets the variant of the protocol. Default: that of the documented gateway, or the protocol of Taobao for a URL.
    #[must_use]
    pub fn with_dialect(self, dialect: Dialect) -> Self {
        Self { dialect: Cow::Owned(dialect), ..self }
    }

    /// Returns the variant of the protocol.
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Returns the id of a documented gateway.
    pub fn id(&self) -> Option<&'static str> {
        self.documented().map(|known| known.id)
    }

    /// Returns the entry of `specs/platform.yaml`, if there is one.
    pub fn documented(&self) -> Option<&'static KnownGateway> {
        match &self.target {
            Target::Known(known) => Some(known),
            Target::Url(_) => None,
        }
    }

    /// Returns the URL: that of a documented gateway, https if there is one, or the text that this was created from.
    pub fn url(&self) -> &str {
        match &self.target {
            Target::Known(known) => known.https.or(known.http).unwrap_or_default(),
            Target::Url(url) => url,
        }
    }

    /// Returns the ids of the documented gateways, for error messages: "`taobao`, `taobao-overseas`".
    #[doc(hidden)]
    pub fn ids() -> String {
        GATEWAYS.iter().map(|known| format!("`{}`", known.id)).collect::<Vec<_>>().join(", ")
    }
}

/// The id of a documented gateway, or a URL.
impl From<String> for Gateway {
    fn from(text: String) -> Self {
        match GATEWAYS.iter().find(|known| known.id == text) {
            Some(known) => Self::known(known),
            None => Self { target: Target::Url(text), dialect: Cow::Borrowed(&Dialect::TAOBAO) },
        }
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
