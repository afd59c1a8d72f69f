//! Publishing, against a server on an in-memory network.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod server;

use std::convert::Infallible;
use std::time::Duration;

use server::{Bytes, Command, Peer, Server};
use tokio::io::DuplexStream;
use tokio::time::{Instant, sleep};
use top_messages::PublishError;

/// Reads a published message, and returns its flag.
async fn published(peer: &mut Peer<DuplexStream>) -> i32 {
    match peer.command().await {
        Some(Command::Publish { flag, .. }) => flag,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_published_when_the_server_acknowledges_it() {
    let mut server = Server::new();
    let publisher = server.client().build_publisher().unwrap();
    let clone = publisher.clone();
    let publish = tokio::spawn(async move { clone.publish("t", "{}", Some("s")).await });
    let mut peer = server.accept().await;
    let Command::Publish { flag, topic, content, session } = Command::of(&peer.next().await.unwrap()) else {
        panic!("a publisher does not pull")
    };
    assert_eq!((topic.as_str(), content.as_str(), session.as_deref()), ("t", "{}", Some("s")));
    // Other acknowledgements, and messages, are ignored.
    peer.send(Bytes::new(3).token(&peer.token).flag(flag + 1).end()).await;
    peer.message(1).await;
    sleep(Duration::from_secs(1)).await;
    assert!(!publish.is_finished());
    peer.send(Bytes::new(3).token(&peer.token).flag(flag).end()).await;
    publish.await.unwrap().unwrap();
    assert_eq!(publisher.statistics().received, 0);

    drop(publisher);
    assert_eq!(peer.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn results_belong_to_their_messages() {
    let mut server = Server::new();
    let publisher = server.client().build_publisher().unwrap();
    let publish = |content: &str| {
        let (publisher, content) = (publisher.clone(), content.to_owned());
        tokio::spawn(async move { publisher.publish("t", content, None).await })
    };
    let calls: Vec<_> = (0..100).map(|number| publish(&number.to_string())).collect();
    let mut peer = server.accept().await;
    let mut commands = Vec::new();
    for _ in 0..100 {
        commands.push(peer.command().await.unwrap());
    }
    // Acknowledged in another order, as SEND and SENDACK, every third with a refusal.
    for command in commands.into_iter().rev() {
        let Command::Publish { flag, content, .. } = command else { panic!("{command:?}") };
        let number: i32 = content.parse().unwrap();
        let ack = Bytes::new(if number % 2 == 0 { 2 } else { 3 }).flag(flag);
        peer.send(if number % 3 == 0 { ack.status(number + 1, "no") } else { ack }.end()).await;
    }
    for (number, call) in calls.into_iter().enumerate() {
        match call.await.unwrap() {
            Ok(()) => assert_ne!(number % 3, 0),
            Err(PublishError::Refused(refusal)) => {
                assert_eq!((refusal.code, refusal.phrase.as_str()), (number as i32 + 1, "no"));
                assert_eq!(number % 3, 0);
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn errors_say_whether_the_message_may_have_been_published() {
    let mut server = Server::new();
    let publisher = server.client().build_publisher().unwrap();
    let publish = |content: String| {
        let publisher = publisher.clone();
        tokio::spawn(async move { publisher.publish("t", content, None).await })
    };

    let long = publish(" ".repeat((16 << 20) + 1)).await.unwrap().unwrap_err();
    assert_eq!(long, PublishError::TooLong { length: (16 << 20) + 1 });

    // No connection: the message is withdrawn, and not published later.
    let start = Instant::now();
    let error = publish("withdrawn".to_owned()).await.unwrap().unwrap_err();
    assert_eq!((error.clone(), start.elapsed().as_secs()), (PublishError::NotConnected, 2));
    assert!(error.was_not_published());

    // No acknowledgement.
    let mut peer = server.accept().await;
    let call = publish("lost".to_owned());
    let first = published(&mut peer).await;
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error, PublishError::Timeout);
    assert!(!error.was_not_published());
    // A late acknowledgement is ignored.
    peer.send(Bytes::new(3).flag(first).end()).await;

    // A lost connection. The message is not published twice.
    let call = publish("lost".to_owned());
    assert_ne!(published(&mut peer).await, first);
    drop(peer);
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error, PublishError::ConnectionLost);
    assert!(!error.was_not_published());
    let mut peer = server.accept().await;
    let call = publish("next".to_owned());
    let Some(Command::Publish { flag, content, .. }) = peer.command().await else { panic!("not published") };
    assert_eq!(content, "next");
    peer.send(Bytes::new(3).flag(flag).end()).await;
    call.await.unwrap().unwrap();

    // The shutdown.
    let call = publish("lost".to_owned());
    published(&mut peer).await;
    publisher.shutdown();
    assert_eq!(call.await.unwrap().unwrap_err(), PublishError::ConnectionLost);
    assert_eq!(publish("late".to_owned()).await.unwrap().unwrap_err(), PublishError::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_calls_that_wait_for_a_connection() {
    let mut server = Server::new();
    let publisher = server.client().build_publisher().unwrap();
    let clone = publisher.clone();
    let call = tokio::spawn(async move { clone.publish("t", "{}", None).await });
    let stream = server.accept_stream().await;
    let start = Instant::now();
    publisher.shutdown();
    assert_eq!(call.await.unwrap(), Err(PublishError::Stopped));
    assert_eq!(start.elapsed(), Duration::ZERO);
    drop(stream);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_publishes_on_its_connection() {
    let mut server = Server::new();
    let consumer = server.client().build().unwrap();
    let handle = consumer.handle();
    tokio::spawn(consumer.run(|_| std::future::ready(Ok::<_, Infallible>(()))));
    let mut peer = server.accept().await;
    let call = tokio::spawn(async move { handle.publish("t", "{}", None).await });
    let flag = published(&mut peer).await;
    peer.message(1).await;
    assert_eq!(peer.command().await, Some(Command::Confirm(1)));
    peer.send(Bytes::new(3).flag(flag).end()).await;
    call.await.unwrap().unwrap();
}
