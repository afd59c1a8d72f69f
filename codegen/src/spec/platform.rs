//! The content of `platform.yaml`: the facts that hold for all methods.

use serde::Deserialize;

use super::yaml::Spanned;

/// The facts that hold for all methods.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// The protocol's version, the value of `v`.
    pub version: String,
    /// The maximum difference between a timestamp and the gateway's clock, in minutes.
    pub timestamp_tolerance_minutes: u32,
    /// The gateways that speak the protocol.
    pub gateways: Vec<Gateway>,
    /// The parameters of every request.
    pub public_parameters: Vec<PublicParameter>,
    /// The suffixes of names whose values are secrets, in lower case.
    pub secrets: Vec<Spanned<String>>,
    /// The platform's error codes.
    pub errors: Vec<PlatformError>,
}

/// A gateway with the protocol of the platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// The id with which callers select the gateway, such as `taobao-overseas`.
    pub id: Spanned<String>,
    /// The title in the platform's language.
    pub title: Spanned<String>,
    /// The http URL, if any.
    pub http: Option<Spanned<String>>,
    /// The https URL.
    pub https: Spanned<String>,
    /// Former URLs, which older documents contain.
    #[serde(default)]
    pub aliases: Vec<Spanned<String>>,
    /// A note for the documentation.
    pub note: Option<String>,
    /// Why the client cannot call the gateway yet.
    pub unsupported: Option<String>,
}

impl Gateway {
    /// Returns whether `url` is a current or former URL of the gateway.
    pub fn has_url(&self, url: &str) -> bool {
        let urls = self.http.iter().chain([&self.https]).chain(&self.aliases);
        urls.into_iter().any(|known| known.value == url)
    }
}

/// A parameter of the protocol.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicParameter {
    /// The name on the wire.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The valid values; empty for any value.
    #[serde(default)]
    pub values: Vec<String>,
    /// The default value.
    pub default: Option<String>,
    /// Whether the signature includes the parameter. Default: `true`.
    #[serde(default = "signed")]
    pub signed: bool,
    /// The description in the documentation.
    pub description: String,
}

/// An error code of the platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformError {
    /// The code.
    pub code: Spanned<i64>,
    /// The platform's name, its `msg`.
    pub name: String,
    /// The meaning and the remedy.
    pub meaning: String,
    /// Whether a retry can succeed.
    pub retry: Retry,
    /// The codes of other gateways with the same meaning.
    #[serde(default)]
    pub words: Vec<Spanned<String>>,
}

/// Whether a retry of a refused call can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Only after the request or a setting is changed.
    Never,
    /// After a delay.
    Later,
    /// With a refreshed session.
    RenewSession,
    /// If the sub code starts with `isp.`.
    IfServerSide,
}

fn signed() -> bool {
    true
}

impl Platform {
    /// Returns the entry of a code.
    pub fn code(&self, code: i64) -> Option<&PlatformError> {
        self.errors.iter().find(|entry| entry.code.value == code)
    }

    /// Returns whether a public parameter has this name.
    pub fn is_public(&self, name: &str) -> bool {
        self.public_parameters.iter().any(|parameter| parameter.name == name)
    }

    /// Returns whether a value with this name is a secret: the name ends with one of [`secrets`](Self::secrets),
    /// ignoring case.
    pub fn is_secret(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.secrets.iter().any(|word| name.ends_with(word.value.as_str()))
    }
}
