//! The redirects of users who return from the authorization page.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::server::{OAuth, token_of};
use super::token::Token;
use crate::error::{Error, OAuthError};
use top_protocol::{RawBody, SignMethod, signature};

impl OAuth {
    /// Returns the code in a redirect. `redirected` is the requested URL, or its query. `state` is that of the
    /// request.
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
    /// [`Error::OAuth`] if the user or the server declined, if `state` differs, or if there is no code.
    pub fn code(&self, redirected: &str, state: &str) -> Result<String, Error> {
        let query = redirected.split_once('#').map_or(redirected, |(before, _)| before);
        let query = query.rsplit_once('?').map_or(query, |(_, query)| query);
        let fields = Fields::read(query, decoded);
        fields.check(state)?;
        let code = fields.get("code").filter(|code| !code.is_empty());
        code.map(str::to_owned).ok_or_else(|| refusal("invalid_request", "the redirect has no code"))
    }

    /// Returns the token in a redirect of the implicit flow. `redirected` is the URL in the browser, or its fragment.
    /// `state` is that of the request.
    ///
    /// The signature `top_sign` is verified, because a browser can change the fragment: the MD5 of the other fields
    /// between two AppSecrets.
    ///
    /// # Errors
    ///
    /// [`Error::OAuth`] if the user or the server declined, or if `state` or the signature differs. [`Error::Decode`]
    /// if there is no token.
    pub fn implicit_token(&self, redirected: &str, state: &str) -> Result<Token, Error> {
        let fragment = redirected.split_once('#').map_or(redirected, |(_, fragment)| fragment);
        let fields = Fields::read(fragment, decoded);
        fields.check(state)?;
        // It is not documented whether the signed values are percent-encoded. Both are accepted.
        let signed = [&fields, &Fields::read(fragment, str::to_owned)].into_iter().any(|fields| self.is_signed(fields));
        if !signed {
            let problem = "top_sign does not match: the fragment was changed, or is for another application";
            return Err(refusal("invalid_top_sign", problem));
        }
        // These fields are not part of the token.
        let fields = fields.0.into_iter().filter(|(name, _)| !matches!(name.as_str(), "state" | "top_sign"));
        let members: Map<String, Value> = fields.map(|(name, value)| (name, Value::String(value))).collect();
        token_of(&Value::Object(members).to_string(), (self.clock)())
    }

    /// Returns whether the fields are signed with the application's secret.
    fn is_signed(&self, fields: &Fields) -> bool {
        let mut others: Vec<_> = fields.0.iter().filter(|(name, _)| name != "top_sign").collect();
        others.sort();
        let text: String = others.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect();
        let sign = signature(SignMethod::Md5, self.client.shared.application.secret(), [], text.as_bytes());
        fields.get("top_sign").is_some_and(|other| constant_time_eq(&sign, &other.to_ascii_uppercase()))
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

    /// Checks that the redirect has this state and no error.
    fn check(&self, state: &str) -> Result<(), Error> {
        if !constant_time_eq(self.get("state").unwrap_or_default(), state) {
            let problem = "the state differs from that of the request: the redirect may belong to another user";
            return Err(refusal("invalid_state", problem));
        }
        match self.get("error") {
            Some(error) => Err(refusal(error, self.get("error_description").unwrap_or_default())),
            None => Ok(()),
        }
    }
}

/// Compares two texts in constant time, apart from their lengths.
fn constant_time_eq(one: &str, other: &str) -> bool {
    let differences = one.bytes().zip(other.bytes()).fold(0, |differences, (one, other)| differences | (one ^ other));
    one.len() == other.len() && differences == 0
}

/// Decodes a form-encoded text.
fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn refusal(error: &str, description: &str) -> Error {
    let description = Some(description.to_owned()).filter(|text| !text.is_empty());
    let error = OAuthError { error: error.to_owned(), description, status: None, body: RawBody::default() };
    Error::OAuth(Box::new(error))
}
