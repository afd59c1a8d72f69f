//! One call, whatever its types: from a way to sign it to an answer that is no refusal.

use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument;

use super::Client;
use super::clock::Clock;
use super::exchange::ends_in;
use super::limit::{Permit, Turn};
use super::runtime;
use super::text;
use super::trace::{self, Running};
use super::transport::{HttpRequest, Verb};
use super::upload;
use crate::error::{
    ConfigurationError, ConfigurationKind, Error, LimitError, StatusError, Timeout, TransportError, TransportKind,
};
use top_protocol::internal::{Attachment, Envelope, Head, redacted};
use top_protocol::{Authorization, DateTime, FileError, RawBody, ResponseBody, SignedRequest};

/// What is called.
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    pub(super) authorization: Authorization,
    pub(super) https_only: bool,
    /// Whether it changes nothing, so that it may be made twice.
    pub(super) reads: bool,
    pub(super) sign: &'a Sign<'a>,
}

/// Signs a request for a session, as of a time. Every attempt is signed anew.
pub(super) type Sign<'a> = dyn Fn(Option<&str>, DateTime) -> Result<SignedRequest, top_protocol::Error> + Sync + 'a;

/// Reads a body: into the call's response, or as a refusal. It is asked once for every attempt that has an answer, and
/// what an earlier one has left in the response is not to be there any more.
pub(super) type Read<'a> = &'a mut (dyn FnMut(&ResponseBody) -> Result<Envelope, top_protocol::Error> + Send);

/// An answer that is a response: what was around it, and the body as it came.
pub(super) struct Answer {
    pub(super) envelope: Envelope,
    pub(super) head: Head,
    pub(super) body: String,
}

/// What an attempt has come upon, which decides what follows it.
#[derive(Default)]
struct Seen {
    /// The session that the request was signed with.
    session: Option<SecretString>,
    /// Whether the platform refused the time of the signature, and a signature of now has another.
    mended: bool,
    /// A file that cannot be sent another time.
    spent: Option<Attachment>,
}

impl Seen {
    /// Returns the error of the attempt if a file of the request cannot be sent a second time.
    fn again(&self, error: Error) -> Result<(), Error> {
        match &self.spent {
            Some(attachment) => {
                trace::consumed(&attachment.name);
                Err(error)
            }
            None => Ok(()),
        }
    }
}

impl Client {
    /// Carries out `call`: again with another session or time where the platform refuses those that it had, and as
    /// often as the retry policy says.
    pub(super) async fn carry_out(&self, call: &Call<'_>, read: Read<'_>) -> Result<Answer, Error> {
        let running = Running::call(call.method);
        let result = self.attempts(call, read).instrument(running.span()).await;
        running.ended(outcome(&result));
        result
    }

    async fn attempts(&self, call: &Call<'_>, read: Read<'_>) -> Result<Answer, Error> {
        runtime::current()?;
        let endpoint = &self.shared.endpoint;
        if call.https_only && endpoint.is_plain() {
            let message = format!("{} requires an https gateway, found {}", call.method, endpoint.redacted());
            return Err(ConfigurationError::new(ConfigurationKind::HttpsRequired, message).into());
        }
        let deadline = ends_in(self.retry.whole(self.timeouts.attempt));
        let (mut number, mut made) = (0, 0);
        let (mut renewed, mut mended) = (false, false);
        loop {
            number += 1;
            let (mut running, mut seen) = (Running::attempt(call.method, number), Seen::default());
            let span = running.span();
            let result = self.attempt(call, &mut seen, &mut running, read, deadline).instrument(span).await;
            running.ended(outcome(&result));
            let error = match result {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            // Most gateways check the time and the session before anything else, but a service behind one may also refuse a
            // session, in the middle of its work.
            let repeatable = self.retry.allows(&error, call.reads);
            if seen.mended && !mended && repeatable {
                mended = true;
                seen.again(error)?;
                continue;
            }
            if let (Some(session), Some(refusal), false) = (&seen.session, error.platform(), renewed)
                && refusal.is_session_invalid()
                // Even if this call is not repeated, the next one needs another session.
                && timeout_at(deadline, self.session.refused(session, refusal)).await == Ok(true)
                && repeatable
            {
                trace::session();
                renewed = true;
                seen.again(error)?;
                continue;
            }
            made += 1;
            let Some(pause) = self.retry.pause(&error, call.reads, made) else {
                return Err(error);
            };
            if Instant::now().checked_add(pause).is_none_or(|next| next >= deadline) {
                return Err(error);
            }
            seen.again(error)?;
            trace::pause(number, pause);
            sleep(pause).await;
        }
    }

    /// One attempt at `call`, in its turn: with the session and as of the time of then.
    async fn attempt(
        &self,
        call: &Call<'_>,
        seen: &mut Seen,
        running: &mut Running,
        read: Read<'_>,
        deadline: Instant,
    ) -> Result<Answer, Error> {
        // The session comes before the turn: to renew it takes calls that need turns of their own.
        seen.session = self.in_time(deadline, "session", self.session.get(call.authorization)).await?;
        let session = seen.session.as_ref().map(ExposeSecret::expose_secret);
        // And so does the signature: a request that is invalid takes nobody's turn.
        let signed_at = self.shared.clock.now();
        let mut signed = (call.sign)(session, signed_at)?;
        let _permit = self.permit(call.method, deadline).await?;
        let ahead = self.shared.clock.ahead();
        let now = Clock::at(ahead);
        if now != signed_at {
            signed = (call.sign)(session, now)?;
        }
        let body = self.in_time(deadline, "file", upload::payload(&signed)).await?;
        let request = HttpRequest::new(Verb::Post, self.shared.endpoint.url(), body)
            .header("Content-Type", signed.content_type());
        running.sent();
        let received = self.shared.exchange(request, self.timeouts, deadline).await;
        running.answered();
        seen.spent = signed.spent().cloned();
        let received = received.map_err(|error| self.at_gateway(error))?;
        let head = received.head;
        let mut error = match self.read(&signed, &head, received.bytes, received.cut, read) {
            Ok((mut envelope, body)) => {
                let request_id = envelope.request_id.map(|request_id| redacted(&request_id, self.secrets(&signed)));
                envelope.request_id = request_id;
                return Ok(Answer { envelope, head, body });
            }
            Err(error) => error,
        };
        match &mut error {
            Error::Platform(refusal) => refusal.hide(self.secrets(&signed)),
            Error::Decode(error) => error.hide(self.secrets(&signed)),
            _ => {}
        }
        if error.platform().is_some_and(|refusal| refusal.code.equivalent() == Some(INVALID_TIMESTAMP)) {
            seen.mended = self.shared.clock.learn(&head, ahead);
        }
        self.tell_limiter(&error, call.method, deadline).await;
        Err(error)
    }

    /// Has the body of an answer read. An answer whose status tells of a failure is an error: the platform's, if its
    /// node is in the body all the same, as some gateways have it.
    fn read(
        &self,
        signed: &SignedRequest,
        head: &Head,
        bytes: Vec<u8>,
        cut: bool,
        read: Read<'_>,
    ) -> Result<(Envelope, String), Error> {
        if !head.is_success() {
            let mut body = RawBody::of_bytes(&bytes, cut);
            body.hide(self.secrets(signed));
            if body.contains("error_response")
                && let Err(error @ top_protocol::Error::Platform(_)) = read(&ResponseBody::from(&*body))
            {
                return Err(error.into());
            }
            return Err(Error::Status(StatusError::of(head, body)));
        }
        let body = text::lenient(head, bytes)?;
        let envelope = read(&body)?;
        match envelope.mismatches.first() {
            Some(first) if self.shared.strict => Err(Error::mismatch(first, body.text())),
            _ => Ok((envelope, body.into_text())),
        }
    }

    /// What a response must not repeat in an error: the secrets of the request and the one that it is signed with.
    fn secrets<'a>(&'a self, signed: &'a SignedRequest) -> impl Iterator<Item = &'a str> + Clone {
        signed.parameters().secrets().chain([self.shared.application.secret()])
    }

    async fn permit(&self, method: &str, deadline: Instant) -> Result<Permit, Error> {
        let turn = Turn::new(self.shared.application.key(), method, deadline.saturating_duration_since(Instant::now()));
        match timeout_at(deadline, self.shared.limiter.acquire(turn)).await {
            Ok(permit) => permit.map_err(Error::Limit),
            Err(_) => Err(Error::Limit(LimitError::out_of_time())),
        }
    }

    /// Tells the limiter of a ban, which concerns others' calls too.
    async fn tell_limiter(&self, error: &Error, method: &str, deadline: Instant) {
        if let Some(refusal) = error.platform()
            && let (Some(APP_CALL_LIMITED), Some(time)) = (refusal.code.equivalent(), refusal.retry_after())
        {
            let method = (!refusal.is_limit_of_application()).then_some(method);
            trace::ban(method, time);
            // If it does not get to hear of it in time, others find out for themselves.
            let told = self.shared.limiter.banned(self.shared.application.key(), method, time);
            let _ = timeout_at(deadline, told).await;
        }
    }

    /// Waits for what a call needs before it can be sent, until its deadline.
    async fn in_time<T>(
        &self,
        deadline: Instant,
        what: &str,
        step: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match timeout_at(deadline, step).await {
            Ok(result) => result,
            Err(_) => {
                let error = TransportError::new(TransportKind::Timeout(Timeout::Turn), format!("no {what} in time"));
                Err(self.at_gateway(error))
            }
        }
    }

    fn at_gateway(&self, error: TransportError) -> Error {
        failed_at(&self.shared.endpoint.redacted(), error)
    }
}

/// Turns a failed exchange with `url` into the error of a call. A file that cannot be read and a runtime that cannot connect
/// come through the transport, but are not its errors.
pub(super) fn failed_at(url: &str, error: TransportError) -> Error {
    let error = match error.into_source::<FileError>() {
        Ok(error) => return Error::File(error),
        Err(error) => error,
    };
    match error.into_source::<ConfigurationError>() {
        Ok(error) => Error::Configuration(error),
        Err(error) => Error::Transport(error.at(url)),
    }
}

/// The platform's code for a time that is not its own.
const INVALID_TIMESTAMP: i64 = 31;

/// The platform's code for a quota or a rate that is used up.
const APP_CALL_LIMITED: i64 = 7;

/// What tracing is told of a result.
fn outcome(result: &Result<Answer, Error>) -> Result<Option<&str>, &Error> {
    result.as_ref().map(|answer| answer.envelope.request_id.as_deref())
}
