//! Limits within one program, asked without a client.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use generated_sdk::client::{Limiter, Limits, Turn};
use generated_sdk::protocol::LimitError;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{Instant, timeout};

const MINUTE: Duration = Duration::from_secs(60);

async fn acquire(limits: &Limits, patience: Duration) -> Result<(), LimitError> {
    limits.acquire(Turn::new("12345678", "taobao.time.get", patience)).await.map(drop)
}

/// Calls that come one after the other and wait, with what happens when their turns come.
async fn come(
    limits: &Limits,
    count: u32,
    turn: impl Fn(u32) + Clone + Send + 'static,
) -> Vec<JoinHandle<Result<(), LimitError>>> {
    let mut calls = Vec::new();
    for number in 0..count {
        let (limits, turn) = (limits.clone(), turn.clone());
        calls.push(tokio::spawn(async move { acquire(&limits, 60 * MINUTE).await.map(|()| turn(number)) }));
        yield_now().await;
    }
    calls
}

#[tokio::test(start_paused = true)]
async fn turns_come_in_order_and_none_is_late_by_the_others() {
    // A timer has milliseconds; what each turn is late by would add up to 70 of them.
    let limits = Limits::new().rate(1, Duration::from_micros(300));
    let (start, order) = (Instant::now(), Arc::new(Mutex::new(Vec::new())));
    let ordered = order.clone();
    for call in come(&limits, 100, move |number| ordered.lock().unwrap().push(number)).await {
        call.await.unwrap().unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..100).collect::<Vec<_>>());
    let due = 99 * Duration::from_micros(300);
    assert!((due..due + Duration::from_millis(2)).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_turn_wakes_the_one_whose_it_is() {
    let (limits, woken) = (Limits::new().per_second(100), Arc::new(AtomicU32::new(0)));
    let call = || {
        let (limits, woken) = (limits.clone(), woken.clone());
        tokio::spawn(async move {
            let mut call = pin!(acquire(&limits, MINUTE));
            poll_fn(|context| {
                woken.fetch_add(1, Ordering::Relaxed);
                call.as_mut().poll(context)
            })
            .await
        })
    };
    for call in (0..200).map(|_| call()).collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    let woken = woken.load(Ordering::Relaxed);
    assert!(woken <= 3 * 200, "begun, first in the queue, and at its turn: {woken}");
}

#[tokio::test(start_paused = true)]
async fn turns_that_are_not_used_are_no_credit() {
    let limits = Limits::new().per_second(1);
    acquire(&limits, MINUTE).await.unwrap();
    tokio::time::advance(MINUTE).await;
    let start = Instant::now();
    for _ in 0..5 {
        acquire(&limits, MINUTE).await.unwrap();
    }
    assert_eq!(start.elapsed().as_secs(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_stood_still_does_not_catch_up() {
    let limits = Limits::new().per_second(40);
    let times = Arc::new(Mutex::new(Vec::new()));
    let taken = times.clone();
    let calls = come(&limits, 200, move |_| taken.lock().unwrap().push(Instant::now())).await;
    // Nothing runs for three seconds.
    tokio::time::advance(Duration::from_secs(3)).await;
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let times = times.lock().unwrap();
    let most = times.iter().map(|start| {
        let second = *start..*start + Duration::from_secs(1);
        times.iter().filter(|time| second.contains(time)).count()
    });
    assert!(most.max().unwrap() <= 42, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn who_cannot_wait_as_long_as_those_before_is_refused_at_once() {
    let limits = Limits::new().rate(1, MINUTE);
    let calls = come(&limits, 4, |_| ()).await;
    let start = Instant::now();
    let error = acquire(&limits, 3 * MINUTE).await.unwrap_err();
    assert_eq!((error.retry_after, start.elapsed()), (Some(4 * MINUTE), Duration::ZERO));
    // Those who stop waiting leave their places to others.
    calls.iter().for_each(JoinHandle::abort);
    yield_now().await;
    acquire(&limits, 2 * MINUTE).await.unwrap();
    assert_eq!(start.elapsed(), MINUTE);
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_uses_no_turn() {
    let limits = Limits::new().rate(1, MINUTE);
    acquire(&limits, MINUTE).await.unwrap();
    let start = Instant::now();
    for _ in 0..10 {
        assert!(timeout(Duration::from_secs(1), acquire(&limits, 60 * MINUTE)).await.is_err());
    }
    acquire(&limits, 60 * MINUTE).await.unwrap();
    assert_eq!(start.elapsed(), MINUTE);
}

#[tokio::test(start_paused = true)]
async fn limits_beyond_reason_hold_or_hold_nothing_up() {
    let start = Instant::now();
    for limits in [
        Limits::new().per_second(u32::MAX),
        Limits::new().rate(1, Duration::ZERO),
        Limits::new().concurrency(usize::MAX),
    ] {
        for _ in 0..100 {
            acquire(&limits, Duration::MAX).await.unwrap();
        }
    }
    assert_eq!(start.elapsed().as_secs(), 0);
    for limits in [Limits::new().rate(0, Duration::MAX), Limits::new().rate(1, Duration::MAX)] {
        acquire(&limits, Duration::ZERO).await.unwrap();
        assert!(acquire(&limits, MINUTE).await.unwrap_err().retry_after > Some(MINUTE));
    }
}
