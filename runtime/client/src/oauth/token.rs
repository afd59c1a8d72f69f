//! What a user grants an application (protocol.md 7.5).

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

use top_protocol::DateTime;
use top_protocol::internal::HIDDEN;

/// A token: what a user grants an application, and for how long.
///
/// Printing it shows neither the access token nor the refresh token nor the mobile token.
///
/// ```
/// use generated_sdk::client::Token;
/// use std::time::{Duration, SystemTime};
///
/// let answer = r#"{"access_token":"6100e2","expires_in":"86400","taobao_user_nick":"%E5%95%86%E5%AE%B6"}"#;
/// let token = Token::from_answer(answer, SystemTime::now())?;
/// assert_eq!(token.expires_in, Some(Duration::from_secs(86400)));
/// assert_eq!(token.user_nick.as_deref(), Some("商家"));
/// assert!(!format!("{token:?}").contains("6100e2"));
/// # Ok::<(), generated_sdk::client::NoToken>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Token {
    /// The session of calls on the user's behalf.
    pub access_token: String,
    /// How it is used, `Bearer`.
    pub token_type: Option<String>,
    /// When it was received. The times below count from here.
    pub received_at: SystemTime,
    /// How long the access token is good. Not known of some, which are good until the platform refuses them.
    pub expires_in: Option<Duration>,
    /// What a new token can be had for.
    pub refresh_token: Option<String>,
    /// How long the refresh token is good.
    pub re_expires_in: Option<Duration>,
    /// How long the access token is good for methods of the level r1.
    pub r1_expires_in: Option<Duration>,
    /// How long the access token is good for methods of the level r2.
    pub r2_expires_in: Option<Duration>,
    /// How long the access token is good for methods of the level w1.
    pub w1_expires_in: Option<Duration>,
    /// How long the access token is good for methods of the level w2.
    pub w2_expires_in: Option<Duration>,
    /// How long the access token is good for what the platform calls `hra`, if it says so.
    pub hra_expires_in: Option<Duration>,
    /// The platform's number of the user: `taobao_user_id`.
    pub user_id: Option<String>,
    /// The user's name: `taobao_user_nick`.
    pub user_nick: Option<String>,
    /// The platform's number of the sub-account that granted it: `sub_taobao_user_id`.
    pub sub_user_id: Option<String>,
    /// The name of that sub-account: `sub_taobao_user_nick`.
    pub sub_user_nick: Option<String>,
    /// The token of a mobile application.
    pub mobile_token: Option<String>,
}

impl Token {
    /// A token of which nothing is known but that it was received now.
    pub fn new(access_token: impl Into<String>) -> Self {
        Self::bare(access_token.into(), SystemTime::now())
    }

    fn bare(access_token: String, received_at: SystemTime) -> Self {
        // A store keeps milliseconds, and a token is the same before and after.
        let received_at = moment(milliseconds(received_at)).unwrap_or(received_at);
        Self {
            access_token,
            token_type: None,
            received_at,
            expires_in: None,
            refresh_token: None,
            re_expires_in: None,
            r1_expires_in: None,
            r2_expires_in: None,
            w1_expires_in: None,
            w2_expires_in: None,
            hra_expires_in: None,
            user_id: None,
            user_nick: None,
            sub_user_id: None,
            sub_user_nick: None,
            mobile_token: None,
        }
    }

    /// Reads the answer of the authorisation server, or the `token_result` of a method, received at `received_at`.
    ///
    /// Numbers may be text and texts numbers. A value that does not fit leaves its field empty.
    ///
    /// # Errors
    ///
    /// [`NoToken`] if it is no JSON object with an access token in it.
    pub fn from_answer(json: &str, received_at: SystemTime) -> Result<Self, NoToken> {
        Self::from_members(&serde_json::from_str(json).map_err(|_| NoToken)?, received_at)
    }

    pub(super) fn from_members(members: &Map<String, Value>, received_at: SystemTime) -> Result<Self, NoToken> {
        let text = |names: &[&str]| names.iter().find_map(|name| text(members.get(*name)?));
        let nick = |names: &[&str]| text(names).map(decoded);
        let time = |name| seconds(&text(&[name])?);
        Ok(Self {
            token_type: text(&["token_type"]),
            expires_in: time("expires_in"),
            refresh_token: text(&["refresh_token"]),
            re_expires_in: time("re_expires_in"),
            r1_expires_in: time("r1_expires_in"),
            r2_expires_in: time("r2_expires_in"),
            w1_expires_in: time("w1_expires_in"),
            w2_expires_in: time("w2_expires_in"),
            hra_expires_in: time("hra_expires_in"),
            user_id: text(&["taobao_user_id"]),
            user_nick: nick(&["taobao_user_nick"]),
            sub_user_id: text(&["sub_taobao_user_id", "taobao_sub_user_id"]),
            sub_user_nick: nick(&["sub_taobao_user_nick", "taobao_sub_user_nick"]),
            mobile_token: text(&["mobile_token"]),
            ..Self::bare(text(&["access_token"]).ok_or(NoToken)?, received_at)
        })
    }

    /// The token as JSON **with its secrets**, for a store that is as well kept as a password file. These are the names
    /// and spellings of the platform's answer, and `received_at` in milliseconds since 1970.
    pub fn to_json(&self) -> String {
        let mut members = Map::new();
        let mut put = |name: &str, value: Option<Value>| members.extend(value.map(|value| (name.to_owned(), value)));
        let text = |text: &Option<String>| text.clone().map(Value::from);
        let nick = |text: &Option<String>| text.as_ref().map(|text| Value::from(encoded(text)));
        let time = |time: Option<Duration>| time.map(|time| Value::from(time.as_secs()));
        put("access_token", Some(Value::from(self.access_token.clone())));
        put("token_type", text(&self.token_type));
        put("received_at", Some(Value::from(milliseconds(self.received_at))));
        put("expires_in", time(self.expires_in));
        put("refresh_token", text(&self.refresh_token));
        put("re_expires_in", time(self.re_expires_in));
        put("r1_expires_in", time(self.r1_expires_in));
        put("r2_expires_in", time(self.r2_expires_in));
        put("w1_expires_in", time(self.w1_expires_in));
        put("w2_expires_in", time(self.w2_expires_in));
        put("hra_expires_in", time(self.hra_expires_in));
        put("taobao_user_id", text(&self.user_id));
        put("taobao_user_nick", nick(&self.user_nick));
        put("sub_taobao_user_id", text(&self.sub_user_id));
        put("sub_taobao_user_nick", nick(&self.sub_user_nick));
        put("mobile_token", text(&self.mobile_token));
        Value::Object(members).to_string()
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    ///
    /// [`NoToken`] if it is something else.
    pub fn from_json(json: &str) -> Result<Self, NoToken> {
        let members: Map<String, Value> = serde_json::from_str(json).map_err(|_| NoToken)?;
        let received_at = members.get("received_at").and_then(Value::as_u64).ok_or(NoToken)?;
        let received_at = moment(received_at).ok_or(NoToken)?;
        Self::from_members(&members, received_at)
    }

    /// When the access token ends, if that is known.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.received_at.checked_add(self.expires_in?)
    }

    /// When the refresh token ends, if that is known.
    pub fn refresh_expires_at(&self) -> Option<SystemTime> {
        self.received_at.checked_add(self.re_expires_in?)
    }

    /// Whether the access token has ended at `now`.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at().is_some_and(|end| end <= now)
    }

    /// Whether there is a refresh token that has not ended at `now`.
    pub fn is_refreshable(&self, now: SystemTime) -> bool {
        self.refresh_token.is_some() && self.refresh_expires_at().is_none_or(|end| now < end)
    }

    /// The token with what stays as it was in the one that it replaces: an answer to a refresh may leave out the
    /// refresh token and whose it is.
    pub(crate) fn following(mut self, old: &Self) -> Self {
        if self.refresh_token.is_none() {
            self.refresh_token.clone_from(&old.refresh_token);
            let left = |end: SystemTime| end.duration_since(self.received_at).unwrap_or_default();
            self.re_expires_in = old.refresh_expires_at().map(left);
        }
        for (new, old) in [
            (&mut self.user_id, &old.user_id),
            (&mut self.user_nick, &old.user_nick),
            (&mut self.sub_user_id, &old.sub_user_id),
            (&mut self.sub_user_nick, &old.sub_user_nick),
        ] {
            if new.is_none() {
                new.clone_from(old);
            }
        }
        self
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |secret: &Option<String>| secret.as_ref().map(|_| HIDDEN);
        f.debug_struct("Token")
            .field("access_token", &HIDDEN)
            .field("received_at", &DateTime::from(self.received_at))
            .field("expires_in", &self.expires_in)
            .field("refresh_token", &hidden(&self.refresh_token))
            .field("re_expires_in", &self.re_expires_in)
            .field("user_id", &self.user_id)
            .field("user_nick", &self.user_nick)
            .field("sub_user_id", &self.sub_user_id)
            .field("sub_user_nick", &self.sub_user_nick)
            .field("mobile_token", &hidden(&self.mobile_token))
            .finish_non_exhaustive()
    }
}

/// The text holds no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoToken;

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token is a JSON object with an access_token, and this is none")
    }
}

impl std::error::Error for NoToken {}

/// A value as text, unless there is nothing in it.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whole seconds. What has ended already may be told by a number below zero.
fn seconds(text: &str) -> Option<Duration> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let seconds: i64 = whole.parse().ok()?;
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    u64::try_from(since).unwrap_or(u64::MAX)
}

fn moment(milliseconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
}

/// A name as a form encodes it.
fn encoded(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

/// A name that comes encoded as in a form, which is ASCII. One that comes otherwise stays as it is.
fn decoded(name: String) -> String {
    if !name.is_ascii() {
        return name;
    }
    let spaced = name.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map(|decoded| decoded.into_owned()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_without_what_stays_as_it_was() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let old = Token {
            refresh_token: Some("r".to_owned()),
            re_expires_in: Some(Duration::from_secs(100)),
            user_id: Some("1".to_owned()),
            ..Token::bare("a".to_owned(), at(1000))
        };
        let new = Token::bare("b".to_owned(), at(1060)).following(&old);
        assert_eq!(new.refresh_token.as_deref(), Some("r"));
        assert_eq!(new.refresh_expires_at(), old.refresh_expires_at());
        assert_eq!(new.user_id.as_deref(), Some("1"));
        let late = Token::bare("b".to_owned(), at(2000)).following(&old);
        assert!(!late.is_refreshable(at(2000)));
        let own =
            Token { refresh_token: Some("s".to_owned()), ..Token::bare("b".to_owned(), at(1060)) }.following(&old);
        assert_eq!((own.refresh_token.as_deref(), own.re_expires_in), (Some("s"), None));
    }
}
