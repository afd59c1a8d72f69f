//! One exchange with a gateway: a request out and an answer in, within limits of time and size.

use std::future::poll_fn;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Shared;
use super::transport::{Chunks, HttpRequest};
use crate::protocol::{Error, Head, RawBody, StatusError, Timeout, TransportError, TransportKind};

/// How long an exchange may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// In all.
    pub(super) attempt: Duration,
    /// In silence.
    pub(super) read: Option<Duration>,
}

impl Shared {
    /// Sends `request` and returns the head and the text of an answer whose status is 2xx.
    pub(super) async fn exchange(&self, request: HttpRequest, deadline: Instant) -> Result<(Head, String), Error> {
        let clock = Clock { read: self.timeouts.read, end: deadline.min(Instant::now() + self.timeouts.attempt) };
        let at_gateway = |error: TransportError| Error::Transport(error.at(self.gateway.url()));
        let answer = clock.limit(self.transport.send(request)).await.map_err(at_gateway)?;
        let (head, mut body) = (Head { status: answer.status, headers: answer.headers }, answer.body);
        if !(200..300).contains(&head.status) {
            // What came of it so far is enough, however it ends.
            let (bytes, end) = collected(body.as_mut(), RawBody::LIMIT.min(self.body_limit), &clock).await;
            return Err(Error::Status(StatusError::new(&head, RawBody::of_bytes(&bytes, end.is_err()))));
        }
        let (bytes, end) = collected(body.as_mut(), self.body_limit, &clock).await;
        if let Err(mut error) = end {
            error.body = RawBody::of_bytes(&bytes, true);
            return Err(at_gateway(error));
        }
        Ok((head, String::from_utf8(bytes).map_err(|error| Error::not_utf8(&error))?))
    }
}

/// The pieces of a body, up to `limit` bytes, and how it ended.
async fn collected(body: &mut dyn Chunks, limit: usize, clock: &Clock) -> (Vec<u8>, Result<(), TransportError>) {
    let mut bytes = Vec::new();
    loop {
        match clock.limit(poll_fn(|context| body.poll_chunk(context).map(Option::transpose))).await {
            Ok(Some(chunk)) if chunk.len() > limit - bytes.len() => {
                bytes.extend_from_slice(&chunk[..limit - bytes.len()]);
                let problem = format!("more than {limit} bytes");
                return (bytes, Err(TransportError::new(TransportKind::TooLong, problem)));
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return (bytes, Ok(())),
            Err(error) => return (bytes, Err(error)),
        }
    }
}

/// The limits of time that hold for one exchange.
struct Clock {
    read: Option<Duration>,
    end: Instant,
}

impl Clock {
    /// Waits for `step`, the next sign of life.
    async fn limit<T>(&self, step: impl Future<Output = Result<T, TransportError>>) -> Result<T, TransportError> {
        let silence = self.read.map(|read| Instant::now() + read).filter(|end| *end < self.end);
        let (end, timeout) = match silence {
            Some(end) => (end, Timeout::Read),
            None => (self.end, Timeout::Attempt),
        };
        match timeout_at(end, step).await {
            Ok(result) => result,
            Err(elapsed) => Err(TransportError::new(TransportKind::Timeout(timeout), elapsed)),
        }
    }
}
