//! Consumers against a server on an in-memory network, with paused time.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod server;

use std::convert::Infallible;
use std::io::Write as _;
use std::time::Duration;

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use server::{Bytes, Command, Counter, Raw, Server, Value, data};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message as Packet;
use top_messages::{ConnectError, Message};

async fn ok(_: Message) -> Result<(), Infallible> {
    Ok(())
}

/// Lets all tasks run until they wait.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn the_handshake_is_signed_and_messages_are_confirmed() {
    let mut server = Server::new();
    let (sender, mut received) = mpsc::unbounded_channel();
    let consumer = server.client().group("g1").build().unwrap();
    let handle = consumer.handle();
    let run = tokio::spawn(consumer.run(move |message| {
        sender.send(message).unwrap();
        std::future::ready(Ok::<_, Infallible>(()))
    }));

    let mut peer = server.accept().await;
    let connect = peer.connect.clone().unwrap();
    assert_eq!(connect.text("app_key").as_deref(), Some(server::APP_KEY));
    assert_eq!(connect.text("group_name").as_deref(), Some("g1"));
    assert_eq!(connect.header("token"), None);
    let timestamp: u64 = connect.text("timestamp").unwrap().parse().unwrap();
    assert!(timestamp > 1_451_620_800_000, "milliseconds");
    assert!(connect.text("sdk").unwrap().starts_with("top-messages/"));

    peer.pull().await;
    peer.send(data(&peer.token, i64::MAX, r#"{"tid":9007199254740993}"#)).await;
    assert_eq!(peer.command().await, Some(Command::Confirm(i64::MAX)));
    let message = received.recv().await.unwrap();
    assert_eq!(message.topic, "taobao_trade_TradeCreate");
    assert_eq!(message.content, r#"{"tid":9007199254740993}"#);
    assert_eq!(message.time.unwrap().to_string(), "2016-01-01 12:00:00");

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all("{\"a\":\"端\"}".as_bytes()).unwrap();
    let compressed = Bytes::new(2)
        .custom("__kind", 2, &[3])
        .custom("id", 5, &7_i64.to_le_bytes())
        .custom_text("topic", "t")
        .custom_bytes("content", &encoder.finish().unwrap())
        .end();
    peer.send(compressed).await;
    assert_eq!(peer.command().await, Some(Command::Confirm(7)));
    assert_eq!(received.recv().await.unwrap().content, "{\"a\":\"端\"}");

    handle.shutdown();
    assert_eq!(peer.next().await, None);
    run.await.unwrap().unwrap();
    let statistics = handle.statistics();
    assert_eq!((statistics.received, statistics.confirmed, statistics.failed), (2, 2, 0));
    assert!(!statistics.connected);
}

#[tokio::test(start_paused = true)]
async fn errors_panics_and_timeouts_fail_the_message() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut server = Server::new();
    let consumer = server.client().handler_timeout(Duration::from_secs(5)).build().unwrap();
    let handler = |message: Message| async move {
        match message.id {
            1 => Err("端".repeat(200)),
            2 => panic!("s3cr3t"),
            3 => std::future::pending().await,
            _ => Ok(()),
        }
    };
    let _run = tokio::spawn(consumer.run(move |message| {
        assert_ne!(message.id, 4, "the call of the handler panics too");
        handler(message)
    }));
    let mut peer = server.accept().await;
    peer.messages([1, 2, 3, 4, 5]).await;
    let mut found = Vec::new();
    for _ in 0..5 {
        found.push(peer.command().await.unwrap());
    }
    found.sort_by_key(|command| match command {
        Command::Confirm(id) | Command::Failed(id, _) => *id,
        _ => 0,
    });
    let panicked = "the handler panicked".to_owned();
    assert_eq!(
        found,
        [
            Command::Failed(1, "端".repeat(128)),
            Command::Failed(2, panicked.clone()),
            Command::Failed(3, "the handler took longer than 5s".to_owned()),
            Command::Failed(4, panicked),
            Command::Confirm(5),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_message_is_not_confirmed_before_its_handler_returns() {
    let mut server = Server::new();
    let consumer = server.client().build().unwrap();
    let (handled, in_handler) = (Counter::default(), handled_after(Duration::from_secs(30)));
    let count = handled.clone();
    let _run = tokio::spawn(consumer.run(move |message| {
        let (count, in_handler) = (count.clone(), in_handler(message));
        async move {
            in_handler.await?;
            count.add(1);
            Ok::<_, Infallible>(())
        }
    }));
    let mut peer = server.accept().await;
    peer.message(1).await;
    assert!(timeout(Duration::from_secs(29), peer.command()).await.is_err());
    assert_eq!(handled.get(), 0);
    assert_eq!(peer.command().await, Some(Command::Confirm(1)));
    assert_eq!(handled.get(), 1);
}

/// Returns a handler that takes this long.
fn handled_after(
    time: Duration,
) -> impl Fn(Message) -> futures_util::future::BoxFuture<'static, Result<(), Infallible>> + Send + Sync + 'static {
    move |_| sleep(time).map(Ok).boxed()
}

#[tokio::test(start_paused = true)]
async fn a_dropped_delivery_is_neither_confirmed_nor_in_flight() {
    let mut server = Server::new();
    let mut deliveries = server.client().build().unwrap().stream();
    let handle = deliveries.handle();
    let (mut peer, ()) = tokio::join!(server.accept(), settle());
    peer.message(1).await;
    let delivery = deliveries.next().await.unwrap();
    assert_eq!(delivery.message().id, 1);
    assert!(delivery.lag().unwrap() > Duration::from_secs(1));
    assert_eq!(handle.statistics().in_flight, 1);
    // A message that is in flight is ignored.
    peer.message(1).await;
    settle().await;
    assert_eq!(handle.statistics().duplicates, 1);
    drop(delivery);
    assert_eq!(handle.statistics().in_flight, 0);

    peer.message(1).await;
    deliveries.next().await.unwrap().fail("later");
    assert_eq!(peer.command().await, Some(Command::Failed(1, "later".to_owned())));
    peer.message(1).await;
    deliveries.next().await.unwrap().confirm();
    assert_eq!(peer.command().await, Some(Command::Confirm(1)));
    // After its confirmation, a repeated message is a new one.
    peer.message(1).await;
    assert_eq!(deliveries.next().await.unwrap().message().id, 1);
}

#[tokio::test(start_paused = true)]
async fn pulls_at_once_and_in_intervals_while_there_is_room() {
    let mut server = Server::new();
    let consumer = server.client().max_in_flight(4).pull_interval(Duration::from_secs(15));
    let mut deliveries = consumer.build().unwrap().stream();
    let mut peer = server.accept().await;
    let start = Instant::now();
    peer.pull().await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    peer.pull().await;
    assert_eq!(start.elapsed().as_secs(), 15);
    // Half of the limit is in flight, so there is no pull.
    peer.messages([1, 2]).await;
    let (one, two) = (deliveries.next().await.unwrap(), deliveries.next().await.unwrap());
    assert!(timeout(Duration::from_secs(40), peer.next()).await.is_err());
    one.confirm();
    let mut commands = [Command::of(&peer.next().await.unwrap()), Command::of(&peer.next().await.unwrap())];
    commands.sort_by_key(|command| *command != Command::Pull);
    assert_eq!(commands, [Command::Pull, Command::Confirm(1)]);
    drop(two);
}

#[tokio::test(start_paused = true)]
async fn a_flood_does_not_block_pings_or_confirmations_and_is_bounded() {
    let mut server = Server::new();
    let consumer = server.client().max_in_flight(10).concurrency(2).handler_timeout(Duration::from_secs(3600));
    let consumer = consumer.build().unwrap();
    let handle = consumer.handle();
    let (release, mut released) = tokio::sync::watch::channel(false);
    released.mark_unchanged();
    let _run = tokio::spawn(consumer.run(move |_| {
        let mut released = released.clone();
        async move {
            let _ = released.wait_for(|released| *released).await;
            Ok::<_, Infallible>(())
        }
    }));
    let mut peer = server.accept().await;
    peer.pull().await;
    let start = Instant::now();
    peer.messages(1..=1000).await;
    peer.socket.send(Packet::Ping(vec![1].into())).await.unwrap();
    // 990 messages were read before the ping. None of them waited.
    let pong = peer.socket.next().await.unwrap().unwrap();
    assert_eq!(pong, Packet::Pong(vec![1].into()));
    assert!(start.elapsed() <= Duration::from_secs(1), "{:?}", start.elapsed());
    let statistics = handle.statistics();
    assert_eq!((statistics.in_flight, statistics.received, statistics.discarded), (10, 10, 990));

    // The first messages are confirmed, and later ones are received again.
    release.send_replace(true);
    let mut confirmed = Vec::new();
    for _ in 1..=10 {
        let Some(Command::Confirm(id)) = peer.command().await else { panic!("no confirmation") };
        confirmed.push(id);
    }
    confirmed.sort_unstable();
    assert!(confirmed.into_iter().eq(1..=10));
    peer.message(11).await;
    assert_eq!(peer.command().await, Some(Command::Confirm(11)));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_waits_for_slow_handlers_loses_nothing() {
    let mut server = Server::new();
    let consumer = server.client().max_in_flight(10).concurrency(2).build().unwrap();
    let handle = consumer.handle();
    let _run = tokio::spawn(consumer.run(handled_after(Duration::from_millis(100))));
    let mut peer = server.accept().await;
    let (mut sink, mut stream) = (&mut peer.socket).split();
    let token = peer.token.clone();
    let send = async {
        for id in 1..=1000 {
            sink.send(Packet::Binary(data(&token, id, "{}").into())).await.unwrap();
        }
    };
    let read = async {
        let mut confirmed = 0;
        while confirmed < 1000 {
            let Packet::Binary(bytes) = stream.next().await.unwrap().unwrap() else { continue };
            confirmed += i32::from(matches!(Command::of(&Raw::parse(&bytes)), Command::Confirm(_)));
            assert!(handle.statistics().in_flight <= 10);
        }
    };
    tokio::join!(send, read);
    assert_eq!((handle.statistics().received, handle.statistics().discarded), (1000, 0));
}

#[tokio::test(start_paused = true)]
async fn long_messages_count_several_times() {
    let mut server = Server::new();
    let mut deliveries = server.client().max_in_flight(64).build().unwrap().stream();
    let handle = deliveries.handle();
    let mut peer = server.accept().await;
    // A message of 1 MiB takes 33 of 64 places, so a second one waits, and is discarded.
    let content = " ".repeat(1 << 20);
    peer.send(data(&peer.token, 1, &content)).await;
    peer.send(data(&peer.token, 2, &content)).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!((handle.statistics().in_flight, handle.statistics().discarded), (1, 1));
    deliveries.next().await.unwrap().confirm();
    assert_eq!(peer.command().await, Some(Command::Confirm(1)));
    // A compressed message counts with the length of its content.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content.as_bytes()).unwrap();
    let compressed = encoder.finish().unwrap();
    for id in [4, 5] {
        let frame = Bytes::new(2).custom("__kind", 2, &[3]).custom("id", 5, &i64::to_le_bytes(id));
        peer.send(frame.custom_text("topic", "t").custom_bytes("content", &compressed).end()).await;
    }
    sleep(Duration::from_secs(2)).await;
    assert_eq!((handle.statistics().in_flight, handle.statistics().discarded), (1, 2));
    deliveries.next().await.unwrap().confirm();
    assert_eq!(peer.command().await, Some(Command::Confirm(4)));
    // A message that is longer than the whole limit is received alone.
    peer.send(data(&peer.token, 3, &" ".repeat(3 << 20))).await;
    assert_eq!(deliveries.next().await.unwrap().message().content.len(), 3 << 20);
}

#[tokio::test(start_paused = true)]
async fn invalid_frames_are_ignored() {
    let mut server = Server::new();
    let consumer = server.client().build().unwrap();
    let handle = consumer.handle();
    let _run = tokio::spawn(consumer.run(ok));
    let mut peer = server.accept().await;
    let valid = data(&peer.token, 1, "{}");
    let with_version = |version| [&[version], &valid[1..]].concat();
    let frames = [
        Vec::new(),
        b"garbage".to_vec(),
        with_version(1),
        with_version(3),
        // An unknown header, an unknown format, and a huge and a negative length.
        vec![2, 2, 6, 0, 0, 0],
        Bytes::new(2).custom("a", 9, &[]).end(),
        [&Bytes::new(2).end()[..2], &[5, 0, 0xff, 0xff, 0xff, 0x7f]].concat(),
        [&Bytes::new(2).end()[..2], &[5, 0, 0xff, 0xff, 0xff, 0xff]].concat(),
        valid[..valid.len() / 2].to_vec(),
        // A frame of a handshake, a frame that is neither a command nor a response, and an unknown command.
        Bytes::new(1).flag(1).token("t").end(),
        Bytes::new(2).end(),
        Bytes::new(2).custom("__kind", 2, &[99]).end(),
        // The token of another connection.
        data("other", 2, "{}"),
        // A message without an id.
        Bytes::new(2).custom("__kind", 2, &[3]).custom_text("topic", "t").end(),
    ];
    let count = frames.len() as u64;
    for frame in frames {
        peer.send(frame).await;
    }
    peer.socket.send(Packet::Text("text".into())).await.unwrap();
    peer.message(3).await;
    assert_eq!(peer.command().await, Some(Command::Confirm(3)));
    let statistics = handle.statistics();
    assert_eq!((statistics.invalid_frames, statistics.received, statistics.connections), (count + 1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_read_fails() {
    let mut server = Server::new();
    let _run = tokio::spawn(server.client().build().unwrap().run(ok));
    let mut peer = server.accept().await;
    let message = Bytes::new(2).custom("__kind", 2, &[3]).custom("id", 5, &9_i64.to_le_bytes());
    peer.send(message.custom_text("topic", "t").custom_bytes("content", &[0x1f, 0x8b, 1]).end()).await;
    let reason = "invalid command: cannot read the content of message 9: expected gzip, found invalid data";
    assert_eq!(peer.command().await, Some(Command::Failed(9, reason.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_survives_a_lost_connection() {
    let mut server = Server::new();
    let consumer = server.client().build().unwrap();
    let handle = consumer.handle();
    let _run = tokio::spawn(consumer.run(handled_after(Duration::from_secs(20))));
    let mut first = server.accept().await;
    first.pull().await;
    first.message(1).await;
    settle().await;
    drop(first);
    let mut second = server.accept().await;
    second.pull().await;
    // The server delivers the message again, although its handler is running.
    second.message(1).await;
    assert_eq!(second.command().await, Some(Command::Confirm(1)));
    let statistics = handle.statistics();
    assert_eq!((statistics.received, statistics.duplicates, statistics.connections), (1, 1, 2));
    assert!(timeout(Duration::from_secs(60), second.command()).await.is_err(), "confirmed once");
}

#[tokio::test(start_paused = true)]
async fn reconnects_after_every_kind_of_end() {
    let mut server = Server::new();
    let consumer = server.client().reconnect_backoff(Duration::from_secs(1), Duration::from_secs(1)).build().unwrap();
    let handle = consumer.handle();
    let _run = tokio::spawn(consumer.run(ok));

    // No WebSocket handshake, and a server that is not HTTP.
    let silent = server.accept_stream().await;
    let start = Instant::now();
    let mut garbage = server.accept_stream().await;
    assert!((5..=7).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    tokio::io::AsyncWriteExt::write_all(&mut garbage, b"SSH-2.0-OpenSSH_9.6\r\n\r\n").await.unwrap();

    // No CONNECTACK.
    let mut peer = server.accept_socket().await;
    peer.read_connect().await;
    let start = Instant::now();
    // A refusal, garbage, text, a close, no token, another flag.
    for step in 0..6 {
        let mut peer = server.accept_socket().await;
        let flag = peer.read_connect().await.flag.unwrap();
        match step {
            0 => peer.send(Bytes::new(1).flag(flag).status(43, "invalid signature").end()).await,
            1 => peer.send(b"garbage".to_vec()).await,
            2 => peer.socket.send(Packet::Text("no".into())).await.unwrap(),
            3 => peer.socket.close(None).await.unwrap(),
            4 => peer.send(Bytes::new(1).flag(flag).end()).await,
            _ => peer.send(Bytes::new(1).flag(flag + 1).token("t").end()).await,
        }
        let _ = peer.next().await;
    }
    assert!(start.elapsed() >= Duration::from_secs(5 + 3), "{:?}", start.elapsed());
    assert_eq!(handle.statistics().failed_connections, 9);

    // After the handshake: a close, half a frame, a huge frame, a frame that is not masked as it must be.
    for (step, bytes) in
        [&[][..], &[0x82, 50, 2, 2], &[0x82, 127, 0x7f, 0xff, 0, 0, 0, 0, 0, 0], &[0xf2, 0]].iter().enumerate()
    {
        let mut peer = server.accept().await;
        if step == 0 {
            peer.socket.close(None).await.unwrap();
        } else {
            peer.pull().await;
            tokio::io::AsyncWriteExt::write_all(peer.socket.get_mut(), bytes).await.unwrap();
        }
        // The end of the stream cuts the frame.
        if step != 1 {
            while peer.next().await.is_some() {}
        }
    }
    let mut peer = server.accept().await;
    peer.message(1).await;
    assert_eq!(peer.command().await, Some(Command::Confirm(1)));
    assert_eq!(handle.statistics().connections, 5);
    drop(silent);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_pinged_and_then_left() {
    let mut server = Server::new();
    let consumer = server.client().pull_interval(Duration::from_secs(1000)).build().unwrap();
    let _run = tokio::spawn(consumer.run(ok));
    let mut peer = server.accept().await;
    peer.pull().await;
    let start = Instant::now();
    // The WebSocket of the test answers this ping when it is read.
    assert_eq!(peer.socket.next().await.unwrap().unwrap(), Packet::Ping(Vec::new().into()));
    assert_eq!(start.elapsed().as_secs(), 45);
    let _ = peer.socket.flush().await;
    assert_eq!(peer.socket.next().await.unwrap().unwrap(), Packet::Ping(Vec::new().into()));
    assert_eq!(start.elapsed().as_secs(), 90);
    // This one is not answered.
    std::mem::forget(peer);
    server.accept().await;
    assert!((135..=137).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_read_is_left() {
    let mut server = Server::new();
    let mut deliveries = server.client().max_in_flight(2000).build().unwrap().stream();
    let mut peer = server.accept().await;
    // Failures with long reasons fill the buffers of the connection.
    let start = Instant::now();
    let mut failed = 0;
    for batch in 0..10 {
        peer.messages(batch * 100..batch * 100 + 100).await;
        for _ in 0..100 {
            deliveries.next().await.unwrap().fail("x".repeat(128));
            failed += 1;
        }
        settle().await;
    }
    let mut second = server.accept().await;
    assert!(
        start.elapsed() >= Duration::from_secs(45) && start.elapsed() < Duration::from_secs(90),
        "{:?}",
        start.elapsed()
    );
    // Nothing is lost: what may not have arrived is sent again.
    let mut repeated = std::collections::BTreeSet::new();
    let mut read = |command| match command {
        Command::Failed(id, _) => repeated.insert(id),
        other => panic!("{other:?}"),
    };
    while let Ok(Some(command)) = timeout(Duration::from_secs(1), second.command()).await {
        read(command);
    }
    while let Some(command) = timeout(Duration::from_secs(1), peer.command()).await.ok().flatten() {
        read(command);
    }
    assert_eq!(repeated.len(), failed);
}

#[tokio::test(start_paused = true)]
async fn backoff_grows_and_attempts_are_limited() {
    let mut server = Server::new();
    let consumer = server.client().max_attempts(6).build().unwrap();
    let run = tokio::spawn(consumer.run(ok));
    let mut times = Vec::new();
    for _ in 0..6 {
        drop(server.accept_stream().await);
        times.push(Instant::now());
    }
    for (pair, limit) in times.windows(2).zip([1, 2, 4, 8, 16]) {
        let (delay, limit) = (pair[1] - pair[0], Duration::from_secs(limit));
        assert!(delay >= limit / 2 && delay <= limit + Duration::from_millis(10), "{delay:?} of {limit:?}");
    }
    let error = run.await.unwrap().unwrap_err();
    assert!(matches!(error, ConnectError::WebSocket(_) | ConnectError::Io(_) | ConnectError::Closed), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_reported() {
    let mut server = Server::new();
    let run = tokio::spawn(server.client().max_attempts(1).build().unwrap().run(ok));
    let mut peer = server.accept_socket().await;
    let flag = peer.read_connect().await.flag.unwrap();
    peer.send(Bytes::new(1).flag(flag).status(43, "invalid signature").end()).await;
    let error = run.await.unwrap().unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(error.to_string(), "cannot connect to the message channel");
    assert_eq!(source, "handshake failed: the server refused the connection with status code 43: invalid signature");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_got_for_each_handshake() {
    let mut server = Server::new();
    let calls = Counter::default();
    let count = calls.clone();
    let consumer = server.client().token_provider(move || {
        let call = count.add(1);
        async move { if call == 2 { Err("no token") } else { Ok(format!("token {call}")) } }
    });
    let consumer = consumer.build().unwrap();
    let handle = consumer.handle();
    let _run = tokio::spawn(consumer.run(ok));
    let first = server.accept().await;
    assert_eq!(first.connect.as_ref().unwrap().header("token"), Some(&Value::Text("token 1".to_owned())));
    drop(first);
    let third = server.accept().await;
    assert_eq!(third.connect.as_ref().unwrap().header("token"), Some(&Value::Text("token 3".to_owned())));
    assert_eq!(handle.statistics().failed_connections, 1);
}

#[tokio::test(start_paused = true)]
async fn an_empty_token_is_no_token() {
    let mut server = Server::new();
    let consumer = server.client().token_provider(|| std::future::ready(Ok::<_, String>(String::new())));
    let _run = tokio::spawn(consumer.build().unwrap().run(ok));
    assert_eq!(server.accept().await.connect.unwrap().header("token"), None);
}

#[tokio::test(start_paused = true)]
async fn a_token_provider_that_hangs_is_left() {
    let server = Server::new();
    let consumer = server.client().token_provider(std::future::pending::<Result<String, String>>).max_attempts(1);
    let error = consumer.build().unwrap().run(ok).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot connect to the message channel: the token provider took longer than 60s");
}

#[tokio::test(start_paused = true)]
async fn shutdown_finishes_what_is_in_flight() {
    let mut server = Server::new();
    let consumer = server.client().concurrency(2).build().unwrap();
    let handle = consumer.handle();
    let run = tokio::spawn(consumer.run(handled_after(Duration::from_secs(10))));
    let mut peer = server.accept().await;
    peer.pull().await;
    let start = Instant::now();
    peer.messages([1, 2, 3, 4]).await;
    settle().await;
    handle.shutdown();
    // A message that arrives later is not handled, and neither are those that waited.
    peer.message(5).await;
    let mut confirmed = Vec::new();
    while let Some(Command::Confirm(id)) = peer.command().await {
        confirmed.push(id);
    }
    confirmed.sort_unstable();
    assert_eq!(confirmed, [1, 2]);
    assert_eq!(start.elapsed().as_secs(), 10);
    run.await.unwrap().unwrap();
    assert_eq!(handle.statistics().in_flight, 0);
}

/// Without a connection too, a handler that runs may finish, whether the application or the consumer ends the work.
#[tokio::test(start_paused = true)]
async fn handlers_finish_without_a_connection() {
    for gives_up in [false, true] {
        let mut server = Server::new();
        let day = Duration::from_secs(24 * 3600);
        let mut client = server.client().concurrency(1).reconnect_backoff(day, day);
        if gives_up {
            let failing = std::sync::atomic::AtomicBool::new(false);
            client = client.max_attempts(1).token_provider(move || {
                let failed = failing.swap(true, std::sync::atomic::Ordering::Relaxed);
                std::future::ready(if failed { Err("no token") } else { Ok(String::new()) })
            });
            client = client.reconnect_backoff(Duration::from_secs(1), Duration::from_secs(1));
        }
        let consumer = client.build().unwrap();
        let (handle, finished) = (consumer.handle(), Counter::default());
        let count = finished.clone();
        let run = tokio::spawn(consumer.run(move |_| {
            let count = count.clone();
            async move {
                tokio::time::sleep(Duration::from_secs(10)).await;
                count.add(1);
                Ok::<_, Infallible>(())
            }
        }));
        let mut peer = server.accept().await;
        let start = Instant::now();
        peer.messages([1, 2]).await;
        settle().await;
        drop(peer);
        settle().await;
        if !gives_up {
            handle.shutdown();
        }
        assert_eq!(run.await.unwrap().is_err(), gives_up);
        assert_eq!((finished.get(), start.elapsed().as_secs()), (1, 10), "gives up: {gives_up}");
        assert_eq!(handle.statistics().in_flight, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn shutdown_does_not_wait_for_ever() {
    let dropped = Counter::default();
    struct OnDrop(Counter);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.add(1);
        }
    }
    let mut server = Server::new();
    let consumer = server.client().concurrency(1).shutdown_timeout(Duration::from_secs(3));
    let consumer = consumer.handler_timeout(Duration::from_secs(3600)).build().unwrap();
    let handle = consumer.handle();
    let count = dropped.clone();
    let run = tokio::spawn(consumer.run(move |_| {
        let guard = OnDrop(count.clone());
        async move {
            let _guard = guard;
            std::future::pending::<Result<(), Infallible>>().await
        }
    }));
    let mut peer = server.accept().await;
    peer.messages([1, 2]).await;
    settle().await;
    let start = Instant::now();
    handle.shutdown();
    assert_eq!(peer.command().await, None);
    run.await.unwrap().unwrap();
    assert_eq!(start.elapsed().as_secs(), 3);
    settle().await;
    assert_eq!(dropped.get(), 1, "the handler is cancelled");
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_every_state() {
    // Before the start, while connecting, and while waiting to connect.
    let mut server = Server::new();
    let consumer = server.client().build().unwrap();
    consumer.handle().shutdown();
    consumer.run(ok).await.unwrap();
    for connect in [false, true] {
        let consumer = server.client().build().unwrap();
        let handle = consumer.handle();
        let run = tokio::spawn(consumer.run(ok));
        let stream = server.accept_stream().await;
        if connect {
            drop(stream);
            settle().await;
        }
        handle.shutdown();
        run.await.unwrap().unwrap();
    }
    // A stream.
    let mut deliveries = server.client().build().unwrap().stream();
    let mut peer = server.accept().await;
    peer.message(1).await;
    let delivery = deliveries.next().await.unwrap();
    let handle = deliveries.handle();
    handle.shutdown();
    assert!(deliveries.next().await.is_none());
    delivery.confirm();
    assert_eq!(peer.command().await, Some(Command::Confirm(1)));
    assert_eq!(peer.command().await, None);
    deliveries.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropping_closes_the_connection() {
    let mut server = Server::new();
    let deliveries = server.client().build().unwrap().stream();
    let mut peer = server.accept().await;
    drop(deliveries);
    assert_eq!(peer.command().await, None);

    let run = tokio::spawn(server.client().build().unwrap().run(ok));
    let mut peer = server.accept().await;
    run.abort();
    assert_eq!(peer.command().await, None);
    settle().await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn consumers_are_independent() {
    let mut servers = [Server::new(), Server::new()];
    let mut handles = Vec::new();
    for (group, server) in ["a", "b"].iter().zip(&servers) {
        for _ in 0..2 {
            let consumer = server.client().group(*group).build().unwrap();
            handles.push(consumer.handle());
            tokio::spawn(consumer.run(ok));
        }
    }
    for (group, server) in ["a", "b"].iter().zip(&mut servers) {
        for id in 0..2 {
            let mut peer = server.accept().await;
            assert_eq!(peer.connect.as_ref().unwrap().text("group_name").as_deref(), Some(*group));
            peer.message(id).await;
            assert_eq!(peer.command().await, Some(Command::Confirm(id)));
        }
    }
    handles[0].shutdown();
    settle().await;
    assert!(handles[1..].iter().all(|handle| handle.statistics().received <= 1));
}
