//! Sends the calls of a batch in chunks, one request each.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument;

use super::chunk::{Chunk, EncodedCall, ResponsePart};
use super::error::BatchError;
use super::items::{BatchItems, ErasedCall};
use crate::call::failed_at;
use crate::client::{Client, Shared};
use crate::clock::PlatformClock;
use crate::endpoint::Endpoint;
use crate::error::{ConfigurationError, ConfigurationKind, Error, Timeout, TransportError, TransportKind};
use crate::received::{ban, refuses_timestamp, unsuccessful};
use crate::report::Report;
use crate::runtime;
use crate::trace;
use crate::transport::{HttpMethod, HttpRequest};
use top_protocol::internal::{ResponseHead, decode_value, encoded};
use top_protocol::{
    Authorization, DecodeError, PUBLIC_PARAMETERS, ParameterPlacement, Parameters, Problem, ResponseBody, Violation,
    Violations, signature,
};

/// The separator of calls, and of responses.
const SEPARATOR: &str = "\r\n-S-\r\n";

/// The name of a batch in traces.
const NAME: &str = "batch";

/// The settings of a batch.
pub(super) struct BatchSender<'b> {
    pub(super) client: &'b Client,
    pub(super) chunk_size: usize,
    pub(super) url: Option<&'b str>,
}

type PartResult = Result<ResponsePart, BatchError>;

/// Sends the calls of `items` and returns their results in order.
pub(super) async fn send(sender: &BatchSender<'_>, items: &impl BatchItems) -> Vec<PartResult> {
    let calls = items.calls().len();
    if calls == 0 {
        return Vec::new();
    }
    let prepared = async {
        runtime::current()?;
        let endpoint = sender.endpoint()?;
        let session = sender.session(items).await?;
        Ok((endpoint, session))
    };
    let (endpoint, session) = match prepared.await {
        Ok(prepared) => prepared,
        Err(error) => {
            let error = Arc::new(error);
            return (0..calls).map(|_| Err(BatchError::of_request(Arc::clone(&error)))).collect();
        }
    };
    let session = session.as_ref().map(ExposeSecret::expose_secret);
    let encode = |call: &dyn ErasedCall| sender.encode(call, session, &endpoint).map_err(BatchError::of_call);
    let encoded: Vec<_> = items.calls().iter().map(|call| encode(call.as_ref())).collect();
    // Calls that cannot be sent keep their place; the others are sent in chunks.
    let (mut outcomes, mut places, mut sendable) = (Vec::new(), Vec::new(), Vec::new());
    for (place, call) in encoded.into_iter().enumerate() {
        match call {
            Ok(call) => {
                places.push(place);
                sendable.push(call);
                outcomes.push(None);
            }
            Err(error) => outcomes.push(Some(Err(error))),
        }
    }
    let mut places = places.into_iter();
    let mut sendable = sendable.into_iter().peekable();
    while sendable.peek().is_some() {
        let chunk = Arc::new(Chunk(sendable.by_ref().take(sender.chunk_size).collect()));
        let results: Vec<PartResult> = match sender.exchange(&chunk, &endpoint).await {
            Ok((head, bodies)) => {
                let part = |body| Ok(ResponsePart { head: head.clone(), body, chunk: Arc::clone(&chunk) });
                bodies.into_iter().map(part).collect()
            }
            Err(error) => {
                let error = Arc::new(error);
                chunk.0.iter().map(|_| Err(BatchError::of_request(Arc::clone(&error)))).collect()
            }
        };
        for (result, place) in results.into_iter().zip(places.by_ref()) {
            outcomes[place] = Some(result);
        }
    }
    outcomes.into_iter().flatten().collect()
}

impl BatchSender<'_> {
    fn endpoint(&self) -> Result<Endpoint, Error> {
        const KIND: ConfigurationKind = ConfigurationKind::Gateway;
        let Shared { endpoint, application, .. } = &*self.client.shared;
        if !matches!(application.dialect.parameters, ParameterPlacement::Form | ParameterPlacement::Query) {
            let message = "the gateway expects JSON or XML bodies, which have one call each: send the calls one by one";
            return Err(ConfigurationError::new(KIND, message).into());
        }
        if let Some(url) = self.url {
            let endpoint = Endpoint::parse(KIND, "the batch gateway", url)?;
            endpoint.check_tls()?;
            return Ok(endpoint);
        }
        let url = endpoint.url();
        let (path, query) = url.split_at(url.find('?').unwrap_or(url.len()));
        if path.ends_with("/router/batch") {
            return Ok(endpoint.clone());
        }
        match path.strip_suffix("/router/rest") {
            Some(start) => Ok(Endpoint::parse(KIND, "the batch gateway", &format!("{start}/router/batch{query}"))?),
            None => {
                let found = endpoint.redacted();
                let message = format!(
                    "cannot derive the URL for batches: expected a gateway that ends with /router/rest, found {found}; set \
                     it with Batch::url"
                );
                Err(ConfigurationError::new(KIND, message).into())
            }
        }
    }

    /// Returns the session of the client, if a call needs it.
    async fn session(&self, items: &impl BatchItems) -> Result<Option<SecretString>, Error> {
        let needs = |call: &dyn ErasedCall| call.session().is_none() && call.authorization() != Authorization::None;
        let authorization = if items.calls().iter().any(|call| needs(call.as_ref())) {
            Authorization::Optional
        } else {
            Authorization::None
        };
        let (client, deadline) = (self.client, self.client.deadline());
        match timeout_at(deadline, client.session.get(authorization)).await {
            Ok(session) => session,
            Err(_) => Err(Error::Transport(TransportError::new(
                TransportKind::Timeout(Timeout::BeforeSend),
                "no session in time",
            ))),
        }
    }

    fn encode(&self, call: &dyn ErasedCall, session: Option<&str>, endpoint: &Endpoint) -> Result<EncodedCall, Error> {
        let method = call.method();
        if call.https_only() {
            endpoint.check_https(method)?;
        }
        let shared = &self.client.shared;
        let signed = call.sign(&shared.application, call.session().or(session), shared.clock.now())?;
        let files: Vec<_> = signed.files().map(|(name, _)| Violation::new(name, Problem::FileInBatch)).collect();
        if !files.is_empty() {
            return Err(Error::Invalid(Violations::new(method, files)));
        }
        let session = &shared.application.dialect.session_parameter;
        let own = |name: &str| name == "method" || name == session || !PUBLIC_PARAMETERS.contains(&name);
        let pairs = signed.parameters().pairs().filter(|(name, _)| own(name));
        let pairs: Vec<_> = pairs.map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let form = pairs.join("&");
        Ok(EncodedCall { method, reads: call.reads(), signed, form })
    }

    /// Sends a chunk, with retries by the retry policy. Returns a body for every call.
    async fn exchange(&self, chunk: &Chunk, endpoint: &Endpoint) -> Result<(ResponseHead, Vec<Vec<u8>>), Error> {
        let report = Report::of_call(NAME);
        let result = self.attempts(chunk, endpoint).instrument(report.span()).await;
        report.ended(result.as_ref().map(|_| None));
        result
    }

    async fn attempts(&self, chunk: &Chunk, endpoint: &Endpoint) -> Result<(ResponseHead, Vec<Vec<u8>>), Error> {
        let (policy, deadline) = (&self.client.retry, self.client.deadline());
        let reads = chunk.0.iter().all(|call| call.reads);
        let (mut made, mut corrected) = (0, false);
        loop {
            let mut clock_corrected = false;
            let mut error = match self.attempt(chunk, endpoint, deadline, &mut clock_corrected).await {
                Ok(parts) => return Ok(parts),
                Err(error) => error,
            };
            error.redact(chunk.secrets(self.client));
            if clock_corrected && !corrected && policy.allows(&error, reads) {
                corrected = true;
                continue;
            }
            // Only a ban of the whole application applies to a batch.
            if let Some(ban @ (None, _)) = ban(&error, NAME) {
                self.client.report_ban(ban, self.client.deadline()).await;
            }
            made += 1;
            let Some(pause) = policy.pause(&error, reads, made) else { return Err(error) };
            if Instant::now().checked_add(pause).is_none_or(|next| next >= deadline) {
                return Err(error);
            }
            trace::retrying(made, pause);
            sleep(pause).await;
        }
    }

    async fn attempt(
        &self,
        chunk: &Chunk,
        endpoint: &Endpoint,
        deadline: Instant,
        clock_corrected: &mut bool,
    ) -> Result<(ResponseHead, Vec<Vec<u8>>), Error> {
        let shared = &self.client.shared;
        let mut permit = None;
        for call in &chunk.0 {
            // The calls of a batch are one request: a limit of concurrency counts them once.
            drop(permit.take());
            permit = Some(self.client.permit(call.method, deadline).await?);
        }
        let forms: Vec<_> = chunk.0.iter().map(|call| call.form.as_str()).collect();
        let body = forms.join(SEPARATOR);
        let clock_offset = shared.clock.offset();
        let query = self.query(&body, clock_offset).to_form();
        let request = HttpRequest::new(HttpMethod::Post, endpoint.url_with(&query), body)
            .header("Content-Type", "text/plain;charset=UTF-8");
        let received = shared.exchange(request, self.client.timeouts, deadline).await;
        let received = received.map_err(|error| failed_at(endpoint.redacted(), error))?;
        let head = received.head;
        let whole = |body: &ResponseBody| decode_value(body, NAME, false);
        if !head.is_success() {
            return Err(unsuccessful(&head, &received.bytes, received.truncated, &whole));
        }
        let parts = split(&received.bytes);
        if parts.len() == chunk.0.len() {
            return Ok((head, parts));
        }
        let body = ResponseBody::from(received.bytes);
        // The gateway refuses a batch with one document.
        let error = match whole(&body) {
            Err(error @ top_protocol::Error::Platform(_)) => error.into(),
            _ => {
                let (expected, found) = (format!("{} responses", chunk.0.len()), format!("{}", parts.len()));
                let problem = format!("expected {expected}, found {found}");
                Error::Decode(DecodeError::new(problem, expected, found).with_body(body.text()))
            }
        };
        if refuses_timestamp(&error) {
            *clock_corrected = shared.clock.update(&head, clock_offset);
        }
        Err(error)
    }

    /// The public parameters of a batch. Sessions are in its calls: a URL is written to the logs of proxies.
    fn query(&self, body: &str, clock_offset: i64) -> Parameters {
        let application = &self.client.shared.application;
        let mut query = Parameters::new();
        application.set_public(&mut query);
        application.set_timestamp(PlatformClock::at(clock_offset), &mut query);
        let sign = signature(application.sign_method, application.secret(), query.pairs(), body.as_bytes());
        query.set("sign", sign);
        query
    }
}

/// Splits a body at the separators. Its parts are decoded one by one: a damaged one does not affect the others.
fn split(body: &[u8]) -> Vec<Vec<u8>> {
    let (mut parts, mut rest) = (Vec::new(), body);
    while let Some(at) = rest.windows(SEPARATOR.len()).position(|window| window == SEPARATOR.as_bytes()) {
        parts.push(rest[..at].to_vec());
        rest = &rest[at + SEPARATOR.len()..];
    }
    parts.push(rest.to_vec());
    parts
}
