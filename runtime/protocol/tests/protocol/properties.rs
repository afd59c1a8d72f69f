//! Property tests against simple reference implementations.

use std::collections::BTreeMap;

use generated_sdk::generated::record;
use generated_sdk::protocol::Error;
use generated_sdk::protocol::{
    AppCredentials, Application, DateTime, Decimal, File, Parameters, Request, SignMethod, SignedRequest, decode,
    decode_untyped, signature,
};
use md5::{Digest, Md5};
use proptest::prelude::*;

use crate::fixture::fixture_everything_get::{Order, Part};
use crate::fixture::{
    FixtureEverythingGetRequest, FixtureEverythingGetRequired, FixtureEverythingGetResponse, FixtureLimitsSetRequest,
};

/// Returns the signed text: names in byte order, each followed by its value.
fn text(parameters: &BTreeMap<String, String>) -> Vec<u8> {
    let sorted: BTreeMap<Vec<u8>, Vec<u8>> = parameters
        .iter()
        .filter(|(name, _)| *name != "sign")
        .map(|(name, value)| (name.clone().into_bytes(), value.clone().into_bytes()))
        .collect();
    sorted.into_iter().flat_map(|(name, value)| [name, value].concat()).collect()
}

/// Returns the signature by each algorithm.
fn signed(secret: &str, text: &[u8]) -> [String; 3] {
    let secret = secret.as_bytes();
    [hex(&md5(&[secret, text, secret].concat())), hex(&hmac(md5, secret, text)), hex(&hmac(sha256, secret, text))]
}

fn form_decoded(form: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(form).into_owned().collect()
}

fn md5(bytes: &[u8]) -> Vec<u8> {
    Md5::digest(bytes).to_vec()
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    sha2::Sha256::digest(bytes).to_vec()
}

/// HMAC of RFC 2104 for digests with blocks of 64 bytes.
fn hmac(digest: fn(&[u8]) -> Vec<u8>, key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut key = if key.len() > 64 { digest(key) } else { key.to_vec() };
    key.resize(64, 0);
    let padded = |pad: u8| key.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>();
    let inner = digest(&[padded(0x36), text.to_vec()].concat());
    digest(&[padded(0x5c), inner].concat())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

proptest! {
    #[test]
    fn signatures_match_the_reference(
        parameters in proptest::collection::btree_map("(?s).{1,8}", "(?s).{0,12}", 0..12),
        secret in "(?s).{0,80}",
        order in any::<u64>(),
    ) {
        let expected = signed(&secret, &text(&parameters));
        // The order of setting parameters does not matter.
        let mut pairs: Vec<_> = parameters.iter().collect();
        let turn = if pairs.is_empty() { 0 } else { usize::try_from(order % pairs.len() as u64).unwrap() };
        pairs.rotate_left(turn);
        let mut set = Parameters::new();
        for (name, value) in pairs {
            set.set(name.clone(), value.clone());
        }
        for (method, expected) in SignMethod::ALL.into_iter().zip(expected) {
            prop_assert_eq!(signature(method, &secret, set.pairs(), b""), expected);
        }
    }

    #[test]
    fn forms_survive_a_round_trip(parameters in proptest::collection::btree_map("(?s).{1,8}", "(?s).{0,12}", 0..12)) {
        let mut set = Parameters::new();
        for (name, value) in &parameters {
            set.set(name.clone(), value.clone());
        }
        let form = set.to_form();
        prop_assert!(form.is_ascii());
        prop_assert_eq!(form_decoded(form.as_bytes()), parameters);
    }
}

/// Generates texts that are difficult to encode.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "(?s).{0,12}",
        "[a-z &=+%@?#/\\\\\"'<>;,:\\r\\n\\t\\x00*~._-]{0,16}",
        Just("端 & 商品=100%+1".to_owned()),
        Just("@/etc/passwd".to_owned()),
        Just("%E7%AB%AF%zz%".to_owned()),
        Just("✔️😀\u{202e}\u{feff}".to_owned()),
        Just("\r\n--boundary\r\nContent-Disposition: form-data; name=\"sign\"\r\n\r\nx".to_owned()),
    ]
}

/// Generates a decimal and its text.
fn decimal() -> impl Strategy<Value = (Decimal, String)> {
    (any::<i64>(), 0..=18_u32).prop_map(|(digits, scale)| {
        let sign = if digits < 0 { "-" } else { "" };
        let all = format!("{:0>width$}", digits.unsigned_abs(), width = scale as usize + 1);
        let (whole, fraction) = all.split_at(all.len() - scale as usize);
        let point = if scale == 0 { "" } else { "." };
        (Decimal::new(digits, scale), format!("{sign}{whole}{point}{fraction}"))
    })
}

fn moment() -> impl Strategy<Value = (DateTime, String)> {
    (1970..=9999, 1..=12, 1..=28, 0..24, 0..60, 0..60).prop_map(|(year, month, day, hour, minute, second)| {
        let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
        (text.parse().unwrap(), text)
    })
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        hostile().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(hostile(), inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Generates an order and its JSON.
fn order() -> impl Strategy<Value = (Order, serde_json::Value)> {
    let part = (hostile(), proptest::option::of(decimal()));
    let parts = proptest::collection::vec(part, 0..3);
    (any::<i64>(), proptest::option::of(hostile()), parts).prop_map(|(tid, memo, parts)| {
        let mut order = Order::new(tid);
        let mut json = serde_json::json!({ "tid": tid });
        if let Some(memo) = memo {
            json["memo"] = memo.clone().into();
            order = order.memo(memo);
        }
        let mut texts = Vec::new();
        for (sku, price) in parts {
            let mut text = serde_json::json!({ "sku": sku });
            let mut part = Part::new(sku);
            if let Some((price, written)) = price {
                text["price"] = written.into();
                part = part.price(price);
            }
            texts.push(text);
            order.parts.push(part);
        }
        if !texts.is_empty() {
            json["parts"] = texts.into();
        }
        (order, json)
    })
}

/// The expected value of a parameter.
#[derive(Clone, Debug)]
enum Expected {
    Absent,
    Text(String),
    /// Compact JSON of this value.
    Json(serde_json::Value),
}

impl Expected {
    fn list(texts: impl IntoIterator<Item = impl ToString>) -> Self {
        let texts: Vec<_> = texts.into_iter().map(|text| text.to_string()).collect();
        if texts.is_empty() { Self::Absent } else { Self::Text(texts.join(",")) }
    }

    /// A text for a JSON parameter is already JSON, and `null` is absent.
    fn json(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Absent,
            serde_json::Value::String(text) => Self::Text(text),
            value => Self::Json(value),
        }
    }

    fn is(&self, sent: Option<&str>) -> bool {
        match (self, sent) {
            (Self::Absent, sent) => sent.is_none(),
            (Self::Text(text), Some(sent)) => text == sent,
            (Self::Text(_) | Self::Json(_), None) => false,
            (Self::Json(value), Some(sent)) => {
                // The order of members is not relevant; white space is.
                let read: Option<serde_json::Value> = serde_json::from_str(sent).ok();
                read.as_ref() == Some(value) && sent.len() == value.to_string().len()
            }
        }
    }
}

/// Generates a request with every type and its expected parameters.
fn everything() -> impl Strategy<Value = (FixtureEverythingGetRequest, BTreeMap<&'static str, Expected>)> {
    let scalars = (hostile(), any::<i64>(), any::<bool>(), moment(), decimal(), decimal());
    let structures = (json(), json(), proptest::collection::vec(hostile(), 0..4), order());
    let lists = (
        proptest::collection::vec(any::<i64>(), 0..4),
        proptest::collection::vec(any::<bool>(), 0..4),
        proptest::collection::vec(moment(), 0..3),
        proptest::collection::vec(decimal(), 0..3),
        proptest::collection::vec(json(), 0..3),
        proptest::collection::vec(order(), 0..3),
    );
    (scalars, structures, lists).prop_map(|(scalars, structures, lists)| {
        let (text, number, flag, moment, money, exact) = scalars;
        let (json, map, texts, order) = structures;
        let (numbers, flags, moments, moneys, jsons, orders) = lists;
        let mut expected = BTreeMap::from([
            ("text", Expected::Text(text.clone())),
            ("number", Expected::Text(number.to_string())),
            ("flag", Expected::Text(if flag { "true" } else { "false" }.to_owned())),
            ("moment", Expected::Text(moment.1)),
            ("money", Expected::Text(money.1)),
            ("exact", Expected::Text(exact.1)),
            ("json", Expected::json(json.clone())),
            ("map", Expected::json(map.clone())),
            ("fields", Expected::list(&texts)),
            ("texts", Expected::list(&texts)),
            ("order", Expected::Json(order.1)),
            ("numbers", Expected::list(&numbers)),
            ("flags", Expected::list(&flags)),
            ("moments", Expected::list(moments.iter().map(|(_, text)| text))),
            ("moneys", Expected::list(moneys.iter().map(|(_, text)| text))),
        ]);
        if !jsons.is_empty() {
            expected.insert("jsons", Expected::Json(jsons.clone().into()));
        }
        if !orders.is_empty() {
            expected.insert("orders", Expected::Json(orders.iter().map(|(_, json)| json.clone()).collect()));
        }
        let request = FixtureEverythingGetRequest::new(FixtureEverythingGetRequired {
            text,
            number,
            flag,
            moment: moment.0,
            money: money.0,
            exact: exact.0,
            json,
            map,
            fields: texts.clone(),
            texts,
            order: order.0,
        });
        let request = request
            .numbers(numbers)
            .flags(flags)
            .moments(moments.into_iter().map(|(moment, _)| moment))
            .moneys(moneys.into_iter().map(|(money, _)| money))
            .jsons(jsons)
            .orders(orders.into_iter().map(|(order, _)| order));
        (request, expected)
    })
}

fn sign<R: Request>(request: &R, method: SignMethod, session: &str) -> SignedRequest {
    let mut application = Application::new(AppCredentials::new("app key", SECRET));
    application.sign_method = method;
    application.validate = false;
    application.sign(request, Some(session), "2016-01-01 12:00:00".parse().unwrap()).unwrap()
}

const SECRET: &str = "the s3cr3t 密";

/// Parses a multipart body. Returns its parameters and the contents of its files.
fn parts(content_type: &str, body: &[u8]) -> (BTreeMap<String, String>, Vec<Vec<u8>>) {
    let (_, boundary) = content_type.split_once("boundary=").unwrap();
    // One character per byte, so that binary content is unchanged.
    let body: String = body.iter().copied().map(char::from).collect();
    let bytes = |text: &str| text.chars().map(|character| u8::try_from(character).unwrap()).collect::<Vec<_>>();
    let text = |piece: &str| String::from_utf8(bytes(piece)).unwrap();
    let (mut parameters, mut files) = (BTreeMap::new(), Vec::new());
    let inside = body.strip_prefix(&format!("--{boundary}\r\n")).unwrap();
    let inside = inside.strip_suffix(&format!("\r\n--{boundary}--\r\n")).unwrap();
    for part in inside.split(&format!("\r\n--{boundary}\r\n")) {
        let (head, content) = part.split_once("\r\n\r\n").unwrap();
        let (disposition, content_type) = head.split_once("\r\n").unwrap();
        assert!(!disposition.contains(['\r', '\n']) && !content_type.contains(['\r', '\n']), "{head:?}");
        let quoted: Vec<_> = disposition.split('"').collect();
        match quoted.len() {
            3 => drop(parameters.insert(text(quoted[1]), text(content))),
            5 => files.push(bytes(content)),
            _ => panic!("{disposition}"),
        }
    }
    (parameters, files)
}

proptest! {
    #[test]
    fn encoded_requests_match_the_reference(
        (request, expected) in everything(),
        session in hostile(),
        method in proptest::sample::select(&SignMethod::ALL[..]),
    ) {
        let signed_request = sign(&request, method, &session);
        let body = signed_request.body().unwrap();
        prop_assert_eq!(&body.content_type, "application/x-www-form-urlencoded;charset=UTF-8");
        let sent = form_decoded(&body.bytes);
        for (name, expected) in &expected {
            prop_assert!(expected.is(sent.get(*name).map(String::as_str)), "{}: {:?} {:?}", name, expected, sent.get(*name));
        }
        let public = [
            ("app_key", "app key"),
            ("format", "json"),
            ("method", "taobao.fixture.everything.get"),
            ("session", &session),
            ("sign_method", method.name()),
            ("timestamp", "2016-01-01 12:00:00"),
            ("v", "2.0"),
        ];
        for (name, value) in public {
            prop_assert_eq!(sent.get(name).map_or("", String::as_str), value, "{}", name);
        }
        let known = |name: &str| expected.contains_key(name) || public.iter().any(|(known, _)| *known == name);
        let unknown = sent.keys().find(|name| *name != "sign" && !known(name));
        prop_assert_eq!(unknown, None);
        let index = SignMethod::ALL.iter().position(|known| *known == method).unwrap();
        prop_assert_eq!(&sent["sign"], &signed(SECRET, &text(&sent))[index]);
    }

    #[test]
    fn files_do_not_change_the_signature(
        title in hostile(),
        name in hostile(),
        content_type in hostile(),
        contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 1..4),
        lines in proptest::collection::vec(prop_oneof![Just("\r\n"), Just("--"), Just("----"), Just("\r\n------")], 0..40),
    ) {
        let mut contents = contents;
        contents.push(lines.concat().into_bytes());
        let mut files: Vec<_> = contents
            .iter()
            .map(|content| File::new(content.clone()).name(name.clone()).with_content_type(content_type.clone()))
            .collect();
        #[expect(deprecated, reason = "the method is deprecated, to have one that is")]
        let request = FixtureLimitsSetRequest::new(title.clone(), "1", files.remove(0)).pictures(files);
        let signed_request = sign(&request, SignMethod::HmacSha256, "session");
        let body = signed_request.body().unwrap();
        let (sent, files) = parts(&body.content_type, &body.bytes);
        prop_assert_eq!(files, contents);
        prop_assert_eq!(sent.get("title").map_or("", String::as_str), &title);
        let own: BTreeMap<_, _> =
            signed_request.parameters().pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        prop_assert_eq!(&sent, &own);
        prop_assert_eq!(&sent["sign"], &signed(SECRET, &text(&sent))[2]);
    }
}

/// A response with a single field.
#[derive(Clone, Default)]
struct Single(Option<String>);

record! {
    mut Single {
        0 => 0: Text("text", String);
    }
}

impl Request for Single {
    const METHOD: &'static str = "taobao.single.get";
    const RESPONSE_NODE: &'static str = "single_get_response";
    type Response = Self;
}

/// Returns the kind of a body: a response, a refusal, or an error.
fn kind<T>(result: Result<T, Error>) -> &'static str {
    match result {
        Ok(_) => "response",
        Err(Error::Platform(_)) => "refusal",
        Err(Error::Decode(_)) => "error",
        Err(error) => panic!("{error}"),
    }
}

/// Generates the members of a body.
fn members() -> impl Strategy<Value = serde_json::Value> {
    let key = proptest::sample::select(vec![
        "single_get_response",
        "taobao_single_get_response",
        "other_response",
        "response",
        "error_response",
        "data",
        "code",
        "msg",
        "message",
        "error_code",
        "sub_code",
        "flag",
        "success",
        "type",
        "request_id",
        "text",
        "rows",
    ]);
    let scalar = proptest::sample::select(vec![
        serde_json::json!(null),
        "".into(),
        0.into(),
        15.into(),
        "success".into(),
        "failure".into(),
        "IllegalAccessToken".into(),
        true.into(),
        false.into(),
    ]);
    let value = scalar.prop_recursive(3, 24, 5, move |inner| {
        prop_oneof![
            3 => proptest::collection::btree_map(key.clone(), inner.clone(), 0..5)
                .prop_map(|map| map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
            1 => proptest::collection::vec(inner, 0..3).prop_map(serde_json::Value::Array),
        ]
    });
    value.prop_filter("an object", serde_json::Value::is_object)
}

fn xml(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => items.iter().map(|item| format!("<item>{}</item>", xml(item))).collect(),
        serde_json::Value::Object(members) => {
            members.iter().map(|(key, value)| format!("<{key}>{}</{key}>", xml(value))).collect()
        }
        other => other.to_string(),
    }
}

/// Generates any JSON value of a field.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<u64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        "[ 0-9a-z{}\\[\\]\":.-]{0,6}".prop_map(serde_json::Value::from),
        Just(serde_json::Value::from("1")),
        Just(serde_json::Value::from("null")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array),
            proptest::collection::btree_map("[a-z]{0,3}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// A body has the same kind for typed and untyped calls, unless documented fields make it a response.
    #[test]
    fn typed_and_untyped_agree(body in members(), as_xml in any::<bool>()) {
        let text = if as_xml { xml(&body) } else { body.to_string() };
        let typed = kind(decode::<Single>(text.as_str()));
        let untyped = kind(decode_untyped(text.as_str(), Single::METHOD, false));
        if text.contains("text") && typed != untyped {
            prop_assert_eq!(typed, "response", "{}", text);
        } else {
            prop_assert_eq!(typed, untyped, "{}", text);
        }
    }

    /// A JSON field survives a round trip with serde.
    #[test]
    fn json_survives_a_serde_round_trip(json in any_json(), list in proptest::collection::vec(any_json(), 0..4)) {
        let response = FixtureEverythingGetResponse { json: Some(json.clone()), jsons: list.clone(), ..Default::default() };
        let text = serde_json::to_string(&response).unwrap();
        let again: FixtureEverythingGetResponse = serde_json::from_str(&text).unwrap();
        // `null` is an absent field.
        prop_assert_eq!(again.json, Some(json).filter(|json| !json.is_null()), "{}", text);
        prop_assert_eq!(again.jsons, list, "{}", text);
        prop_assert_eq!(again.map, None);
    }
}
