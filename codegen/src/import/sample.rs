//! The samples on a page. They are written by hand, so they are read leniently.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::element::Element;

/// Sample values of parameters and fields, by name.
pub(super) type SampleValues = BTreeMap<String, BTreeSet<String>>;

/// Adds a value, up to a maximum per name.
fn add(values: &mut SampleValues, name: &str, value: &str) {
    const MAX: usize = 16;
    let values = values.entry(name.to_owned()).or_default();
    if values.len() < MAX {
        values.insert(value.to_owned());
    }
}

/// The maximum depth of a sample; deeper parts are ignored.
const MAX_DEPTH: usize = 64;

/// Reads the response samples in a section, without error responses.
pub(super) fn responses(section: &str) -> Vec<Element> {
    let mut roots = xml(section);
    roots.extend(json(section));
    roots.retain(|root| root.name.ends_with("_response") && root.name != "error_response");
    roots
}

impl Element {
    /// Adds the texts of the leaves to `values`, by name.
    pub(super) fn values(&self, values: &mut SampleValues) {
        if self.children.is_empty() && !self.text.is_empty() {
            add(values, &self.name, &self.text);
        }
        for element in &self.children {
            element.values(values);
        }
    }
}

/// Reads the outermost elements of a text. Unmatched end tags are ignored.
fn xml(text: &str) -> Vec<Element> {
    let mut open: Vec<Element> = Vec::new();
    let mut roots = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        if let Some(element) = open.last_mut() {
            element.text.push_str(before.trim());
        }
        let Some((tag, after)) = after.split_once('>') else { break };
        rest = after;
        let closes = tag.strip_prefix('/').map(str::trim);
        let name = closes.unwrap_or_else(|| tag.split_whitespace().next().unwrap_or_default());
        let name = name.trim_end_matches('/');
        if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            continue;
        }
        if closes.is_none() && open.len() < MAX_DEPTH {
            open.push(Element { name: name.to_owned(), ..Element::default() });
        }
        if (closes.is_some() || tag.ends_with('/')) && open.last().is_some_and(|element| element.name == name) {
            let Some(element) = open.pop() else { continue };
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => roots.push(element),
            }
        }
    }
    roots
}

/// The maximum number of attempts to parse JSON in a section.
const MAX_JSON_ATTEMPTS: usize = 64;

/// Returns the members of the JSON objects in a text.
fn json(text: &str) -> Vec<Element> {
    let mut roots = Vec::new();
    let mut rest = text;
    // After invalid JSON, parsing starts again after its first brace.
    for _ in 0..MAX_JSON_ATTEMPTS {
        let Some(start) = rest.find('{') else { break };
        rest = &rest[start..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let read = values.next().and_then(Result::ok);
        let length = values.byte_offset().max(1);
        if let Some(value) = read {
            push_elements("", &value, &mut roots);
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    roots.into_iter().flat_map(|root| root.children).collect()
}

/// Appends a JSON value as elements called `name`, one per element of an array.
fn push_elements(name: &str, value: &Value, elements: &mut Vec<Element>) {
    let mut element = Element { name: name.to_owned(), ..Element::default() };
    match value {
        Value::Array(items) => return items.iter().for_each(|item| push_elements(name, item, elements)),
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| push_elements(name, value, &mut element.children))
        }
        Value::String(text) => element.text.clone_from(text),
        Value::Null => {}
        scalar => element.text = scalar.to_string(),
    }
    elements.push(element);
}

/// The request samples of a page.
#[derive(Debug, Default)]
pub(super) struct RequestSamples {
    /// The parameters that each programming style sets.
    styles: Vec<BTreeSet<String>>,
    /// The values that the curl sample sends.
    pub(super) values: SampleValues,
    /// The objects that samples assign to parameters, below an unnamed root.
    pub(super) objects: Vec<Element>,
    /// Whether the page has a sample.
    pub(super) any: bool,
    /// Whether a sample passes a session.
    pub(super) session: bool,
}

impl RequestSamples {
    /// Reads the samples of a section.
    pub(super) fn read(section: &str) -> Self {
        let mut requests = Self {
            any: !section.trim().is_empty(),
            session: section.to_ascii_lowercase().contains("session"),
            ..Self::default()
        };
        let (mut sent, mut setters, mut assigned, mut listed) = Default::default();
        for line in section.lines().map(str::trim) {
            if let Some((name, value)) = curl_argument(line) {
                add(&mut requests.values, &name, &value);
                insert_name(&mut sent, &name);
            }
            if let Some((_, rest)) = line.split_once("set")
                && let Some((name, _)) = rest.split_once('(')
            {
                insert_name(&mut setters, name);
            }
            if let Some((left, _)) = line.split_once('=')
                && let Some((_, name)) = left.trim_end().rsplit_once('.')
            {
                insert_name(&mut assigned, name);
            }
            if let Some((name, _)) = line.split_once("':")
                && let Some(name) = name.strip_prefix('\'')
            {
                insert_name(&mut listed, name);
            }
        }
        requests.styles = vec![sent, setters, assigned, listed];
        requests.objects = objects(section, &requests.values);
        requests
    }

    /// Returns those of `parameters` that are set in every style that sets any parameter.
    pub(super) fn always_set<'p>(&self, parameters: &[&'p str]) -> BTreeSet<&'p str> {
        let names: Vec<_> = parameters.iter().map(|name| (*name, normalized_name(name))).collect();
        let styles = self.styles.iter().filter(|style| names.iter().any(|(_, name)| style.contains(name)));
        let styles: Vec<_> = styles.collect();
        let always =
            names.iter().filter(|(_, name)| !styles.is_empty() && styles.iter().all(|style| style.contains(name)));
        always.map(|(name, _)| *name).collect()
    }
}

/// Returns the objects in request samples: those that Java code builds with setters, and JSON that curl sends.
fn objects(section: &str, sent: &SampleValues) -> Vec<Element> {
    let mut variables = Variables::default();
    for statement in section.split(';').map(str::trim) {
        variables.read(statement);
    }
    let mut built = variables.element("", REQUEST_VARIABLE, 0, &mut { MAX_ASSIGNMENTS }).children;
    for (name, values) in sent {
        for value in values.iter().filter_map(|value| serde_json::from_str(value).ok()) {
            if let Value::Object(_) | Value::Array(_) = value {
                push_elements(name, &value, &mut built);
            }
        }
    }
    built.retain(|element| !element.children.is_empty());
    if built.is_empty() { Vec::new() } else { vec![Element { children: built, ..Element::default() }] }
}

/// The variable of the request in Java samples.
const REQUEST_VARIABLE: &str = "req";

/// The maximum number of variables that are read. Large samples have about a hundred.
const MAX_VARIABLES: usize = 1_000;

/// The maximum number of assignments that are followed.
const MAX_ASSIGNMENTS: usize = 10_000;

/// The variables of a Java sample with their assignments: `obj1.setTime(obj2)`, `list3.add(obj4)`.
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
            && (self.0.len() < MAX_VARIABLES || self.0.contains_key(variable))
        {
            self.0.entry(variable).or_default().push((name, value.trim()));
        }
    }

    /// Returns a variable as the element `name`. The elements of a list have the same fields and are merged. At most
    /// `left` assignments are followed.
    fn element(&self, name: &str, variable: &str, depth: usize, left: &mut usize) -> Element {
        let mut element = Element { name: name.to_owned(), ..Element::default() };
        for (name, value) in self.0.get(variable).into_iter().flatten() {
            // The depth limit ends cycles of variables. Scalar parameters of the request are irrelevant.
            if depth == MAX_DEPTH || *left == 0 || (depth == 0 && !self.0.contains_key(value)) {
                continue;
            }
            *left -= 1;
            let children = self.element(name, value, depth + 1, left);
            if name.is_empty() { element.children.extend(children.children) } else { element.children.push(children) }
        }
        element
    }
}

fn insert_name(names: &mut BTreeSet<String>, name: &str) {
    let name = normalized_name(name);
    if !name.is_empty() {
        names.insert(name);
    }
}

/// Returns a name without case and separators: languages spell `sec_token` as `SecToken`.
pub(super) fn normalized_name(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Returns the name and value of a curl argument `-d 'name=value'`.
fn curl_argument(line: &str) -> Option<(String, String)> {
    let argument = line.strip_prefix("-d")?.trim().trim_end_matches('\\').trim();
    let argument = argument.trim_matches(['\'', '"']);
    let (name, value) = argument.split_once('=')?;
    Some((name.to_owned(), form_decoded(value)))
}

/// Decodes a form-encoded text.
fn form_decoded(text: &str) -> String {
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
    fn reads_equal_responses_from_json_and_xml() {
        let leaf = |name: &str, text: &str| Element { name: name.into(), text: text.into(), children: Vec::new() };
        let tree = |name: &str, children: Vec<Element>| Element { name: name.into(), text: String::new(), children };
        let trade = |tid: &str| tree("trade", vec![leaf("tid", tid)]);
        let expected = [tree("a_response", vec![leaf("has", "true"), tree("trades", vec![trade("1"), trade("2")])])];
        let xml = "XML示例\n<a_response>\n <has>true</has><trades><trade><tid>1</tid></trade>\n<trade><tid>2</tid></trade></trades>\n</a_response><!--host-->";
        assert_eq!(responses(xml), expected);
        let json = r#"JSON { "a_response": {"has": true, "trades": {"trade": [{"tid": 1}, {"tid": 2}]}}} {"error_response": {"code": 1}}"#;
        assert_eq!(responses(json), expected);
    }

    #[test]
    fn ignores_invalid_samples() {
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
    fn reads_request_samples() {
        let requests = RequestSamples::read(
            "$req->setSecToken(\"x\");\nreq.SecToken = \"x\";\n-d 'app_key=1' \\\n-d 'sec_token=a%20%E7%AB%AF+b' \\\n-d 'other=1'\n'sec_token':'x'\nrsp = client.execute(req, sessionKey);",
        );
        assert!(requests.session);
        assert_eq!(requests.values["sec_token"], BTreeSet::from(["a 端 b".to_owned()]));
        assert_eq!(requests.always_set(&["sec_token", "other"]), BTreeSet::from(["sec_token"]));
        assert_eq!(RequestSamples::read("").always_set(&["sec_token"]), BTreeSet::new());
    }

    #[test]
    fn decodes_forms() {
        for (text, plain) in [("a+b%2Fc", "a b/c"), ("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("100%25", "100%")] {
            assert_eq!(form_decoded(text), plain);
        }
    }
}
