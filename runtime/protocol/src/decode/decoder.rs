//! Pieces into records: lenient, and open about it (docs/protocol.md sections 4.3 and 4.5).

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::ops::Range;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use super::Mismatch;
use super::body::ResponseBody;
use super::json::Json;
use super::room::Room;
use super::source::{Event, Source, SyntaxError};
use super::tree::Tree;
use super::unknown::{UnknownField, UnknownFields};
use super::value::{decimal, tree, tree_within, whole};
use crate::debug::HIDDEN;
use crate::error::PublicFields;
use crate::{DateTime, Field, Kind, ObjectListSlot, ObjectSlot, RecordMut, Slot, View, secrets};

/// How many mismatches are kept. A gateway that gets one field wrong gets it wrong in every element of a list, and that
/// is not to hide what it gets wrong elsewhere: of each field the first is kept in any case.
const MISMATCHES: usize = 256;

/// Fills records from a source.
pub(crate) struct Decoder<'d, S> {
    source: S,
    pub(super) context: Context<'d>,
}

/// What a decoder knows apart from its source. JSON within a text is read with the same one.
#[derive(Default)]
pub(super) struct Context<'d> {
    path: Vec<Step>,
    /// How many of the fields around the present place are secrets.
    secrets: usize,
    room: Room,
    pub(super) mismatches: Vec<Mismatch>,
    /// The fields that the mismatches are of.
    misfits: HashSet<String>,
    pub(super) unknown: UnknownFields,
    replacements: Replacements<'d>,
}

/// Which characters of a source are replacements of something invalid.
#[derive(Default)]
struct Replacements<'d> {
    /// The positions of those that are not read yet, in the body.
    invalid: &'d [usize],
    /// Where the document begins in the body.
    start: usize,
    /// How many the source itself has made so far.
    by_source: usize,
}

#[derive(Clone, Copy)]
enum Step {
    Field(&'static str),
    Index(usize),
}

/// How much a member shows that an object is the documented one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Evidence {
    /// The spec lacks the member.
    #[default]
    None,
    /// The name of a documented field, without a value.
    Name,
    /// A documented field with a value, which may not fit or be empty.
    Field,
    /// A documented field that holds a value.
    Value,
}

/// What the members of an object were.
#[derive(Default)]
pub(crate) struct Members {
    /// The best evidence of all.
    pub(crate) evidence: Evidence,
    /// Whether there was an object or a list that nothing had a place for.
    pub(crate) strange: bool,
    count: usize,
}

/// What a scalar makes of a field.
enum Read<T> {
    Value(T),
    /// Nothing, and that is no fault: an XML element without content, a `null`.
    Nothing,
    Misfit,
}

/// A point to which mismatches and unknown fields can be taken back.
#[derive(Clone, Copy)]
struct Mark {
    mismatches: usize,
    unknown: usize,
}

impl<'d, 'a, S: Source<'a>> Decoder<'d, S> {
    pub(crate) fn new(source: S, room: Room) -> Self {
        Self { source, context: Context { room, ..Context::default() } }
    }

    /// The same decoder for a document that begins at `start` of `body`. It keeps unknown fields.
    pub(super) fn of_body(self, body: &'d ResponseBody, start: usize) -> Self {
        let unknown = UnknownFields::within(self.context.room.for_unknown());
        let replacements = Replacements { invalid: body.invalid(), start, by_source: 0 };
        Self { context: Context { unknown, replacements, ..self.context }, ..self }
    }

    /// The same decoder, which keeps no unknown fields.
    pub(super) fn without_unknown(mut self) -> Self {
        self.context.unknown = UnknownFields::default();
        self
    }

    /// The next piece, for a caller that looks before it decodes.
    pub(crate) fn next(&mut self) -> Result<Event<'a>, SyntaxError> {
        self.source.next()
    }

    /// Fills `record` with the members of the object that has just started. Protocol fields among the others go into
    /// `public`.
    pub(crate) fn members(
        &mut self,
        record: &mut dyn RecordMut,
        mut public: Option<&mut PublicFields>,
    ) -> Result<Members, SyntaxError> {
        let mut members = Members::default();
        let mut expected = 0;
        loop {
            match self.source.next()? {
                Event::Key(key) => {
                    members.count += 1;
                    match self.member(&key, record, &mut expected)? {
                        Evidence::None => {
                            let value = self.source.next()?;
                            members.strange |= self.unknown(&key, value, public.as_deref_mut())?;
                        }
                        evidence => members.evidence = members.evidence.max(evidence),
                    }
                }
                _ => return Ok(members),
            }
        }
    }

    /// Fills the field called `key` with the value that follows, if there is such a field. The search begins at the
    /// field that `expected` points to and leaves there the one after it: gateways answer in the documents' order.
    pub(crate) fn member(
        &mut self,
        key: &str,
        record: &mut dyn RecordMut,
        expected: &mut usize,
    ) -> Result<Evidence, SyntaxError> {
        let fields = record.schema().fields;
        let mut order = (*expected..fields.len()).chain(0..*expected);
        let Some(index) = order.find(|index| fields[*index].name == key) else {
            return Ok(Evidence::None);
        };
        *expected = index + 1;
        let field = &fields[index];
        self.context.path.push(Step::Field(field.name));
        self.context.secrets += usize::from(field.secret);
        let value = self.source.next()?;
        // An element without content is what an empty object is in XML. Only the fields of the response itself are evidence.
        let is_at_top = self.context.path.len() == 1;
        let has_value =
            !is_at_top || value != Event::Null && (S::KEYS_REPEAT && field.kind == Kind::Object || !is_blank(&value));
        let reported = self.context.mismatches.len();
        self.fill(field, record.slot(index), value)?;
        self.report_replacements(field, reported);
        self.context.secrets -= usize::from(field.secret);
        self.context.path.pop();
        Ok(if !has_value {
            Evidence::Name
        } else if is_at_top && holds_value(record.view(index)) {
            Evidence::Value
        } else {
            Evidence::Field
        })
    }

    /// Reads the value of a member that the spec lacks, which begins with `value`. Returns whether it is an object or a
    /// list that nothing had a place for.
    pub(super) fn unknown(
        &mut self,
        key: &str,
        value: Event<'a>,
        public: Option<&mut PublicFields>,
    ) -> Result<bool, SyntaxError> {
        match public.filter(|_| PublicFields::has(key)) {
            Some(public) => {
                let value = self.tree(value)?;
                public.read(key, &value);
                if key != "request_id" {
                    self.keep(key, |room| room.charge(key.len()).then_some(value));
                }
                self.report_replacements_in(key);
                Ok(false)
            }
            None => {
                let strange = is_structure(&value);
                self.keep_value(key, value)?;
                self.report_replacements_in(key);
                Ok(strange)
            }
        }
    }

    /// The whole value that begins with `value`.
    pub(super) fn tree(&mut self, value: Event<'a>) -> Result<Value, SyntaxError> {
        tree(&mut self.source, &mut self.context.room, value)
    }

    /// The JSON text of the object that has just started, which is passed over; empty if the body is no JSON.
    pub(super) fn object_text(&mut self, key: &str) -> Result<&'a str, SyntaxError> {
        let start = self.source.offset().unwrap_or_default();
        self.skip(Event::StartObject)?;
        self.report_replacements_in(key);
        // The bracket that has been read already is part of it.
        let end = self.source.offset().unwrap_or_default();
        Ok(self.source.text(start.saturating_sub(1)..end))
    }

    /// Keeps the object that [`object_text`](Self::object_text) has passed over as an unknown field.
    pub(super) fn keep_text(&mut self, key: &str, text: &str) {
        self.keep(key, |room| {
            let mut source = Json::new(text);
            let start = source.next().ok()?;
            tree_within(&mut source, room, start).ok().flatten()
        });
    }

    /// Keeps the value that begins with `value` as an unknown field, or passes over it.
    fn keep_value(&mut self, key: &str, value: Event<'a>) -> Result<(), SyntaxError> {
        if !self.context.unknown.are_kept {
            return self.skip(value);
        }
        let mut room = std::mem::take(&mut self.context.unknown.room);
        let tree = tree_within(&mut self.source, &mut room, value);
        self.context.unknown.room = room;
        let tree = tree?;
        self.keep(key, |_| tree);
        Ok(())
    }

    fn keep(&mut self, key: &str, value: impl FnOnce(&mut Room) -> Option<Value>) {
        if self.context.unknown.are_kept {
            let (path, secret) = (join(self.path(), key), self.context.secrets > 0 || secrets::is_secret(key));
            self.context.unknown.keep(path, secret, value);
        }
    }

    fn fill(&mut self, field: &'static Field, slot: Slot<'_>, value: Event<'a>) -> Result<(), SyntaxError> {
        match slot {
            Slot::None => self.skip(value)?,
            Slot::Text(place) => set(place, self.text(field, value)?),
            Slot::Number(place) => set(place, self.scalar(field, value, read_number)?),
            Slot::Boolean(place) => set(place, self.scalar(field, value, read_boolean)?),
            Slot::Date(place) => set(place, self.scalar(field, value, read_date)?),
            Slot::Decimal(place) => set(place, self.scalar(field, value, read_decimal)?),
            Slot::Json(place) => set(place, self.json(value)?.filter(|json| !json.is_null())),
            Slot::Choice(place) => {
                if let Some(text) = self.text(field, value)?.filter(|text| !text.is_empty()) {
                    place.set(text);
                }
            }
            Slot::Object(place) => self.object(field, value, place)?,
            Slot::Texts(list) => self.list(field, value, list, |this, field, value, list| {
                match this.text(field, value)? {
                    Some(names) if field.kind == Kind::FieldList => {
                        for name in names.split(',').filter(|name| !name.is_empty()) {
                            this.context.room.take_in_list(list.len(), size_of::<String>())?;
                            list.push(name.to_owned());
                        }
                    }
                    text => list.extend(text),
                }
                Ok(())
            })?,
            Slot::Numbers(list) => self.scalars(field, value, list, read_number)?,
            Slot::Booleans(list) => self.scalars(field, value, list, read_boolean)?,
            Slot::Dates(list) => self.scalars(field, value, list, read_date)?,
            Slot::Decimals(list) => self.scalars(field, value, list, read_decimal)?,
            Slot::Jsons(list) => self.list(field, value, list, |this, _, value, list| {
                list.extend(this.json(value)?);
                Ok(())
            })?,
            Slot::Choices(list) => self.list(field, value, list, |this, field, value, list| {
                if let Some(text) = this.text(field, value)? {
                    list.push(text);
                }
                Ok(())
            })?,
            Slot::Objects(list) => match value {
                Event::Text(text) if self.is_within(&text) => {
                    self.within(&text, |inner, value| inner.fill(field, Slot::Objects(list), value))?;
                }
                value => self.list(field, value, list, Self::element)?,
            },
        }
        Ok(())
    }

    /// Fills the place of an object: from an object, a list of one object, or JSON text that holds either.
    fn object(
        &mut self,
        field: &'static Field,
        value: Event<'a>,
        place: &mut dyn ObjectSlot,
    ) -> Result<(), SyntaxError> {
        match value {
            Event::StartObject => {
                let mark = self.mark();
                let members = self.members_of(place.fill())?;
                if members.count == 1 && members.evidence == Evidence::None {
                    self.only_object_of_type(field, place, mark)?;
                }
                Ok(())
            }
            Event::Null => Ok(()),
            // An element without content is what an empty object is in XML.
            value if is_blank(&value) => {
                if S::KEYS_REPEAT {
                    place.fill();
                }
                Ok(())
            }
            Event::StartList => self.only_object(field, place),
            Event::Text(text) if self.is_within(&text) => {
                self.within(&text, |inner, value| inner.object(field, value, place))
            }
            value => self.misfit(field, value),
        }
    }

    fn members_of(&mut self, object: &mut dyn RecordMut) -> Result<Members, SyntaxError> {
        self.context.room.take_field(object)?;
        self.members(object, None)
    }

    /// Fills the place of an object whose only member is called as its type: the inner key of a list (docs/protocol.md
    /// section 4.3) of one object. The member is the unknown field behind `mark`.
    fn only_object_of_type(
        &mut self,
        field: &'static Field,
        place: &mut dyn ObjectSlot,
        mark: Mark,
    ) -> Result<(), SyntaxError> {
        let Some(UnknownField { path, value, .. }) = self.context.unknown.fields.get(mark.unknown) else {
            return Ok(());
        };
        let letters = |name: &str| name.replace('_', "").to_lowercase();
        let key = path.rsplit('.').next().unwrap_or_default();
        let is_object =
            value.is_object() || value.as_array().is_some_and(|items| matches!(&items[..], [Value::Object(_)]));
        if !is_object || letters(key) != letters(place.fill().schema().name) {
            return Ok(());
        }
        let value = self.context.unknown.fields.remove(mark.unknown).value;
        self.nested(Tree::new(&value), |inner, value| match value {
            Event::StartObject => inner.members_of(place.fill()).map(|_| ()),
            value => inner.object(field, value, place),
        })
    }

    /// Fills the place of an object from the only element of the list that has just started.
    fn only_object(&mut self, field: &Field, place: &mut dyn ObjectSlot) -> Result<(), SyntaxError> {
        let mark = self.mark();
        let mut value = self.source.next()?;
        if value == Event::StartObject {
            self.members_of(place.fill())?;
            value = self.source.next()?;
            if value == Event::EndList {
                return Ok(());
            }
            place.clear();
            self.back_to(mark);
        }
        if value != Event::EndList {
            self.skip(value)?;
            self.skip(Event::StartList)?;
        }
        self.report(field, "a list".to_owned());
        Ok(())
    }

    /// Appends an object to a list: from an object, or from JSON text that holds one.
    fn element(
        &mut self,
        field: &Field,
        value: Event<'a>,
        list: &mut (dyn ObjectListSlot + '_),
    ) -> Result<(), SyntaxError> {
        match value {
            Event::StartObject => {
                let object = list.push();
                self.context.room.take_object(self.index(), object)?;
                self.members(object, None).map(|_| ())
            }
            Event::Null => Ok(()),
            value if is_blank(&value) => {
                if S::KEYS_REPEAT {
                    self.context.room.take_object(self.index(), list.push())?;
                }
                Ok(())
            }
            Event::Text(text) if text.trim_start().starts_with('{') && self.is_within(&text) => {
                self.within(&text, |inner, value| inner.element(field, value, list))
            }
            value => self.misfit(field, value),
        }
    }

    /// Whether a text is JSON that holds an object or a list, and no deeper than a document may be.
    fn is_within(&self, text: &str) -> bool {
        text.trim_start().starts_with(['{', '[']) && Json::within(text, self.source.depth()).is_some()
    }

    /// Reads JSON text as if its value stood in place of the text.
    fn within(
        &mut self,
        text: &str,
        read: impl for<'t> FnOnce(&mut Decoder<'d, Json<'t>>, Event<'t>) -> Result<(), SyntaxError>,
    ) -> Result<(), SyntaxError> {
        match Json::within(text, self.source.depth()) {
            Some(source) => self.nested(source, read),
            None => Ok(()),
        }
    }

    /// Reads a value from another source at the present place.
    fn nested<'t, T: Source<'t>>(
        &mut self,
        source: T,
        read: impl FnOnce(&mut Decoder<'d, T>, Event<'t>) -> Result<(), SyntaxError>,
    ) -> Result<(), SyntaxError> {
        let mut inner = Decoder { source, context: std::mem::take(&mut self.context) };
        let replacements = std::mem::take(&mut inner.context.replacements);
        let result = inner.source.next().and_then(|value| read(&mut inner, value));
        self.context = Context { replacements, ..inner.context };
        result
    }

    fn scalar<T>(
        &mut self,
        field: &Field,
        value: Event<'a>,
        read: fn(&Event<'_>) -> Read<T>,
    ) -> Result<Option<T>, SyntaxError> {
        match read(&value) {
            Read::Value(read) => Ok(Some(read)),
            Read::Nothing => Ok(None),
            Read::Misfit => self.misfit(field, value).map(|()| None),
        }
    }

    fn scalars<T>(
        &mut self,
        field: &Field,
        value: Event<'a>,
        list: &mut Vec<T>,
        read: fn(&Event<'_>) -> Read<T>,
    ) -> Result<(), SyntaxError> {
        self.list(field, value, list, |this, field, value, list| {
            list.extend(this.scalar(field, value, read)?);
            Ok(())
        })
    }

    /// Text takes every scalar as it is written, and structure as the JSON text that it is.
    fn text(&mut self, field: &Field, value: Event<'a>) -> Result<Option<String>, SyntaxError> {
        Ok(match value {
            Event::Text(text) | Event::Number(text) => Some(text.into_owned()),
            Event::Boolean(boolean) => Some(boolean.to_string()),
            Event::Null => None,
            Event::StartObject | Event::StartList => Some(self.structure(value)?),
            value => self.misfit(field, value).map(|()| None)?,
        })
    }

    /// The JSON text of a structure: to the letter where the body is JSON.
    fn structure(&mut self, value: Event<'a>) -> Result<String, SyntaxError> {
        let Some(start) = self.source.offset() else {
            return Ok(self.tree(value)?.to_string());
        };
        self.skip(value)?;
        let end = self.source.offset().unwrap_or(start);
        // The bracket that has been read already is part of it.
        Ok(self.source.text(start.saturating_sub(1)..end).to_owned())
    }

    /// JSON comes as structure or as a text that holds it; a text that holds none is a JSON string.
    fn json(&mut self, value: Event<'a>) -> Result<Option<Value>, SyntaxError> {
        if let Some(value) = self.source.verbatim() {
            return Ok(Some(value));
        }
        Ok(match self.tree(value)? {
            Value::Null => None,
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => match whole(Json::new(&text), &mut self.context.room) {
                Ok(tree) => Some(tree),
                Err(_) => Some(Value::String(text)),
            },
            tree => Some(tree),
        })
    }

    /// A list in any of its shapes: plain, under one inner key of any name, or with its only element under that key.
    fn list<L: List + ?Sized>(
        &mut self,
        field: &Field,
        value: Event<'a>,
        list: &mut L,
        element: impl Fn(&mut Self, &Field, Event<'a>, &mut L) -> Result<(), SyntaxError>,
    ) -> Result<(), SyntaxError> {
        let (mut index, mark) = (0, self.mark());
        let mut element = |this: &mut Self, value: Event<'a>, list: &mut L| {
            this.context.path.push(Step::Index(index));
            this.context.room.take_in_list(index, L::ELEMENT)?;
            index += 1;
            let reported = this.context.mismatches.len();
            element(this, field, value, list)?;
            this.report_replacements(field, reported);
            this.context.path.pop();
            Ok(())
        };
        let mut inner_key: Option<Cow<'a, str>> = None;
        match value {
            Event::Null => return Ok(()),
            Event::Text(text) if text.trim().is_empty() => return Ok(()),
            Event::StartList => return self.elements(list, &mut element),
            Event::StartObject => {}
            value => return element(self, value, list),
        }
        while let Event::Key(key) = self.source.next()? {
            let value = self.source.next()?;
            if *inner_key.get_or_insert_with(|| key.clone()) != *key {
                self.skip(value)?;
                self.skip_rest_of_object()?;
                // What was taken for elements was none.
                self.back_to(mark);
                self.report(field, "an object with several members".to_owned());
                list.clear();
                return Ok(());
            }
            match value {
                Event::StartList => self.elements(list, &mut element)?,
                Event::Null => {}
                value => element(self, value, list)?,
            }
        }
        Ok(())
    }

    fn elements<L: ?Sized>(
        &mut self,
        list: &mut L,
        element: &mut impl FnMut(&mut Self, Event<'a>, &mut L) -> Result<(), SyntaxError>,
    ) -> Result<(), SyntaxError> {
        loop {
            match self.source.next()? {
                Event::EndList => return Ok(()),
                value => element(self, value, list)?,
            }
        }
    }

    /// Passes over a value whose first piece was `value`.
    pub(crate) fn skip(&mut self, value: Event<'a>) -> Result<(), SyntaxError> {
        let mut depth = usize::from(is_structure(&value));
        while depth > 0 {
            match self.source.next()? {
                Event::StartObject | Event::StartList => depth += 1,
                Event::EndObject | Event::EndList => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }

    fn skip_rest_of_object(&mut self) -> Result<(), SyntaxError> {
        self.skip(Event::StartObject)
    }

    /// Passes over a value that does not fit, and keeps what it was.
    pub(crate) fn misfit(&mut self, field: &Field, value: Event<'a>) -> Result<(), SyntaxError> {
        let found = match &value {
            Event::StartObject => "an object".to_owned(),
            Event::StartList => "a list".to_owned(),
            Event::Boolean(_) | Event::Text(_) | Event::Number(_) | Event::Float(_) if self.context.secrets > 0 => {
                HIDDEN.to_owned()
            }
            Event::Text(text) if !secrets::of_text(text, false).is_empty() => HIDDEN.to_owned(),
            Event::Boolean(boolean) => boolean.to_string(),
            Event::Text(text) => format!("{:?}", beginning(text)),
            Event::Number(text) => beginning(text),
            Event::Float(text) => {
                format!("{text}, a float, which may not be the number that was written; write it as text")
            }
            _ => "nothing".to_owned(),
        };
        self.skip(value)?;
        self.report(field, found);
        Ok(())
    }

    /// Which element of a list the present place is.
    fn index(&self) -> usize {
        match self.context.path.last() {
            Some(Step::Index(index)) => *index,
            _ => 0,
        }
    }

    /// The way to the present place, or to where reading has failed.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.context.path {
            // Writing to a string cannot fail.
            let _ = match step {
                Step::Field(name) if path.is_empty() => write!(path, "{name}"),
                Step::Field(name) => write!(path, ".{name}"),
                Step::Index(index) => write!(path, "[{index}]"),
            };
        }
        path
    }

    /// Takes note of replaced characters in a member that the spec lacks.
    fn report_replacements_in(&mut self, key: &str) {
        if self.has_replacements() {
            let path = join(self.path(), key);
            self.report_at(path, &Field::new("", Kind::String), self.invalid(), true);
            self.pass_replacements();
        }
    }

    /// Takes note of replaced characters in what is no value: a comment, an attribute.
    pub(super) fn report_replacements_outside(&mut self) {
        if self.has_replacements() {
            let found = self.invalid();
            self.report_at(found.clone(), &Field::new("", Kind::String), found, true);
        }
    }

    /// Takes note of replaced characters in the value of a field that has just been read, of which `reported` mismatches
    /// and no more had been reported before.
    fn report_replacements(&mut self, field: &Field, reported: usize) {
        if self.has_replacements() {
            if self.context.mismatches.len() == reported {
                self.report_at(self.path(), field, self.invalid(), true);
            }
            self.pass_replacements();
        }
    }

    /// Whether there are replaced characters in what has been read since they were passed.
    fn has_replacements(&self) -> bool {
        let replacements = &self.context.replacements;
        self.source.replaced() != replacements.by_source
            || replacements.invalid.first().is_some_and(|at| *at < replacements.start + self.source.position())
    }

    fn pass_replacements(&mut self) {
        let position = self.context.replacements.start + self.source.position();
        let replacements = &mut self.context.replacements;
        if !replacements.invalid.is_empty() {
            let passed = replacements.invalid.partition_point(|at| *at < position);
            replacements.invalid = replacements.invalid.get(passed..).unwrap_or_default();
        }
        replacements.by_source = self.source.replaced();
    }

    /// What the first of the replaced characters is.
    fn invalid(&self) -> String {
        match self.context.replacements.invalid.first() {
            Some(at) if *at < self.context.replacements.start + self.source.position() => {
                format!("invalid UTF-8 at byte {at}")
            }
            _ => "half of a surrogate pair".to_owned(),
        }
    }

    fn report(&mut self, field: &Field, found: String) {
        self.report_at(self.path(), field, found, false);
    }

    fn report_at(&mut self, path: String, field: &Field, found: String, replaced: bool) {
        let Context { mismatches, misfits, .. } = &mut self.context;
        if !misfits.insert(without_indexes(&path)) && mismatches.len() >= MISMATCHES {
            return;
        }
        let in_list = path.ends_with(']');
        mismatches.push(Mismatch { path, kind: field.kind, list: field.list && !in_list, found, replaced });
    }

    fn mark(&self) -> Mark {
        Mark { mismatches: self.context.mismatches.len(), unknown: self.context.unknown.fields.len() }
    }

    /// Takes back the mismatches and the unknown fields behind a mark.
    fn back_to(&mut self, mark: Mark) {
        let Context { mismatches, misfits, unknown, .. } = &mut self.context;
        for mismatch in mismatches.drain(mark.mismatches..) {
            misfits.remove(&without_indexes(&mismatch.path));
        }
        unknown.fields.truncate(mark.unknown);
    }
}

/// The path of a member of the object at `path`.
fn join(path: String, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Whether a field holds a value: an object, if one of its fields does.
fn holds_value(view: View<'_>) -> bool {
    match view {
        View::Absent => false,
        View::Object(object) => (0..object.schema().fields.len()).any(|index| holds_value(object.view(index))),
        _ => true,
    }
}

/// A path that is the same for every element of a list.
fn without_indexes(path: &str) -> String {
    path.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest)).collect()
}

/// A list that can be emptied again.
trait List {
    /// How large an element is, of those that are not counted when they come.
    const ELEMENT: usize;

    fn clear(&mut self);
}

impl<T> List for Vec<T> {
    const ELEMENT: usize = size_of::<T>();

    fn clear(&mut self) {
        Vec::clear(self);
    }
}

impl List for dyn crate::ChoiceListSlot + '_ {
    const ELEMENT: usize = size_of::<String>();

    fn clear(&mut self) {
        crate::ChoiceListSlot::clear(self);
    }
}

impl List for dyn ObjectListSlot + '_ {
    const ELEMENT: usize = 0;

    fn clear(&mut self) {
        ObjectListSlot::clear(self);
    }
}

pub(super) fn is_structure(value: &Event<'_>) -> bool {
    matches!(value, Event::StartObject | Event::StartList)
}

fn is_blank(value: &Event<'_>) -> bool {
    matches!(value, Event::Text(text) if text.trim().is_empty())
}

/// The last value that fits stands; one that does not fit leaves the field as it is.
fn set<T>(place: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *place = value;
    }
}

fn beginning(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The text of a scalar that is written as one, `None` for structure and the rest.
fn written<'e>(value: &'e Event<'_>) -> Option<&'e str> {
    match value {
        Event::Text(text) | Event::Number(text) => Some(text.trim()),
        _ => None,
    }
}

fn read<T>(value: &Event<'_>, parse: impl FnOnce(&str) -> Option<T>) -> Read<T> {
    match (value, written(value)) {
        (Event::Null, _) | (_, Some("")) => Read::Nothing,
        (_, Some(text)) => parse(text).map_or(Read::Misfit, Read::Value),
        _ => Read::Misfit,
    }
}

fn read_number(value: &Event<'_>) -> Read<i64> {
    if let Event::Boolean(boolean) = value {
        return Read::Value(i64::from(*boolean));
    }
    read(value, |text| match text.parse() {
        Ok(number) => Some(number),
        Err(_) if text.eq_ignore_ascii_case("true") => Some(1),
        Err(_) if text.eq_ignore_ascii_case("false") => Some(0),
        Err(_) => decimal(text).filter(Decimal::is_integer).and_then(|decimal| decimal.to_i64()),
    })
}

fn read_decimal(value: &Event<'_>) -> Read<Decimal> {
    read(value, decimal)
}

fn read_boolean(value: &Event<'_>) -> Read<bool> {
    match value {
        Event::Boolean(boolean) => Read::Value(*boolean),
        value => read(value, |text| match text {
            "1" => Some(true),
            "0" => Some(false),
            text if text.eq_ignore_ascii_case("true") => Some(true),
            text if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }),
    }
}

/// A date is text, or milliseconds since 1970 (docs/protocol.md section 4.5). A number that as milliseconds falls into
/// 1973 or before, or behind 2286, is something else: seconds, a day as `20240824`, a year, a time as `20240824120000`.
fn read_date(value: &Event<'_>) -> Read<DateTime> {
    const MILLISECONDS: Range<i64> = 100_000_000_000..10_000_000_000_000;
    read(value, |text| {
        DateTime::lenient(text).or_else(|| {
            let milliseconds = decimal(text).filter(Decimal::is_integer)?.to_i64()?;
            MILLISECONDS.contains(&milliseconds).then(|| DateTime::from_epoch_milliseconds(milliseconds))?
        })
    })
}
