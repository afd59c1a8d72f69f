//! The known gateways.

/// A gateway of `specs/platform.yaml`.
///
/// The client takes one in place of a URL, and means its https URL:
///
/// ```
/// use generated_sdk::{Client, Gateway};
///
/// # fn example() -> Result<(), generated_sdk::Error> {
/// let client = Client::builder(Gateway::TAOBAO, "app key", "app secret").build()?;
/// assert_eq!(client.gateway(), "https://gw.api.taobao.com/router/rest");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Gateway {
    /// The name that configuration uses, such as `taobao`.
    pub id: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// The http URL.
    pub http: &'static str,
    /// The https URL.
    pub https: &'static str,
}

impl Gateway {
    /// Returns the gateway with this id.
    pub fn by_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|gateway| gateway.id == id)
    }
}

impl From<Gateway> for String {
    /// Returns the https URL.
    fn from(gateway: Gateway) -> Self {
        gateway.https.to_owned()
    }
}
