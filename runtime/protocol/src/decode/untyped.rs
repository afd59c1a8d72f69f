//! Answers of methods that have no type here, as JSON.

use serde_json::{Map, Value};

use super::json::Json;
use super::room::Room;
use super::value::whole;
use super::xml::XmlSource;
use super::{Envelope, Evidence, Response, Verdict, from_json, is_node, neither, not_an_object, opened, verdict};
use crate::error::{Outcome, PublicFields};
use crate::{DecodeError, Error, Record};

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
pub fn decode_untyped(body: String, method: &str, simplified: bool) -> Result<Response<Value>, Error> {
    let (value, envelope) = enveloped(&body, method, simplified)?;
    Ok(Response::new(value, envelope, body))
}

/// The same with what came around it.
pub fn enveloped(body: &str, method: &str, simplified: bool) -> Result<(Value, Envelope), Error> {
    let wrong = |error: Box<DecodeError>| Error::Decode(error.in_body(body));
    let start = opened(body).map_err(wrong)?;
    let mut room = Room::of(start.len());
    let tree = if start.starts_with('<') {
        whole(XmlSource::new(start), &mut room)
    } else {
        whole(Json::new(start), &mut room)
    };
    let Value::Object(mut members) = tree.map_err(|error| wrong(error.into()))? else {
        return Err(wrong(not_an_object()));
    };
    let refused = |fields: PublicFields| Error::Platform(Box::new(fields.into_error(body)));
    let no_error = match members.remove("error_response").filter(|error| !error.is_null()).map(|error| public(&error)) {
        Some(refusal) if !refusal.is_empty() => return Err(refused(refusal)),
        no_error => no_error,
    };
    let node = node(method);
    let mut fields = public_of(&members);
    let root = root(&members, &node, simplified).and_then(|key| members.remove_entry(&key));
    let evidence = match &root {
        Some((key, _)) if is_node(key, &node) => Evidence::Root,
        Some((_, value)) => {
            fields.merge(public(value));
            if has_own(value) { Evidence::Field } else { Evidence::Foreign }
        }
        None if simplified && has_own_among(&members) => Evidence::Field,
        None if fields.request_id.is_some() => Evidence::Public,
        None => Evidence::None,
    };
    match verdict(evidence, &fields) {
        Verdict::Response => {}
        Verdict::Refusal => return Err(refused(fields)),
        Verdict::Neither => return Err(no_error.map_or_else(|| wrong(neither(&node)), refused)),
    }
    let value = match root.map(|(_, value)| value) {
        Some(Value::Null) => Value::Object(Map::new()),
        // An element without content is what an empty object is in XML.
        Some(Value::String(text)) if text.trim().is_empty() => Value::Object(Map::new()),
        Some(value) => {
            fields.request_id = public(&value).request_id.or(fields.request_id);
            value
        }
        None => Value::Object(members),
    };
    Ok((value, Envelope { request_id: fields.request_id, mismatches: Vec::new() }))
}

/// The node that the method's answers have by rule (docs/protocol.md section 4.1).
fn node(method: &str) -> String {
    format!("{}_response", method.strip_prefix("taobao.").unwrap_or(method).replace('.', "_"))
}

/// The member that is the root node: the one of the method, or another that can be nothing else. A simplified response may
/// have fields whose names look like one, but an object with nothing but an error in it is no field.
fn root(members: &Map<String, Value>, node: &str, simplified: bool) -> Option<String> {
    if let Some(key) = members.keys().find(|key| is_node(key, node)) {
        return Some(key.clone());
    }
    let only = members.keys().filter(|key| !PublicFields::has(key)).count() == 1;
    let mut keys = members.iter().filter(|(key, _)| key.ends_with("_response") || only && !PublicFields::has(key));
    let fits = |value: &Value| match simplified {
        true => {
            let fields = public(value);
            value.is_object() && (fields.is_flagged() || !has_own(value) && fields.outcome() == Outcome::Failure)
        }
        false => value.is_object() || is_empty(value),
    };
    keys.find(|(_, value)| fits(value)).map(|(key, _)| key.clone())
}

/// Returns whether an object has members that are not public fields.
fn has_own(value: &Value) -> bool {
    value.as_object().is_some_and(has_own_among)
}

fn has_own_among(members: &Map<String, Value>) -> bool {
    members.iter().any(|(key, value)| !value.is_null() && !PublicFields::has(key))
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::String(text) if text.trim().is_empty())
}

/// The fields of the protocol itself in a value. A refusal may be no more than a text.
fn public(value: &Value) -> PublicFields {
    let mut fields = PublicFields::default();
    match value {
        Value::String(text) => fields.msg = Some(text.clone()),
        Value::Array(items) => return items.iter().find(|item| item.is_object()).map(public).unwrap_or_default(),
        Value::Object(members) => return public_of(members),
        _ => {}
    }
    fields
}

/// The fields of the protocol itself among members, of which the others are left where they are.
fn public_of(members: &Map<String, Value>) -> PublicFields {
    let mut fields = PublicFields::default();
    let names = fields.schema().fields.iter().map(|field| field.name);
    let own: Map<_, _> = names.filter_map(|name| Some((name.to_owned(), members.get(name)?.clone()))).collect();
    drop(from_json(&Value::Object(own), &mut fields));
    fields
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(body: &str, simplified: bool) -> Result<(Value, Option<String>), String> {
        match enveloped(body, "taobao.time.get", simplified) {
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
                r#"{"other_response":{"time":"t","request_id":"4c1w"}}"#,
                false,
                json!({"time": "t", "request_id": "4c1w"}),
            ),
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
            (
                r#"{"data":{"code":22,"msg":"m","a":1,"request_id":"4c1w"}}"#,
                false,
                json!({"code": 22, "msg": "m", "a": 1, "request_id": "4c1w"}),
            ),
            // A field that looks like a root, and business fields that look like a refusal.
            (
                r#"{"list_response":{"a":1},"request_id":"4c1w"}"#,
                true,
                json!({"list_response": {"a": 1}, "request_id": "4c1w"}),
            ),
            (
                r#"{"code":5,"msg":"m","a":1,"request_id":"4c1w"}"#,
                true,
                json!({"code": 5, "msg": "m", "a": 1, "request_id": "4c1w"}),
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
            r#"{"error_rsp":{"code":22,"msg":"Invalid method"}}"#,
            "<rsp><code>22</code><msg>Invalid method</msg></rsp>",
            "<error_response><code>22</code><msg>Invalid method</msg></error_response>",
        ] {
            assert_eq!(read(body, false), Err(refused.to_owned()), "{body}");
        }
        for (body, problem) in [
            ("", "the body is empty"),
            ("[]", "expected a JSON object or an XML element at the top level"),
            ("<html><body>", "an HTML page came instead; a proxy, a login page or another server answers there"),
            (r#"{"status":"down"}"#, "expected time_get_response or error_response, found neither"),
            (r#"{"time_get_response":{"#, "expected a key, but the body ends at line 1 column 23"),
        ] {
            assert_eq!(read(body, false), Err(format!("the answer cannot be read: {problem}")), "{body}");
        }
    }
}
