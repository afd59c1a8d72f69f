//! A document made into what a spec can say. Whatever is left out, changed or guessed on the way is noted where it stands.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Document, Entry};
use super::words::{Spelling, type_name, visible};
use crate::spec::{Kind, Platform, TypeName, elements, is_method_name, is_name, is_type_name, response_node};

/// Makes `document` a spec's.
///
/// # Errors
///
/// Why it cannot be one.
pub(super) fn settle(document: &mut Document, platform: &Platform) -> Result<(), String> {
    document.method = single_line(&document.method);
    if !is_method_name(&document.method) {
        return Err(format!(
            "invalid method name `{}`: expected a name such as taobao.trade.close",
            document.method.escape_debug()
        ));
    }
    document.title = single_line(&document.title);
    if document.title.is_empty() {
        document.title.clone_from(&document.method);
        document.notes.push("The document has no title.".to_owned());
    }
    document.description = lines(&document.description);
    if document.description == document.title {
        document.description.clear();
    }
    for gateway in &document.gateways {
        let addresses = [&gateway.http, &gateway.https];
        let known = platform.gateways.iter().find(|known| addresses.iter().any(|address| known.has_url(address)));
        if let Some((known, reason)) = known.and_then(|known| Some((known, known.unsupported.as_ref()?))) {
            let id = &known.id.value;
            document.notes.push(format!("The client cannot call the document's gateway, `{id}`, yet: {reason}."));
        }
        if known.is_none() {
            let address = addresses.into_iter().rfind(|address| !address.is_empty());
            let address = address.map(String::as_str).unwrap_or_default();
            document.notes.push(format!("The document's gateway {address} is not in platform.yaml."));
        }
    }
    node(document);
    for error in &mut document.errors {
        error.code = single_line(&error.code);
        error.message = single_line(&error.message);
        error.solution = single_line(&error.solution);
    }
    let errors = document.errors.len();
    document.errors.retain(|error| !error.code.is_empty());
    if document.errors.len() < errors {
        document.notes.push("Left out: an error without a code.".to_owned());
    }
    for (request, entries) in [(true, &mut document.request), (false, &mut document.response)] {
        let side = Side { request, platform, objects: BTreeMap::new(), copied: 0 };
        document.notes.extend(side.settle(entries)?);
    }
    Ok(())
}

impl Document {
    /// Whether the method has no gateway that is to be reached over http.
    pub(super) fn https_only(&self) -> bool {
        !self.gateways.is_empty()
            && self.gateways.iter().all(|gateway| gateway.http.is_empty() && !gateway.https.is_empty())
    }

    /// Every note, with the name of what it is about.
    pub(super) fn all_notes(&self) -> Vec<String> {
        fn below(entries: &[Entry], path: &str, notes: &mut Vec<String>) {
            for entry in entries {
                let path = format!("{path}.{}", entry.name);
                notes.extend(entry.notes.iter().map(|note| format!("{path}: {note}")));
                below(&entry.fields, &path, notes);
            }
        }
        let mut notes = self.notes.clone();
        below(&self.request, "request", &mut notes);
        below(&self.response, "response", &mut notes);
        notes
    }
}

/// The root node: what the document says, or what follows from the method's name.
fn node(document: &mut Document) {
    let derived = response_node(&document.method);
    match &document.node {
        Some(node) if *node == derived => {}
        Some(node) if is_name(node) => {
            let note = format!("The document states this root node; the method's name implies {derived}.");
            document.notes.push(note);
        }
        _ => document.node = Some(derived),
    }
}

/// A text on one line, without what nobody can see.
fn single_line(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text line by line, without empty lines and without what nobody can see.
fn lines(text: &str) -> String {
    let lines = text.lines().map(single_line).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// The request or the response of a document.
struct Side<'p> {
    request: bool,
    platform: &'p Platform,
    /// The objects that are described on this side: the fields of the first description, and how many there are.
    objects: BTreeMap<String, (Vec<Entry>, usize)>,
    /// How many entries stand in a second place.
    copied: usize,
}

/// How many entries may be copied to where an object is named again. Real documents copy a few dozen.
const MOST_COPIED: usize = 10_000;

impl Side<'_> {
    /// Settles a side and returns what was left out of it.
    fn settle(mut self, entries: &mut Vec<Entry>) -> Result<Vec<String>, String> {
        let path = if self.request { "request" } else { "response" };
        let left_out = self.level(entries, path, true)?;
        self.collect(entries);
        self.references(entries, &mut Vec::new())?;
        Ok(left_out)
    }

    /// Settles each entry by itself, from the outside in, and returns what was left out.
    fn level(&self, entries: &mut Vec<Entry>, path: &str, top: bool) -> Result<Vec<String>, String> {
        let mut names = BTreeSet::new();
        let mut left_out = Vec::new();
        for mut entry in std::mem::take(entries) {
            entry.name = visible(&entry.name).trim().to_owned();
            let name = &entry.name;
            if name.is_empty() {
                left_out.push(format!("Left out of the {path}: a parameter without a name."));
            } else if !is_name(name) {
                return Err(format!("invalid parameter name `{}` in {path}", name.escape_debug()));
            } else if top && self.request && self.platform.is_public(name) {
                left_out.push(format!("Left out of the {path}: `{name}`, a public parameter."));
            } else if !names.insert(name.clone()) {
                left_out.push(format!("Left out of the {path}: a second `{name}` of type {}.", entry.kind.trim()));
            } else {
                self.entry(&mut entry, path)?;
                entries.push(entry);
            }
        }
        Ok(left_out)
    }

    fn entry(&self, entry: &mut Entry, path: &str) -> Result<(), String> {
        let path = format!("{path}.{}", entry.name);
        let mut spelling = kind(entry).ok_or_else(|| {
            format!("invalid type `{}` of {path}", entry.kind.chars().take(80).collect::<String>().escape_debug())
        })?;
        entry.description = lines(&entry.description);
        entry.default = single_line(&entry.default);
        entry.example = visible(&entry.example).trim().replace("\r\n", "\n");
        example(entry, &mut spelling);
        entry.kind = spelling.spelled();
        if !self.request {
            entry.required = None;
        }
        if entry.required == Some(false) {
            entry.required = None;
        }
        let scalar =
            matches!(spelling.kind(), Some(Kind::Number | Kind::Byte | Kind::Price | Kind::BigDecimal | Kind::Boolean));
        if scalar && !entry.default.is_empty() && !spelling.fits(&entry.default) {
            entry
                .notes
                .push(format!("Left out: the document's default, which is not a {}: {}", spelling.word, entry.default));
            entry.default.clear();
        }
        if spelling.kind().is_none() {
            // The example of an object is the name of its type, if it is anything.
            entry.example.clear();
            entry.default.clear();
        }
        self.limits(entry, &spelling);
        entry.notes.extend(self.level(&mut entry.fields, &path, false)?);
        Ok(())
    }

    /// Takes away limits that say nothing, or that are not for a value of this type.
    fn limits(&self, entry: &mut Entry, spelling: &Spelling) {
        if !self.request {
            (entry.max_length, entry.max_list_size, entry.min_value, entry.max_value) = (None, None, None, None);
            return;
        }
        let kind = spelling.kind();
        let text = matches!(kind, Some(Kind::String | Kind::FieldList | Kind::File))
            || (matches!(kind, Some(Kind::Json | Kind::Map)) && !spelling.list);
        let list = spelling.list || matches!(kind, Some(Kind::FieldList | Kind::String));
        let number = matches!(kind, Some(Kind::Number | Kind::Byte | Kind::Price | Kind::BigDecimal));
        let word = &spelling.word;
        for (limit, name, fits) in [
            (&mut entry.max_length, "maximum length", text),
            (&mut entry.max_list_size, "maximum list size", list),
            (&mut entry.min_value, "minimum", number),
            (&mut entry.max_value, "maximum", number),
        ] {
            let counted = matches!(name, "maximum length" | "maximum list size");
            if limit.is_some_and(|limit| counted && limit < 1) {
                *limit = None;
            }
            if let (Some(most), false) = (*limit, fits) {
                entry.notes.push(format!("Left out: the document's {name} {most}, which does not apply to a {word}."));
                *limit = None;
            }
        }
        if let (Some(least), Some(most)) = (entry.min_value, entry.max_value)
            && least > most
        {
            entry.notes.push(format!(
                "Left out: the document's minimum {least} and maximum {most}, which exclude every value."
            ));
            (entry.min_value, entry.max_value) = (None, None);
        }
        let beyond = !spelling.list && {
            let number = entry.example.parse::<i64>().ok();
            let units = i64::try_from(entry.example.encode_utf16().count()).unwrap_or(i64::MAX);
            (kind == Some(Kind::String) && entry.max_length.is_some_and(|most| units > most))
                || entry.min_value.is_some_and(|least| number.is_some_and(|number| number < least))
                || entry.max_value.is_some_and(|most| number.is_some_and(|number| number > most))
        };
        if beyond {
            let example = single_line(&entry.example);
            entry.notes.push(format!("Left out: the document's example, which violates its limits: {example}"));
            entry.example.clear();
        }
    }

    fn collect(&mut self, entries: &[Entry]) {
        for entry in entries.iter().filter(|entry| !entry.fields.is_empty()) {
            let described = (entry.fields.clone(), 0);
            let word = Spelling::parse(&entry.kind).word;
            self.objects.entry(word).or_insert(described).1 += 1;
            self.collect(&entry.fields);
        }
    }

    /// Gives every object without fields those of its kind, and where there are none makes it JSON. `within` are the
    /// objects around.
    fn references(&mut self, entries: &mut [Entry], within: &mut Vec<String>) -> Result<(), String> {
        for entry in entries {
            let Spelling { word, list } = Spelling::parse(&entry.kind);
            if Kind::from_word(&word).is_some() {
                continue;
            }
            if entry.fields.is_empty() {
                if within.contains(&word) {
                    if entry.required.take().is_some() {
                        let note = "Required in the document; optional here because an object cannot require itself.";
                        entry.notes.push(note.to_owned());
                    }
                    continue;
                }
                match self.objects.get(&word) {
                    Some((_, 1)) => continue,
                    Some((fields, _)) => {
                        entry
                            .notes
                            .push(format!("The document has several descriptions of `{word}`; this is the first."));
                        self.copied += count(fields);
                        if self.copied > MOST_COPIED {
                            return Err(format!(
                                "the objects expand to too many fields at `{word}`: expected at most {MOST_COPIED}"
                            ));
                        }
                        entry.fields.clone_from(fields);
                    }
                    None => {
                        entry.notes.push(format!("The document does not describe `{word}`; imported as Json."));
                        entry.kind = Spelling { word: Kind::Json.word().to_owned(), list }.spelled();
                        continue;
                    }
                }
            }
            within.push(word);
            self.references(&mut entry.fields, within)?;
            within.pop();
        }
        Ok(())
    }
}

/// How many entries there are, at whatever depth.
fn count(entries: &[Entry]) -> usize {
    entries.iter().map(|entry| 1 + count(&entry.fields)).sum()
}

/// Takes the type of a Number from its example: documents call decimals and lists of numbers a Number too. An example that
/// the type cannot be is left out.
fn example(entry: &mut Entry, spelling: &mut Spelling) {
    let example = entry.example.as_str();
    let kind = spelling.kind();
    if example.is_empty() || kind.is_none() || TypeName::parse(&spelling.spelled()).accepts(example) {
        return;
    }
    let elements = elements(example);
    let taken = [Kind::Number, Kind::BigDecimal]
        .into_iter()
        .find(|kind| !elements.is_empty() && elements.iter().all(|element| kind.accepts(element)));
    let shown = single_line(example);
    match taken {
        Some(kind) if matches!(spelling.kind(), Some(Kind::Number | Kind::Byte)) => {
            let list = spelling.list || elements.len() > 1;
            let document = std::mem::replace(spelling, Spelling { word: kind.word().to_owned(), list }).spelled();
            let taken = spelling.spelled();
            entry
                .notes
                .push(format!("Type {taken} inferred from the example {shown}; the document's type is {document}."));
        }
        _ => {
            entry
                .notes
                .push(format!("Left out: the document's example, which is not a {}: {shown}", spelling.spelled()));
            entry.example.clear();
        }
    }
}

/// The type of an entry, or nothing if what the document gives is none.
fn kind(entry: &mut Entry) -> Option<Spelling> {
    let mut spelling = Spelling::parse(&visible(&entry.kind));
    let object = !entry.fields.is_empty();
    if spelling.word.is_empty() {
        spelling.word = if object { type_name(&entry.name) } else { Kind::String.word().to_owned() };
        let taken = spelling.spelled();
        entry.notes.push(format!("The document has no type; imported as {taken}."));
    } else if let (true, Some(kind)) = (object, spelling.kind()) {
        spelling.word = type_name(&entry.name);
        let taken = spelling.spelled();
        entry.notes.push(format!("The document's type is {}, but it has fields; renamed to {taken}.", kind.word()));
    } else if spelling.kind().is_none() && !is_type_name(&spelling.word) {
        let known = |character: &char| character.is_ascii_alphanumeric() || *character == '_';
        let nested = spelling.word.ends_with("[]");
        let cleaned: String = spelling.word.chars().filter(known).collect();
        let cleaned = cleaned.trim_start_matches(|first: char| first.is_ascii_digit()).to_owned();
        if nested && !object {
            let raw = entry.kind.trim().to_owned();
            entry.notes.push(format!("The document's type is {raw}, a list of lists; imported as Json."));
            return Some(Spelling { word: Kind::Json.word().to_owned(), list: false });
        }
        if !is_type_name(&cleaned) || Kind::from_word(&cleaned).is_some() {
            return None;
        }
        entry.notes.push(format!("The document's spelling of the type is `{}`.", entry.kind.trim()));
        spelling.word = cleaned;
    }
    Some(spelling)
}
