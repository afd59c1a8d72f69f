//! Refusals of the gateway and their codes, without HTTP.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use codegen::spec;
use gateway::{Gateway, Request, Response};
use generated_sdk::protocol::{Format, PUBLIC_PARAMETERS, SignMethod, VERSION, signature};

use crate::support::{KEY, SECRET, gateway};

const FORM: &str = "application/x-www-form-urlencoded;charset=UTF-8";

/// 2024-08-24 10:20:01 at GMT+8, the time of the seed page's sample.
fn clock() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_724_466_001)
}

fn gateway_with_clock() -> Gateway {
    gateway().clock(clock).build()
}

const UNEXPLAINED: &str =
    "the signature does not match, and no common mistake explains it: check the secret, and sign the values as sent";

type Parameters = BTreeMap<&'static str, String>;

/// Returns the parameters of the seed page's curl sample without its signature.
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

fn post(gateway: &Gateway, query: &str, body: &str) -> Response {
    gateway.respond(&Request { verb: "POST", query, content_type: FORM, body: body.as_bytes(), ..Default::default() })
}

fn code(parameters: &Parameters) -> Option<i64> {
    post(&gateway_with_clock(), "", &form(parameters)).outcome.code
}

#[test]
fn accepts_parameters_in_the_query_and_the_body() {
    let (gateway, all) = (gateway_with_clock(), form(&signed(sample())));
    let (public, business): (Vec<&str>, Vec<&str>) = all.split('&').partition(|pair| !pair.starts_with("sec_token"));
    for (query, body) in [("", all.as_str()), (&all, ""), (&public.join("&"), &business.join("&"))] {
        let response = post(&gateway, query, body);
        assert_eq!(response.outcome.code, None, "{}", response.outcome.explanation);
        assert_eq!(response.content_type, "application/json;charset=UTF-8");
    }
}

#[test]
fn responds_in_xml_unless_json_is_requested() {
    let mut parameters = sample();
    parameters.remove("format");
    let response = post(&gateway_with_clock(), "", &form(&signed(parameters.clone())));
    let id = &response.outcome.request_id;
    let expected = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\" ?><top_client_token_get_response><result_code>200</result_code>\
         <token>token</token><result_msg>token参数有误</result_msg><request_id>{id}</request_id>\
         </top_client_token_get_response><!--loopback-->"
    );
    assert_eq!(response.body, expected);
    // `simplify` has no effect on XML.
    parameters.insert("simplify", "true".to_owned());
    let response = post(&gateway_with_clock(), "", &form(&signed(parameters.clone())));
    assert!(response.body.contains("<top_client_token_get_response>"), "{}", response.body);
    parameters.insert("format", "json".to_owned());
    let response = post(&gateway_with_clock(), "", &form(&signed(parameters.clone())));
    assert!(response.body.starts_with("{\"result_code\":\"200\","), "{}", response.body);
    // A refusal has its root node in simplified JSON too.
    parameters.insert("sign", "0".to_owned());
    let response = post(&gateway_with_clock(), "", &form(&parameters));
    let id = &response.outcome.request_id;
    let expected = format!(
        r#"{{"error_response":{{"code":25,"msg":"Invalid Signature","sub_code":"isv.invalid-signature","sub_msg":"{UNEXPLAINED}","request_id":"{id}"}}}}"#
    );
    assert_eq!(response.body, expected);
}

#[test]
fn refuses_missing_and_invalid_public_parameters() {
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
fn accepts_timestamps_within_ten_minutes() {
    for (timestamp, accepted) in [
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
        let expected = if accepted { None } else { Some(31) };
        assert_eq!(code(&signed(parameters)), expected, "{timestamp}");
    }
}

#[test]
fn refuses_other_verbs_content_types_and_encodings() {
    let gateway = gateway_with_clock();
    let body = form(&signed(sample()));
    let response = |verb, content_type, body: &[u8]| {
        gateway.respond(&Request { verb, query: "", content_type, body, ..Default::default() }).outcome.code
    };
    assert_eq!(response("PUT", FORM, body.as_bytes()), Some(9));
    assert_eq!(response("get", FORM, body.as_bytes()), Some(9));
    assert_eq!(response("POST", "application/json", body.as_bytes()), Some(43));
    assert_eq!(response("POST", FORM, b"method=%FF"), Some(47));
    assert_eq!(response("POST", FORM, body.as_bytes()), None);
}

#[test]
fn accepts_get_without_files() {
    let gateway = gateway_with_clock();
    let get = |parameters: &Parameters| {
        let (query, content_type) = (&*form(&signed(parameters.clone())), "");
        gateway.respond(&Request { verb: "GET", query, content_type, body: b"", ..Default::default() })
    };
    let response = get(&sample());
    assert_eq!(response.outcome.code, None, "{}", response.outcome.explanation);
    assert!(response.body.starts_with("{\"top_client_token_get_response\":{"), "{}", response.body);
    let mut parameters = sample();
    parameters.remove("sec_token");
    assert_eq!(get(&parameters).outcome.code, Some(40));
    // A GET has no body for files.
    parameters.insert("method", "taobao.picture.upload".to_owned());
    let response = get(&parameters);
    assert!(
        response.body.contains("unsupported HTTP verb GET: expected POST, because the method has file parameters"),
        "{}",
        response.body
    );
    assert_eq!(response.outcome.code, Some(9));
}

#[test]
fn accepts_multipart_bodies_that_start_with_a_line_break() {
    let gateway = gateway_with_clock();
    let mut parameters = sample();
    parameters.remove("sec_token");
    parameters.insert("method", "taobao.picture.upload".to_owned());
    parameters.extend([("picture_category_id", "0".to_owned()), ("image_input_title", "a.gif".to_owned())]);
    let parts = signed(parameters).into_iter().map(|(name, value)| {
        format!("\r\n--b\r\nContent-Disposition:form-data;name=\"{name}\"\r\nContent-Type:text/plain\r\n\r\n{value}")
    });
    let file = "\r\n--b \r\nContent-Disposition:form-data;name=\"img\";filename=\"a.gif\"\r\n\
                Content-Type:image/gif\r\n\r\nGIF89a\r\n--b--\r\n";
    let body = parts.collect::<String>() + file;
    let content_type = "multipart/form-data;charset=UTF-8;Boundary=b";
    let response = gateway.respond(&Request {
        verb: "POST",
        query: "",
        content_type,
        body: body.as_bytes(),
        ..Default::default()
    });
    assert_eq!(response.outcome.code, None, "{}", response.outcome.explanation);
}

#[test]
fn names_the_time_zone_of_a_local_timestamp() {
    let explanation = |timestamp: &str| {
        let mut parameters = sample();
        parameters.insert("timestamp", timestamp.to_owned());
        post(&gateway_with_clock(), "", &form(&signed(parameters))).outcome.explanation
    };
    let clock = "31 Invalid Timestamp: timestamp differs by more than 10 minutes from the gateway's clock (2024-08-24 \
                 10:20:01 at GMT+8)";
    let zone = "; it matches the local time at GMT-04:00: send the time at GMT+8";
    assert_eq!(explanation("2024-08-23 22:19:59"), format!("{clock}{zone}"));
    assert_eq!(explanation("2024-08-23 22:40:00"), clock);
}

#[test]
fn cuts_long_texts_in_messages() {
    let (gateway, long) = (gateway_with_clock(), "端".repeat(500_000));
    let small = |response: &Response| {
        let outcome = &response.outcome;
        let lengths = [response.body.len(), outcome.explanation.len(), format!("{:?}", outcome.method).len()];
        assert!(lengths.iter().all(|length| *length < 8000), "{lengths:?}");
    };
    for name in ["method", "app_key", "sign", "sec_token", "note", "timestamp", "v", "format", "sign_method"] {
        let mut parameters = signed(sample());
        parameters.insert(name, long.clone());
        let response = post(&gateway, "", &form(&parameters));
        assert!(response.outcome.code.is_some(), "{name}");
        small(&response);
    }
    // Many short values, and a long name.
    let many: String = (0..5000).map(|number| format!("&name{number}=value")).collect();
    small(&post(&gateway, "", &(form(&signed(sample())) + &many)));
    small(&post(&gateway, "", &format!("{}&{long}=1", form(&signed(sample())))));
}

#[test]
fn explanation_has_the_signed_text() {
    let mut parameters = signed(sample());
    let sign = parameters.insert("sign", "ABC".to_owned()).unwrap();
    let explanation = post(&gateway_with_clock(), "", &form(&parameters)).outcome.explanation;
    let expected = format!(
        "25 Invalid Signature: {UNEXPLAINED}\n  received   ABC\n  expected   {sign}\n  signed     app_key12345678formatjson\
         methodtaobao.top.client.token.getpartner_idapidocsec_token[hidden: 9 characters]\
         session[hidden: 36 characters]sign_methodhmactimestamp2024-08-24 10:20:01v2.0\n  algorithm  hmac"
    );
    assert_eq!(explanation, expected);
}

#[test]
fn checks_types_of_parameters() {
    let specs = spec::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../codegen/tests/fixtures/specs")).unwrap();
    let gateway = Gateway::builder(specs).application(KEY, SECRET).clock(clock).build();
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
    let explanation = |name: &'static str, value: &str| {
        let mut parameters = sample();
        parameters.remove("sec_token");
        parameters.extend(whole.map(|(name, value)| (name, value.to_owned())));
        parameters.insert(name, value.to_owned());
        let outcome = post(&gateway, "", &form(&signed(parameters))).outcome;
        outcome.code.map(|_| outcome.explanation)
    };
    for (name, value) in [
        ("text", "t"),
        // Booleans of Python and PHP.
        ("flag", "True"),
        ("flag", "FALSE"),
        ("flag", "1"),
        ("flag", "0"),
        ("flags", "True,0, false"),
        ("numbers", "1, 2"),
        ("numbers", "[1, 2]"),
        ("numbers", " [\"1\",2] "),
        ("flags", "[true,\"False\"]"),
        ("moments", "2016-01-01 12:00:00, 2016-01-02"),
        ("moneys", "[1.50,\"2\"]"),
        ("texts", "[\"a\",\"b\"]"),
        ("texts", "[not JSON,b"),
        ("fields", "[\"num_iid\",\"title\"]"),
        ("jsons", "[1,null]"),
        ("map", " {\"a\":[]}"),
        // An empty value counts as absent.
        ("flags", ""),
        ("numbers", " "),
        ("order", r#"{"tid":1,"memo":null,"parts":[]}"#),
        ("order", r#"{"tid":1,"parts":[{"sku":"x"}]}"#),
    ] {
        assert_eq!(explanation(name, value), None, "{name}={value}");
    }
    for (name, value, expected) in [
        ("order", r#"{"memo":"m"}"#, "order.tid is required"),
        ("order", r#"{"tid":null}"#, "order.tid is required"),
        ("order", r#"{"tid":" "}"#, "order.tid is required"),
        ("order", r#"{"tid":1,"parts":[{"sku":"x"},{}]}"#, "order.parts[1].sku is required"),
        ("orders", r#"[{"tid":1},{"tid":""}]"#, "orders[1].tid is required"),
        ("order", "", "order is required"),
    ] {
        let expected = format!("40 Missing required arguments: {expected}");
        assert_eq!(explanation(name, value).as_deref(), Some(expected.as_str()), "{name}={value}");
    }
    for (name, value, expected) in [
        ("number", "1.5", "number must be an integer"),
        ("number", "9223372036854775808", "number must be an integer"),
        ("flag", "yes", "flag must be true or false"),
        ("flag", "2", "flag must be true or false"),
        ("flag", " true", "flag must be true or false without surrounding white space"),
        ("number", "1 ", "number must be an integer without surrounding white space"),
        ("numbers", "1,,2", "numbers must be an integer"),
        ("numbers", "[1,\"x\"]", "numbers[1] must be an integer"),
        ("numbers", "[1,null]", "numbers[1] must not be null"),
        ("flags", "[True, False]", "flags must be true or false"),
        (
            "texts",
            "['a', 'b']",
            "texts must be a comma-separated list or a JSON array, found the text of a Python list",
        ),
        ("moment", "2016-02-30 00:00:00", "moment must be a date in the form yyyy-MM-dd HH:mm:ss"),
        ("money", "five", "money must be a decimal number"),
        ("json", "{", "json must be valid JSON"),
        ("map", "[]", "map must be a JSON object"),
        ("numbers", "1,x", "numbers must be an integer"),
        ("jsons", "1,2", "jsons must be valid JSON"),
        ("jsons", "{}", "jsons must be a JSON array"),
        ("order", "x", "order must be valid JSON"),
        ("order", "[]", "order must be a JSON object"),
        ("order", r#"{"tid":"x"}"#, "order.tid must be an integer"),
        ("order", r#"{"tid":1,"parts":{}}"#, "order.parts must be a JSON array"),
        ("order", r#"{"tid":1,"parts":[1]}"#, "order.parts[0] must be a JSON object"),
        ("orders", r#"{"tid":1}"#, "orders must be a JSON array"),
    ] {
        assert_eq!(
            explanation(name, value).as_deref(),
            Some(format!("41 Invalid arguments: {expected}").as_str()),
            "{name}={value}"
        );
    }
    // The fields of an object may be defined by another parameter of its type.
    for secret in [r#"{"tid":1,"access_token":"s3cr3t"}"#, r#"[{"tid":1,"access_token":"s3cr3t"}]"#] {
        for name in ["other_order", "orders"] {
            let mut parameters = sample();
            parameters.extend([("method", whole[0].1.to_owned()), ("sign", "0".to_owned())]);
            parameters.insert(name, secret.to_owned());
            let explanation = post(&gateway, "", &form(&parameters)).outcome.explanation;
            assert!(
                explanation.contains(&format!("{name}[hidden: ")) && !explanation.contains("s3cr3t"),
                "{explanation}"
            );
        }
    }
    // Secrets at any depth are hidden, and control characters are escaped.
    let secret = explanation("order", "{\"tid\":1,\"access_token\":\"s3cr3t\"}\u{1b}[31m").unwrap();
    assert!(!secret.contains("s3cr3t"), "{secret}");
    let mut parameters = sample();
    parameters.extend([("method", whole[0].1.to_owned()), ("pin", "p1n".to_owned()), ("order", "s3cr3t".to_owned())]);
    parameters.extend([("text", "a\n\u{1b}[31m".to_owned()), ("sign", "\u{7}".to_owned())]);
    let explanation = post(&gateway, "", &form(&parameters)).outcome.explanation;
    assert!(explanation.contains("texta\\n\\u{1b}[31mtimestamp"), "{explanation}");
    assert!(
        !explanation.contains(['\u{1b}', '\u{7}']) && !explanation.contains("s3cr3t") && !explanation.contains("p1n"),
        "{explanation}"
    );
    assert!(!format!("{gateway:?}").contains(SECRET), "{gateway:?}");
}

#[test]
fn refuses_invalid_requests_in_the_format_of_the_query() {
    let (gateway, multipart) = (gateway_with_clock(), "multipart/form-data; boundary=x");
    for (verb, content_type, body, code) in [
        ("PUT", FORM, &b""[..], 9),
        ("POST", "text/plain", b"{}", 43),
        ("POST", "", b"format=xml", 43),
        ("POST", FORM, b"format=xml&a=%FF", 47),
        ("POST", multipart, b"--x\r\nno part", 3),
        ("POST", multipart, b"--x\r\nContent-Disposition:form-data;name=\"a\"\r\n\r\n\xff\r\n--x--", 47),
    ] {
        let response = |query| gateway.respond(&Request { verb, query, content_type, body, ..Default::default() });
        let start = format!("{{\"error_response\":{{\"code\":{code},");
        let json = response("format=json&method=taobao.time.get");
        assert!(json.body.starts_with(&start) && json.body.contains("sub_msg"), "{}", json.body);
        assert_eq!(json.outcome.method.as_deref(), Some("taobao.time.get"));
        assert!(response("format=JSON&simplify=True").body.starts_with(&start));
        assert!(response("").body.starts_with("<?xml"));
        assert!(response("format=xml").body.starts_with("<?xml"));
    }
    // The valid parts of an invalid query are used.
    let query = "a=%FF&format=json";
    let response =
        gateway.respond(&Request { verb: "POST", query, content_type: FORM, body: b"", ..Default::default() });
    assert!(response.body.starts_with("{\"error_response\":{\"code\":47,"), "{}", response.body);
}

#[test]
fn constants_of_the_protocol_match_platform_yaml() {
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
