//! Quotas of calls, which refuse with code 7 and the seconds of a ban (docs/protocol.md section 5.3).

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::refusal::Refusal;

/// The maximum number of calls in a time window, for each application.
///
/// The window starts with its first call. Calls above the maximum are refused with code 7 until it ends. A quota is written
/// as `CALLS`, `CALLS/SECONDS`, `METHOD=CALLS` or `METHOD=CALLS/SECONDS`. Default: 60 seconds, and all methods together.
///
/// ```
/// use gateway::Quota;
///
/// let quota: Quota = "taobao.trade.get=5/1".parse()?;
/// assert_eq!(quota.to_string(), "taobao.trade.get=5/1");
/// # Ok::<(), gateway::ParseQuotaError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    method: Option<String>,
    calls: u64,
    seconds: u64,
}

impl Quota {
    /// Creates a quota for all methods together. A window takes whole seconds, and at least one.
    pub fn new(calls: u64, window: Duration) -> Self {
        Self { method: None, calls, seconds: window.as_secs().max(1) }
    }

    /// Limits the quota to one method.
    #[must_use]
    pub fn of_method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = &self.method {
            write!(f, "{method}=")?;
        }
        write!(f, "{}/{}", self.calls, self.seconds)
    }
}

/// The text of a quota is invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseQuotaError;

impl fmt::Display for ParseQuotaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected CALLS/SECONDS or METHOD=CALLS/SECONDS, such as 100/60")
    }
}

impl std::error::Error for ParseQuotaError {}

impl FromStr for Quota {
    type Err = ParseQuotaError;

    fn from_str(text: &str) -> Result<Self, ParseQuotaError> {
        let (method, limit) = text.split_once('=').map_or((None, text), |(method, limit)| (Some(method), limit));
        let (calls, seconds) = limit.split_once('/').unwrap_or((limit, "60"));
        let number = |text: &str| text.parse::<u32>().map(u64::from).map_err(|_| ParseQuotaError);
        let (calls, seconds) = (number(calls)?, number(seconds)?);
        if seconds == 0 || method == Some("") {
            return Err(ParseQuotaError);
        }
        Ok(Self { method: method.map(str::to_owned), calls, seconds })
    }
}

/// The quotas of a gateway, with their current windows.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    quotas: Vec<Quota>,
    /// The current windows by index of the quota and AppKey.
    windows: Mutex<HashMap<(usize, String), Window>>,
}

#[derive(Debug)]
struct Window {
    start: SystemTime,
    calls: u64,
}

impl Quotas {
    pub(crate) fn new(quotas: Vec<Quota>) -> Self {
        Self { quotas, windows: Mutex::default() }
    }

    /// Counts a call, or refuses it with the seconds until the window ends.
    pub(crate) fn charge(&self, method: &str, app_key: &str, now: SystemTime) -> Result<(), Refusal> {
        if self.quotas.is_empty() {
            return Ok(());
        }
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let applies = |quota: &Quota| quota.method.as_deref().is_none_or(|own| own == method);
        for (index, quota) in self.quotas.iter().enumerate().filter(|(_, quota)| applies(quota)) {
            let window = windows.entry((index, app_key.to_owned())).or_insert(Window { start: now, calls: 0 });
            let length = Duration::from_secs(quota.seconds);
            // A clock that was set back starts a window too.
            let left = now.duration_since(window.start).ok().and_then(|passed| length.checked_sub(passed));
            let left = left.filter(|left| !left.is_zero()).unwrap_or_else(|| {
                *window = Window { start: now, calls: 0 };
                length
            });
            if window.calls >= quota.calls {
                let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
                let sub_code = match quota.method {
                    Some(_) => "accesscontrol.limited-by-app-api-access-count",
                    None => "accesscontrol.limited-by-app-access-count",
                };
                let sub_msg = format!("This ban will last for {seconds} more seconds");
                return Err(Refusal::with_reason(7, sub_code, sub_msg));
            }
            window.calls += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_quotas() {
        for (text, expected) in [
            ("100", Ok("100/60")),
            ("0/1", Ok("0/1")),
            ("taobao.time.get=5", Ok("taobao.time.get=5/60")),
            ("taobao.time.get=5/86400", Ok("taobao.time.get=5/86400")),
            ("", Err(ParseQuotaError)),
            ("5/0", Err(ParseQuotaError)),
            ("5/", Err(ParseQuotaError)),
            ("-1", Err(ParseQuotaError)),
            ("=5", Err(ParseQuotaError)),
            ("a=b", Err(ParseQuotaError)),
        ] {
            assert_eq!(text.parse::<Quota>().map(|quota| quota.to_string()), expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn refuses_calls_until_the_window_ends() {
        let quotas = Quotas::new(vec!["3/10".parse().unwrap(), "a.get=1/2".parse().unwrap()]);
        let at =
            |milliseconds| SystemTime::UNIX_EPOCH + Duration::from_secs(1000) + Duration::from_millis(milliseconds);
        let charge = |method: &str, key: &str, milliseconds| {
            quotas.charge(method, key, at(milliseconds)).map_err(|refusal| {
                assert_eq!(refusal.code, 7);
                (refusal.sub_code.unwrap().replace("accesscontrol.limited-by-", ""), refusal.sub_msg.unwrap())
            })
        };
        let ban = |kind: &str, seconds: u64| {
            Err((format!("{kind}-access-count"), format!("This ban will last for {seconds} more seconds")))
        };
        assert_eq!(charge("a.get", "k", 0), Ok(()));
        assert_eq!(charge("a.get", "k", 500), ban("app-api", 2));
        assert_eq!(charge("a.get", "another key", 500), Ok(()));
        // A refused call used up the application's quota too, and was the second of three.
        assert_eq!(charge("b.get", "k", 600), Ok(()));
        assert_eq!(charge("b.get", "k", 9_001), ban("app", 1));
        assert_eq!(charge("b.get", "k", 10_000), Ok(()));
        // The clock was set back.
        assert_eq!(charge("b.get", "k", 1), Ok(()));
    }
}
