//! What a method does to the state, as data: the resource, how a record is found and changed, and where the response has it.

use std::cmp::Ordering;

use serde_json::Value as Json;
use top_protocol::DateTime;

use super::record::{self, Record};
use super::render;
use super::store::{Resource, Transaction};
use crate::excerpt::excerpt;
use crate::method::Method;
use crate::refusal::Refusal;
use crate::request::Parameters;
use crate::value::Members;

/// A call of a method that uses the state.
pub(super) struct Call<'c> {
    pub(super) method: &'c Method,
    pub(super) parameters: &'c Parameters<'c>,
}

impl Call<'_> {
    /// Returns a parameter. An empty one is not sent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).filter(|value| !value.trim().is_empty())
    }

    /// Returns the items of a comma-separated parameter.
    pub(super) fn items(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get(name).into_iter().flat_map(|list| list.split(',')).map(str::trim).filter(|item| !item.is_empty())
    }

    /// Returns the integer of a parameter.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.get(name)?.trim().parse().ok()
    }

    /// Returns whether a parameter is `true`. PHP prints `1`.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// Returns the objects of a parameter that is JSON.
    pub(super) fn objects(&self, name: &str) -> Vec<Record> {
        let list = self.get(name).and_then(|text| serde_json::from_str::<Vec<Record>>(text).ok());
        list.unwrap_or_default()
    }
}

/// What a method does to the state.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) action: Action,
    /// The path of the record in the response, empty for the root. `None`: the response is the example.
    pub(super) node: Option<&'static str>,
    /// The message that a change emits.
    pub(super) topic: Option<&'static str>,
}

impl Route {
    pub(super) const fn new(method: &'static str, action: Action, node: &'static str) -> Self {
        Self { method, action, node: Some(node), topic: None }
    }

    /// Creates a route whose response does not contain the record.
    pub(super) const fn silent(method: &'static str, action: Action) -> Self {
        Self { method, action, node: None, topic: None }
    }

    pub(super) const fn emits(mut self, topic: &'static str) -> Self {
        self.topic = Some(topic);
        self
    }
}

/// Selects a record: each parameter has the value of its field.
pub(super) type Key = &'static [(&'static str, &'static str)];

/// A function that computes changes which the table cannot describe.
pub(super) type Apply = fn(&mut Transaction<'_>, &mut Record, &Call<'_>) -> Result<(), Refusal>;

pub(super) enum Action {
    Get(Resource, Key),
    List(Resource, &'static [Filter], Order),
    Create(Resource, &'static [Change]),
    Update(Resource, Key, &'static [Change]),
    Delete(Resource, Key, &'static [Change]),
    /// Changes several records, and returns the record of the response.
    Batch(fn(&mut Transaction<'_>, &Call<'_>) -> Result<Record, Refusal>),
}

/// A change of a record.
pub(super) enum Change {
    /// Copies each parameter of the method to the field of its name. A dotted name is a path.
    CopyAll,
    /// Copies a parameter to a field, if it is sent.
    Copy(&'static str, &'static str),
    /// Sets a field to a text.
    Set(&'static str, &'static str),
    /// Sets a field to a text if it has no value.
    Default(&'static str, &'static str),
    /// Sets a field to the current time.
    Now(&'static str),
    /// Refuses the call unless the status is one of these.
    Require(&'static [&'static str]),
    Apply(Apply),
}

/// A condition of a list.
pub(super) struct Filter {
    parameter: &'static str,
    field: &'static str,
    test: Test,
}

enum Test {
    /// The field has the value of the parameter.
    Equals,
    /// The comma-separated lists of the parameter and of the field have a common item.
    OneOf,
    /// The field is not before the time of the parameter.
    From,
    /// The field is not after the time of the parameter.
    To,
    /// The field contains the text of the parameter.
    Contains,
    /// The field has this value in every call.
    Always(&'static str),
}

impl Filter {
    pub(super) const fn equals(parameter: &'static str, field: &'static str) -> Self {
        Self { parameter, field, test: Test::Equals }
    }

    pub(super) const fn one_of(parameter: &'static str, field: &'static str) -> Self {
        Self { parameter, field, test: Test::OneOf }
    }

    pub(super) const fn from(parameter: &'static str, field: &'static str) -> Self {
        Self { parameter, field, test: Test::From }
    }

    pub(super) const fn to(parameter: &'static str, field: &'static str) -> Self {
        Self { parameter, field, test: Test::To }
    }

    pub(super) const fn contains(parameter: &'static str, field: &'static str) -> Self {
        Self { parameter, field, test: Test::Contains }
    }

    pub(super) const fn always(field: &'static str, value: &'static str) -> Self {
        Self { parameter: "", field, test: Test::Always(value) }
    }

    fn accepts(&self, record: &Record, call: &Call<'_>) -> bool {
        if let Test::Always(value) = self.test {
            return record::text(record, self.field) == value;
        }
        let Some(sent) = call.get(self.parameter) else { return true };
        let field = || record::text(record, self.field);
        // A date without a time is the start of the day.
        let time = || sent.parse::<DateTime>().map_or_else(|_| sent.to_owned(), |time| time.to_string());
        match self.test {
            Test::Equals => record::has_text(record, self.field, sent.trim()),
            Test::OneOf => {
                let field = field();
                call.items(self.parameter).any(|item| field.split(',').any(|own| own.trim() == item))
            }
            Test::From => field() >= time(),
            Test::To => field() <= time(),
            Test::Contains => field().contains(sent.trim()),
            Test::Always(_) => true,
        }
    }
}

/// The order of a list.
pub(super) enum Order {
    /// By a field, the greatest first.
    Descending(&'static str),
    /// As the parameter says (`FIELD:asc` or `FIELD:desc`), or by a field, the greatest first.
    Requested(&'static str, &'static str),
}

impl Order {
    fn sort(&self, records: &mut [&Record], call: &Call<'_>) {
        let (field, ascending) = match self {
            Self::Descending(field) => (*field, false),
            Self::Requested(parameter, field) => match call.get(parameter).and_then(|order| order.split_once(':')) {
                Some((field, direction)) => (field, direction.eq_ignore_ascii_case("asc")),
                None => (*field, false),
            },
        };
        records.sort_by(|left, right| {
            let order = compare(left.get(field), right.get(field));
            if ascending { order } else { order.reverse() }
        });
    }
}

/// Compares integers by value, and others by their texts.
fn compare(left: Option<&Json>, right: Option<&Json>) -> Ordering {
    let integer = |value: Option<&Json>| value.and_then(record::integer_of);
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => left.and_then(record::text_of).cmp(&right.and_then(record::text_of)),
    }
}

impl Route {
    /// Executes a call in a transaction. Returns the members of the response.
    pub(super) fn run(&self, transaction: &mut Transaction<'_>, call: &Call<'_>) -> Result<Members, Refusal> {
        match &self.action {
            Action::Get(resource, key) => {
                let record = find(transaction, *resource, key, call)?;
                Ok(render::record(call, self.node, &transaction.joined(*resource, &record)))
            }
            Action::List(resource, filters, order) => {
                let accepts = |record: &&Record| filters.iter().all(|filter| filter.accepts(record, call));
                let mut records: Vec<&Record> = transaction.records(*resource).filter(accepts).collect();
                order.sort(&mut records, call);
                let joined = |index: usize| {
                    records.get(index).map(|record| transaction.joined(*resource, record)).unwrap_or_default()
                };
                render::list(call, self.node, records.len(), &joined)
            }
            Action::Create(resource, changes) => {
                let now = Json::from(transaction.now.to_string());
                let times = [("created".to_owned(), now.clone()), ("modified".to_owned(), now)];
                // The record has its id before the changes, which may create children.
                let record = transaction.put(*resource, Record::from_iter(times));
                self.save(transaction, *resource, record, changes, call)
            }
            Action::Update(resource, key, changes) => {
                let mut record = find(transaction, *resource, key, call)?;
                record.insert("modified".to_owned(), transaction.now.to_string().into());
                self.save(transaction, *resource, record, changes, call)
            }
            Action::Delete(resource, key, changes) => {
                let mut record = find(transaction, *resource, key, call)?;
                record.insert("modified".to_owned(), transaction.now.to_string().into());
                transaction.delete(*resource, &record);
                apply_all(transaction, *resource, &mut record, changes, call)?;
                self.emit(transaction, &record);
                Ok(render::record(call, self.node, &record))
            }
            Action::Batch(run) => {
                let record = run(transaction, call)?;
                Ok(render::record(call, self.node, &record))
            }
        }
    }

    /// Changes a record, writes it and returns the response.
    fn save(
        &self,
        transaction: &mut Transaction<'_>,
        resource: Resource,
        mut record: Record,
        changes: &[Change],
        call: &Call<'_>,
    ) -> Result<Members, Refusal> {
        apply_all(transaction, resource, &mut record, changes, call)?;
        let record = transaction.put(resource, record);
        self.emit(transaction, &record);
        Ok(render::record(call, self.node, &transaction.joined(resource, &record)))
    }

    fn emit(&self, transaction: &mut Transaction<'_>, record: &Record) {
        if let Some(topic) = self.topic {
            transaction.emit(topic, record.clone());
        }
    }
}

/// Returns the record that a call selects.
pub(super) fn find(
    transaction: &Transaction<'_>,
    resource: Resource,
    key: Key,
    call: &Call<'_>,
) -> Result<Record, Refusal> {
    let sent = key.iter().filter_map(|(parameter, field)| Some((call.get(parameter)?.trim(), *parameter, *field)));
    let sent: Vec<_> = sent.collect();
    let matches = |record: &&Record| sent.iter().all(|(value, _, field)| record::has_text(record, field, value));
    let id =
        sent.iter().find(|(_, _, field)| *field == resource.id()).and_then(|(value, ..)| value.parse::<i64>().ok());
    let found = match id {
        Some(id) => transaction.get(resource, id).filter(matches),
        None => transaction.records(resource).find(matches),
    };
    found.cloned().ok_or_else(|| {
        let key: Vec<_> = sent.iter().map(|(value, parameter, _)| format!("{parameter} {}", excerpt(value))).collect();
        resource.not_found(&key.join(" and "))
    })
}

/// Refuses a call unless the status of a record is one of these.
pub(super) fn require(resource: Resource, record: &Record, expected: &[&str]) -> Result<(), Refusal> {
    let status = record::text(record, "status");
    if expected.contains(&status.as_str()) { Ok(()) } else { Err(resource.wrong_status(&status, expected)) }
}

fn apply_all(
    transaction: &mut Transaction<'_>,
    resource: Resource,
    record: &mut Record,
    changes: &[Change],
    call: &Call<'_>,
) -> Result<(), Refusal> {
    for change in changes {
        match change {
            Change::CopyAll => copy_all(record, resource, call),
            Change::Copy(parameter, field) => {
                if let Some(value) = call.get(parameter) {
                    record::set(record, field, value.into());
                }
            }
            Change::Set(field, value) => record::set(record, field, (*value).into()),
            Change::Default(field, value) => {
                if record.get(*field).is_none_or(Json::is_null) {
                    record::set(record, field, (*value).into());
                }
            }
            Change::Now(field) => record::set(record, field, transaction.now.to_string().into()),
            Change::Require(expected) => require(resource, record, expected)?,
            Change::Apply(apply) => apply(transaction, record, call)?,
        }
    }
    Ok(())
}

/// Copies the text parameters of the method, except the id and those of several SKUs.
fn copy_all(record: &mut Record, resource: Resource, call: &Call<'_>) {
    for parameter in &call.method.spec.request {
        let name = parameter.name.value.as_str();
        let is_copied = name != resource.id() && !name.starts_with("sku_");
        if let Some(value) = call.get(name).filter(|_| is_copied) {
            record::set(record, name, value.into());
        }
    }
}
