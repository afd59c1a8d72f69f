//! The calls that arrived, the latest ones.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde_json::json;
use top_protocol::DateTime;

use crate::request::Parameters;

/// The maximum number of calls in the journal.
const MAX_CALLS: usize = 1000;

/// The maximum bytes of the parameters of all calls in the journal. The latest call is kept in any case.
const MAX_BYTES: usize = 16 << 20;

/// The maximum bytes of the parameters of one call.
const MAX_CALL: usize = 4 << 20;

/// A call that arrived.
///
/// `Debug` prints neither values of parameters nor the session.
#[derive(Clone)]
#[non_exhaustive]
pub struct Call {
    /// The number of the call since the start of the gateway, from 1.
    pub number: u64,
    /// The time of arrival.
    pub time: SystemTime,
    /// The HTTP verb.
    pub verb: String,
    /// The text parameters by name, as received: the public ones and those of the method.
    pub parameters: BTreeMap<String, String>,
    /// The lengths of the files in bytes, by name.
    pub files: BTreeMap<String, Vec<usize>>,
    /// Whether all parameters are kept. The limit of a call is 4 MiB.
    pub complete: bool,
    /// The `request_id` of the response.
    pub request_id: String,
    /// The faults that were applied to the call.
    pub faults: Vec<String>,
    /// Why the call was refused. `None` for a successful call.
    pub refusal: Option<CallRefusal>,
}

/// A refusal in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallRefusal {
    /// The error code of the platform.
    pub code: i64,
    /// The sub code.
    pub sub_code: Option<String>,
    /// The lines of the console: code, name and reason. For a wrong signature, more lines have the signed text.
    pub explanation: String,
}

impl Call {
    /// Copies parameters, within the limit of a call.
    pub(crate) fn set_parameters(&mut self, parameters: &Parameters<'_>) {
        let mut left = MAX_CALL;
        let mut fits = |length: usize| {
            left = left.saturating_sub(length);
            left > 0
        };
        let (texts, files) = (parameters.texts.iter(), parameters.files.iter());
        self.parameters = texts
            .take_while(|(name, value)| fits(name.len() + value.len()))
            .map(|(name, value)| (name.clone().into_owned(), value.clone().into_owned()))
            .collect();
        self.files = files
            .take_while(|(name, files)| fits(name.len() + size_of_val(files.as_slice())))
            .map(|(name, files)| (name.clone().into_owned(), files.iter().map(|content| content.len()).collect()))
            .collect();
        self.complete = left > 0;
    }

    /// Returns the value of a text parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// Returns the method.
    pub fn method(&self) -> Option<&str> {
        self.parameter("method")
    }

    /// Returns the AppKey.
    pub fn app_key(&self) -> Option<&str> {
        self.parameter("app_key")
    }

    /// Returns the session.
    pub fn session(&self) -> Option<&str> {
        self.parameter("session")
    }

    /// Returns the error code. `None` for a successful call.
    pub fn code(&self) -> Option<i64> {
        self.refusal.as_ref().map(|refusal| refusal.code)
    }

    /// Returns the bytes of the parameters.
    fn bytes(&self) -> usize {
        let texts = self.parameters.iter().map(|(name, value)| name.len() + value.len());
        let files = self.files.iter().map(|(name, lengths)| name.len() + size_of_val(lengths.as_slice()));
        texts.chain(files).sum()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("number", &self.number)
            .field("method", &self.method())
            .field("app_key", &self.app_key())
            .field("parameters", &self.parameters.keys())
            .field("refusal", &self.refusal)
            .finish_non_exhaustive()
    }
}

/// Writes each call as a line of JSON, with secret values replaced.
pub(crate) struct CallLog(Option<Mutex<Box<dyn Write + Send>>>);

impl CallLog {
    pub(crate) fn new(writer: Option<Box<dyn Write + Send>>) -> Self {
        Self(writer.map(Mutex::new))
    }

    /// Writes a call if there is a log. `parameters` has no secret values.
    pub(crate) fn write(&self, call: &Call, parameters: impl FnOnce() -> Vec<(String, String)>) {
        let Some(writer) = &self.0 else { return };
        let line = json!({
            "time": DateTime::from(call.time).to_string(),
            "verb": call.verb,
            "parameters": parameters().into_iter().collect::<BTreeMap<_, _>>(),
            "files": call.files,
            "faults": call.faults,
            "request_id": call.request_id,
            "code": call.code(),
            "sub_code": call.refusal.as_ref().and_then(|refusal| refusal.sub_code.as_ref()),
            "explanation": call.refusal.as_ref().map(|refusal| &refusal.explanation),
        });
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        // The gateway serves calls even if its disk is full.
        let _ = writeln!(writer, "{line}").and_then(|()| writer.flush());
    }
}

/// The latest calls, within limits of number and memory.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Calls>);

#[derive(Debug, Default)]
struct Calls {
    latest: VecDeque<Call>,
    /// The number of calls since the start.
    count: u64,
    bytes: usize,
}

impl Journal {
    /// Adds a call and sets its number.
    pub(crate) fn add(&self, mut call: Call) {
        let mut calls = self.lock();
        calls.count += 1;
        call.number = calls.count;
        calls.bytes += call.bytes();
        calls.latest.push_back(call);
        while calls.latest.len() > MAX_CALLS || (calls.bytes > MAX_BYTES && calls.latest.len() > 1) {
            let oldest = calls.latest.pop_front();
            calls.bytes -= oldest.map_or(0, |call| call.bytes());
        }
    }

    /// Returns the last calls, the oldest first.
    pub(crate) fn last(&self, count: usize) -> Vec<Call> {
        let calls = self.lock();
        calls.latest.iter().skip(calls.latest.len().saturating_sub(count)).cloned().collect()
    }

    /// Returns the number of the latest call.
    pub(crate) fn latest(&self) -> u64 {
        self.lock().count
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_large_calls() {
        let mut large = call(0);
        let long = "x".repeat(MAX_CALL);
        let mut parameters = Parameters::default();
        parameters.texts.insert("a".into(), "1".into());
        large.set_parameters(&parameters);
        assert!(large.complete && large.parameter("a") == Some("1"));
        parameters.texts.insert("b".into(), long.as_str().into());
        large.set_parameters(&parameters);
        assert!(!large.complete && large.parameter("a") == Some("1") && large.parameter("b").is_none());
    }

    fn call(length: usize) -> Call {
        Call {
            number: 0,
            time: SystemTime::UNIX_EPOCH,
            verb: "POST".to_owned(),
            parameters: BTreeMap::from([("a".to_owned(), "s3cr3t-".repeat(length))]),
            files: BTreeMap::new(),
            complete: true,
            request_id: String::new(),
            faults: Vec::new(),
            refusal: None,
        }
    }

    #[test]
    fn keeps_the_latest_calls() {
        let journal = Journal::default();
        for _ in 0..=MAX_CALLS {
            journal.add(call(1));
        }
        let numbers: Vec<_> = journal.last(MAX_CALLS).iter().map(|call| call.number).collect();
        assert_eq!((numbers.len(), numbers[0]), (MAX_CALLS, 2));
        assert_eq!((journal.last(2)[0].number, journal.latest()), (1000, 1001));
    }

    #[test]
    fn limits_the_memory() {
        let journal = Journal::default();
        for length in [1 << 20, 1 << 20, 1 << 20] {
            journal.add(call(length));
        }
        assert_eq!(journal.last(MAX_CALLS).len(), 2);
        journal.add(call(10 << 20));
        assert_eq!(journal.last(MAX_CALLS).len(), 1);
        journal.add(call(1));
        assert_eq!((journal.last(MAX_CALLS).len(), journal.lock().bytes), (1, 8));
    }

    #[test]
    fn debug_prints_no_values() {
        assert!(!format!("{:?}", call(1)).contains("s3cr3t"));
    }
}
