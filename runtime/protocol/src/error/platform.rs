//! The platform's refusals, and what its codes mean.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use super::body::hidden;
use super::{Argument, Code, RawBody};

/// The platform's refusal: the `error_response` node (docs/protocol.md sections 4.6 and 5).
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct PlatformError {
    /// The platform's code, such as `25` for an invalid signature.
    pub code: Code,
    /// What the code means, in the platform's words.
    pub msg: String,
    /// The code of the service behind the gateway: `isv.*` is the caller's to mend, `isp.*` the platform's.
    pub sub_code: Option<String>,
    /// What the sub code means.
    pub sub_msg: Option<String>,
    /// The platform's name for the call, to give to its support.
    pub request_id: Option<String>,
    /// The parameters, as some gateways echo them.
    pub args: Vec<Argument>,
    /// The body as it came.
    pub body: RawBody,
}

impl PlatformError {
    /// A refusal with a code and what that means, as for a test of what follows it. The other fields can be set.
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

/// What the codes of a refusal say. The same questions are answered by [`Error`](super::Error) for whatever went wrong.
impl PlatformError {
    /// Returns what the platform's documents say about [`code`](Self::code), or about the word in
    /// [`sub_code`](Self::sub_code) if they do not list the code.
    pub fn documented(&self) -> Option<&'static PlatformCode> {
        let word = || self.sub_code.as_deref().map(Code::from).and_then(|code| code.documented_word());
        self.code.documented().or_else(|| if self.code.is_absent() { word() } else { None })
    }

    /// Whether the same call can succeed later without anything being changed: a quota is used up, the platform is
    /// busy, or the service behind it has failed (docs/protocol.md sections 5.1 and 5.2).
    ///
    /// # What to do
    ///
    /// Wait for [`retry_after`](Self::retry_after), or for a little while that grows, and call again.
    pub fn is_retryable(&self) -> bool {
        match self.documented().map(|code| code.retry) {
            Some(Retry::Later) => true,
            Some(Retry::Never | Retry::RenewSession) => false,
            Some(Retry::IfServerSide) | None => self.is_server_side(),
        }
    }

    /// How long the platform refuses such calls, if it says so: "This ban will last for N more seconds"
    /// (docs/protocol.md section 5.3).
    ///
    /// # What to do
    ///
    /// Call again after this time and not before: a call that is made earlier is refused and counted.
    pub fn retry_after(&self) -> Option<Duration> {
        let texts = [self.sub_msg.as_deref(), Some(self.msg.as_str())];
        self.is_limit().then(|| texts.into_iter().flatten().find_map(ban)).flatten()
    }

    /// Whether a quota or rate is used up: the codes 4 to 8 (docs/protocol.md section 5.3).
    ///
    /// # What to do
    ///
    /// Call less often, or ask the platform for a larger quota. A limiter keeps all of a program's calls below a rate.
    pub fn is_limit(&self) -> bool {
        matches!(self.number(), 4..=8)
    }

    /// Whether what is used up is the application's quota of the day, so that every method is refused.
    pub fn is_limit_of_application(&self) -> bool {
        let is_quota = |code: String| code == "appcalllimit" || code.ends_with("limited-by-app-access-count");
        self.is_limit() && self.lower_sub_code().is_some_and(is_quota)
    }

    /// Whether the platform refused the call before it came to the service behind it, so that nothing has happened:
    /// the codes of limits, rights, the session, the signature and the public parameters. Of the rest it is not known
    /// (docs/protocol.md section 5.1).
    ///
    /// # What to do
    ///
    /// If this is so, a call that creates something can be repeated without creating it twice. Otherwise find out
    /// first whether it was carried out.
    pub fn was_not_processed(&self) -> bool {
        matches!(self.number(), 4..=9 | 11..=13 | 21..=34 | 42 | 44 | 47 | 53)
    }

    /// Whether the session is missing, expired, revoked or of another application: the codes 26, 27, 44 and 53, and the
    /// sub code `invalid-sessionkey` (docs/protocol.md section 5.4).
    ///
    /// # What to do
    ///
    /// Refresh the session, or have the user grant a new one, and call again with that.
    pub fn is_session_invalid(&self) -> bool {
        matches!(self.number(), 26 | 27 | 44 | 53) || self.names_session()
    }

    /// Whether it is not certain that an [invalid](Self::is_session_invalid) session is what was refused: the code 53
    /// alone is also that of an application whose security level is too low (docs/protocol.md section 5.1).
    ///
    /// # What to do
    ///
    /// Refresh the session once. If the call is refused in the same way then, look at the application's rights.
    pub fn is_session_doubtful(&self) -> bool {
        self.number() == 53 && !self.names_session()
    }

    fn names_session(&self) -> bool {
        let is_session = |code: &PlatformCode| matches!(code.code, 26 | 27 | 44 | 53);
        let word = self.sub_code.as_deref().map(Code::from).and_then(|code| code.documented_word());
        word.is_some_and(is_session) || self.lower_sub_code().is_some_and(|code| code.ends_with("invalid-sessionkey"))
    }

    /// Whether the session is good, and was not granted for this: the code 42 (docs/protocol.md section 5.1).
    ///
    /// # What to do
    ///
    /// Have the user authorise the application again; refreshing the session does not help.
    pub fn needs_authorization(&self) -> bool {
        self.number() == 42
    }

    /// Whether the caller must change something: the request, the application's rights, its secret or the clock. These
    /// are sub codes that begin with `isv.`, and the codes that the platform has for them (docs/protocol.md sections
    /// 5.1 and 5.2). Limits and sessions are not among them.
    ///
    /// # What to do
    ///
    /// Read [`sub_code`](Self::sub_code), [`sub_msg`](Self::sub_msg) and the method's error codes, and mend it. The
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

    /// Hides `secrets` from the platform's words: some gateways repeat in them what they were sent.
    #[doc(hidden)]
    pub fn hide<'s>(&mut self, secrets: impl Iterator<Item = &'s str> + Clone) {
        self.msg = hidden(&self.msg, secrets.clone());
        if let Code::Word(word) = &mut self.code {
            *word = hidden(word, secrets.clone());
        }
        for text in [&mut self.sub_code, &mut self.sub_msg, &mut self.request_id].into_iter().flatten() {
            *text = hidden(text, secrets.clone());
        }
    }

    /// What the code means, in the words of `specs/platform.yaml`; `None` if that does not know it.
    pub fn meaning(&self) -> Option<&'static str> {
        self.documented().map(|code| code.meaning)
    }

    /// Whether the fault lies with the platform and passes: `isp.` sub codes, but for those that another attempt meets
    /// again (docs/protocol.md section 5.2).
    fn is_server_side(&self) -> bool {
        const NOT_PASSING: [&str; 3] = ["isp.top-mapping-parse-error", "isp.top-parse-error", "isp.invalid-parameters"];
        self.lower_sub_code().is_some_and(|code| {
            code.starts_with("isp.") && !NOT_PASSING.iter().any(|known| code.split(':').next() == Some(known))
        })
    }

    /// The number of the code, or the number that its word stands for; 0 if neither is known.
    fn number(&self) -> i64 {
        self.code
            .number()
            .filter(|_| !self.code.is_absent())
            .or_else(|| self.documented().map(|code| code.code))
            .unwrap_or_default()
    }

    /// Returns the sub code, or else the code if it is a word, trimmed and in lower case.
    fn lower_sub_code(&self) -> Option<String> {
        let word = match &self.code {
            Code::Word(word) => Some(word),
            Code::Number(_) => None,
        };
        self.sub_code.as_ref().or(word).map(|code| code.trim().to_ascii_lowercase())
    }
}

/// The time in "This ban will last for N more seconds", however the platform spells it today: the number before the word
/// for seconds or a longer time, and of several the one behind "last for" or before "more". Others tell of a rate.
fn ban(text: &str) -> Option<Duration> {
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
            let time = whole(number).and_then(|number| number.checked_mul(seconds)).map(Duration::from_secs);
            if more.is_some() || before.trim_end().ends_with("last for") {
                return time;
            }
            first = first.or(time);
        }
        rest = after;
    }
    first
}

/// A number as people write it, with commas between its thousands; what is behind its point makes it one more.
fn whole(number: &str) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = whole.replace(',', "").parse().ok()?;
    whole.checked_add(u64::from(fraction.bytes().any(|digit| digit != b'0')))
}

/// A code of the platform (docs/protocol.md section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlatformCode {
    /// The code.
    pub code: i64,
    /// The platform's name for it.
    pub name: &'static str,
    /// What it means and what to do.
    pub meaning: &'static str,
    /// Whether sending the call again can help.
    pub retry: Retry,
    /// The words that other gateways of the family have for the code.
    pub words: &'static [&'static str],
}

/// Whether sending a refused call again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// Not before something is changed.
    Never,
    /// After a pause.
    Later,
    /// With a session that is renewed.
    RenewSession,
    /// If the sub code begins with `isp.`.
    IfServerSide,
}

impl fmt::Display for PlatformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code.is_absent() && self.msg.is_empty() && self.sub_code.is_none() {
            return f
                .write_str("the gateway refused the call without a code or a message; look at the body of the error");
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
