//! The platform's refusals.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use super::argument::Argument;
use super::body::RawBody;
use super::code::Code;
use crate::platform_code::{PlatformCode, Retry};
use crate::redact::redacted;

/// The platform's refusal of a call: an `error_response` (docs/protocol.md sections 4.6 and 5).
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct PlatformError {
    /// The platform's code, such as `25` for an invalid signature.
    pub code: Code,
    /// The message of the code.
    pub msg: String,
    /// The code of the service behind the gateway: `isv.*` is a client error, `isp.*` a server error.
    pub sub_code: Option<String>,
    /// The message of the sub code.
    pub sub_msg: Option<String>,
    /// The platform's id of the call, which its support asks for.
    pub request_id: Option<String>,
    /// The parameters, if the gateway echoes them.
    pub args: Vec<Argument>,
    /// The response body.
    pub body: RawBody,
}

impl PlatformError {
    /// Creates a refusal with a code and its message, for tests. The other fields can be set.
    ///
    /// ```
    /// use generated_sdk::protocol::PlatformError;
    ///
    /// let mut refusal = PlatformError::new(15, "Remote service error");
    /// refusal.sub_code = Some("isp.remote-service-timeout".to_owned());
    /// assert!(refusal.is_retryable());
    /// ```
    pub fn new(code: impl Into<Code>, msg: impl Into<String>) -> Self {
        Self { code: code.into(), msg: msg.into(), ..Self::default() }
    }
}

/// Classification of a refusal by its codes.
impl PlatformError {
    /// Returns the documentation of [`code`](Self::code).
    ///
    /// If there is no code, it is the documentation of the word in [`sub_code`](Self::sub_code).
    pub fn documented(&self) -> Option<&'static PlatformCode> {
        let word = || self.sub_code.as_deref().map(Code::from).and_then(|code| code.documented_word());
        self.code.documented().or_else(|| if self.code.is_absent() { word() } else { None })
    }

    /// Returns whether the same call can succeed later.
    ///
    /// A quota is used up, the platform is busy, or the service behind it failed (docs/protocol.md sections 5.1 and 5.2).
    ///
    /// # What to do
    ///
    /// Wait for [`retry_after`](Self::retry_after), or use exponential backoff, and call again.
    pub fn is_retryable(&self) -> bool {
        match self.documented().map(|code| code.retry) {
            Some(Retry::Later) => true,
            Some(Retry::Never | Retry::RenewSession) => false,
            Some(Retry::IfServerSide) | None => self.is_server_side(),
        }
    }

    /// Returns the ban time in the message, such as "This ban will last for N more seconds".
    ///
    /// See docs/protocol.md section 5.3.
    ///
    /// # What to do
    ///
    /// Call again after this time. An earlier call is refused and counts towards the quota.
    pub fn retry_after(&self) -> Option<Duration> {
        let texts = [self.sub_msg.as_deref(), Some(self.msg.as_str())];
        self.is_limit().then(|| texts.into_iter().flatten().find_map(ban_time)).flatten()
    }

    /// Returns whether a quota or rate limit is exceeded: codes 4 to 8 (docs/protocol.md section 5.3).
    ///
    /// # What to do
    ///
    /// Call less often with a limiter, or ask the platform for a larger quota.
    pub fn is_limit(&self) -> bool {
        matches!(self.number(), 4..=8)
    }

    /// Returns whether the application's daily quota is used up. Every method is then refused.
    pub fn is_limit_of_application(&self) -> bool {
        let is_quota = |code: String| code == "appcalllimit" || code.ends_with("limited-by-app-access-count");
        self.is_limit() && self.lower_sub_code().is_some_and(is_quota)
    }

    /// Returns whether the gateway refused the call before the service behind it was called.
    ///
    /// These are the codes of limits, permissions, the session, the signature and the public parameters. For other codes
    /// it is unknown whether the call was processed (docs/protocol.md section 5.1).
    ///
    /// # What to do
    ///
    /// If `true`, repeating the call is safe. Otherwise check first whether the call was processed.
    pub fn was_not_processed(&self) -> bool {
        matches!(self.number(), 4..=9 | 11..=13 | 21..=34 | 42 | 44 | 47 | 53)
    }

    /// Returns whether the session is missing, expired, revoked or belongs to another application.
    ///
    /// These are the codes 26, 27, 44 and 53, and the sub code `invalid-sessionkey` (docs/protocol.md section 5.4).
    ///
    /// # What to do
    ///
    /// Refresh the session, or ask the user for a new authorization, and call again.
    pub fn is_session_invalid(&self) -> bool {
        matches!(self.number(), 26 | 27 | 44 | 53) || self.names_session()
    }

    /// Returns whether the reason is either an [invalid session](Self::is_session_invalid) or a missing permission.
    ///
    /// Code 53 without a sub code can also mean that the application's security level is too low (docs/protocol.md
    /// section 5.1).
    ///
    /// # What to do
    ///
    /// Refresh the session once. If the call is refused again, check the application's permissions.
    pub fn is_session_ambiguous(&self) -> bool {
        self.number() == 53 && !self.names_session()
    }

    /// Returns whether a word in the codes means an invalid session.
    fn names_session(&self) -> bool {
        let is_session = |code: &PlatformCode| matches!(code.code, 26 | 27 | 44 | 53);
        let word = self.sub_code.as_deref().map(Code::from).and_then(|code| code.documented_word());
        word.is_some_and(is_session) || self.lower_sub_code().is_some_and(|code| code.ends_with("invalid-sessionkey"))
    }

    /// Returns whether the session is valid but lacks a permission: code 42 (docs/protocol.md section 5.1).
    ///
    /// # What to do
    ///
    /// Ask the user to authorize the application again. Refreshing the session does not help.
    pub fn needs_authorization(&self) -> bool {
        self.number() == 42
    }

    /// Returns whether the caller must change the request, the application's permissions, its secret or the clock.
    ///
    /// These are sub codes that start with `isv.`, and the codes for them (docs/protocol.md sections 5.1 and 5.2). Limits
    /// and session errors are not client errors.
    ///
    /// # What to do
    ///
    /// Fix the cause by [`sub_code`](Self::sub_code), [`sub_msg`](Self::sub_msg) and the error codes of the method. The
    /// same call fails again.
    pub fn is_client_error(&self) -> bool {
        if self.is_session_invalid() {
            return false;
        }
        match self.documented().map(|code| code.retry) {
            Some(Retry::Never) => true,
            Some(Retry::Later | Retry::RenewSession) => false,
            Some(Retry::IfServerSide) | None => self.lower_sub_code().is_some_and(|code| code.starts_with("isv.")),
        }
    }

    /// Redacts `secrets` in the messages, because some gateways echo parameters in them.
    #[doc(hidden)]
    pub fn redact<'s>(&mut self, secrets: impl Iterator<Item = &'s str> + Clone) {
        self.msg = redacted(&self.msg, secrets.clone());
        if let Code::Word(word) = &mut self.code {
            *word = redacted(word, secrets.clone());
        }
        for text in [&mut self.sub_code, &mut self.sub_msg, &mut self.request_id].into_iter().flatten() {
            *text = redacted(text, secrets.clone());
        }
    }

    /// Returns the meaning of the code in English; `None` if `specs/platform.yaml` does not list it.
    pub fn meaning(&self) -> Option<&'static str> {
        self.documented().map(|code| code.meaning)
    }

    /// Returns whether the error is a transient server error: an `isp.` sub code, with a few exceptions
    /// (docs/protocol.md section 5.2).
    fn is_server_side(&self) -> bool {
        const PERMANENT: [&str; 3] = ["isp.top-mapping-parse-error", "isp.top-parse-error", "isp.invalid-parameters"];
        self.lower_sub_code().is_some_and(|code| {
            code.starts_with("isp.") && !PERMANENT.iter().any(|known| code.split(':').next() == Some(known))
        })
    }

    /// Returns the number of the code, or the equivalent of its word; 0 if it is unknown.
    fn number(&self) -> i64 {
        self.code
            .number()
            .filter(|_| !self.code.is_absent())
            .or_else(|| self.documented().map(|code| code.code))
            .unwrap_or_default()
    }

    /// Returns the sub code, or the word of the code, trimmed and in lower case.
    fn lower_sub_code(&self) -> Option<String> {
        let word = match &self.code {
            Code::Word(word) => Some(word),
            Code::Number(_) => None,
        };
        self.sub_code.as_ref().or(word).map(|code| code.trim().to_ascii_lowercase())
    }
}

/// Parses the time in "This ban will last for N more seconds" and similar texts.
///
/// It is the number before a unit of time. Of several, the number after "last for" or before "more" counts: the others are
/// rates.
fn ban_time(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 8] = [
        ("sec", 1),
        ("秒", 1),
        ("min", 60),
        ("分", 60),
        ("hour", 3600),
        ("小时", 3600),
        ("day", 24 * 3600),
        ("天", 24 * 3600),
    ];
    let text = text.to_ascii_lowercase();
    let (mut first, mut rest) = (None, text.as_str());
    while let Some(start) = rest.find(|character: char| character.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|character: char| !character.is_ascii_digit() && !matches!(character, ',' | '.'));
        let number = from[..end.unwrap_or(from.len())].trim_end_matches([',', '.']);
        let after = &from[number.len()..];
        let unit = after.trim_start();
        let more = unit.strip_prefix("more");
        let unit = more.map_or(unit, str::trim_start);
        let alone =
            |unit: &str| unit.starts_with('s') && !unit[1..].starts_with(|next: char| next.is_ascii_alphanumeric());
        let unit = UNITS.iter().find(|(word, _)| unit.starts_with(word)).map(|(_, seconds)| *seconds);
        if let Some(seconds) = unit.or_else(|| alone(after.trim_start()).then_some(1)) {
            let time = rounded_up(number).and_then(|number| number.checked_mul(seconds)).map(Duration::from_secs);
            if more.is_some() || before.trim_end().ends_with("last for") {
                return time;
            }
            first = first.or(time);
        }
        rest = after;
    }
    first
}

/// Parses a number with thousands separators, and rounds a fraction up.
fn rounded_up(number: &str) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = whole.replace(',', "").parse().ok()?;
    whole.checked_add(u64::from(fraction.bytes().any(|digit| digit != b'0')))
}

impl fmt::Display for PlatformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code.is_absent() && self.msg.is_empty() && self.sub_code.is_none() {
            return f.write_str("the gateway refused the call without a code or a message; see the body of the error");
        }
        f.write_str("the gateway refused the call:")?;
        if !self.code.is_absent() {
            write!(f, " {}", self.code)?;
        }
        if !self.msg.is_empty() {
            write!(f, " {}", self.msg)?;
        }
        match (&self.sub_code, &self.sub_msg) {
            (Some(code), Some(msg)) => write!(f, " ({code}: {msg})")?,
            (Some(text), None) | (None, Some(text)) => write!(f, " ({text})")?,
            (None, None) => {}
        }
        if let Some(known) = self.documented() {
            write!(f, "; {}", known.meaning)?;
        }
        match &self.request_id {
            Some(id) => write!(f, "; request {id}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for PlatformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformError")
            .field("code", &self.code)
            .field("msg", &self.msg)
            .field("sub_code", &self.sub_code)
            .field("sub_msg", &self.sub_msg)
            .field("request_id", &self.request_id)
            .field("args", &self.args.iter().map(|arg| &arg.key).collect::<Vec<_>>())
            .field("body", &self.body)
            .finish()
    }
}

impl StdError for PlatformError {}
