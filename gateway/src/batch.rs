//! Batches of calls in one request (docs/protocol.md section 7.1).

use crate::excerpt::excerpt;
use crate::fault::{Fault, Injection};
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::request::{Parameters, Request};
use crate::response::{Outcome, Response};

/// The separator of the calls, and of the responses, unless the request has another.
const SEPARATOR: &str = "\r\n-S-\r\n";

/// Starts the first part if it has the parameters that all calls share.
const SHARED: &str = "#PUBLIC#";

/// The maximum number of calls. The platform's is not documented.
const MAX_CALLS: usize = 200;

/// The public parameters of a batch that all its calls have.
const INHERITED: [&str; 6] = ["app_key", "format", "session", "simplify", "target_app_key", "timestamp"];

/// Returns whether the calls of a path are batches.
pub(crate) fn is_batch(path: &str) -> bool {
    path.ends_with("/router/batch")
}

impl Gateway {
    /// Responds to a batch: with the responses of its calls in their order, or with one refusal for all.
    pub(crate) fn respond_to_batch(&self, request: &Request<'_>, faults: &[Fault]) -> (Response, Injection) {
        let separator = request.separator.filter(|separator| !separator.is_empty()).unwrap_or(SEPARATOR);
        let query = request.query_parameters();
        let calls = match self.check_batch(request, &query).and_then(|body| calls(body, separator, &query)) {
            Ok(calls) => calls,
            Err(refusal) => return self.refuse(request, &query, refusal, faults),
        };
        let mut whole = Injection::default();
        let responses = calls.into_iter().map(|mut call| {
            let mut injection = self.faults.draw(call.get("method"), faults);
            let fault = injection.refusal.take();
            let style = self.style(request, &call);
            let result = self.execute_part(style, &mut call, fault);
            let response = self.finish(style, request.verb, &call, result, &injection);
            whole.merge(injection);
            response
        });
        let responses: Vec<_> = responses.collect();
        let bodies: Vec<_> = responses.iter().map(|response| response.body.as_str()).collect();
        let outcome = Outcome {
            method: None,
            app_key: query.get("app_key").map(|key| self.hide(&excerpt(key))),
            code: None,
            explanation: String::new(),
            request_id: String::new(),
        };
        let response = Response {
            content_type: "text/plain;charset=UTF-8",
            body: bodies.join(separator),
            outcome,
            calls: responses.into_iter().map(|response| response.outcome).collect(),
        };
        (response, whole)
    }

    /// Checks the public parameters and the signature, which covers the body. Returns the body.
    fn check_batch<'r>(&self, request: &Request<'r>, query: &Parameters<'_>) -> Result<&'r str, Refusal> {
        if request.verb != "POST" {
            let reason = format!("unsupported HTTP verb {}: expected POST for a batch", request.verb.escape_debug());
            return Err(Refusal::with_reason(9, "isv.invalid-http-action", reason));
        }
        let body = std::str::from_utf8(request.body).map_err(|_| Refusal::new(47))?;
        let signed = Parameters { content: Some(body), ..query.clone() };
        self.check_application(self.dialects.of(request.path), &signed)?;
        Ok(body)
    }
}

/// Returns the parameters of each call.
fn calls<'r>(body: &'r str, separator: &str, query: &Parameters<'r>) -> Result<Vec<Parameters<'r>>, Refusal> {
    let invalid = |reason: String| Refusal::with_reason(43, "isv.invalid-batch", reason);
    let mut parts = body.split(separator).peekable();
    let inherited = query.texts.iter().filter(|(name, _)| INHERITED.contains(&name.as_ref()));
    let mut shared = Parameters {
        texts: inherited.map(|(name, value)| (name.clone(), value.clone())).collect(),
        ..Parameters::default()
    };
    if let Some(form) = parts.peek().and_then(|part| part.strip_prefix(SHARED)) {
        shared.read_form(form.as_bytes()).map_err(|error| invalid(error.to_string()))?;
        parts.next();
    }
    let mut calls = Vec::new();
    for part in parts {
        if calls.len() == MAX_CALLS {
            return Err(invalid(format!("too many calls: expected at most {MAX_CALLS}")));
        }
        let mut call = shared.clone();
        // A call without parameters is the letter N.
        if part != "N" {
            call.read_form(part.as_bytes()).map_err(|error| invalid(error.to_string()))?;
        }
        calls.push(call);
    }
    Ok(calls)
}
