//! Detection of responses and refusals (docs/protocol.md sections 4.1, 4.4, 4.6, 7.4 and 11).
//!
//! A body is a response in one of these cases:
//!
//! 1. It has the documented root node. Case, underscores and the prefix `taobao` are ignored.
//! 2. A documented field, or `request_id`, is at the top level: a simplified response.
//! 3. Another root node has a documented field. For the root node `response` of Qimen, `request_id` or a success is enough.
//! 4. The method documents no field, and the body is an empty object.
//!
//! In cases 2 and 3 the body is a refusal if an undocumented `flag` or `success` reports a failure, or if it has an
//! undocumented code or message and no documented field has a value. In case 3 a `sub_code` is always a refusal. A root node
//! of another method (`*_response`) without a documented field is an error. So is a failure in the only node `response`, even if
//! the method documents a field of this name.
//!
//! Untyped calls use the same rules without documented fields.

use std::ops::Range;

use super::body::ResponseBody;
use super::budget::MemoryBudget;
use super::decoder::{Decoder, Evidence};
use super::document::{html_page, read_body, start_of};
use super::response::{Envelope, Mismatch};
use super::unknown::UnknownFields;
use crate::error::{DecodeError, Error, Outcome, ProtocolFields};
use crate::record::{Field, Kind, RecordMut, View, clear};
use crate::source::{Event, JsonSource, Source, SyntaxError, XmlSource};

/// The location of the fields of a response.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FieldsLocation {
    /// The root node with this key.
    Root(String),
    /// The top level.
    TopLevel,
}

/// The expected response.
pub(super) struct ExpectedResponse<'a> {
    /// The documented root node.
    pub(super) node: &'a str,
    /// Whether a simplified response was requested. Its fields may have names like a root node.
    pub(super) simplified: bool,
    /// Whether the fields of the method are documented, so that unknown fields are collected.
    pub(super) typed: bool,
}

/// Reads a body into `record`, and replaces its values. Returns the location of the fields.
pub(super) fn read(
    body: &ResponseBody,
    expected: &ExpectedResponse<'_>,
    record: &mut dyn RecordMut,
) -> Result<(FieldsLocation, Envelope), Error> {
    let verdict = verdict(body, expected, record).map_err(|error| Error::Decode(error.with_body(body.text())))?;
    match verdict {
        Verdict::Response(location, envelope) => Ok((location, envelope)),
        Verdict::Refusal(fields) => Err(Error::Platform(Box::new(fields.into_error(body.text())))),
    }
}

enum Verdict {
    Response(FieldsLocation, Envelope),
    Refusal(ProtocolFields),
}

fn verdict(
    body: &ResponseBody,
    expected: &ExpectedResponse<'_>,
    record: &mut dyn RecordMut,
) -> Result<Verdict, Box<DecodeError>> {
    let start = start_of(body.text())?;
    clear(record);
    let top = match scan(body, start, Scan::Documented, expected, record)? {
        Scanned::Refusal(refusal) => return Ok(Verdict::Refusal(refusal)),
        Scanned::TopLevel(top) => top,
    };
    if top.found == Found::TopLevelFields
        && top.at_top.request_id.is_none()
        && let Some(refusal) = failure_in_root(start, record)?
    {
        return Ok(Verdict::Refusal(refusal));
    }
    let is_simplified = expected.simplified && top.at_top.request_id.is_some();
    if top.found != Found::Nothing || !top.has_objects || is_simplified {
        return top.classify(expected, record);
    }
    // The top level has objects but no documented field: an object may be the root node.
    clear(record);
    match scan(body, start, Scan::OtherRoots, expected, record)? {
        Scanned::Refusal(refusal) => Ok(Verdict::Refusal(refusal)),
        Scanned::TopLevel(other) => top.classify_with(*other, expected, record),
    }
}

/// The purpose of a scan.
#[derive(Clone, Copy, PartialEq)]
enum Scan {
    /// Finds the documented root node and documented fields at the top level.
    Documented,
    /// Finds other root nodes.
    OtherRoots,
}

enum Scanned {
    /// An `error_response`. The rest of the body does not matter.
    Refusal(ProtocolFields),
    TopLevel(Box<TopLevel>),
}

/// The part of the response that was found.
#[derive(Clone, Debug, Default, PartialEq)]
enum Found {
    /// Nothing.
    #[default]
    Nothing,
    /// The documented root node, without a value.
    EmptyRoot(String),
    /// The documented root node.
    Root(String),
    /// Documented fields at the top level.
    TopLevelFields,
    /// Another root node.
    OtherRoot(String),
}

/// The content of the top level of a body.
#[derive(Default)]
struct TopLevel {
    found: Found,
    evidence: Evidence,
    /// The protocol fields at the top level.
    at_top: ProtocolFields,
    /// The protocol fields in the root node.
    in_root: ProtocolFields,
    /// An `error_response` without an error.
    empty_error: Option<ProtocolFields>,
    /// The key of the root node of another method.
    other_method: Option<String>,
    /// Whether there are no members.
    is_empty: bool,
    /// Whether there is an unknown object.
    has_objects: bool,
    /// Whether there is an unknown object or list at the top level or in the root node.
    has_unknown_structure: bool,
    /// The rank of [`Found::OtherRoot`] as the root node, and the range of its unknown fields.
    rank: u8,
    in_other: Range<usize>,
    mismatches: Vec<Mismatch>,
    unknown: UnknownFields,
}

/// Reads the whole body once.
fn scan(
    body: &ResponseBody,
    start: &str,
    scan: Scan,
    expected: &ExpectedResponse<'_>,
    record: &mut dyn RecordMut,
) -> Result<Scanned, Box<DecodeError>> {
    let budget = MemoryBudget::of_body(start.len());
    let offset = body.text().len() - start.len();
    if start.starts_with('<') {
        scan_with(Decoder::new(XmlSource::new(start), budget).of_body(body, offset), scan, expected, record)
    } else {
        scan_with(Decoder::new(JsonSource::new(start), budget).of_body(body, offset), scan, expected, record)
    }
}

fn scan_with<'a, S: Source<'a>>(
    decoder: Decoder<'_, S>,
    scan: Scan,
    expected: &ExpectedResponse<'_>,
    record: &mut dyn RecordMut,
) -> Result<Scanned, Box<DecodeError>> {
    let mut decoder = if expected.typed { decoder } else { decoder.without_unknown() };
    let mut top = TopLevel::default();
    let refusal = top.read(&mut decoder, scan, expected.node, record).map_err(|mut error| {
        error.path = decoder.path();
        error
    })?;
    top.mismatches = std::mem::take(&mut decoder.context.mismatches);
    top.unknown = std::mem::take(&mut decoder.context.unknown);
    Ok(refusal.map_or_else(|| Scanned::TopLevel(Box::new(top)), Scanned::Refusal))
}

impl TopLevel {
    /// Reads the members of the top level. Returns the refusal if there is one.
    fn read<'a, S: Source<'a>>(
        &mut self,
        decoder: &mut Decoder<'_, S>,
        scan: Scan,
        node: &str,
        record: &mut dyn RecordMut,
    ) -> Result<Option<ProtocolFields>, Box<DecodeError>> {
        if decoder.next()? != Event::StartObject {
            return Err(DecodeError::new(
                "expected a JSON object or an XML element at the top level",
                "a JSON object or an XML element",
                "another value",
            ));
        }
        let (mut expected, mut objects) = (0, Vec::new());
        self.is_empty = true;
        while let Event::Key(key) = decoder.next()? {
            self.is_empty = false;
            if key == "error_response" {
                let value = decoder.next()?;
                match ProtocolFields::of(&decoder.tree(value)?) {
                    Some(refusal) if !refusal.is_empty_error() => return Ok(Some(refusal)),
                    empty_error => self.empty_error = empty_error,
                }
                continue;
            }
            if is_root_node(&key, node) {
                self.read_root(decoder, key.into_owned(), record)?;
                continue;
            }
            let evidence = decoder.member(&key, record, &mut expected)?;
            if evidence != Evidence::None {
                self.record_top_level_field(evidence);
                continue;
            }
            if key.eq_ignore_ascii_case("html") {
                return Err(html_page());
            }
            if key.ends_with("_response") {
                self.other_method = Some(key.clone().into_owned());
            }
            match decoder.next()? {
                Event::StartObject if ProtocolFields::has(&key) => {
                    decoder.unknown(&key, Event::StartObject, Some(&mut self.at_top))?;
                }
                Event::StartObject if scan == Scan::OtherRoots && self.evidence < Evidence::Field => {
                    self.read_other_root(decoder, key.into_owned(), record)?;
                }
                Event::StartObject => {
                    self.has_objects = true;
                    self.has_unknown_structure = true;
                    objects.push((decoder.object_text(&key)?, key));
                }
                value => self.has_unknown_structure |= decoder.unknown(&key, value, Some(&mut self.at_top))?,
            }
        }
        decoder.next()?;
        for (text, key) in objects {
            decoder.add_unknown_text(&key, text);
        }
        decoder.report_replacements_outside();
        Ok(None)
    }

    /// Reads the documented root node.
    fn read_root<'a, S: Source<'a>>(
        &mut self,
        decoder: &mut Decoder<'_, S>,
        key: String,
        record: &mut dyn RecordMut,
    ) -> Result<(), SyntaxError> {
        match decoder.next()? {
            Event::StartObject => {
                let members = decoder.members(record, Some(&mut self.in_root))?;
                self.evidence = self.evidence.max(members.evidence);
                self.has_unknown_structure |= members.has_unknown_structure;
            }
            value if is_empty(&value) => {
                if self.found == Found::Nothing {
                    self.found = Found::EmptyRoot(key);
                }
                return Ok(());
            }
            value => decoder.type_mismatch(&Field::new("", Kind::Object), value)?,
        }
        self.found = Found::Root(key);
        Ok(())
    }

    /// Records a documented field at the top level.
    fn record_top_level_field(&mut self, evidence: Evidence) {
        self.evidence = self.evidence.max(evidence);
        if evidence >= Evidence::Field && !matches!(self.found, Found::Root(_)) {
            self.found = Found::TopLevelFields;
        }
    }

    /// Reads an object that may be the root node. The first object of the highest rank is the root node.
    fn read_other_root<'a, S: Source<'a>>(
        &mut self,
        decoder: &mut Decoder<'_, S>,
        key: String,
        record: &mut dyn RecordMut,
    ) -> Result<(), SyntaxError> {
        let mut fields_in_root = ProtocolFields::default();
        let start = decoder.context.unknown.fields.len();
        let members = decoder.members(record, Some(&mut fields_in_root))?;
        let within = start..decoder.context.unknown.fields.len();
        let rank = match fields_in_root.outcome() {
            _ if members.evidence >= Evidence::Field => 4,
            Outcome::Failure | Outcome::Ambiguous => 3,
            _ if key == QIMEN_ROOT => 2,
            _ => 1,
        };
        // Drops the unknown fields of the object with the lower rank.
        let fields = &mut decoder.context.unknown.fields;
        if rank <= self.rank {
            fields.truncate(within.start);
            return Ok(());
        }
        fields.drain(self.in_other.clone());
        self.in_other = within.start - self.in_other.len()..within.end - self.in_other.len();
        self.rank = rank;
        self.evidence = self.evidence.max(members.evidence);
        self.has_unknown_structure |= members.has_unknown_structure;
        self.in_root = fields_in_root;
        self.found = Found::OtherRoot(key);
        Ok(())
    }

    /// Returns the verdict without other root nodes.
    fn classify(self, expected: &ExpectedResponse<'_>, record: &dyn RecordMut) -> Result<Verdict, Box<DecodeError>> {
        let outcome = self.at_top.outcome();
        let failed = matches!(outcome, Outcome::Failure | Outcome::Ambiguous);
        match &self.found {
            Found::Root(key) => {
                let location = FieldsLocation::Root(key.clone());
                return Ok(self.respond(location, record));
            }
            Found::EmptyRoot(key) => {
                let location = FieldsLocation::Root(key.clone());
                return if failed { refuse(self.at_top, expected) } else { Ok(self.respond(location, record)) };
            }
            Found::TopLevelFields => {
                let failed = outcome == Outcome::Failure || failed && self.evidence < Evidence::Value;
                return if failed {
                    refuse(self.at_top, expected)
                } else {
                    Ok(self.respond(FieldsLocation::TopLevel, record))
                };
            }
            Found::Nothing | Found::OtherRoot(_) => {}
        }
        let has_id = self.at_top.request_id.is_some();
        if failed {
            return refuse(self.at_top, expected);
        }
        if let Some(found) = self.other_method.filter(|_| !(expected.simplified && has_id)) {
            return Err(of_another_method(&found, expected));
        }
        // The response of a method without documented fields may be empty.
        let is_nothing = expected.typed && self.is_empty && record.schema().fields.is_empty();
        match self.empty_error {
            Some(empty_error) if !has_id => Ok(Verdict::Refusal(empty_error)),
            _ if has_id || is_nothing => {
                Ok(Self { other_method: None, empty_error: None, ..self }.respond(FieldsLocation::TopLevel, record))
            }
            _ => Err(neither(expected)),
        }
    }

    /// Returns the verdict with `other`, which was read from another root node.
    fn classify_with(
        self,
        mut other: Self,
        expected: &ExpectedResponse<'_>,
        record: &dyn RecordMut,
    ) -> Result<Verdict, Box<DecodeError>> {
        let outcomes = [other.in_root.outcome(), self.at_top.outcome()];
        let ambiguous =
            outcomes.contains(&Outcome::Ambiguous) && other.evidence < Evidence::Value || other.in_root.has_sub_code();
        if ambiguous || outcomes.contains(&Outcome::Failure) {
            let in_root = matches!(outcomes[0], Outcome::Failure | Outcome::Ambiguous);
            let fields = if in_root { other.in_root.or(self.at_top) } else { self.at_top.or(other.in_root) };
            return refuse(fields, expected);
        }
        if let Found::OtherRoot(key) = &mut other.found {
            let has_id = other.in_root.request_id.is_some() || self.at_top.request_id.is_some();
            if other.evidence >= Evidence::Field || key == QIMEN_ROOT && (has_id || outcomes[0] == Outcome::Success) {
                let location = FieldsLocation::Root(std::mem::take(key));
                return Ok(other.respond(location, record));
            }
        }
        self.classify(expected, record)
    }

    fn respond(mut self, location: FieldsLocation, record: &dyn RecordMut) -> Verdict {
        if self.has_unknown_structure && self.evidence == Evidence::None && !record.schema().fields.is_empty() {
            self.mismatches.push(Mismatch {
                path: String::new(),
                kind: Kind::Object,
                list: false,
                found: "no documented field".to_owned(),
                replaced: false,
            });
        }
        let request_id = self.in_root.request_id.or(self.at_top.request_id);
        Verdict::Response(
            location,
            Envelope {
                request_id: request_id.or_else(|| documented_request_id(record)),
                mismatches: self.mismatches,
                unknown: self.unknown.fields,
                dropped: self.unknown.dropped,
            },
        )
    }
}

/// The root node of Qimen's responses (docs/protocol.md section 7.4).
const QIMEN_ROOT: &str = "response";

/// Returns the failure in the root node of Qimen, if the method documents a field of this name. The field is then read as the
/// root node: only simplified responses have it at the top level too, next to a `request_id`.
fn failure_in_root(start: &str, record: &dyn RecordMut) -> Result<Option<ProtocolFields>, Box<DecodeError>> {
    if !record.schema().fields.iter().any(|field| field.name == QIMEN_ROOT && field.kind == Kind::Object) {
        return Ok(None);
    }
    let body = read_body(start)?;
    let fields = body.get(QIMEN_ROOT).and_then(ProtocolFields::of);
    Ok(fields.filter(|fields| fields.outcome() == Outcome::Failure))
}

/// Returns whether a key is the root node. Case, underscores and the prefix `taobao` are ignored (docs/protocol.md section
/// 4.1).
fn is_root_node(key: &str, node: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = char> {
        let prefix = name.get(..6).filter(|prefix| prefix.eq_ignore_ascii_case("taobao"));
        let name = prefix.map_or(name, |prefix| &name[prefix.len()..]);
        name.chars().filter(|letter| *letter != '_').map(|letter| letter.to_ascii_lowercase())
    }
    key == node || (key.len() >= "response".len() && !node.is_empty() && letters(key).eq(letters(node)))
}

fn is_empty(value: &Event<'_>) -> bool {
    match value {
        Event::Null => true,
        Event::Text(text) => text.trim().is_empty(),
        _ => false,
    }
}

fn refuse(fields: ProtocolFields, expected: &ExpectedResponse<'_>) -> Result<Verdict, Box<DecodeError>> {
    if fields.is_distinctive() { Ok(Verdict::Refusal(fields)) } else { Err(neither(expected)) }
}

fn neither(expected: &ExpectedResponse<'_>) -> Box<DecodeError> {
    let node = expected.node;
    let problem = format!("expected {node} or error_response, found neither");
    DecodeError::new(problem, format!("{node} or error_response"), "neither")
}

fn of_another_method(found: &str, expected: &ExpectedResponse<'_>) -> Box<DecodeError> {
    let node = expected.node;
    let problem = format!("expected {node}, found {found} of another method");
    DecodeError::new(problem, node, found)
}

/// Returns the `request_id` of a method that documents it as a field.
fn documented_request_id(record: &dyn RecordMut) -> Option<String> {
    let index = record.schema().fields.iter().position(|field| field.name == "request_id")?;
    match record.view(index) {
        View::Text(id) => Some(id.to_owned()),
        _ => None,
    }
}
