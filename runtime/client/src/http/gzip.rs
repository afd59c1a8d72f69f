//! Decoding of compressed responses.

use std::io::{self, BufRead, Read};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use flate2::bufread::MultiGzDecoder;

use crate::error::{TransportError, TransportKind};
use crate::transport::Chunks;

/// The maximum size of a decoded chunk: a small body may decode to a huge one.
const CHUNK: usize = 32 << 10;

/// A decoded body.
pub(super) struct Decoded<B> {
    body: B,
    decoder: MultiGzDecoder<Received>,
}

impl<B: Chunks> Decoded<B> {
    pub(super) fn new(body: B) -> Self {
        Self { body, decoder: MultiGzDecoder::new(Received { bytes: Bytes::new(), ended: false }) }
    }
}

impl<B: Chunks> Chunks for Decoded<B> {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        let mut chunk = vec![0; CHUNK];
        loop {
            match self.decoder.read(&mut chunk) {
                Ok(0) => return Poll::Ready(None),
                Ok(length) => {
                    chunk.truncate(length);
                    return Poll::Ready(Some(Ok(chunk.into())));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let received = self.decoder.get_mut();
                    match ready!(self.body.poll_chunk(context)) {
                        Some(Ok(bytes)) => received.bytes = bytes,
                        Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                        None => received.ended = true,
                    }
                }
                Err(error) => return Poll::Ready(Some(Err(TransportError::new(TransportKind::Interrupted, error)))),
            }
        }
    }
}

/// The bytes that are received and not decoded yet.
struct Received {
    bytes: Bytes,
    /// Whether there are no more.
    ended: bool,
}

impl BufRead for Received {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.bytes.is_empty() && !self.ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(&self.bytes)
    }

    fn consume(&mut self, length: usize) {
        self.bytes.advance(length);
    }
}

impl Read for Received {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}
