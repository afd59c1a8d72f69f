//! What a spec file may say: tables of keys, from which files are checked and the JSON Schema is written.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::node::{Content, Node};
use crate::diagnostic::{Diagnostic, Diagnostics, Source};

/// The keys of a mapping.
pub(super) struct Table {
    /// Its name in the schema.
    pub(super) name: &'static str,
    /// What it describes.
    pub(super) doc: &'static str,
    pub(super) keys: &'static [Key],
}

/// A key of a mapping.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
    pub(super) doc: &'static str,
}

/// What stands behind a key.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Whole,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of texts.
    Texts,
    Mapping(&'static Table),
    /// A list of mappings.
    List(&'static Table),
}

impl Key {
    pub(super) const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { name, shape, required: true, doc }
    }

    pub(super) const fn optional(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { name, shape, required: false, doc }
    }
}

/// The values of a mapping by key: those that have the shape that their key asks for.
pub(super) type Values<'n> = BTreeMap<&'n str, &'n Node>;

/// Holds documents against tables and tells of everything that differs.
pub(super) struct Checker<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) problems: &'a mut Diagnostics,
}

impl Checker<'_> {
    pub(super) fn problem(&mut self, place: &Range<usize>, message: impl Into<String>, help: Option<String>) {
        let diagnostic = Diagnostic::new(self.source, place.clone(), message);
        self.problems.push(match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }

    /// The values of a mapping, or nothing if a required one is missing or misshapen.
    pub(super) fn mapping<'n>(&mut self, table: &'static Table, node: &'n Node) -> Option<Values<'n>> {
        let Content::Mapping(entries) = &node.value else {
            let message = format!("expected a mapping, found {}", node.value.description());
            self.problem(&node.place, message, Some(names(table)));
            return None;
        };
        let mut values = Values::new();
        let mut complete = true;
        for (key, value) in entries {
            let Some(known) = table.keys.iter().find(|known| known.name == key.value) else {
                let help = closest(&key.value, table.keys.iter().map(|known| known.name))
                    .map_or_else(|| names(table), |name| format!("did you mean `{name}`?"));
                self.problem(&key.place, format!("unknown key `{}`", key.value.escape_debug()), Some(help));
                continue;
            };
            if self.fits(known.shape, value) {
                values.insert(&key.value, value);
            } else {
                complete &= !known.required;
            }
        }
        let present = |name| entries.iter().any(|(key, _)| key.value == name);
        for missing in table.keys.iter().filter(|known| known.required && !present(known.name)) {
            self.problem(&node.place, format!("missing key `{}`", missing.name), Some(missing.doc.to_owned()));
            complete = false;
        }
        complete.then_some(values)
    }

    fn fits(&mut self, shape: Shape, node: &Node) -> bool {
        let (expected, help) = match (shape, &node.value) {
            (Shape::Text, Content::Text(_)) => return true,
            (Shape::Flag, Content::Text(text)) if matches!(text.as_str(), "true" | "false") => return true,
            (Shape::Whole, Content::Text(text)) if text.parse::<i64>().is_ok() => return true,
            (Shape::Word(words), Content::Text(text)) if words.contains(&text.as_str()) => return true,
            (Shape::Mapping(_), Content::Mapping(_)) | (Shape::List(_), Content::List(_)) => return true,
            (Shape::Texts, Content::List(items)) => {
                let mut fits = true;
                for item in items {
                    fits &= self.fits(Shape::Text, item);
                }
                return fits;
            }
            (Shape::Text, _) => ("a string".to_owned(), None),
            (Shape::Flag, _) => ("true or false".to_owned(), None),
            (Shape::Whole, _) => ("an integer".to_owned(), None),
            (Shape::Word(words), value) => {
                let meant = match value {
                    Content::Text(text) => closest(text, words.iter().copied()),
                    _ => None,
                };
                (format!("one of {}", words.join(", ")), meant.map(|word| format!("did you mean `{word}`?")))
            }
            (Shape::Mapping(table), _) => ("a mapping".to_owned(), Some(names(table))),
            (Shape::Texts | Shape::List(_), Content::Nothing) => {
                ("a list".to_owned(), Some("write [] for an empty list".to_owned()))
            }
            (Shape::Texts | Shape::List(_), _) => ("a list".to_owned(), None),
        };
        self.problem(&node.place, format!("expected {expected}, found {}", node.value.description()), help);
        false
    }
}

fn names(table: &Table) -> String {
    let names: Vec<_> = table.keys.iter().map(|key| key.name).collect();
    format!("the keys are {}", names.join(", "))
}

/// Returns the candidate that `word` is most likely a misspelling of; `None` for a word that is longer than any name.
pub fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 200;
    let word = Some(word).filter(|word| word.len() <= LONGEST)?.to_lowercase();
    candidates
        .map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
