//! The blocking client in different runtimes.

use std::thread;
use std::time::Duration;

use generated_sdk::Error;
use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::blocking::Client;
use generated_sdk::client::RetryPolicy;

use crate::support::{Reply, Script, ok, parameter, status};

fn token(client: &Client) -> Result<String, Error> {
    Ok(client.execute(&TopClientTokenGetRequest::new("x"))?.token.clone().unwrap_or_default())
}

fn call_in_every_way() {
    let pause = Duration::from_millis(5);
    let script = Script::new([Reply::After(pause, Box::new(status(500))), Reply::After(pause, Box::new(ok("t")))]);
    let client = script.builder().build_blocking().unwrap();
    assert!(matches!(token(&client), Err(Error::Status(_))));
    let client = client.with_session("the session").with_retry(RetryPolicy::new().first_pause(pause));
    assert_eq!(token(&client).unwrap(), "t");
    let calls = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| token(&client))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(calls.into_iter().all(|call| call.is_ok()));
    assert_eq!(parameter(&script.bodies()[1], "session"), "the session");
    assert_eq!(script.count(), 10);
}

#[test]
fn in_no_runtime() {
    call_in_every_way();
}

#[tokio::test]
async fn in_a_runtime_of_one_thread() {
    call_in_every_way();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_runtime_of_several_threads() {
    tokio::spawn(async { call_in_every_way() }).await.unwrap();
    tokio::task::spawn_blocking(call_in_every_way).await.unwrap();
}

#[test]
fn blocking_calls_time_out() {
    let script = Script::new([Reply::Never]);
    let client = script.builder().timeout(Duration::from_millis(20)).build_blocking().unwrap();
    assert!(matches!(token(&client), Err(Error::Transport(_))));
}
