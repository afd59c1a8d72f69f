//! YAML as a tree that knows where each part of it stands.

use std::ops::Range;

use serde_yaml::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};

/// A value and the bytes of its file that it stands at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Range<usize>,
}

/// A part of a document.
pub(super) type Node = Placed<Content>;

/// What a part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing: a key without a value, or `null`.
    Nothing,
    /// A scalar, as it is written; without the quotes, if it has them.
    Text(String),
    List(Vec<Node>),
    Mapping(Vec<(Placed<String>, Node)>),
}

impl Content {
    /// Describes the value for an error: `` `abc` ``, a list.
    pub(super) fn description(&self) -> String {
        match self {
            Self::Nothing => "no value".to_owned(),
            Self::Text(text) => format!("`{}`", text.chars().take(40).collect::<String>().escape_debug()),
            Self::List(_) => "a list".to_owned(),
            Self::Mapping(_) => "a mapping".to_owned(),
        }
    }
}

/// What is wrong with a document, and where.
#[derive(Debug)]
pub(super) struct Malformed {
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
    pub(super) place: Range<usize>,
}

/// How deep a spec may nest. The platform's deepest has some twenty levels.
const DEPTH: usize = 64;

/// Reads a document. Its parts are put together from the parser's events without recursion, and without the aliases that
/// make a small file a large tree, so no input takes more than its own size.
pub(super) fn parse(text: &str) -> Result<Node, Malformed> {
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Malformed::syntax(&error, text))?;
        let place = bytes(span);
        let wrong = |message: &str, help| Err(Malformed { message: message.to_owned(), help, place: place.clone() });
        let node = match event {
            Event::Scalar(scalar, style, anchor, tag) => {
                if anchor > 0 || tag.is_some() {
                    return wrong("anchors and tags are not supported", Some("write the value itself"));
                }
                let nothing = style == ScalarStyle::Plain && matches!(scalar.as_ref(), "" | "~" | "null");
                let value = if nothing { Content::Nothing } else { Content::Text(scalar.into_owned()) };
                Node { value, place }
            }
            Event::SequenceStart(_, anchor, tag) | Event::MappingStart(_, anchor, tag)
                if anchor > 0 || tag.is_some() =>
            {
                return wrong("anchors and tags are not supported", Some("write the value itself"));
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() == DEPTH => {
                return wrong(&format!("nested too deeply: expected at most {DEPTH} levels"), None);
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(place, Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Mapping(place, Vec::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(place, items)) => Node { value: Content::List(items), place },
                Some(Open::Mapping(place, entries, _)) => Node { value: Content::Mapping(entries), place },
                None => continue,
            },
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                return wrong("aliases are not supported", Some("write the value itself"));
            }
            Event::DocumentStart(..) if root.is_some() => {
                return wrong("expected one YAML document, found a second", Some("write each spec to its own file"));
            }
            _ => continue,
        };
        match open.last_mut() {
            None => root = Some(node),
            Some(open) => open.put(node)?,
        }
    }
    match root {
        Some(Node { value: Content::Nothing, .. }) | None => {
            Err(Malformed { message: "the file is empty".to_owned(), help: None, place: 0..0 })
        }
        Some(root) => Ok(root),
    }
}

/// A list or mapping whose end has not come yet.
enum Open {
    List(Range<usize>, Vec<Node>),
    /// The key whose value comes next is kept apart.
    Mapping(Range<usize>, Vec<(Placed<String>, Node)>, Option<Placed<String>>),
}

impl Open {
    fn put(&mut self, node: Node) -> Result<(), Malformed> {
        match self {
            Self::List(_, items) => items.push(node),
            Self::Mapping(_, entries, key) => match (key.take(), node.value) {
                (Some(key), value) => entries.push((key, Node { value, place: node.place })),
                (None, Content::Text(name)) if entries.iter().any(|(key, _)| key.value == name) => {
                    let message = format!("duplicate key `{}`", name.escape_debug());
                    return Err(Malformed { message, help: None, place: node.place });
                }
                (None, Content::Text(name)) => *key = Some(Placed { value: name, place: node.place }),
                (None, _) => {
                    let message = "expected a string as the key".to_owned();
                    return Err(Malformed { message, help: None, place: node.place });
                }
            },
        }
        Ok(())
    }
}

impl Malformed {
    fn syntax(error: &ScanError, text: &str) -> Self {
        let start = error.marker().byte_offset().unwrap_or(text.len());
        Self { message: error.info(), help: None, place: start..start }
    }
}

fn bytes(span: Span) -> Range<usize> {
    let start = span.start.byte_offset().unwrap_or_default();
    start..span.end.byte_offset().unwrap_or(start).max(start)
}
