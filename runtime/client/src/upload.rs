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

use crate::error::{Error, TransportError, TransportKind};
use crate::transport::{Chunks, Payload};
use top_protocol::internal::{
    Attachment, Content, LengthCheck, Reader, Segment, length, locked, read_uninterrupted, reopen,
};
use top_protocol::{File, FileError, FileProblem, SignedRequest};

/// The size of a chunk of a file.
const CHUNK: usize = 128 << 10;

/// Creates the body of `signed`. Opens the files on disk and checks that they did not change. Streams are read when
/// their first byte is sent.
pub(super) async fn payload(signed: &SignedRequest) -> Result<Payload, Error> {
    let Some(pieces) = signed.segments() else {
        return Ok(Payload::from(signed.text()));
    };
    let length = length(&pieces);
    let mut parts = VecDeque::new();
    for piece in pieces {
        parts.push_back(match piece {
            Segment::Text(text) => BodyPart::Memory(Bytes::from(text)),
            Segment::File(attachment) => {
                let name = attachment.name.clone();
                part(attachment).await.map_err(|error| error.for_parameter(&name))?
            }
        });
    }
    Ok(Payload::Stream { chunks: Box::new(Upload { parts: Mutex::new(parts) }), length })
}

async fn part(attachment: Attachment) -> Result<BodyPart, FileError> {
    let Attachment { name, file, limit } = attachment;
    let source = match file.content() {
        Content::Bytes(bytes) => return Ok(BodyPart::Memory(Bytes::from_owner(bytes.clone()))),
        Content::Path { path, length, .. } => {
            let (path, length) = (path.clone(), *length);
            let opened = spawn_blocking(move || reopen(&path, length)).await;
            ReaderState::Blocking(Some(Box::new(
                opened.map_err(|error| file.error(FileProblem::Unreadable).with_source(error))??,
            )))
        }
        Content::Stream(stream) if stream.is_fresh() => ReaderState::Fresh,
        Content::Stream(_) => return Err(file.error(FileProblem::AlreadyRead)),
    };
    Ok(BodyPart::File(FileReader {
        name,
        check: LengthCheck::new(file.length(), limit),
        file,
        source,
        runtime: Handle::current(),
    }))
}

/// The remaining parts of a body.
struct Upload {
    /// A body must be `Sync`, and readers are not. The lock is never contended.
    parts: Mutex<VecDeque<BodyPart>>,
}

enum BodyPart {
    Memory(Bytes),
    File(FileReader),
}

/// A file that is being read.
struct FileReader {
    /// The name of the parameter.
    name: Cow<'static, str>,
    file: File,
    check: LengthCheck,
    source: ReaderState,
    /// The runtime of the call. A transport may poll the file in another one.
    runtime: Handle,
}

type BoxRead = Box<dyn Read + Send>;

enum ReaderState {
    /// A stream that is not read yet.
    Fresh,
    /// A blocking reader. `None` if it is lost.
    Blocking(Option<BoxRead>),
    /// A blocking reader that is reading, on another thread.
    Busy(JoinHandle<(BoxRead, io::Result<Vec<u8>>)>),
    Async(Pin<Box<dyn AsyncRead + Send>>),
}

impl Chunks for Upload {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        let parts = self.parts.get_mut().unwrap_or_else(PoisonError::into_inner);
        while let Some(part) = parts.front_mut() {
            let chunk = match part {
                BodyPart::Memory(bytes) => std::mem::take(bytes),
                BodyPart::File(reading) => match ready!(reading.poll(context)) {
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

impl FileReader {
    /// Returns the next bytes, or no bytes at the end.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, FileError>> {
        let read = ready!(self.poll_read(context))?;
        self.check.advance(read.len()).map_err(|problem| self.file.error(problem))?;
        Poll::Ready(Ok(read))
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, FileError>> {
        loop {
            match &mut self.source {
                ReaderState::Fresh => {
                    let reader = match self.file.content() {
                        Content::Stream(stream) => stream.take(),
                        _ => None,
                    };
                    self.source = match reader {
                        Some(Reader::Blocking(reader)) => ReaderState::Blocking(Some(reader)),
                        Some(Reader::Async(reader)) => ReaderState::Async(reader),
                        // Another call reads the stream.
                        None => return Poll::Ready(Err(self.file.error(FileProblem::AlreadyRead))),
                    };
                }
                ReaderState::Blocking(reader) => {
                    let Some(mut reader) = reader.take() else {
                        return Poll::Ready(Err(self.file.error(FileProblem::AlreadyRead)));
                    };
                    self.source = ReaderState::Busy(self.runtime.spawn_blocking(move || {
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
                ReaderState::Busy(task) => {
                    // The reader is lost if it panics or its runtime ends.
                    let (reader, read) = ready!(Pin::new(task).poll(context))
                        .map_err(|error| self.file.error(FileProblem::Unreadable).with_source(error))?;
                    self.source = ReaderState::Blocking(Some(reader));
                    return Poll::Ready(
                        read.map(Bytes::from)
                            .map_err(|error| self.file.error(FileProblem::Unreadable).with_source(error)),
                    );
                }
                ReaderState::Async(reader) => {
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

/// The progress of a request body, observed outside of the transport that sends it.
#[derive(Clone)]
pub(super) struct UploadProgress(Arc<Mutex<ProgressState>>);

struct ProgressState {
    last: Instant,
    error: Option<TransportError>,
}

impl UploadProgress {
    /// Returns `body` with its progress.
    pub(super) fn watch(body: Payload) -> (Payload, Self) {
        let progress = Self(Arc::new(Mutex::new(ProgressState { last: Instant::now(), error: None })));
        let body = match body {
            Payload::Stream { chunks, length } => {
                Payload::Stream { chunks: Box::new(Watched { chunks, progress: progress.clone() }), length }
            }
            body => body,
        };
        (body, progress)
    }

    /// Returns when the transport last took a chunk.
    pub(super) fn last(&self) -> Instant {
        self.with(|state| state.last)
    }

    /// Returns the error of the body. A transport may drop it.
    pub(super) fn error(&self) -> Option<TransportError> {
        self.with(|state| state.error.take())
    }

    fn with<T>(&self, f: impl FnOnce(&mut ProgressState) -> T) -> T {
        f(&mut locked(&self.0))
    }
}

struct Watched {
    chunks: Box<dyn Chunks>,
    progress: UploadProgress,
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
