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

/// Adds a value, unless there are as many of the name as any page shows of it.
fn add(values: &mut Values, name: &str, value: &str) {
    const MOST: usize = 16;
    let values = values.entry(name.to_owned()).or_default();
    if values.len() < MOST {
        values.insert(value.to_owned());
    }
}

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
            add(values, &self.name, &self.text);
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

/// How many pieces of JSON a section of samples may have, and braces that begin none.
const JSONS: usize = 64;

/// The members of the JSON objects in a text.
fn json(text: &str) -> Vec<Node> {
    let mut roots = Vec::new();
    let mut rest = text;
    // What is no JSON is tried again behind its first brace, but not for ever.
    for _ in 0..JSONS {
        let Some(start) = rest.find('{') else { break };
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
    /// The objects that parameters are set to, below a root without a name.
    pub(super) objects: Vec<Node>,
    /// Whether there is any sample.
    pub(super) any: bool,
    /// Whether a session is passed in one.
    pub(super) session: bool,
}

impl Requests {
    /// Reads the section of samples.
    pub(super) fn read(section: &str) -> Self {
        let mut requests = Self {
            any: !section.trim().is_empty(),
            session: section.to_ascii_lowercase().contains("session"),
            ..Self::default()
        };
        let (mut sent, mut setters, mut assigned, mut listed) = Default::default();
        for line in section.lines().map(str::trim) {
            if let Some((name, value)) = sent_pair(line) {
                add(&mut requests.values, &name, &value);
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
        requests.objects = objects(section, &requests.values);
        requests
    }

    /// The parameters, of those called `parameters`, that every way of writing a request sets which sets any of them.
    pub(super) fn always_set<'p>(&self, parameters: &[&'p str]) -> BTreeSet<&'p str> {
        let squeezed: Vec<_> = parameters.iter().map(|name| (*name, squeezed(name))).collect();
        let ways = self.ways.iter().filter(|way| squeezed.iter().any(|(_, name)| way.contains(name)));
        let ways: Vec<_> = ways.collect();
        let always = squeezed.iter().filter(|(_, name)| !ways.is_empty() && ways.iter().all(|way| way.contains(name)));
        always.map(|(name, _)| *name).collect()
    }
}

/// The objects that the samples of requests show: those that Java builds by setters, and the JSON that curl sends.
fn objects(section: &str, sent: &Values) -> Vec<Node> {
    let mut variables = Variables::default();
    for statement in section.split(';').map(str::trim) {
        variables.read(statement);
    }
    let mut built = variables.node("", REQUEST, 0, &mut { NODES }).below;
    for (name, values) in sent {
        for value in values.iter().filter_map(|value| serde_json::from_str(value).ok()) {
            if let Value::Object(_) | Value::Array(_) = value {
                nodes(name, &value, &mut built);
            }
        }
    }
    built.retain(|node| !node.below.is_empty());
    if built.is_empty() { Vec::new() } else { vec![Node { below: built, ..Node::default() }] }
}

/// The variable that samples in Java call the request.
const REQUEST: &str = "req";

/// The most variables of a sample that are followed. Large samples have some hundred.
const VARIABLES: usize = 1_000;

/// The most values that are followed from variable to variable.
const NODES: usize = 10_000;

/// The variables of a sample in Java, with what is set in each: `obj1.setTime(obj2)`, `list3.add(obj4)`.
#[derive(Debug, Default)]
struct Variables<'s>(BTreeMap<&'s str, Vec<(&'s str, &'s str)>>);

impl<'s> Variables<'s> {
    fn read(&mut self, statement: &'s str) {
        let call = statement.strip_suffix(')').and_then(|call| call.split_once('('));
        let Some(((variable, method), value)) = call.and_then(|(call, value)| Some((call.rsplit_once('.')?, value)))
        else {
            return;
        };
        let name = method.strip_prefix("set").or_else(|| method.strip_prefix("add").filter(|name| name.is_empty()));
        let variable = variable.trim().rsplit(char::is_whitespace).next().unwrap_or_default();
        if let Some(name) = name
            && (self.0.len() < VARIABLES || self.0.contains_key(variable))
        {
            self.0.entry(variable).or_default().push((name, value.trim()));
        }
    }

    /// A variable as the node `name`. The elements of a list are merged: they have the same fields. At most `left` values
    /// are followed.
    fn node(&self, name: &str, variable: &str, depth: usize, left: &mut usize) -> Node {
        let mut node = Node { name: name.to_owned(), ..Node::default() };
        for (name, value) in self.0.get(variable).into_iter().flatten() {
            // A variable that is set to itself would go on for ever; parameters of the request that are no objects say nothing.
            if depth == DEPTH || *left == 0 || (depth == 0 && !self.0.contains_key(value)) {
                continue;
            }
            *left -= 1;
            let below = self.node(name, value, depth + 1, left);
            if name.is_empty() { node.below.extend(below.below) } else { node.below.push(below) }
        }
        node
    }
}

fn insert(names: &mut BTreeSet<String>, name: &str) {
    let name = squeezed(name);
    if !name.is_empty() {
        names.insert(name);
    }
}

/// `sec_token` and `SecToken` as the same name: samples spell names as their languages do.
pub(super) fn squeezed(name: &str) -> String {
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
        assert_eq!(requests.always_set(&["sec_token", "other"]), BTreeSet::from(["sec_token"]));
        assert_eq!(Requests::read("").always_set(&["sec_token"]), BTreeSet::new());
    }

    #[test]
    fn forms_decoded() {
        for (text, plain) in [("a+b%2Fc", "a b/c"), ("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("100%25", "100%")] {
            assert_eq!(decoded(text), plain);
        }
    }
}
