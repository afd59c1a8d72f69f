//! Tables of keys: the schema that the reader checks, and from which the JSON Schema is generated.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::yaml::{YamlNode, YamlValue};
use crate::diagnostic::{Diagnostic, Diagnostics, Source};

/// The keys of a mapping.
pub(super) struct Table {
    /// The name in the JSON Schema.
    pub(super) name: &'static str,
    /// The description.
    pub(super) doc: &'static str,
    pub(super) keys: &'static [Key],
}

/// A key of a mapping.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) value_type: ValueType,
    pub(super) required: bool,
    pub(super) doc: &'static str,
}

/// The type of a value.
#[derive(Clone, Copy)]
pub(super) enum ValueType {
    String,
    /// An http or https URL that a link can contain.
    Url,
    /// `true` or `false`.
    Boolean,
    /// An integer.
    Integer,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A list of strings.
    Strings,
    Mapping(&'static Table),
    /// A list of mappings.
    List(&'static Table),
}

impl Key {
    pub(super) const fn required(name: &'static str, value_type: ValueType, doc: &'static str) -> Self {
        Self { name, value_type, required: true, doc }
    }

    pub(super) const fn optional(name: &'static str, value_type: ValueType, doc: &'static str) -> Self {
        Self { name, value_type, required: false, doc }
    }
}

/// The valid values of a mapping, by key.
pub(super) type Values<'n> = BTreeMap<&'n str, &'n YamlNode>;

/// Checks documents against tables, and reports all differences.
pub(super) struct SchemaChecker<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) problems: &'a mut Diagnostics,
}

impl SchemaChecker<'_> {
    pub(super) fn problem(&mut self, span: &Range<usize>, message: impl Into<String>, help: Option<String>) {
        let diagnostic = Diagnostic::new(self.source, span.clone(), message);
        self.problems.push(match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }

    /// Returns the valid values of a mapping; `None` if a required one is missing or invalid.
    pub(super) fn mapping<'n>(&mut self, table: &'static Table, node: &'n YamlNode) -> Option<Values<'n>> {
        let (values, complete) = self.values(table, node);
        complete.then_some(values)
    }

    /// Returns the valid values of a mapping, and whether no required one is missing or invalid.
    pub(super) fn values<'n>(&mut self, table: &'static Table, node: &'n YamlNode) -> (Values<'n>, bool) {
        let YamlValue::Mapping(entries) = &node.value else {
            let message = format!("expected a mapping, found {}", node.value.description());
            self.problem(&node.span, message, Some(key_list(table)));
            return (Values::new(), false);
        };
        let mut values = Values::new();
        let mut complete = true;
        for (key, value) in entries {
            let Some(known) = table.keys.iter().find(|known| known.name == key.value) else {
                let help = closest(&key.value, table.keys.iter().map(|known| known.name))
                    .map_or_else(|| key_list(table), |name| format!("did you mean `{name}`?"));
                self.problem(&key.span, format!("unknown key `{}`", key.value.escape_debug()), Some(help));
                continue;
            };
            if self.check_type(known.value_type, value) {
                values.insert(&key.value, value);
            } else {
                complete &= !known.required;
            }
        }
        let present = |name| entries.iter().any(|(key, _)| key.value == name);
        for missing in table.keys.iter().filter(|known| known.required && !present(known.name)) {
            self.problem(&node.span, format!("missing key `{}`", missing.name), Some(missing.doc.to_owned()));
            complete = false;
        }
        (values, complete)
    }

    fn check_type(&mut self, value_type: ValueType, node: &YamlNode) -> bool {
        let (expected, help) = match (value_type, &node.value) {
            (ValueType::String, YamlValue::Scalar(_)) => return true,
            (ValueType::Url, YamlValue::Scalar(text)) if is_url(text) => return true,
            (ValueType::Boolean, YamlValue::Scalar(text)) if matches!(text.as_str(), "true" | "false") => return true,
            (ValueType::Integer, YamlValue::Scalar(text)) if text.parse::<i64>().is_ok() => return true,
            (ValueType::OneOf(names), YamlValue::Scalar(text)) if names.contains(&text.as_str()) => return true,
            (ValueType::Mapping(_), YamlValue::Mapping(_)) | (ValueType::List(_), YamlValue::Sequence(_)) => {
                return true;
            }
            (ValueType::Strings, YamlValue::Sequence(items)) => {
                let mut fits = true;
                for item in items {
                    fits &= self.check_type(ValueType::String, item);
                }
                return fits;
            }
            (ValueType::String, _) => ("a string".to_owned(), None),
            (ValueType::Url, _) => ("a URL starting with `https://` or `http://`".to_owned(), None),
            (ValueType::Boolean, _) => ("true or false".to_owned(), None),
            (ValueType::Integer, _) => ("an integer".to_owned(), None),
            (ValueType::OneOf(names), value) => {
                let similar = match value {
                    YamlValue::Scalar(text) => closest(text, names.iter().copied()),
                    _ => None,
                };
                (format!("one of {}", names.join(", ")), similar.map(|word| format!("did you mean `{word}`?")))
            }
            (ValueType::Mapping(table), _) => ("a mapping".to_owned(), Some(key_list(table))),
            (ValueType::Strings | ValueType::List(_), YamlValue::Null) => {
                ("a list".to_owned(), Some("write [] for an empty list".to_owned()))
            }
            (ValueType::Strings | ValueType::List(_), _) => ("a list".to_owned(), None),
        };
        self.problem(&node.span, format!("expected {expected}, found {}", node.value.description()), help);
        false
    }
}

/// Returns whether a text is a URL that a link can contain.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && text.chars().all(|character| character.is_ascii_graphic()))
        && !text.contains(['<', '>', '(', ')', '|', '`', '\\'])
}

fn key_list(table: &Table) -> String {
    let names: Vec<_> = table.keys.iter().map(|key| key.name).collect();
    format!("the keys are {}", names.join(", "))
}

/// Returns the candidate that is most similar to `word`, which may be misspelled; `None` for a word longer than any
/// name.
pub fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 200;
    let word = Some(word).filter(|word| word.len() <= LONGEST)?.to_lowercase();
    candidates
        .map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
