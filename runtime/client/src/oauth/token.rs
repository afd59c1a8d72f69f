//! Tokens, which users grant to applications (docs/protocol.md section 7.5).

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

use top_protocol::DateTime;
use top_protocol::internal::{HIDDEN, redacted_json};

/// A token that a user granted to an application, with its lifetime.
///
/// Members of a response without a field are in [`extra`](Self::extra). `Debug` redacts the access token, the refresh
/// token, the mobile token, and members with the name of a secret.
///
/// ```
/// use generated_sdk::client::Token;
/// use std::time::{Duration, SystemTime};
///
/// let response = r#"{"access_token":"6100e2","expires_in":"86400","taobao_user_nick":"%E5%95%86%E5%AE%B6"}"#;
/// let token = Token::from_response(response, SystemTime::now())?;
/// assert_eq!(token.expires_in, Some(Duration::from_secs(86400)));
/// assert_eq!(token.user_nick.as_deref(), Some("商家"));
/// assert!(!format!("{token:?}").contains("6100e2"));
/// # Ok::<(), generated_sdk::client::InvalidToken>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Token {
    /// The session for calls on behalf of the user.
    pub access_token: String,
    /// The type of the token: `Bearer`.
    pub token_type: Option<String>,
    /// The time of receipt, from which the lifetimes below count.
    pub received_at: SystemTime,
    /// The lifetime of the access token. Zero means unknown; see [`expires_at`](Self::expires_at).
    pub expires_in: Option<Duration>,
    /// When the access token ends: `expire_time`.
    pub expire_time: Option<SystemTime>,
    /// The refresh token, for a new token.
    pub refresh_token: Option<String>,
    /// The lifetime of the refresh token. Zero means that the token cannot be refreshed.
    pub re_expires_in: Option<Duration>,
    /// When the refresh token ends: `refresh_token_valid_time`.
    pub refresh_token_valid_time: Option<SystemTime>,
    /// The lifetime for methods of the level r1.
    pub r1_expires_in: Option<Duration>,
    /// The lifetime for methods of the level r2.
    pub r2_expires_in: Option<Duration>,
    /// The lifetime for methods of the level w1.
    pub w1_expires_in: Option<Duration>,
    /// The lifetime for methods of the level w2.
    pub w2_expires_in: Option<Duration>,
    /// The lifetime for what the platform calls `hra`.
    pub hra_expires_in: Option<Duration>,
    /// When the access token ends for methods of the level r1: `r1_valid`.
    pub r1_valid: Option<SystemTime>,
    /// When the access token ends for methods of the level r2: `r2_valid`.
    pub r2_valid: Option<SystemTime>,
    /// When the access token ends for methods of the level w1: `w1_valid`.
    pub w1_valid: Option<SystemTime>,
    /// When the access token ends for methods of the level w2: `w2_valid`.
    pub w2_valid: Option<SystemTime>,
    /// The number of the user: `taobao_user_id` or `user_id`. Newer applications get an [`open_uid`](Self::open_uid)
    /// instead.
    pub user_id: Option<String>,
    /// The name of the user: `taobao_user_nick` or `user_nick`.
    pub user_nick: Option<String>,
    /// The id of the user for this application: `taobao_open_uid` or `open_uid`.
    pub open_uid: Option<String>,
    /// The number of the sub-account that granted the token: `sub_taobao_user_id`.
    pub sub_user_id: Option<String>,
    /// The name of the sub-account: `sub_taobao_user_nick`.
    pub sub_user_nick: Option<String>,
    /// The id of the sub-account for this application: `taobao_open_sub_uid` or `open_sub_uid`.
    pub open_sub_uid: Option<String>,
    /// The token of a mobile application.
    pub mobile_token: Option<String>,
    /// The other members of the response, and members whose value does not fit their field.
    pub extra: Map<String, Value>,
}

impl Token {
    /// Creates a token that was received now, without a lifetime.
    pub fn new(access_token: impl Into<String>) -> Self {
        Self::received(access_token.into(), SystemTime::now())
    }

    fn received(access_token: String, received_at: SystemTime) -> Self {
        // A store has milliseconds. A token must not differ after it was stored.
        let received_at = from_milliseconds(milliseconds(received_at)).unwrap_or(received_at);
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

    /// Reads a response of the authorization server, or the `token_result` of a method, received at `received_at`.
    ///
    /// Numbers may be strings, and strings numbers. A value that does not fit its field is in [`extra`](Self::extra).
    ///
    /// # Errors
    ///
    /// [`InvalidToken`] if it is not a JSON object with an access token.
    pub fn from_response(json: &str, received_at: SystemTime) -> Result<Self, InvalidToken> {
        Self::from_members(serde_json::from_str(json).map_err(|_| InvalidToken)?, received_at)
    }

    fn from_members(members: Map<String, Value>, received_at: SystemTime) -> Result<Self, InvalidToken> {
        let mut members = Members(members);
        // A member of `to_json`, not of responses.
        members.0.remove(RECEIVED_AT);
        let access_token = members.text(&["access_token"]).ok_or(InvalidToken)?;
        Ok(Self {
            token_type: members.text(&["token_type"]),
            expires_in: members.take(&["expires_in"], seconds),
            expire_time: members.take(&["expire_time"], parse_milliseconds),
            refresh_token: members.text(&["refresh_token"]),
            re_expires_in: members.take(&["re_expires_in"], seconds),
            refresh_token_valid_time: members.take(&["refresh_token_valid_time"], parse_milliseconds),
            r1_expires_in: members.take(&["r1_expires_in"], seconds),
            r2_expires_in: members.take(&["r2_expires_in"], seconds),
            w1_expires_in: members.take(&["w1_expires_in"], seconds),
            w2_expires_in: members.take(&["w2_expires_in"], seconds),
            hra_expires_in: members.take(&["hra_expires_in"], seconds),
            r1_valid: members.take(&["r1_valid"], parse_milliseconds),
            r2_valid: members.take(&["r2_valid"], parse_milliseconds),
            w1_valid: members.take(&["w1_valid"], parse_milliseconds),
            w2_valid: members.take(&["w2_valid"], parse_milliseconds),
            user_id: members.text(&["taobao_user_id", "user_id"]),
            user_nick: members.text(&["taobao_user_nick", "user_nick"]).map(form_decoded),
            open_uid: members.text(&["taobao_open_uid", "open_uid"]),
            sub_user_id: members.text(&["sub_taobao_user_id", "taobao_sub_user_id"]),
            sub_user_nick: members.text(&["sub_taobao_user_nick", "taobao_sub_user_nick"]).map(form_decoded),
            open_sub_uid: members.text(&["taobao_open_sub_uid", "open_sub_uid"]),
            mobile_token: members.text(&["mobile_token"]),
            extra: members.0,
            ..Self::received(access_token, received_at)
        })
    }

    /// Returns the token as JSON **with its secrets**, for a store that is protected like a password file. The members
    /// are those of responses, and `received_at` in milliseconds since 1970.
    pub fn to_json(&self) -> String {
        let mut members = self.extra.clone();
        let mut put = |name: &str, value: Option<Value>| members.extend(value.map(|value| (name.to_owned(), value)));
        let text = |text: &Option<String>| text.clone().map(Value::from);
        let nick = |text: &Option<String>| text.as_ref().map(|text| Value::from(form_encoded(text)));
        let time = |time: Option<Duration>| time.map(|time| Value::from(time.as_secs()));
        let timestamp = |time: Option<SystemTime>| time.map(|time| Value::from(milliseconds(time)));
        put("access_token", Some(Value::from(self.access_token.clone())));
        put("token_type", text(&self.token_type));
        put(RECEIVED_AT, Some(Value::from(milliseconds(self.received_at))));
        put("expires_in", time(self.expires_in));
        put("expire_time", timestamp(self.expire_time));
        put("refresh_token", text(&self.refresh_token));
        put("re_expires_in", time(self.re_expires_in));
        put("refresh_token_valid_time", timestamp(self.refresh_token_valid_time));
        put("r1_expires_in", time(self.r1_expires_in));
        put("r2_expires_in", time(self.r2_expires_in));
        put("w1_expires_in", time(self.w1_expires_in));
        put("w2_expires_in", time(self.w2_expires_in));
        put("hra_expires_in", time(self.hra_expires_in));
        put("r1_valid", timestamp(self.r1_valid));
        put("r2_valid", timestamp(self.r2_valid));
        put("w1_valid", timestamp(self.w1_valid));
        put("w2_valid", timestamp(self.w2_valid));
        put("taobao_user_id", text(&self.user_id));
        put("taobao_user_nick", nick(&self.user_nick));
        put("taobao_open_uid", text(&self.open_uid));
        put("taobao_open_sub_uid", text(&self.open_sub_uid));
        put("sub_taobao_user_id", text(&self.sub_user_id));
        put("sub_taobao_user_nick", nick(&self.sub_user_nick));
        put("mobile_token", text(&self.mobile_token));
        Value::Object(members).to_string()
    }

    /// Reads the JSON of [`to_json`](Self::to_json).
    ///
    /// # Errors
    ///
    /// [`InvalidToken`] if the JSON is not a token of `to_json`.
    pub fn from_json(json: &str) -> Result<Self, InvalidToken> {
        let members: Map<String, Value> = serde_json::from_str(json).map_err(|_| InvalidToken)?;
        let received_at = members.get(RECEIVED_AT).and_then(Value::as_u64).ok_or(InvalidToken)?;
        let received_at = from_milliseconds(received_at).ok_or(InvalidToken)?;
        Self::from_members(members, received_at)
    }

    /// Returns the id of the user: the number, or else the open uid.
    pub fn identity(&self) -> Option<&str> {
        self.user_id.as_deref().or(self.open_uid.as_deref())
    }

    /// Returns when the access token ends, by [`expires_in`](Self::expires_in) or else
    /// [`expire_time`](Self::expire_time). `None` if it is unknown: the token is used until the platform refuses it.
    ///
    /// An end before the receipt counts as unknown, because the server has just issued the token.
    pub fn expires_at(&self) -> Option<SystemTime> {
        let end = match self.expires_in {
            Some(lifetime) if !lifetime.is_zero() => self.received_at.checked_add(lifetime),
            _ => self.expire_time,
        };
        end.filter(|end| *end > self.received_at)
    }

    /// Returns when the refresh token ends, by [`re_expires_in`](Self::re_expires_in) or else
    /// [`refresh_token_valid_time`](Self::refresh_token_valid_time).
    pub fn refresh_expires_at(&self) -> Option<SystemTime> {
        match self.re_expires_in {
            Some(lifetime) => self.received_at.checked_add(lifetime),
            None => self.refresh_token_valid_time,
        }
    }

    /// Returns whether the access token has ended at `now`.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at().is_some_and(|end| end <= now)
    }

    /// Returns whether there is a refresh token that has not ended at `now`.
    pub fn is_refreshable(&self, now: SystemTime) -> bool {
        let can_be = self.refresh_token.is_some() && self.re_expires_in != Some(Duration::ZERO);
        can_be && self.refresh_expires_at().is_none_or(|end| now < end)
    }

    /// Copies what this token lacks from the token that it replaces: the refresh token, and the user.
    pub(crate) fn with_defaults_of(mut self, old: &Self) -> Self {
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

/// The members of a response that are not read yet.
struct Members(Map<String, Value>);

impl Members {
    /// Takes the first member with one of these names whose value `read` accepts.
    fn take<T>(&mut self, names: &[&str], read: fn(&str) -> Option<T>) -> Option<T> {
        let (name, value) = names.iter().find_map(|name| Some((name, read(&text(self.0.get(*name)?)?)?)))?;
        self.0.remove(*name);
        Some(value)
    }

    fn text(&mut self, names: &[&str]) -> Option<String> {
        self.take(names, |text| Some(text.to_owned()))
    }
}

/// The member of [`Token::to_json`] that responses lack.
const RECEIVED_AT: &str = "received_at";

/// The text is not a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidToken;

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid token: expected a JSON object with an access_token")
    }
}

impl std::error::Error for InvalidToken {}

/// Returns a string or a number as text. Returns `None` if the text is empty.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Parses whole seconds. A negative number is zero: the lifetime is over.
fn seconds(text: &str) -> Option<Duration> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let seconds: i64 = whole.parse().ok()?;
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    u64::try_from(since).unwrap_or(u64::MAX)
}

fn from_milliseconds(milliseconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
}

/// Parses milliseconds since 1970.
fn parse_milliseconds(text: &str) -> Option<SystemTime> {
    from_milliseconds(text.parse().ok()?)
}

/// Form-encodes a name.
fn form_encoded(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

/// Decodes a form-encoded name, which is ASCII. Other names are returned unchanged.
fn form_decoded(name: String) -> String {
    if !name.is_ascii() {
        return name;
    }
    let spaced = name.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map(|form_decoded| form_decoded.into_owned()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_missing_members_from_the_old_token() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let old = Token {
            refresh_token: Some("r".to_owned()),
            re_expires_in: Some(Duration::from_secs(100)),
            user_id: Some("1".to_owned()),
            ..Token::received("a".to_owned(), at(1000))
        };
        let new = Token::received("b".to_owned(), at(1060)).with_defaults_of(&old);
        assert_eq!(new.refresh_token.as_deref(), Some("r"));
        assert_eq!(new.refresh_expires_at(), old.refresh_expires_at());
        assert_eq!(new.user_id.as_deref(), Some("1"));
        let late = Token::received("b".to_owned(), at(2000)).with_defaults_of(&old);
        assert!(!late.is_refreshable(at(2000)));
        let own = Token { refresh_token: Some("s".to_owned()), ..Token::received("b".to_owned(), at(1060)) }
            .with_defaults_of(&old);
        assert_eq!((own.refresh_token.as_deref(), own.re_expires_in), (Some("s"), None));
    }
}
