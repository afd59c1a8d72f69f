//! One exchange with a gateway: a request out and an answer in, within limits of time and size.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use super::Shared;
use super::transport::{Chunks, HttpRequest};
use super::upload::Progress;
use crate::error::{Timeout, TransportError, TransportKind};
use top_protocol::RawBody;
use top_protocol::internal::ResponseHead;

/// How long an exchange may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// In all.
    pub(super) attempt: Duration,
    /// In silence.
    pub(super) read: Option<Duration>,
}

/// An answer, whatever its status.
pub(super) struct Received {
    pub(super) head: ResponseHead,
    pub(super) bytes: Vec<u8>,
    /// Whether the body may go on; only where the status tells of a failure, of which a part is enough.
    pub(super) cut: bool,
}

impl Shared {
    /// Sends `request` and receives the answer to it.
    pub(super) async fn exchange(
        &self,
        request: HttpRequest,
        timeouts: Timeouts,
        deadline: Instant,
    ) -> Result<Received, TransportError> {
        let attempt = ends_in(timeouts.attempt);
        let end = if deadline < attempt { (deadline, Timeout::Call) } else { (attempt, Timeout::Attempt) };
        let patience = Patience { read: timeouts.read, end };
        let (body, progress) = Progress::watch(request.body);
        let sent = patience.while_sending(self.transport.send(HttpRequest { body, ..request }), &progress).await;
        let answer = sent.map_err(|error| progress.error().unwrap_or(error))?;
        let (head, mut body) = (ResponseHead { status: answer.status, headers: answer.headers }, answer.body);
        let mut received = Received { head, bytes: Vec::new(), cut: false };
        let success = received.head.is_success();
        let limit = if success { self.body_limit } else { self.body_limit.min(RawBody::LIMIT) };
        match collect(body.as_mut(), &mut received.bytes, limit, &patience).await {
            Ok(()) => Ok(received),
            Err(_) if !success => Ok(Received { cut: true, ..received }),
            Err(mut error) => {
                error.body = RawBody::of_bytes(&received.bytes, true);
                Err(error)
            }
        }
    }
}

/// Appends the pieces of a body to `bytes`, up to `limit` of them.
async fn collect(
    body: &mut dyn Chunks,
    bytes: &mut Vec<u8>,
    limit: usize,
    patience: &Patience,
) -> Result<(), TransportError> {
    while let Some(chunk) = patience.with(poll_fn(|context| body.poll_chunk(context).map(Option::transpose))).await? {
        let room = limit - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return Err(TransportError::new(TransportKind::TooLong, format!("more than {limit} bytes")));
        }
    }
    Ok(())
}

/// How long to wait for the other side.
struct Patience {
    read: Option<Duration>,
    /// When there is none left, and which time that is.
    end: (Instant, Timeout),
}

impl Patience {
    /// Waits for `step`, the next sign of life.
    async fn with<T>(&self, step: impl Future<Output = Result<T, TransportError>>) -> Result<T, TransportError> {
        let (end, timeout) = self.end(Instant::now());
        timeout_at(end, step).await.unwrap_or_else(|elapsed| Err(too_late(timeout, elapsed)))
    }

    /// Waits for `step`, while a request is sent. The gateway is not silent as long as it takes pieces of it.
    async fn while_sending<T>(
        &self,
        step: impl Future<Output = Result<T, TransportError>>,
        progress: &Progress,
    ) -> Result<T, TransportError> {
        let mut step = pin!(step);
        loop {
            let (end, timeout) = self.end(progress.last());
            match timeout_at(end, step.as_mut()).await {
                Ok(result) => return result,
                Err(_) if self.end(progress.last()).0 > end => {}
                Err(elapsed) => return Err(too_late(timeout, elapsed)),
            }
        }
    }

    /// When time is up after the last sign of life, and which time that is.
    fn end(&self, last: Instant) -> (Instant, Timeout) {
        let silent = self.read.map(|read| last + read.min(LONG)).filter(|end| *end < self.end.0);
        silent.map_or(self.end, |end| (end, Timeout::Read))
    }
}

fn too_late(timeout: Timeout, elapsed: Elapsed) -> TransportError {
    TransportError::new(TransportKind::Timeout(timeout), elapsed)
}

/// Longer than any clock of a program goes on.
const LONG: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// The end of a time that begins now. One that no clock sees is as good as one in a hundred years.
pub(super) fn ends_in(time: Duration) -> Instant {
    Instant::now() + time.min(LONG)
}
