//! Limits within one program, without a client.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use generated_sdk::client::{CallInfo, Limiter, Limits};
use generated_sdk::protocol::LimitError;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{Instant, timeout};

const MINUTE: Duration = Duration::from_secs(60);

async fn acquire(limits: &Limits, max_wait: Duration) -> Result<(), LimitError> {
    limits.acquire(CallInfo::new("12345678", "taobao.time.get", max_wait)).await.map(drop)
}

/// Runs concurrent calls that arrive in order. Calls `admitted` for each.
async fn run_calls(
    limits: &Limits,
    count: u32,
    admitted: impl Fn(u32) + Clone + Send + 'static,
) -> Vec<JoinHandle<Result<(), LimitError>>> {
    let mut calls = Vec::new();
    for number in 0..count {
        let (limits, admitted) = (limits.clone(), admitted.clone());
        calls.push(tokio::spawn(async move { acquire(&limits, 60 * MINUTE).await.map(|()| admitted(number)) }));
        yield_now().await;
    }
    calls
}

#[tokio::test(start_paused = true)]
async fn calls_are_admitted_in_order_without_drift() {
    // Timers have a resolution of a millisecond. The latency of all calls would add up to 70 ms.
    let limits = Limits::new().rate(1, Duration::from_micros(300));
    let (start, order) = (Instant::now(), Arc::new(Mutex::new(Vec::new())));
    let ordered = order.clone();
    for call in run_calls(&limits, 100, move |number| ordered.lock().unwrap().push(number)).await {
        call.await.unwrap().unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..100).collect::<Vec<_>>());
    let due = 99 * Duration::from_micros(300);
    assert!((due..due + Duration::from_millis(2)).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn wakes_only_the_next_call() {
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
    assert!(woken <= 3 * 200, "expected to wake at the start, at the head of the queue, and at the time: {woken}");
}

#[tokio::test(start_paused = true)]
async fn idle_time_allows_no_burst() {
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
async fn a_pause_of_the_program_causes_no_burst() {
    let limits = Limits::new().per_second(40);
    let times = Arc::new(Mutex::new(Vec::new()));
    let taken = times.clone();
    let calls = run_calls(&limits, 200, move |_| taken.lock().unwrap().push(Instant::now())).await;
    // The program stops for three seconds.
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
async fn waits_longer_than_max_wait_fail_at_once() {
    let limits = Limits::new().rate(1, MINUTE);
    let calls = run_calls(&limits, 4, |_| ()).await;
    let start = Instant::now();
    let error = acquire(&limits, 3 * MINUTE).await.unwrap_err();
    assert_eq!((error.retry_after, start.elapsed()), (Some(4 * MINUTE), Duration::ZERO));
    // Dropped calls leave the queue.
    calls.iter().for_each(JoinHandle::abort);
    yield_now().await;
    acquire(&limits, 2 * MINUTE).await.unwrap();
    assert_eq!(start.elapsed(), MINUTE);
}

#[tokio::test(start_paused = true)]
async fn dropped_calls_use_no_rate() {
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
async fn extreme_limits_are_accepted() {
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
