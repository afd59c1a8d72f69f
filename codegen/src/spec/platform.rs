//! `platform.yaml`: what the platform says of all its methods.

use super::Placed;

/// The facts that belong to no single method.
#[derive(Clone, Debug, Default)]
pub struct Platform {
    /// The protocol's version, the value of `v`.
    pub version: String,
    /// How far a timestamp may be from the gateway's clock, in minutes.
    pub timestamp_tolerance_minutes: u32,
    /// The gateways that speak the protocol.
    pub gateways: Vec<Gateway>,
    /// The parameters that every request has.
    pub public_parameters: Vec<PublicParameter>,
    /// The last words of names whose values are secrets.
    pub secrets: Vec<Placed<String>>,
    /// The codes that the platform refuses calls with.
    pub errors: Vec<Code>,
}

/// A gateway that speaks the protocol.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// The id that callers name it by, such as `taobao-overseas`.
    pub id: Placed<String>,
    /// The title in the platform's language.
    pub title: Placed<String>,
    /// The http URL, if there is one.
    pub http: Option<Placed<String>>,
    /// The https URL.
    pub https: Placed<String>,
    /// Earlier URLs, which older documents contain.
    pub aliases: Vec<Placed<String>>,
    /// What else to know, for its documentation.
    pub note: Option<String>,
    /// Why the client cannot call it yet.
    pub unsupported: Option<String>,
}

impl Gateway {
    /// Whether `url` is, or was, a URL of this gateway.
    pub fn has_url(&self, url: &str) -> bool {
        let urls = self.http.iter().chain([&self.https]).chain(&self.aliases);
        urls.into_iter().any(|known| known.value == url)
    }
}

/// A parameter that belongs to the protocol.
#[derive(Clone, Debug)]
pub struct PublicParameter {
    /// The name on the wire.
    pub name: String,
    /// The page's type.
    pub kind: String,
    /// The values that it may have, if they are few.
    pub values: Vec<String>,
    /// The value that it has when it is not sent.
    pub default: Option<String>,
    /// Whether it is signed.
    pub signed: bool,
    /// The page's description.
    pub description: String,
}

/// A code of the platform.
#[derive(Clone, Debug)]
pub struct Code {
    /// The code.
    pub code: Placed<i64>,
    /// The platform's name for it, its `msg`.
    pub name: String,
    /// What it means and what to do.
    pub meaning: String,
    /// Whether sending the call again can help.
    pub retry: Retry,
    /// The words that other gateways of the family have for the code.
    pub words: Vec<Placed<String>>,
}

/// Whether sending a refused call again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Not before something is changed.
    Never,
    /// After a pause.
    Later,
    /// With a session that is renewed.
    RenewSession,
    /// If the sub code begins with `isp.`.
    IfServerSide,
}

impl Platform {
    /// The code's entry.
    pub fn code(&self, code: i64) -> Option<&Code> {
        self.errors.iter().find(|entry| entry.code.value == code)
    }

    /// Whether a parameter of this name is one of the protocol's own.
    pub fn is_public(&self, name: &str) -> bool {
        self.public_parameters.iter().any(|parameter| parameter.name == name)
    }

    /// Whether a value of this name is a secret: it ends, in whatever case, with one of
    /// [`secrets`](Self::secrets).
    pub fn is_secret(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.secrets.iter().any(|word| name.ends_with(word.value.as_str()))
    }
}
