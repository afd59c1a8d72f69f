//! What a user grants an application (docs/protocol.md section 7.5).

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

use top_protocol::DateTime;
use top_protocol::internal::{HIDDEN, redacted_json};

/// A token: what a user grants an application, and for how long.
///
/// Members of an answer that have no field here are in [`extra`](Self::extra). `Debug` hides the access token, the refresh
/// token, the mobile token, and what else has the name of a secret.
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
    /// The lifetime of the access token. Zero says nothing about it; see [`expires_at`](Self::expires_at).
    pub expires_in: Option<Duration>,
    /// When the access token ends: `expire_time`.
    pub expire_time: Option<SystemTime>,
    /// What a new token can be had for.
    pub refresh_token: Option<String>,
    /// The lifetime of the refresh token. Zero means that the token cannot be refreshed.
    pub re_expires_in: Option<Duration>,
    /// When the refresh token ends: `refresh_token_valid_time`.
    pub refresh_token_valid_time: Option<SystemTime>,
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
    /// When the access token ends for methods of the level r1: `r1_valid`.
    pub r1_valid: Option<SystemTime>,
    /// When the access token ends for methods of the level r2: `r2_valid`.
    pub r2_valid: Option<SystemTime>,
    /// When the access token ends for methods of the level w1: `w1_valid`.
    pub w1_valid: Option<SystemTime>,
    /// When the access token ends for methods of the level w2: `w2_valid`.
    pub w2_valid: Option<SystemTime>,
    /// The platform's number of the user: `taobao_user_id` or `user_id`. Newer applications get an
    /// [`open_uid`](Self::open_uid) instead.
    pub user_id: Option<String>,
    /// The user's name: `taobao_user_nick` or `user_nick`.
    pub user_nick: Option<String>,
    /// The id of the user for this application: `taobao_open_uid` or `open_uid`.
    pub open_uid: Option<String>,
    /// The platform's number of the sub-account that granted it: `sub_taobao_user_id`.
    pub sub_user_id: Option<String>,
    /// The name of that sub-account: `sub_taobao_user_nick`.
    pub sub_user_nick: Option<String>,
    /// The id of that sub-account for this application: `taobao_open_sub_uid` or `open_sub_uid`.
    pub open_sub_uid: Option<String>,
    /// The token of a mobile application.
    pub mobile_token: Option<String>,
    /// The other members of the answer, and those whose value does not fit their field.
    pub extra: Map<String, Value>,
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
            expire_time: None,
            refresh_token: None,
            re_expires_in: None,
            refresh_token_valid_time: None,
            r1_expires_in: None,
            r2_expires_in: None,
            w1_expires_in: None,
            w2_expires_in: None,
            hra_expires_in: None,
            r1_valid: None,
            r2_valid: None,
            w1_valid: None,
            w2_valid: None,
            user_id: None,
            user_nick: None,
            open_uid: None,
            sub_user_id: None,
            sub_user_nick: None,
            open_sub_uid: None,
            mobile_token: None,
            extra: Map::new(),
        }
    }

    /// Reads the answer of the authorisation server, or the `token_result` of a method, received at `received_at`.
    ///
    /// Numbers may be text and texts numbers. A value that does not fit leaves its field empty and stays in
    /// [`extra`](Self::extra).
    ///
    /// # Errors
    ///
    /// [`NoToken`] if it is not a JSON object with an access token.
    pub fn from_answer(json: &str, received_at: SystemTime) -> Result<Self, NoToken> {
        Self::from_members(serde_json::from_str(json).map_err(|_| NoToken)?, received_at)
    }

    fn from_members(members: Map<String, Value>, received_at: SystemTime) -> Result<Self, NoToken> {
        let mut members = Members(members);
        // A name of `to_json`, not of an answer.
        members.0.remove(RECEIVED_AT);
        let access_token = members.text(&["access_token"]).ok_or(NoToken)?;
        Ok(Self {
            token_type: members.text(&["token_type"]),
            expires_in: members.take(&["expires_in"], seconds),
            expire_time: members.take(&["expire_time"], moment_of),
            refresh_token: members.text(&["refresh_token"]),
            re_expires_in: members.take(&["re_expires_in"], seconds),
            refresh_token_valid_time: members.take(&["refresh_token_valid_time"], moment_of),
            r1_expires_in: members.take(&["r1_expires_in"], seconds),
            r2_expires_in: members.take(&["r2_expires_in"], seconds),
            w1_expires_in: members.take(&["w1_expires_in"], seconds),
            w2_expires_in: members.take(&["w2_expires_in"], seconds),
            hra_expires_in: members.take(&["hra_expires_in"], seconds),
            r1_valid: members.take(&["r1_valid"], moment_of),
            r2_valid: members.take(&["r2_valid"], moment_of),
            w1_valid: members.take(&["w1_valid"], moment_of),
            w2_valid: members.take(&["w2_valid"], moment_of),
            user_id: members.text(&["taobao_user_id", "user_id"]),
            user_nick: members.text(&["taobao_user_nick", "user_nick"]).map(decoded),
            open_uid: members.text(&["taobao_open_uid", "open_uid"]),
            sub_user_id: members.text(&["sub_taobao_user_id", "taobao_sub_user_id"]),
            sub_user_nick: members.text(&["sub_taobao_user_nick", "taobao_sub_user_nick"]).map(decoded),
            open_sub_uid: members.text(&["taobao_open_sub_uid", "open_sub_uid"]),
            mobile_token: members.text(&["mobile_token"]),
            extra: members.0,
            ..Self::bare(access_token, received_at)
        })
    }

    /// The token as JSON **with its secrets**, for a store that is as well kept as a password file. These are the names
    /// and spellings of the platform's answer, and `received_at` in milliseconds since 1970.
    pub fn to_json(&self) -> String {
        let mut members = self.extra.clone();
        let mut put = |name: &str, value: Option<Value>| members.extend(value.map(|value| (name.to_owned(), value)));
        let text = |text: &Option<String>| text.clone().map(Value::from);
        let nick = |text: &Option<String>| text.as_ref().map(|text| Value::from(encoded(text)));
        let time = |time: Option<Duration>| time.map(|time| Value::from(time.as_secs()));
        let moment = |moment: Option<SystemTime>| moment.map(|moment| Value::from(milliseconds(moment)));
        put("access_token", Some(Value::from(self.access_token.clone())));
        put("token_type", text(&self.token_type));
        put(RECEIVED_AT, Some(Value::from(milliseconds(self.received_at))));
        put("expires_in", time(self.expires_in));
        put("expire_time", moment(self.expire_time));
        put("refresh_token", text(&self.refresh_token));
        put("re_expires_in", time(self.re_expires_in));
        put("refresh_token_valid_time", moment(self.refresh_token_valid_time));
        put("r1_expires_in", time(self.r1_expires_in));
        put("r2_expires_in", time(self.r2_expires_in));
        put("w1_expires_in", time(self.w1_expires_in));
        put("w2_expires_in", time(self.w2_expires_in));
        put("hra_expires_in", time(self.hra_expires_in));
        put("r1_valid", moment(self.r1_valid));
        put("r2_valid", moment(self.r2_valid));
        put("w1_valid", moment(self.w1_valid));
        put("w2_valid", moment(self.w2_valid));
        put("taobao_user_id", text(&self.user_id));
        put("taobao_user_nick", nick(&self.user_nick));
        put("taobao_open_uid", text(&self.open_uid));
        put("taobao_open_sub_uid", text(&self.open_sub_uid));
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
        let received_at = members.get(RECEIVED_AT).and_then(Value::as_u64).ok_or(NoToken)?;
        let received_at = moment(received_at).ok_or(NoToken)?;
        Self::from_members(members, received_at)
    }

    /// Returns the platform's id of the user who granted it: the number if the platform gives one, otherwise the open uid.
    pub fn identity(&self) -> Option<&str> {
        self.user_id.as_deref().or(self.open_uid.as_deref())
    }

    /// Returns when the access token ends, by [`expires_in`](Self::expires_in) or else
    /// [`expire_time`](Self::expire_time). `None` means that it is used until the platform refuses it.
    ///
    /// An end that is not after the receipt counts as unknown: the server has just issued the token.
    pub fn expires_at(&self) -> Option<SystemTime> {
        let end = match self.expires_in {
            Some(life) if !life.is_zero() => self.received_at.checked_add(life),
            _ => self.expire_time,
        };
        end.filter(|end| *end > self.received_at)
    }

    /// Returns when the refresh token ends, by [`re_expires_in`](Self::re_expires_in) or else
    /// [`refresh_token_valid_time`](Self::refresh_token_valid_time).
    pub fn refresh_expires_at(&self) -> Option<SystemTime> {
        match self.re_expires_in {
            Some(life) => self.received_at.checked_add(life),
            None => self.refresh_token_valid_time,
        }
    }

    /// Whether the access token has ended at `now`.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at().is_some_and(|end| end <= now)
    }

    /// Whether there is a refresh token that has not ended at `now`.
    pub fn is_refreshable(&self, now: SystemTime) -> bool {
        let can_be = self.refresh_token.is_some() && self.re_expires_in != Some(Duration::ZERO);
        can_be && self.refresh_expires_at().is_none_or(|end| now < end)
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
            (&mut self.open_uid, &old.open_uid),
            (&mut self.sub_user_id, &old.sub_user_id),
            (&mut self.sub_user_nick, &old.sub_user_nick),
            (&mut self.open_sub_uid, &old.open_sub_uid),
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
            .field("expire_time", &self.expire_time.map(DateTime::from))
            .field("refresh_token", &hidden(&self.refresh_token))
            .field("re_expires_in", &self.re_expires_in)
            .field("user_id", &self.user_id)
            .field("user_nick", &self.user_nick)
            .field("open_uid", &self.open_uid)
            .field("sub_user_id", &self.sub_user_id)
            .field("sub_user_nick", &self.sub_user_nick)
            .field("mobile_token", &hidden(&self.mobile_token))
            .field("extra", &redacted_json(&Value::Object(self.extra.clone())))
            .finish_non_exhaustive()
    }
}

/// The members of an answer that are not read yet.
struct Members(Map<String, Value>);

impl Members {
    /// Takes the first member of these names whose value `read` can read. The others stay.
    fn take<T>(&mut self, names: &[&str], read: fn(&str) -> Option<T>) -> Option<T> {
        let (name, value) = names.iter().find_map(|name| Some((name, read(&text(self.0.get(*name)?)?)?)))?;
        self.0.remove(*name);
        Some(value)
    }

    fn text(&mut self, names: &[&str]) -> Option<String> {
        self.take(names, |text| Some(text.to_owned()))
    }
}

/// The member of [`Token::to_json`] that no answer has.
const RECEIVED_AT: &str = "received_at";

/// The text holds no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoToken;

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid token: expected a JSON object with an access_token")
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

/// A moment in milliseconds since 1970.
fn moment_of(text: &str) -> Option<SystemTime> {
    moment(text.parse().ok()?)
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
