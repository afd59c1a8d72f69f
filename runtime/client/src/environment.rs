//! Clients from environment variables.

use std::env;
use std::ffi::OsString;

use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::endpoint::expected_gateway;
use crate::error::{ConfigurationError, ConfigurationKind, Error};
use top_protocol::AppCredentials;
use top_protocol::internal::optional_variable;

impl Client {
    /// Creates a builder from environment variables, which keep secrets out of code and command lines:
    ///
    /// * `TOP_GATEWAY`: the gateway, as an id of [`platform::GATEWAYS`](crate::platform::GATEWAYS) or a URL. Required.
    /// * `TOP_APP_KEY` and `TOP_APP_SECRET`: the [credentials](AppCredentials::from_env). Required.
    /// * `TOP_SESSION`: the session of the user on whose behalf calls are made. Default: no session.
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
    /// [`Error::Configuration`] that names the variable that is not set or not UTF-8.
    pub fn from_env() -> Result<ClientBuilder, Error> {
        from(|name| env::var_os(name))
    }
}

fn from(variable: impl Fn(&str) -> Option<OsString>) -> Result<ClientBuilder, Error> {
    let gateway = optional_variable("TOP_GATEWAY", &variable)?.ok_or_else(|| {
        let message = format!("TOP_GATEWAY is not set in the environment: expected {}", expected_gateway());
        ConfigurationError::new(ConfigurationKind::Environment, message)
    })?;
    let builder = Client::builder(gateway, AppCredentials::from_variables(&variable)?);
    Ok(match optional_variable("TOP_SESSION", &variable)? {
        Some(session) => builder.session(session),
        None => builder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::TransportError;
    use crate::transport::{BoxFuture, HttpRequest, HttpResponse, Transport};

    struct PendingTransport;

    impl Transport for PendingTransport {
        fn send(&self, _request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
            Box::pin(std::future::pending())
        }
    }

    /// Describes the client of an environment, or the error.
    fn client(environment: &[(&str, OsString)]) -> String {
        let variable = |name: &str| Some(environment.iter().find(|(other, _)| *other == name)?.1.clone());
        match from(variable).and_then(|builder| builder.transport(PendingTransport).build()) {
            Ok(client) => {
                let application = &client.shared.application;
                let session = client.session.fixed().unwrap_or("no session");
                format!("{} {}={} {session}", client.gateway(), application.key(), application.secret())
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn requires_all_variables_except_the_session() {
        let (gateway, key, secret) = (("TOP_GATEWAY", "taobao"), ("TOP_APP_KEY", "k"), ("TOP_APP_SECRET", "s3cr3t"));
        let url = ("TOP_GATEWAY", "http://127.0.0.1/api");
        let no_gateway = "invalid configuration: TOP_GATEWAY is not set in the environment: expected a URL starting with \
                          `http://` or `https://`, or one of `taobao`, `taobao-overseas`, `taobao-sandbox`, `ieasynote`, `qimen`, \
                          `qimen-warehouse`, `aliexpress`";
        let no_key = "invalid configuration: TOP_APP_KEY is not set in the environment";
        let no_secret = "invalid configuration: TOP_APP_SECRET is not set in the environment";
        for (environment, expected) in [
            (vec![gateway, key, secret], "https://gw.api.taobao.com/router/rest k=s3cr3t no session"),
            (vec![url, key, secret, ("TOP_SESSION", "a session")], "http://127.0.0.1/api k=s3cr3t a session"),
            (vec![url, key, secret, ("TOP_SESSION", "")], "http://127.0.0.1/api k=s3cr3t no session"),
            (vec![key, secret], no_gateway),
            (vec![("TOP_GATEWAY", ""), key, secret], no_gateway),
            (vec![gateway, secret], no_key),
            (vec![gateway, key], no_secret),
            (vec![gateway, key, ("TOP_APP_SECRET", "")], no_secret),
        ] {
            let environment: Vec<_> = environment.into_iter().map(|(name, value)| (name, value.into())).collect();
            assert_eq!(client(&environment), expected);
        }
    }

    #[cfg(unix)]
    #[test]
    fn omits_values_that_are_not_utf_8() {
        use std::os::unix::ffi::OsStringExt;
        let secret = OsString::from_vec(b"s3cr3t\xff".into());
        let error =
            client(&[("TOP_GATEWAY", "taobao".into()), ("TOP_APP_KEY", "k".into()), ("TOP_APP_SECRET", secret)]);
        assert_eq!(error, "invalid configuration: TOP_APP_SECRET in the environment is not UTF-8");
    }
}
