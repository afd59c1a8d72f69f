//! Many messages and many connections.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod server;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use server::{Command, Counter, Peer, Raw, Server, data};
use tokio_tungstenite::tungstenite::Message as Packet;
use top_messages::Message;

/// 1 in 100 messages fails on its first delivery. Connections are lost on the way.
#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_messages() {
    const MESSAGES: i64 = 100_000;
    const IN_FLIGHT: usize = 500;
    let mut server = Server::new();
    let consumer = server.client().max_in_flight(IN_FLIGHT).concurrency(50).build().unwrap();
    let handle = consumer.handle();
    let handled: Arc<Vec<AtomicBool>> = Arc::new((0..MESSAGES).map(|_| AtomicBool::new(false)).collect());
    let attempts: Arc<Mutex<HashMap<i64, u32>>> = Arc::default();
    let running = Counter::default();
    let (record, count) = (Arc::clone(&handled), running.clone());
    let run = tokio::spawn(consumer.run(move |message: Message| {
        assert!(count.add(1) <= 50, "the number of handlers is bounded");
        let (record, count, attempts) = (Arc::clone(&record), count.clone(), Arc::clone(&attempts));
        async move {
            tokio::task::yield_now().await;
            count.add(-1);
            if message.id % 100 == 0 {
                let mut attempts = attempts.lock().unwrap();
                let attempt = attempts.entry(message.id).or_default();
                *attempt += 1;
                if *attempt == 1 {
                    return Err("failed once");
                }
            }
            record[message.id as usize].store(true, Ordering::SeqCst);
            Ok(())
        }
    }));

    // The server keeps what is not confirmed, and delivers it again on the next connection or after a failure.
    let mut queue: BTreeSet<i64> = (0..MESSAGES).collect();
    let mut confirmed = vec![false; MESSAGES as usize];
    let (mut left, mut failed, mut connections) = (MESSAGES, 0, 0);
    while left > 0 {
        let mut peer = server.accept().await;
        connections += 1;
        let token = peer.token.clone();
        let mut unconfirmed = BTreeSet::new();
        let (mut sink, mut stream) = (&mut peer.socket).split();
        let mut received = 0;
        // The first connections are lost after some thousand commands.
        let limit = if connections <= 5 { 5_000 } else { i64::MAX };
        while left > 0 && received < limit {
            while unconfirmed.len() < 400
                && let Some(id) = queue.pop_first()
            {
                unconfirmed.insert(id);
                sink.feed(Packet::Binary(data(&token, id, "{}").into())).await.unwrap();
            }
            sink.flush().await.unwrap();
            let Packet::Binary(bytes) = stream.next().await.unwrap().unwrap() else { continue };
            received += 1;
            assert!(handle.statistics().in_flight <= IN_FLIGHT);
            match Command::of(&Raw::parse(&bytes)) {
                Command::Confirm(id) => {
                    assert!(handled[id as usize].load(Ordering::SeqCst), "{id} is confirmed before it is handled");
                    left -= i64::from(!std::mem::replace(&mut confirmed[id as usize], true));
                    unconfirmed.remove(&id);
                    // It may have been queued again when its connection was lost.
                    queue.remove(&id);
                }
                Command::Failed(id, reason) => {
                    assert_eq!((id % 100, reason.as_str()), (0, "failed once"));
                    failed += 1;
                    if unconfirmed.remove(&id) {
                        queue.insert(id);
                    }
                }
                _ => {}
            }
        }
        queue.extend(unconfirmed);
    }
    assert!(confirmed.iter().all(|confirmed| *confirmed));
    assert!(failed >= MESSAGES / 100 - 50, "{failed}");
    assert_eq!(handle.statistics().discarded, 0);
    assert_eq!(handle.statistics().connections, 6);
    handle.shutdown();
    run.await.unwrap().unwrap();
    assert_eq!(handle.statistics().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_connections_leave_no_task() {
    const CONNECTIONS: u64 = 10_000;
    let mut server = Server::new();
    let consumer = server.client().build().unwrap();
    let handle = consumer.handle();
    let run = tokio::spawn(consumer.run(|_| std::future::ready(Ok::<_, String>(()))));
    let metrics = tokio::runtime::Handle::current().metrics();
    let mut tasks = 0;
    for number in 0..CONNECTIONS {
        // Each kind of end: before the WebSocket, before the handshake, and with a message in flight.
        match number % 3 {
            0 => drop(server.accept_stream().await),
            1 => drop(server.accept_socket().await),
            _ => {
                let mut peer = server.accept().await;
                peer.next().await.unwrap();
                peer.message(number as i64).await;
            }
        }
        tasks = tasks.max(metrics.num_alive_tasks());
    }
    // The consumer, its connection, and a handler.
    assert!(tasks <= 3, "{tasks}");
    let statistics = handle.statistics();
    assert!(statistics.connections + statistics.failed_connections >= CONNECTIONS - 1, "{statistics:?}");
    assert!(statistics.in_flight <= 2, "{statistics:?}");
    handle.shutdown();
    run.await.unwrap().unwrap();
    assert_eq!(metrics.num_alive_tasks(), 0);
}

#[tokio::test]
async fn over_tcp() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let credentials = top_protocol::AppCredentials::new(server::APP_KEY, server::SECRET);
    let consumer = top_messages::Consumer::builder(url, credentials).build().unwrap();
    let handle = consumer.handle();
    let run = tokio::spawn(consumer.run(|_| std::future::ready(Ok::<_, String>(()))));
    let mut peer = Peer::accept(listener.accept().await.unwrap().0).await;
    peer.handshake().await;
    assert_eq!(peer.connect.as_ref().unwrap().text("intranet_ip").as_deref(), Some("127.0.0.1"));
    peer.message(1).await;
    assert_eq!(peer.command().await, Some(Command::Confirm(1)));
    handle.shutdown();
    assert_eq!(peer.command().await, None);
    run.await.unwrap().unwrap();
}

/// The failures of a long outage use no more time than the longest delay.
#[tokio::test(start_paused = true)]
async fn an_outage_ends() {
    let mut server = Server::new();
    let consumer = server.client().build().unwrap();
    let _run = tokio::spawn(consumer.run(|_| std::future::ready(Ok::<_, String>(()))));
    for _ in 0..1000 {
        drop(server.accept_stream().await);
    }
    let mut peer = tokio::time::timeout(Duration::from_secs(31), server.accept()).await.unwrap();
    peer.message(1).await;
    assert_eq!(peer.command().await, Some(Command::Confirm(1)));
}

/// The memory after 1,000,000 messages is that after 100,000. It takes a minute, so it is ignored:
/// `cargo test --release -p top-messages --test load -- --ignored --nocapture`.
#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "takes a minute"]
async fn a_million_messages_use_constant_memory() {
    const MESSAGES: i64 = 1_000_000;
    const WINDOW: i64 = 400;
    let mut server = Server::new();
    let consumer = server.client().build().unwrap();
    let handle = consumer.handle();
    let run = tokio::spawn(consumer.run(|_| std::future::ready(Ok::<_, String>(()))));
    let mut peer = server.accept().await;
    let token = peer.token.clone();
    let content = format!(r#"{{"tid":1,"title":"{}"}}"#, "x".repeat(1_000));
    let (mut sent, mut confirmed, mut early) = (0, 0, 0);
    while confirmed < MESSAGES {
        while sent < MESSAGES.min(confirmed + WINDOW) {
            peer.socket.feed(Packet::Binary(data(&token, sent, &content).into())).await.unwrap();
            sent += 1;
        }
        peer.socket.flush().await.unwrap();
        while confirmed < sent - WINDOW / 2 || sent == MESSAGES && confirmed < sent {
            let Packet::Binary(bytes) = peer.socket.next().await.unwrap().unwrap() else { continue };
            confirmed += i64::from(matches!(Command::of(&Raw::parse(&bytes)), Command::Confirm(_)));
            if confirmed == MESSAGES / 10 {
                early = resident();
            }
        }
    }
    let late = resident();
    println!("resident memory: {early} KiB after {} messages, {late} KiB after {MESSAGES}", MESSAGES / 10);
    assert!(late < early + 1024, "{early} KiB, {late} KiB");
    handle.shutdown();
    run.await.unwrap().unwrap();
}

/// Returns the resident memory of this process in KiB.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
