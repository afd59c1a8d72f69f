//! Responses of methods without a generated type, as JSON.

use serde_json::{Map, Value};

use super::body::ResponseBody;
use super::document::read_body;
use super::envelope::{self, ExpectedResponse, FieldsLocation};
use super::response::{Envelope, Response};
use crate::error::{Error, ProtocolFields};
use crate::record::record;

/// Decodes the response of a method without a generated type: the value of the root node.
///
/// A `simplified` response has no root node; its value is the whole body.
///
/// ```
/// use generated_sdk::protocol::decode_untyped;
///
/// let body = r#"{"time_get_response":{"time":"2016-01-01 12:00:00","request_id":"4c1w"}}"#;
/// let response = decode_untyped(body.to_owned(), "taobao.time.get", false)?;
/// assert_eq!(response["time"], "2016-01-01 12:00:00");
/// assert_eq!(response.request_id(), Some("4c1w"));
/// # Ok::<(), generated_sdk::Error>(())
/// ```
///
/// In XML, an element with child elements is an object, any other element is a string, and repeated elements are an array.
/// A number that neither an integer nor a float represents exactly is a string.
///
/// # Errors
///
/// [`Error::Platform`] if the platform refused the call, [`Error::Decode`] if the body is neither a response nor a refusal.
pub fn decode_untyped(body: impl Into<ResponseBody>, method: &str, simplified: bool) -> Result<Response<Value>, Error> {
    let body = body.into();
    let (value, envelope) = decode_value(&body, method, simplified)?;
    Ok(Response::from_parts(value, envelope, body.into_text()))
}

/// [`decode_untyped`], with the value and the metadata apart.
pub fn decode_value(body: &ResponseBody, method: &str, simplified: bool) -> Result<(Value, Envelope), Error> {
    let node = root_node(method);
    let expected = ExpectedResponse { node: &node, simplified, typed: false };
    let (location, mut envelope) = envelope::read(body, &expected, &mut Undocumented)?;
    // Without documented types there are no type mismatches.
    envelope.mismatches.retain(|mismatch| mismatch.replaced);
    let members = match read_body(body.text()) {
        Ok(Value::Object(members)) => members,
        Ok(_) => Map::new(),
        Err(error) => return Err(Error::Decode(error.with_body(body.text()))),
    };
    Ok((response_value(members, &location, simplified), envelope))
}

/// Returns the value of the root node, or the whole body without a root node.
fn response_value(mut members: Map<String, Value>, location: &FieldsLocation, simplified: bool) -> Value {
    let root = match location {
        FieldsLocation::Root(key) => members.remove(key),
        FieldsLocation::TopLevel => {
            members.remove("error_response");
            // A gateway may use another root node, even if a simplified response was requested.
            let mut others = members.keys().filter(|key| !ProtocolFields::has(key));
            let only = others.next().cloned().filter(|_| others.next().is_none() && !simplified);
            only.filter(|key| members.get(key).is_some_and(Value::is_object)).and_then(|key| members.remove(&key))
        }
    };
    match root {
        None if matches!(location, FieldsLocation::TopLevel) => Value::Object(members),
        // In XML, an empty object is an empty element.
        None | Some(Value::Null) => Value::Object(Map::new()),
        Some(Value::String(text)) if text.trim().is_empty() => Value::Object(Map::new()),
        Some(value) => value,
    }
}

/// A record without documented fields.
#[derive(Default)]
struct Undocumented;

record!(mut Undocumented {});

/// Returns the conventional root node of a method (docs/protocol.md section 4.1).
fn root_node(method: &str) -> String {
    format!("{}_response", method.strip_prefix("taobao.").unwrap_or(method).replace('.', "_"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(body: &str, simplified: bool) -> Result<(Value, Option<String>), String> {
        match decode_value(&body.into(), "taobao.time.get", simplified) {
            Ok((value, envelope)) => Ok((value, envelope.request_id)),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn returns_the_value_of_the_root_node() {
        let id = || Some("4c1w".to_owned());
        for (body, simplified, expected) in [
            (
                r#"{"time_get_response":{"time":"t","request_id":"4c1w"}}"#,
                false,
                json!({"time": "t", "request_id": "4c1w"}),
            ),
            (r#"{"time_get_response":{"a":1},"request_id":"4c1w"}"#, false, json!({"a": 1})),
            (
                r#"{"response":{"flag":"success","request_id":"4c1w"}}"#,
                false,
                json!({"flag": "success", "request_id": "4c1w"}),
            ),
            // The form of the response is independent of the request.
            (r#"{"time":"t","request_id":"4c1w"}"#, false, json!({"time": "t", "request_id": "4c1w"})),
            (
                r#"{"time_get_response":{"time":"t","request_id":"4c1w"}}"#,
                true,
                json!({"time": "t", "request_id": "4c1w"}),
            ),
            (r#"{"time":"t","request_id":"4c1w"}"#, true, json!({"time": "t", "request_id": "4c1w"})),
            // An empty `error_response`, and the code of a success.
            (r#"{"error_response":{},"time_get_response":{"a":1},"request_id":"4c1w"}"#, false, json!({"a": 1})),
            (
                r#"{"error_response":{"code":0,"msg":"ok"},"a":1,"request_id":"4c1w"}"#,
                true,
                json!({"a": 1, "request_id": "4c1w"}),
            ),
            (r#"{"code":0,"msg":"ok","data":{"a":1},"request_id":"4c1w"}"#, false, json!({"a": 1})),
            // A field that looks like a root node, and fields that look like a refusal.
            (
                r#"{"list_response":{"a":1},"request_id":"4c1w"}"#,
                true,
                json!({"list_response": {"a": 1}, "request_id": "4c1w"}),
            ),
            (
                r#"{"time_get_response":{"code":"isv.a","msg":"m","sub_code":"x","success":false,"request_id":"4c1w"}}"#,
                false,
                json!({"code": "isv.a", "msg": "m", "sub_code": "x", "success": false, "request_id": "4c1w"}),
            ),
            (
                "<?xml version=\"1.0\"?><time_get_response><a><b>1</b><b>2</b></a><c>&lt;</c><d/><request_id>4c1w</request_id>\
                 </time_get_response><!--host-->",
                false,
                json!({"a": {"b": ["1", "2"]}, "c": "<", "d": "", "request_id": "4c1w"}),
            ),
        ] {
            assert_eq!(read(body, simplified), Ok((expected, id())), "{body}");
        }
        for body in [r#"{"time_get_response":null}"#, r#"{"time_get_response":{}}"#, "<time_get_response/>"] {
            assert_eq!(read(body, false), Ok((json!({}), None)), "{body}");
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        for (text, expected) in [
            ("9223372036854775807", json!(i64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("18446744073709551615", json!(u64::MAX)),
            ("18446744073709551616", json!("18446744073709551616")),
            ("12345678901234567890123", json!("12345678901234567890123")),
            ("58.90", json!(58.9)),
            ("0.1", json!(0.1)),
            ("1e2", json!(100.0)),
            ("0.12345678901234567890", json!("0.12345678901234567890")),
            ("1234567890.123456789", json!("1234567890.123456789")),
            ("1e400", json!("1e400")),
            ("1e300", json!("1e300")),
        ] {
            let body = format!(r#"{{"time_get_response":{{"n":{text}}}}}"#);
            assert_eq!(read(&body, false), Ok((json!({"n": expected}), None)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn decoded_values_survive_a_round_trip(body in "\\PC{0,40}|[\\[\\]{},:\"\\\\a0-9.eE<>/&;_ -]{0,40}|<a>[<>/ab&;!-]{0,20}</a>", simplified in any::<bool>()) {
            if let Ok((value, _)) = read(&body, simplified) {
                let again = format!(r#"{{"time_get_response":{value}}}"#);
                prop_assert_eq!(read(&again, simplified).map(|(value, _)| value), Ok(value));
            }
        }
    }

    #[test]
    fn reports_refusals_and_invalid_bodies() {
        let refused = "the gateway refused the call: 22 Invalid method; the method does not exist";
        for body in [
            r#"{"error_response":{"code":22,"msg":"Invalid method"}}"#,
            r#"{"error_response":[{"code":22,"msg":"Invalid method"},{"code":23}]}"#,
            r#"{"code":22,"msg":"Invalid method"}"#,
            r#"{"code":22,"message":"Invalid method","type":"ISV"}"#,
            r#"{"error_rsp":{"code":22,"msg":"Invalid method"}}"#,
            r#"{"data":{"code":22,"msg":"Invalid method","a":1}}"#,
            r#"{"response":{"flag":"failure","code":22,"message":"Invalid method"}}"#,
            "<rsp><code>22</code><msg>Invalid method</msg></rsp>",
            "<error_response><code>22</code><msg>Invalid method</msg></error_response>",
        ] {
            for simplified in [false, true] {
                assert_eq!(read(body, simplified), Err(refused.to_owned()), "{body}");
            }
        }
        for (body, problem) in [
            ("", "the body is empty"),
            ("[]", "expected a JSON object or an XML element at the top level"),
            (
                "<html><body>",
                "expected JSON or XML, found an HTML page; check the URL, and whether a proxy or a login page responds",
            ),
            (r#"{"status":"down"}"#, "expected time_get_response or error_response, found neither"),
            (r#"{"data":{"a":1}}"#, "expected time_get_response or error_response, found neither"),
            (
                r#"{"other_response":{"time":"t","request_id":"4c1w"}}"#,
                "expected time_get_response, found other_response of another method",
            ),
            (r#"{"time_get_response":{"#, "expected a key, found the end of the body at line 1 column 23"),
        ] {
            assert_eq!(read(body, false), Err(format!("cannot decode the response: {problem}")), "{body}");
        }
    }
}
