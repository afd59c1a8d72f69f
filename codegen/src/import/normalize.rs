//! Normalization: reduces a document to what a spec can state, and notes every change.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Document, Entry};
use super::vocabulary::{DocumentType, cell_text, strip_invisible, type_name};
use crate::spec::{Gateway, Kind, Platform, inferred_number, is_method_name, is_name, is_type_name, response_node};

/// Normalizes `document`.
///
/// # Errors
///
/// If the document cannot be stated as a spec.
pub(super) fn normalize(document: &mut Document, platform: &Platform) -> Result<(), String> {
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
    document.description = non_empty_lines(&document.description);
    if document.description == document.title {
        document.description.clear();
    }
    for urls in &document.gateways {
        let has_url = |gateway: &Gateway| gateway.has_url(&urls.http) || gateway.has_url(&urls.https);
        if !platform.gateways.iter().any(has_url) {
            let url = if urls.https.is_empty() { &urls.http } else { &urls.https };
            document.notes.push(format!("The document's gateway {url} is not in platform.yaml."));
        }
    }
    root_node(document);
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
        let side = SideNormalizer { request, platform, objects: BTreeMap::new(), copied: 0 };
        document.notes.extend(side.normalize(entries)?);
    }
    Ok(())
}

impl Document {
    /// Returns whether every environment has an https URL and no http URL.
    pub(super) fn https_only(&self) -> bool {
        !self.gateways.is_empty()
            && self.gateways.iter().all(|gateway| gateway.http.is_empty() && !gateway.https.is_empty())
    }

    /// Returns all notes, each with the path that it is about.
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

/// Sets the root node: the stated one, or the one that the method's name implies.
fn root_node(document: &mut Document) {
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

/// Returns a text on one line, without invisible characters.
fn single_line(text: &str) -> String {
    strip_invisible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns a text without empty lines and invisible characters.
fn non_empty_lines(text: &str) -> String {
    let lines = text.lines().map(single_line).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// The request or the response of a document.
struct SideNormalizer<'p> {
    request: bool,
    platform: &'p Platform,
    /// The fields of the first description of each object, and the number of its descriptions.
    objects: BTreeMap<String, (Vec<Entry>, usize)>,
    /// The number of entries copied so far.
    copied: usize,
}

/// The maximum number of entries copied to other uses of an object. Real documents copy a few dozen.
const MAX_COPIED: usize = 10_000;

impl SideNormalizer<'_> {
    /// Normalizes a side and returns the notes on omitted entries.
    fn normalize(mut self, entries: &mut Vec<Entry>) -> Result<Vec<String>, String> {
        let path = if self.request { "request" } else { "response" };
        let omitted = self.entries(entries, path, true)?;
        self.collect(entries);
        self.resolve_references(entries, &mut Vec::new())?;
        Ok(omitted)
    }

    /// Normalizes each entry, outermost first, and returns the notes on omitted entries.
    fn entries(&self, entries: &mut Vec<Entry>, path: &str, top: bool) -> Result<Vec<String>, String> {
        let mut names = BTreeSet::new();
        let mut omitted = Vec::new();
        for mut entry in std::mem::take(entries) {
            entry.name = strip_invisible(&entry.name).trim().to_owned();
            let name = &entry.name;
            if name.is_empty() {
                omitted.push(format!("Left out of the {path}: a parameter without a name."));
            } else if !is_name(name) {
                return Err(format!("invalid parameter name `{}` in {path}", name.escape_debug()));
            } else if top && self.request && self.platform.is_public(name) {
                omitted.push(format!("Left out of the {path}: `{name}`, a public parameter."));
            } else if !names.insert(name.clone()) {
                omitted.push(format!("Left out of the {path}: a second `{name}` of type {}.", entry.kind.trim()));
            } else {
                self.entry(&mut entry, path)?;
                entries.push(entry);
            }
        }
        Ok(omitted)
    }

    fn entry(&self, entry: &mut Entry, path: &str) -> Result<(), String> {
        let path = format!("{path}.{}", entry.name);
        let mut document_type = type_of(entry).ok_or_else(|| {
            format!("invalid type `{}` of {path}", entry.kind.chars().take(80).collect::<String>().escape_debug())
        })?;
        entry.description = cell_text(&non_empty_lines(&entry.description)).to_owned();
        entry.default = cell_text(&single_line(&entry.default)).to_owned();
        entry.example = cell_text(&strip_invisible(&entry.example)).replace("\r\n", "\n");
        infer_type(entry, &mut document_type);
        entry.kind = document_type.spec_type();
        if !self.request {
            entry.required = None;
        }
        if entry.required == Some(false) {
            entry.required = None;
        }
        if document_type.is_number_or_boolean() && !entry.default.is_empty() && !document_type.accepts(&entry.default) {
            entry.notes.push(format!(
                "Left out: the document's default, which is not a {}: {}",
                document_type.name, entry.default
            ));
            entry.default.clear();
        }
        if document_type.kind().is_none() {
            // The example of an object is at most the name of its type.
            entry.example.clear();
            entry.default.clear();
        }
        self.limits(entry, &document_type);
        entry.notes.extend(self.entries(&mut entry.fields, &path, false)?);
        Ok(())
    }

    /// Removes limits that are empty or do not apply to the type.
    fn limits(&self, entry: &mut Entry, document_type: &DocumentType) {
        if !self.request {
            (entry.max_length, entry.max_list_size, entry.min_value, entry.max_value) = (None, None, None, None);
            return;
        }
        let type_name = document_type.as_type_name();
        for (limit, name, applies, least) in [
            (&mut entry.max_length, "maximum length", type_name.has_length(), 1),
            (&mut entry.max_list_size, "maximum list size", type_name.has_list_size(), 1),
            (&mut entry.min_value, "minimum", type_name.is_numeric(), i64::MIN),
            (&mut entry.max_value, "maximum", type_name.is_numeric(), i64::MIN),
        ] {
            let Some(value) = limit.take_if(|value| *value < least || !applies) else { continue };
            if value >= least {
                let name = format!("the document's {name} {value}, which does not apply to a {}", document_type.name);
                entry.notes.push(format!("Left out: {name}."));
            }
        }
        if let (Some(minimum), Some(maximum)) = (entry.min_value, entry.max_value)
            && minimum > maximum
        {
            let limits = format!("the document's minimum {minimum} and maximum {maximum}, which exclude every value");
            entry.notes.push(format!("Left out: {limits}."));
            (entry.min_value, entry.max_value) = (None, None);
        }
        if type_name.violates_limits(&entry.example, entry.max_length, entry.min_value, entry.max_value) {
            let example = single_line(&entry.example);
            entry.notes.push(format!("Left out: the document's example, which violates its limits: {example}"));
            entry.example.clear();
        }
    }

    fn collect(&mut self, entries: &[Entry]) {
        for entry in entries.iter().filter(|entry| !entry.fields.is_empty()) {
            let described = (entry.fields.clone(), 0);
            let word = DocumentType::parse(&entry.kind).name;
            self.objects.entry(word).or_insert(described).1 += 1;
            self.collect(&entry.fields);
        }
    }

    /// Adds fields to objects that need their own description, and turns undescribed objects into JSON. `enclosing` are
    /// the objects around the entries.
    fn resolve_references(&mut self, entries: &mut [Entry], enclosing: &mut Vec<String>) -> Result<(), String> {
        for entry in entries {
            let DocumentType { name, list } = DocumentType::parse(&entry.kind);
            if Kind::from_name(&name).is_some() {
                continue;
            }
            if entry.fields.is_empty() {
                if enclosing.contains(&name) {
                    if entry.required.take().is_some() {
                        let note = "Required in the document; optional here because an object cannot require itself.";
                        entry.notes.push(note.to_owned());
                    }
                    continue;
                }
                match self.objects.get(&name) {
                    Some((_, 1)) => continue,
                    Some((fields, _)) => {
                        let note = format!("The document has several descriptions of `{name}`; this is the first.");
                        entry.notes.push(note);
                        self.copied += count(fields);
                        if self.copied > MAX_COPIED {
                            return Err(format!(
                                "the objects expand to too many fields at `{name}`: expected at most {MAX_COPIED}"
                            ));
                        }
                        entry.fields.clone_from(fields);
                    }
                    None => {
                        entry.notes.push(format!("The document does not describe `{name}`; imported as Json."));
                        entry.kind = DocumentType::new(Kind::Json, list).spec_type();
                        continue;
                    }
                }
            }
            enclosing.push(name);
            self.resolve_references(&mut entry.fields, enclosing)?;
            enclosing.pop();
        }
        Ok(())
    }
}

/// Returns the number of entries at all depths.
fn count(entries: &[Entry]) -> usize {
    entries.iter().map(|entry| 1 + count(&entry.fields)).sum()
}

/// Infers the type of a number from its example, because documents also use Number for decimals and lists. Removes an
/// example that the type does not accept.
fn infer_type(entry: &mut Entry, document_type: &mut DocumentType) {
    let example = entry.example.as_str();
    let kind = document_type.kind();
    if example.is_empty() || kind.is_none() || document_type.accepts(example) {
        return;
    }
    let line = single_line(example);
    match inferred_number(example).filter(|_| matches!(kind, Some(Kind::Number | Kind::Byte))) {
        Some((kind, is_list)) => {
            let inferred = DocumentType::new(kind, document_type.list || is_list);
            let document = std::mem::replace(document_type, inferred);
            let (inferred, document) = (document_type.spec_type(), document.spec_type());
            let note = format!("Type {inferred} inferred from the example {line}; the document's type is {document}.");
            entry.notes.push(note);
        }
        None => {
            let document = document_type.spec_type();
            entry.notes.push(format!("Left out: the document's example, which is not a {document}: {line}"));
            entry.example.clear();
        }
    }
}

/// Returns the type of an entry; `None` if it is not a valid type.
fn type_of(entry: &mut Entry) -> Option<DocumentType> {
    let mut document_type = DocumentType::parse(&strip_invisible(&entry.kind));
    let object = !entry.fields.is_empty();
    if document_type.name.is_empty() {
        document_type.name = if object { type_name(&entry.name) } else { Kind::String.name().to_owned() };
        let inferred = document_type.spec_type();
        entry.notes.push(format!("The document has no type; imported as {inferred}."));
    } else if let (true, Some(kind)) = (object, document_type.kind()) {
        document_type.name = type_name(&entry.name);
        let inferred = document_type.spec_type();
        entry.notes.push(format!("The document's type is {}, but it has fields; renamed to {inferred}.", kind.name()));
    } else if document_type.kind().is_none() && !is_type_name(&document_type.name) {
        let is_valid = |character: &char| character.is_ascii_alphanumeric() || *character == '_';
        let nested = document_type.name.ends_with("[]");
        let cleaned: String = document_type.name.chars().filter(is_valid).collect();
        let cleaned = cleaned.trim_start_matches(|first: char| first.is_ascii_digit()).to_owned();
        if nested && !object {
            let raw = entry.kind.trim().to_owned();
            entry.notes.push(format!("The document's type is {raw}, a list of lists; imported as Json."));
            return Some(DocumentType::new(Kind::Json, false));
        }
        if !is_type_name(&cleaned) || Kind::from_name(&cleaned).is_some() {
            return None;
        }
        entry.notes.push(format!("The document's spelling of the type is `{}`.", entry.kind.trim()));
        document_type.name = cleaned;
    }
    Some(document_type)
}
