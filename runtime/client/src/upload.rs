//! The body of a request with files, read while it is sent.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::Instant;

use super::lock::locked;
use super::transport::{Chunks, Payload};
use crate::error::{Error, TransportError, TransportKind};
use top_protocol::internal::{Attachment, Content, LengthCheck, Reader, Segment, length, read_uninterrupted, reopen};
use top_protocol::{File, FileError, FileProblem, SignedRequest};

/// How much of a file is in memory at a time.
const CHUNK: usize = 128 << 10;

/// The body of `signed`. Files on disk are opened here, and found to be as they were; streams are begun when the first
/// of their bytes is sent.
pub(super) async fn payload(signed: &SignedRequest) -> Result<Payload, Error> {
    let Some(pieces) = signed.segments() else {
        return Ok(Payload::from(signed.parameters().to_form()));
    };
    let length = length(&pieces);
    let mut parts = VecDeque::new();
    for piece in pieces {
        parts.push_back(match piece {
            Segment::Text(text) => Part::Memory(Bytes::from(text)),
            Segment::File(attachment) => {
                let name = attachment.name.clone();
                part(attachment).await.map_err(|error| error.for_parameter(&name))?
            }
        });
    }
    Ok(Payload::Stream { chunks: Box::new(Upload { parts: Mutex::new(parts) }), length })
}

async fn part(attachment: Attachment) -> Result<Part, FileError> {
    let Attachment { name, file, limit } = attachment;
    let source = match file.content() {
        Content::Bytes(bytes) => return Ok(Part::Memory(Bytes::from_owner(bytes.clone()))),
        Content::Path { path, length, .. } => {
            let (path, length) = (path.clone(), *length);
            let opened = spawn_blocking(move || reopen(&path, length)).await;
            Source::Blocking(Some(Box::new(
                opened.map_err(|error| file.error(FileProblem::Unreadable).with_source(error))??,
            )))
        }
        Content::Stream(stream) if stream.is_fresh() => Source::Fresh,
        Content::Stream(_) => return Err(file.error(FileProblem::AlreadyRead)),
    };
    Ok(Part::File(Reading {
        name,
        check: LengthCheck::new(file.length(), limit),
        file,
        source,
        runtime: Handle::current(),
    }))
}

/// The parts that are still to be sent.
struct Upload {
    /// Nobody waits for it: readers are not for several threads at once, and the bodies of requests must be.
    parts: Mutex<VecDeque<Part>>,
}

enum Part {
    Memory(Bytes),
    File(Reading),
}

/// A file that is being read.
struct Reading {
    /// The parameter's.
    name: Cow<'static, str>,
    file: File,
    check: LengthCheck,
    source: Source,
    /// Where the call was made; a transport may ask for the file from anywhere.
    runtime: Handle,
}

type BoxRead = Box<dyn Read + Send>;

enum Source {
    /// A stream that has not been begun.
    Fresh,
    /// A reader that may block; `None` once it is lost.
    Blocking(Option<BoxRead>),
    /// The same while it reads, on a thread where it may.
    Busy(JoinHandle<(BoxRead, io::Result<Vec<u8>>)>),
    Async(Pin<Box<dyn AsyncRead + Send>>),
}

impl Chunks for Upload {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        let parts = self.parts.get_mut().unwrap_or_else(PoisonError::into_inner);
        while let Some(part) = parts.front_mut() {
            let chunk = match part {
                Part::Memory(bytes) => std::mem::take(bytes),
                Part::File(reading) => match ready!(reading.poll(context)) {
                    Ok(chunk) => chunk,
                    Err(error) => {
                        let error = error.for_parameter(&reading.name).while_sending();
                        parts.clear();
                        let error = TransportError::new(TransportKind::Upload, error);
                        return Poll::Ready(Some(Err(error)));
                    }
                },
            };
            if !chunk.is_empty() {
                return Poll::Ready(Some(Ok(chunk)));
            }
            parts.pop_front();
        }
        Poll::Ready(None)
    }
}

impl Reading {
    /// The next of its bytes; none at its end.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, FileError>> {
        let read = ready!(self.poll_read(context))?;
        self.check.advance(read.len()).map_err(|problem| self.file.error(problem))?;
        Poll::Ready(Ok(read))
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, FileError>> {
        loop {
            match &mut self.source {
                Source::Fresh => {
                    let reader = match self.file.content() {
                        Content::Stream(stream) => stream.take(),
                        _ => None,
                    };
                    self.source = match reader {
                        Some(Reader::Blocking(reader)) => Source::Blocking(Some(reader)),
                        Some(Reader::Async(reader)) => Source::Async(reader),
                        // Another call was quicker.
                        None => return Poll::Ready(Err(self.file.error(FileProblem::AlreadyRead))),
                    };
                }
                Source::Blocking(reader) => {
                    let Some(mut reader) = reader.take() else {
                        return Poll::Ready(Err(self.file.error(FileProblem::AlreadyRead)));
                    };
                    self.source = Source::Busy(self.runtime.spawn_blocking(move || {
                        let mut chunk = vec![0; CHUNK];
                        let read = read_uninterrupted(reader.as_mut(), &mut chunk);
                        (
                            reader,
                            read.map(|read| {
                                chunk.truncate(read);
                                chunk
                            }),
                        )
                    }));
                }
                Source::Busy(task) => {
                    // A reader that panics is lost, and so is one whose runtime ends.
                    let (reader, read) = ready!(Pin::new(task).poll(context))
                        .map_err(|error| self.file.error(FileProblem::Unreadable).with_source(error))?;
                    self.source = Source::Blocking(Some(reader));
                    return Poll::Ready(
                        read.map(Bytes::from)
                            .map_err(|error| self.file.error(FileProblem::Unreadable).with_source(error)),
                    );
                }
                Source::Async(reader) => {
                    let mut chunk = vec![0; CHUNK];
                    let mut buffer = ReadBuf::new(&mut chunk);
                    ready!(reader.as_mut().poll_read(context, &mut buffer))
                        .map_err(|error| self.file.error(FileProblem::Unreadable).with_source(error))?;
                    let read = buffer.filled().len();
                    chunk.truncate(read);
                    return Poll::Ready(Ok(Bytes::from(chunk)));
                }
            }
        }
    }
}

/// How far the body of a request has come, as seen from outside of the transport that sends it.
#[derive(Clone)]
pub(super) struct Progress(Arc<Mutex<State>>);

struct State {
    last: Instant,
    error: Option<TransportError>,
}

impl Progress {
    /// The same body, watched.
    pub(super) fn watch(body: Payload) -> (Payload, Self) {
        let progress = Self(Arc::new(Mutex::new(State { last: Instant::now(), error: None })));
        let body = match body {
            Payload::Stream { chunks, length } => {
                Payload::Stream { chunks: Box::new(Watched { chunks, progress: progress.clone() }), length }
            }
            body => body,
        };
        (body, progress)
    }

    /// When the transport last took a piece of it.
    pub(super) fn last(&self) -> Instant {
        self.with(|state| state.last)
    }

    /// Why it could not be read, which is told here because a transport may lose it.
    pub(super) fn error(&self) -> Option<TransportError> {
        self.with(|state| state.error.take())
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut locked(&self.0))
    }
}

struct Watched {
    chunks: Box<dyn Chunks>,
    progress: Progress,
}

impl Chunks for Watched {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        let chunk = ready!(self.chunks.poll_chunk(context));
        self.progress.with(|state| state.last = Instant::now());
        Poll::Ready(match chunk {
            Some(Err(error)) => {
                let stand_in = TransportError::new(error.kind, error.to_string());
                self.progress.with(|state| state.error = Some(error));
                Some(Err(stand_in))
            }
            chunk => chunk,
        })
    }
}
