//! The content of `platform.yaml`: the facts that hold for all methods.

use std::collections::BTreeMap;

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
    /// The https URL, if any.
    pub https: Option<Spanned<String>>,
    /// Former URLs, which older documents contain.
    #[serde(default)]
    pub aliases: Vec<Spanned<String>>,
    /// A note for the documentation.
    pub note: Option<String>,
    /// The variant of the protocol.
    #[serde(default)]
    pub dialect: Dialect,
}

/// A variant of the protocol: what differs from the gateway of Taobao.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dialect {
    /// Where a request has its parameters.
    pub parameters: ParameterPlacement,
    /// The form of timestamps.
    pub timestamp: TimestampForm,
    /// The format of responses that a client requests by default: `json` or `xml`.
    pub format: Option<Spanned<String>>,
    /// The default signature algorithm of a client.
    pub sign_method: Option<Spanned<String>>,
    /// The gateway's names of signature algorithms, by the platform's.
    pub sign_names: BTreeMap<String, Spanned<String>>,
    /// The name of the parameter with the session. Default: `session`.
    pub session_parameter: Option<Spanned<String>>,
    /// The name of the parameter with the customer id. Default: `customer_id`.
    pub customer_parameter: Option<Spanned<String>>,
    /// The root node of all responses. Default: a root node for each method.
    pub response_root: Option<Spanned<String>>,
    /// Whether the codes of errors are words.
    pub error_words: bool,
}

/// The signature algorithms: the platform's names, and the names in the runtime's `SignMethod`, in its order.
pub(crate) const SIGN_METHODS: [(&str, &str); 3] = [("md5", "Md5"), ("hmac", "Hmac"), ("hmac-sha256", "HmacSha256")];

/// Returns the entry of [`SIGN_METHODS`] with one of the platform's names.
pub(crate) fn sign_method(name: &str) -> Option<(&'static str, &'static str)> {
    SIGN_METHODS.into_iter().find(|(known, _)| *known == name)
}

/// Where a request has its parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterPlacement {
    /// In a form: the body of a POST.
    #[default]
    Form,
    /// In the query of a GET.
    Query,
    /// The public parameters in the query, the others in a JSON body, which is signed too.
    JsonBody,
    /// The public parameters in the query, the others in an XML body, which is signed too.
    XmlBody,
}

/// The form of timestamps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimestampForm {
    /// `yyyy-MM-dd HH:mm:ss` at GMT+8.
    #[default]
    Text,
    /// Milliseconds since 1970.
    Milliseconds,
}

impl Gateway {
    /// Returns whether `url` is a current or former URL of the gateway.
    pub fn has_url(&self, url: &str) -> bool {
        self.urls().any(|known| known == url)
    }

    /// Returns the current and former URLs of the gateway.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.http.iter().chain(&self.https).chain(&self.aliases).map(|url| url.value.as_str())
    }

    /// Returns the URL that clients call: the https one, if there is one.
    pub fn url(&self) -> &str {
        self.https.as_ref().or(self.http.as_ref()).map_or("", |url| &url.value)
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
