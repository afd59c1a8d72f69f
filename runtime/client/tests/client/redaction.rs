//! Secrets of a request that a gateway, a proxy or an authorization server repeats, in any encoding.

use generated_sdk::Error;
use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::client::{OAuth, Refresh};
use generated_sdk::protocol::{Request, UntypedParameters, decode, decode_untyped};

use crate::support::{Lines, Reply, SECRET, Script};

const SESSION: &str = "6100/e2+f3=a&b c";

/// The session in the encodings of other formats.
const WRITTEN: [&str; 11] = [
    SESSION,
    r"6100\/e2+f3=a&b c",
    r"6100/e2+f3\u003da\u0026b c",
    r"6100\u002Fe2\u002Bf3\u003Da\u0026b\u0020c",
    "6100%2fe2%2bf3%3da%26b%20c",
    "6100%2Fe2%2Bf3%3Da%26b+c",
    "6100%252Fe2%252Bf3%253Da%2526b%2520c",
    "6100/e2+f3=a&amp;b c",
    "6100&#47;e2&#43;f3&#x3d;a&#38;b&#32;c",
    "6100&sol;e2&plus;f3&equals;a&amp;b c",
    r"6100\\\/e2+f3\\u003da\\u0026b c",
];

/// Returns whether a text reveals a part of the session that is specific enough.
fn reveals(text: &str) -> bool {
    text.contains("6100") || text.contains("e2")
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

async fn call(reply: Reply, strict: bool) -> Result<String, Error> {
    let client = Script::new([reply]).builder().strict(strict).build().unwrap().with_session(SESSION);
    let response = client.execute(&TopClientTokenGetRequest::new("parameter")).await?;
    Ok(format!("{response:?} {}", response.request_id().unwrap_or_default()))
}

#[tokio::test]
async fn redacts_messages_of_a_gateway() {
    for written in WRITTEN {
        let text = json(&format!("the session {written} is wrong"));
        let body = format!(
            r#"{{"error_response":{{"code":27,"msg":{text},"sub_code":{text},"sub_msg":{text},"request_id":{text}}}}}"#
        );
        let error = call(Reply::Response(200, Vec::new(), body), false).await.unwrap_err();
        let request_id = error.request_id().unwrap();
        assert_eq!(request_id, "the session [hidden] is wrong", "{written}");
        assert!(!reveals(&format!("{error} {error:?}")), "{written}: {error}");

        let error =
            call(Reply::Response(502, Vec::new(), format!("<p>{written} {SECRET}</p>")), false).await.unwrap_err();
        assert!(error.to_string().contains("<p>[hidden] [hidden]</p>"), "{written}: {error}");

        let body = format!(r#"{{"top_client_token_get_response":{{"token":"t","request_id":{text}}}}}"#);
        let text = call(Reply::Response(200, Vec::new(), body), false).await.unwrap();
        assert!(text.ends_with("the session [hidden] is wrong") && !reveals(&text), "{written}: {text}");
    }
}

#[tokio::test]
async fn redacts_mismatched_values() {
    for written in WRITTEN {
        let body = format!(r#"{{"top_client_token_get_response":{{"x{0}":1,"result_code":1.5e9,"{0}":[}}}}"#, written);
        let error = call(Reply::Response(200, Vec::new(), body), true).await.unwrap_err();
        assert!(matches!(error, Error::Decode(_)), "{error:?}");
        assert!(!reveals(&format!("{error} {error:?}")), "{written}: {error}");
    }
}

#[tokio::test]
async fn redacts_fields_of_tracing() {
    let lines = Lines::default();
    let format = tracing_subscriber::fmt::format::FmtSpan::CLOSE;
    let builder = tracing_subscriber::fmt().with_span_events(format).with_writer(lines.writer());
    let _guard = tracing::subscriber::set_default(builder.with_ansi(false).finish());
    for written in WRITTEN {
        let text = json(written);
        for body in [
            format!(r#"{{"error_response":{{"code":27,"msg":"m","sub_code":{text},"request_id":{text}}}}}"#),
            format!(r#"{{"top_client_token_get_response":{{"token":"t","request_id":{text}}}}}"#),
        ] {
            let _ = call(Reply::Response(200, Vec::new(), body), false).await;
        }
    }
    let text = lines.text();
    assert!(text.contains("request_id=\"[hidden]\"") && !reveals(&text), "{text}");
}

#[tokio::test]
async fn redacts_messages_of_an_authorization_server() {
    for written in WRITTEN {
        let text = json(&format!("{written} is expired"));
        let body = format!(r#"{{"error":"invalid_grant","error_description":{text}}}"#);
        let client = Script::new([Reply::Response(400, Vec::new(), body)]).builder().build().unwrap();
        let oauth = OAuth::new(&client, "https://oauth.test").unwrap();
        let error = oauth.refresh(SESSION).await.unwrap_err();
        assert!(
            error.to_string().contains("[hidden] is expired") && !reveals(&format!("{error:?}")),
            "{written}: {error}"
        );
    }
}

#[tokio::test]
async fn redacts_added_parameters() {
    let body = r#"{"error_response":{"code":41,"msg":"hunter22%2f is too short"}}"#;
    let client = Script::new([Reply::Response(200, Vec::new(), body.to_owned())]).builder().build().unwrap();
    let request = TopClientTokenGetRequest::new("parameter").with_parameter("login_pwd", "hunter22/");
    let untyped = UntypedParameters::from([("login_pwd", "hunter22/")]);
    let errors = [client.execute(&request).await.unwrap_err(), client.call("taobao.a.get", untyped).await.unwrap_err()];
    for error in errors {
        assert!(error.to_string().contains("[hidden] is too short"), "{error}");
    }
}

#[test]
fn redacts_objects_in_text_fields() {
    for object in [
        r#"{"session":"6100e2"}"#,
        r#"{"a":[{"Access_Token":["6100e2"]}]}"#,
        r#"{"token":6100.5}"#,
        r#"{"token":61005}"#,
        r#"{"\u0074oken":"6100e2"}"#,
        r#""{\"token\":\"6100e2\"}""#,
        r#""\"{\\\"token\\\":\\\"6100e2\\\"}\"""#,
        r#"[{"token":"6100e2"}]"#,
    ] {
        let body = format!(r#"{{"top_client_token_get_response":{{"result_msg":{object},"result_code":{object}}}}}"#);
        let response = decode::<TopClientTokenGetRequest>(body.clone()).unwrap();
        let untyped = decode_untyped(body, TopClientTokenGetRequest::METHOD, false).unwrap();
        for text in [format!("{response:?} {response:#?}"), format!("{untyped:?} {untyped:#?}")] {
            assert!(!reveals(&text) && text.contains("[hidden]"), "{object}: {text}");
        }
    }
    let xml =
        "<top_client_token_get_response><result_msg><token>6100e2</token></result_msg></top_client_token_get_response>";
    let response = decode::<TopClientTokenGetRequest>(xml.to_owned()).unwrap();
    let untyped = decode_untyped(xml.to_owned(), TopClientTokenGetRequest::METHOD, false).unwrap();
    assert!(!reveals(&format!("{response:?} {untyped:?}")), "{response:?} {untyped:?}");
}
