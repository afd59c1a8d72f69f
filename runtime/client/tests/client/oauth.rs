//! The authorization server and its tokens.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use expect_test::expect;
use generated_sdk::client::{
    AuthorizationRequest, AuthorizeView, BoxFuture, Client, HttpRequest, HttpResponse, InvalidToken, OAuth, Refresh,
    Token, TokenMethods, Transport,
};
use generated_sdk::protocol::{OAuthError, SignMethod, TransportError, TransportKind, signature};
use generated_sdk::{AppCredentials, Error, Gateway};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::authority::{Authority, SECRET};

/// A server with one response.
#[derive(Clone)]
struct Canned(u16, Vec<u8>, Option<&'static str>);

impl Canned {
    fn new(status: u16, body: impl Into<String>) -> Self {
        Self(status, body.into().into_bytes(), None)
    }
}

impl Transport for Canned {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        assert_eq!(request.url, "https://oauth.test/token");
        let answer = HttpResponse::new(self.0, self.1.clone());
        let answer = self.2.into_iter().fold(answer, |answer, kind| answer.header("Content-Type", kind));
        Box::pin(async { Ok(answer) })
    }
}

fn oauth(transport: impl Transport) -> OAuth {
    let client =
        Client::builder(Gateway::TAOBAO, AppCredentials::new("12345678", SECRET)).transport(transport).build().unwrap();
    OAuth::new(&client, "https://oauth.test").unwrap()
}

fn visit<'a>(redirect_uri: &'a str, state: &'a str, view: AuthorizeView) -> AuthorizationRequest<'a> {
    AuthorizationRequest { redirect_uri, state, view }
}

async fn answered(status: u16, body: impl Into<String>) -> Result<Token, Error> {
    oauth(Canned::new(status, body)).token("c0de", "https://shop.test/back").await
}

fn refusal(error: Error) -> OAuthError {
    match error {
        Error::OAuth(error) => *error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn builds_authorization_urls() {
    let oauth = Authority::new().oauth();
    expect!["https://oauth.test/authorize?client_id=12345678&redirect_uri=https%3A%2F%2Fshop.test%2Fback%3Fa%3D%E5%95%86&response_type=code&state=s+1&view=tmall"]
        .assert_eq(&oauth.authorize_url(&visit("https://shop.test/back?a=商", "s 1", AuthorizeView::Tmall)));
    expect!["https://oauth.test/authorize?client_id=12345678&redirect_uri=https%3A%2F%2Fshop.test%2Fback&response_type=token&state=s&view=web"]
        .assert_eq(&oauth.implicit_url(&visit("https://shop.test/back", "s", AuthorizeView::default())));
}

#[test]
fn rejects_invalid_servers() {
    let client = Authority::new().client();
    for (server, problem) in [
        (
            "oauth.test",
            "the authorization server: expected a URL starting with `http://` or `https://`, found \"oauth.test\"",
        ),
        (
            "ftp://oauth.test",
            "the authorization server: expected a URL starting with `http://` or `https://`, found \"ftp://oauth.test\"",
        ),
        (
            "https://oauth.test/?key=s3cr3t",
            "invalid URL of the authorization server: expected one without a query or a fragment",
        ),
        ("http://oauth.test/", "an https authorization server is required for the AppSecret, found http://oauth.test"),
        ("https://u:s3cr3t@oauth.test/", "it contains a user name or password, which logs would show"),
    ] {
        let error = OAuth::new(&client, server).unwrap_err();
        assert!(matches!(error, Error::Configuration(_)));
        assert!(error.to_string().ends_with(problem), "{error}");
    }
    for server in [OAuth::PRODUCTION, OAuth::SANDBOX, "http://127.0.0.1:8080/oauth"] {
        OAuth::new(&client, server).unwrap();
    }
}

#[test]
fn reads_redirects() {
    let oauth = Authority::new().oauth();
    for url in
        ["https://shop.test/back?code=c%2B1&state=s+1", "/back?state=s%201&code=c%2B1#x", "code=c%2B1&state=s%201"]
    {
        assert_eq!(oauth.code(url, "s 1").unwrap(), "c+1", "{url}");
    }
    for (query, error, description, user) in [
        ("error=access_denied&error_description=no+way&state=s", "access_denied", "no way", true),
        (
            "code=c&state=other",
            "invalid_state",
            "the state differs from that of the request: the redirect may belong to another user",
            true,
        ),
        (
            "code=c",
            "invalid_state",
            "the state differs from that of the request: the redirect may belong to another user",
            true,
        ),
        ("state=s", "invalid_request", "the redirect has no code", false),
        ("state=s&code=", "invalid_request", "the redirect has no code", false),
    ] {
        let refused = oauth.code(query, "s").unwrap_err();
        assert_eq!((refused.needs_authorization(), refused.was_not_processed()), (user, true));
        let refused = refusal(refused);
        assert_eq!((refused.error.as_str(), refused.description.as_deref()), (error, Some(description)), "{query}");
        assert_eq!(refused.status, None);
    }
}

#[tokio::test]
async fn exchanges_codes_for_tokens() {
    let authority = Authority::new();
    let token = authority.oauth().token("c0de", "https://shop.test/back").await.unwrap();
    assert_eq!(token, authority.token());
    expect![[r#"Token { access_token: "[hidden]", received_at: 2023-11-15 06:13:20, expires_in: Some(86400s), expire_time: None, refresh_token: Some("[hidden]"), re_expires_in: Some(864000s), user_id: Some("263685215"), user_nick: Some("商家"), open_uid: None, sub_user_id: None, sub_user_nick: None, mobile_token: None, extra: Object {}, .. }"#]]
        .assert_eq(&format!("{token:?}"));
    let again =
        authority.oauth().token_for_request("c0de", &visit("https://shop.test/back", "s 1", AuthorizeView::Wap)).await;
    assert_eq!(again.unwrap(), token);
    authority.oauth().refresh("refresh-1").await.unwrap();
    let seen: Vec<_> = authority.with(|state| state.seen.iter().map(|(url, form)| format!("{url} {form}")).collect());
    expect![[r#"
        https://oauth.test/token client_id=12345678&client_secret=s3cr3t-of-the-app&code=c0de&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fshop.test%2Fback
        https://oauth.test/token client_id=12345678&client_secret=s3cr3t-of-the-app&code=c0de&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fshop.test%2Fback&state=s+1&view=wap
        https://oauth.test/token client_id=12345678&client_secret=s3cr3t-of-the-app&grant_type=refresh_token&refresh_token=refresh-1"#]]
    .assert_eq(&seen.join("\n"));
}

#[tokio::test]
async fn token_methods_exchange_codes() {
    let authority = Authority::new();
    let clock = authority.clock.clone();
    let methods = TokenMethods::new(&authority.client().with_session("another's")).with_clock(move || clock.now());
    assert_eq!(methods.create("c0de").await.unwrap(), authority.token());
    assert_eq!(methods.refresh("refresh-1").await.unwrap(), authority.token());
    assert_eq!(methods.with_uuid("u-1").create("c0de").await.unwrap(), authority.token());
    let forms: Vec<_> = authority.with(|state| state.seen.iter().map(|(_, form)| form.clone()).collect());
    assert!(forms[0].contains("code=c0de&") && forms[0].contains("method=taobao.top.auth.token.create&"), "{forms:?}");
    assert!(forms[1].contains("&refresh_token=refresh-1&"), "{forms:?}");
    assert!(forms[2].contains("&code=c0de&") && forms[2].contains("&uuid=u-1&"), "{forms:?}");
    assert!(!forms[0].contains("uuid"), "{forms:?}");
    assert!(forms.iter().all(|form| !form.contains("session=")), "{forms:?}");
    // The methods require https.
    let plain = Client::builder("http://gateway.test/", AppCredentials::new("k", SECRET))
        .transport(authority.clone())
        .build()
        .unwrap();
    let error = TokenMethods::new(&plain).create("c0de").await.unwrap_err();
    assert!(matches!(error, Error::Configuration(_)), "{error:?}");
}

#[tokio::test]
async fn refusals() {
    let body = r#"{"error":"invalid_client","error_description":"c0de for s3cr3t-of-the-app is no good"}"#;
    for status in [400, 401, 200] {
        let error = answered(status, body).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the authorization server refused: invalid_client ([hidden] for [hidden] is no good)"
        );
        assert!(error.is_client_error() && !error.is_retryable() && !error.needs_authorization());
        assert!(error.was_not_processed());
        assert_eq!(error.body().map(|body| &**body), Some(body));
        assert_eq!(refusal(error).status, Some(status));
    }
    for (status, error, callers, passes, user, nothing_done) in [
        (400, "invalid_grant", false, false, true, true),
        (401, "access_denied", false, false, true, true),
        (400, "unheard_of", false, false, false, false),
        (400, "invalid_request", true, false, false, true),
        (400, "invalid_scope", true, false, false, true),
        (400, "unauthorized_client", true, false, false, true),
        (400, "unsupported_grant_type", true, false, false, true),
        (400, "server_error", false, true, false, false),
        (400, "temporarily_unavailable", false, true, false, false),
        (408, "unheard_of", false, true, false, false),
        (429, "too_many_requests", false, true, false, false),
        // The error name does not matter if the server fails.
        (500, "invalid_client", false, true, false, false),
        (500, "server_error", false, true, false, false),
        (502, "invalid_grant", false, true, false, false),
        (503, "system_busy", false, true, false, false),
    ] {
        let text = answered(status, json!({ "error": error }).to_string()).await.unwrap_err();
        assert_eq!(text.to_string(), format!("the authorization server refused: {error}"));
        assert_eq!(
            (text.is_client_error(), text.is_retryable(), text.needs_authorization(), text.was_not_processed()),
            (callers, passes, user, nothing_done),
            "{status} {error}"
        );
    }
}

#[tokio::test]
async fn short_secrets_are_not_redacted() {
    let body = r#"{"error":"invalid_grant","error_description":"a code of c0de"}"#;
    for (code, text) in [("c", "a code of c0de"), ("c0de", "a code of [hidden]")] {
        let error = oauth(Canned::new(400, body)).token(code, "https://shop.test/back").await.unwrap_err();
        assert_eq!(refusal(error).description.as_deref(), Some(text));
    }
}

#[tokio::test]
async fn rejects_invalid_responses() {
    for (status, body) in [(502, "<html>"), (404, "{}"), (400, r#"{"error":1,"message":"c0de"}"#)] {
        let error = answered(status, body).await.unwrap_err();
        assert!(matches!(&error, Error::Status(error) if error.status == status), "{error:?}");
        assert!(!error.to_string().contains("c0de"), "{error}");
    }
    for body in
        ["", "<html>", "[]", "{}", r#"{"access_token":""}"#, r#"{"access_token":null}"#, "{\"access_token\":\"s3cr3t"]
    {
        let error = answered(200, body).await.unwrap_err();
        assert!(matches!(error, Error::Decode(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
        assert!(error.to_string().contains("invalid token: expected a JSON object with an access_token"), "{error}");
    }
}

#[tokio::test]
async fn rejects_other_charsets() {
    let good = r#"{"access_token":"s3cr3t","taobao_user_nick":"商家"}"#.as_bytes();
    let bad = b"{\"access_token\":\"s3cr3t\",\"taobao_user_nick\":\"\xc9\xcc\xbc\xd2\"}";
    for (body, kind, problem) in [
        (good, "application/json;charset=UTF-8", None),
        (good, "text/html", None),
        (good, "application/json; charset=GBK", Some("expected UTF-8, found the charset \"GBK\" in its Content-Type")),
        (bad, "application/json;charset=GBK", Some("expected UTF-8, found the charset \"GBK\" in its Content-Type")),
        (bad, "application/json", Some("expected UTF-8, found an invalid byte at offset 45")),
    ] {
        let answer = oauth(Canned(200, body.to_vec(), Some(kind))).token("c0de", "https://shop.test/back").await;
        let Some(problem) = problem else {
            assert_eq!(answer.unwrap().user_nick.as_deref(), Some("商家"));
            continue;
        };
        let error = answer.unwrap_err();
        assert!(matches!(error, Error::Decode(_)), "{error:?}");
        assert_eq!(error.to_string(), format!("cannot decode the response: {problem}"));
        assert!(!format!("{error:?}").contains("s3cr3t"), "{error:?}");
    }
}

#[tokio::test]
async fn reads_long_responses() {
    let body = format!(r#"{{"x":"{}","access_token":"a"}}"#, "x".repeat(100_000));
    assert_eq!(answered(200, body).await.unwrap().access_token, "a");
}

#[tokio::test]
async fn redacts_secrets_in_any_encoding() {
    let code = "c0de&<of>\"it\"";
    for written in ["c0de&<of>\"it\"", "c0de&amp;&lt;of&gt;&quot;it&quot;", "c0de%26%3Cof%3E%22it%22"] {
        let refusal = json!({ "error": "invalid_grant", "error_description": format!("no {written}") }).to_string();
        for body in [refusal, format!("<html>no {written}")] {
            let error = oauth(Canned::new(400, body.clone())).token(code, "https://shop.test/").await.unwrap_err();
            assert!(error.to_string().contains("no [hidden]"), "{error}");
            assert_eq!(error.body().map(|body| &**body), Some(body.as_str()));
        }
    }
}

#[tokio::test]
async fn connect_errors_name_the_authorization_server() {
    let authority = Authority::new();
    authority.state().down = true;
    let error = authority.oauth().refresh("refresh-1").await.unwrap_err();
    assert!(matches!(&error, Error::Transport(error) if error.kind == TransportKind::Connect));
    assert!(error.to_string().starts_with("cannot connect to https://oauth.test/token"), "{error}");
}

/// A server that sends one response per connection.
fn serve(answers: [(&'static str, &'static str); 2]) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let one = |(status, body): (&str, &str)| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"refresh_token=refresh-1") {
                let mut bytes = [0; 1024];
                let count = stream.read(&mut bytes).unwrap();
                request.extend_from_slice(&bytes[..count]);
            }
            let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        };
        answers.into_iter().map(one).collect()
    });
    (address, server)
}

#[tokio::test]
async fn exchanges_codes_over_http() {
    let (address, server) = serve([
        ("400 Bad Request", r#"{"error":"temporarily_unavailable"}"#),
        ("200 OK", r#"{"access_token":"access-2","expires_in":"86400"}"#),
    ]);
    let client = Client::builder("http://127.0.0.1:1/", AppCredentials::new("12345678", SECRET)).build().unwrap();
    let oauth = OAuth::new(&client, &format!("http://{address}/oauth")).unwrap();
    assert!(oauth.refresh("refresh-1").await.unwrap_err().is_retryable());
    assert_eq!(oauth.refresh("refresh-1").await.unwrap().access_token, "access-2");
    let requests = server.join().unwrap();
    assert!(requests[1].starts_with("POST /oauth/token HTTP/1.1\r\n"), "{}", requests[1]);
    assert!(requests[1].to_ascii_lowercase().contains("content-type: application/x-www-form-urlencoded"));
}

/// Returns a fragment that is signed like the platform's, with values encoded by `written`.
fn fragment(fields: &[(&str, &str)], written: fn(&str) -> String) -> String {
    let mut sorted: Vec<_> = fields.iter().map(|(name, value)| format!("{name}{}", written(value))).collect();
    sorted.sort();
    let sign = signature(SignMethod::Md5, SECRET, [], sorted.concat().as_bytes());
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    format!("{}&top_sign={sign}", pairs.join("&"))
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[test]
fn verifies_fragments() {
    let authority = Authority::new();
    let oauth = authority.oauth();
    let fields = [
        ("access_token", "61/0"),
        ("expires_in", "86400"),
        ("state", "s 1"),
        ("taobao_user_nick", "%E5%95%86%E5%AE%B6"),
        ("empty", ""),
    ];
    for written in [str::to_owned, encoded] {
        let url = format!("https://shop.test/back#{}", fragment(&fields, written));
        let token = oauth.implicit_token(&url, "s 1").unwrap();
        assert_eq!((token.access_token.as_str(), token.user_nick.as_deref()), ("61/0", Some("商家")));
        assert_eq!(token.expires_at(), Some(authority.clock.now() + Duration::from_secs(86_400)));
        let forged = url.replace("86400", "86401");
        assert_eq!(refusal(oauth.implicit_token(&forged, "s 1").unwrap_err()).error, "invalid_top_sign");
        let unsigned = url.split("&top_sign").next().unwrap();
        assert_eq!(refusal(oauth.implicit_token(unsigned, "s 1").unwrap_err()).error, "invalid_top_sign");
        assert_eq!(refusal(oauth.implicit_token(&url, "s").unwrap_err()).error, "invalid_state");
    }
    // A signature computed by hand: the MD5 of `s3cr3t-of-the-appaccess_token1states` between two secrets.
    let sign = signature(SignMethod::Md5, SECRET, [("access_token", "1"), ("state", "s")], b"");
    oauth.implicit_token(&format!("state=s&access_token=1&top_sign={sign}"), "s").unwrap();
}

#[test]
fn reads_every_field() {
    let at = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let answer = r#"{"access_token":"a","token_type":"Bearer","expires_in":1,"refresh_token":"r","re_expires_in":"2",
        "r1_expires_in":3,"r2_expires_in":"4","w1_expires_in":5,"w2_expires_in":6,"hra_expires_in":"7","mobile_token":"m",
        "taobao_user_id":8,"taobao_user_nick":"a%2Bb+c","sub_taobao_user_id":"9","sub_taobao_user_nick":"\u5546%41","x":{}}"#;
    let token = Token::from_response(answer, at).unwrap();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(token.token_type.as_deref(), Some("Bearer"));
    assert_eq!((token.expires_in, token.re_expires_in), (seconds(1), seconds(2)));
    assert_eq!((token.r1_expires_in, token.r2_expires_in), (seconds(3), seconds(4)));
    assert_eq!((token.w1_expires_in, token.w2_expires_in), (seconds(5), seconds(6)));
    assert_eq!(token.hra_expires_in, seconds(7));
    assert_eq!((token.user_id.as_deref(), token.user_nick.as_deref()), (Some("8"), Some("a+b c")));
    assert_eq!((token.sub_user_id.as_deref(), token.sub_user_nick.as_deref()), (Some("9"), Some("商%41")));
    assert_eq!((token.refresh_token.as_deref(), token.mobile_token.as_deref()), (Some("r"), Some("m")));
    assert!(!token.is_expired(at) && token.is_expired(at + Duration::from_secs(1)));
    assert!(token.is_refreshable(at) && !token.is_refreshable(at + Duration::from_secs(2)));
    assert_eq!(token.expires_at(), Some(at + Duration::from_secs(1)));
    assert_eq!(token.refresh_expires_at(), Some(at + Duration::from_secs(2)));
    // A store keeps every field.
    assert_eq!(Token::from_json(&token.to_json()), Ok(token));
    let older = r#"{"access_token":"a","taobao_sub_user_id":1,"taobao_sub_user_nick":"n","expires_in":-1}"#;
    let token = Token::from_response(older, at).unwrap();
    assert_eq!((token.sub_user_id.as_deref(), token.sub_user_nick.as_deref()), (Some("1"), Some("n")));
    assert_eq!(token.expires_in, seconds(0));
    for odd in ["null", "\"\"", "\"soon\"", "[1]", "true"] {
        let token = Token::from_response(&format!(r#"{{"access_token":"a","expires_in":{odd}}}"#), at).unwrap();
        assert_eq!((token.expires_in, token.expires_at()), (None, None), "{odd}");
    }
    let endless = Token::from_response(&format!(r#"{{"access_token":"a","expires_in":{}}}"#, i64::MAX), at).unwrap();
    assert!(!endless.is_expired(at));
}

#[test]
fn rejects_invalid_stored_tokens() {
    for text in
        ["", "{}", r#"{"access_token":"a"}"#, r#"{"access_token":"a","received_at":-1}"#, r#"{"received_at":1}"#]
    {
        assert_eq!(Token::from_json(text), Err(InvalidToken), "{text}");
    }
    assert!(
        Token::from_json(&format!(r#"{{"access_token":"a","received_at":{}}}"#, u64::MAX))
            .is_ok_and(|token| !token.is_expired(UNIX_EPOCH))
    );
}

/// A number, as a number or as text.
fn number() -> impl Strategy<Value = (u64, Value)> {
    (0..=u64::try_from(i64::MAX).unwrap(), any::<bool>())
        .prop_map(|(number, text)| (number, if text { json!(number.to_string()) } else { json!(number) }))
}

proptest! {
    #[test]
    fn reads_numbers_as_text_and_text_as_numbers(
        life in number(), refresh_life in number(), user in number(), nick in "\\PC{1,20}", at in 0..1_u64 << 40,
    ) {
        let answer = json!({
            "access_token": "a", "expires_in": life.1, "re_expires_in": refresh_life.1, "taobao_user_id": user.1,
            "taobao_user_nick": encoded(&nick),
        });
        let at = UNIX_EPOCH + Duration::from_millis(at);
        let token = Token::from_response(&answer.to_string(), at).unwrap();
        prop_assert_eq!(token.expires_in, Some(Duration::from_secs(life.0)));
        prop_assert_eq!(token.re_expires_in, Some(Duration::from_secs(refresh_life.0)));
        prop_assert_eq!(token.user_id.clone(), Some(user.0.to_string()));
        prop_assert_eq!(token.user_nick.as_deref(), Some(nick.as_str()));
        prop_assert_eq!(Token::from_json(&token.to_json()), Ok(token));
    }

    #[test]
    fn no_response_panics(text in "\\PC{0,60}", value in "[-+0-9.eE]{0,25}") {
        let _ = Token::from_response(&text, SystemTime::now());
        let answer = json!({ "access_token": text, "expires_in": value, "taobao_user_nick": text }).to_string();
        if let Ok(token) = Token::from_response(&answer, SystemTime::now()) {
            let _ = (token.expires_at(), token.is_refreshable(SystemTime::now()));
            prop_assert_eq!(Token::from_json(&token.to_json()), Ok(token));
        }
        let oauth = Authority::new().oauth();
        let _ = (oauth.code(&text, ""), oauth.implicit_token(&text, ""));
    }
}

#[test]
fn reads_ids_and_timestamps_of_newer_responses() {
    let at = UNIX_EPOCH + Duration::from_secs(1_699_000_000);
    let moment = |milliseconds| Some(UNIX_EPOCH + Duration::from_millis(milliseconds));
    let newer = r#"{"access_token":"6100aa","refresh_token":"6101bb","open_uid":"AAE1","taobao_open_uid":"AAE1",
        "taobao_open_sub_uid":"AAF1","taobao_user_nick":"%E5%95%86","expires_in":7776000,"re_expires_in":0,
        "expire_time":1707776000000,"refresh_token_valid_time":1700000000000,"w1_valid":1700001800000,"w2_valid":"0"}"#;
    let token = Token::from_response(newer, at).unwrap();
    assert_eq!((token.user_id.as_deref(), token.identity()), (None, Some("AAE1")));
    assert_eq!((token.open_uid.as_deref(), token.open_sub_uid.as_deref()), (Some("AAE1"), Some("AAF1")));
    assert_eq!(token.expires_at(), Some(at + Duration::from_secs(7_776_000)));
    assert_eq!(
        (token.expire_time, token.w1_valid, token.w2_valid),
        (moment(1_707_776_000_000), moment(1_700_001_800_000), moment(0))
    );
    assert!(!token.is_refreshable(at), "re_expires_in is 0");
    assert_eq!(token.extra.get("open_uid"), Some(&json!("AAE1")));

    let aliexpress = r#"{"refresh_token_valid_time":1700086400000,"expire_time":1707776000000,"user_nick":"cn100",
        "access_token":"5000aa","refresh_token":"5001bb","user_id":"200000001","sp":"ae","locale":"zh_CN",
        "seller":{"api_secret":"s3cr3t"},"session_key":"s3cr3t"}"#;
    let token = Token::from_response(aliexpress, at).unwrap();
    assert_eq!((token.identity(), token.user_nick.as_deref()), (Some("200000001"), Some("cn100")));
    assert_eq!(token.expires_at(), moment(1_707_776_000_000));
    assert_eq!(token.refresh_expires_at(), moment(1_700_086_400_000));
    assert!(token.is_refreshable(at) && !token.is_refreshable(at + Duration::from_secs(2_000_000)));
    assert_eq!(token.extra.get("locale"), Some(&json!("zh_CN")));
    let output = format!("{token:?}");
    assert!(output.contains("zh_CN") && !output.contains("s3cr3t"), "{output}");

    for json in [newer, aliexpress] {
        let token = Token::from_response(json, at).unwrap();
        assert_eq!(Token::from_json(&token.to_json()).unwrap(), token);
    }
}

proptest! {
    #[test]
    fn stores_keep_every_member(members in proptest::collection::hash_map("[a-z_]{1,12}|expire_time|open_uid|w1_valid|expires_in|user_id", prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!({"a": [1, "2"]})),
    ], 0..12)) {
        let mut answer: serde_json::Map<_, _> = members.clone().into_iter().collect();
        answer.insert("access_token".to_owned(), json!("a"));
        let token = Token::from_response(&Value::Object(answer).to_string(), UNIX_EPOCH).unwrap();
        let json = token.to_json();
        prop_assert_eq!(&Token::from_json(&json).unwrap(), &token);
        let kept: serde_json::Map<String, Value> = serde_json::from_str(&json).unwrap();
        for name in members.keys().filter(|name| *name != "access_token" && *name != "received_at") {
            let renamed = ["taobao_user_id", "taobao_open_uid"].iter().any(|other| other.ends_with(name.as_str()));
            prop_assert!(kept.contains_key(name) || renamed, "{} in {}", name, json);
        }
        let _ = format!("{token:?}");
    }
}
