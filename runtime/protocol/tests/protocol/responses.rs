//! The samples of the seed page, and bodies that are not responses.

use std::time::Duration;

use expect_test::{Expect, expect};
use generated_sdk::Response;
use generated_sdk::api::top::{TopClientTokenGetRequest, TopClientTokenGetResponse};
use generated_sdk::protocol::Error;
use generated_sdk::protocol::{Code, PlatformError, Retry, decode, decode_untyped};

fn decoded(body: &str) -> Result<Response<TopClientTokenGetResponse>, Error> {
    decode::<TopClientTokenGetRequest>(body.to_owned())
}

fn refusal(body: &str) -> PlatformError {
    match decoded(body) {
        Err(Error::Platform(error)) => *error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn decodes_the_documented_response() {
    let response = decoded(
        "<top_client_token_get_response>
    <result_code>200</result_code>
    <token>token</token>
    <result_msg>token参数有误</result_msg>
</top_client_token_get_response>",
    )
    .unwrap();
    assert_eq!(response.result_code.as_deref(), Some("200"));
    assert_eq!(response.token.as_deref(), Some("token"));
    assert_eq!(response.result_msg.as_deref(), Some("token参数有误"));
    assert_eq!((response.mismatches(), response.request_id()), (&[][..], None));
    expect![[r#"Response { value: TopClientTokenGetResponse { result_code: "200", token: [hidden], result_msg: "token参数有误" }, .. }"#]]
        .assert_eq(&format!("{response:?}"));
}

#[test]
fn decodes_the_documented_refusals() {
    let json = |sub_msg: &str| {
        format!(
            r#"{{
    "error_response":{{
        "msg":"Remote service error",
        "code":50,
        "sub_msg":"{sub_msg}",
        "sub_code":"isv.invalid-parameter"
    }}
}}"#
        )
    };
    let xml = "<error_response>
    <code>50</code>
    <msg>Remote service error</msg>
    <sub_code>isv.invalid-parameter</sub_code>
    <sub_msg>参数异常</sub_msg>
</error_response>";
    for (body, sub_msg) in [(json("非法参数"), "非法参数"), (json("XXX"), "XXX"), (xml.to_owned(), "参数异常")]
    {
        let error = refusal(&body);
        assert_eq!((error.code.number(), error.msg.as_str()), (Some(50), "Remote service error"));
        assert_eq!(error.sub_code.as_deref(), Some("isv.invalid-parameter"));
        assert_eq!(error.sub_msg.as_deref(), Some(sub_msg));
        assert_eq!(error.request_id, None);
        assert_eq!(&*error.body, body);
        assert_eq!(error.documented().unwrap().retry, Retry::IfServerSide);
    }
}

#[test]
fn refusal_message_has_code_and_meaning() {
    let error = refusal(
        r#"{"error_response":{"code":27,"msg":"Invalid session","sub_code":"invalid-sessionkey","request_id":"4c1w"}}"#,
    );
    expect!["the gateway refused the call: 27 Invalid session (invalid-sessionkey); the session is expired, revoked, or belongs to another application; request 4c1w"]
        .assert_eq(&error.to_string());
    let error = refusal(r#"{"error_response":{"code":1000,"msg":"An unknown code","sub_code":"a","sub_msg":"b"}}"#);
    expect!["the gateway refused the call: 1000 An unknown code (a: b)"].assert_eq(&error.to_string());
}

#[test]
fn decodes_echoed_parameters() {
    let error = refusal(
        r#"<error_response><args list="true"><arg><key>app_key</key><value>1</value></arg><arg><key>session</key>
        <value>s3cr3t</value></arg></args><code>26</code><msg>Missing session</msg></error_response>"#,
    );
    assert_eq!(error.args.len(), 2);
    assert_eq!((error.args[1].key.as_deref(), error.args[1].value.as_deref()), (Some("session"), Some("s3cr3t")));
    assert!(!format!("{error:?} {:?}", error.args).contains("s3cr3t"));
}

fn unreadable(body: &str, expected: Expect) {
    match decoded(body) {
        Err(Error::Decode(error)) => {
            expected.assert_eq(&error.problem);
            assert!(body.starts_with(&*error.body) && error.body.is_truncated() == (body.len() > error.body.len()));
        }
        other => panic!("{body:?}: {other:?}"),
    }
}

#[test]
fn rejects_bodies_that_are_not_responses() {
    unreadable("", expect!["the body is empty"]);
    unreadable(" \n", expect!["the body is empty"]);
    unreadable("ok", expect![[r#"expected a JSON value, found 'o' at line 1 column 1"#]]);
    unreadable("[]", expect!["expected a JSON object or an XML element at the top level"]);
    unreadable("3", expect!["expected a JSON object or an XML element at the top level"]);
    unreadable(
        "<!DOCTYPE html>\n<html><body>403 Forbidden</body></html>",
        expect![
            "expected JSON or XML, found an HTML page; check the URL, and whether a proxy or a login page responds"
        ],
    );
    unreadable(
        "<HTML><p>x",
        expect![
            "expected JSON or XML, found an HTML page; check the URL, and whether a proxy or a login page responds"
        ],
    );
    unreadable("{}", expect!["expected top_client_token_get_response or error_response, found neither"]);
    unreadable(
        r#"{"foo":1,"bar":[2]}"#,
        expect!["expected top_client_token_get_response or error_response, found neither"],
    );
}

#[test]
fn rejects_bodies_of_other_servers() {
    let html = "expected JSON or XML, found an HTML page; check the URL, and whether a proxy or a login page responds";
    let neither = "expected top_client_token_get_response or error_response, found neither";
    for (body, expected) in [
        ("<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"x\" \"y\"><html><head/><body>403</body></html>", html),
        ("<!-- x --><html><body>403</body></html>", html),
        (r#"{"foo":{"bar":{"token":"t"}}}"#, neither),
        ("<rss><channel/></rss>", neither),
    ] {
        match decoded(body) {
            Err(Error::Decode(error)) => assert_eq!(error.problem, expected, "{body}"),
            other => panic!("{body}: {other:?}"),
        }
    }
    // A code in another object is not a refusal if there are fields of the response.
    let response = decoded(r#"{"result":{"token":"t","code":200,"msg":"success"}}"#).unwrap();
    assert_eq!(response.token.as_deref(), Some("t"));
    // Error fields in another root node are a refusal.
    let error = refusal(r#"{"response":{"flag":"failure","code":15,"msg":"Remote error","sub_code":"isp.x"}}"#);
    assert_eq!((error.code.number(), error.sub_code.as_deref()), (Some(15), Some("isp.x")));
}

#[test]
fn detects_refusals_without_error_response() {
    // Each body as JSON and as XML, with the code, msg and sub_code of the refusal.
    for (json, xml, code, msg, sub_code) in [
        (
            r#"{"type":"ISV","code":"IllegalAccessToken","message":"The access token is invalid","request_id":"1"}"#,
            "",
            "IllegalAccessToken",
            "The access token is invalid",
            None,
        ),
        (r#"{"code":15,"msg":"Remote service error","request_id":"1"}"#, "", "15", "Remote service error", None),
        (
            r#"{"code":"15","message":"m","sub_code":"isv.x","sub_message":"s","request_id":"1"}"#,
            "",
            "15",
            "m",
            Some("isv.x"),
        ),
        (r#"{"success":false,"error_code":"E1","error_msg":"m","request_id":"1"}"#, "", "E1", "m", None),
        (r#"{"success":"false","message":"m","requestId":"1"}"#, "", "0", "m", None),
        (
            r#"{"response":{"flag":"failure","code":"sign-check-failure","message":"Illegal request","request_id":"1"}}"#,
            "<response><flag>failure</flag><code>sign-check-failure</code><message>Illegal request</message><request_id>1</request_id></response>",
            "sign-check-failure",
            "Illegal request",
            None,
        ),
        (
            r#"{"response":{"flag":"failure","code":"S1","message":"m","sub_code":"s","order_id":"9","request_id":"1"}}"#,
            "<response><flag>failure</flag><code>S1</code><message>m</message><sub_code>s</sub_code><order_id>9</order_id><request_id>1</request_id></response>",
            "S1",
            "m",
            Some("s"),
        ),
        (
            r#"{"other_get_response":{"code":41,"message":"m","request_id":"1"}}"#,
            "<other_get_response><code>41</code><message>m</message><request_id>1</request_id></other_get_response>",
            "41",
            "m",
            None,
        ),
        (r#"{"result":{"success":false,"code":"E","message":"m","request_id":"1"}}"#, "", "E", "m", None),
        // A field of the method does not make a flagged failure a response.
        (
            r#"{"response":{"flag":"failure","code":"E","message":"m","token":"t","request_id":"1"}}"#,
            "",
            "E",
            "m",
            None,
        ),
    ] {
        for body in [json, xml].into_iter().filter(|body| !body.is_empty()) {
            let error = refusal(body);
            assert_eq!((error.code.clone(), error.msg.as_str()), (Code::from(code), msg), "{body}");
            assert_eq!((error.sub_code.as_deref(), error.request_id.as_deref()), (sub_code, Some("1")), "{body}");
            for simplified in [false, true] {
                match decode_untyped(body.to_owned(), "taobao.top.client.token.get", simplified) {
                    Err(Error::Platform(error)) => assert_eq!(error.code, Code::from(code), "{body}"),
                    other => panic!("{body} {simplified}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn classifies_word_codes() {
    let refused = |code: &str, msg: &str| {
        refusal(&format!(r#"{{"error_response":{{"type":"ISV","code":"{code}","msg":"{msg}","request_id":"1"}}}}"#))
    };
    let limit = refused("ApiCallLimit", "The call limit is reached. This ban will last 3 more seconds");
    assert!(limit.is_retryable() && limit.is_limit() && limit.was_not_processed());
    assert_eq!(limit.retry_after(), Some(Duration::from_secs(3)));
    for word in ["IllegalAccessToken", "illegalaccesstoken", "InvalidSession", "MissingAccessToken"] {
        let session = refused(word, "m");
        assert!(session.is_session_invalid() && !session.is_client_error() && !session.is_retryable(), "{word}");
        assert_eq!(session.code, word);
    }
    for word in ["IncompleteSignature", "sign-check-failure", "MissingParameter", "InvalidAppKey"] {
        assert!(refused(word, "m").is_client_error(), "{word}");
    }
    let unknown = refused("E_UNKNOWN", "m");
    assert!(!unknown.is_session_invalid() && !unknown.is_retryable() && !unknown.is_client_error());
    expect!["the gateway refused the call: IllegalAccessToken m; the session is expired, revoked, or belongs to another application; request 1"]
        .assert_eq(&refused("IllegalAccessToken", "m").to_string());
    let both = refusal(
        r#"{"error_response":{"code":"Y100","msg":"上传失败","sub_code":"Y10009","sub_msg":"网络","request_id":"4"}}"#,
    );
    expect!["the gateway refused the call: Y100 上传失败 (Y10009: 网络); request 4"].assert_eq(&both.to_string());
}

#[test]
fn rejects_the_response_of_another_method() {
    for body in [
        r#"{"trade_close_response":{"modified":"2016-01-01 12:00:00","request_id":"1"}}"#,
        r#"{"trade_close_response":{"request_id":"1"}}"#,
        r#"{"trade_close_response":{},"request_id":"1"}"#,
        r#"{"trade_close_response":null,"request_id":"1"}"#,
        r#"{"data":{"request_id":"1"}}"#,
        r#"{"data":{"other":[1]}}"#,
        "<trade_close_response><trade><tid>1</tid></trade></trade_close_response>",
    ] {
        match decoded(body) {
            Err(Error::Decode(error)) => {
                let found =
                    if body.contains("trade_close") { ", found trade_close_response" } else { " or error_response" };
                let expected = format!("expected top_client_token_get_response{found}");
                assert!(error.problem.starts_with(&expected), "{body}: {}", error.problem);
            }
            other => panic!("{body}: {other:?}"),
        }
    }
    // The case and prefix of the root node may differ. Another root node needs a documented field.
    assert_eq!(decoded(r#"{"TopClientTokenGet_response":{}}"#).unwrap().token, None);
    assert_eq!(decoded(r#"{"taobao_top_client_token_get_response":{}}"#).unwrap().token, None);
    assert_eq!(decoded(r#"{"data":{"token":"t"}}"#).unwrap().token.as_deref(), Some("t"));
}

#[test]
fn code_0_is_a_success() {
    let response = decoded(r#"{"code":0,"msg":"success","request_id":"x"}"#).unwrap();
    assert_eq!((response.request_id(), response.token.as_deref()), (Some("x"), None));
    let response = decoded(r#"{"error_response":null,"top_client_token_get_response":{"token":"t"}}"#).unwrap();
    assert_eq!(response.token.as_deref(), Some("t"));
}

#[test]
fn decodes_malformed_refusals() {
    let error = refusal(r#"{"error_response":{"code":"isv.bad","msg":"m"}}"#);
    assert_eq!((error.code, error.msg.as_str(), error.sub_code.as_deref()), (Code::from("isv.bad"), "m", None));
    let error = refusal(r#"{"error_response":"down"}"#);
    assert_eq!((error.code, error.msg.as_str()), (Code::default(), "down"));
    let error = refusal("\n\u{feff}{\"error_response\":{\"code\":\" 7 \",\"msg\":\"m\"}}");
    assert_eq!(error.code, 7);
}

#[test]
fn rejects_invalid_json() {
    let body = "{\"top_client_token_get_response\":{\n\"result_code\":\"200\",\"token\":\"t\"}}";
    for length in 0..body.len() {
        assert!(matches!(decoded(&body[..length]), Err(Error::Decode(_))), "{length}");
    }
    assert!(decoded(body).is_ok());
    let inside = |text: &str| format!("{{\"x_response\":{{\n {text}}}}}");
    unreadable(&inside("\"token\":\"t"), expect!["unterminated string at line 2 column 10"]);
    unreadable(&inside("\"token\" \"t\""), expect!["expected ':', found '\"' at line 2 column 10"]);
    unreadable(&inside("\"token\":}"), expect!["expected a JSON value, found '}' at line 2 column 10"]);
    unreadable(&inside("\"token\":\"t\",}"), expect!["expected a key, found '}' at line 2 column 14"]);
    unreadable(&inside("\"token\":[1 2]"), expect!["expected ',' or ']', found '2' at line 2 column 13"]);
    unreadable(&inside("\"token\":-"), expect!["expected a digit, found '}' at line 2 column 11"]);
    unreadable(&inside("\"token\":\"\\x\""), expect![[r#"expected one of "\/bfnrtu, found 'x' at line 2 column 12"#]]);
    unreadable(
        &inside("\"token\":\"\\u12g4\""),
        expect!["expected a hexadecimal digit, found 'g' at line 2 column 15"],
    );
    unreadable(&(inside("") + "x"), expect!["expected the end of the body, found 'x' at line 2 column 4"]);
}

#[test]
fn rejects_invalid_xml() {
    let body = "<r><result_code>200</result_code><token>t &amp; u</token></r>";
    for length in 1..body.len() {
        assert!(matches!(decoded(&body[..length]), Err(Error::Decode(_))), "{length}");
    }
    assert_eq!(decoded(body).unwrap().token.as_deref(), Some("t & u"));
    unreadable(
        "<r><a></b></r>",
        expect!["ill-formed document: expected `</a>`, but `</b>` was found at line 1 column 7"],
    );
    unreadable("<r/>text", expect!["expected an element, found text outside the root element at line 1 column 9"]);
    unreadable("<r><a>", expect!["expected an end tag, found the end of the body at line 1 column 7"]);
}

#[test]
fn rejects_deep_nesting() {
    let lists = format!("{{\"x_response\":{{\"token\":{}", "[".repeat(100_000));
    unreadable(&lists, expect!["the nesting exceeds 128 levels at line 1 column 150"]);
    let objects = "{\"a\":".repeat(100_000);
    unreadable(&objects, expect!["the nesting exceeds 128 levels at line 1 column 641"]);
    let elements = "<a>".repeat(100_000);
    unreadable(&elements, expect!["the nesting exceeds 128 levels at line 1 column 388"]);
}
