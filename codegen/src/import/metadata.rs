//! The metadata of an SDK download, `ApiMetadata.xml`: the structs and methods of an application.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

use super::document::{Document, Entry};
use super::element::Element;
use super::error::ImportError;
use super::vocabulary::{self, DocumentType};
use crate::html::plain_text;
use crate::spec::is_method_name;

/// The maximum nesting of elements. The format has seven levels.
const MAX_DEPTH: usize = 32;

/// The maximum number of parameters on one side of a method after its structs are expanded. Large methods have a few
/// hundred.
const MAX_ENTRIES: usize = 20_000;

/// Returns whether the root element of an XML text is that of the metadata.
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

/// Reads all methods of the metadata.
pub(super) fn read(text: &str) -> Vec<Result<Document, ImportError>> {
    let root = match parse_xml(text) {
        Ok(root) => root,
        Err(error) => return vec![Err(error)],
    };
    let structs = Structs::of(&root);
    let apis = root.children_named("apis").flat_map(|apis| apis.children_named("api"));
    let documents: Vec<_> = apis.map(|api| method(api, &structs)).collect();
    if documents.is_empty() {
        return vec![Err("the metadata lists no method: expected <apis> with an <api> for each".into())];
    }
    documents
}

fn method(api: &Element, structs: &Structs) -> Result<Document, ImportError> {
    let name = api.text_of("name");
    let sides = ["request", "response"].map(|side| {
        let Some(element) = api.children_named(side).next() else {
            return Err(
                format!("{name}: missing element <{side}>: a method without parameters has an empty one").into()
            );
        };
        let mut expander = Expander { structs, enclosing: Vec::new(), expanded: Vec::new(), count: 0 };
        let entries = element.children_named("param").map(|param| expander.entry(param)).collect::<Result<Vec<_>, _>>();
        entries.map_err(|error| ImportError::Document(format!("{name}: {error}")))
    });
    let [request, response] = sides;
    if !is_method_name(&name) {
        return Err(format!(
            "invalid method name `{}`: expected a name such as taobao.trade.close",
            name.escape_debug()
        )
        .into());
    }
    let title = plain_text(&api.text_of("desc"));
    let mut document = Document { method: name, title, request: request?, response: response?, ..Document::default() };
    document.notes.push("The metadata does not say whether a call needs a session.".to_owned());
    Ok(document)
}

/// The properties of structs by name; `None` if a name has different definitions.
struct Structs<'e>(BTreeMap<String, Option<&'e Element>>);

impl<'e> Structs<'e> {
    fn of(root: &'e Element) -> Self {
        let mut structs = BTreeMap::new();
        for definition in root.children_named("structs").flat_map(|structs| structs.children_named("struct")) {
            let Some(properties) = definition.children_named("props").next() else { continue };
            structs
                .entry(definition.text_of("name"))
                .and_modify(|known: &mut Option<&Element>| {
                    *known = known.filter(|known| same_properties(known, properties))
                })
                .or_insert(Some(properties));
        }
        Self(structs)
    }
}

/// Returns whether two definitions of a struct have the same properties, ignoring descriptions.
fn same_properties(one: &Element, other: &Element) -> bool {
    let shape = |element: &Element| {
        let properties = element.children_named("prop");
        properties.map(|element| ["name", "type", "level"].map(|key| element.text_of(key))).collect::<Vec<_>>()
    };
    shape(one) == shape(other)
}

/// Expands the structs of one side of a method.
struct Expander<'e> {
    structs: &'e Structs<'e>,
    /// The structs that contain the current entry.
    enclosing: Vec<String>,
    /// The structs already expanded on this side; a spec describes an object once.
    expanded: Vec<String>,
    count: usize,
}

impl Expander<'_> {
    /// Converts a parameter of a method or a property of a struct.
    fn entry(&mut self, element: &Element) -> Result<Entry, String> {
        self.count += 1;
        if self.count > MAX_ENTRIES {
            return Err(format!("the structs expand to too many fields: expected at most {MAX_ENTRIES}"));
        }
        let level = element.text_of("level");
        let list = level.to_ascii_lowercase().contains("array");
        let type_name = element.text_of("type");
        let mut entry = Entry {
            name: element.text_of("name"),
            kind: if list { format!("{type_name}[]") } else { type_name.clone() },
            description: plain_text(&element.text_of("desc")),
            ..Entry::default()
        };
        let required = element.text_of("required");
        entry.required = vocabulary::required(&required);
        if entry.required.is_none() && !required.is_empty() {
            entry.notes.push(format!("Imported as optional: the document's `required` is `{required}`."));
        }
        let basic = level.to_ascii_lowercase().starts_with("basic");
        let definition = self.structs.0.get(&type_name);
        if basic || (level.is_empty() && definition.is_none()) || self.enclosing.contains(&type_name) {
            return Ok(entry);
        }
        match definition {
            // A struct with the name of a platform type is renamed after its field, so every use describes it.
            Some(Some(properties))
                if !self.expanded.contains(&type_name) || DocumentType::parse(&type_name).kind().is_some() =>
            {
                self.expanded.push(type_name.clone());
                self.enclosing.push(type_name);
                entry.fields =
                    properties.children_named("prop").map(|element| self.entry(element)).collect::<Result<_, _>>()?;
                self.enclosing.pop();
            }
            Some(Some(_)) => {}
            Some(None) => {
                entry.notes.push(format!("The document has different definitions of `{type_name}`; imported as Json."));
                entry.kind = if list { "Json[]".to_owned() } else { "Json".to_owned() };
            }
            // Normalization adds a note for an object without a description.
            None => {}
        }
        Ok(entry)
    }
}

impl Element {
    fn children_named<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |element| element.name == name)
    }

    /// Returns the trimmed text of the first child `name`; empty without such a child.
    fn text_of(&self, name: &str) -> String {
        self.children
            .iter()
            .find(|element| element.name == name)
            .map(|element| element.text.trim().to_owned())
            .unwrap_or_default()
    }
}

/// Parses an XML text into its root element.
fn parse_xml(text: &str) -> Result<Element, ImportError> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    let close = |open: &mut Vec<Element>| {
        if open.len() > 1
            && let Some(element) = open.pop()
            && let Some(parent) = open.last_mut()
        {
            parent.children.push(element);
        }
    };
    loop {
        let event = reader.read_event().map_err(ImportError::Xml)?;
        match event {
            Event::Start(start) | Event::Empty(start) if open.len() >= MAX_DEPTH => {
                let name = start.name().into_inner().to_owned();
                return Err(format!(
                    "the element <{}> is nested too deeply: expected at most {MAX_DEPTH} levels",
                    name.escape_debug()
                )
                .into());
            }
            Event::Start(start) => open.push(element_named(start.name().into_inner())),
            Event::Empty(start) => {
                open.push(element_named(start.name().into_inner()));
                close(&mut open);
            }
            Event::End(_) => close(&mut open),
            Event::Text(text) => push_text(&mut open, &text.xml10_content()),
            Event::CData(text) => push_text(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => match (reference.resolve_char_ref(), resolve_predefined_entity(&reference))
            {
                (Ok(Some(character)), _) => push_text(&mut open, character.encode_utf8(&mut [0; 4])),
                (_, Some(text)) => push_text(&mut open, text),
                _ => push_text(&mut open, &format!("&{};", &*reference)),
            },
            Event::Eof if open.len() > 1 => {
                let name = open.last().map(|element| element.name.clone()).unwrap_or_default();
                return Err(format!("the XML ends inside the element <{}>", name.escape_debug()).into());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let roots = open.pop().map(|element| element.children).unwrap_or_default();
    roots.into_iter().next().ok_or_else(|| "the XML has no root element".into())
}

fn push_text(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn element_named(name: &str) -> Element {
    Element { name: name.to_owned(), ..Element::default() }
}
