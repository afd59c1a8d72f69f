//! One HTTP exchange, within limits of time and size.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use crate::client::{Shared, Timeouts};
use crate::error::{Timeout, TransportError, TransportKind};
use crate::transport::{Chunks, HttpRequest};
use crate::upload::UploadProgress;
use top_protocol::RawBody;
use top_protocol::internal::ResponseHead;

/// A received response with any status.
pub(super) struct Received {
    pub(super) head: ResponseHead,
    pub(super) bytes: Vec<u8>,
    /// Whether the body is truncated. Only for an error status, where a part is enough.
    pub(super) truncated: bool,
}

impl Shared {
    /// Sends `request` and receives the response.
    pub(super) async fn exchange(
        &self,
        request: HttpRequest,
        timeouts: Timeouts,
        deadline: Instant,
    ) -> Result<Received, TransportError> {
        let attempt = deadline_after(timeouts.attempt);
        let end = if deadline < attempt { (deadline, Timeout::Call) } else { (attempt, Timeout::Attempt) };
        let deadlines = Deadlines { read: timeouts.read, end };
        let (body, progress) = UploadProgress::watch(request.body);
        let sent = deadlines.wait_while_sending(self.transport.send(HttpRequest { body, ..request }), &progress).await;
        let response = sent.map_err(|error| progress.error().unwrap_or(error))?;
        let (head, mut body) = (ResponseHead { status: response.status, headers: response.headers }, response.body);
        let success = head.is_success();
        let limit = if success { self.body_limit } else { self.body_limit.min(RawBody::LIMIT) };
        let declared = head.headers.get("Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let bytes = Vec::with_capacity(limit.min(declared).min(MAX_RESERVED));
        let mut received = Received { head, bytes, truncated: false };
        match collect(body.as_mut(), &mut received.bytes, limit, &deadlines).await {
            Ok(()) => Ok(received),
            Err(_) if !success => Ok(Received { truncated: true, ..received }),
            Err(mut error) => {
                error.body = RawBody::of_bytes(&received.bytes, true);
                Err(error)
            }
        }
    }
}

/// The maximum memory that is reserved for a declared length: the server may send less.
const MAX_RESERVED: usize = 1 << 20;

/// Appends the chunks of a body to `bytes`, up to `limit` bytes.
async fn collect(
    body: &mut dyn Chunks,
    bytes: &mut Vec<u8>,
    limit: usize,
    deadlines: &Deadlines,
) -> Result<(), TransportError> {
    while let Some(chunk) = deadlines.wait(poll_fn(|context| body.poll_chunk(context).map(Option::transpose))).await? {
        let remaining = limit - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(remaining)]);
        if chunk.len() > remaining {
            return Err(TransportError::new(TransportKind::TooLong, format!("more than {limit} bytes")));
        }
    }
    Ok(())
}

/// The time limits of one exchange.
struct Deadlines {
    read: Option<Duration>,
    /// The end of the exchange, and the timeout to report then.
    end: (Instant, Timeout),
}

impl Deadlines {
    /// Waits for `step`: the next chunk of the response.
    async fn wait<T>(&self, step: impl Future<Output = Result<T, TransportError>>) -> Result<T, TransportError> {
        let (end, timeout) = self.end(Instant::now());
        timeout_at(end, step).await.unwrap_or_else(|elapsed| Err(timed_out(timeout, elapsed)))
    }

    /// Waits for `step` while a request is sent. Each chunk that the transport takes restarts the read timeout.
    async fn wait_while_sending<T>(
        &self,
        step: impl Future<Output = Result<T, TransportError>>,
        progress: &UploadProgress,
    ) -> Result<T, TransportError> {
        let mut step = pin!(step);
        loop {
            let (end, timeout) = self.end(progress.last());
            match timeout_at(end, step.as_mut()).await {
                Ok(result) => return result,
                Err(_) if self.end(progress.last()).0 > end => {}
                Err(elapsed) => return Err(timed_out(timeout, elapsed)),
            }
        }
    }

    /// Returns the deadline after the last progress, and the timeout to report then.
    fn end(&self, last: Instant) -> (Instant, Timeout) {
        let idle = self.read.map(|read| last + read.min(FAR_FUTURE)).filter(|end| *end < self.end.0);
        idle.map_or(self.end, |end| (end, Timeout::Read))
    }
}

fn timed_out(timeout: Timeout, elapsed: Elapsed) -> TransportError {
    TransportError::new(TransportKind::Timeout(timeout), elapsed)
}

/// A time that no program waits for, but that every clock can represent.
const FAR_FUTURE: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// Returns the instant after `time`, at most a hundred years from now.
pub(super) fn deadline_after(time: Duration) -> Instant {
    Instant::now() + time.min(FAR_FUTURE)
}
