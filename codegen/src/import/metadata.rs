//! The metadata of an SDK download, `ApiMetadata.xml`: the structs and the methods of an application.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

use super::document::{Document, Entry};
use super::error::ImportError;
use super::sample::Node;
use super::words::{self, Spelling};
use crate::html::plain;
use crate::spec::is_method_name;

/// Elements nested deeper than this are an error. The format has seven levels.
const DEPTH: usize = 32;

/// The most parameters that one side of a method may have when its structs are expanded. Large methods have a few hundred.
const MOST_ENTRIES: usize = 20_000;

/// Whether an XML text is the metadata of an SDK: its root element tells.
pub(super) fn is_metadata(text: &str) -> bool {
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let (closes, length) = match rest.get(..3) {
            Some("!--") => ("-->", 3),
            _ if rest.starts_with(['?', '!']) => (">", 1),
            _ => {
                return rest
                    .strip_prefix("metadata")
                    .is_some_and(|rest| rest.starts_with(['>', ' ', '\t', '\r', '\n']));
            }
        };
        match rest.find(closes) {
            Some(end) => rest = &rest[end + length..],
            None => return false,
        }
    }
    false
}

/// Reads each method of the metadata.
pub(super) fn read(text: &str) -> Vec<Result<Document, ImportError>> {
    let root = match tree(text) {
        Ok(root) => root,
        Err(error) => return vec![Err(error)],
    };
    let structs = Structs::of(&root);
    let apis = root.children("apis").flat_map(|apis| apis.children("api"));
    let documents: Vec<_> = apis.map(|api| method(api, &structs)).collect();
    if documents.is_empty() {
        return vec![Err("the metadata lists no method: expected <apis> with an <api> for each".into())];
    }
    documents
}

fn method(api: &Node, structs: &Structs) -> Result<Document, ImportError> {
    let name = api.text_of("name");
    let sides = ["request", "response"].map(|side| {
        let Some(node) = api.children(side).next() else {
            return Err(
                format!("{name}: the metadata has no <{side}>; a method without parameters has an empty one").into()
            );
        };
        let mut expanded = Expanded { structs, open: Vec::new(), described: Vec::new(), count: 0 };
        let entries = node.children("param").map(|param| expanded.entry(param)).collect::<Result<Vec<_>, _>>();
        entries.map_err(|error| ImportError::Document(format!("{name}: {error}")))
    });
    let [request, response] = sides;
    if !is_method_name(&name) {
        return Err(format!("`{}` is not a method name such as taobao.trade.close", name.escape_debug()).into());
    }
    let title = plain(&api.text_of("desc"));
    let mut document = Document { method: name, title, request: request?, response: response?, ..Document::default() };
    document.notes.push("The metadata does not say whether a call needs a session.".to_owned());
    Ok(document)
}

/// The structs of the metadata by name: the properties, or nothing where the definitions of one name differ.
struct Structs<'n>(BTreeMap<String, Option<&'n Node>>);

impl<'n> Structs<'n> {
    fn of(root: &'n Node) -> Self {
        let mut structs = BTreeMap::new();
        for definition in root.children("structs").flat_map(|structs| structs.children("struct")) {
            let Some(properties) = definition.children("props").next() else { continue };
            structs
                .entry(definition.text_of("name"))
                .and_modify(|known: &mut Option<&Node>| *known = known.filter(|known| same(known, properties)))
                .or_insert(Some(properties));
        }
        Self(structs)
    }
}

/// Whether two definitions of a struct have the same properties. Their descriptions may differ.
fn same(one: &Node, other: &Node) -> bool {
    let shape = |node: &Node| {
        let properties = node.children("prop");
        properties.map(|node| ["name", "type", "level"].map(|key| node.text_of(key))).collect::<Vec<_>>()
    };
    shape(one) == shape(other)
}

/// One side of a method while its structs are expanded.
struct Expanded<'n> {
    structs: &'n Structs<'n>,
    /// The structs around the current entry.
    open: Vec<String>,
    /// The structs whose fields this side has already; a spec describes an object once.
    described: Vec<String>,
    count: usize,
}

impl Expanded<'_> {
    /// A parameter of a method or a property of a struct.
    fn entry(&mut self, node: &Node) -> Result<Entry, String> {
        self.count += 1;
        if self.count > MOST_ENTRIES {
            return Err(format!("its structs expand to more than {MOST_ENTRIES} fields"));
        }
        let level = node.text_of("level");
        let list = level.to_ascii_lowercase().contains("array");
        let word = node.text_of("type");
        let mut entry = Entry {
            name: node.text_of("name"),
            kind: if list { format!("{word}[]") } else { word.clone() },
            description: plain(&node.text_of("desc")),
            ..Entry::default()
        };
        let required = node.text_of("required");
        entry.required = words::required(&required);
        if entry.required.is_none() && !required.is_empty() {
            entry.notes.push(format!("Taken as optional: the document's required is `{required}`."));
        }
        let basic = level.to_ascii_lowercase().starts_with("basic");
        let known = self.structs.0.get(&word);
        if basic || (level.is_empty() && known.is_none()) || self.open.contains(&word) {
            return Ok(entry);
        }
        match known {
            // A struct that is called like a type of the platform is renamed after its field, so each place describes it.
            Some(Some(properties)) if !self.described.contains(&word) || Spelling::parse(&word).kind().is_some() => {
                self.described.push(word.clone());
                self.open.push(word);
                entry.fields = properties.children("prop").map(|node| self.entry(node)).collect::<Result<_, _>>()?;
                self.open.pop();
            }
            Some(Some(_)) => {}
            Some(None) => {
                entry.notes.push(format!("The document defines several different `{word}`; taken as any JSON."));
                entry.kind = if list { "Json[]".to_owned() } else { "Json".to_owned() };
            }
            // Normalization notes an object that is not described.
            None => {}
        }
        Ok(entry)
    }
}

impl Node {
    fn children<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'n Self> {
        self.below.iter().filter(move |node| node.name == name)
    }

    /// Returns the trimmed text of the first child called `name`; empty without such a child.
    fn text_of(&self, name: &str) -> String {
        self.below.iter().find(|node| node.name == name).map(|node| node.text.trim().to_owned()).unwrap_or_default()
    }
}

/// The root element of an XML text with all elements below it.
fn tree(text: &str) -> Result<Node, ImportError> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Node::default()];
    let close = |open: &mut Vec<Node>| {
        if open.len() > 1
            && let Some(node) = open.pop()
            && let Some(around) = open.last_mut()
        {
            around.below.push(node);
        }
    };
    loop {
        let event = reader.read_event().map_err(ImportError::Xml)?;
        match event {
            Event::Start(start) | Event::Empty(start) if open.len() >= DEPTH => {
                let name = start.name().into_inner().to_owned();
                return Err(
                    format!("the element <{}> is nested in more than {DEPTH} others", name.escape_debug()).into()
                );
            }
            Event::Start(start) => open.push(named(start.name().into_inner())),
            Event::Empty(start) => {
                open.push(named(start.name().into_inner()));
                close(&mut open);
            }
            Event::End(_) => close(&mut open),
            Event::Text(text) => add(&mut open, &text.xml10_content()),
            Event::CData(text) => add(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => match (reference.resolve_char_ref(), resolve_predefined_entity(&reference))
            {
                (Ok(Some(character)), _) => add(&mut open, character.encode_utf8(&mut [0; 4])),
                (_, Some(text)) => add(&mut open, text),
                _ => add(&mut open, &format!("&{};", &*reference)),
            },
            Event::Eof if open.len() > 1 => {
                let name = open.last().map(|node| node.name.clone()).unwrap_or_default();
                return Err(format!("the XML ends inside of the element <{}>", name.escape_debug()).into());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let roots = open.pop().map(|node| node.below).unwrap_or_default();
    roots.into_iter().next().ok_or_else(|| "the XML has no root element".into())
}

fn add(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}

fn named(name: &str) -> Node {
    Node { name: name.to_owned(), ..Node::default() }
}
