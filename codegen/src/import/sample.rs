//! The samples on a page: what requests set, and what responses hold. They are written by hand, and read as far as they go.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A node of a response sample, in JSON or XML: its name, its text if it has any, and the nodes below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) below: Vec<Node>,
}

/// Values of parameters and fields, by name.
pub(super) type Values = BTreeMap<String, BTreeSet<String>>;

/// Deeper samples than this are not followed.
const DEPTH: usize = 64;

/// The roots of the response samples in a section, but refusals.
pub(super) fn responses(section: &str) -> Vec<Node> {
    let mut roots = xml(section);
    roots.extend(json(section));
    roots.retain(|root| root.name.ends_with("_response") && root.name != "error_response");
    roots
}

impl Node {
    /// Adds the texts of the leaves to `values`, by name.
    pub(super) fn values(&self, values: &mut Values) {
        if self.below.is_empty() && !self.text.is_empty() {
            values.entry(self.name.clone()).or_default().insert(self.text.clone());
        }
        for node in &self.below {
            node.values(values);
        }
    }
}

/// The outermost elements in a text. What closes nothing that is open is passed over.
fn xml(text: &str) -> Vec<Node> {
    let mut open: Vec<Node> = Vec::new();
    let mut roots = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        if let Some(node) = open.last_mut() {
            node.text.push_str(before.trim());
        }
        let Some((tag, after)) = after.split_once('>') else { break };
        rest = after;
        let closes = tag.strip_prefix('/').map(str::trim);
        let name = closes.unwrap_or_else(|| tag.split_whitespace().next().unwrap_or_default());
        let name = name.trim_end_matches('/');
        if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            continue;
        }
        if closes.is_none() && open.len() < DEPTH {
            open.push(Node { name: name.to_owned(), ..Node::default() });
        }
        if (closes.is_some() || tag.ends_with('/')) && open.last().is_some_and(|node| node.name == name) {
            let Some(node) = open.pop() else { continue };
            match open.last_mut() {
                Some(around) => around.below.push(node),
                None => roots.push(node),
            }
        }
    }
    roots
}

/// The members of the JSON objects in a text.
fn json(text: &str) -> Vec<Node> {
    let mut roots = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        rest = &rest[start..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let read = values.next().and_then(Result::ok);
        let length = values.byte_offset().max(1);
        if let Some(value) = read {
            nodes("", &value, &mut roots);
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    roots.into_iter().flat_map(|root| root.below).collect()
}

/// A JSON value as nodes of one name: one for each element of a list.
fn nodes(name: &str, value: &Value, nodes_of_name: &mut Vec<Node>) {
    let mut node = Node { name: name.to_owned(), ..Node::default() };
    match value {
        Value::Array(items) => return items.iter().for_each(|item| nodes(name, item, nodes_of_name)),
        Value::Object(members) => members.iter().for_each(|(name, value)| nodes(name, value, &mut node.below)),
        Value::String(text) => node.text.clone_from(text),
        Value::Null => {}
        scalar => node.text = scalar.to_string(),
    }
    nodes_of_name.push(node);
}

/// What the request samples of a page set.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// The parameters that are set in each way of writing a request that the page has.
    ways: Vec<BTreeSet<String>>,
    /// The values that the curl sample sends.
    pub(super) values: Values,
    /// Whether a session is passed in any.
    pub(super) session: bool,
}

impl Requests {
    /// Reads the section of samples.
    pub(super) fn read(section: &str) -> Self {
        let mut requests = Self { session: section.to_ascii_lowercase().contains("session"), ..Self::default() };
        let (mut sent, mut setters, mut assigned, mut listed) = Default::default();
        for line in section.lines().map(str::trim) {
            if let Some((name, value)) = sent_pair(line) {
                requests.values.entry(name.clone()).or_default().insert(value);
                insert(&mut sent, &name);
            }
            if let Some((_, rest)) = line.split_once("set")
                && let Some((name, _)) = rest.split_once('(')
            {
                insert(&mut setters, name);
            }
            if let Some((left, _)) = line.split_once('=')
                && let Some((_, name)) = left.trim_end().rsplit_once('.')
            {
                insert(&mut assigned, name);
            }
            if let Some((name, _)) = line.split_once("':")
                && let Some(name) = name.strip_prefix('\'')
            {
                insert(&mut listed, name);
            }
        }
        requests.ways = vec![sent, setters, assigned, listed];
        requests
    }

    /// Whether every way of writing a request that sets any of `parameters` sets this one.
    pub(super) fn always_set(&self, name: &str, parameters: &[&str]) -> bool {
        let sets = |way: &&BTreeSet<String>| parameters.iter().any(|name| way.contains(&squeezed(name)));
        let mut ways = self.ways.iter().filter(sets).peekable();
        ways.peek().is_some() && ways.all(|way| way.contains(&squeezed(name)))
    }
}

fn insert(names: &mut BTreeSet<String>, name: &str) {
    let name = squeezed(name);
    if !name.is_empty() {
        names.insert(name);
    }
}

/// `sec_token` and `SecToken` as the same name: samples spell names as their languages do.
fn squeezed(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The name and value of a curl argument `-d 'name=value'`.
fn sent_pair(line: &str) -> Option<(String, String)> {
    let argument = line.strip_prefix("-d")?.trim().trim_end_matches('\\').trim();
    let argument = argument.trim_matches(['\'', '"']);
    let (name, value) = argument.split_once('=')?;
    Some((name.to_owned(), decoded(value)))
}

/// A text as it was before a form encoded it.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        rest = after;
        match (first, after.get(..2).and_then(hex)) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_in_json_and_xml_say_the_same() {
        let leaf = |name: &str, text: &str| Node { name: name.into(), text: text.into(), below: Vec::new() };
        let tree = |name: &str, below: Vec<Node>| Node { name: name.into(), text: String::new(), below };
        let trade = |tid: &str| tree("trade", vec![leaf("tid", tid)]);
        let expected = [tree("a_response", vec![leaf("has", "true"), tree("trades", vec![trade("1"), trade("2")])])];
        let xml = "XML示例\n<a_response>\n <has>true</has><trades><trade><tid>1</tid></trade>\n<trade><tid>2</tid></trade></trades>\n</a_response><!--host-->";
        assert_eq!(responses(xml), expected);
        let json = r#"JSON { "a_response": {"has": true, "trades": {"trade": [{"tid": 1}, {"tid": 2}]}}} {"error_response": {"code": 1}}"#;
        assert_eq!(responses(json), expected);
    }

    #[test]
    fn samples_that_are_broken() {
        for text in [
            "",
            "<",
            "<a_response>",
            "</a_response>",
            "<a_response><b></a_response>",
            "{",
            "{\"a_response\":",
            "{x}",
            "<a/>",
        ] {
            assert_eq!(responses(text), [], "{text}");
        }
        assert_eq!(responses(&"<a>".repeat(100_000)), []);
        assert_eq!(responses(&"{\"a\":".repeat(10_000)), []);
    }

    #[test]
    fn what_requests_set() {
        let requests = Requests::read(
            "$req->setSecToken(\"x\");\nreq.SecToken = \"x\";\n-d 'app_key=1' \\\n-d 'sec_token=a%20%E7%AB%AF+b' \\\n-d 'other=1'\n'sec_token':'x'\nrsp = client.execute(req, sessionKey);",
        );
        assert!(requests.session);
        assert_eq!(requests.values["sec_token"], BTreeSet::from(["a 端 b".to_owned()]));
        assert!(requests.always_set("sec_token", &["sec_token", "other"]));
        assert!(!requests.always_set("other", &["sec_token", "other"]));
        assert!(!Requests::read("").always_set("sec_token", &["sec_token"]));
    }

    #[test]
    fn forms_decoded() {
        for (text, plain) in [("a+b%2Fc", "a b/c"), ("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("100%25", "100%")] {
            assert_eq!(decoded(text), plain);
        }
    }
}
