//! What the gateway refuses and with which code: its decisions, without HTTP.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use codegen::spec;
use gateway::{Answer, Gateway, Incoming};
use generated_sdk::protocol::{Format, PUBLIC_PARAMETERS, SignMethod, VERSION, signature};
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

#[test]
fn types_are_held_to() {
    let specs = spec::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../codegen/tests/fixtures/specs")).unwrap();
    let gateway = Gateway::new(specs).application(KEY, SECRET).clock(clock);
    let whole = [
        ("method", "taobao.fixture.everything.get"),
        ("text", "t"),
        ("number", "1"),
        ("flag", "true"),
        ("moment", "2016-01-01 12:00:00"),
        ("money", "5.00"),
        ("exact", "1"),
        ("json", "1"),
        ("map", "{}"),
        ("fields", "a"),
        ("texts", "a"),
        ("order", r#"{"tid":"1"}"#),
    ];
    let told = |name: &'static str, value: &str| {
        let mut parameters = sample();
        parameters.remove("sec_token");
        parameters.extend(whole.map(|(name, value)| (name, value.to_owned())));
        parameters.insert(name, value.to_owned());
        let outcome = post(&gateway, "", &form(&signed(parameters))).outcome;
        outcome.code.map(|_| outcome.explanation)
    };
    assert_eq!(told("text", "t"), None);
    for (name, value, expected) in [
        ("number", "1.5", "number must be a whole number"),
        ("number", "9223372036854775808", "number must be a whole number"),
        ("flag", "yes", "flag must be true or false"),
        ("moment", "2016-02-30 00:00:00", "moment must be a date as yyyy-MM-dd HH:mm:ss"),
        ("money", "five", "money must be a decimal"),
        ("json", "{", "json must be JSON"),
        ("map", "[]", "map must be a JSON object"),
        ("numbers", "1,x", "numbers must be a whole number"),
        ("jsons", "1,2", "jsons must be JSON"),
        ("jsons", "{}", "jsons must be a JSON list"),
        ("order", "x", "order must be JSON"),
        ("order", "[]", "order must be a JSON object"),
        ("order", r#"{"tid":"x"}"#, "order.tid must be a whole number"),
        ("order", r#"{"tid":1,"parts":{}}"#, "order.parts must be a JSON list"),
        ("order", r#"{"tid":1,"parts":[1]}"#, "order.parts[0] must be a JSON object"),
        ("orders", r#"{"tid":1}"#, "orders must be a JSON list"),
    ] {
        assert_eq!(
            told(name, value).as_deref(),
            Some(format!("41 Invalid arguments: {expected}").as_str()),
            "{name}={value}"
        );
    }
    // Secrets are hidden wherever a spec has them, and nothing does anything to the terminal.
    let secret = told("order", "{\"tid\":1,\"access_token\":\"s3cr3t\"}\u{1b}[31m").unwrap();
    assert!(!secret.contains("s3cr3t"), "{secret}");
    let mut parameters = sample();
    parameters.extend([("method", whole[0].1.to_owned()), ("pin", "p1n".to_owned()), ("order", "s3cr3t".to_owned())]);
    parameters.extend([("text", "a\n\u{1b}[31m".to_owned()), ("sign", "\u{7}".to_owned())]);
    let told = post(&gateway, "", &form(&parameters)).outcome.explanation;
    assert!(told.contains("texta\\n\\u{1b}[31mtimestamp"), "{told}");
    assert!(!told.contains(['\u{1b}', '\u{7}']) && !told.contains("s3cr3t") && !told.contains("p1n"), "{told}");
    assert!(!format!("{gateway:?}").contains(SECRET), "{gateway:?}");
}

#[test]
fn a_wrong_verb_is_refused_in_the_format_that_is_asked_for() {
    let answer = at_that_time().answer(&Incoming { verb: "GET", query: "format=json", content_type: "", body: b"" });
    assert!(answer.body.starts_with("{\"error_response\":{\"code\":9,"), "{}", answer.body);
}

#[test]
fn the_protocol_s_facts_stand_in_two_places_and_agree() {
    let specs = spec::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")).unwrap();
    let mut names: Vec<_> = specs.platform.public_parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, PUBLIC_PARAMETERS);
    assert_eq!(specs.platform.version, VERSION);
    let values = |name: &str| {
        let parameter = specs.platform.public_parameters.iter().find(|parameter| parameter.name == name).unwrap();
        parameter.values.clone()
    };
    assert!(SignMethod::ALL.iter().all(|method| values("sign_method").contains(&method.name().to_owned())));
    assert!([Format::Xml, Format::Json].iter().all(|format| values("format").contains(&format.name().to_owned())));
    let unsigned: Vec<_> = specs.platform.public_parameters.iter().filter(|parameter| !parameter.signed).collect();
    assert_eq!(unsigned.iter().map(|parameter| parameter.name.as_str()).collect::<Vec<_>>(), ["sign"]);
}
