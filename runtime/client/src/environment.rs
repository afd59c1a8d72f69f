//! Clients that the environment configures.

use std::env;
use std::ffi::OsString;

use super::endpoint::known_gateways;
use super::{Client, ClientBuilder};
use crate::error::Error;

impl Client {
    /// Starts to build a client from environment variables, so that no secret is in the code or on a command line:
    ///
    /// * `TOP_GATEWAY`: the gateway, as a URL or as the id of a [`Gateway`](crate::Gateway), such as `taobao`. Required.
    /// * `TOP_APP_KEY` and `TOP_APP_SECRET`: the application. Required.
    /// * `TOP_SESSION`: the session of the user whom calls act for. Optional.
    ///
    /// An empty variable counts as not set.
    ///
    /// ```no_run
    /// use generated_sdk::{Client, RetryPolicy};
    ///
    /// let client = Client::from_env()?.retry(RetryPolicy::new()).build()?;
    /// # Ok::<(), generated_sdk::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] if a required variable is not set, or a variable is not UTF-8.
    pub fn from_env() -> Result<ClientBuilder, Error> {
        from(|name| env::var_os(name))
    }
}

fn from(variable: impl Fn(&str) -> Option<OsString>) -> Result<ClientBuilder, Error> {
    let optional = |name| match variable(name).filter(|value| !value.is_empty()).map(OsString::into_string) {
        Some(Err(_)) => Err(Error::configuration(format!("the environment variable {name} is not UTF-8"))),
        Some(Ok(value)) => Ok(Some(value)),
        None => Ok(None),
    };
    let required = |name, help: &str| {
        let missing = || Error::configuration(format!("the environment variable {name} is not set{help}"));
        optional(name)?.ok_or_else(missing)
    };
    let gateway = required("TOP_GATEWAY", &format!("; {}", known_gateways()))?;
    let builder = Client::builder(gateway, required("TOP_APP_KEY", "")?, required("TOP_APP_SECRET", "")?);
    Ok(match optional("TOP_SESSION")? {
        Some(session) => builder.session(session),
        None => builder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::TransportError;
    use crate::{BoxFuture, HttpAnswer, HttpRequest, Transport};

    struct Nowhere;

    impl Transport for Nowhere {
        fn send(&self, _request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
            Box::pin(std::future::pending())
        }
    }

    /// What the client of an environment is, or why there is none.
    fn client(environment: &[(&str, OsString)]) -> String {
        let variable = |name: &str| Some(environment.iter().find(|(other, _)| *other == name)?.1.clone());
        match from(variable).and_then(|builder| builder.transport(Nowhere).build()) {
            Ok(client) => {
                let application = &client.shared.application;
                let session = client.session.fixed().unwrap_or("nobody");
                format!("{} {}={} {session}", client.gateway(), application.key(), application.secret())
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn environments() {
        let (key, secret) = (("TOP_APP_KEY", "k"), ("TOP_APP_SECRET", "s3cr3t"));
        let gateway = ("TOP_GATEWAY", "http://127.0.0.1/api");
        let missing = |name: &str| format!("invalid configuration: the environment variable {name} is not set");
        let gateways = "taobao, taobao-overseas, taobao-sandbox, qimen, aliexpress, ieasynote";
        let no_gateway = format!("{}; use a URL or one of: {gateways}", missing("TOP_GATEWAY"));
        let unknown = format!(
            "invalid configuration: the gateway: expected a URL starting with `http://` or `https://`, found `taobo`; \
             use a URL or one of: {gateways}"
        );
        for (environment, expected) in [
            (vec![key, secret, gateway], "http://127.0.0.1/api k=s3cr3t nobody".to_owned()),
            (
                vec![key, secret, gateway, ("TOP_SESSION", "a session")],
                "http://127.0.0.1/api k=s3cr3t a session".to_owned(),
            ),
            (vec![key, secret, gateway, ("TOP_SESSION", "")], "http://127.0.0.1/api k=s3cr3t nobody".to_owned()),
            (
                vec![key, secret, ("TOP_GATEWAY", "taobao")],
                "https://gw.api.taobao.com/router/rest k=s3cr3t nobody".to_owned(),
            ),
            (vec![key, secret, ("TOP_GATEWAY", "taobo")], unknown),
            (vec![key, secret], no_gateway.clone()),
            (vec![key, secret, ("TOP_GATEWAY", "")], no_gateway),
            (vec![gateway, secret], missing("TOP_APP_KEY")),
            (vec![gateway, key], missing("TOP_APP_SECRET")),
            (vec![gateway, key, ("TOP_APP_SECRET", "")], missing("TOP_APP_SECRET")),
        ] {
            let environment: Vec<_> = environment.into_iter().map(|(name, value)| (name, value.into())).collect();
            assert_eq!(client(&environment), expected);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_utf_8_is_not_printed() {
        use std::os::unix::ffi::OsStringExt;
        let gateway = ("TOP_GATEWAY", "taobao".into());
        let secret = ("TOP_APP_SECRET", OsString::from_vec(b"s3cr3t\xff".into()));
        let message = client(&[gateway, ("TOP_APP_KEY", "k".into()), secret]);
        assert_eq!(message, "invalid configuration: the environment variable TOP_APP_SECRET is not UTF-8");
    }
}
