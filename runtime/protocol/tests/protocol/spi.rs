//! SPI calls (docs/protocol.md section 7.3), signed by a reference implementation.

use std::collections::BTreeMap;
use std::time::Duration;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use md5::{Digest, Md5};
use proptest::prelude::*;
use top_protocol::spi::{SpiCall, SpiCharset, SpiError, SpiRefusal, SpiRequest, SpiRequestError, SpiVerifier};
use top_protocol::{DateTime, Format};

const SECRET: &str = "helloworld";
const NOON: &str = "2016-01-01 12:00:00";
const FORM: &str = "application/x-www-form-urlencoded";

fn noon() -> DateTime {
    NOON.parse().unwrap()
}

fn verifier() -> SpiVerifier {
    SpiVerifier::new(SECRET).with_clock(noon)
}

/// A call of the platform, with parts as bytes in a charset.
#[derive(Clone, Default)]
struct Platform {
    content_type: &'static str,
    query: Vec<(Vec<u8>, Vec<u8>)>,
    /// Signed headers. `None` is listed but not sent.
    headers: Vec<(&'static str, Option<Vec<u8>>)>,
    form: Vec<(Vec<u8>, Vec<u8>)>,
    text: Vec<u8>,
    sign: Option<String>,
}

impl Platform {
    fn new(content_type: &'static str) -> Self {
        let platform = Self { content_type, ..Self::default() };
        platform.query("app_key", "12345678").query("method", "taobao.qimen.test").query("timestamp", NOON)
    }

    fn query(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.query.push((name.as_ref().to_vec(), value.as_ref().to_vec()));
        self
    }

    fn header(mut self, name: &'static str, value: Option<&[u8]>) -> Self {
        self.headers.push((name, value.map(<[u8]>::to_vec)));
        self
    }

    fn form(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.form.push((name.as_ref().to_vec(), value.as_ref().to_vec()));
        self
    }

    fn text(mut self, text: impl AsRef<[u8]>) -> Self {
        self.text = text.as_ref().to_vec();
        self
    }

    fn signature(&self) -> String {
        let mut parameters = BTreeMap::new();
        for (name, value) in &self.headers {
            parameters.insert(name.as_bytes().to_vec(), value.clone().unwrap_or_default());
        }
        for (name, value) in &self.form {
            parameters.insert(name.clone(), value.clone());
        }
        for (name, value) in &self.query {
            parameters.insert(name.clone(), value.clone());
        }
        let mut text = SECRET.as_bytes().to_vec();
        for (name, value) in parameters {
            text.extend(name);
            text.extend(value);
        }
        text.extend(&self.text);
        text.extend(SECRET.as_bytes());
        Md5::digest(&text).iter().map(|byte| format!("{byte:02X}")).collect()
    }

    fn request(&self) -> http::Request<Vec<u8>> {
        let sign = self.sign.clone().unwrap_or_else(|| self.signature());
        let mut request = http::Request::builder().uri(format!("/spi?{}&sign={sign}", form(&self.query)));
        if !self.content_type.is_empty() {
            request = request.header("Content-Type", self.content_type);
        }
        if !self.headers.is_empty() {
            let names: Vec<_> = self.headers.iter().map(|(name, _)| *name).collect();
            request = request.header("top-sign-list", names.join(","));
        }
        for (name, value) in &self.headers {
            if let Some(value) = value {
                request = request.header(*name, escaped(value));
            }
        }
        request.body(if self.form.is_empty() { self.text.clone() } else { form(&self.form).into_bytes() }).unwrap()
    }

    fn verified(&self) -> Result<SpiCall, SpiError> {
        verifier().verify(&self.request())
    }
}

fn form(pairs: &[(Vec<u8>, Vec<u8>)]) -> String {
    pairs.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect::<Vec<_>>().join("&")
}

/// Escapes every byte except letters, digits and spaces.
fn escaped(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            b' ' => "+".to_owned(),
            byte if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
            byte => format!("%{byte:02x}"),
        })
        .collect()
}

/// 小二 and 淘宝 in GBK.
const WAITER: &[u8] = b"\xd0\xa1\xb6\xfe";
const TAOBAO: &[u8] = b"\xcc\xd4\xb1\xa6";

#[test]
fn verifies_the_published_vector() {
    let platform = Platform::new("application/json")
        .query("empty", "")
        .header("x-top-uid", Some("小二".as_bytes()))
        .text(r#"{"a":"1"}"#);
    assert_eq!(platform.signature(), "E231391D592C63D105256233F8CF20FC");
    let call = platform.verified().unwrap();
    assert_eq!(call.method(), Some("taobao.qimen.test"));
    assert_eq!(
        call.parameters().collect::<Vec<_>>(),
        [
            ("app_key", "12345678"),
            ("empty", ""),
            ("method", "taobao.qimen.test"),
            ("timestamp", NOON),
            ("x-top-uid", "小二"),
        ]
    );
    assert_eq!(call.body(), r#"{"a":"1"}"#);
    assert_eq!(call.json::<BTreeMap<String, String>>().unwrap()["a"], "1");
}

#[test]
fn verifies_calls_of_every_type() {
    let gbk = "application/json; charset=gbk";
    for (platform, name, expected, body) in [
        (Platform::new(""), "method", Some("taobao.qimen.test"), ""),
        // Official SDKs for Java drop a value with `=`.
        (Platform::new("").query("a", "x=y&z=%+ ~é"), "a", Some("x=y&z=%+ ~é"), ""),
        (Platform::new("").query("a b", ""), "a b", Some(""), ""),
        (Platform::new("").header("x-absent", None), "x-absent", Some(""), ""),
        (Platform::new("").header("X-Case", Some(b"1+1")), "X-Case", Some("1+1"), ""),
        (Platform::new(FORM).form("b", "小 二&").form("a", ""), "b", Some("小 二&"), ""),
        (Platform::new(FORM).query("a", "query").form("a", "form"), "a", Some("query"), ""),
        (Platform::new(FORM).header("a", Some(b"header")).query("a", "query"), "a", Some("query"), ""),
        (Platform::new(FORM).header("a", Some(b"header")).form("a", "form"), "a", Some("form"), ""),
        (Platform::new("application/x-www-form-urlencoded; charset=UTF-8").form("a", "1"), "a", Some("1"), ""),
        (Platform::new("text/xml;charset=utf-8").text("<a>小二</a>"), "a", None, "<a>小二</a>"),
        (Platform::new("Application/XML").text("<a/>"), "a", None, "<a/>"),
        (Platform::new("text/plain").text("a=1&sign=2"), "a", None, "a=1&sign=2"),
        (Platform::new("application/json").text(""), "a", None, ""),
        (Platform::new(gbk).query("nick", WAITER).text(TAOBAO), "nick", Some("小二"), "淘宝"),
        (Platform::new(gbk).header("x-nick", Some(WAITER)), "x-nick", Some("小二"), ""),
        (Platform::new("text/xml;charset=\"GB2312\"").text(TAOBAO), "a", None, "淘宝"),
        (
            Platform::new("application/x-www-form-urlencoded;charset=GB18030").form(TAOBAO, WAITER),
            "淘宝",
            Some("小二"),
            "",
        ),
    ] {
        let call = platform.verified().unwrap_or_else(|error| panic!("{error}: {:?}", platform.request()));
        assert_eq!((call.parameter(name), call.body()), (expected, body), "{:?}", platform.request());
        assert_eq!(call.parameter("sign"), None);
    }
}

#[test]
fn rejects_a_change_of_each_part() {
    let json = Platform::new("application/json").query("a", "1").header("x-nick", Some(b"2")).text(r#"{"a":"1"}"#);
    let fields = Platform::new(FORM).query("a", "1").form("b", "2").form("c", "");
    for platform in [json, fields] {
        assert!(platform.verified().is_ok());
        let sign = platform.signature();
        let signed = Platform { sign: Some(sign.clone()), ..platform.clone() };
        let mut changed = Vec::new();
        for index in 0..signed.query.len() {
            let mut other = signed.clone();
            other.query[index].1.push(b'0');
            changed.push(other);
            let mut other = signed.clone();
            other.query[index].0.push(b'0');
            changed.push(other);
            let mut other = signed.clone();
            other.query.remove(index);
            changed.push(other);
        }
        for index in 0..signed.form.len() {
            let mut other = signed.clone();
            other.form[index].1.push(b'0');
            changed.push(other);
            let mut other = signed.clone();
            other.form.remove(index);
            changed.push(other);
        }
        for index in 0..signed.headers.len() {
            let mut other = signed.clone();
            other.headers[index].1 = Some(b"3".to_vec());
            changed.push(other);
            let mut other = signed.clone();
            other.headers[index].1 = None;
            changed.push(other);
            let mut other = signed.clone();
            other.headers.remove(index);
            changed.push(other);
        }
        changed.push(signed.clone().query("added", ""));
        changed.push(signed.clone().header("added", None));
        if signed.form.is_empty() {
            changed.push(signed.clone().text(r#"{"a":"2"}"#));
            changed.push(signed.clone().text(""));
        } else {
            changed.push(signed.clone().form("added", ""));
        }
        for wrong in [sign.to_lowercase(), sign[1..].to_owned(), format!("{sign}0"), String::new(), "0".repeat(32)] {
            changed.push(Platform { sign: Some(wrong), ..signed.clone() });
        }
        for platform in changed {
            assert_eq!(platform.verified(), Err(SpiError::SignatureMismatch), "{:?}", platform.request());
        }
        let other = SpiVerifier::new("helloworlds").with_clock(noon).verify(&platform.request());
        assert_eq!(other, Err(SpiError::SignatureMismatch));
    }
}

#[test]
fn repeated_parameter_has_the_signed_value() {
    // Of two values the last is signed, so a value inserted before it is ignored.
    let platform = Platform::new("").query("a", "good");
    let mut request = platform.request();
    let uri = request.uri().to_string().replace("/spi?", "/spi?a=evil&");
    *request.uri_mut() = uri.parse().unwrap();
    assert_eq!(verifier().verify(&request).unwrap().parameter("a"), Some("good"));
    *request.uri_mut() = format!("{}&a=evil", platform.request().uri()).parse().unwrap();
    assert_eq!(verifier().verify(&request), Err(SpiError::SignatureMismatch));
}

#[test]
fn rejects_unsigned_bodies() {
    let without = Platform::new("application/octet-stream");
    assert!(without.verified().is_ok());
    for content_type in ["", "application/octet-stream", "multipart/form-data; boundary=b", "application/jsonp", "json"]
    {
        let mut request = Platform::new(content_type).request();
        *request.body_mut() = b"a=1".to_vec();
        let expected = SpiError::UnsupportedContentType(content_type.to_owned());
        assert_eq!(verifier().verify(&request), Err(expected), "{content_type}");
    }
}

#[test]
fn rejects_invalid_encodings() {
    let utf8 = Err(SpiError::InvalidEncoding(SpiCharset::Utf8));
    let gbk = Err(SpiError::InvalidEncoding(SpiCharset::Gbk));
    for (platform, expected) in [
        (Platform::new("").query("a", b"\xff"), &utf8),
        (Platform::new("").query(b"\xff", "a"), &utf8),
        (Platform::new("application/json").text(b"\xd0"), &utf8),
        (Platform::new("application/json;charset=gbk").text(b"\xd0"), &gbk),
        (
            Platform::new("application/json;charset=latin1").text("{}"),
            &Err(SpiError::UnsupportedCharset("latin1".into())),
        ),
    ] {
        assert_eq!(platform.verified(), *expected);
    }
}

#[test]
fn checks_the_timestamp() {
    let mut request = Platform::new("").request();
    let at = |seconds: i64| {
        let now = noon().to_system_time();
        let distance = Duration::from_secs(seconds.unsigned_abs());
        DateTime::from(if seconds < 0 { now - distance } else { now + distance })
    };
    for (seconds, fresh) in [(0, true), (600, true), (601, false), (-600, true), (-601, false), (86_400 * 365, false)] {
        let result = SpiVerifier::new(SECRET).with_clock(move || at(seconds)).verify(&request);
        let expected = SpiError::Expired { timestamp: noon(), now: at(seconds) };
        assert_eq!(result.as_ref().err(), if fresh { None } else { Some(&expected) }, "{seconds}");
    }
    let minute = SpiVerifier::new(SECRET).tolerance(Duration::from_secs(60));
    assert!(minute.clone().with_clock(move || at(60)).verify(&request).is_ok());
    assert!(minute.with_clock(move || at(61)).verify(&request).is_err());
    assert!(SpiVerifier::new(SECRET).any_timestamp().verify(&request).is_ok());

    let mut without = Platform::new("");
    without.query.pop();
    request = without.request();
    assert_eq!(verifier().verify(&request), Err(SpiError::MissingTimestamp));
    assert!(verifier().any_timestamp().verify(&request).is_ok());
    for wrong in ["", "1451620800000", "2016-01-01T12:00:00", "soon"] {
        assert_eq!(without.clone().query("timestamp", wrong).verified(), Err(SpiError::InvalidTimestamp), "{wrong}");
    }
    // An old call stays refused when its timestamp is changed.
    let mut old = Platform::new("").query("timestamp", "2015-01-01 00:00:00");
    old.sign = Some(old.signature());
    assert!(matches!(old.verified(), Err(SpiError::Expired { .. })));
    assert_eq!(old.query("timestamp", NOON).verified(), Err(SpiError::SignatureMismatch));
}

#[test]
fn rejects_calls_without_a_signature() {
    let request = http::Request::builder().uri(format!("/spi?timestamp={}", escaped(NOON.as_bytes())));
    assert_eq!(verifier().verify(&request.body("").unwrap()), Err(SpiError::MissingSignature));
    assert_eq!(verifier().verify(&http::Request::new("")), Err(SpiError::MissingSignature));
    // Only the query has the signature.
    let platform = Platform::new(FORM);
    let body = format!("sign={}", platform.signature());
    let request = http::Request::builder().uri(format!("/spi?{}", form(&platform.query)));
    let request = request.header("Content-Type", FORM).body(body).unwrap();
    assert_eq!(verifier().verify(&request), Err(SpiError::MissingSignature));
}

#[test]
fn refusal_has_the_format_of_the_call() {
    for (content_type, query, format) in [
        ("application/json", "", Format::Json),
        ("text/xml;charset=GBK", "", Format::Xml),
        ("Application/XML", "", Format::Xml),
        ("", "a=1&format=xml", Format::Xml),
        (FORM, "format=json", Format::Json),
        ("", "", Format::Json),
    ] {
        let request = http::Request::builder().uri(format!("/spi?{query}")).header("Content-Type", content_type);
        let refusal = SpiRefusal::of(&request.body(()).unwrap());
        assert_eq!(refusal, SpiRefusal::new(format), "{content_type} {query}");
    }
    let response = SpiRefusal::new(Format::Json).into_response();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &HeaderValue::from_static("application/json;charset=UTF-8"))
    );
    let json: serde_json::Value = serde_json::from_str(response.body()).unwrap();
    assert_eq!((json["flag"].as_str(), json["success"].as_bool()), (Some("failure"), Some(false)));
    for code in ["code", "sub_code", "errorCode"] {
        assert_eq!(json[code], "sign-check-failure");
    }
    for message in ["message", "sub_message", "errorMessage"] {
        assert_eq!(json[message], "Illegal request");
    }
    let xml = SpiRefusal::new(Format::Xml).with_code("a<b", "c&d").body();
    assert!(xml.contains("<sub_code>a&lt;b</sub_code><sub_message>c&amp;d</sub_message>"), "{xml}");
}

#[test]
fn debug_redacts_secrets() {
    let request =
        SpiRequest::new("m", "12345678", SECRET).parameter("session", "s3cr3t").json("s3cr3t").timestamp(noon());
    let call = verifier().verify(&request.sign("/spi").unwrap()).unwrap();
    for text in [format!("{call:?}"), format!("{request:?}"), format!("{:?}", verifier())] {
        assert!(!text.contains("s3cr3t") && !text.contains(SECRET), "{text}");
    }
    assert!(format!("{call:?}").contains(r#""app_key": "12345678""#));
}

#[test]
fn error_messages() {
    for (error, expected) in [
        (
            SpiError::MissingSignature,
            "SPI call refused: the query has no `sign`: expected a call signed by the platform",
        ),
        (
            SpiError::Expired { timestamp: noon(), now: "2016-01-01 13:00:00".parse().unwrap() },
            "SPI call refused: the timestamp 2016-01-01 12:00:00 differs too much from the time \
             2016-01-01 13:00:00 at GMT+8 of this machine; check the clock",
        ),
        (
            SpiError::UnsupportedCharset("\nlatin1".into()),
            "SPI call refused: unsupported charset \"\\nlatin1\": expected UTF-8 or GBK",
        ),
    ] {
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn rejects_calls_that_cannot_be_signed() {
    let request = SpiRequest::new("m", "k", SECRET).charset(SpiCharset::Gbk);
    assert!(matches!(request.clone().parameter("a", "😀").sign("/"), Err(SpiRequestError::Unmappable(_))));
    assert!(matches!(request.clone().json("😀").sign("/"), Err(SpiRequestError::Unmappable(_))));
    assert!(matches!(request.clone().header("a b", "c").sign("/"), Err(SpiRequestError::Http(_))));
    assert!(matches!(request.sign("no url"), Err(SpiRequestError::Http(_))));
}

/// Generates text that GBK can encode, with characters that a form escapes.
fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 =&%+#?/_.\"{}\u{0}-\u{1f}淘宝小二中文字符]{0,12}"
}

/// Generates a name without surrounding spaces, which a list of headers drops.
fn name() -> impl Strategy<Value = String> {
    "[a-z][a-zA-Z0-9_.=&淘]{0,8}"
        .prop_filter("a name of its own", |name| !["sign", "method", "app_key", "timestamp"].contains(&name.as_str()))
}

proptest! {
    #[test]
    fn verifies_signed_calls(
        charset in prop_oneof![Just(SpiCharset::Utf8), Just(SpiCharset::Gbk)],
        query in proptest::collection::btree_map(name(), text(), 0..4),
        header in proptest::option::of(text()),
        fields in proptest::collection::btree_map(name(), text(), 0..4),
        body in proptest::option::of(text()),
        url in prop_oneof![Just("/spi"), Just("https://shop.test/spi?a=1%202")],
    ) {
        let mut request = SpiRequest::new("taobao.qimen.test", "12345678", SECRET).timestamp(noon()).charset(charset);
        for (name, value) in &query {
            request = request.parameter(name, value);
        }
        if let Some(value) = &header {
            request = request.header("x-top-nick", value);
        }
        match &body {
            Some(body) => request = request.xml(body),
            None => for (name, value) in &fields {
                request = request.form(name, value);
            },
        }
        let call = verifier().verify(&request.sign(url).unwrap()).unwrap();
        if body.is_none() {
            for (name, value) in fields.iter().filter(|(name, _)| !query.contains_key(*name) && (*name != "a" || !url.contains('?'))) {
                prop_assert_eq!(call.parameter(name), Some(value.as_str()));
            }
        }
        for (name, value) in &query {
            prop_assert_eq!(call.parameter(name), Some(value.as_str()));
        }
        prop_assert_eq!(call.parameter("x-top-nick"), header.as_deref());
        prop_assert_eq!(call.body(), body.unwrap_or_default());
    }

    /// Changes one letter or digit. The call is refused, or its meaning is unchanged.
    #[test]
    fn rejects_changed_calls(at in any::<proptest::sample::Index>(), to in "[a-zA-Z0-9]") {
        let signed = SpiRequest::new("taobao.qimen.test", "12345678", SECRET).timestamp(noon()).parameter("nick", "小二 & co");
        let signed = signed.json(r#"{"tid":"2001000000000001"}"#).sign("/spi").unwrap();
        let call = verifier().verify(&signed).unwrap();
        let (query, body) = (signed.uri().query().unwrap().to_owned(), signed.body().clone());
        let letters = |bytes: &[u8]| bytes.iter().enumerate().filter(|(_, byte)| byte.is_ascii_alphanumeric()).map(|(at, _)| at).collect::<Vec<_>>();
        let (in_query, in_body) = (letters(query.as_bytes()), letters(&body));
        let at = at.index(in_query.len() + in_body.len());
        let (mut query, mut body) = (query.into_bytes(), body);
        match in_query.get(at) {
            Some(at) => query[*at] = to.as_bytes()[0],
            None => body[in_body[at - in_query.len()]] = to.as_bytes()[0],
        }
        let result = verifier().verify_parts(std::str::from_utf8(&query).unwrap(), signed.headers(), &body);
        prop_assert!(result.as_ref().map_or(true, |other| *other == call), "{:?}", result);
    }

    #[test]
    fn verifies_any_input_without_panic(
        query in ".{0,40}",
        content_type in prop_oneof![
            Just(b"application/json;charset=gbk".to_vec()),
            Just(FORM.as_bytes().to_vec()),
            proptest::collection::vec(any::<u8>(), 0..20),
        ],
        list in proptest::collection::vec(any::<u8>(), 0..20),
        body in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in [("content-type", content_type), ("top-sign-list", list)] {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        let _ = verifier().verify_parts(&query, &headers, &body);
        let query = format!("{query}&sign={}", "0".repeat(32));
        prop_assert!(verifier().verify_parts(&query, &headers, &body).is_err());
        let _ = SpiRefusal::of_parts(&query, &headers).body();
    }
}
