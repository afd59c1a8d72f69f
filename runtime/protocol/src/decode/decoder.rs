//! Pieces into records: lenient, and open about it (docs/protocol.md sections 4.3 and 4.5).

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::ops::Range;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use super::json::Json;
use super::room::Room;
use super::source::{Event, Source, SyntaxError};
use super::value::{decimal, tree, whole};
use super::{Evidence, Mismatch, field_evidence};
use crate::debug::HIDDEN;
use crate::{DateTime, Field, Kind, RecordMut, Slot, secrets};

/// How many mismatches are kept. A gateway that gets one field wrong gets it wrong in every element of a list, and that
/// is not to hide what it gets wrong elsewhere: of each field the first is kept in any case.
const MISMATCHES: usize = 256;

/// Fills records from a source.
pub(crate) struct Decoder<S> {
    source: S,
    path: Vec<Step>,
    /// How many of the fields around the present place are secrets.
    secrets: usize,
    room: Room,
    pub(crate) mismatches: Vec<Mismatch>,
    /// The fields that the mismatches are of.
    misfits: HashSet<String>,
}

#[derive(Clone, Copy)]
enum Step {
    Field(&'static str),
    Index(usize),
}

/// What the members of an object were.
pub(crate) struct Members {
    /// What the fields that the record has for them say about the object.
    pub(crate) evidence: Evidence,
    /// Whether there was an object or a list that nothing had a place for.
    pub(crate) strange: bool,
}

/// What a scalar makes of a field.
enum Read<T> {
    Value(T),
    /// Nothing, and that is no fault: an XML element without content, a `null`.
    Nothing,
    Misfit,
}

impl<'a, S: Source<'a>> Decoder<S> {
    pub(crate) fn new(source: S, room: Room) -> Self {
        Self { source, path: Vec::new(), secrets: 0, room, mismatches: Vec::new(), misfits: HashSet::new() }
    }

    /// The next piece, for a caller that looks before it decodes.
    pub(crate) fn next(&mut self) -> Result<Event<'a>, SyntaxError> {
        self.source.next()
    }

    /// Fills `record` with the members of the object that has just started. What it has no field for goes into
    /// `public`, and what has no place there either is passed over.
    pub(crate) fn members(
        &mut self,
        record: &mut dyn RecordMut,
        mut public: Option<&mut dyn RecordMut>,
    ) -> Result<Members, SyntaxError> {
        let mut members = Members { evidence: Evidence::None, strange: false };
        let mut expected = 0;
        loop {
            match self.source.next()? {
                Event::Key(key) => {
                    if self.member(&key, record, &mut expected)? {
                        if public.is_some() {
                            members.evidence = members.evidence.max(field_evidence(&key));
                        }
                        continue;
                    }
                    if let Some(public) = public.as_deref_mut()
                        && self.member(&key, public, &mut 0)?
                    {
                        continue;
                    }
                    let value = self.source.next()?;
                    members.strange |= is_structure(&value);
                    self.skip(value)?;
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
    ) -> Result<bool, SyntaxError> {
        let fields = record.schema().fields;
        let mut order = (*expected..fields.len()).chain(0..*expected);
        let Some(index) = order.find(|index| fields[*index].name == key) else {
            return Ok(false);
        };
        *expected = index + 1;
        let field = &fields[index];
        self.path.push(Step::Field(field.name));
        self.secrets += usize::from(field.secret);
        let value = self.source.next()?;
        self.fill(field, record.slot(index), value)?;
        self.secrets -= usize::from(field.secret);
        self.path.pop();
        Ok(true)
    }

    fn fill(&mut self, field: &'static Field, slot: Slot<'_>, value: Event<'a>) -> Result<(), SyntaxError> {
        match slot {
            Slot::None => self.skip(value)?,
            Slot::Text(place) => set(place, self.text(field, value)?),
            Slot::Number(place) => set(place, self.scalar(field, value, read_number)?),
            Slot::Boolean(place) => set(place, self.scalar(field, value, read_boolean)?),
            Slot::Date(place) => set(place, self.scalar(field, value, read_date)?),
            Slot::Decimal(place) => set(place, self.scalar(field, value, read_decimal)?),
            Slot::Json(place) => set(place, self.json(value)?),
            Slot::Choice(place) => {
                if let Some(text) = self.text(field, value)?.filter(|text| !text.is_empty()) {
                    place.set(text);
                }
            }
            // An element without content is what an empty object is in XML.
            Slot::Object(place) if S::KEYS_REPEAT && is_blank(&value) => {
                place.fill();
            }
            Slot::Object(place) => {
                if self.start_of_object(field, value)? {
                    let object = place.fill();
                    self.room.take_field(object)?;
                    self.members(object, None)?;
                }
            }
            Slot::Texts(list) => self.list(field, value, list, |this, value, list| {
                match this.text(field, value)? {
                    Some(names) if field.kind == Kind::FieldList => {
                        for name in names.split(',').filter(|name| !name.is_empty()) {
                            this.room.take_in_list(list.len(), size_of::<String>())?;
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
            Slot::Jsons(list) => self.list(field, value, list, |this, value, list| {
                list.extend(this.json(value)?);
                Ok(())
            })?,
            Slot::Choices(list) => self.list(field, value, list, |this, value, list| {
                if let Some(text) = this.text(field, value)? {
                    list.push(text);
                }
                Ok(())
            })?,
            Slot::Objects(list) => self.list(field, value, list, |this, value, list| {
                if S::KEYS_REPEAT && is_blank(&value) {
                    this.room.take_object(this.index(), list.push())?;
                } else if this.start_of_object(field, value)? {
                    let object = list.push();
                    this.room.take_object(this.index(), object)?;
                    this.members(object, None)?;
                }
                Ok(())
            })?,
        }
        Ok(())
    }

    /// Whether `value` starts an object. Of what does not, a misfit is reported.
    fn start_of_object(&mut self, field: &Field, value: Event<'a>) -> Result<bool, SyntaxError> {
        match value {
            Event::StartObject => Ok(true),
            Event::Null => Ok(false),
            Event::Text(text) if text.trim().is_empty() => Ok(false),
            value => self.misfit(field, value).map(|()| false),
        }
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
        self.list(field, value, list, |this, value, list| {
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
            return Ok(tree(&mut self.source, &mut self.room, value)?.to_string());
        };
        self.skip(value)?;
        let end = self.source.offset().unwrap_or(start);
        // The bracket that has been read already is part of it.
        Ok(self.source.text(start.saturating_sub(1)..end).to_owned())
    }

    /// JSON comes as structure or as a text that holds it; a text that holds none is a JSON string.
    fn json(&mut self, value: Event<'a>) -> Result<Option<Value>, SyntaxError> {
        Ok(match tree(&mut self.source, &mut self.room, value)? {
            Value::Null => None,
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => match whole(Json::new(&text), &mut self.room) {
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
        element: impl Fn(&mut Self, Event<'a>, &mut L) -> Result<(), SyntaxError>,
    ) -> Result<(), SyntaxError> {
        let (mut index, told) = (0, self.mismatches.len());
        let mut element = |this: &mut Self, value: Event<'a>, list: &mut L| {
            this.path.push(Step::Index(index));
            this.room.take_in_list(index, L::ELEMENT)?;
            index += 1;
            element(this, value, list)?;
            this.path.pop();
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
                for misfit in self.mismatches.drain(told..) {
                    self.misfits.remove(&without_indexes(&misfit.path));
                }
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
            Event::Boolean(_) | Event::Text(_) | Event::Number(_) | Event::Float(_) if self.secrets > 0 => {
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
        match self.path.last() {
            Some(Step::Index(index)) => *index,
            _ => 0,
        }
    }

    /// The way to the present place, or to where reading has failed.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.path {
            // Writing to a string cannot fail.
            let _ = match step {
                Step::Field(name) if path.is_empty() => write!(path, "{name}"),
                Step::Field(name) => write!(path, ".{name}"),
                Step::Index(index) => write!(path, "[{index}]"),
            };
        }
        path
    }

    /// Takes note that nothing in the answer is a field of its record.
    pub(crate) fn report_strange(&mut self) {
        self.report(&Field::new("", Kind::Object), "nothing that is documented".to_owned());
    }

    fn report(&mut self, field: &Field, found: String) {
        let path = self.path();
        if !self.misfits.insert(without_indexes(&path)) && self.mismatches.len() >= MISMATCHES {
            return;
        }
        let in_list = matches!(self.path.last(), Some(Step::Index(_)));
        self.mismatches.push(Mismatch { path, kind: field.kind, list: field.list && !in_list, found });
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

impl List for dyn crate::ObjectListSlot + '_ {
    const ELEMENT: usize = 0;

    fn clear(&mut self) {
        crate::ObjectListSlot::clear(self);
    }
}

pub(super) fn is_structure(value: &Event<'_>) -> bool {
    matches!(value, Event::StartObject | Event::StartList)
}

pub(crate) fn is_blank(value: &Event<'_>) -> bool {
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
