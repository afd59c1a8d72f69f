//! Reports calls and attempts: to `tracing` and to observers.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::Span;

use crate::error::Error;
use crate::observer::{Attempt, AttemptObserver, AttemptOutcome, OutcomeKind};
use crate::trace;

/// Reports one call or attempt. Dropping it reports that the call was dropped.
pub(super) struct Report<'a> {
    span: Span,
    observed: Option<(Attempt<'a>, &'a [Arc<dyn AttemptObserver>])>,
    phase: Option<Phase>,
    phase_started: Instant,
    outcome: AttemptOutcome<'static>,
    ended: bool,
}

/// The part of a call whose time is measured.
#[derive(Clone, Copy)]
enum Phase {
    /// The wait of an attempt before it is sent.
    Wait,
    /// A whole call, or the exchange of an attempt.
    Run,
}

impl<'a> Report<'a> {
    /// Starts the report of a call with all its attempts, or of a request to an authorization server.
    pub(super) fn of_call(method: &str) -> Self {
        Self::start(trace::call(method), None, Phase::Run)
    }

    /// Starts the report of an attempt.
    pub(super) fn of_attempt(attempt: Attempt<'a>, observers: &'a [Arc<dyn AttemptObserver>]) -> Self {
        let report = Self::start(trace::attempt(&attempt), Some((attempt, observers)), Phase::Wait);
        report.span.in_scope(|| observers.iter().for_each(|observer| observer.before(&attempt)));
        report
    }

    fn start(span: Span, observed: Option<(Attempt<'a>, &'a [Arc<dyn AttemptObserver>])>, phase: Phase) -> Self {
        let outcome = AttemptOutcome::new(OutcomeKind::Cancelled);
        Self { span, observed, phase: Some(phase), phase_started: Instant::now(), outcome, ended: false }
    }

    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Records that the request is being sent.
    pub(super) fn sent(&mut self) {
        self.end_phase();
        (self.phase_started, self.phase) = (Instant::now(), Some(Phase::Run));
    }

    /// Records that the response was received or failed. Decoding is not part of the duration.
    pub(super) fn received(&mut self, status: Option<u16>) {
        self.end_phase();
        self.outcome.status = status;
    }

    /// Ends the report with the id of the request, or an error.
    pub(super) fn ended(mut self, result: Result<Option<&str>, &Error>) {
        self.end_phase();
        let error = result.err();
        let outcome = AttemptOutcome {
            kind: error.map_or(OutcomeKind::Ok, OutcomeKind::of),
            code: error.and_then(Error::platform).and_then(|refusal| refusal.code.equivalent()),
            sub_code: error.and_then(sub_code),
            request_id: result.unwrap_or_else(Error::request_id),
            ..self.outcome
        };
        trace::ended(&self.span, &outcome, error.and_then(http_status));
        self.notify(&outcome);
        self.ended = true;
    }

    fn end_phase(&mut self) {
        let Some(phase) = self.phase.take() else { return };
        let elapsed = self.phase_started.elapsed();
        match phase {
            Phase::Wait => self.outcome.waited = elapsed,
            Phase::Run => self.outcome.duration = Some(elapsed),
        }
        trace::time(&self.span, matches!(phase, Phase::Run), elapsed);
    }

    fn notify(&self, outcome: &AttemptOutcome<'_>) {
        if let Some((attempt, observers)) = &self.observed {
            self.span.in_scope(|| observers.iter().for_each(|observer| observer.after(attempt, outcome)));
        }
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.end_phase();
            trace::ended(&self.span, &self.outcome, None);
            self.notify(&self.outcome);
        }
    }
}

/// Returns the HTTP status of an error.
fn http_status(error: &Error) -> Option<u16> {
    match error {
        Error::Status(error) => Some(error.status),
        Error::OAuth(error) => error.status,
        _ => None,
    }
}

/// Returns the `sub_code` of the platform, or the error name of an authorization server. Some gateways send a sentence
/// instead, which may contain parameters.
fn sub_code(error: &Error) -> Option<&str> {
    const MAX_LENGTH: usize = 100;
    let word = match error {
        Error::OAuth(error) => error.error.as_str(),
        error => error.platform()?.sub_code.as_deref()?.trim(),
    };
    let is_word = !word.is_empty() && word.len() <= MAX_LENGTH && word.bytes().all(|byte| byte.is_ascii_graphic());
    is_word.then_some(word)
}
