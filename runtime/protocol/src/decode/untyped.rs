//! Answers of methods that have no type here, as JSON.

use serde_json::{Map, Value};

use super::body::ResponseBody;
use super::envelope::{self, Expected, Place};
use super::json::Json;
use super::room::Room;
use super::value::whole;
use super::xml::XmlSource;
use super::{Envelope, Response, opened};
use crate::error::PublicFields;
use crate::{DecodeError, Error, Record, RecordMut, Schema, Slot, View};

/// Reads the answer to a call of a method that has no type here: what stands under the root node, or everything if the answer
/// is a `simplified` one and so has no root.
///
/// ```
/// use generated_sdk::protocol::decode_untyped;
///
/// let body = r#"{"time_get_response":{"time":"2016-01-01 12:00:00","request_id":"4c1w"}}"#;
/// let answer = decode_untyped(body.to_owned(), "taobao.time.get", false)?;
/// assert_eq!(answer["time"], "2016-01-01 12:00:00");
/// assert_eq!(answer.request_id(), Some("4c1w"));
/// # Ok::<(), generated_sdk::Error>(())
/// ```
///
/// XML comes as the same tree: an element with elements in it is an object, any other is a text, and elements that repeat in
/// one place are an array. Numbers up to 64 bits are exact; one that neither they nor a float hold exactly is the text of its
/// digits.
///
/// # Errors
///
/// [`Error::Platform`] if the answer is a refusal, [`Error::Decode`] if it is none of the protocol's answers.
pub fn decode_untyped(body: impl Into<ResponseBody>, method: &str, simplified: bool) -> Result<Response<Value>, Error> {
    let body = body.into();
    let (value, envelope) = enveloped(&body, method, simplified)?;
    Ok(Response::from_parts(value, envelope, body.into_text()))
}

/// The same with what came around it.
pub fn enveloped(body: &ResponseBody, method: &str, simplified: bool) -> Result<(Value, Envelope), Error> {
    let node = node(method);
    let expected = Expected { node: &node, simplified, typed: false };
    let (place, mut envelope) = envelope::read(body, &expected, &mut Undocumented)?;
    // No value has a type that it could miss.
    envelope.mismatches.retain(|mismatch| mismatch.replaced);
    let members = match tree(body.text()) {
        Ok(Value::Object(members)) => members,
        Ok(_) => Map::new(),
        Err(error) => return Err(Error::Decode(error.in_body(body.text()))),
    };
    Ok((value(members, &place, simplified), envelope))
}

/// The whole body as a tree.
fn tree(body: &str) -> Result<Value, Box<DecodeError>> {
    let start = opened(body)?;
    let mut room = Room::of(start.len());
    let tree = if start.starts_with('<') {
        whole(XmlSource::new(start), &mut room)
    } else {
        whole(Json::new(start), &mut room)
    };
    Ok(tree?)
}

/// What stands under the root node, or else everything.
fn value(mut members: Map<String, Value>, place: &Place, simplified: bool) -> Value {
    let root = match place {
        Place::Root(key) => members.remove(key),
        Place::Top => {
            members.remove("error_response");
            // A gateway may have a root node of its own in spite of the format that it was asked for.
            let mut others = members.keys().filter(|key| !PublicFields::has(key));
            let only = others.next().cloned().filter(|_| others.next().is_none() && !simplified);
            only.filter(|key| members.get(key).is_some_and(Value::is_object)).and_then(|key| members.remove(&key))
        }
    };
    match root {
        None if matches!(place, Place::Top) => Value::Object(members),
        // An element without content is what an empty object is in XML.
        None | Some(Value::Null) => Value::Object(Map::new()),
        Some(Value::String(text)) if text.trim().is_empty() => Value::Object(Map::new()),
        Some(value) => value,
    }
}

/// A response of which nothing is documented.
struct Undocumented;

impl Record for Undocumented {
    fn schema(&self) -> &'static Schema {
        &Schema { name: "Undocumented", fields: &[] }
    }

    fn view(&self, _index: usize) -> View<'_> {
        View::Absent
    }
}

impl RecordMut for Undocumented {
    fn slot(&mut self, _index: usize) -> Slot<'_> {
        Slot::None
    }
}

/// The node that the method's answers have by rule (docs/protocol.md section 4.1).
fn node(method: &str) -> String {
    format!("{}_response", method.strip_prefix("taobao.").unwrap_or(method).replace('.', "_"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(body: &str, simplified: bool) -> Result<(Value, Option<String>), String> {
        match enveloped(&body.into(), "taobao.time.get", simplified) {
            Ok((value, envelope)) => Ok((value, envelope.request_id)),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn what_stands_under_the_root() {
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
            // Whatever was asked for, a gateway answers as it likes.
            (r#"{"time":"t","request_id":"4c1w"}"#, false, json!({"time": "t", "request_id": "4c1w"})),
            (
                r#"{"time_get_response":{"time":"t","request_id":"4c1w"}}"#,
                true,
                json!({"time": "t", "request_id": "4c1w"}),
            ),
            (r#"{"time":"t","request_id":"4c1w"}"#, true, json!({"time": "t", "request_id": "4c1w"})),
            // An error that is none, and what a business says of success.
            (r#"{"error_response":{},"time_get_response":{"a":1},"request_id":"4c1w"}"#, false, json!({"a": 1})),
            (
                r#"{"error_response":{"code":0,"msg":"ok"},"a":1,"request_id":"4c1w"}"#,
                true,
                json!({"a": 1, "request_id": "4c1w"}),
            ),
            (r#"{"code":0,"msg":"ok","data":{"a":1},"request_id":"4c1w"}"#, false, json!({"a": 1})),
            // A field that looks like a root, and business fields that look like a refusal.
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
        /// Any text is read or refused, and what is read is there again when it is written and read once more.
        #[test]
        fn any_text(body in "\\PC{0,40}|[\\[\\]{},:\"\\\\a0-9.eE<>/&;_ -]{0,40}|<a>[<>/ab&;!-]{0,20}</a>", simplified in any::<bool>()) {
            if let Ok((value, _)) = read(&body, simplified) {
                let again = format!(r#"{{"time_get_response":{value}}}"#);
                prop_assert_eq!(read(&again, simplified).map(|(value, _)| value), Ok(value));
            }
        }
    }

    #[test]
    fn refusals_and_what_is_no_answer() {
        let refused = "the gateway refused the call: 22 Invalid method; the platform has no such method";
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
            ("<html><body>", "an HTML page came instead; a proxy, a login page or another server answers there"),
            (r#"{"status":"down"}"#, "expected time_get_response or error_response, found neither"),
            (r#"{"data":{"a":1}}"#, "expected time_get_response or error_response, found neither"),
            (
                r#"{"other_response":{"time":"t","request_id":"4c1w"}}"#,
                "expected time_get_response, found other_response, the response of another method",
            ),
            (r#"{"time_get_response":{"#, "expected a key, but the body ends at line 1 column 23"),
        ] {
            assert_eq!(read(body, false), Err(format!("the answer cannot be read: {problem}")), "{body}");
        }
    }
}
