//! Clients as the environment sets them up.

use std::env;
use std::ffi::OsString;

use super::{Client, ClientBuilder};
use crate::error::Error;
use top_protocol::platform;

impl Client {
    /// Begins a client as the environment sets it up, in which a secret is neither in the code nor on a command line:
    ///
    /// * `TOP_APP_KEY` and `TOP_APP_SECRET`, the application. Both are needed.
    /// * `TOP_GATEWAY`, the URL of the gateway; [`platform::GATEWAY_HTTPS`] unless set.
    /// * `TOP_SESSION`, the session of the user on whose behalf calls are made; nobody's unless set.
    ///
    /// One that is empty is as good as not set.
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
    /// [`Error::Configuration`] that names the variable that is not set, or is no UTF-8.
    pub fn from_env() -> Result<ClientBuilder, Error> {
        from(|name| env::var_os(name))
    }
}

fn from(variable: impl Fn(&str) -> Option<OsString>) -> Result<ClientBuilder, Error> {
    let set = |name| match variable(name).filter(|value| !value.is_empty()).map(OsString::into_string) {
        Some(Err(_)) => Err(Error::Configuration(format!("{name} in the environment is no UTF-8"))),
        Some(Ok(value)) => Ok(Some(value)),
        None => Ok(None),
    };
    let needed = |name| set(name)?.ok_or_else(|| Error::Configuration(format!("{name} is not set in the environment")));
    let gateway = set("TOP_GATEWAY")?.unwrap_or_else(|| platform::GATEWAY_HTTPS.to_owned());
    let builder = Client::builder(gateway, needed("TOP_APP_KEY")?, needed("TOP_APP_SECRET")?);
    Ok(match set("TOP_SESSION")? {
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
        for (environment, expected) in [
            (vec![key, secret], "https://open.ieasynote.com/api k=s3cr3t nobody"),
            (
                vec![key, secret, ("TOP_GATEWAY", "http://127.0.0.1/api"), ("TOP_SESSION", "a session")],
                "http://127.0.0.1/api k=s3cr3t a session",
            ),
            (
                vec![key, secret, ("TOP_GATEWAY", ""), ("TOP_SESSION", "")],
                "https://open.ieasynote.com/api k=s3cr3t nobody",
            ),
            (vec![secret], "the client is not set up for this: TOP_APP_KEY is not set in the environment"),
            (vec![key], "the client is not set up for this: TOP_APP_SECRET is not set in the environment"),
            (
                vec![key, ("TOP_APP_SECRET", "")],
                "the client is not set up for this: TOP_APP_SECRET is not set in the environment",
            ),
        ] {
            let environment: Vec<_> = environment.into_iter().map(|(name, value)| (name, value.into())).collect();
            assert_eq!(client(&environment), expected);
        }
    }

    #[cfg(unix)]
    #[test]
    fn no_value_is_told_that_is_no_text() {
        use std::os::unix::ffi::OsStringExt;
        let told = client(&[("TOP_APP_KEY", "k".into()), ("TOP_APP_SECRET", OsString::from_vec(b"s3cr3t\xff".into()))]);
        assert_eq!(told, "the client is not set up for this: TOP_APP_SECRET in the environment is no UTF-8");
    }
}
