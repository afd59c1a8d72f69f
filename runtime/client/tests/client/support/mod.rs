//! A transport for tests without a socket.

#![allow(dead_code, reason = "every test file uses a part of this")]

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use generated_sdk::AppCredentials;
use generated_sdk::client::{BoxFuture, Chunks, Client, ClientBuilder, HttpRequest, HttpResponse, Payload, Transport};
use generated_sdk::protocol::{TransportError, TransportKind};
use tokio::time::{Instant, sleep};

/// The output of a subscriber of `tracing`.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub(crate) fn writer(&self) -> impl Fn() -> Self + use<> {
        let lines = self.clone();
        move || lines.clone()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) const SECRET: &str = "s3cr3t";

/// The reply to a request.
#[derive(Clone)]
pub(crate) enum Reply {
    Response(u16, Vec<(&'static str, String)>, String),
    Error(TransportKind),
    /// A delayed reply.
    After(Duration, Box<Reply>),
    /// A head, and a body with a pause before each byte.
    Slow(Duration),
    Never,
}

pub(crate) fn ok(token: &str) -> Reply {
    // Without a root node, it is a response of any method.
    let body = format!(r#"{{"token":"{token}","request_id":"r1"}}"#);
    Reply::Response(200, Vec::new(), body)
}

pub(crate) fn refusal(code: i64, sub_code: &str, sub_msg: &str) -> Reply {
    let body = format!(
        r#"{{"error_response":{{"code":{code},"msg":"m","sub_code":"{sub_code}","sub_msg":"{sub_msg}","request_id":"r2"}}}}"#
    );
    Reply::Response(200, Vec::new(), body)
}

pub(crate) fn status(status: u16) -> Reply {
    Reply::Response(status, Vec::new(), "<html>".to_owned())
}

/// The replies to send, the last one repeatedly, and the received requests.
#[derive(Clone, Default)]
pub(crate) struct Script(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    replies: VecDeque<Reply>,
    seen: Vec<(Instant, String)>,
    open: usize,
    most_open: usize,
}

impl Script {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let script = Self::default();
        script.0.lock().unwrap().replies = replies.into_iter().collect();
        script
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder("http://gateway.test/", AppCredentials::new("12345678", SECRET)).transport(self.clone())
    }

    /// Returns the bodies of the received requests.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.0.lock().unwrap().seen.iter().map(|(_, body)| body.clone()).collect()
    }

    /// Returns when the requests were received, after `start`.
    pub(crate) fn times(&self, start: Instant) -> Vec<Duration> {
        self.0.lock().unwrap().seen.iter().map(|(time, _)| *time - start).collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().seen.len()
    }

    /// Returns the maximum number of concurrent requests.
    pub(crate) fn most_open(&self) -> usize {
        self.0.lock().unwrap().most_open
    }
}

impl Transport for Script {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        assert_eq!(request.headers.get("content-type"), Some("application/x-www-form-urlencoded;charset=UTF-8"));
        let Payload::Bytes(body) = request.body else { panic!("expected a body in memory") };
        let mut state = self.0.lock().unwrap();
        state.seen.push((Instant::now(), String::from_utf8(body.to_vec()).unwrap()));
        state.open += 1;
        state.most_open = state.most_open.max(state.open);
        let reply = if state.replies.len() > 1 { state.replies.pop_front() } else { state.replies.front().cloned() };
        drop(state);
        Box::pin(async move {
            let _open = Open(self.clone());
            respond(reply.expect("the script has a reply")).await
        })
    }
}

struct Open(Script);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().open -= 1;
    }
}

async fn respond(mut reply: Reply) -> Result<HttpResponse, TransportError> {
    loop {
        return match reply {
            Reply::Response(status, headers, body) => {
                let answer = HttpResponse::new(status, body);
                Ok(headers.into_iter().fold(answer, |answer, (name, value)| answer.header(name, value)))
            }
            Reply::Error(kind) => Err(TransportError::new(kind, "scripted")),
            Reply::After(time, then) => {
                sleep(time).await;
                reply = *then;
                continue;
            }
            Reply::Slow(pause) => Ok(HttpResponse::with_chunks(200, Drip { pause, sleep: None })),
            Reply::Never => std::future::pending().await,
        };
    }
}

/// An endless body of spaces.
struct Drip {
    pause: Duration,
    sleep: Option<std::pin::Pin<Box<tokio::time::Sleep>>>,
}

impl Chunks for Drip {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep(self.pause)));
        std::task::ready!(sleep.as_mut().poll(context));
        self.sleep = None;
        Poll::Ready(Some(Ok(Bytes::from_static(b" "))))
    }
}

/// Returns a parameter of a form.
pub(crate) fn parameter(form: &str, name: &str) -> String {
    let value = form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
    value.replace('+', " ").replace("%3A", ":")
}

/// Returns the messages of an error and its sources.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let (mut text, mut next) = (error.to_string(), error.source());
    while let Some(source) = next {
        text += &format!(": {source}");
        next = source.source();
    }
    text
}
