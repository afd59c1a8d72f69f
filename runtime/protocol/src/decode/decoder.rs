//! The decoder of records. It is lenient, and reports mismatches (docs/protocol.md sections 4.3 and 4.5).

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::ops::Range;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use super::body::ResponseBody;
use super::budget::MemoryBudget;
use super::response::Mismatch;
use super::tree::{decimal, read_document, read_value, try_read_value};
use super::unknown::{UnknownField, UnknownFields};
use crate::error::ProtocolFields;
use crate::open_enum::OpenEnumListSlot;
use crate::record::{Field, Kind, ObjectListSlot, ObjectSlot, RecordMut, Slot, View};
use crate::redact::HIDDEN;
use crate::secrets;
use crate::source::{Event, JsonSource, Source, SyntaxError, TreeSource};
use crate::time::DateTime;

/// The maximum number of mismatches. The first mismatch of each field is kept in addition, so that a mismatch in every
/// element of a list does not hide others.
const MAX_MISMATCHES: usize = 256;

/// The number of objects after which memory for the rest of a list is reserved at once.
const FEW: usize = 4;

/// The maximum number of objects for which memory is reserved before they are read.
const MAX_EXPECTED: usize = 256;

/// A decoder that fills records from a source.
pub(crate) struct Decoder<'d, S> {
    source: S,
    pub(super) context: Context<'d>,
}

/// The state of a decoder, which decoders of embedded JSON share.
#[derive(Default)]
pub(super) struct Context<'d> {
    path: Vec<Step>,
    /// The layouts of the types of list elements.
    layouts: Vec<Layout>,
    budget: MemoryBudget,
    pub(super) mismatches: Vec<Mismatch>,
    /// The paths of the mismatches, without indexes.
    mismatched_fields: HashSet<String>,
    pub(super) unknown: UnknownFields,
    replacements: Replacements<'d>,
}

/// The characters of a source that replace invalid ones.
#[derive(Default)]
struct Replacements<'d> {
    /// The positions in the body of the replacements ahead.
    invalid: &'d [usize],
    /// The start of the document in the body.
    start: usize,
    /// The number of replacements by the source so far.
    by_source: usize,
}

#[derive(Clone, Copy)]
enum Step {
    Field(&'static Field),
    Index(usize),
}

/// The order of members in the last objects of a type. The next object likely has the same order, and lacks the same fields.
struct Layout {
    fields: &'static [Field],
    /// The first member, and the member after each field.
    following: Vec<usize>,
}

/// The evidence of a member that an object is the documented one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Evidence {
    /// The spec lacks the member.
    #[default]
    None,
    /// The member is a documented field without a value.
    Name,
    /// The member is a documented field. Its value may be empty or a mismatch.
    Field,
    /// The member is a documented field with a value.
    Value,
}

/// A summary of the members of an object.
#[derive(Default)]
pub(crate) struct Members {
    /// The best evidence of a member.
    pub(crate) evidence: Evidence,
    /// Whether an unknown member is an object or a list.
    pub(crate) has_unknown_structure: bool,
    count: usize,
}

/// The result of reading a scalar.
enum Scalar<T> {
    Value(T),
    /// An empty XML element or `null`.
    Empty,
    Mismatch,
}

/// A state of the mismatches and unknown fields to roll back to.
#[derive(Clone, Copy)]
struct Checkpoint {
    mismatches: usize,
    unknown: usize,
}

impl Context<'_> {
    /// Returns the index of the layout of a type. Creates one if the current object is an element of a list.
    fn layout(&mut self, fields: &'static [Field]) -> Option<usize> {
        let layout = self.layouts.iter().position(|layout| std::ptr::eq(layout.fields, fields));
        if layout.is_none() && matches!(self.path.last(), Some(Step::Index(_))) {
            self.layouts.push(Layout { fields, following: (0..=fields.len()).collect() });
            return Some(self.layouts.len() - 1);
        }
        layout
    }

    /// Returns the field that likely follows, if `expected` follows in the documented order.
    #[inline(always)]
    fn likely(&self, layout: Option<usize>, expected: usize) -> usize {
        let layout = layout.and_then(|layout| self.layouts.get(layout));
        layout.and_then(|layout| layout.following.get(expected)).copied().unwrap_or(expected)
    }

    /// Sets what [`likely`](Self::likely) returns.
    fn learn(&mut self, layout: Option<usize>, expected: usize, index: usize) {
        let layout = layout.and_then(|layout| self.layouts.get_mut(layout));
        if let Some(following) = layout.and_then(|layout| layout.following.get_mut(expected)) {
            *following = index;
        }
    }
}

impl<'d, 'a, S: Source<'a>> Decoder<'d, S> {
    /// Creates a decoder that ignores unknown fields.
    pub(crate) fn new(source: S, budget: MemoryBudget) -> Self {
        Self { source, context: Context { budget, ..Context::default() } }
    }

    /// Sets the body of the document, which starts at `start` of `body`. Enables unknown fields.
    pub(super) fn of_body(self, body: &'d ResponseBody, start: usize) -> Self {
        let unknown = UnknownFields::new(self.context.budget.for_unknown_fields());
        let replacements = Replacements { invalid: body.invalid(), start, by_source: 0 };
        Self { context: Context { unknown, replacements, ..self.context }, ..self }
    }

    /// Disables unknown fields.
    pub(super) fn without_unknown(mut self) -> Self {
        self.context.unknown = UnknownFields::default();
        self
    }

    /// Returns the next event.
    pub(crate) fn next(&mut self) -> Result<Event<'a>, SyntaxError> {
        self.source.next()
    }

    /// Fills `record` with the members of the object that has started. Undocumented protocol fields go into `protocol`.
    pub(crate) fn members(
        &mut self,
        record: &mut dyn RecordMut,
        mut protocol: Option<&mut ProtocolFields>,
    ) -> Result<Members, SyntaxError> {
        let mut members = Members::default();
        let fields = record.schema().fields;
        let layout = self.context.layout(fields);
        let mut expected = 0;
        loop {
            let likely = self.context.likely(layout, expected);
            let index = match fields.get(likely) {
                Some(field) if self.source.next_key_is(field.name) => likely,
                _ => {
                    let Some(key) = self.source.next_key()? else {
                        return Ok(members);
                    };
                    match position(fields, &key, expected) {
                        Some(index) => {
                            self.context.learn(layout, expected, index);
                            index
                        }
                        None => {
                            members.count += 1;
                            let value = self.source.next()?;
                            members.has_unknown_structure |= self.unknown(&key, value, protocol.as_deref_mut())?;
                            continue;
                        }
                    }
                }
            };
            expected = index + 1;
            members.count += 1;
            members.evidence = members.evidence.max(self.value_of(&fields[index], record, index)?);
        }
    }

    /// Fills the field `key` with the next value, if there is such a field.
    ///
    /// `expected` is the index of the first field to compare, because gateways keep the documented order.
    pub(crate) fn member(
        &mut self,
        key: &str,
        record: &mut dyn RecordMut,
        expected: &mut usize,
    ) -> Result<Evidence, SyntaxError> {
        let fields = record.schema().fields;
        let Some(index) = position(fields, key, *expected) else {
            return Ok(Evidence::None);
        };
        *expected = index + 1;
        self.value_of(&fields[index], record, index)
    }

    /// Fills the field at `index` with the next value.
    #[inline(always)]
    fn value_of(
        &mut self,
        field: &'static Field,
        record: &mut dyn RecordMut,
        index: usize,
    ) -> Result<Evidence, SyntaxError> {
        if self.context.path.is_empty() {
            return self.top_level_value(field, record, index);
        }
        self.context.path.push(Step::Field(field));
        let reported = self.context.mismatches.len();
        let value = self.source.next_value()?;
        self.fill(field, record.slot(index), value)?;
        self.report_replacements(field, reported);
        self.context.path.pop();
        Ok(Evidence::Field)
    }

    /// [`value_of`](Self::value_of) at the top level. Only its fields are evidence.
    fn top_level_value(
        &mut self,
        field: &'static Field,
        record: &mut dyn RecordMut,
        index: usize,
    ) -> Result<Evidence, SyntaxError> {
        self.context.path.push(Step::Field(field));
        let reported = self.context.mismatches.len();
        let value = self.source.next_value()?;
        // In XML, an empty object is an empty element.
        let has_value = value != Event::Null && (S::KEYS_REPEAT && field.kind == Kind::Object || !is_blank(&value));
        self.fill_other(field, record.slot(index), value)?;
        self.report_replacements(field, reported);
        self.context.path.pop();
        Ok(match has_value {
            false => Evidence::Name,
            true if holds_value(record.view(index)) => Evidence::Value,
            true => Evidence::Field,
        })
    }

    /// Reads the value of a member that the spec lacks. Returns whether it is an unknown object or list.
    pub(super) fn unknown(
        &mut self,
        key: &str,
        value: Event<'a>,
        protocol: Option<&mut ProtocolFields>,
    ) -> Result<bool, SyntaxError> {
        match protocol.filter(|_| ProtocolFields::has(key)) {
            Some(protocol) => {
                let value = self.tree(value)?;
                protocol.read(key, &value);
                if key != "request_id" {
                    self.add_unknown(key, |budget| budget.try_charge(key.len()).then_some(value));
                }
                self.report_replacements_in(key);
                Ok(false)
            }
            None => {
                let is_structure = is_structure(&value);
                self.add_unknown_value(key, value)?;
                self.report_replacements_in(key);
                Ok(is_structure)
            }
        }
    }

    /// Reads the value whose first event is `value`.
    pub(super) fn tree(&mut self, value: Event<'a>) -> Result<Value, SyntaxError> {
        read_value(&mut self.source, &mut self.context.budget, value)
    }

    /// Skips the object that has started, and returns its JSON text. The text is empty in other formats.
    pub(super) fn object_text(&mut self, key: &str) -> Result<&'a str, SyntaxError> {
        let start = self.source.offset().unwrap_or_default();
        self.skip(Event::StartObject)?;
        self.report_replacements_in(key);
        // Includes the bracket that was already read.
        let end = self.source.offset().unwrap_or_default();
        Ok(self.source.text(start.saturating_sub(1)..end))
    }

    /// Adds an unknown field from the text of [`object_text`](Self::object_text).
    pub(super) fn add_unknown_text(&mut self, key: &str, text: &str) {
        self.add_unknown(key, |budget| {
            let mut source = JsonSource::new(text);
            let start = source.next().ok()?;
            try_read_value(&mut source, budget, start).ok().flatten()
        });
    }

    /// Reads a value as an unknown field, or skips it.
    fn add_unknown_value(&mut self, key: &str, value: Event<'a>) -> Result<(), SyntaxError> {
        if !self.context.unknown.enabled {
            return self.skip(value);
        }
        let mut budget = std::mem::take(&mut self.context.unknown.budget);
        let tree = try_read_value(&mut self.source, &mut budget, value);
        self.context.unknown.budget = budget;
        let tree = tree?;
        self.add_unknown(key, |_| tree);
        Ok(())
    }

    fn add_unknown(&mut self, key: &str, value: impl FnOnce(&mut MemoryBudget) -> Option<Value>) {
        if self.context.unknown.enabled {
            let (path, secret) = (join(self.path(), key), self.is_in_secret() || secrets::is_secret(key));
            self.context.unknown.add(path, secret, value);
        }
    }

    /// Fills a field with the value whose first event is `value`. Sets a value in its usual form at once, because most values
    /// have it.
    #[inline(always)]
    fn fill(&mut self, field: &'static Field, mut slot: Slot<'_>, value: Event<'a>) -> Result<(), SyntaxError> {
        let is_filled = match (&mut slot, &value) {
            (Slot::Text(slot), Event::Text(Cow::Borrowed(text))) => set(slot, Some((*text).to_owned())),
            (Slot::Number(slot), Event::Number(text)) => set(slot, short_number(text)),
            (Slot::Date(slot), Event::Text(text)) => set(slot, text.parse().ok()),
            (Slot::Boolean(slot), Event::Boolean(boolean)) => set(slot, Some(*boolean)),
            _ => false,
        };
        if is_filled { Ok(()) } else { self.fill_other(field, slot, value) }
    }

    /// [`fill`](Self::fill) with a value in any form.
    #[inline(never)]
    fn fill_other(&mut self, field: &'static Field, slot: Slot<'_>, value: Event<'a>) -> Result<(), SyntaxError> {
        match slot {
            Slot::None => self.skip(value)?,
            Slot::Text(slot) => _ = set(slot, self.text(field, value)?),
            Slot::Number(slot) => _ = set(slot, self.scalar(field, value, read_number)?),
            Slot::Boolean(slot) => _ = set(slot, self.scalar(field, value, read_boolean)?),
            Slot::Date(slot) => _ = set(slot, self.scalar(field, value, read_date)?),
            Slot::Decimal(slot) => _ = set(slot, self.scalar(field, value, read_decimal)?),
            Slot::Json(slot) => _ = set(slot, self.json(value)?.filter(|json| !json.is_null())),
            Slot::OpenEnum(slot) => {
                if let Some(text) = self.text(field, value)?.filter(|text| !text.is_empty()) {
                    slot.set(text);
                }
            }
            Slot::Object(slot) => self.object(field, value, slot)?,
            Slot::Texts(list) => self.list(field, value, list, |this, field, value, list| {
                match this.text(field, value)? {
                    Some(names) if field.kind == Kind::FieldList => {
                        for name in names.split(',').filter(|name| !name.is_empty()) {
                            this.context.budget.charge_element(list.len(), size_of::<String>())?;
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
            Slot::OpenEnums(list) => self.list(field, value, list, |this, field, value, list| {
                if let Some(text) = this.text(field, value)? {
                    list.push(text);
                }
                Ok(())
            })?,
            Slot::Objects(list) => match value {
                Event::Text(text) if self.is_embedded_json(&text) => {
                    self.embedded(&text, |inner, value| inner.fill(field, Slot::Objects(list), value))?;
                }
                value => self.list(field, value, list, Self::element)?,
            },
        }
        Ok(())
    }

    /// Fills an object from an object, a list of one object, or embedded JSON of either.
    fn object(
        &mut self,
        field: &'static Field,
        value: Event<'a>,
        slot: &mut dyn ObjectSlot,
    ) -> Result<(), SyntaxError> {
        match value {
            Event::StartObject => {
                let checkpoint = self.checkpoint();
                let members = self.members_of(slot.fill())?;
                if members.count == 1 && members.evidence == Evidence::None {
                    self.unwrapped_object(field, slot, checkpoint)?;
                }
                Ok(())
            }
            Event::Null => Ok(()),
            // In XML, an empty object is an empty element.
            value if is_blank(&value) => {
                if S::KEYS_REPEAT {
                    slot.fill();
                }
                Ok(())
            }
            Event::StartList => self.only_object(field, slot),
            Event::Text(text) if self.is_embedded_json(&text) => {
                self.embedded(&text, |inner, value| inner.object(field, value, slot))
            }
            value => self.type_mismatch(field, value),
        }
    }

    fn members_of(&mut self, object: &mut dyn RecordMut) -> Result<Members, SyntaxError> {
        self.context.budget.charge_field_object(object)?;
        self.members(object, None)
    }

    /// Fills an object from its only member, if that has the name of the type: a list of one object (docs/protocol.md
    /// section 4.3). The member is the unknown field after `checkpoint`.
    fn unwrapped_object(
        &mut self,
        field: &'static Field,
        slot: &mut dyn ObjectSlot,
        checkpoint: Checkpoint,
    ) -> Result<(), SyntaxError> {
        let Some(UnknownField { path, value, .. }) = self.context.unknown.fields.get(checkpoint.unknown) else {
            return Ok(());
        };
        let letters = |name: &str| name.replace('_', "").to_lowercase();
        let key = path.rsplit('.').next().unwrap_or_default();
        let is_object =
            value.is_object() || value.as_array().is_some_and(|items| matches!(&items[..], [Value::Object(_)]));
        if !is_object || letters(key) != letters(slot.fill().schema().name) {
            return Ok(());
        }
        let value = self.context.unknown.fields.remove(checkpoint.unknown).value;
        self.nested(TreeSource::new(&value), |inner, value| match value {
            Event::StartObject => inner.members_of(slot.fill()).map(|_| ()),
            value => inner.object(field, value, slot),
        })
    }

    /// Fills an object from the only element of the list that has started.
    fn only_object(&mut self, field: &Field, slot: &mut dyn ObjectSlot) -> Result<(), SyntaxError> {
        let checkpoint = self.checkpoint();
        let mut value = self.source.next()?;
        if value == Event::StartObject {
            self.members_of(slot.fill())?;
            value = self.source.next()?;
            if value == Event::EndList {
                return Ok(());
            }
            slot.clear();
            self.roll_back(checkpoint);
        }
        if value != Event::EndList {
            self.skip(value)?;
            self.skip(Event::StartList)?;
        }
        self.report(field, "a list".to_owned());
        Ok(())
    }

    /// Appends an object to a list, from an object or embedded JSON.
    fn element(
        &mut self,
        field: &Field,
        value: Event<'a>,
        list: &mut (dyn ObjectListSlot + '_),
    ) -> Result<(), SyntaxError> {
        match value {
            Event::StartObject => {
                if self.index() == FEW {
                    list.reserve(self.expected_elements());
                }
                let object = list.push();
                self.context.budget.charge_list_object(self.index(), object)?;
                self.members(object, None).map(|_| ())
            }
            Event::Null => Ok(()),
            value if is_blank(&value) => {
                if S::KEYS_REPEAT {
                    self.context.budget.charge_list_object(self.index(), list.push())?;
                }
                Ok(())
            }
            Event::Text(text) if text.trim_start().starts_with('{') && self.is_embedded_json(&text) => {
                self.embedded(&text, |inner, value| inner.element(field, value, list))
            }
            value => self.type_mismatch(field, value),
        }
    }

    /// Estimates the number of further objects of a list with [`FEW`] objects so far. Such a list usually fills the body, so that
    /// the rest of the body has objects of the same size. Returns 0 for a list in a list.
    fn expected_elements(&self) -> usize {
        let lists = self.context.path.iter().filter(|step| matches!(step, Step::Index(_))).count();
        if lists > 1 {
            return 0;
        }
        let before = self.source.position().max(1);
        // A quarter more, so that longer objects at the start do not cause another allocation.
        (self.source.remaining().saturating_mul(FEW + 1) / before).min(MAX_EXPECTED)
    }

    /// Returns whether a text is a JSON object or list within the depth limit.
    fn is_embedded_json(&self, text: &str) -> bool {
        text.trim_start().starts_with(['{', '[']) && JsonSource::embedded(text, self.source.depth()).is_some()
    }

    /// Reads embedded JSON in place of its text.
    fn embedded(
        &mut self,
        text: &str,
        read: impl for<'t> FnOnce(&mut Decoder<'d, JsonSource<'t>>, Event<'t>) -> Result<(), SyntaxError>,
    ) -> Result<(), SyntaxError> {
        match JsonSource::embedded(text, self.source.depth()) {
            Some(source) => self.nested(source, read),
            None => Ok(()),
        }
    }

    /// Reads a value from another source at the current path.
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
        read: fn(&Event<'_>) -> Scalar<T>,
    ) -> Result<Option<T>, SyntaxError> {
        match read(&value) {
            Scalar::Value(read) => Ok(Some(read)),
            Scalar::Empty => Ok(None),
            Scalar::Mismatch => self.type_mismatch(field, value).map(|()| None),
        }
    }

    fn scalars<T>(
        &mut self,
        field: &Field,
        value: Event<'a>,
        list: &mut Vec<T>,
        read: fn(&Event<'_>) -> Scalar<T>,
    ) -> Result<(), SyntaxError> {
        self.list(field, value, list, |this, field, value, list| {
            list.extend(this.scalar(field, value, read)?);
            Ok(())
        })
    }

    /// Reads text from the text of a scalar, or the JSON text of an object or list.
    #[inline(always)]
    fn text(&mut self, field: &Field, value: Event<'a>) -> Result<Option<String>, SyntaxError> {
        Ok(match value {
            Event::Text(text) | Event::Number(text) => Some(text.into_owned()),
            Event::Boolean(boolean) => Some(boolean.to_string()),
            Event::Null => None,
            Event::StartObject | Event::StartList => Some(self.structure(value)?),
            value => self.type_mismatch(field, value).map(|()| None)?,
        })
    }

    /// Reads the JSON text of an object or list, unchanged if the body is JSON.
    fn structure(&mut self, value: Event<'a>) -> Result<String, SyntaxError> {
        let Some(start) = self.source.offset() else {
            return Ok(self.tree(value)?.to_string());
        };
        self.skip(value)?;
        let end = self.source.offset().unwrap_or(start);
        // Includes the bracket that was already read.
        Ok(self.source.text(start.saturating_sub(1)..end).to_owned())
    }

    /// Reads JSON from a value or from embedded JSON. Other text is a JSON string.
    fn json(&mut self, value: Event<'a>) -> Result<Option<Value>, SyntaxError> {
        if let Some(value) = self.source.verbatim() {
            return Ok(Some(value));
        }
        Ok(match self.tree(value)? {
            Value::Null => None,
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => match read_document(JsonSource::new(&text), &mut self.context.budget) {
                Ok(tree) => Some(tree),
                Err(_) => Some(Value::String(text)),
            },
            tree => Some(tree),
        })
    }

    /// Reads a list: plain, within an object with one key, or a single element with or without that key.
    fn list<L: List + ?Sized>(
        &mut self,
        field: &Field,
        value: Event<'a>,
        list: &mut L,
        element: impl Fn(&mut Self, &Field, Event<'a>, &mut L) -> Result<(), SyntaxError>,
    ) -> Result<(), SyntaxError> {
        let (mut index, checkpoint) = (0, self.checkpoint());
        let mut element = |this: &mut Self, value: Event<'a>, list: &mut L| {
            this.context.path.push(Step::Index(index));
            this.context.budget.charge_element(index, L::ELEMENT)?;
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
                // The values before were not elements.
                self.roll_back(checkpoint);
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

    /// Skips the value whose first event was `value`.
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

    /// Skips a value of the wrong type, and reports it.
    pub(crate) fn type_mismatch(&mut self, field: &Field, value: Event<'a>) -> Result<(), SyntaxError> {
        let found = match &value {
            Event::StartObject => "an object".to_owned(),
            Event::StartList => "a list".to_owned(),
            Event::Boolean(_) | Event::Text(_) | Event::Number(_) | Event::Float(_) if self.is_in_secret() => {
                HIDDEN.to_owned()
            }
            Event::Text(text) if !secrets::of_text(text, false).is_empty() => HIDDEN.to_owned(),
            Event::Boolean(boolean) => boolean.to_string(),
            Event::Text(text) => format!("{:?}", shortened(text)),
            Event::Number(text) => shortened(text),
            Event::Float(text) => {
                format!("{text}, a float that may have lost digits; use text")
            }
            _ => "nothing".to_owned(),
        };
        self.skip(value)?;
        self.report(field, found);
        Ok(())
    }

    /// Returns the index of the current list element.
    fn index(&self) -> usize {
        match self.context.path.last() {
            Some(Step::Index(index)) => *index,
            _ => 0,
        }
    }

    /// Returns whether a field of the current path is a secret.
    fn is_in_secret(&self) -> bool {
        self.context.path.iter().any(|step| matches!(step, Step::Field(field) if field.secret))
    }

    /// Returns the current path, or the path of the error.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.context.path {
            // Writing to a string cannot fail.
            let _ = match step {
                Step::Field(field) if path.is_empty() => write!(path, "{}", field.name),
                Step::Field(field) => write!(path, ".{}", field.name),
                Step::Index(index) => write!(path, "[{index}]"),
            };
        }
        path
    }

    /// Reports replaced characters in a member that the spec lacks.
    fn report_replacements_in(&mut self, key: &str) {
        if self.has_replacements() {
            let path = join(self.path(), key);
            self.report_at(path, &Field::new("", Kind::String), self.invalid(), true);
            self.pass_replacements();
        }
    }

    /// Reports replaced characters outside values, such as in a comment or an attribute.
    pub(super) fn report_replacements_outside(&mut self) {
        if self.has_replacements() {
            let found = self.invalid();
            self.report_at(found.clone(), &Field::new("", Kind::String), found, true);
        }
    }

    /// Reports replaced characters in the last field, unless it has a mismatch: `reported` is their earlier number.
    #[inline]
    fn report_replacements(&mut self, field: &Field, reported: usize) {
        if self.has_replacements() {
            self.report_found_replacements(field, reported);
        }
    }

    #[cold]
    fn report_found_replacements(&mut self, field: &Field, reported: usize) {
        if self.context.mismatches.len() == reported {
            self.report_at(self.path(), field, self.invalid(), true);
        }
        self.pass_replacements();
    }

    /// Returns whether characters were replaced since the last report.
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

    /// Describes the first replaced character.
    fn invalid(&self) -> String {
        match self.context.replacements.invalid.first() {
            Some(at) if *at < self.context.replacements.start + self.source.position() => {
                format!("invalid UTF-8 at byte {at}")
            }
            _ => "a lone surrogate".to_owned(),
        }
    }

    fn report(&mut self, field: &Field, found: String) {
        self.report_at(self.path(), field, found, false);
    }

    fn report_at(&mut self, path: String, field: &Field, found: String, replaced: bool) {
        let Context { mismatches, mismatched_fields, .. } = &mut self.context;
        if !mismatched_fields.insert(without_indexes(&path)) && mismatches.len() >= MAX_MISMATCHES {
            return;
        }
        let in_list = path.ends_with(']');
        mismatches.push(Mismatch { path, kind: field.kind, list: field.list && !in_list, found, replaced });
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint { mismatches: self.context.mismatches.len(), unknown: self.context.unknown.fields.len() }
    }

    /// Removes the mismatches and unknown fields after a checkpoint.
    fn roll_back(&mut self, checkpoint: Checkpoint) {
        let Context { mismatches, mismatched_fields, unknown, .. } = &mut self.context;
        for mismatch in mismatches.drain(checkpoint.mismatches..) {
            mismatched_fields.remove(&without_indexes(&mismatch.path));
        }
        unknown.fields.truncate(checkpoint.unknown);
    }
}

/// Returns the index of the field with this name. Compares the fields from `expected` on first, because gateways keep the
/// documented order.
fn position(fields: &[Field], name: &str, expected: usize) -> Option<usize> {
    let (before, after) = fields.split_at(expected);
    let is_named = |field: &Field| field.name == name;
    let index = after.iter().position(is_named).map(|index| before.len() + index);
    index.or_else(|| before.iter().position(is_named))
}

/// Appends a member to a path.
fn join(path: String, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Returns whether a field has a value. An object has one if one of its fields has.
fn holds_value(view: View<'_>) -> bool {
    match view {
        View::Absent => false,
        View::Object(object) => (0..object.schema().fields.len()).any(|index| holds_value(object.view(index))),
        _ => true,
    }
}

/// Removes the indexes of a path.
fn without_indexes(path: &str) -> String {
    path.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest)).collect()
}

/// A list that can be cleared.
trait List {
    /// The size of an element, or 0 if elements are charged elsewhere.
    const ELEMENT: usize;

    fn clear(&mut self);
}

impl<T> List for Vec<T> {
    const ELEMENT: usize = size_of::<T>();

    fn clear(&mut self) {
        Vec::clear(self);
    }
}

impl List for dyn OpenEnumListSlot + '_ {
    const ELEMENT: usize = size_of::<String>();

    fn clear(&mut self) {
        OpenEnumListSlot::clear(self);
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

/// Sets a field, unless there is no value. Returns whether there is one. The last valid value of a repeated field counts.
#[inline(always)]
fn set<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
    let has_value = value.is_some();
    if has_value {
        *slot = value;
    }
    has_value
}

fn shortened(text: &str) -> String {
    const MAX_LENGTH: usize = 40;
    match text.char_indices().nth(MAX_LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Returns the text of a number, or a trimmed text.
fn scalar_text<'e>(value: &'e Event<'_>) -> Option<&'e str> {
    match value {
        Event::Text(text) => Some(text.trim()),
        Event::Number(text) => Some(text),
        _ => None,
    }
}

fn read<T>(value: &Event<'_>, parse: impl FnOnce(&str) -> Option<T>) -> Scalar<T> {
    match (value, scalar_text(value)) {
        (Event::Null, _) | (_, Some("")) => Scalar::Empty,
        (_, Some(text)) => parse(text).map_or(Scalar::Mismatch, Scalar::Value),
        _ => Scalar::Mismatch,
    }
}

fn read_number(value: &Event<'_>) -> Scalar<i64> {
    if let Event::Boolean(boolean) = value {
        return Scalar::Value(i64::from(*boolean));
    }
    read(value, |text| match short_number(text).or_else(|| text.parse().ok()) {
        Some(number) => Some(number),
        None if text.eq_ignore_ascii_case("true") => Some(1),
        None if text.eq_ignore_ascii_case("false") => Some(0),
        None => decimal(text).filter(Decimal::is_integer).and_then(|decimal| decimal.to_i64()),
    })
}

/// Parses a whole number of a few digits, without a sign.
fn short_number(text: &str) -> Option<i64> {
    const DIGITS: usize = 18;
    let digits = text.as_bytes();
    if digits.is_empty() || digits.len() > DIGITS {
        return None;
    }
    let mut number = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + i64::from(digit);
    }
    Some(number)
}

fn read_decimal(value: &Event<'_>) -> Scalar<Decimal> {
    read(value, decimal)
}

fn read_boolean(value: &Event<'_>) -> Scalar<bool> {
    match value {
        Event::Boolean(boolean) => Scalar::Value(*boolean),
        value => read(value, |text| match text {
            "1" => Some(true),
            "0" => Some(false),
            text if text.eq_ignore_ascii_case("true") => Some(true),
            text if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }),
    }
}

/// Reads a date from text or milliseconds since 1970 (docs/protocol.md section 4.5).
///
/// A number outside the years 1973 to 2286 is not milliseconds, but seconds, a year, or a date such as `20240824`.
fn read_date(value: &Event<'_>) -> Scalar<DateTime> {
    const MILLISECONDS: Range<i64> = 100_000_000_000..10_000_000_000_000;
    read(value, |text| {
        DateTime::parse_lenient(text).or_else(|| {
            let milliseconds = decimal(text).filter(Decimal::is_integer)?.to_i64()?;
            MILLISECONDS.contains(&milliseconds).then(|| DateTime::from_epoch_milliseconds(milliseconds))?
        })
    })
}
