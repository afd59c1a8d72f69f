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
    assert_eq!(answer("PUT", "", b""), Some(9));
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
fn the_console_hides_secrets_in_json_values() {
    for value in [
        r#"{"memo":"plain","order":{"access_token":"s3cr3t"}}"#,
        r#"[{"order":"{\"session\":\"s3cr3t\"}"}]"#,
        r#""{\"token\":\"s3cr3t\"}""#,
        " {\"token\":\"s3cr3t",
    ] {
        let mut parameters = sample();
        parameters.extend([("memo", value.to_owned()), ("plain", r#"{"a":"shown"}"#.to_owned())]);
        parameters.insert("sign", "ABC".to_owned());
        let told = post(&at_that_time(), "", &form(&parameters)).outcome.explanation;
        assert!(told.contains("memo[hidden: ") && !told.contains("s3cr3t"), "{told}");
        assert!(told.contains(r#"plain{"a":"shown"}"#), "{told}");
    }
}

#[test]
fn an_empty_value_may_be_signed_or_not() {
    let mut parameters = sample();
    parameters.insert("memo", String::new());
    assert_eq!(code(&signed(parameters.clone())), None);
    let sign = signed(sample()).remove("sign").unwrap();
    parameters.insert("sign", sign);
    assert_eq!(code(&parameters), None);
    parameters.insert("memo", "1".to_owned());
    assert_eq!(code(&parameters), Some(25));
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
    // As the official SDKs of several languages write them.
    for (name, value) in [
        ("flag", "True"),
        ("flag", "FALSE"),
        ("flag", "1"),
        ("flag", "0"),
        ("numbers", "[1,2]"),
        ("numbers", "1, 2"),
        ("texts", r#"["a","b"]"#),
    ] {
        assert_eq!(told(name, value), None, "{name}={value}");
    }
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
    for (verb, body) in [("PUT", &b""[..]), ("GET", b"a=b"), ("get", b"")] {
        let answer = at_that_time().answer(&Incoming { verb, query: "format=json", content_type: FORM, body });
        assert!(answer.body.starts_with("{\"error_response\":{\"code\":9,"), "{}", answer.body);
    }
    // So is a body that cannot be read.
    for (content_type, code) in [("application/json", 43), ("multipart/form-data; boundary=x", 3)] {
        let incoming = Incoming { verb: "POST", query: "format=JSON&simplify=true", content_type, body: b"{" };
        let answer = at_that_time().answer(&incoming);
        assert!(answer.body.starts_with(&format!("{{\"error_response\":{{\"code\":{code},")), "{}", answer.body);
    }
}

#[test]
fn a_get_without_a_body_is_a_call() {
    let query = form(&signed(sample()));
    let answer = at_that_time().answer(&Incoming { verb: "GET", query: &query, content_type: "", body: b"" });
    assert_eq!(answer.outcome.code, None, "{}", answer.outcome.explanation);
}

/// The signature of a text, made without the runtime's own order and rules.
fn digest(method: SignMethod, text: &str) -> String {
    signature(method, SECRET, [], text.as_bytes())
}

fn signed_as(parameters: &Parameters, sign: String) -> Answer {
    let mut parameters = parameters.clone();
    parameters.insert("sign", sign);
    post(&at_that_time(), "", &form(&parameters))
}

/// The names and values of the sample, and of `more`, in order.
fn pairs_with(more: &[(&'static str, &str)]) -> Parameters {
    let mut parameters = sample();
    parameters.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    parameters
}

fn concatenated(parameters: &Parameters) -> String {
    parameters.iter().map(|(name, value)| format!("{name}{value}")).collect()
}

#[test]
fn empty_values_may_be_signed_or_left_out() {
    let parameters = pairs_with(&[("note", ""), ("z", "")]);
    let filled: Parameters = parameters.clone().into_iter().filter(|(_, value)| !value.is_empty()).collect();
    for text in [concatenated(&parameters), concatenated(&filled)] {
        let answer = signed_as(&parameters, digest(SignMethod::Hmac, &text));
        assert_eq!(answer.outcome.code, None, "{}", answer.outcome.explanation);
    }
}

#[test]
fn spellings_of_public_parameters() {
    for (name, value) in [("sign_method", "HMAC"), ("sign_method", "Hmac"), ("format", "JSON"), ("simplify", "1")] {
        let parameters = pairs_with(&[(name, value)]);
        let answer = signed_as(&parameters, digest(SignMethod::Hmac, &concatenated(&parameters)));
        assert_eq!(answer.outcome.code, None, "{name}={value}: {}", answer.outcome.explanation);
        assert!(answer.body.starts_with('{'), "{}", answer.body);
    }
    // Without the algorithm it is md5, with the secret around the text or behind it.
    let mut parameters = sample();
    parameters.remove("sign_method");
    let text = concatenated(&parameters);
    for sign in
        [digest(SignMethod::Md5, &text), signature(SignMethod::Md5, "", [], format!("{text}{SECRET}").as_bytes())]
    {
        let answer = signed_as(&parameters, sign);
        assert_eq!(answer.outcome.code, None, "{}", answer.outcome.explanation);
    }
}

#[test]
fn a_wrong_signature_is_explained() {
    let parameters = pairs_with(&[("note", " a b/c ")]);
    let text = concatenated(&parameters);
    let with = |from: &str, to: &str| text.replace(from, to);
    let hmac = |text: &str| digest(SignMethod::Hmac, text);
    let plain = |text: String| signature(SignMethod::Md5, "", [], text.as_bytes());
    let joined = |between: &str, equals: &str| {
        let pairs: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}{equals}{value}")).collect();
        hmac(&pairs.join(between))
    };
    let encoded = with(" a b/c ", "+a+b%2Fc+").replace("2024-08-24 10:20:01", "2024-08-24+10%3A20%3A01");
    for (sign, mistake) in [
        (hmac(&text).to_lowercase(), "it is written in upper case"),
        (digest(SignMethod::Md5, &text), "sign_method is md5, which it was made with"),
        (digest(SignMethod::HmacSha256, &text), "sign_method is hmac-sha256, which it was made with"),
        (hmac(&encoded), "values are signed before they are URL-encoded"),
        (hmac(&with(" a b/c ", "+a+b/c+").replace("24 10", "24+10")), "spaces are signed as spaces, not as `+`"),
        (hmac(&with(" a b/c ", "a b/c")), "values are signed as they are sent, with the blanks around them"),
        (joined("&", "="), "names and values are joined without `=` and `&`"),
        (joined("", "="), "names and values are joined without `=`"),
        (plain(text.clone()), "the secret is part of the signature"),
        (plain(format!("{SECRET}{text}")), "the secret is at both ends of the text, not at its start alone"),
        (plain(format!("{text}{SECRET}")), "the secret is at both ends of the text, not at its end alone"),
        (hmac(&with("session71f46e93-8049-49d6-8322-7991d2ce7175", "")), "session is signed too"),
        (hmac(&with("sign_methodhmac", "")), "sign_method is signed too"),
    ] {
        let answer = signed_as(&parameters, sign);
        assert_eq!(answer.outcome.code, Some(25));
        let expected = format!("\"sub_msg\":\"the signature would match if {mistake}\"");
        assert!(answer.body.contains(&expected), "{mistake}: {}", answer.body);
        assert!(!answer.body.contains(SECRET));
    }
    let answer = signed_as(&parameters, "0".repeat(32));
    assert!(!answer.body.contains("sub_msg"), "{}", answer.body);
}

#[test]
fn a_timestamp_of_another_time_zone_is_explained() {
    for (timestamp, explained) in
        [("2024-08-24 02:20:01", true), ("2024-08-24 04:50:30", true), ("2024-08-24 02:27:01", false)]
    {
        let answer = post(&at_that_time(), "", &form(&signed(pairs_with(&[("timestamp", timestamp)]))));
        assert_eq!(answer.outcome.code, Some(31));
        assert_eq!(answer.body.contains("the time of another time zone"), explained, "{timestamp}: {}", answer.body);
    }
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
