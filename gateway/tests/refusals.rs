//! What the gateway refuses and with which code: its decisions, without HTTP.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod support;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gateway::{Answer, Gateway, Incoming};
use generated_sdk::protocol::{SignMethod, signature};
use support::{KEY, SECRET, gateway};

const FORM: &str = "application/x-www-form-urlencoded;charset=UTF-8";

/// 2024-08-24 10:20:01 at GMT+8, the time of the seed page's sample.
fn clock() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_724_466_001)
}

fn at_that_time() -> Gateway {
    gateway().clock(clock)
}

type Parameters = BTreeMap<&'static str, String>;

/// The parameters of the seed page's curl sample, without its signature.
fn sample() -> Parameters {
    [
        ("app_key", KEY),
        ("format", "json"),
        ("method", "taobao.top.client.token.get"),
        ("partner_id", "apidoc"),
        ("session", "71f46e93-8049-49d6-8322-7991d2ce7175"),
        ("sign_method", "hmac"),
        ("timestamp", "2024-08-24 10:20:01"),
        ("v", "2.0"),
        ("sec_token", "sec_token"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

fn signed(mut parameters: Parameters) -> Parameters {
    let method: SignMethod = parameters["sign_method"].parse().unwrap_or_default();
    let pairs = parameters.iter().map(|(name, value)| (*name, value.as_str()));
    let sign = signature(method, SECRET, pairs, b"");
    parameters.insert("sign", sign);
    parameters
}

fn form(parameters: &Parameters) -> String {
    let encode = |text: &str| text.replace('%', "%25").replace('&', "%26").replace('+', "%2B").replace(' ', "+");
    let pairs = parameters.iter().map(|(name, value)| format!("{name}={}", encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn post(gateway: &Gateway, query: &str, body: &str) -> Answer {
    gateway.answer(&Incoming { verb: "POST", query, content_type: FORM, body: body.as_bytes() })
}

fn code(parameters: &Parameters) -> Option<i64> {
    post(&at_that_time(), "", &form(parameters)).outcome.code
}

#[test]
fn the_page_s_call_wherever_its_parameters_are() {
    let (gateway, all) = (at_that_time(), form(&signed(sample())));
    let (public, business): (Vec<&str>, Vec<&str>) = all.split('&').partition(|pair| !pair.starts_with("sec_token"));
    for (query, body) in [("", all.as_str()), (&all, ""), (&public.join("&"), &business.join("&"))] {
        let answer = post(&gateway, query, body);
        assert_eq!(answer.outcome.code, None, "{}", answer.outcome.explanation);
        assert_eq!(answer.content_type, "application/json;charset=UTF-8");
    }
}

#[test]
fn answers_are_xml_unless_json_is_asked_for() {
    let mut parameters = sample();
    parameters.remove("format");
    let answer = post(&at_that_time(), "", &form(&signed(parameters.clone())));
    let id = &answer.outcome.request_id;
    let expected = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\" ?><top_client_token_get_response><result_code>200</result_code>\
         <token>token</token><result_msg>token参数有误</result_msg><request_id>{id}</request_id>\
         </top_client_token_get_response><!--loopback-->"
    );
    assert_eq!(answer.body, expected);
    // simplify means nothing without JSON.
    parameters.insert("simplify", "true".to_owned());
    let answer = post(&at_that_time(), "", &form(&signed(parameters.clone())));
    assert!(answer.body.contains("<top_client_token_get_response>"), "{}", answer.body);
    parameters.insert("format", "json".to_owned());
    let answer = post(&at_that_time(), "", &form(&signed(parameters.clone())));
    assert!(answer.body.starts_with("{\"result_code\":\"200\","), "{}", answer.body);
    // A refusal keeps its node.
    parameters.insert("sign", "0".to_owned());
    let answer = post(&at_that_time(), "", &form(&parameters));
    let id = &answer.outcome.request_id;
    let expected = format!(r#"{{"error_response":{{"code":25,"msg":"Invalid Signature","request_id":"{id}"}}}}"#);
    assert_eq!(answer.body, expected);
}

#[test]
fn what_is_missing_or_wrong_and_its_code() {
    for (name, value, expected) in [
        ("method", None, 21),
        ("method", Some("taobao.no.such.method"), 22),
        ("format", Some("yaml"), 23),
        ("app_key", None, 28),
        ("app_key", Some("87654321"), 29),
        ("timestamp", None, 30),
        ("timestamp", Some("2024-08-24T10:20:01"), 31),
        ("timestamp", Some("2024-08-24"), 31),
        ("timestamp", Some("yesterday"), 31),
        ("v", None, 32),
        ("v", Some("1.0"), 33),
        ("sec_token", None, 40),
        ("sec_token", Some(" "), 40),
    ] {
        let mut parameters = sample();
        match value {
            Some(value) => parameters.insert(name, value.to_owned()),
            None => parameters.remove(name),
        };
        assert_eq!(code(&signed(parameters)), Some(expected), "{name}={value:?}");
    }
    assert_eq!(code(&sample()), Some(24));
    let mut parameters = signed(sample());
    parameters.insert("sec_token", "changed after signing".to_owned());
    assert_eq!(code(&parameters), Some(25));
    let mut parameters = sample();
    parameters.insert("sign_method", "sha1".to_owned());
    assert_eq!(code(&signed(parameters)), Some(25));
}

#[test]
fn timestamps_are_good_for_ten_minutes_either_way() {
    for (timestamp, good) in [
        ("2024-08-24 10:10:01", true),
        ("2024-08-24 10:10:00", false),
        ("2024-08-24 10:30:01", true),
        ("2024-08-24 10:30:02", false),
        ("1724466001000", true),
        ("1724465401000", true),
        ("1724465400999", false),
        ("1724466001", false),
        ("2024-08-24 02:20:01", false),
    ] {
        let mut parameters = sample();
        parameters.insert("timestamp", timestamp.to_owned());
        let expected = if good { None } else { Some(31) };
        assert_eq!(code(&signed(parameters)), expected, "{timestamp}");
    }
}

#[test]
fn what_http_must_be() {
    let gateway = at_that_time();
    let body = form(&signed(sample()));
    let answer = |verb, content_type, body: &[u8]| {
        gateway.answer(&Incoming { verb, query: "", content_type, body }).outcome.code
    };
    assert_eq!(answer("GET", "", b""), Some(9));
    assert_eq!(answer("POST", "application/json", body.as_bytes()), Some(43));
    assert_eq!(answer("POST", FORM, b"method=%FF"), Some(47));
    assert_eq!(answer("POST", FORM, body.as_bytes()), None);
}

#[test]
fn a_person_is_told_what_was_signed() {
    let mut parameters = signed(sample());
    let sign = parameters.insert("sign", "ABC".to_owned()).unwrap();
    let told = post(&at_that_time(), "", &form(&parameters)).outcome.explanation;
    let expected = format!(
        "25 Invalid Signature\n  sent    ABC\n  expect  {sign}\n  signed  app_key12345678formatjson\
         methodtaobao.top.client.token.getpartner_idapidocsec_token[hidden: 9 characters]\
         session[hidden: 36 characters]sign_methodhmactimestamp2024-08-24 10:20:01v2.0\n  with    hmac"
    );
    assert_eq!(told, expected);
}
