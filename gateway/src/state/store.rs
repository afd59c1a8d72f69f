//! The tables of records, and transactions on them.

use std::collections::BTreeMap;

use codegen::spec::Parameter;
use serde::{Deserialize, Serialize};
use top_protocol::DateTime;

use super::record::{self, Record};
use super::render;
use crate::refusal::Refusal;

/// The maximum number of records.
const MAX_RECORDS: usize = 100_000;

/// The maximum memory of all records in bytes.
const MAX_BYTES: usize = 64 << 20;

/// A kind of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Resource {
    /// The shop and its seller. There is one.
    Shop,
    /// Items (商品). Their `skus` are records of [`Sku`](Self::Sku).
    Item,
    /// SKUs, with the `num_iid` of their item.
    Sku,
    /// Trades (订单) with their `orders`.
    Trade,
    /// Refunds (退款), with the `tid` and `oid` of their trade.
    Refund,
    /// Messages of refunds (退款留言).
    RefundMessage,
    /// Shipments (物流订单) of trades.
    Shipment,
    /// Tokens of sellers (授权).
    Session,
}

impl Resource {
    /// Parses a name such as `trade` or `refund_message`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }

    /// Returns the name.
    fn name(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Item => "item",
            Self::Sku => "sku",
            Self::Trade => "trade",
            Self::Refund => "refund",
            Self::RefundMessage => "refund_message",
            Self::Shipment => "shipment",
            Self::Session => "session",
        }
    }

    /// Returns the field of the id.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Shop => "user_id",
            Self::Item => "num_iid",
            Self::Sku => "sku_id",
            Self::Trade => "tid",
            Self::Refund => "refund_id",
            Self::RefundMessage | Self::Session => "id",
            Self::Shipment => "order_code",
        }
    }

    /// Returns the first id. Ids of trades have 19 digits, which no float holds exactly.
    pub(super) fn first_id(self) -> i64 {
        match self {
            Self::Shop => 2_200_600_000_001,
            Self::Item => 610_000_000_001,
            Self::Sku => 4_600_000_000_001,
            Self::Trade => 2_001_000_000_000_000_001,
            Self::Refund => 301_000_000_000_000_001,
            Self::RefundMessage | Self::Session => 1,
            Self::Shipment => 800_000_000_001,
        }
    }

    /// Returns the sub code that refuses a call for a missing record.
    fn missing(self) -> &'static str {
        match self {
            Self::Shop => "isv.shop-not-exist",
            Self::Item => "isv.item-not-exist",
            Self::Sku => "isv.sku-not-exist",
            Self::Trade => "isv.trade-not-exist",
            Self::Refund => "isv.refund-not-exist",
            Self::RefundMessage => "isv.refund-message-not-exist",
            Self::Shipment => "isv.logistics-order-not-exist",
            Self::Session => "isv.invalid-refresh-token",
        }
    }

    /// Returns the refusal of a call for a missing record. `key` has the parameters that select it.
    pub(super) fn not_found(self, key: &str) -> Refusal {
        let reason = match self {
            Self::Session => "unknown refresh_token: expected the one of the latest response".to_owned(),
            _ => format!("no {} has {key}", self.name()),
        };
        Refusal::with_reason(15, self.missing(), reason)
    }

    /// Returns the refusal of a call that the status of a record forbids.
    pub(super) fn wrong_status(self, status: &str, expected: &[&str]) -> Refusal {
        let sub_code = format!("isv.{}-status-error", self.name());
        let reason = format!("the status is {status}: expected {}", expected.join(" or "));
        Refusal::with_reason(15, &sub_code, reason)
    }

    /// Returns the lists of a record that are tables: the field, the table, and its field with the id of the record.
    pub(super) fn children(self) -> &'static [(&'static str, Resource, &'static str)] {
        match self {
            Self::Item => &[("skus", Self::Sku, "num_iid")],
            _ => &[],
        }
    }
}

/// The records of one kind by id.
#[derive(Clone, Debug, Default)]
struct Table {
    records: BTreeMap<i64, Record>,
    /// The next id. Ids of deleted records are not used again.
    next: Option<i64>,
}

/// The tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    tables: BTreeMap<Resource, Table>,
    count: usize,
    bytes: usize,
    /// The number of changes, to notice that there are some to save.
    pub(super) version: u64,
}

impl Store {
    pub(super) fn records(&self, resource: Resource) -> impl DoubleEndedIterator<Item = &Record> {
        self.tables.get(&resource).into_iter().flat_map(|table| table.records.values())
    }

    pub(super) fn resources(&self) -> impl Iterator<Item = (Resource, Option<i64>)> {
        self.tables.iter().map(|(resource, table)| (*resource, table.next))
    }

    pub(super) fn set_next(&mut self, resource: Resource, next: i64) {
        let table = self.tables.entry(resource).or_default();
        table.next = table.next.max(Some(next));
    }

    /// Inserts a record, or replaces the one with its id. Returns its id.
    pub(super) fn insert(&mut self, resource: Resource, record: Record) -> Result<i64, Refusal> {
        let mut changes = Changes::default();
        let id = record::integer(&record, resource.id()).unwrap_or_else(|| self.next_id(resource));
        changes.records.insert((resource, id), Some(with_id(resource, id, record)));
        self.commit(changes)?;
        Ok(id)
    }

    fn next_id(&self, resource: Resource) -> i64 {
        self.tables.get(&resource).and_then(|table| table.next).unwrap_or_else(|| resource.first_id())
    }

    pub(super) fn get(&self, resource: Resource, id: i64) -> Option<&Record> {
        self.tables.get(&resource)?.records.get(&id)
    }

    /// Makes all changes, or none if the store would become too large.
    pub(super) fn commit(&mut self, changes: Changes) -> Result<(), Refusal> {
        if changes.records.is_empty() {
            return Ok(());
        }
        let (mut count, mut bytes) = (self.count, self.bytes);
        for ((resource, id), record) in &changes.records {
            if let Some(old) = self.get(*resource, *id) {
                (count, bytes) = (count - 1, bytes - record::size_of_record(old));
            }
            if let Some(new) = record {
                (count, bytes) = (count + 1, bytes + record::size_of_record(new));
            }
        }
        if (count > MAX_RECORDS && count > self.count) || (bytes > MAX_BYTES && bytes > self.bytes) {
            let reason =
                format!("the state is full: expected at most {MAX_RECORDS} records and {} MiB", MAX_BYTES >> 20);
            return Err(Refusal::with_reason(15, "isv.state-full", reason));
        }
        for ((resource, id), record) in changes.records {
            let table = self.tables.entry(resource).or_default();
            table.next = table.next.max(Some(id.saturating_add(1)));
            match record {
                Some(record) => drop(table.records.insert(id, record)),
                None => drop(table.records.remove(&id)),
            }
        }
        (self.count, self.bytes) = (count, bytes);
        self.version += 1;
        Ok(())
    }
}

/// The records that a transaction wrote, by kind and id. `None`: deleted.
#[derive(Debug, Default)]
pub(super) struct Changes {
    records: BTreeMap<(Resource, i64), Option<Record>>,
}

/// A message that a change emits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) topic: &'static str,
    pub(super) record: Record,
}

impl Event {
    /// Returns the content of the message.
    pub(crate) fn content(&self, fields: &[Parameter]) -> String {
        render::message(fields, &self.record)
    }

    /// Returns the nick of the seller whom the message concerns.
    pub(crate) fn seller(&self) -> Option<String> {
        let nick = |field| self.record.get(field).and_then(record::text_of);
        nick("seller_nick").or_else(|| nick("nick"))
    }
}

/// A view of the store with the changes of one call, which take effect together.
pub(super) struct Transaction<'s> {
    store: &'s Store,
    pub(super) now: DateTime,
    changes: Changes,
    events: Vec<Event>,
}

impl<'s> Transaction<'s> {
    pub(super) fn new(store: &'s Store, now: DateTime) -> Self {
        Self { store, now, changes: Changes::default(), events: Vec::new() }
    }

    pub(super) fn finish(self) -> (Changes, Vec<Event>) {
        (self.changes, self.events)
    }

    pub(super) fn records(&self, resource: Resource) -> impl Iterator<Item = &Record> {
        let is_current = move |record: &&Record| {
            let id = record::integer(record, resource.id());
            id.is_none_or(|id| !self.changes.records.contains_key(&(resource, id)))
        };
        let written = self.changes.records.iter().filter(move |((kind, _), _)| *kind == resource);
        self.store.records(resource).filter(is_current).chain(written.filter_map(|(_, record)| record.as_ref()))
    }

    pub(super) fn get(&self, resource: Resource, id: i64) -> Option<&Record> {
        match self.changes.records.get(&(resource, id)) {
            Some(written) => written.as_ref(),
            None => self.store.get(resource, id),
        }
    }

    /// Inserts a record with the next id, or replaces the one with its id.
    pub(super) fn put(&mut self, resource: Resource, record: Record) -> Record {
        let id = record::integer(&record, resource.id()).unwrap_or_else(|| self.next_id(resource));
        let record = with_id(resource, id, record);
        self.changes.records.insert((resource, id), Some(record.clone()));
        record
    }

    fn next_id(&self, resource: Resource) -> i64 {
        let written = self.changes.records.keys().filter(|(kind, _)| *kind == resource).map(|(_, id)| id + 1).max();
        written.unwrap_or_default().max(self.store.next_id(resource))
    }

    /// Deletes a record and its children.
    pub(super) fn delete(&mut self, resource: Resource, record: &Record) {
        let Some(id) = record::integer(record, resource.id()) else { return };
        for (_, child, by) in resource.children() {
            let children = self.records(*child).filter(|record| record::integer(record, by) == Some(id));
            for record in children.cloned().collect::<Vec<_>>() {
                self.delete(*child, &record);
            }
        }
        self.changes.records.insert((resource, id), None);
    }

    /// Returns a record with the lists of its children. A record without children keeps an empty list.
    pub(super) fn joined(&self, resource: Resource, record: &Record) -> Record {
        let mut joined = record.clone();
        for (field, child, by) in resource.children() {
            let id = record::integer(record, resource.id());
            let children = self.records(*child).filter(|record| record::integer(record, by) == id);
            joined.insert((*field).to_owned(), children.cloned().map(serde_json::Value::Object).collect());
        }
        joined
    }

    /// Emits a message with the fields of a record after the call. Messages name the status of an item `status`, and have
    /// the first order of a trade.
    pub(super) fn emit(&mut self, topic: &'static str, mut record: Record) {
        let status = record.get("approve_status").cloned();
        let order = record::objects(&record, "orders").next().and_then(|order| order.get("oid").cloned());
        for (field, value) in [("status", status), ("oid", order)] {
            if let Some(value) = value {
                record.entry(field).or_insert(value);
            }
        }
        self.events.push(Event { topic, record });
    }
}

/// Returns a record with its id.
fn with_id(resource: Resource, id: i64, mut record: Record) -> Record {
    record.insert(resource.id().to_owned(), id.into());
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(title: &str) -> Record {
        Record::from_iter([("title".to_owned(), title.into())])
    }

    #[test]
    fn transactions_see_their_changes_and_take_effect_together() {
        let mut store = Store::default();
        let first = store.insert(Resource::Item, item("a")).unwrap();
        assert_eq!(first, Resource::Item.first_id());
        let mut transaction = Transaction::new(&store, DateTime::now());
        let second = transaction.put(Resource::Item, item("b"));
        let third = transaction.put(Resource::Item, item("c"));
        assert_eq!(record::integer(&second, "num_iid"), Some(first + 1));
        transaction.delete(Resource::Item, &third);
        let sku = Record::from_iter([("num_iid".to_owned(), (first + 1).into())]);
        transaction.put(Resource::Sku, sku);
        assert_eq!(transaction.records(Resource::Item).count(), 2);
        let joined = transaction.joined(Resource::Item, &second);
        assert_eq!(record::objects(&joined, "skus").count(), 1);
        assert_eq!(store.records(Resource::Item).count(), 1);

        let mut transaction = Transaction::new(&store, DateTime::now());
        transaction.put(Resource::Item, item("b"));
        let (changes, _) = transaction.finish();
        store.commit(changes).unwrap();
        assert_eq!(store.records(Resource::Item).count(), 2);
    }

    #[test]
    fn deleted_ids_are_not_used_again() {
        let mut store = Store::default();
        let id = store.insert(Resource::Item, item("a")).unwrap();
        let mut transaction = Transaction::new(&store, DateTime::now());
        let record = store.records(Resource::Item).next().unwrap();
        transaction.delete(Resource::Item, record);
        let (changes, _) = transaction.finish();
        store.commit(changes).unwrap();
        assert_eq!((store.count, store.bytes), (0, 0));
        assert_eq!(store.insert(Resource::Item, item("b")).unwrap(), id + 1);
    }

    #[test]
    fn limits_the_memory() {
        let mut store = Store::default();
        let large = item(&"x".repeat(1 << 20));
        let inserted = (0..100).take_while(|_| store.insert(Resource::Item, large.clone()).is_ok()).count();
        assert!((50..64).contains(&inserted), "{inserted}");
        assert!(store.bytes <= MAX_BYTES);
        // A record can still be made smaller.
        let id = Resource::Item.first_id();
        let mut small = item("a");
        small.insert("num_iid".to_owned(), id.into());
        store.insert(Resource::Item, small).unwrap();
    }
}
