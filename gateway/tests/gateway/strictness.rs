//! Sessions, quotas and the explanation of requests.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use gateway::{GatewayBuilder, RunningGateway};
use generated_sdk::client::HttpTransport;
use generated_sdk::protocol::{PlatformError, SignMethod};
use generated_sdk::{AppCredentials, Client, Error};
use serde_json::{Value, json};

use crate::support::{self, KEY, SECRET, gateway};

/// The time of the gateways.
static NOW: Mutex<SystemTime> = Mutex::new(SystemTime::UNIX_EPOCH);

fn client(gateway: &RunningGateway) -> Client {
    support::client(gateway.address()).build().unwrap()
}

async fn refusal(client: &Client, method: &str) -> PlatformError {
    match client.call(method, [("tid", "1"), ("fields", "tid"), ("sec_token", "a")]).await {
        Err(Error::Platform(error)) => *error,
        other => panic!("{other:?}"),
    }
}

async fn code(client: &Client, method: &str) -> Option<i64> {
    match client.call(method, [("tid", "1"), ("fields", "tid"), ("sec_token", "a")]).await {
        Ok(_) => None,
        Err(Error::Platform(error)) => error.code.number(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn known_sessions_are_required_where_the_spec_requires_one() {
    let strict = gateway().session("s1").session("s2").start().await.unwrap();
    let lenient = gateway().start().await.unwrap();
    // Authorization of the methods: required, unspecified, none.
    for (method, none, unknown) in [
        ("taobao.trades.sold.get", Some(26), Some(27)),
        ("taobao.top.client.token.get", None, Some(27)),
        ("taobao.time.get", None, None),
    ] {
        for (gateway, unknown) in [(&strict, unknown), (&lenient, None)] {
            let client = client(gateway);
            assert_eq!(code(&client, method).await, none, "{method}");
            assert_eq!(code(&client.with_session("s2"), method).await, None, "{method}");
            assert_eq!(code(&client.with_session("s3cr3t"), method).await, unknown, "{method}");
        }
    }
    let error = refusal(&client(&strict).with_session("s3cr3t"), "taobao.trades.sold.get").await;
    assert_eq!(error.sub_code.as_deref(), Some("invalid-sessionkey"));
    assert!(!format!("{:?}", strict.calls().last().unwrap().refusal).contains("s3cr3t"));
}

#[tokio::test]
async fn quotas_ban_for_seconds() {
    *NOW.lock().unwrap() = SystemTime::now();
    let settings: GatewayBuilder = gateway()
        .application("another", SECRET)
        .clock(|| *NOW.lock().unwrap())
        .quota("4/30".parse().unwrap())
        .quota("taobao.time.get=2/10".parse().unwrap());
    let gateway = settings.start().await.unwrap();
    let client = client(&gateway);
    assert_eq!(code(&client, "taobao.time.get").await, None);
    // A wrong signature is not counted.
    let wrong = Client::builder(gateway.url(), AppCredentials::new(KEY, "wrong")).build().unwrap();
    assert_eq!(code(&wrong, "taobao.time.get").await, Some(25));
    assert_eq!(code(&client, "taobao.time.get").await, None);
    *NOW.lock().unwrap() += Duration::from_secs(4);
    let error = refusal(&client, "taobao.time.get").await;
    assert_eq!((error.code.number(), error.retry_after()), (Some(7), Some(Duration::from_secs(6))));
    assert_eq!(error.sub_code.as_deref(), Some("accesscontrol.limited-by-app-api-access-count"));
    assert_eq!(code(&client, "taobao.top.client.token.get").await, None);
    let error = refusal(&client, "taobao.top.client.token.get").await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(26)));
    assert_eq!(error.sub_code.as_deref(), Some("accesscontrol.limited-by-app-access-count"));
    let other = Client::builder(gateway.url(), AppCredentials::new("another", SECRET)).build().unwrap();
    assert_eq!(code(&other, "taobao.time.get").await, None);
    *NOW.lock().unwrap() += Duration::from_secs(26);
    assert_eq!(code(&client, "taobao.time.get").await, None);
}

/// Sends a form to a path of the gateway.
async fn post(gateway: &RunningGateway, path: &str, form: &[(&str, &str)]) -> Value {
    let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request =
        reqwest::Client::builder().no_proxy().build().unwrap().post(format!("http://{}{path}", gateway.address()));
    let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(body);
    serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn explains_requests_without_executing_them() {
    let gateway = gateway().session("a session").start().await.unwrap();
    let client = client(&gateway).with_session("a session");
    let signed =
        client.sign_untyped("taobao.top.client.token.get", [("sec_token", "a token"), ("note", "备注 1")]).unwrap();
    let mut form: Vec<(&str, &str)> = signed.parameters().pairs().collect();
    let explanation = post(&gateway, "/_explain", &form).await;
    assert_eq!(explanation["result"], "ok");
    assert_eq!(explanation["sign_method"], "hmac-sha256");
    let signatures = explanation["signatures"].as_array().unwrap();
    let find = |method: &str| signatures.iter().find(|signature| signature["sign_method"] == method).unwrap();
    let sign = form.iter().find(|(name, _)| *name == "sign").unwrap().1;
    assert_eq!((&find("hmac-sha256")["sign"], &find("hmac-sha256")["matches"]), (&json!(sign), &json!(true)));
    let text = find("hmac")["string_to_sign"].as_str().unwrap();
    assert!(text.starts_with(&format!("app_key{KEY}formatjsonmethodtaobao.top.client.token.getnote备注 1")), "{text}");
    assert!(text.contains("sec_token[hidden: 7 characters]session[hidden: 9 characters]sign_method"), "{text}");
    assert_eq!(find("md5")["string_to_sign"], format!("{{secret}}{text}{{secret}}"));
    // A wrong signature: what the client seems to have done.
    let pairs = form.iter().filter(|(name, _)| *name != "sign").copied();
    let md5 = generated_sdk::protocol::signature(SignMethod::Md5, SECRET, pairs, b"");
    form.retain(|(name, _)| *name != "sign");
    form.push(("sign", &md5));
    let explanation = post(&gateway, "/_explain", &form).await;
    let expected = "25 Invalid Signature: the signature is computed with md5: send sign_method=md5";
    assert_eq!(explanation["result"], expected);
    let matching = explanation["signatures"].as_array().unwrap().iter().filter(|one| one["matches"] == true);
    assert_eq!(matching.map(|one| &one["sign_method"]).collect::<Vec<_>>(), ["md5"]);
    // Nothing was executed or recorded.
    assert_eq!(gateway.calls().len(), 0);
}

/// A client may send the AppSecret by mistake, in any place.
#[tokio::test]
async fn never_prints_the_secret() {
    let (address, console) = support::start().await;
    let transport = reqwest::Client::builder().no_proxy().build().unwrap();
    let _ = HttpTransport::new(transport.clone());
    let now = generated_sdk::DateTime::now().to_string();
    let public = [("method", "taobao.time.get"), ("app_key", KEY), ("timestamp", &now), ("v", "2.0"), ("sign", "0")];
    for (name, value) in [
        ("app_key", SECRET),
        ("method", SECRET),
        ("sign", SECRET),
        ("sign_method", SECRET),
        ("format", SECRET),
        ("timestamp", SECRET),
        ("v", SECRET),
        ("note", "text with helloworld in it"),
        (SECRET, "1"),
        ("json", r#"{"a":"helloworld"}"#),
    ] {
        let form: Vec<_> = public.iter().copied().filter(|(other, _)| *other != name).chain([(name, value)]).collect();
        let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
        for path in ["/router/rest", "/_explain"] {
            let text =
                transport.get(format!("http://{address}{path}?{query}")).send().await.unwrap().text().await.unwrap();
            assert!(path == "/router/rest" || !text.contains(SECRET), "{name}: {text}");
        }
    }
    let lines = console.lines();
    assert_eq!(lines.len(), 10);
    for line in lines {
        assert!(!line.contains(SECRET), "{line}");
    }
}
