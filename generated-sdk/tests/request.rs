//! A signed request: its parameters, its body, and what it is without.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::protocol::{
    Application, DateTime, PUBLIC_PARAMETERS, Record, Request, SignMethod, UntypedParameters, signature,
};
use generated_sdk::{Format, Gateway};

fn moment() -> DateTime {
    "2024-08-24 10:20:01".parse().unwrap()
}

fn lines(application: &Application, session: Option<&str>) -> String {
    let signed = application.sign(&TopClientTokenGetRequest::new("sec_token"), session, moment()).unwrap();
    signed.parameters().pairs().map(|(name, value)| format!("{name}={value}\n")).collect()
}

#[test]
fn every_public_parameter() {
    let mut application = Application::new("12129701", "secret");
    application.sign_method = SignMethod::Hmac;
    application.simplify = true;
    application.partner_id = Some("apidoc".to_owned());
    application.target_app_key = Some("87654321".to_owned());
    let expected = "app_key=12129701
format=json
method=taobao.top.client.token.get
partner_id=apidoc
sec_token=sec_token
session=71f46e93-8049-49d6-8322-7991d2ce7175
sign=SIGN
sign_method=hmac
simplify=true
target_app_key=87654321
timestamp=2024-08-24 10:20:01
v=2.0
";
    let sent = lines(&application, Some("71f46e93-8049-49d6-8322-7991d2ce7175"));
    let pairs = sent.lines().map(|line| line.split_once('=').unwrap());
    let sign = signature(SignMethod::Hmac, "secret", pairs, b"");
    assert_eq!(sent, expected.replace("SIGN", &sign));
    let names: Vec<_> =
        sent.lines().map(|line| line.split_once('=').unwrap().0).filter(|name| *name != "sec_token").collect();
    assert_eq!(names, PUBLIC_PARAMETERS);
}

#[test]
fn what_is_not_set_is_not_sent() {
    let mut application = Application::new("k", "s");
    assert_eq!(application.sign_method, SignMethod::HmacSha256);
    application.format = Format::Xml;
    // simplify is defined for JSON alone.
    application.simplify = true;
    application.partner_id = Some(String::new());
    let sent = lines(&application, Some(""));
    let names: Vec<_> = sent.lines().map(|line| line.split_once('=').unwrap().0).collect();
    assert_eq!(names, ["app_key", "format", "method", "sec_token", "sign", "sign_method", "timestamp", "v"]);
}

#[test]
fn the_body_is_the_parameters_as_a_form() {
    let application = Application::new("k", "s");
    let signed = application.sign(&TopClientTokenGetRequest::new("端 +"), Some("se=&"), moment()).unwrap();
    let sign = signed.parameters().get("sign").unwrap();
    let body = signed.body().unwrap();
    assert_eq!(body.content_type, "application/x-www-form-urlencoded;charset=UTF-8");
    assert_eq!(
        String::from_utf8(body.bytes).unwrap(),
        format!(
            "app_key=k&format=json&method=taobao.top.client.token.get&sec_token=%E7%AB%AF+%2B&session=se%3D%26&\
             sign={sign}&sign_method=hmac-sha256&timestamp=2024-08-24+10%3A20%3A01&v=2.0"
        )
    );
}

#[test]
fn the_page_in_code() {
    let request = TopClientTokenGetRequest::new("x");
    assert_eq!(TopClientTokenGetRequest::METHOD, "taobao.top.client.token.get");
    assert_eq!(TopClientTokenGetRequest::RESPONSE_NODE, "top_client_token_get_response");
    let [field] = request.schema().fields else { panic!("one parameter") };
    assert_eq!((field.name, field.kind.name(), field.required, field.secret), ("sec_token", "String", true, true));
    let response = <TopClientTokenGetRequest as Request>::Response::default();
    let names: Vec<_> = response.schema().fields.iter().map(|field| field.name).collect();
    assert_eq!(names, ["result_code", "token", "result_msg"]);
    assert_eq!(Gateway::IEASYNOTE.url(), "https://open.ieasynote.com/api");
}

#[test]
fn a_body_shows_what_it_is_and_nothing_of_what_is_in_it() {
    let application = Application::new("12345678", "s3cr3t");
    let signed = application.sign(&TopClientTokenGetRequest::new("s3cr3t"), Some("s3cr3t"), DateTime::now()).unwrap();
    let body = signed.body().unwrap();
    let length = body.bytes.len();
    assert_eq!(
        format!("{body:?}"),
        format!("Body(\"application/x-www-form-urlencoded;charset=UTF-8\", {length} bytes)")
    );
}

#[test]
fn secrets_are_known_by_their_names() {
    for (name, secret) in [
        ("sec_token", true),
        ("login_pwd", true),
        ("appPwd", true),
        ("private_key", true),
        ("rsaPrivateKey", true),
        ("Authorization", true),
        ("user_session_id", true),
        ("app_secret_key", true),
        ("AccessKey", true),
        ("cookie", true),
        ("auth_code", true),
        // The names of what is public.
        ("app_key", false),
        ("pub_key", false),
        ("secret_version", false),
        ("real_name_auth_status", false),
        ("password_hint", false),
        ("item_code", false),
    ] {
        let shown = format!("{:?}", UntypedParameters::from([(name, "the value")]));
        assert_eq!(!shown.contains("the value"), secret, "{shown}");
    }
}
