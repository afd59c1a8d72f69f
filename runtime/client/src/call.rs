//! The path of every call: prepare the request once, then attempt it until it succeeds or its error is final.

use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument;

use crate::client::Client;
use crate::clock::PlatformClock;
use crate::error::{ConfigurationError, Error, Timeout, TransportError, TransportKind};
use crate::exchange::{Received, deadline_after};
use crate::limit::limiter::Permit;
use crate::observer::Attempt;
use crate::received::{Decode, ban, decode_as, decoded, refuses_timestamp, unsuccessful};
use crate::report::Report;
use crate::transport::{HttpMethod, HttpRequest};
use crate::{runtime, trace, upload};
use top_protocol::internal::{PreparedRequest, ResponseHead};
use top_protocol::{Authorization, FileError, Request, Response, SignedRequest};

/// A call of a method.
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    pub(super) authorization: Authorization,
    pub(super) https_only: bool,
    /// Whether the method changes nothing, so that a call may be retried.
    pub(super) reads: bool,
    pub(super) prepare: &'a Prepare<'a>,
}

/// Validates and encodes the request of a call.
pub(super) type Prepare<'a> = dyn Fn() -> Result<PreparedRequest<'a>, top_protocol::Error> + Sync + 'a;

impl Client {
    /// Validates and signs `request`, sends it, and decodes the response.
    ///
    /// # Errors
    ///
    /// Every error of a call: see [`Error`].
    pub async fn execute<R: Request>(&self, request: &R) -> Result<Response<R::Response>, Error> {
        let has_session = self.session.is_set();
        let call = Call {
            method: R::METHOD,
            authorization: R::AUTHORIZATION,
            https_only: R::HTTPS_ONLY,
            reads: R::READS,
            prepare: &|| self.shared.application.prepare(request, has_session),
        };
        self.execute_attempts(call, &decode_as::<R>).await
    }

    /// Returns the request that [`execute`](Self::execute) would send now, without a session from a provider. `Debug`
    /// redacts its secrets.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the request violates the documented limits.
    pub fn sign<R: Request>(&self, request: &R) -> Result<SignedRequest, Error> {
        Ok(self.shared.application.sign(request, self.session.fixed(), self.shared.clock.now())?)
    }

    /// Executes `call` and returns its decoded response. Sends the request again as the retry policy allows, and once more
    /// after a refused session or timestamp.
    pub(super) async fn execute_attempts<'a, T>(
        &'a self,
        call: Call<'a>,
        decode: &Decode<'_, T>,
    ) -> Result<Response<T>, Error> {
        let report = Report::of_call(call.method);
        let result = self.attempts(call, decode).instrument(report.span()).await;
        report.ended(outcome(&result));
        result
    }

    async fn attempts<'a, T>(&'a self, call: Call<'a>, decode: &Decode<'_, T>) -> Result<Response<T>, Error> {
        let mut attempts = Attempts::prepare(self, call)?;
        loop {
            match attempts.attempt(decode).await {
                Ok(response) => return Ok(response),
                Err(error) => attempts.wait_for_next(error).await?,
            }
        }
    }
}

/// The attempts to send one prepared request.
struct Attempts<'a> {
    client: &'a Client,
    call: Call<'a>,
    request: PreparedRequest<'a>,
    deadline: Instant,
    /// The number of the current attempt.
    number: u32,
    /// How many attempts count against the retry policy: those after a refused session or timestamp do not.
    counted: u32,
    session_renewed: bool,
    clock_corrected: bool,
    /// The session of the current attempt.
    session: Option<SecretString>,
    /// Whether the platform refused the timestamp of the current attempt, and the next one has another.
    clock_updated: bool,
}

/// An attempt that has its response. The permit is held until the limiter knows of a ban in it.
struct Exchanged {
    received: Received,
    /// The offset of the platform's clock in the timestamp.
    clock_offset: i64,
    _permit: Permit,
}

impl<'a> Attempts<'a> {
    fn prepare(client: &'a Client, call: Call<'a>) -> Result<Self, Error> {
        runtime::current()?;
        if call.https_only {
            client.shared.endpoint.check_https(call.method)?;
        }
        Ok(Self {
            client,
            request: (call.prepare)()?,
            call,
            deadline: client.deadline(),
            number: 0,
            counted: 0,
            session_renewed: false,
            clock_corrected: false,
            session: None,
            clock_updated: false,
        })
    }

    /// Makes the next attempt.
    async fn attempt<T>(&mut self, decode: &Decode<'_, T>) -> Result<Response<T>, Error> {
        self.number += 1;
        (self.session, self.clock_updated) = (None, false);
        let shared = &self.client.shared;
        let gateway = shared.endpoint.redacted();
        let attempt = Attempt::new(self.call.method, self.number, shared.application.key(), gateway);
        let mut report = Report::of_attempt(attempt, &shared.observers);
        let span = report.span();
        let result = async {
            let Exchanged { received, clock_offset, _permit } = self.exchange(&mut report).await?;
            match self.decode(&received.head, received.bytes, received.truncated, decode) {
                Ok(response) => Ok(response.with_head(received.head)),
                Err(error) => Err(self.refused(error, &received.head, clock_offset).await),
            }
        };
        let result = result.instrument(span).await;
        report.ended(outcome(&result));
        result
    }

    /// Waits for the session and the limiter, signs and sends the request, and receives the response.
    async fn exchange(&mut self, report: &mut Report<'_>) -> Result<Exchanged, Error> {
        let Client { shared, session, timeouts, .. } = self.client;
        // The session comes before the permit: refreshing it takes calls that need permits of their own.
        self.session = self.in_time("session", session.get(self.call.authorization)).await?;
        let session = self.session.as_ref().map(ExposeSecret::expose_secret);
        self.request.check_session(session)?;
        let permit = self.client.permit(self.call.method, self.deadline).await?;
        let clock_offset = shared.clock.offset();
        let signed = self.request.sign(session, PlatformClock::at(clock_offset))?;
        let (query, content_type, payload) = (signed.query(), signed.content_type(), upload::payload(signed));
        let payload = in_time(self.client, self.deadline, "file", payload).await?;
        let url = if query.is_empty() { shared.endpoint.url().into() } else { shared.endpoint.url_with(&query) };
        // A GET has no body.
        let request = match content_type.as_str() {
            "" => HttpRequest::new(HttpMethod::Get, url, payload),
            _ => HttpRequest::new(HttpMethod::Post, url, payload).header("Content-Type", content_type),
        };
        report.sent();
        let received = shared.exchange(request, *timeouts, self.deadline).await;
        report.received(received.as_ref().ok().map(|received| received.head.status));
        let received = received.map_err(|error| self.client.at_gateway(error))?;
        Ok(Exchanged { received, clock_offset, _permit: permit })
    }

    /// Decodes the body of a response with any status.
    fn decode<T>(
        &self,
        head: &ResponseHead,
        bytes: Vec<u8>,
        truncated: bool,
        decode: &Decode<'_, T>,
    ) -> Result<Response<T>, Error> {
        if !head.is_success() {
            return Err(unsuccessful(head, &bytes, truncated, decode));
        }
        decoded(self.client.shared.strict, head, bytes, self.request.secrets(), decode)
    }

    /// Redacts the error of a response, and applies its facts: the platform's time, or a ban.
    async fn refused(&mut self, mut error: Error, head: &ResponseHead, clock_offset: i64) -> Error {
        error.redact(self.request.secrets());
        if refuses_timestamp(&error) {
            self.clock_updated = self.client.shared.clock.update(head, clock_offset);
        }
        if let Some(ban) = ban(&error, self.call.method) {
            self.client.report_ban(ban, self.deadline).await;
        }
        error
    }

    /// Waits until the next attempt is due, or returns `error` if it is final.
    async fn wait_for_next(&mut self, error: Error) -> Result<(), Error> {
        let Client { retry, session, .. } = self.client;
        // Most gateways check the time and the session before anything else, but a service behind one may also refuse a
        // session, in the middle of its work.
        let repeatable = retry.allows(&error, self.call.reads);
        if self.clock_updated && !self.clock_corrected && repeatable {
            self.clock_corrected = true;
            return self.check_files(error);
        }
        if let (Some(used), Some(refusal), false) = (&self.session, error.platform(), self.session_renewed)
            && refusal.is_session_invalid()
            // The next call needs another session even if this one is not retried.
            && timeout_at(self.deadline, session.refused(used, refusal)).await == Ok(true)
            && repeatable
        {
            trace::session_replaced();
            self.session_renewed = true;
            return self.check_files(error);
        }
        self.counted += 1;
        let Some(pause) = retry.pause(&error, self.call.reads, self.counted) else {
            return Err(error);
        };
        if Instant::now().checked_add(pause).is_none_or(|next| next >= self.deadline) {
            return Err(error);
        }
        self.check_files(error)?;
        trace::retrying(self.number, pause);
        sleep(pause).await;
        Ok(())
    }

    /// Returns `error` if a file of the request cannot be sent again.
    fn check_files(&self, error: Error) -> Result<(), Error> {
        match self.request.consumed() {
            Some(attachment) => {
                trace::file_consumed(&attachment.name);
                Err(error)
            }
            None => Ok(()),
        }
    }

    async fn in_time<T>(&self, what: &str, step: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        in_time(self.client, self.deadline, what, step).await
    }
}

/// Waits until `deadline` for a step before the request is sent.
async fn in_time<T>(
    client: &Client,
    deadline: Instant,
    what: &str,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match timeout_at(deadline, step).await {
        Ok(result) => result,
        Err(_) => {
            let error = TransportError::new(TransportKind::Timeout(Timeout::BeforeSend), format!("no {what} in time"));
            Err(client.at_gateway(error))
        }
    }
}

impl Client {
    /// Returns the end of a call with all its attempts.
    pub(super) fn deadline(&self) -> Instant {
        deadline_after(self.retry.total_time(self.timeouts.attempt))
    }

    fn at_gateway(&self, error: TransportError) -> Error {
        failed_at(self.shared.endpoint.redacted(), error)
    }
}

/// Converts the error of an exchange with `url` into the error of a call. A file that cannot be read and a missing I/O
/// driver are reported through the transport, but are not transport errors.
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

fn outcome<T>(result: &Result<Response<T>, Error>) -> Result<Option<&str>, &Error> {
    result.as_ref().map(Response::request_id)
}
