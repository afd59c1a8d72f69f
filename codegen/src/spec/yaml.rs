//! YAML as a tree of values with their positions.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::{Deserialize, Deserializer};
use serde_yaml::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use serde_yaml::{DefaultMessageFormatter, Location, MessageFormatter};

/// A value and its position in the file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The byte range.
    pub span: Range<usize>,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_yaml::Spanned::deserialize(deserializer)?;
        Ok(Self { value: spanned.value, span: located(spanned.defined) })
    }
}

/// A YAML value with its position.
pub(super) type YamlNode = Spanned<YamlValue>;

/// A YAML value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum YamlValue {
    /// A key without a value, or `null`.
    Null,
    /// The text of a scalar, without quotes.
    Scalar(String),
    Sequence(Vec<YamlNode>),
    Mapping(Vec<(Spanned<String>, YamlNode)>),
}

impl YamlValue {
    /// Describes the value for an error: `` `abc` ``, a list.
    pub(super) fn description(&self) -> String {
        match self {
            Self::Null => "no value".to_owned(),
            Self::Scalar(text) => format!("`{}`", text.chars().take(40).collect::<String>().escape_debug()),
            Self::Sequence(_) => "a list".to_owned(),
            Self::Mapping(_) => "a mapping".to_owned(),
        }
    }
}

/// A syntax error and its position.
#[derive(Debug)]
pub(super) struct YamlError {
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
    pub(super) span: Range<usize>,
}

/// The maximum nesting of a document. The platform's deepest spec has about twenty levels.
const MAX_DEPTH: usize = 64;

/// Parses a document. It is built from parser events, without recursion and aliases, so that the memory is proportional
/// to the input.
pub(super) fn parse(text: &str) -> Result<YamlNode, YamlError> {
    let mut open: Vec<Collection> = Vec::new();
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| YamlError::syntax(&error, text))?;
        let span = bytes(span);
        let fail = |message: &str, help| Err(YamlError { message: message.to_owned(), help, span: span.clone() });
        let node = match event {
            Event::Scalar(scalar, style, anchor, tag) => {
                if anchor > 0 || tag.is_some() {
                    return fail("anchors and tags are not supported", Some("write the value itself"));
                }
                let null = style == ScalarStyle::Plain && matches!(scalar.as_ref(), "" | "~" | "null");
                let value = if null { YamlValue::Null } else { YamlValue::Scalar(scalar.into_owned()) };
                YamlNode { value, span }
            }
            Event::SequenceStart(_, anchor, tag) | Event::MappingStart(_, anchor, tag)
                if anchor > 0 || tag.is_some() =>
            {
                return fail("anchors and tags are not supported", Some("write the value itself"));
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() == MAX_DEPTH => {
                return fail(&format!("nested too deeply: expected at most {MAX_DEPTH} levels"), None);
            }
            Event::SequenceStart(..) => {
                open.push(Collection::List(span, Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Collection::Mapping(span, Vec::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Collection::List(span, items)) => YamlNode { value: YamlValue::Sequence(items), span },
                Some(Collection::Mapping(span, entries, _)) => {
                    check_unique(&entries)?;
                    YamlNode { value: YamlValue::Mapping(entries), span }
                }
                None => continue,
            },
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                return fail("aliases are not supported", Some("write the value itself"));
            }
            Event::DocumentStart(..) if root.is_some() => {
                return fail("expected one YAML document, found a second", Some("write each spec to its own file"));
            }
            _ => continue,
        };
        match open.last_mut() {
            None => root = Some(node),
            Some(open) => open.put(node)?,
        }
    }
    match root {
        Some(YamlNode { value: YamlValue::Null, .. }) | None => {
            Err(YamlError { message: "the file is empty".to_owned(), help: None, span: 0..0 })
        }
        Some(root) => Ok(root),
    }
}

/// Deserializes a document with serde, up to the first error. The syntax is that of [`parse`].
pub(super) fn deserialize<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, YamlError> {
    parse(text)?;
    serde_yaml::from_str(text).map_err(|error| YamlError {
        message: DefaultMessageFormatter.format_message(error.without_snippet()).into_owned(),
        help: None,
        span: error.location().map_or(0..0, located),
    })
}

/// A sequence or mapping whose end event is pending.
enum Collection {
    List(Range<usize>, Vec<YamlNode>),
    /// The entries, and the key whose value is pending.
    Mapping(Range<usize>, Vec<(Spanned<String>, YamlNode)>, Option<Spanned<String>>),
}

impl Collection {
    fn put(&mut self, node: YamlNode) -> Result<(), YamlError> {
        match self {
            Self::List(_, items) => items.push(node),
            Self::Mapping(_, entries, key) => match (key.take(), node.value) {
                (Some(key), value) => entries.push((key, YamlNode { value, span: node.span })),
                (None, YamlValue::Scalar(name)) => *key = Some(Spanned { value: name, span: node.span }),
                (None, _) => {
                    let message = "expected a string as the key".to_owned();
                    return Err(YamlError { message, help: None, span: node.span });
                }
            },
        }
        Ok(())
    }
}

/// Reports the first key that a mapping has twice.
fn check_unique(entries: &[(Spanned<String>, YamlNode)]) -> Result<(), YamlError> {
    let mut seen = BTreeSet::new();
    match entries.iter().find(|(key, _)| !seen.insert(key.value.as_str())) {
        None => Ok(()),
        Some((key, _)) => {
            let message = format!("duplicate key `{}`", key.value.escape_debug());
            Err(YamlError { message, help: None, span: key.span.clone() })
        }
    }
}

impl YamlError {
    fn syntax(error: &ScanError, text: &str) -> Self {
        let start = error.marker().byte_offset().unwrap_or(text.len());
        Self { message: error.info(), help: None, span: start..start }
    }
}

fn bytes(span: Span) -> Range<usize> {
    let start = span.start.byte_offset().unwrap_or_default();
    start..span.end.byte_offset().unwrap_or(start).max(start)
}

fn located(location: Location) -> Range<usize> {
    let (start, length) = (location.span().byte_offset(), location.span().byte_len());
    let start = start.and_then(|start| usize::try_from(start).ok()).unwrap_or_default();
    let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    start..start.saturating_add(length)
}
