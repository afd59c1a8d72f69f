//! Faults on demand: refusals, delays, broken connections and damaged bodies.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::refusal::Refusal;

/// A fault that the gateway applies to calls.
///
/// A fault is written as `[METHOD:]KIND[=VALUE][@PERCENT%]`: `reset`, `latency=500ms@20%`, `taobao.trade.get:code=7`. Without
/// a method it applies to all, and without a percentage to every call. The gateway applies it to calls that pass its checks
/// and to those that it refuses, except `code`, which refuses only a call that passes.
///
/// | kind | effect |
/// |---|---|
/// | `code=CODE`, `code=CODE/SUB_CODE` | refuses the call with a code of the platform |
/// | `status=STATUS` | responds with an HTTP status and an HTML page |
/// | `latency=TIME` | delays the response: `500ms`, `2s` |
/// | `reset` | resets the connection instead of responding |
/// | `truncate` | closes the connection in the middle of the body |
/// | `malformed` | cuts the body in the middle, with its length |
/// | `content-type=TYPE` | sends another `Content-Type` |
/// | `slow=BYTES` | sends this number of bytes of the body per second |
///
/// ```
/// use gateway::Fault;
///
/// let fault: Fault = "taobao.trade.get:code=15/isp.busy@10%".parse()?;
/// assert_eq!(fault.to_string(), "taobao.trade.get:code=15/isp.busy@10%");
/// # Ok::<(), gateway::ParseFaultError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    method: Option<String>,
    kind: FaultKind,
    percent: f64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum FaultKind {
    Code { code: i64, sub_code: Option<String> },
    Status(u16),
    Latency(Duration),
    Reset,
    Truncate,
    Malformed,
    ContentType(String),
    Slow(u32),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = &self.method {
            write!(f, "{method}:")?;
        }
        match &self.kind {
            FaultKind::Code { code, sub_code: None } => write!(f, "code={code}")?,
            FaultKind::Code { code, sub_code: Some(sub_code) } => write!(f, "code={code}/{sub_code}")?,
            FaultKind::Status(status) => write!(f, "status={status}")?,
            FaultKind::Latency(time) => write!(f, "latency={}ms", time.as_millis())?,
            FaultKind::Reset => f.write_str("reset")?,
            FaultKind::Truncate => f.write_str("truncate")?,
            FaultKind::Malformed => f.write_str("malformed")?,
            FaultKind::ContentType(content_type) => write!(f, "content-type={content_type}")?,
            FaultKind::Slow(bytes) => write!(f, "slow={bytes}")?,
        }
        if self.percent < 100.0 { write!(f, "@{}%", self.percent) } else { Ok(()) }
    }
}

/// The text of a fault is invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseFaultError {
    text: String,
}

impl fmt::Display for ParseFaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "invalid fault {:?}: expected [METHOD:]KIND[=VALUE][@PERCENT%], where KIND is code, status, latency, reset, \
             truncate, malformed, content-type or slow",
            self.text
        )
    }
}

impl std::error::Error for ParseFaultError {}

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, ParseFaultError> {
        parse(text.trim()).ok_or_else(|| ParseFaultError { text: text.chars().take(100).collect() })
    }
}

fn parse(text: &str) -> Option<Fault> {
    // A value may contain a colon, as a sub code does.
    let (method, rest) = match text.split_once(':') {
        Some((method, rest)) if !method.contains('=') => (Some(method).filter(|method| !method.is_empty())?, rest),
        _ => ("", text),
    };
    let (rest, percent) = match rest.rsplit_once('@').and_then(|(rest, end)| Some((rest, end.strip_suffix('%')?))) {
        Some((rest, percent)) => (rest, percent.parse().ok().filter(|percent| (0.0..=100.0).contains(percent))?),
        None => (rest, 100.0),
    };
    let (kind, value) = rest.split_once('=').map_or((rest, None), |(kind, value)| (kind, Some(value)));
    let kind = match (kind, value) {
        ("code", Some(value)) => {
            let (code, sub_code) = value.split_once('/').map_or((value, None), |(code, sub)| (code, Some(sub)));
            FaultKind::Code { code: code.parse().ok()?, sub_code: sub_code.map(str::to_owned) }
        }
        ("status", Some(value)) => FaultKind::Status(value.parse().ok().filter(|status| (200..=599).contains(status))?),
        ("latency", Some(value)) => FaultKind::Latency(duration(value)?),
        ("reset", None) => FaultKind::Reset,
        ("truncate", None) => FaultKind::Truncate,
        ("malformed", None) => FaultKind::Malformed,
        ("content-type", Some(value)) if is_header_value(value) => FaultKind::ContentType(value.to_owned()),
        ("slow", Some(value)) => FaultKind::Slow(value.parse().ok().filter(|bytes| *bytes > 0)?),
        _ => return None,
    };
    Some(Fault { method: Some(method.to_owned()).filter(|method| !method.is_empty()), kind, percent })
}

/// Parses `500ms` or `2s`, at most an hour.
fn duration(text: &str) -> Option<Duration> {
    let milliseconds = match text.strip_suffix("ms") {
        Some(milliseconds) => milliseconds.parse::<u32>().ok()?,
        None => text.strip_suffix('s')?.parse::<u32>().ok()?.checked_mul(1000)?,
    };
    (milliseconds <= 3_600_000).then(|| Duration::from_millis(milliseconds.into()))
}

fn is_header_value(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| matches!(character, ' '..='~'))
}

/// The faults of one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Injection {
    pub(crate) refusal: Option<Refusal>,
    pub(crate) status: Option<u16>,
    pub(crate) latency: Duration,
    pub(crate) reset: bool,
    pub(crate) truncate: bool,
    pub(crate) malformed: bool,
    pub(crate) content_type: Option<String>,
    /// The bytes per second.
    pub(crate) slow: Option<u32>,
    /// The texts of the faults.
    pub(crate) names: Vec<String>,
}

impl Injection {
    /// Adds the effects on the whole response of another call of a batch.
    pub(crate) fn merge(&mut self, other: Self) {
        self.status = self.status.or(other.status);
        self.latency = self.latency.max(other.latency);
        self.reset |= other.reset;
        self.truncate |= other.truncate;
        self.malformed |= other.malformed;
        self.content_type = self.content_type.take().or(other.content_type);
        self.slow = self.slow.into_iter().chain(other.slow).min();
    }

    fn add(&mut self, fault: &Fault) {
        self.names.push(fault.to_string());
        match &fault.kind {
            FaultKind::Code { code, sub_code } => {
                let sub_msg = sub_code.as_ref().map(|_| "fault of the local gateway".to_owned());
                let refusal = Refusal { sub_code: sub_code.clone(), sub_msg, ..Refusal::new(*code) };
                self.refusal.get_or_insert(refusal);
            }
            FaultKind::Status(status) => self.status = Some(*status),
            FaultKind::Latency(time) => self.latency += *time,
            FaultKind::Reset => self.reset = true,
            FaultKind::Truncate => self.truncate = true,
            FaultKind::Malformed => self.malformed = true,
            FaultKind::ContentType(content_type) => self.content_type = Some(content_type.clone()),
            FaultKind::Slow(bytes) => self.slow = Some(*bytes),
        }
    }
}

/// The faults of a gateway, and the sequence of random numbers that selects calls.
#[derive(Debug)]
pub(crate) struct Faults(Mutex<State>);

#[derive(Debug)]
struct State {
    faults: Vec<Fault>,
    seed: u64,
    random: fastrand::Rng,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>, seed: u64) -> Self {
        Self(Mutex::new(State { faults, seed, random: fastrand::Rng::with_seed(seed) }))
    }

    pub(crate) fn all(&self) -> Vec<Fault> {
        self.lock().faults.clone()
    }

    /// Replaces the faults, and starts the sequence of random numbers again.
    pub(crate) fn set(&self, faults: Vec<Fault>) {
        let mut state = self.lock();
        state.faults = faults;
        state.random = fastrand::Rng::with_seed(state.seed);
    }

    /// Selects the faults of a call, from those of the gateway and from `more`.
    pub(crate) fn draw(&self, method: Option<&str>, more: &[Fault]) -> Injection {
        let mut state = self.lock();
        let State { faults, random, .. } = &mut *state;
        let mut injection = Injection::default();
        let applies = |fault: &&Fault| fault.method.as_deref().is_none_or(|own| Some(own) == method);
        for fault in faults.iter().chain(more).filter(applies) {
            if fault.percent >= 100.0 || random.f64() * 100.0 < fault.percent {
                injection.add(fault);
            }
        }
        injection
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_faults() {
        for (text, expected) in [
            ("reset", "reset"),
            (" truncate@0.5% ", "truncate@0.5%"),
            ("malformed@100%", "malformed"),
            ("latency=2s", "latency=2000ms"),
            ("a.get:latency=5ms@20%", "a.get:latency=5ms@20%"),
            ("code=40/isv.missing-parameter:tid", "code=40/isv.missing-parameter:tid"),
            ("a.get:code=7", "a.get:code=7"),
            ("status=503", "status=503"),
            ("content-type=text/html; charset=gbk", "content-type=text/html; charset=gbk"),
            ("slow=100", "slow=100"),
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault.to_string(), expected);
            assert_eq!(expected.parse(), Ok(fault));
        }
        for text in [
            "",
            ":reset",
            "reset=1",
            "code",
            "code=x",
            "status=99",
            "status=600",
            "latency=1",
            "latency=2h",
            "latency=9999999s",
            "slow=0",
            "content-type=",
            "content-type=a\nb",
            "reset@101%",
            "reset@-1%",
            "reset@NaN%",
            "reset@5",
            "a.get:",
            "on fire",
        ] {
            assert!(text.parse::<Fault>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn draws_are_the_same_for_a_seed() {
        let draws = |seed| {
            let faults = Faults::new(vec!["reset@30%".parse().unwrap(), "a.get:truncate@50%".parse().unwrap()], seed);
            let first: Vec<_> = (0..1000).map(|_| faults.draw(Some("a.get"), &[])).collect();
            faults.set(faults.all());
            let again: Vec<_> = (0..1000).map(|_| faults.draw(Some("a.get"), &[])).collect();
            assert_eq!(first, again);
            first
        };
        let resets = draws(1).iter().filter(|injection| injection.reset).count();
        assert!((250..350).contains(&resets), "{resets}");
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
    }

    #[test]
    fn faults_apply_to_their_method() {
        let faults = Faults::new(vec!["a.get:code=7".parse().unwrap(), "latency=1s".parse().unwrap()], 0);
        let more = ["b.get:code=15/isp.x".parse().unwrap(), "latency=2s".parse().unwrap()];
        for (method, code) in [(Some("a.get"), Some(7)), (Some("b.get"), Some(15)), (Some("c.get"), None), (None, None)]
        {
            let injection = faults.draw(method, &more);
            assert_eq!(injection.refusal.map(|refusal| refusal.code), code, "{method:?}");
            assert_eq!(injection.latency, Duration::from_secs(3));
        }
    }
}
