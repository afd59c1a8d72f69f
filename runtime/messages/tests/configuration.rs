//! Settings that are refused, and output without secrets.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod server;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use server::{Bytes, Command, Server};
use top_messages::{Consumer, ConsumerBuilder};
use top_protocol::AppCredentials;

fn problem(builder: ConsumerBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn invalid_settings_are_refused() {
    let with_url = |url: &str| Consumer::builder(url, AppCredentials::new("k", "s"));
    for (url, expected) in [
        ("", "the URL is invalid"),
        ("ws://", "the URL is invalid"),
        ("mc.api.taobao.com", "expected a URL starting with `ws://`"),
        ("https://mc.api.taobao.com/", "expected a URL starting with `ws://`"),
        ("wss://mc.api.taobao.com/", "a URL starting with `wss://` needs a connector that opens a TLS stream"),
        ("ws://user:s3cr3t@mc.api.taobao.com/", "the URL contains credentials: remove them"),
    ] {
        assert_eq!(problem(with_url(url)), format!("invalid configuration: {expected}"), "{url}");
    }
    let valid = || with_url(top_messages::TAOBAO);
    valid().build().unwrap();
    with_url("ws://[::1]:8080/path").build().unwrap();
    for (builder, expected) in [
        (Consumer::builder(top_messages::TAOBAO, AppCredentials::new(" ", "s")), "the AppKey is empty"),
        (Consumer::builder(top_messages::TAOBAO, AppCredentials::new("k", "")), "the AppSecret is empty"),
        (valid().concurrency(0), "expected `concurrency` above 0, found 0"),
        (valid().max_in_flight(0), "expected `max_in_flight` above 0, found 0"),
        (valid().pull_interval(Duration::ZERO), "expected `pull_interval` above 0, found 0"),
        (valid().ping_interval(Duration::ZERO), "expected `ping_interval` above 0, found 0"),
    ] {
        assert_eq!(problem(builder), format!("invalid configuration: {expected}"));
    }
    // Extreme values do not panic.
    valid().max_in_flight(usize::MAX).concurrency(usize::MAX).pull_interval(Duration::MAX).build().unwrap();
}

#[test]
fn debug_output_hides_credentials_in_the_url() {
    let builder = Consumer::builder("ws://user:s3cr3t@127.0.0.1/", AppCredentials::new("key", "s3cr3t"));
    let text = format!("{builder:?}");
    assert!(!text.contains("s3cr3t"), "{text}");
}

/// The output of `tracing`.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn logs_have_the_lag_and_no_secrets() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    let _guard = tracing::subscriber::set_default(subscriber.with_writer(move || writer.clone()).finish());

    let mut server = Server::new();
    let consumer = server.client().token_provider(|| std::future::ready(Ok::<_, String>("t0k3n".to_owned())));
    let consumer = consumer.build().unwrap();
    let handle = consumer.handle();
    let debug = format!("{consumer:?} {handle:?} {:?}", server.client());
    tokio::spawn(consumer.run(|message| async move { if message.id == 1 { Ok(()) } else { Err("no stock") } }));
    let mut peer = server.accept().await;
    peer.send(b"garbage".to_vec()).await;
    let first_token = peer.token.clone();
    drop(peer);
    let mut peer = server.accept().await;
    peer.message(1).await;
    assert_eq!(peer.command().await, Some(Command::Confirm(1)));
    peer.message(2).await;
    assert_eq!(peer.command().await, Some(Command::Failed(2, "no stock".to_owned())));
    let published = tokio::spawn(async move { handle.publish("t", "c0nt3nt", Some("s3ss10n")).await });
    let Some(Command::Publish { flag, .. }) = peer.command().await else { panic!("not published") };
    peer.send(Bytes::new(3).flag(flag).end()).await;
    published.await.unwrap().unwrap();

    let text = format!("{} {debug}", log.text());
    for expected in [
        "connected",
        "disconnected",
        "message handled",
        "message failed",
        "lag_ms=",
        "in_flight=",
        "connections=2",
        "no stock",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    for secret in [server::SECRET, "t0k3n", &first_token, &peer.token, "s3ss10n", "c0nt3nt"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
