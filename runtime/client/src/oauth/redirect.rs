//! How users come back from the authorisation page.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::{OAuth, Token, token_of};
use crate::error::{Error, OAuthError};
use top_protocol::{RawBody, SignMethod, signature};

impl OAuth {
    /// The code that a user comes back with. `redirected` is the URL that was called, or its query; `state` is what the
    /// user was sent away with.
    ///
    /// ```
    /// use generated_sdk::{AppCredentials, Client, Error, Gateway};
    /// use generated_sdk::client::OAuth;
    ///
    /// let client = Client::builder(Gateway::TAOBAO, AppCredentials::new("app key", "app secret")).build()?;
    /// let oauth = OAuth::new(&client, OAuth::PRODUCTION)?;
    /// assert_eq!(oauth.code("https://shop.test/back?code=c0de&state=s", "s")?, "c0de");
    /// let refused = oauth.code("/back?error=access_denied&error_description=no&state=s", "s").unwrap_err();
    /// assert!(matches!(&refused, Error::OAuth(refusal) if refusal.error == "access_denied"));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::OAuth`] if the user or the server said no, if `state` is another one, or if there is no code.
    pub fn code(&self, redirected: &str, state: &str) -> Result<String, Error> {
        let query = redirected.split_once('#').map_or(redirected, |(before, _)| before);
        let query = query.rsplit_once('?').map_or(query, |(_, query)| query);
        let fields = Fields::read(query, decoded);
        fields.check(state)?;
        let code = fields.get("code").filter(|code| !code.is_empty());
        code.map(str::to_owned).ok_or_else(|| refusal("invalid_request", "the user came back without a code"))
    }

    /// The token that a user comes back with in the implicit flow. `redirected` is the URL as the browser has it, or
    /// its fragment; `state` is what the user was sent away with.
    ///
    /// The fragment comes through a browser, so its `top_sign` is verified: the MD5 of the other fields between two
    /// AppSecrets.
    ///
    /// # Errors
    ///
    /// [`Error::OAuth`] if the user or the server said no, if `state` is another one or the signature does not match,
    /// [`Error::Decode`] if there is no token in it.
    pub fn implicit_token(&self, redirected: &str, state: &str) -> Result<Token, Error> {
        let fragment = redirected.split_once('#').map_or(redirected, |(_, fragment)| fragment);
        let fields = Fields::read(fragment, decoded);
        fields.check(state)?;
        // It is not documented whether the values are signed as they stand in the URL, so either is good.
        let signed = [&fields, &Fields::read(fragment, str::to_owned)].into_iter().any(|fields| self.signs(fields));
        if !signed {
            let problem = "top_sign does not match; the fragment is not this application's, or was changed";
            return Err(refusal("invalid_top_sign", problem));
        }
        // These two belong to the redirect, not to the token.
        let fields = fields.0.into_iter().filter(|(name, _)| !matches!(name.as_str(), "state" | "top_sign"));
        let members: Map<String, Value> = fields.map(|(name, value)| (name, Value::String(value))).collect();
        token_of(&Value::Object(members).to_string(), (self.clock)())
    }

    /// Whether the fields are signed with the application's secret.
    fn signs(&self, fields: &Fields) -> bool {
        let mut others: Vec<_> = fields.0.iter().filter(|(name, _)| name != "top_sign").collect();
        others.sort();
        let text: String = others.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect();
        let sign = signature(SignMethod::Md5, self.client.shared.application.secret(), [], text.as_bytes());
        fields.get("top_sign").is_some_and(|other| same(&sign, &other.to_ascii_uppercase()))
    }
}

/// The fields of a query or a fragment.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(text: &str, value: fn(&str) -> String) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self(pairs.map(|(name, text)| (decoded(name), value(text))).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Whether this is how the user who was sent away with `state` comes back, and with a yes.
    fn check(&self, state: &str) -> Result<(), Error> {
        if !same(self.get("state").unwrap_or_default(), state) {
            let problem = "the state is not the one that the user was sent away with; it may be somebody else's answer";
            return Err(refusal("invalid_state", problem));
        }
        match self.get("error") {
            Some(error) => Err(refusal(error, self.get("error_description").unwrap_or_default())),
            None => Ok(()),
        }
    }
}

/// Compares in a time that does not tell how far two texts agree.
fn same(one: &str, other: &str) -> bool {
    let differences = one.bytes().zip(other.bytes()).fold(0, |differences, (one, other)| differences | (one ^ other));
    one.len() == other.len() && differences == 0
}

/// A text as a form encodes it.
fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn refusal(error: &str, description: &str) -> Error {
    let description = Some(description.to_owned()).filter(|text| !text.is_empty());
    let error = OAuthError { error: error.to_owned(), description, status: None, body: RawBody::default() };
    Error::OAuth(Box::new(error))
}
