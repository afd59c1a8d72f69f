//! The response format.

use std::error::Error as StdError;
use std::fmt;
use std::str::FromStr;

/// The format of a response: the `format` parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// XML. Gateways respond in XML if a request has no `format`.
    Xml,
}

impl Format {
    /// Returns the value of the `format` parameter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Xml => "xml",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        [Self::Json, Self::Xml].into_iter().find(|format| format.name() == name).ok_or(UnknownFormat)
    }
}

/// The error of a text that is not the name of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownFormat;

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown format: expected xml or json")
    }
}

impl StdError for UnknownFormat {}
