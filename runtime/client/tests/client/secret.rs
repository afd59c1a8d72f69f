//! The cache of secret keys (docs/protocol.md section 7.6), with a clock and a platform of the test.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use generated_sdk::client::{BoxFuture, HttpRequest, HttpResponse, Payload, Transport};
use generated_sdk::protocol::TransportError;
use generated_sdk::{AppCredentials, Client};
use tokio::sync::Semaphore;
use top_client::secret::SensitiveType::{Nick, Phone};
use top_client::secret::{KeyAge, SecretError, SecretKeyError, SecretKeys};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";
const OTHER_KEY: &str = "ZmVkY2JhOTg3NjU0MzIxMA==";
const PHONE: &str = "13834566786";
const ENCRYPTED: &str = "$138$ln9oVewt47CUfsrUD6IJ9Q==$42$";
const NICK: &str = "~kYscms7kH7qcleelEAsgug==~42~";

type Form = BTreeMap<String, String>;

/// A platform that logs requests, and sends a response for each permit.
#[derive(Clone)]
struct Platform(Arc<State>);

/// Returns the body for a request.
type Reply = dyn Fn(&Form) -> String + Send;

struct State {
    reply: Mutex<Box<Reply>>,
    received: Mutex<Vec<Form>>,
    permits: Semaphore,
}

impl Platform {
    fn new(reply: impl Fn(&Form) -> String + Send + 'static) -> Self {
        let permits = Semaphore::new(Semaphore::MAX_PERMITS);
        Self(Arc::new(State { reply: Mutex::new(Box::new(reply)), received: Mutex::default(), permits }))
    }

    fn reply(&self, reply: impl Fn(&Form) -> String + Send + 'static) {
        *self.0.reply.lock().unwrap() = Box::new(reply);
    }

    fn received(&self) -> Vec<Form> {
        self.0.received.lock().unwrap().clone()
    }

    fn count(&self) -> usize {
        self.received().len()
    }

    fn client(&self) -> Client {
        Client::builder("https://gateway.test/router/rest", AppCredentials::new("12345678", "helloworld"))
            .transport(self.clone())
            .build()
            .unwrap()
    }

    /// Returns the keys of the application, with a manual clock.
    fn keys(&self) -> (SecretKeys, ManualClock) {
        let clock = ManualClock(Arc::new(Mutex::new(Instant::now())));
        let now = clock.clone();
        (SecretKeys::new(&self.client(), "c0de").with_clock(move || *now.0.lock().unwrap()), clock)
    }
}

impl Transport for Platform {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let Payload::Bytes(body) = request.body else { panic!("no file is sent") };
            let form: Form = form_urlencoded::parse(&body).into_owned().collect();
            assert_eq!(form["method"], "taobao.top.secret.get");
            assert_eq!(form["random_num"], "c0de");
            self.0.received.lock().unwrap().push(form.clone());
            self.0.permits.acquire().await.unwrap().forget();
            let body = (self.0.reply.lock().unwrap())(&form);
            Ok(HttpResponse::new(200, body))
        })
    }
}

#[derive(Clone)]
struct ManualClock(Arc<Mutex<Instant>>);

impl ManualClock {
    fn advance(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
    }
}

/// The response with a key that is fresh for an hour and usable for a day.
fn secret(key: &str, version: i64, app_config: &str) -> String {
    serde_json::json!({"top_secret_get_response": {
        "secret": key, "secret_version": version, "interval": 3600, "max_interval": 86400, "app_config": app_config,
    }})
    .to_string()
}

fn refusal(code: i64, sub_code: &str) -> String {
    serde_json::json!({"error_response": {"code": code, "msg": "m", "sub_code": sub_code}}).to_string()
}

/// Returns a key of the requested version. Default: 42.
fn key_42(form: &Form) -> String {
    let version = form.get("secret_version").map_or(42, |version| version.parse().unwrap());
    secret(if version == 42 { KEY } else { OTHER_KEY }, version, "")
}

/// Runs background tasks.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn fetches_a_key_once() {
    let platform = Platform::new(key_42);
    let (keys, _clock) = platform.keys();
    let seller = keys.for_session("seller one");
    assert_eq!(seller.encrypt(Phone, PHONE).await.unwrap(), ENCRYPTED);
    assert_eq!(seller.decrypt(Phone, ENCRYPTED).await.unwrap(), PHONE);
    assert_eq!(seller.search_token(Phone, "6786").await.unwrap(), "$HQE4OAlcgknUqf7f8/A9tw==$");
    assert_eq!(keys.clone().for_session("seller one").decrypt(Nick, NICK).await.unwrap(), "taobaoTEST");
    assert_eq!(platform.count(), 1);
    let received = &platform.received()[0];
    assert_eq!(received["session"], "seller one");
    assert!(!received.contains_key("secret_version") && !received.contains_key("customer_user_id"));
    // These need no key.
    let other = keys.for_session("other");
    for (kind, text) in [(Phone, ""), (Phone, PHONE), (Nick, "~taobao~")] {
        assert_eq!(other.decrypt(kind, text).await.unwrap(), text);
    }
    assert_eq!(
        (other.encrypt(Nick, "").await.unwrap(), other.search_token(Nick, "").await.unwrap()),
        Default::default()
    );
    assert_eq!(platform.count(), 1);
    let error = seller.search_token(Phone, "678").await.unwrap_err();
    assert!(matches!(error, SecretKeyError::Secret(SecretError::PhoneTerm)), "{error}");
}

#[tokio::test]
async fn owners_have_separate_keys() {
    let platform = Platform::new(|form| match (form.get("session"), form.get("customer_user_id")) {
        (Some(_), None) => secret(KEY, 42, ""),
        (None, Some(_)) => secret(KEY, 7, ""),
        (None, None) => secret(OTHER_KEY, 42, ""),
        both => panic!("{both:?}"),
    });
    let (keys, _clock) = platform.keys();
    let (seller, application) = (keys.for_session("s"), keys.for_application());
    assert_eq!(seller.encrypt(Nick, "taobaoTEST").await.unwrap(), NICK);
    let shared = application.encrypt(Nick, "taobaoTEST").await.unwrap();
    assert!(shared.ends_with("~-42~") && shared != NICK, "{shared}");
    assert_eq!(platform.count(), 2);
    // The text has the key of the application for every owner.
    assert_eq!(seller.decrypt(Nick, &shared).await.unwrap(), "taobaoTEST");
    assert_eq!(platform.count(), 2);
    // A text of a seller is not decrypted as one of the application.
    let error = application.decrypt(Nick, NICK).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot decrypt the text with version 42 of the key: it is damaged, or encrypted for another seller or application"
    );
    // A customer, in both spellings.
    assert!(keys.for_customer(1001).encrypt(Nick, "taobaoTEST").await.unwrap().ends_with("~7~"));
    assert!(keys.for_session("_1001").encrypt(Nick, "taobaoTEST").await.unwrap().ends_with("~7~"));
    assert_eq!((platform.count(), platform.received()[2]["customer_user_id"].as_str()), (3, "1001"));
    keys.for_session("_x").encrypt(Nick, "taobaoTEST").await.unwrap();
    assert_eq!(platform.received()[3]["session"], "_x");
}

#[tokio::test]
async fn versions() {
    let platform = Platform::new(key_42);
    let (keys, _clock) = platform.keys();
    let seller = keys.for_session("s");
    // An older version is fetched by its number. The current version is cached.
    assert_eq!(seller.decrypt(Phone, ENCRYPTED).await.unwrap(), PHONE);
    assert_eq!(platform.received()[0]["secret_version"], "42");
    seller.encrypt(Phone, PHONE).await.unwrap();
    assert_eq!(seller.decrypt(Phone, ENCRYPTED).await.unwrap(), PHONE);
    assert_eq!(platform.count(), 2);
    let old = ENCRYPTED.replace("42", "41");
    assert!(matches!(
        seller.decrypt(Phone, &old).await,
        Err(SecretKeyError::Secret(SecretError::Undecryptable { version: 41 }))
    ));
    assert_eq!(platform.received()[2]["secret_version"], "41");

    platform.reply(|form| {
        assert_eq!(form["secret_version"], "-1");
        secret(KEY, 40, r#"{"previous_phone":"2"}"#)
    });
    let previous = seller.encrypt_with(Phone, PHONE, KeyAge::Previous).await.unwrap();
    assert_eq!(previous, "$HQE4OAlcgknUqf7f8/A9tw==$vh7qEbdVYZYMddSP13CXHg==$40$$");
    let token = seller.search_token_with(Phone, "6786", KeyAge::Previous).await.unwrap();
    assert!(previous.starts_with(&token));
    assert_eq!(platform.count(), 4);
}

#[tokio::test]
async fn both_intervals() {
    let platform = Platform::new(key_42);
    let (keys, clock) = platform.keys();
    let seller = keys.for_session("s");
    let encrypt = async || seller.encrypt(Phone, PHONE).await.unwrap();
    encrypt().await;
    clock.advance(3599);
    encrypt().await;
    settle().await;
    assert_eq!(platform.count(), 1);
    // The cached key is used while another is fetched, once.
    clock.advance(1);
    platform.reply(|_| secret(OTHER_KEY, 43, ""));
    for _ in 0..5 {
        assert_eq!(encrypt().await, ENCRYPTED);
    }
    settle().await;
    assert_eq!(platform.count(), 2);
    assert!(encrypt().await.ends_with("$43$"));
    // After the second interval, callers wait for the new one.
    clock.advance(86_400);
    platform.reply(|_| secret(KEY, 44, ""));
    assert!(encrypt().await.ends_with("$44$"));
    assert_eq!(platform.count(), 3);
}

#[tokio::test]
async fn failed_refresh_keeps_the_cached_key() {
    let platform = Platform::new(key_42);
    let (keys, clock) = platform.keys();
    let seller = keys.for_session("s");
    seller.encrypt(Phone, PHONE).await.unwrap();
    platform.reply(|_| refusal(15, "isp.unavailable"));
    clock.advance(3600);
    for (seconds, count) in [(0, 2), (29, 2), (1, 3), (30, 4)] {
        clock.advance(seconds);
        for _ in 0..3 {
            assert_eq!(seller.encrypt(Phone, PHONE).await.unwrap(), ENCRYPTED);
            settle().await;
        }
        assert_eq!(platform.count(), count, "{seconds}");
    }
    clock.advance(86_400);
    let error = seller.encrypt(Phone, PHONE).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot fetch the secret key with taobao.top.secret.get; try again later");
    platform.reply(key_42);
    assert_eq!(seller.encrypt(Phone, PHONE).await.unwrap(), ENCRYPTED);
}

#[tokio::test]
async fn concurrent_callers_share_one_fetch() {
    let platform = Platform::new(key_42);
    platform.0.permits.forget_permits(usize::MAX);
    let (keys, _clock) = platform.keys();
    let seller = keys.for_session("s");
    let start = || {
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let seller = seller.clone();
                tokio::spawn(async move { seller.encrypt(Phone, PHONE).await })
            })
            .collect();
        tasks
    };
    // All callers get the same error.
    platform.reply(|_| refusal(27, "invalid-sessionkey"));
    let tasks = start();
    settle().await;
    platform.0.permits.add_permits(1);
    for task in tasks {
        let error = task.await.unwrap().unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot fetch the secret key with taobao.top.secret.get: the session is invalid; refresh it and try again"
        );
    }
    assert_eq!(platform.count(), 1);
    // Later callers fetch again. If a caller is dropped during its fetch, the next one fetches.
    platform.reply(key_42);
    let tasks = start();
    settle().await;
    tasks[0].abort();
    settle().await;
    platform.0.permits.add_permits(50);
    for (index, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.ok().map(Result::unwrap).as_deref(), (index > 0).then_some(ENCRYPTED));
    }
    assert_eq!(platform.count(), 3);
}

#[tokio::test]
async fn without_a_key() {
    let beta = r#"{"publish_status":"0"}"#;
    let replies: [Box<dyn Fn() -> String + Send>; 2] = [
        Box::new(|| refusal(15, "20005")),
        Box::new(move || serde_json::json!({"top_secret_get_response": {"app_config": beta}}).to_string()),
    ];
    for reply in replies {
        let platform = Platform::new(move |_| reply());
        let (keys, clock) = platform.keys();
        let seller = keys.for_session("s");
        for _ in 0..2 {
            assert_eq!(seller.encrypt(Phone, PHONE).await.unwrap(), PHONE);
            assert_eq!(seller.search_token(Phone, "6786").await.unwrap(), "6786");
        }
        assert_eq!(platform.count(), 1);
        let error = seller.decrypt(Phone, ENCRYPTED).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "no secret key of version 42: expected the version of a key of this owner; check that the text was encrypted \
             for this seller and application"
        );
        // The missing key is fetched again: after 300 seconds in the background.
        clock.advance(299);
        seller.encrypt(Phone, PHONE).await.unwrap();
        settle().await;
        assert_eq!(platform.count(), 2);
        clock.advance(1);
        platform.reply(key_42);
        assert_eq!(seller.encrypt(Phone, PHONE).await.unwrap(), PHONE);
        settle().await;
        assert_eq!(seller.encrypt(Phone, PHONE).await.unwrap(), ENCRYPTED);
    }
    // An empty response must not leave a text unencrypted.
    let platform = Platform::new(|_| r#"{"top_secret_get_response":{"interval":300}}"#.to_owned());
    let error = platform.keys().0.for_session("s").encrypt(Phone, PHONE).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "taobao.top.secret.get returned no key; enable the encryption of sensitive fields in the platform's console"
    );
}

#[tokio::test]
async fn rejects_unusable_responses() {
    for (response, expected) in [
        (secret("not Base64", 42, ""), SecretError::InvalidKey),
        (secret("MDEy", 42, ""), SecretError::InvalidKey),
        (secret(KEY, 42, "[]"), SecretError::InvalidSettings),
    ] {
        let platform = Platform::new(move |_| response.clone());
        let error = platform.keys().0.for_session("s").encrypt(Phone, PHONE).await.unwrap_err();
        assert!(matches!(&error, SecretKeyError::Secret(error) if *error == expected), "{error}");
    }
    // Intervals of any size.
    let body = format!(
        r#"{{"top_secret_get_response":{{"secret":"{KEY}","secret_version":"42","interval":{},"max_interval":-1}}}}"#,
        i64::MAX
    );
    let platform = Platform::new(move |_| body.clone());
    let (keys, clock) = platform.keys();
    keys.for_session("s").encrypt(Phone, PHONE).await.unwrap();
    clock.advance(29 * 24 * 3600);
    assert_eq!(keys.for_session("s").encrypt(Phone, PHONE).await.unwrap(), ENCRYPTED);
    assert_eq!(platform.count(), 1);
}

#[tokio::test]
async fn keys_require_https_and_are_not_printed() {
    let platform = Platform::new(key_42);
    let client = Client::builder("http://gateway.test/router/rest", AppCredentials::new("12345678", "helloworld"))
        .transport(platform.clone());
    let keys = SecretKeys::new(&client.build().unwrap(), "c0de");
    let error = keys.for_application().encrypt(Nick, "taobaoTEST").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot fetch the secret key with taobao.top.secret.get; check the security code of the application, and that the \
         gateway is https"
    );
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("requires an https gateway"), "{source}");
    assert_eq!(platform.count(), 0);

    let (keys, _clock) = platform.keys();
    let seller = keys.for_session("s3cr3t");
    seller.encrypt(Nick, "taobaoTEST").await.unwrap();
    let text = format!("{keys:?} {seller:?} {:?}", keys.for_application());
    for hidden in ["s3cr3t", "c0de", KEY, "helloworld"] {
        assert!(!text.contains(hidden), "{text}");
    }
}
