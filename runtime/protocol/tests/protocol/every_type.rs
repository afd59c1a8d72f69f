//! Encoding and decoding of every type, with the golden files of the generator.

use std::collections::HashSet;

use expect_test::expect;
use generated_sdk::Response;
use generated_sdk::protocol::{self, AppCredentials, Application, DateTime, Error, File, Request, decode};

use crate::fixture::fixture_everything_get::{Order, Part};
use crate::fixture::fixture_limits_set::{Sku, Status};
use crate::fixture::fixture_names_get::{ItemInput, OptionInput};
use crate::fixture::{
    FixtureEverythingGetRequest, FixtureEverythingGetRequired, FixtureEverythingGetResponse, FixtureLimitsSetRequest,
    FixtureNamesGetRequest, FixtureNothingToSay2015_03_01Request,
};

fn moment() -> DateTime {
    "2016-01-01 12:00:00".parse().unwrap()
}

fn everything() -> FixtureEverythingGetRequest {
    FixtureEverythingGetRequest::new(required())
}

fn required() -> FixtureEverythingGetRequired {
    FixtureEverythingGetRequired {
        text: "端 & text".into(),
        number: i64::MAX,
        flag: false,
        moment: moment(),
        money: "5.00".parse().unwrap(),
        exact: "0.1234567890123456789".parse().unwrap(),
        json: serde_json::json!({"a": [1, "/"]}),
        map: r#"{"written": "already"}"#.into(),
        fields: vec!["num_iid".into(), "title".into()],
        texts: vec!["a".into(), "b".into()],
        order: Order::new(1).memo("\"memo\"").access_token("s3cr3t").parts([Part::new("x"), Part::new("y")]),
    }
}

/// Returns the parameters of the method, form-encoded.
fn sent<R: Request>(request: &R) -> String {
    let signed = Application::new(AppCredentials::new("key", "secret")).sign(request, None, moment()).unwrap();
    let public = protocol::PUBLIC_PARAMETERS;
    let own = signed.parameters().pairs().filter(|(name, _)| !public.contains(name));
    own.map(|(name, value)| format!("{name}={value}\n")).collect()
}

#[test]
fn encodes_required_parameters() {
    expect![[r#"
        exact=0.1234567890123456789
        fields=num_iid,title
        flag=false
        json={"a":[1,"/"]}
        map={"written": "already"}
        moment=2016-01-01 12:00:00
        money=5.00
        number=9223372036854775807
        order={"tid":1,"memo":"\"memo\"","access_token":"s3cr3t","parts":[{"sku":"x"},{"sku":"y"}]}
        text=端 & text
        texts=a,b
    "#]]
    .assert_eq(&sent(&everything()));
}

#[test]
fn encodes_optional_parameters() {
    let part = Part::new("x").price("1.10".parse::<protocol::Decimal>().unwrap());
    let request = everything()
        .optional_number(-1)
        .optional_flag(true)
        .optional_moment(moment())
        .optional_money(9)
        .optional_json(serde_json::json!("text is JSON already"))
        .numbers([1, 2])
        .flags([true, false])
        .moments([moment(), moment()])
        .moneys([1, 2])
        .jsons([serde_json::json!(1), serde_json::json!({"a": null})])
        .other_order(Order::new(2).parts([part]))
        .orders([Order::new(3), Order::new(4)])
        .pin("p1n");
    let sent = sent(&request);
    let required = self::sent(&everything());
    let added: String = sent.lines().filter(|line| !required.contains(*line)).map(|line| format!("{line}\n")).collect();
    expect![[r#"
        flags=true,false
        jsons=[1,{"a":null}]
        moments=2016-01-01 12:00:00,2016-01-01 12:00:00
        moneys=1,2
        numbers=1,2
        optional_flag=true
        optional_json=text is JSON already
        optional_moment=2016-01-01 12:00:00
        optional_money=9
        optional_number=-1
        orders=[{"tid":3},{"tid":4}]
        other_order={"tid":2,"parts":[{"sku":"x","price":"1.10"}]}
        pin=p1n
    "#]]
    .assert_eq(&added);
}

#[test]
fn keeps_wire_names() {
    let request = FixtureNamesGetRequest::new("t")
        .self_("s")
        .new_(1)
        .page_size_2(2)
        .page_size(3)
        .is_3d(true)
        .a("a")
        .id(4)
        .a_b("ab")
        .n3d("3")
        .端口(80)
        .option(OptionInput::new().r#in("in"))
        .item(ItemInput::new().a("a"));
    expect![[r#"
        3d=3
        ID=4
        _a=a
        a.b=ab
        is_3D=true
        item={"a":"a"}
        new=1
        option={"in":"in"}
        pageSize=2
        page_size=3
        self=s
        type=t
        端口=80
    "#]]
    .assert_eq(&sent(&request));
    assert_eq!(sent(&FixtureNothingToSay2015_03_01Request::new()), "");
}

#[test]
fn debug_redacts_secrets() {
    let request = everything().pin("p1n");
    let application = Application::new(AppCredentials::new("key", "the secret"));
    let signed = application.sign(&request, Some("the session"), moment()).unwrap();
    let body = String::from_utf8(signed.body().unwrap().bytes).unwrap();
    assert!(body.contains("s3cr3t") && body.contains("p1n") && body.contains("the+session"));
    for output in [format!("{request:?}"), format!("{signed:?}"), signed.to_string(), format!("{application:?}")] {
        assert!(!output.contains("s3cr3t") && !output.contains("p1n") && !output.contains("the se"), "{output}");
    }
    assert!(format!("{request:?}").contains("pin: [hidden]"));
}

#[test]
fn debug_redacts_secrets_in_json() {
    let mut request = everything();
    request.json =
        serde_json::json!({"a": [1, {"password": "s3cr3t", "plain": "shown"}], "k": "[{\"Token\":\"s3cr3t\"}]"});
    request.map = r#"{"login_token": ["s3cr3t"]}"#.into();
    request.text = r#" {"k": {"pass\u0077ord": 987654}}"#.into();
    request.texts = vec!["a".into(), r#"[{"app_secret":"s3cr3t"}]"#.into()];
    let signed = Application::new(AppCredentials::new("key", "secret")).sign(&request, None, moment()).unwrap();
    for output in [format!("{request:?}"), format!("{signed:?}"), signed.to_string()] {
        assert!(!output.contains("s3cr3t") && !output.contains("987654"), "{output}");
    }
    let output = format!("{request:?}");
    assert!(output.contains(r#"json: {"a":[1,{"password":"[hidden]","plain":"shown"}],"k":"[hidden]"}"#), "{output}");
    // Mismatches are redacted too.
    let body = r#"{"number":"{\"token\":\"s3cr3t\"}","flag":"{\"plain\":1}"}"#;
    let reported = ["number: expected Number, found [hidden]", r#"flag: expected Boolean, found "{\"plain\":1}""#];
    assert_eq!(mismatches(body), reported);
    // Other names, and text that is not JSON, are printed.
    request.json = serde_json::json!({"password": null, "password_hint": "x", "tokens": 1});
    request.text = r#"password: shown, {"plain": s3cr3t"#.into();
    let output = format!("{request:?}");
    assert!(output.contains(r#"json: {"password":"[hidden]","password_hint":"x","tokens":1}"#), "{output}");
    assert!(output.contains(r#"text: "password: shown, {\"plain\": s3cr3t""#), "{output}");
}

#[test]
fn debug_redacts_secrets_in_lenient_json() {
    for (text, plain) in [
        // JSON of the platform that a strict parser rejects.
        ("{\"memo\":\"two\nlines\",\"password\":\"s3cr3t\"}", false),
        ("\u{feff}{\"password\":\"s3cr3t\"}", false),
        ("{\"token\":\"\\ud800s3cr3t\"}", false),
        ("{\"token\":\"s3cr3t\",\"token\":null}", false),
        // Invalid JSON.
        ("{\"password\": s3cr3t", false),
        ("{\"token\":\"s3cr3t\"} and more", false),
        ("[{'app_secret':'s3cr3t'}]", false),
        ("{\"plain\": s3cr3t", true),
    ] {
        let mut request = everything();
        request.text = text.into();
        request.json = serde_json::json!({ "k": text });
        let signed = Application::new(AppCredentials::new("key", "secret")).sign(&request, None, moment()).unwrap();
        for output in [format!("{request:?}"), format!("{signed:?}"), signed.to_string()] {
            assert_eq!(output.contains("s3cr3t"), plain, "{text:?}: {output}");
        }
    }
}

#[test]
fn reports_all_missing_parameters() {
    let mut request = everything();
    request.text = "  ".into();
    request.texts.clear();
    request.order.parts[1].sku.clear();
    let error = Application::new(AppCredentials::new("key", "secret")).sign(&request, None, moment()).unwrap_err();
    expect!["taobao.fixture.everything.get was not sent: text is required; texts is required; order.parts[1].sku is required"]
        .assert_eq(&error.to_string());
    let mut trusting = Application::new(AppCredentials::new("key", "secret"));
    trusting.validate = false;
    assert!(trusting.sign(&request, None, moment()).is_ok());
}

fn decoded(body: &str) -> Response<FixtureEverythingGetResponse> {
    decode::<FixtureEverythingGetRequest>(body.to_owned()).unwrap()
}

fn mismatches(body: &str) -> Vec<String> {
    decoded(body).mismatches().iter().map(ToString::to_string).collect()
}

const WRAPPED: &str = r#"{"fixture_everything_get_response":{
    "text":"a & b < c","number":9007199254740993,"flag":true,"moment":"2016-01-01 12:00:00","money":"5.00",
    "exact":0.1234567890123456789,"json":"{\"a\":[1,\"b\"]}","map":{"k":"v"},"fields":"num_iid,title",
    "texts":{"string":["a","b"]},"numbers":{"number":[1,2]},"flags":{"boolean":[true,false]},
    "moments":{"date":["2016-01-01 12:00:00"]},"moneys":{"price":["1.00","2.50"]},"jsons":{"json":["1"]},
    "trade":{"tid":7104300007405429232,"orders":{"order_d_o":[
        {"oid":1,"title":"商品","bundle":{"order_d_o":[{"oid":2}]}},{"oid":3}]}},
    "category":{"cid":50,"parent":{"cid":1}},"session_token":"s3cr3t","plain_token":"shown","request_id":"r1"}}"#;

const SIMPLIFIED: &str = r#"{
    "text":"a & b < c","number":"9007199254740993","flag":"true","moment":1451620800000,"money":5.00,
    "exact":"0.1234567890123456789","json":{"a":[1,"b"]},"map":"{\"k\":\"v\"}","fields":"num_iid,title",
    "texts":["a","b"],"numbers":["1","2"],"flags":["true",0],"moments":["2016-01-01 12:00:00"],"moneys":[1.00,2.50],
    "jsons":[1],"trade":{"tid":"7104300007405429232","orders":[
        {"oid":1,"title":"商品","bundle":[{"oid":2}]},{"oid":3}]},
    "category":{"cid":50,"parent":{"cid":1}},"session_token":"s3cr3t","plain_token":"shown","request_id":"r1"}"#;

const XML: &str = r#"<?xml version="1.0" encoding="utf-8" ?>
<fixture_everything_get_response>
    <text>a &amp; b &lt; c</text><number>9007199254740993</number><flag>true</flag>
    <moment>2016-01-01 12:00:00</moment><money>5.00</money><exact>0.1234567890123456789</exact>
    <json><![CDATA[{"a":[1,"b"]}]]></json><map>{"k":"&#118;"}</map><fields>num_iid,title</fields>
    <texts list="true"><string>a</string><string>b</string></texts><numbers><number>1</number><number>2</number></numbers>
    <flags><boolean>true</boolean><boolean>false</boolean></flags>
    <moments><date>2016-01-01 12:00:00</date></moments><moneys><price>1.00</price><price>2.50</price></moneys>
    <jsons><json>1</json></jsons>
    <trade><tid>7104300007405429232</tid><orders>
        <order_d_o><oid>1</oid><title>商品</title><bundle><order_d_o><oid>2</oid></order_d_o></bundle></order_d_o>
        <order_d_o><oid>3</oid></order_d_o></orders></trade>
    <category><cid>50</cid><parent><cid>1</cid></parent></category>
    <session_token>s3cr3t</session_token><plain_token>shown</plain_token><request_id>r1</request_id>
</fixture_everything_get_response><!--top011023105124.center.na61-->
"#;

#[test]
fn json_simplified_json_and_xml_are_equal() {
    let value = decoded(WRAPPED);
    assert_eq!(value.number, Some(9_007_199_254_740_993));
    assert_eq!(value.exact.unwrap().to_string(), "0.1234567890123456789");
    assert_eq!(value.money.unwrap().to_string(), "5.00");
    assert_eq!(value.moment, Some(moment()));
    assert_eq!(value.json, Some(serde_json::json!({"a": [1, "b"]})));
    assert_eq!(value.fields, ["num_iid", "title"]);
    assert_eq!(value.flags, [true, false]);
    let trade = value.trade.as_ref().unwrap();
    assert_eq!(trade.tid, Some(7_104_300_007_405_429_232));
    assert_eq!(trade.orders[0].bundle[0].oid, Some(2));
    assert_eq!(value.category.as_ref().unwrap().parent.as_ref().unwrap().cid, Some(1));
    for body in [WRAPPED, SIMPLIFIED, XML] {
        let other = decoded(body);
        assert_eq!(*other, *value);
        assert_eq!(other.mismatches(), []);
        assert_eq!(other.request_id(), Some("r1"));
        assert_eq!(other.body(), body);
    }
    let output = format!("{value:?}");
    assert!(output.contains("session_token: [hidden]") && output.contains("plain_token: \"shown\""), "{output}");
}

#[test]
fn serde_round_trip() {
    let value = decoded(WRAPPED).into_value();
    let text = serde_json::to_string(&value).unwrap();
    assert_eq!(serde_json::from_str::<FixtureEverythingGetResponse>(&text).unwrap(), value);
    assert!(text.contains(r#""money":"5.00""#) && text.contains(r#""numbers":[1,2]"#), "{text}");
    let error = serde_json::from_str::<FixtureEverythingGetResponse>(r#"{"number":"x"}"#).unwrap_err();
    assert!(error.to_string().starts_with("number: expected Number, found \"x\""), "{error}");
    // serde_json parses fractions as floats. A float that may have lost digits is an error.
    assert_eq!(
        serde_json::from_str::<FixtureEverythingGetResponse>(r#"{"money":12.50}"#).unwrap().money.unwrap().to_string(),
        "12.5"
    );
    let error = serde_json::from_str::<FixtureEverythingGetResponse>(r#"{"money":12345678901234567.89}"#).unwrap_err();
    let problem = "money: expected Price, found 1.2345678901234568e+16, a float that may have lost digits";
    assert!(error.to_string().starts_with(problem), "{error}");
    // Fractions in a JSON value are floats.
    let json = serde_json::from_str::<FixtureEverythingGetResponse>(r#"{"json":[12345678901234567.89]}"#).unwrap();
    assert_eq!(serde_json::to_string(&json).unwrap(), r#"{"json":[1.2345678901234568e+16]}"#);
}

#[test]
fn decodes_absent_values() {
    let empty = FixtureEverythingGetResponse::default();
    for body in [
        r#"{"fixture_everything_get_response":{}}"#,
        r#"{"fixture_everything_get_response":{"number":null,"texts":null,"trade":null,"numbers":{},"orders":[]}}"#,
        r#"{"fixture_everything_get_response":{"number":"","flag":" ","texts":"","trade":"","numbers":{"number":[]}}}"#,
        r#"{"fixture_everything_get_response":{"numbers":{"number":null}}}"#,
        r#"{"fixture_everything_get_response":null}"#,
        r#"{"request_id":"r"}"#,
        "<fixture_everything_get_response/>",
        "<fixture_everything_get_response></fixture_everything_get_response>",
        "<fixture_everything_get_response><number/><numbers/></fixture_everything_get_response>",
    ] {
        let value = decoded(body);
        assert_eq!(value.mismatches(), [], "{body}");
        assert_eq!(*value, empty, "{body}");
    }
}

#[test]
fn decodes_empty_objects_in_json_and_xml() {
    let json = decoded(r#"{"r_response":{"trade":{"orders":{"o":[{},{}]}}}}"#);
    let xml = decoded("<r><trade><orders><o/><o> </o></orders></trade></r>");
    assert_eq!(*json, *xml);
    assert_eq!(xml.trade.as_ref().unwrap().orders.len(), 2);
    assert_eq!(*decoded(r#"{"r_response":{"trade":{}}}"#), *decoded("<r_response><trade/></r_response>"));
}

#[test]
fn decodes_single_elements_as_lists() {
    for body in [
        r#"{"r_response":{"numbers":{"number":1},"trade":{"orders":{"any":{"oid":1}}}}}"#,
        r#"{"r_response":{"numbers":1,"trade":{"orders":[{"oid":1}]}}}"#,
        "<r><numbers><x>1</x></numbers><trade><orders><y><oid>1</oid></y></orders></trade></r>",
    ] {
        let value = decoded(body);
        assert_eq!(value.numbers, [1], "{body}");
        assert_eq!(value.trade.as_ref().unwrap().orders[0].oid, Some(1), "{body}");
        assert_eq!(value.mismatches(), [], "{body}");
    }
}

#[test]
fn reports_mismatches_and_keeps_other_fields() {
    let body = r#"{"r_response":{"number":9223372036854775808,"flag":"perhaps","moment":"yesterday","money":"five",
        "texts":{"a":["x"],"b":["y"]},"numbers":{"number":[1,"two",3]},"trade":[1],
        "category":{"cid":{"a":{"b":[1]}},"parent":{"cid":"x"}},"session_token":["t"],"plain_token":"kept"}}"#;
    let value = decoded(body);
    assert_eq!(value.plain_token.as_deref(), Some("kept"));
    assert_eq!(value.numbers, [1, 3]);
    assert!(value.texts.is_empty() && value.number.is_none() && value.trade.is_none());
    // A text field accepts an object as JSON text.
    assert_eq!(value.session_token.as_deref(), Some("[\"t\"]"));
    expect![[r#"
        number: expected Number, found 9223372036854775808
        flag: expected Boolean, found "perhaps"
        moment: expected Date, found "yesterday"
        money: expected Price, found "five"
        texts: expected String[], found an object with several members
        numbers[1]: expected Number, found "two"
        trade: expected object, found a list
        category.cid: expected Number, found an object
        category.parent.cid: expected Number, found "x""#]]
    .assert_eq(&mismatches(body).join("\n"));
    let many = format!(r#"{{"r_response":{{"numbers":[{}"x"]}}}}"#, "\"x\",".repeat(1000));
    assert_eq!(mismatches(&many).len(), 256);
}

#[test]
fn converts_scalars() {
    let value =
        decoded(r#"{"r_response":{"text":12.50,"number":"12.00","flag":1,"money":1e2,"map":3,"plain_token":true}}"#);
    assert_eq!(value.text.as_deref(), Some("12.50"));
    assert_eq!(value.number, Some(12));
    assert_eq!(value.flag, Some(true));
    assert_eq!(value.money.unwrap(), protocol::Decimal::from(100));
    assert_eq!(value.map, Some(serde_json::json!(3)));
    assert_eq!(value.plain_token.as_deref(), Some("true"));
    assert_eq!(value.mismatches(), []);
}

#[test]
fn accepts_control_characters() {
    let value = decoded(
        "\u{feff}{\"r_response\":{\"text\":\"a\n\tb\u{1}\",\"plain_token\":\"\\u4e2d\\ud83d\\ude00\\ud83dx\"}}",
    );
    assert_eq!(value.text.as_deref(), Some("a\n\tb\u{1}"));
    assert_eq!(value.plain_token.as_deref(), Some("中😀\u{fffd}x"));
}

#[test]
fn ignores_unknown_objects_next_to_documented_fields() {
    for body in [
        r#"{"extra":{"text":"inner"},"text":"outer"}"#,
        r#"{"text":"outer","extra":{"text":"inner"}}"#,
        r#"{"extra":{"text":"inner"},"more":{"text":"inner"},"text":"outer"}"#,
    ] {
        assert_eq!(decoded(body).text.as_deref(), Some("outer"), "{body}");
    }
    assert_eq!(decoded(r#"{"some_root":{"text":"inner"}}"#).text.as_deref(), Some("inner"));
    let both = r#"{"debug":{"text":"A","number":1},"fixture_everything_get_response":{"text":"B"}}"#;
    assert_eq!((decoded(both).text.as_deref(), decoded(both).number), (Some("B"), None));
    // Any root node may have protocol fields next to it.
    let beside = r#"{"request_id":"x","sub":{"text":"inner"}}"#;
    assert_eq!(decoded(beside).text.as_deref(), Some("inner"));
}

#[test]
fn text_fields_keep_json_text() {
    let value = decoded(r#"{"r_response":{"text":{"b": 0.10, "a":[1 ,2]},"json":[1]}}"#);
    assert_eq!(value.text.as_deref(), Some(r#"{"b": 0.10, "a":[1 ,2]}"#));
    let value =
        decoded("<r><text><item>1</item><item>2</item><item>3</item></text><json><a>1</a><a><b/></a></json></r>");
    assert_eq!(value.text.as_deref(), Some(r#"{"item":["1","2","3"]}"#));
    assert_eq!(value.json, Some(serde_json::json!({"a": ["1", {"b": ""}]})));
}

#[test]
fn decodes_dates_and_milliseconds() {
    for (date, read) in [
        ("1451620800000", Some("2016-01-01 12:00:00")),
        ("\"1451620800000\"", Some("2016-01-01 12:00:00")),
        ("\"2016-01-01\"", Some("2016-01-01 00:00:00")),
        ("\"9999-12-31 23:59:59\"", Some("9999-12-31 23:59:59")),
        ("1451620800000.0", Some("2016-01-01 12:00:00")),
        ("\"2016-01-01 12:00:00.0\"", Some("2016-01-01 12:00:00")),
        ("\"2016-01-01T12:00:00\"", Some("2016-01-01 12:00:00")),
        ("\"2016-01-01T12:00:00.123+08:00\"", Some("2016-01-01 12:00:00")),
        ("\"2016-01-01T04:00:00Z\"", Some("2016-01-01 12:00:00")),
        ("\"9999-12-31T23:59:59-12:00\"", None),
        ("\"2016-01-01 12:00:00Z\"", None),
        ("\"2016-01-01 12:00:00 foo\"", None),
        ("\"端端端端端端端\"", None),
        ("1451620800", None),
        ("20160101120000", None),
        ("\"20240824\"", None),
        ("\"2016\"", None),
    ] {
        let value = decoded(&format!("{{\"r_response\":{{\"moment\":{date}}}}}"));
        assert_eq!(value.moment.map(|date| date.to_string()).as_deref(), read, "{date}");
        assert_eq!(value.mismatches().len(), usize::from(read.is_none()), "{date}");
    }
}

#[test]
fn decodes_references_to_outer_types() {
    let names = decode::<FixtureNamesGetRequest>(
        r#"{"r_response":{"a":{"x":"1","child":{"x":"2"}},"bb":{"y":"3","child":{"y":"4"},"children":[{"y":"5"}]}}}"#
            .to_owned(),
    )
    .unwrap();
    assert_eq!(names.a.as_ref().unwrap().child.as_ref().unwrap().x.as_deref(), Some("2"));
    let bb = names.bb.as_ref().unwrap();
    assert_eq!(bb.child.as_ref().unwrap().y.as_deref(), Some("4"));
    assert_eq!(bb.children[0].y.as_deref(), Some("5"));
}

fn limits() -> FixtureLimitsSetRequest {
    #[expect(deprecated, reason = "the method is deprecated, to have one that is")]
    FixtureLimitsSetRequest::new("标题", "TRADE_CLOSED", File::new(*b"GIF89a12"))
}

#[test]
fn reports_all_violated_limits() {
    let mut application = Application::new(AppCredentials::new("key", "secret"));
    assert!(application.sign(&limits(), Some("session"), moment()).is_ok());
    // 15 bytes, and 5 UTF-16 units, which is the limit.
    let mut longest = limits();
    longest.title = "一二三四五".into();
    assert!(application.sign(&longest, Some("session"), moment()).is_ok());
    let mut request = limits().num(101).price(-1).num_iids([1, 2, 3, 4]).nicks("a,b,c").kinds(["a", "b", "c"]).skus([
        Sku::new("1234"),
        Sku::new("123"),
        Sku::new(""),
    ]);
    request.title = "一二三四😀".into();
    request.picture = File::new(*b"123456789");
    let error = application.sign(&request, None, moment()).unwrap_err();
    let Error::Invalid(violations) = &error else { panic!("{error:?}") };
    let lines: Vec<_> =
        violations.violations.iter().map(|violation| format!("{} {violation}", violation.problem.code())).collect();
    expect![[r#"
        41 title is longer than 5
        41 picture is longer than 8
        41 num is greater than 100
        41 price is less than 0
        41 num_iids has more than 3 elements
        41 nicks has more than 2 elements
        41 kinds has more than 2 elements
        41 skus has more than 2 elements
        41 skus[0].outer_id is longer than 3
        40 skus[2].outer_id is required
        40 session is required: the method requires a user; set it with with_session of the client"#]]
    .assert_eq(&lines.join("\n"));
    application.validate = false;
    assert!(application.sign(&request, None, moment()).is_ok());
}

#[test]
fn open_enums_accept_unknown_values() {
    assert_eq!(Status::from("TRADE_CLOSED"), Status::TradeClosed);
    assert_eq!(Status::from("NEW"), Status::Unknown("NEW".to_owned()));
    assert_eq!(Status::N1.to_string(), "1");
    let body = r#"{"r_response":{"status":"NEW","kinds":{"string":["a","unknown","z"]},"picture":"aGk="}}"#;
    let response = decode::<FixtureLimitsSetRequest>(body.to_owned()).unwrap();
    assert_eq!(response.status, Some(Status::Unknown("NEW".to_owned())));
    let kinds: Vec<_> = response.kinds.iter().map(ToString::to_string).collect();
    assert_eq!(kinds, ["a", "unknown", "z"]);
    assert!(format!("{response:?}").contains(r#"status: "NEW", kinds: ["a", "unknown", "z"]"#), "{response:?}");
    assert_eq!(response.mismatches(), []);
}

#[test]
fn enums_compare_and_convert_by_their_wire_value() {
    assert_eq!(Status::Unknown("TRADE_CLOSED".to_owned()), Status::TradeClosed);
    let distinct: HashSet<Status> = ["NEW", "TRADE_CLOSED", "NEW"].map(Status::from).into();
    assert_eq!(distinct.len(), 2);
    let Ok(parsed) = "TRADE_CLOSED".parse::<Status>();
    assert_eq!((&parsed, parsed.as_str()), (&Status::TradeClosed, "TRADE_CLOSED"));
    let json = serde_json::to_string(&[Status::TradeClosed, Status::from("NEW")]).unwrap();
    assert_eq!(json, r#"["TRADE_CLOSED","NEW"]"#);
    assert_eq!(serde_json::from_str::<[Status; 2]>(&json).unwrap(), [Status::TradeClosed, Status::from("NEW")]);
    assert!(serde_json::from_str::<Status>("1").is_err());
}

#[test]
fn required_structs_print_their_fields_and_redact_secrets() {
    let printed = format!("{:?}", required().clone());
    assert_eq!(printed, format!("{:?}", everything()).replacen("Request", "Required", 1));
    assert!(printed.starts_with("FixtureEverythingGetRequired { text: "), "{printed}");
    assert!(printed.contains("access_token: [hidden]"), "{printed}");
}

#[test]
fn files_are_multipart_and_not_signed() {
    let application = Application::new(AppCredentials::new("key", "secret"));
    let picture = File::new(*b"\xff\xd8\r\n--").name("a \"b\".jpg");
    let request = limits().pictures([picture.clone(), picture.with_content_type("image/x")]).kinds(["a", "z"]);
    let signed = application.sign(&request, Some("session"), moment()).unwrap();
    let without = application.sign(&limits().kinds(["a", "z"]), Some("session"), moment()).unwrap();
    assert_eq!(signed.parameters().get("sign"), without.parameters().get("sign"));
    assert_eq!(signed.parameters().get("kinds"), Some("a,z"));
    let body = signed.body().unwrap();
    let sign = signed.parameters().get("sign").unwrap();
    assert_eq!(body.content_type, format!("multipart/form-data;charset=UTF-8;boundary=----{sign}"));
    let text = String::from_utf8_lossy(&body.bytes).replace(sign, "SIGN");
    let files = text.split_once("name=\"v\"").unwrap().1;
    assert_eq!(
        files,
        "\r\nContent-Type:text/plain\r\n\r\n2.0\r\n------SIGN\r\n\
         Content-Disposition: form-data; name=\"picture\"; filename=\"file\"\r\nContent-Type:image/gif\r\n\r\nGIF89a12\r\n\
         ------SIGN\r\nContent-Disposition: form-data; name=\"pictures\"; filename=\"a %22b%22.jpg\"\r\n\
         Content-Type:image/jpeg\r\n\r\n\u{fffd}\u{fffd}\r\n--\r\n------SIGN\r\n\
         Content-Disposition: form-data; name=\"pictures\"; filename=\"a %22b%22.jpg\"\r\n\
         Content-Type:image/x\r\n\r\n\u{fffd}\u{fffd}\r\n--\r\n------SIGN--\r\n"
    );
    assert!(signed.to_string().ends_with("pictures=\"a \\\"b\\\".jpg\" (image/x, 6 bytes)"), "{signed}");
}

#[test]
fn request_constants_match_the_spec() {
    assert_eq!(FixtureLimitsSetRequest::AUTHORIZATION, protocol::Authorization::Required);
    assert_eq!(FixtureEverythingGetRequest::AUTHORIZATION, protocol::Authorization::Optional);
    const { assert!(FixtureLimitsSetRequest::HTTPS_ONLY && !FixtureEverythingGetRequest::HTTPS_ONLY) };
    let codes: Vec<_> = FixtureLimitsSetRequest::ERRORS.iter().map(|error| (error.code, error.solution)).collect();
    assert_eq!(codes, [("isv.title-too-long", "缩短标题"), ("1001", "")]);
}

#[test]
fn blank_required_values_are_missing() {
    let mut request = everything();
    request.json = "".into();
    request.map = serde_json::Value::Null;
    request.fields = vec![String::new()];
    let error = Application::new(AppCredentials::new("key", "secret")).sign(&request, None, moment()).unwrap_err();
    assert!(error.to_string().ends_with(": json is required; map is required; fields is required"), "{error}");
}

#[test]
fn decodes_fields_named_like_protocol_fields() {
    // This method documents request_id as a field.
    let names = decode::<FixtureNamesGetRequest>(
        r#"{"fixture_names_get_response":{"result":{"code":"50","result":{"message":"m"}},"match":"x","request_id":"r9"}}"#
            .to_owned(),
    )
    .unwrap();
    assert_eq!(names.result.as_ref().unwrap().code.as_deref(), Some("50"));
    assert_eq!(names.request_id.as_deref(), Some("r9"));
    assert_eq!(names.request_id(), Some("r9"));
    // Fields with the names of error fields, next to documented fields, are fields.
    assert!(decode::<FixtureNamesGetRequest>(r#"{"code":50,"msg":"x","match":"y"}"#.to_owned()).is_ok());
    let nothing = decode::<FixtureNothingToSay2015_03_01Request>("{}".to_owned());
    assert!(nothing.is_ok());
}

#[test]
fn detects_refusals_without_error_response() {
    let error =
        decode::<FixtureEverythingGetRequest>(r#"{"code":"27","msg":"Invalid session","sub_code":"x"}"#.to_owned());
    let Err(Error::Platform(error)) = error else { panic!("{error:?}") };
    assert_eq!(
        (error.code.number(), error.msg.as_str(), error.sub_code.as_deref()),
        (Some(27), "Invalid session", Some("x"))
    );
}
