//! One value in JSON, simplified JSON and XML (docs/protocol.md section 4), written by an independent implementation.

use generated_sdk::Decimal;
use generated_sdk::protocol::decode;
use serde_json::Value;

use crate::fixture::fixture_everything_get::{Category, OrderDo, TradeDo};
use crate::fixture::{FixtureEverythingGetRequest, FixtureEverythingGetResponse};

/// Lists and objects below this depth are left out. The platform's deepest response has eight levels.
const DEPTH: usize = 8;

/// Checks that every format of a response decodes to the same value.
///
/// `input` is a JSON object with the fields of the response. A member of another type is left out. The member `style`
/// selects a spelling that the protocol allows.
///
/// # Panics
///
/// If a decoded response differs from the value.
pub fn check(input: &str) {
    let Ok(input) = serde_json::from_str::<Value>(input) else { return };
    let (expected, mut members) = response(&input);
    members.push(("request_id", Node::Text("r1".to_owned())));
    let root = "fixture_everything_get_response";
    let style = Style::of(&input);
    let simplified = Node::Object(members.clone());
    let wrapped = Node::Object(vec![(root, simplified.clone())]);
    let host = if style.layout { "<!--top011023105124.center.na61-->" } else { "" };
    for body in [
        wrapped.json(&style, false),
        simplified.json(&style, true),
        format!("<?xml version=\"1.0\" encoding=\"utf-8\" ?>{}{host}", wrapped.xml(&style)),
    ] {
        let response = decode::<FixtureEverythingGetRequest>(body.clone());
        let response = response.unwrap_or_else(|error| panic!("{error:?}\n{body}"));
        assert_eq!(response.mismatches(), [], "{body}");
        assert_eq!(response.request_id(), Some("r1"), "{body}");
        assert_eq!(*response, expected, "{body}");
        // Equal decimals may have different digits, such as 5.0 and 5.00.
        assert_eq!(format!("{:?}", *response), format!("{expected:?}"), "{body}");
    }
}

/// The spelling of the values.
struct Style {
    /// Numbers and booleans are JSON strings.
    quoted: bool,
    /// A list of one element has no array.
    single: bool,
    /// Texts are CDATA sections.
    cdata: bool,
    /// Elements are separated by comments and white space.
    layout: bool,
}

impl Style {
    fn of(input: &Value) -> Self {
        let bits = input.get("style").and_then(Value::as_u64).unwrap_or_default();
        let bit = |index: u64| bits >> index & 1 == 1;
        Self { quoted: bit(0), single: bit(1), cdata: bit(2), layout: bit(3) }
    }
}

/// A value of a response.
#[derive(Clone)]
enum Node {
    /// A text, a date or a decimal.
    Text(String),
    /// A number or a boolean.
    Scalar(String),
    Object(Vec<(&'static str, Node)>),
    /// A list and the key of its elements.
    List(&'static str, Vec<Node>),
}

impl Node {
    fn json(&self, style: &Style, simplify: bool) -> String {
        match self {
            Self::Text(text) => Value::from(text.as_str()).to_string(),
            Self::Scalar(text) if style.quoted => format!("\"{text}\""),
            Self::Scalar(text) => text.clone(),
            Self::Object(members) => {
                let members = members.iter().map(|(name, node)| format!("\"{name}\":{}", node.json(style, simplify)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
            Self::List(key, items) => {
                let items: Vec<_> = items.iter().map(|item| item.json(style, simplify)).collect();
                match (simplify, &items[..]) {
                    (true, _) => format!("[{}]", items.join(",")),
                    (false, [only]) if style.single => format!("{{\"{key}\":{only}}}"),
                    (false, _) => format!("{{\"{key}\":[{}]}}", items.join(",")),
                }
            }
        }
    }

    fn xml(&self, style: &Style) -> String {
        let layout = if style.layout { "\r\n <!-- <no> element -->" } else { "" };
        let element = |name: &str, node: &Self| format!("{layout}<{name}>{}</{name}>", node.xml(style));
        match self {
            Self::Text(text) | Self::Scalar(text) if style.cdata && !text.contains('\r') => {
                format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
            }
            Self::Text(text) | Self::Scalar(text) => {
                let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                // An XML reader normalizes an unescaped carriage return to a line feed.
                text.replace('\r', "&#13;")
            }
            Self::Object(members) => members.iter().map(|(name, node)| element(name, node)).collect(),
            Self::List(key, items) => items.iter().map(|item| element(key, item)).collect(),
        }
    }
}

/// A writer of the members of an object.
struct Members<'a> {
    input: &'a Value,
    written: Vec<(&'static str, Node)>,
}

impl<'a> Members<'a> {
    fn of(input: &'a Value) -> Self {
        Self { input, written: Vec::new() }
    }

    /// Reads the member `name` from the input with `read`, and writes it with `write`.
    fn one<T>(&mut self, name: &'static str, read: fn(&Value) -> Option<T>, write: fn(&T) -> Node) -> Option<T> {
        let value = read(self.input.get(name)?)?;
        self.written.push((name, write(&value)));
        Some(value)
    }

    /// Reads and writes a list whose elements have the key `key`. An empty list is left out.
    fn list<T>(
        &mut self,
        name: &'static str,
        key: &'static str,
        read: fn(&Value) -> Option<T>,
        write: fn(&T) -> Node,
    ) -> Vec<T> {
        let items = self.input.get(name).and_then(Value::as_array).into_iter().flatten();
        let items: Vec<T> = items.filter_map(read).collect();
        if !items.is_empty() {
            self.written.push((name, Node::List(key, items.iter().map(write).collect())));
        }
        items
    }
}

/// Returns the response that `input` describes, and its written members.
fn response(input: &Value) -> (FixtureEverythingGetResponse, Vec<(&'static str, Node)>) {
    let mut members = Members::of(input);
    let mut response = FixtureEverythingGetResponse {
        text: members.one("text", text, as_text),
        number: members.one("number", Value::as_i64, scalar),
        flag: members.one("flag", Value::as_bool, scalar),
        moment: members.one("moment", parsed, as_text),
        money: members.one("money", decimal, as_text),
        exact: members.one("exact", decimal, as_text),
        json: members.one("json", json, as_text),
        map: members.one("map", |value| json(value).filter(Value::is_object), as_text),
        texts: members.list("texts", "string", text, as_text),
        numbers: members.list("numbers", "number", Value::as_i64, scalar),
        flags: members.list("flags", "boolean", Value::as_bool, scalar),
        moments: members.list("moments", "date", parsed, as_text),
        moneys: members.list("moneys", "price", decimal, as_text),
        jsons: members.list("jsons", "json", json, as_text),
        session_token: members.one("session_token", text, as_text),
        plain_token: members.one("plain_token", text, as_text),
        ..FixtureEverythingGetResponse::default()
    };
    let fields = input.get("fields").and_then(Value::as_array).into_iter().flatten().filter_map(name);
    response.fields = fields.collect();
    if !response.fields.is_empty() {
        members.written.push(("fields", Node::Text(response.fields.join(","))));
    }
    if let Some(value) = input.get("trade").filter(|value| value.is_object()) {
        let mut trade = Members::of(value);
        let tid = trade.one("tid", Value::as_i64, scalar);
        let orders = orders(&mut trade, "orders", DEPTH);
        response.trade = Some(TradeDo { tid, orders });
        members.written.push(("trade", Node::Object(trade.written)));
    }
    if let Some((category, node)) = input.get("category").and_then(|value| category(value, DEPTH)) {
        response.category = Some(category);
        members.written.push(("category", node));
    }
    (response, members.written)
}

fn orders(parent: &mut Members<'_>, name: &'static str, depth: usize) -> Vec<OrderDo> {
    let items = parent.input.get(name).and_then(Value::as_array).into_iter().flatten();
    let items = items.filter(|item| item.is_object() && depth > 0);
    let (orders, nodes): (Vec<_>, Vec<_>) = items
        .map(|item| {
            let mut members = Members::of(item);
            let oid = members.one("oid", Value::as_i64, scalar);
            let title = members.one("title", text, as_text);
            let bundle = orders(&mut members, "bundle", depth - 1);
            (OrderDo { oid, title, bundle }, Node::Object(members.written))
        })
        .unzip();
    if !nodes.is_empty() {
        parent.written.push((name, Node::List("order_d_o", nodes)));
    }
    orders
}

fn category(input: &Value, depth: usize) -> Option<(Category, Node)> {
    if !input.is_object() || depth == 0 {
        return None;
    }
    let mut members = Members::of(input);
    let cid = members.one("cid", Value::as_i64, scalar);
    let parent = input.get("parent").and_then(|parent| category(parent, depth - 1));
    let parent = parent.map(|(parent, node)| {
        members.written.push(("parent", node));
        Box::new(parent)
    });
    Some((Category { cid, parent }, Node::Object(members.written)))
}

fn as_text(value: &impl ToString) -> Node {
    Node::Text(value.to_string())
}

fn scalar(value: &impl ToString) -> Node {
    Node::Scalar(value.to_string())
}

/// Reads a text, without the characters that XML 1.0 cannot contain.
fn text(value: &Value) -> Option<String> {
    let legal = |character: &char| match character {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        character => *character >= ' ',
    };
    Some(value.as_str()?.chars().filter(legal).collect())
}

fn parsed<T: std::str::FromStr>(value: &Value) -> Option<T> {
    value.as_str()?.parse().ok()
}

fn decimal(value: &Value) -> Option<Decimal> {
    Decimal::from_str_exact(value.as_str()?).ok()
}

/// Reads the name of a field to return.
fn name(value: &Value) -> Option<String> {
    let name = value.as_str()?;
    let plain = |character: char| character.is_ascii_alphanumeric() || "_.".contains(character);
    (!name.is_empty() && name.chars().all(plain)).then(|| name.to_owned())
}

/// Reads a JSON value without floats, which have several spellings.
fn json(value: &Value) -> Option<Value> {
    fn has_float(value: &Value) -> bool {
        match value {
            Value::Number(number) => number.is_f64(),
            Value::Array(items) => items.iter().any(has_float),
            Value::Object(members) => members.values().any(has_float),
            _ => false,
        }
    }
    (!value.is_null() && !has_float(value)).then(|| value.clone())
}
