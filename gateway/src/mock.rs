//! Programmed responses of tests.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::{Map, Value as Json};
use top_protocol::Request;

use crate::refusal::Refusal;
use crate::request::Parameters;
use crate::template::Template;

/// A programmed response, before its content is set: see [`Gateway::on`](crate::Gateway::on).
#[derive(Debug)]
#[must_use = "nothing is programmed before respond, respond_each or refuse"]
pub struct Mock<'g> {
    mocks: &'g Mocks,
    method: String,
    parameters: BTreeMap<String, String>,
    times: Option<u64>,
}

impl<'g> Mock<'g> {
    pub(crate) fn new(mocks: &'g Mocks, method: String) -> Self {
        Self { mocks, method, parameters: BTreeMap::new(), times: None }
    }

    /// Matches only calls that send this value. Public parameters such as `session` match too.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Responds to one call. Default: to all calls.
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Responds to this number of calls. Default: to all calls.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Responds with the members of a JSON object, or with a generated response.
    ///
    /// Lists are arrays; the gateway adds the object around them, which the format of the call needs. `null` is left out. An
    /// object with the only member `error_response` refuses the call as it says. A value that is not an object refuses the call
    /// with code 15.
    pub fn respond(self, response: impl Serialize) {
        self.add(Reply::of(response));
    }

    /// Responds with a template: see [`Gateway::template`](crate::Gateway::template).
    pub fn respond_template(self, template: Template) {
        self.add(Reply::Template(Arc::new(template)));
    }

    /// Responds to each of the next calls with one of the responses, in order: see [`respond`](Self::respond).
    pub fn respond_each<T: Serialize>(self, responses: impl IntoIterator<Item = T>) {
        for response in responses {
            let mock = Mock {
                mocks: self.mocks,
                method: self.method.clone(),
                parameters: self.parameters.clone(),
                times: Some(1),
            };
            mock.add(Reply::of(response));
        }
    }

    /// Refuses with a code of the platform.
    pub fn refuse(self, code: i64) {
        self.add(Reply::Refusal(Refusal::new(code)));
    }

    /// Refuses with a code of the platform, a sub code and its message.
    pub fn refuse_with(self, code: i64, sub_code: &str, sub_msg: impl Into<String>) {
        self.add(Reply::Refusal(Refusal::with_reason(code, sub_code, sub_msg)));
    }

    fn add(self, reply: Reply) {
        let Self { mocks, method, parameters, times } = self;
        let mut methods = mocks.lock();
        let rules = methods.entry(method).or_default();
        if times.is_none() {
            // A rule for all calls replaces the one with the same conditions, which would hide it.
            rules.retain(|rule| rule.remaining.is_some() || rule.parameters != parameters);
        }
        rules.push(Rule { parameters, remaining: times, reply });
        rules.sort_by_key(|rule| (rule.remaining.is_none(), Reverse(rule.parameters.len())));
    }
}

/// A programmed response of a generated type: see [`Gateway::on_request`](crate::Gateway::on_request).
#[derive(Debug)]
#[must_use = "nothing is programmed before respond, respond_each or refuse"]
pub struct TypedMock<'g, R> {
    mock: Mock<'g>,
    request: PhantomData<fn() -> R>,
}

impl<'g, R: Request> TypedMock<'g, R> {
    pub(crate) fn new(mock: Mock<'g>) -> Self {
        Self { mock, request: PhantomData }
    }

    /// Matches only calls that send this value: see [`Mock::with`].
    pub fn with(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self::new(self.mock.with(name, value))
    }

    /// Responds to one call. Default: to all calls.
    pub fn once(self) -> Self {
        Self::new(self.mock.once())
    }

    /// Responds to this number of calls. Default: to all calls.
    pub fn times(self, times: u64) -> Self {
        Self::new(self.mock.times(times))
    }

    /// Responds with a generated response.
    pub fn respond(self, response: &R::Response) {
        self.mock.respond(response);
    }

    /// Responds to each of the next calls with one of the responses, in order.
    pub fn respond_each<'r>(self, responses: impl IntoIterator<Item = &'r R::Response>) {
        self.mock.respond_each(responses);
    }

    /// Refuses with a code of the platform.
    pub fn refuse(self, code: i64) {
        self.mock.refuse(code);
    }

    /// Refuses with a code of the platform, a sub code and its message.
    pub fn refuse_with(self, code: i64, sub_code: &str, sub_msg: impl Into<String>) {
        self.mock.refuse_with(code, sub_code, sub_msg);
    }
}

/// The content of a programmed response.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Json(Map<String, Json>),
    Template(Arc<Template>),
    Refusal(Refusal),
}

impl Reply {
    fn of(response: impl Serialize) -> Self {
        match serde_json::to_value(response) {
            Ok(Json::Object(members)) => refusal(&members).map_or_else(|| Self::Json(members), Self::Refusal),
            Ok(_) => Self::Refusal(invalid("expected a JSON object")),
            Err(error) => Self::Refusal(invalid(error)),
        }
    }
}

/// Reads a response of a refused call: `{"error_response":{"code":15,"sub_code":"isp.x","sub_msg":"m"}}`.
pub(crate) fn refusal(members: &Map<String, Json>) -> Option<Refusal> {
    let error = members.get("error_response").filter(|_| members.len() == 1)?;
    let text = |name: &str| error.get(name)?.as_str().map(str::to_owned);
    Some(match error.get("code").and_then(Json::as_i64) {
        Some(code) => Refusal { sub_code: text("sub_code"), sub_msg: text("sub_msg"), ..Refusal::new(code) },
        None => invalid("expected an integer `code` in `error_response`"),
    })
}

/// The refusal of every call if the programmed response is invalid.
fn invalid(problem: impl fmt::Display) -> Refusal {
    Refusal::with_reason(15, "isp.invalid-programmed-response", format!("invalid programmed response: {problem}"))
}

/// The programmed responses by method.
#[derive(Debug, Default)]
pub(crate) struct Mocks(Mutex<HashMap<String, Vec<Rule>>>);

#[derive(Debug)]
struct Rule {
    parameters: BTreeMap<String, String>,
    /// The number of calls that the rule still matches. `None`: all.
    remaining: Option<u64>,
    reply: Reply,
}

impl Rule {
    fn matches(&self, parameters: &Parameters<'_>) -> bool {
        self.remaining != Some(0)
            && self
                .parameters
                .iter()
                .all(|(name, value)| parameters.texts.get(name.as_str()).is_some_and(|sent| sent == value))
    }
}

impl Mocks {
    /// Returns whether a response was programmed for a method.
    pub(crate) fn has(&self, method: &str) -> bool {
        self.lock().contains_key(method)
    }

    /// Returns the response to a call, and counts it.
    pub(crate) fn next(&self, method: &str, parameters: &Parameters<'_>) -> Option<Reply> {
        let mut methods = self.lock();
        let rule = methods.get_mut(method)?.iter_mut().find(|rule| rule.matches(parameters))?;
        if let Some(remaining) = &mut rule.remaining {
            *remaining -= 1;
        }
        Some(rule.reply.clone())
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Rule>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
