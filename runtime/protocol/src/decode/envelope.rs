//! What a body is: a response of the method, a refusal, or neither (docs/protocol.md sections 4.1, 4.4, 4.6, 7.4 and
//! 11).
//!
//! A body is a response if one of these holds:
//!
//! 1. It has the documented root node. Case, underscores and the prefix `taobao` make no difference.
//! 2. A documented field, or `request_id`, is at the top level: a simplified response.
//! 3. A root node of another name holds a documented field, or it is called `response`, as Qimen has it, and says that the
//!    call succeeded or has a `request_id`.
//!
//! In the cases 2 and 3 it is a refusal instead if an undocumented `flag` or `success` says that the call failed, or an
//! undocumented code or message does and no documented field holds a value. In case 3 a `sub_code` is enough. A root node
//! of another method (`*_response`) without a documented field is an error.
//!
//! A method that documents no field may answer with an empty object, too.
//!
//! The body of an untyped call is read by the same rules, without documented fields. So the two agree on every body, but
//! for one difference: documented fields can make a response of what is a refusal or an error without them.

use std::ops::Range;

use super::body::ResponseBody;
use super::decoder::{Decoder, Evidence};
use super::json::Json;
use super::room::Room;
use super::source::{Event, Source, SyntaxError};
use super::unknown::UnknownFields;
use super::xml::XmlSource;
use super::{Envelope, Mismatch, html, opened};
use crate::error::{Outcome, PublicFields};
use crate::record::clear;
use crate::{DecodeError, Error, Field, Kind, RecordMut, View};

/// Where the fields of a response are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// In the root node, whose key is this.
    Root(String),
    /// At the top level.
    Top,
}

/// What a response is read with.
pub(super) struct Expected<'a> {
    /// The documented root node.
    pub(super) node: &'a str,
    /// Whether a simplified response was asked for. It may have fields whose names look like a root node.
    pub(super) simplified: bool,
    /// Whether the fields of the method are documented, so that the others are unknown and kept as such.
    pub(super) typed: bool,
}

/// Reads a body into `record`, whose values give way. Returns where the fields of the response are.
pub(super) fn read(
    body: &ResponseBody,
    expected: &Expected<'_>,
    record: &mut dyn RecordMut,
) -> Result<(Place, Envelope), Error> {
    let verdict = verdict(body, expected, record).map_err(|error| Error::Decode(error.in_body(body.text())))?;
    match verdict {
        Verdict::Response(place, envelope) => Ok((place, envelope)),
        Verdict::Refusal(fields) => Err(Error::Platform(Box::new(fields.into_error(body.text())))),
    }
}

enum Verdict {
    Response(Place, Envelope),
    Refusal(PublicFields),
}

fn verdict(
    body: &ResponseBody,
    expected: &Expected<'_>,
    record: &mut dyn RecordMut,
) -> Result<Verdict, Box<DecodeError>> {
    let start = opened(body.text())?;
    clear(record);
    let top = match scan(body, start, Scan::Documented, expected, record)? {
        Scanned::Refusal(refusal) => return Ok(Verdict::Refusal(refusal)),
        Scanned::Top(top) => top,
    };
    let is_simplified = expected.simplified && top.public.request_id.is_some();
    if top.state != State::Searching || !top.has_objects || is_simplified {
        return top.settle(expected, record);
    }
    // Nothing documented is at the top level, and there are objects: one of them may be the root node.
    clear(record);
    match scan(body, start, Scan::OtherRoots, expected, record)? {
        Scanned::Refusal(refusal) => Ok(Verdict::Refusal(refusal)),
        Scanned::Top(other) => top.settle_with(*other, expected, record),
    }
}

/// What a scan looks for.
#[derive(Clone, Copy, PartialEq)]
enum Scan {
    /// The documented root node, and documented fields at the top level.
    Documented,
    /// A root node of another name.
    OtherRoots,
}

enum Scanned {
    /// There is an `error_response`, and whatever else there is does not matter.
    Refusal(PublicFields),
    Top(Box<Top>),
}

/// How far the response has been found.
#[derive(Clone, Debug, Default, PartialEq)]
enum State {
    /// No field of the response so far.
    #[default]
    Searching,
    /// The documented root node, without a value.
    EmptyRoot(String),
    /// The documented root node.
    Root(String),
    /// Documented fields at the top level.
    TopLevel,
    /// A root node of another name.
    OtherRoot(String),
}

/// What the top level of a body holds.
#[derive(Default)]
struct Top {
    state: State,
    evidence: Evidence,
    /// The protocol's fields at the top level.
    public: PublicFields,
    /// The protocol's fields in the root node.
    in_root: PublicFields,
    /// An `error_response` that tells of no error.
    hollow: Option<PublicFields>,
    /// The key of what looks like the root node of another method.
    foreign: Option<String>,
    /// Whether there is nothing at all.
    is_empty: bool,
    /// Whether there is an object that nothing had a place for.
    has_objects: bool,
    /// Whether there is an object or a list that nothing had a place for, at the top level or in the root node.
    is_strange: bool,
    /// How likely [`State::OtherRoot`] is the root node, and which unknown fields are in it.
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
    expected: &Expected<'_>,
    record: &mut dyn RecordMut,
) -> Result<Scanned, Box<DecodeError>> {
    let room = Room::of(start.len());
    let offset = body.text().len() - start.len();
    if start.starts_with('<') {
        scan_with(Decoder::new(XmlSource::new(start), room).of_body(body, offset), scan, expected, record)
    } else {
        scan_with(Decoder::new(Json::new(start), room).of_body(body, offset), scan, expected, record)
    }
}

fn scan_with<'a, S: Source<'a>>(
    decoder: Decoder<'_, S>,
    scan: Scan,
    expected: &Expected<'_>,
    record: &mut dyn RecordMut,
) -> Result<Scanned, Box<DecodeError>> {
    let mut decoder = if expected.typed { decoder } else { decoder.without_unknown() };
    let mut top = Top::default();
    let refusal = top.read(&mut decoder, scan, expected.node, record).map_err(|mut error| {
        error.path = decoder.path();
        error
    })?;
    top.mismatches = std::mem::take(&mut decoder.context.mismatches);
    top.unknown = std::mem::take(&mut decoder.context.unknown);
    Ok(refusal.map_or_else(|| Scanned::Top(Box::new(top)), Scanned::Refusal))
}

impl Top {
    /// Reads the members of the top level, or returns the refusal among them.
    fn read<'a, S: Source<'a>>(
        &mut self,
        decoder: &mut Decoder<'_, S>,
        scan: Scan,
        node: &str,
        record: &mut dyn RecordMut,
    ) -> Result<Option<PublicFields>, Box<DecodeError>> {
        if decoder.next()? != Event::StartObject {
            return Err(DecodeError::new(
                "expected a JSON object or an XML element at the top level",
                "an object",
                "something else",
            ));
        }
        let (mut expected, mut objects) = (0, Vec::new());
        self.is_empty = true;
        while let Event::Key(key) = decoder.next()? {
            self.is_empty = false;
            if key == "error_response" {
                let value = decoder.next()?;
                match PublicFields::of(&decoder.tree(value)?) {
                    Some(refusal) if !refusal.is_hollow() => return Ok(Some(refusal)),
                    hollow => self.hollow = hollow,
                }
                continue;
            }
            if names_node(&key, node) {
                self.read_root(decoder, key.into_owned(), record)?;
                continue;
            }
            let evidence = decoder.member(&key, record, &mut expected)?;
            if evidence != Evidence::None {
                self.found_at_top(evidence);
                continue;
            }
            if key.eq_ignore_ascii_case("html") {
                return Err(html());
            }
            if key.ends_with("_response") {
                self.foreign = Some(key.clone().into_owned());
            }
            match decoder.next()? {
                Event::StartObject if PublicFields::has(&key) => {
                    decoder.unknown(&key, Event::StartObject, Some(&mut self.public))?;
                }
                Event::StartObject if scan == Scan::OtherRoots && self.evidence < Evidence::Field => {
                    self.read_other_root(decoder, key.into_owned(), record)?;
                }
                Event::StartObject => {
                    self.has_objects = true;
                    self.is_strange = true;
                    objects.push((decoder.object_text(&key)?, key));
                }
                value => self.is_strange |= decoder.unknown(&key, value, Some(&mut self.public))?,
            }
        }
        decoder.next()?;
        for (text, key) in objects {
            decoder.keep_text(&key, text);
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
                self.is_strange |= members.strange;
            }
            value if is_empty(&value) => {
                if self.state == State::Searching {
                    self.state = State::EmptyRoot(key);
                }
                return Ok(());
            }
            value => decoder.misfit(&Field::new("", Kind::Object), value)?,
        }
        self.state = State::Root(key);
        Ok(())
    }

    /// Takes note of a documented field at the top level.
    fn found_at_top(&mut self, evidence: Evidence) {
        self.evidence = self.evidence.max(evidence);
        if evidence >= Evidence::Field && !matches!(self.state, State::Root(_)) {
            self.state = State::TopLevel;
        }
    }

    /// Reads an object that may be the root node. Of several, the first that holds a documented field is it, and without
    /// one a refusal.
    fn read_other_root<'a, S: Source<'a>>(
        &mut self,
        decoder: &mut Decoder<'_, S>,
        key: String,
        record: &mut dyn RecordMut,
    ) -> Result<(), SyntaxError> {
        let mut public = PublicFields::default();
        let start = decoder.context.unknown.fields.len();
        let members = decoder.members(record, Some(&mut public))?;
        let within = start..decoder.context.unknown.fields.len();
        let rank = match public.outcome() {
            _ if members.evidence >= Evidence::Field => 4,
            Outcome::Failure | Outcome::Doubtful => 3,
            _ if key == QIMEN_ROOT => 2,
            _ => 1,
        };
        // Its members are no fields of the response.
        let fields = &mut decoder.context.unknown.fields;
        if rank <= self.rank {
            fields.truncate(within.start);
            return Ok(());
        }
        fields.drain(self.in_other.clone());
        self.in_other = within.start - self.in_other.len()..within.end - self.in_other.len();
        self.rank = rank;
        self.evidence = self.evidence.max(members.evidence);
        self.is_strange |= members.strange;
        self.in_root = public;
        self.state = State::OtherRoot(key);
        Ok(())
    }

    /// What the body is, if no root node of another name counts.
    fn settle(self, expected: &Expected<'_>, record: &dyn RecordMut) -> Result<Verdict, Box<DecodeError>> {
        let outcome = self.public.outcome();
        let failed = matches!(outcome, Outcome::Failure | Outcome::Doubtful);
        match &self.state {
            State::Root(key) => {
                let place = Place::Root(key.clone());
                return Ok(self.respond(place, record));
            }
            State::EmptyRoot(key) => {
                let place = Place::Root(key.clone());
                return if failed { refuse(self.public, expected) } else { Ok(self.respond(place, record)) };
            }
            State::TopLevel => {
                let failed = outcome == Outcome::Failure || failed && self.evidence < Evidence::Value;
                return if failed { refuse(self.public, expected) } else { Ok(self.respond(Place::Top, record)) };
            }
            State::Searching | State::OtherRoot(_) => {}
        }
        let has_id = self.public.request_id.is_some();
        if failed {
            return refuse(self.public, expected);
        }
        if let Some(foreign) = self.foreign.filter(|_| !(expected.simplified && has_id)) {
            return Err(of_another_method(&foreign, expected));
        }
        // A method that documents no field answers with nothing.
        let is_nothing = expected.typed && self.is_empty && record.schema().fields.is_empty();
        match self.hollow {
            Some(hollow) if !has_id => Ok(Verdict::Refusal(hollow)),
            _ if has_id || is_nothing => Ok(Self { foreign: None, hollow: None, ..self }.respond(Place::Top, record)),
            _ => Err(neither(expected)),
        }
    }

    /// What the body is, if `other` has been read from a root node of another name.
    fn settle_with(
        self,
        mut other: Self,
        expected: &Expected<'_>,
        record: &dyn RecordMut,
    ) -> Result<Verdict, Box<DecodeError>> {
        let outcomes = [other.in_root.outcome(), self.public.outcome()];
        let doubtful =
            outcomes.contains(&Outcome::Doubtful) && other.evidence < Evidence::Value || other.in_root.has_sub_code();
        if doubtful || outcomes.contains(&Outcome::Failure) {
            let in_root = matches!(outcomes[0], Outcome::Failure | Outcome::Doubtful);
            let fields = if in_root { other.in_root.or(self.public) } else { self.public.or(other.in_root) };
            return refuse(fields, expected);
        }
        if let State::OtherRoot(key) = &mut other.state {
            let has_id = other.in_root.request_id.is_some() || self.public.request_id.is_some();
            if other.evidence >= Evidence::Field || key == QIMEN_ROOT && (has_id || outcomes[0] == Outcome::Success) {
                let place = Place::Root(std::mem::take(key));
                return Ok(other.respond(place, record));
            }
        }
        self.settle(expected, record)
    }

    fn respond(mut self, place: Place, record: &dyn RecordMut) -> Verdict {
        if self.is_strange && self.evidence == Evidence::None && !record.schema().fields.is_empty() {
            self.mismatches.push(Mismatch {
                path: String::new(),
                kind: Kind::Object,
                list: false,
                found: "nothing that is documented".to_owned(),
                replaced: false,
            });
        }
        let request_id = self.in_root.request_id.or(self.public.request_id);
        Verdict::Response(
            place,
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

/// Returns whether a key is the documented root node, as gateways write it: case, underscores and the prefix `taobao` make
/// no difference (docs/protocol.md section 4.1).
fn names_node(key: &str, node: &str) -> bool {
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

fn refuse(fields: PublicFields, expected: &Expected<'_>) -> Result<Verdict, Box<DecodeError>> {
    if fields.is_distinctive() { Ok(Verdict::Refusal(fields)) } else { Err(neither(expected)) }
}

fn neither(expected: &Expected<'_>) -> Box<DecodeError> {
    let node = expected.node;
    let problem = format!("expected {node} or error_response, found neither");
    DecodeError::new(problem, format!("{node} or error_response"), "neither")
}

fn of_another_method(found: &str, expected: &Expected<'_>) -> Box<DecodeError> {
    let node = expected.node;
    let problem = format!("expected {node}, found {found}, the response of another method");
    DecodeError::new(problem, node, found)
}

/// The `request_id` of the few methods that document it as a field of their own.
fn documented_request_id(record: &dyn RecordMut) -> Option<String> {
    let index = record.schema().fields.iter().position(|field| field.name == "request_id")?;
    match record.view(index) {
        View::Text(id) => Some(id.to_owned()),
        _ => None,
    }
}
