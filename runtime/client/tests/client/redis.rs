//! State that machines share, in a Redis server that the tests start. Without `redis-server`, the tests are skipped,
//! or fail if `CI=true`.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use generated_sdk::Error;
use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::client::{CallInfo, Client, Limiter, Redis, RedisLimits, SessionStore, Token};
use generated_sdk::protocol::LimitError;
use tokio::time::{Instant, sleep, timeout};

use crate::authority::{Authority, Between, all};
use crate::support::chain;

const USER: &str = "seller 1";
const KEY: &str = "12345678";
const METHOD: &str = "taobao.top.client.token.get";
const MINUTE: Duration = Duration::from_secs(60);

/// A Redis server of one test, on a free port of loopback, without persistence.
struct Server {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts the server. Prints a note and returns `None` if `redis-server` is not installed.
    async fn start() -> Option<Self> {
        for _ in 0..20 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut server = Self::spawned(port)?;
            // Another process may have taken the port.
            if server.is_up().await {
                return Some(server);
            }
        }
        panic!("redis-server finds no port")
    }

    fn spawned(port: u16) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no", "--dir"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match process {
            Ok(process) => Some(Self { process, port, _folder: folder }),
            Err(error) => {
                let missing = format!("cannot start redis-server: {error} (Debian: apt-get install redis-server)");
                assert!(!is_ci(), "{missing}");
                eprintln!("skipped: {missing}");
                None
            }
        }
    }

    /// Waits until this server, not another one, accepts connections.
    async fn is_up(&mut self) -> bool {
        let began = Instant::now();
        while self.process.try_wait().unwrap().is_none() {
            if let Ok(info) = self.try_ask::<String>(&["info", "server"]).await {
                return info.lines().any(|line| line == format!("process_id:{}", self.process.id()));
            }
            assert!(began.elapsed() < MINUTE, "expected redis-server to start within a minute");
            sleep(Duration::from_millis(5)).await;
        }
        false
    }

    fn redis(&self) -> Redis {
        Redis::open(&format!("redis://127.0.0.1:{}/", self.port)).unwrap().with_prefix("test:")
    }

    /// Runs a command over a separate connection.
    async fn ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        self.try_ask(command).await.unwrap()
    }

    async fn try_ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> redis::RedisResult<T> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", self.port))?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd(command[0]).arg(&command[1..]).query_async(&mut connection).await
    }
}

/// Returns whether the tests run in CI, where no test is skipped.
fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A server that accepts connections and sends nothing.
fn mute() -> (TcpListener, Redis) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let redis = Redis::open(&format!("redis://{address}/")).unwrap().with_timeout(Duration::from_millis(50));
    (listener, redis)
}

/// A server that is not running.
fn gone() -> Redis {
    Redis::open("redis://127.0.0.1:1/").unwrap()
}

async fn call(client: &Client) -> Result<(), Error> {
    client.execute(&TopClientTokenGetRequest::new("the parameter")).await.map(|_| ())
}

#[test]
fn rejects_invalid_urls() {
    for url in
        ["", "http://u:s3cr3t@127.0.0.1/", "redis://u:s3cr3t@127.0.0.1:x/", "127.0.0.1", "rediss://u:s3cr3t@127.0.0.1/"]
    {
        let error = Redis::open(url).unwrap_err();
        assert!(matches!(error, Error::Configuration(_)), "{error:?}");
        assert!(error.to_string().contains("invalid URL of Redis"), "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error}");
    }
    let redis = Redis::open("redis://u:s3cr3t@127.0.0.1/").unwrap();
    assert!(!format!("{redis:?} {:?}", RedisLimits::new(redis.clone())).contains("s3cr3t"));
}

#[tokio::test]
async fn tokens_expire_with_their_refresh_tokens() {
    let Some(server) = Server::start().await else { return };
    let (redis, authority) = (server.redis(), Authority::new());
    assert_eq!(redis.get(USER).await.unwrap(), None);
    let token = authority.token();
    redis.put(USER, &token).await.unwrap();
    assert_eq!(redis.get(USER).await.unwrap(), Some(token.clone()));
    assert_eq!(redis.get("seller 2").await.unwrap(), None);
    // Another application has other keys.
    assert_eq!(server.redis().with_prefix("other:").get(USER).await.unwrap(), None);
    for (life, refresh_life, refreshable, seconds) in
        [(100, Some(1000), true, 1000), (100, Some(0), true, 100), (100, None, true, -1), (100, None, false, 100)]
    {
        let mut token = token.clone();
        token.expires_in = Some(Duration::from_secs(life));
        token.re_expires_in = refresh_life.map(Duration::from_secs);
        token.refresh_token = refreshable.then(|| "r".to_owned());
        redis.put(USER, &token).await.unwrap();
        let left: i64 = server.ask(&["ttl", "test:session:seller 1"]).await;
        assert!((seconds - 5..=seconds).contains(&left), "{seconds}: {left}");
    }
    redis.remove(USER).await.unwrap();
    assert_eq!(redis.get(USER).await.unwrap(), None);
    let _: () = server.ask(&["set", "test:session:seller 1", "s3cr3t"]).await;
    let error = redis.get(USER).await.unwrap_err().to_string();
    assert_eq!(error, "invalid token: expected a JSON object with an access_token");
    // A damaged token is replaced.
    assert_eq!(redis.replace(USER, None, &token).await.unwrap(), None);
    assert_eq!(redis.get(USER).await.unwrap(), Some(token));
}

#[tokio::test]
async fn redis_replaces_expected_tokens() {
    let Some(server) = Server::start().await else { return };
    let redis = server.redis();
    crate::authority::replaces(&redis).await;
    // The same token in another spelling.
    let seen = Token::from_json(r#"{"received_at":1000,"access_token":"1","x":1}"#).unwrap();
    for (first, second) in [(&seen, &Token::new("2")), (&Token::new("2"), &seen)] {
        let _: () =
            server.ask(&["set", "test:session:u", "{ \"received_at\":1000,\"access_token\":\"1\",\"x\":1}"]).await;
        assert_eq!(redis.replace("u", Some(first), second).await.unwrap(), None);
        assert_eq!(redis.get("u").await.unwrap().as_ref(), Some(second));
    }
    // A replaced token expires like any other.
    let mut token = Authority::new().token();
    token.re_expires_in = Some(Duration::from_secs(1000));
    for (life, seconds) in [(Some(100), 1000), (None, -1)] {
        token.expires_in = life.map(Duration::from_secs);
        redis.remove("u").await.unwrap();
        assert_eq!(redis.replace("u", None, &token).await.unwrap(), None);
        let left: i64 = server.ask(&["ttl", "test:session:u"]).await;
        assert!((seconds - 5..=seconds).contains(&left), "{seconds}: {left}");
    }
}

#[tokio::test]
async fn keeps_a_grant_stored_during_a_replacement() {
    let Some(server) = Server::start().await else { return };
    let authority = Authority::new();
    let granted = Token::from_response(r#"{"access_token":"granted"}"#, authority.clock.now()).unwrap();
    let sessions = authority.sessions(Between::new(server.redis(), granted.clone()));
    sessions.put(USER, authority.token()).await.unwrap();
    authority.clock.pass(86_400);
    assert_eq!(sessions.token(USER).await.unwrap(), granted);
    assert_eq!(server.redis().get(USER).await.unwrap(), Some(granted));
    assert_eq!(authority.state().refreshes, 1);
}

#[tokio::test]
async fn locks_belong_to_their_holder_and_expire() {
    let Some(server) = Server::start().await else { return };
    let redis = server.redis();
    assert!(redis.try_lock(USER, "one", MINUTE).await.unwrap());
    assert!(!redis.try_lock(USER, "two", MINUTE).await.unwrap());
    assert!(redis.try_lock(USER, "one", MINUTE).await.unwrap(), "it is the holder's already");
    assert!(redis.try_lock("seller 2", "two", MINUTE).await.unwrap());
    redis.unlock(USER, "two").await.unwrap();
    assert!(!redis.try_lock(USER, "two", MINUTE).await.unwrap(), "only the holder releases it");
    redis.unlock(USER, "one").await.unwrap();
    assert!(redis.try_lock(USER, "two", MINUTE).await.unwrap());
    // The lock expires by the clock of Redis.
    let left: i64 = server.ask(&["pttl", "test:session-lock:seller 1"]).await;
    assert!((1..=60_000).contains(&left), "{left}");
    let _: i64 = server.ask(&["pexpire", "test:session-lock:seller 1", "0"]).await;
    assert!(redis.try_lock(USER, "three", MINUTE).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn machines_refresh_once() {
    let Some(server) = Server::start().await else { return };
    let authority = Authority::new();
    let machines: Vec<_> = (0..4).map(|_| Arc::new(authority.sessions(server.redis()))).collect();
    machines[0].put(USER, authority.token()).await.unwrap();
    authority.state().delay = Duration::from_millis(100);
    authority.clock.pass(86_400);
    let clients = machines.iter().map(|sessions| authority.client().with_session_from(sessions.clone(), USER));
    let clients = clients.flat_map(|client| std::iter::repeat_n(client, 250));
    for result in all(clients.map(async |client| call(&client).await)).await {
        result.unwrap();
    }
    assert_eq!(authority.with(|state| (state.refreshes, state.calls)), (1, 1000));
    let exists: i64 = server.ask(&["exists", "test:session-lock:seller 1"]).await;
    assert_eq!(exists, 0, "the lock is released");
}

#[tokio::test]
async fn redis_failures_are_errors_without_a_wait() {
    let authority = Authority::new();
    let (_listener, mute) = mute();
    for redis in [gone(), mute] {
        let sessions = Arc::new(authority.sessions(redis));
        let client = authority.client().with_session_from(sessions.clone(), USER);
        let error = timeout(MINUTE, call(&client)).await.unwrap().unwrap_err();
        assert!(matches!(&error, Error::Session(_)) && !error.needs_authorization(), "{error:?}");
        assert!(chain(&error).contains("Redis"), "{error:?}");
        // A cached session is still used.
        sessions.put(USER, authority.token()).await.unwrap_err();
        call(&client).await.unwrap();
    }
}

#[tokio::test]
async fn reconnects_after_a_lost_connection() {
    let Some(server) = Server::start().await else { return };
    let (redis, port) = (server.redis(), server.port);
    redis.put(USER, &Token::new("a")).await.unwrap();
    drop(server);
    redis.get(USER).await.unwrap_err();
    let mut server = Server::spawned(port).unwrap();
    assert!(server.is_up().await, "another process has taken the port");
    let began = Instant::now();
    while redis.get(USER).await.is_err() {
        assert!(began.elapsed() < MINUTE, "expected a new connection within a minute");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until the server has this many connections, apart from the one that asks.
async fn reaches_connections(server: &Server, expected: usize) {
    let began = Instant::now();
    loop {
        let clients: String = server.ask(&["client", "list", "type", "normal"]).await;
        let count = clients.lines().count() - 1;
        if count == expected {
            return;
        }
        assert!(began.elapsed() < MINUTE, "{count} connections, and not {expected}");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn connections_end_with_their_runtime() {
    let Some(server) = Server::start().await else { return };
    server.redis().put(USER, &Token::new("a")).await.unwrap();
    let redis = server.redis();
    for _ in 0..4 {
        let redis = redis.clone();
        let used = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { (redis.get(USER).await, redis.get(USER).await) })
        });
        let (first, second) = used.await.unwrap();
        assert!(first.unwrap().is_some() && second.unwrap().is_some());
    }
    redis.clone().with_prefix("other:").get(USER).await.unwrap();
    redis.get(USER).await.unwrap();
    reaches_connections(&server, 1).await;
    drop(redis);
    reaches_connections(&server, 0).await;
}

#[test]
fn redis_without_a_runtime_is_an_error() {
    let redis = gone();
    let mut asked = std::pin::pin!(redis.get(USER));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(error)) = asked.as_mut().poll(&mut context) else {
        panic!("expected an error at once")
    };
    assert!(error.to_string().contains("no tokio runtime"), "{error}");
}

#[cfg(feature = "blocking")]
#[tokio::test]
async fn blocking_and_async_clients_share_redis_limits() {
    let Some(server) = Server::start().await else { return };
    let authority = Authority::new();
    let client = |limits| authority.builder().limiter(limits).build().unwrap().with_session("access-1");
    let limits = RedisLimits::new(server.redis()).per_second(1000).fail_closed();
    let there = client(limits.clone());
    call(&there).await.unwrap();
    for _ in 0..4 {
        // The call blocks the only thread of the runtime of the async client.
        let blocking = generated_sdk::blocking::Client::new(client(limits.clone())).unwrap();
        for _ in 0..2 {
            blocking.execute(&TopClientTokenGetRequest::new("the parameter")).unwrap();
        }
    }
    call(&there).await.unwrap();
}

#[tokio::test]
async fn machines_share_one_rate() {
    let Some(server) = Server::start().await else { return };
    let machines: Vec<_> =
        (0..3).map(|_| Arc::new(RedisLimits::new(server.redis()).rate(100, Duration::from_secs(2)))).collect();
    // All machines connect.
    for machine in &machines {
        machine.acquire(CallInfo::new("first", METHOD, MINUTE)).await.unwrap();
    }
    let began = Instant::now();
    machines[0].acquire(CallInfo::new(KEY, METHOD, MINUTE)).await.unwrap();
    // Each released time is used by one other call.
    let given_up = |machine: &Arc<RedisLimits>| {
        let machine = machine.clone();
        async move { drop(timeout(Duration::from_millis(5), machine.acquire(CallInfo::new(KEY, METHOD, MINUTE))).await) }
    };
    tokio::join!(given_up(&machines[0]), given_up(&machines[1]), given_up(&machines[2]));
    let given_back = async || -> i64 { server.ask(&["zcard", "test:limit:{12345678}:free"]).await };
    while given_back().await < 3 && began.elapsed() < Duration::from_secs(1) {
        sleep(Duration::from_millis(1)).await;
    }
    let turns: Vec<_> = (0..30)
        .map(|number| {
            let limits = machines[number % 3].clone();
            tokio::spawn(async move {
                limits.acquire(CallInfo::new(KEY, METHOD, MINUTE)).await.unwrap();
                Instant::now()
            })
        })
        .collect();
    let mut times = Vec::new();
    for turn in turns {
        times.push(turn.await.unwrap() - began);
    }
    times.sort();
    // Every call is at its time or later, 20 ms after the one before.
    for (place, time) in (1..).zip(&times) {
        assert!(*time + Duration::from_millis(2) >= Duration::from_millis(20) * place, "{times:?}");
    }
    // Another application has its own schedule.
    machines[0].acquire(CallInfo::new("another", METHOD, Duration::ZERO)).await.unwrap();
}

fn wait(error: &LimitError) -> Duration {
    error.retry_after.expect("a wait")
}

#[tokio::test]
async fn too_late_reservations_are_not_made() {
    let Some(server) = Server::start().await else { return };
    let limits = RedisLimits::new(server.redis()).rate(1, MINUTE);
    limits.acquire(CallInfo::new(KEY, METHOD, Duration::ZERO)).await.unwrap();
    for _ in 0..3 {
        let error = limits.acquire(CallInfo::new(KEY, METHOD, Duration::from_secs(1))).await.unwrap_err();
        assert!(wait(&error) > Duration::from_secs(50) && wait(&error) <= MINUTE, "{error:?}");
    }
}

#[tokio::test]
async fn released_times_in_the_past_are_dropped() {
    let Some(server) = Server::start().await else { return };
    let limits = RedisLimits::new(server.redis()).rate(1, MINUTE).fail_closed();
    let turn = || CallInfo::new(KEY, METHOD, Duration::from_secs(1));
    limits.acquire(turn()).await.unwrap();
    let (seconds, _): (u64, u64) = server.ask(&["time"]).await;
    let passed = format!("{}000000", seconds - 1);
    let _: () = server.ask(&["zadd", "test:limit:{12345678}:free", &passed, &passed]).await;
    let error = limits.acquire(turn()).await.unwrap_err();
    assert!(wait(&error) > Duration::from_secs(50) && wait(&error) <= MINUTE, "{error:?}");
}

#[tokio::test]
async fn resets_times_of_a_clock_that_was_ahead() {
    let Some(server) = Server::start().await else { return };
    let limits = RedisLimits::new(server.redis()).rate(1, MINUTE).fail_closed();
    let turn = || CallInfo::new(KEY, METHOD, Duration::from_secs(1));
    let (seconds, _): (u64, u64) = server.ask(&["time"]).await;
    for (hours, taken) in [(23, false), (48, true), (24 * 365, true)] {
        let ahead = format!("{}000000", seconds + hours * 3600);
        let _: () = server.ask(&["set", "test:limit:{12345678}:next", &ahead]).await;
        assert_eq!(limits.acquire(turn()).await.is_ok(), taken, "{hours}");
    }
    let error = limits.acquire(turn()).await.unwrap_err();
    assert!(wait(&error) > Duration::from_secs(50) && wait(&error) <= MINUTE, "{error:?}");
}

#[tokio::test]
async fn dropped_calls_release_their_places() {
    let Some(server) = Server::start().await else { return };
    let (one, other) = (RedisLimits::new(server.redis()), RedisLimits::new(server.redis()));
    let (one, other) = (one.rate(1, MINUTE), other.rate(1, MINUTE));
    let turn = || CallInfo::new(KEY, METHOD, 60 * MINUTE);
    one.acquire(turn()).await.unwrap();
    // Some calls are dropped while they wait, and some before the response of Redis.
    for patience in [Duration::from_millis(20), Duration::ZERO].into_iter().cycle().take(10) {
        assert!(timeout(patience, one.acquire(turn())).await.is_err());
    }
    // All times but the first are released.
    let minutes = async || -> i64 {
        let free: i64 = server.ask(&["zcard", "test:limit:{12345678}:free"]).await;
        let next: i64 = server.ask(&["pttl", "test:limit:{12345678}:next"]).await;
        (next - 1000) / 60_000 - free
    };
    let began = Instant::now();
    while minutes().await > 0 {
        assert!(began.elapsed() < MINUTE, "expected all times to be released");
        sleep(Duration::from_millis(5)).await;
    }
    let error = other.acquire(CallInfo::new(KEY, METHOD, Duration::from_secs(1))).await.unwrap_err();
    assert!(wait(&error) <= MINUTE, "{error:?}");
    let left: i64 = server.ask(&["pttl", "test:limit:{12345678}:free"]).await;
    assert!(left > 0, "expected released times to expire: {left}");
}

#[tokio::test]
async fn machines_share_bans() {
    let Some(server) = Server::start().await else { return };
    let (one, other) = (RedisLimits::new(server.redis()), RedisLimits::new(server.redis()));
    let turn = CallInfo::new(KEY, METHOD, Duration::from_secs(1));
    one.banned(KEY, Some(METHOD), MINUTE).await;
    one.banned(KEY, Some(METHOD), Duration::from_secs(2)).await;
    let error = other.acquire(turn).await.unwrap_err();
    assert!(
        wait(&error) > Duration::from_secs(50) && wait(&error) <= MINUTE,
        "a shorter ban ends no longer one: {error:?}"
    );
    other.acquire(CallInfo::new(KEY, "taobao.trade.get", Duration::ZERO)).await.unwrap();
    other.acquire(CallInfo::new("another", METHOD, Duration::ZERO)).await.unwrap();
    one.banned(KEY, None, Duration::from_secs(30)).await;
    assert!(other.acquire(CallInfo::new(KEY, "taobao.trade.get", Duration::ZERO)).await.is_err());
    other.acquire(CallInfo::new("another", METHOD, Duration::ZERO)).await.unwrap();
    // A short ban is waited for.
    one.banned("third", None, Duration::from_millis(60)).await;
    let began = Instant::now();
    other.acquire(CallInfo::new("third", METHOD, MINUTE)).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn applies_bans_reported_during_the_wait() {
    let Some(server) = Server::start().await else { return };
    let (one, other) = (server.redis(), server.redis());
    let limits = Arc::new(RedisLimits::new(one).rate(1, Duration::from_secs(1)));
    limits.acquire(CallInfo::new(KEY, METHOD, MINUTE)).await.unwrap();
    let waiting = tokio::spawn(async move { limits.acquire(CallInfo::new(KEY, METHOD, Duration::from_secs(5))).await });
    sleep(Duration::from_millis(20)).await;
    RedisLimits::new(other).banned(KEY, None, MINUTE).await;
    assert!(wait(&waiting.await.unwrap().unwrap_err()) > Duration::from_secs(50));
}

#[tokio::test]
async fn waits_for_bans_without_a_permit() {
    let Some(server) = Server::start().await else { return };
    let limits = Arc::new(RedisLimits::new(server.redis()).concurrency(1));
    RedisLimits::new(server.redis()).banned(KEY, Some(METHOD), 60 * MINUTE).await;
    let banned = tokio::spawn({
        let limits = limits.clone();
        async move { limits.acquire(CallInfo::new(KEY, METHOD, 120 * MINUTE)).await.map(drop) }
    });
    // The call ends only if the longer ban does not delay it.
    timeout(MINUTE, limits.acquire(CallInfo::new(KEY, "taobao.trade.get", MINUTE)))
        .await
        .expect("the other method is not held up")
        .unwrap();
    assert!(!banned.is_finished());
    banned.abort();
}

#[tokio::test]
async fn clones_share_concurrency() {
    let limits = RedisLimits::new(gone()).rate(1, MINUTE).concurrency(1);
    let permit = limits.clone().acquire(CallInfo::new(KEY, METHOD, MINUTE)).await.unwrap();
    assert!(timeout(Duration::from_millis(20), limits.acquire(CallInfo::new(KEY, METHOD, MINUTE))).await.is_err());
    drop(permit);
    let error = limits.acquire(CallInfo::new(KEY, METHOD, Duration::from_secs(5))).await.unwrap_err();
    assert!(wait(&error) > Duration::from_secs(50), "{error:?}");
}

#[tokio::test]
async fn limits_without_redis_are_local_or_fail() {
    let (_listener, mute) = mute();
    for redis in [gone(), mute] {
        let limits = RedisLimits::new(redis.clone()).rate(1, MINUTE);
        let began = Instant::now();
        limits.acquire(CallInfo::new(KEY, METHOD, MINUTE)).await.unwrap();
        let error = limits.acquire(CallInfo::new(KEY, METHOD, Duration::from_secs(5))).await.unwrap_err();
        assert!(wait(&error) > Duration::from_secs(50), "the program's own rate holds: {error:?}");
        limits.banned("third", None, MINUTE).await;
        assert!(limits.acquire(CallInfo::new("third", METHOD, Duration::ZERO)).await.is_err());
        assert!(began.elapsed() < MINUTE);
        let closed = RedisLimits::new(redis).per_second(100).fail_closed();
        let error = timeout(MINUTE, closed.acquire(CallInfo::new(KEY, METHOD, MINUTE))).await.unwrap().unwrap_err();
        let text = chain(&error);
        assert!(text.starts_with("the request was not sent: the limiter failed: ") && text.contains("Redis"), "{text}");
    }
}

#[tokio::test]
async fn client_uses_redis_limits() {
    let Some(server) = Server::start().await else { return };
    let authority = Authority::new();
    let limits = || RedisLimits::new(server.redis()).per_second(1000).concurrency(2);
    let (one, other) = (authority.builder().limiter(limits()), authority.builder().limiter(limits()));
    for client in [one, other] {
        call(&client.build().unwrap().with_session("access-1")).await.unwrap();
    }
    let next: i64 = server.ask(&["exists", "test:limit:{12345678}:next"]).await;
    assert_eq!(next, 1);
}
