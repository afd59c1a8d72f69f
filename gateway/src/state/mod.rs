//! The state of a gateway: a shop whose items, trades and refunds calls read and change.
//!
//! `route` describes what each method does, as data; the tables of routes are in `items`, `images`, `trades`,
//! `shipments`, `refunds`, `shop` and `sessions`. A call runs in a transaction of `store`. `render` gives a record the shape of the method's response.

mod file;
mod images;
mod items;
mod record;
mod refunds;
mod render;
mod route;
mod seed;
mod sessions;
mod shipments;
mod shop;
mod store;
mod trades;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use codegen::files;
use serde_json::Value as Json;
use top_protocol::DateTime;

pub use file::OpenStateError;
pub(crate) use sessions::SessionStatus;
pub(crate) use store::Event;
pub use store::Resource;

use crate::method::Method;
use crate::refusal::Refusal;
use crate::request::Parameters;
use crate::value::Members;
use route::{Call, Route};
use store::{Store, Transaction};

/// The data of a shop, which calls read and change. Clones share it.
///
/// There is one shop, and every session is of its seller. Methods that the state does not know respond with examples. The
/// state has at most 100,000 records and 64 MiB.
///
/// ```
/// use std::time::SystemTime;
/// use gateway::{Resource, ShopState};
///
/// let state = ShopState::generate(7, SystemTime::now());
/// assert!(state.count(Resource::Trade) > 100);
/// ```
#[derive(Clone)]
pub struct ShopState(Arc<Shared>);

struct Shared {
    store: Mutex<Store>,
    /// The file, and the version of the store that it has.
    file: Option<(PathBuf, Mutex<u64>)>,
}

impl fmt::Debug for ShopState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShopState").field("path", &self.path()).finish_non_exhaustive()
    }
}

impl Default for ShopState {
    fn default() -> Self {
        Self::new()
    }
}

impl ShopState {
    fn with_store(store: Store, path: Option<PathBuf>, saved: u64) -> Self {
        let file = path.map(|path| (path, Mutex::new(saved)));
        Self(Arc::new(Shared { store: Mutex::new(store), file }))
    }

    /// Creates an empty state.
    pub fn new() -> Self {
        Self::with_store(Store::default(), None, 0)
    }

    /// Creates a state with generated data in Chinese: items, trades of the 30 days before `now`, shipments and refunds. The
    /// same seed and time give the same data.
    pub fn generate(seed: u64, now: SystemTime) -> Self {
        // The data is far below the limits of a store.
        Self::with_store(seed::generate(seed, now).unwrap_or_default(), None, 0)
    }

    /// Reads a state from a file, to which [`save`](Self::save) writes. If the file does not exist, the state is that of
    /// `otherwise`, and the next `save` creates the file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or does not contain a state.
    pub fn open(path: impl Into<PathBuf>, otherwise: impl FnOnce() -> Self) -> Result<Self, OpenStateError> {
        let path = path.into();
        match file::read(&path)? {
            Some(store) => {
                let version = store.version;
                Ok(Self::with_store(store, Some(path), version))
            }
            None => {
                let mut store = otherwise().lock().clone();
                store.version += 1;
                Ok(Self::with_store(store, Some(path), 0))
            }
        }
    }

    /// Returns the file.
    pub fn path(&self) -> Option<&Path> {
        self.0.file.as_ref().map(|(path, _)| path.as_path())
    }

    /// Writes the state to its file if it has changed. The file is replaced as a whole. A server saves every second, and
    /// when it stops.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn save(&self) -> io::Result<()> {
        let Some((path, saved)) = &self.0.file else { return Ok(()) };
        let mut saved = saved.lock().unwrap_or_else(PoisonError::into_inner);
        let (version, text) = {
            let store = self.lock();
            if store.version == *saved {
                return Ok(());
            }
            (store.version, file::text(&store)?)
        };
        files::write(path, &text)?;
        *saved = version;
        Ok(())
    }

    /// Inserts a record, or replaces the one with its id. A record without an id gets the next one. Returns the id.
    ///
    /// The members have the names of the platform's fields; `null` is a field without a value. A field that the record lacks
    /// has the value of the example in the spec.
    ///
    /// # Errors
    ///
    /// If `record` is not a JSON object, or the state is full.
    pub fn put(&self, resource: Resource, record: Json) -> Result<i64, PutRecordError> {
        let Json::Object(record) = record else { return Err(PutRecordError::NoObject) };
        self.lock().insert(resource, record).map_err(|_| PutRecordError::Full)
    }

    /// Returns a record.
    pub fn get(&self, resource: Resource, id: i64) -> Option<Json> {
        let store = self.lock();
        store.get(resource, id).cloned().map(Json::Object)
    }

    /// Returns the ids of the records of a kind in ascending order.
    pub fn ids(&self, resource: Resource) -> Vec<i64> {
        self.lock().records(resource).filter_map(|record| record::integer(record, resource.id())).collect()
    }

    /// Returns the number of records of a kind.
    pub fn count(&self, resource: Resource) -> usize {
        self.lock().records(resource).count()
    }

    /// Returns the number of records of each kind that has some.
    pub(crate) fn counts(&self) -> BTreeMap<Resource, usize> {
        let store = self.lock();
        store.resources().map(|(resource, _)| (resource, store.records(resource).count())).collect()
    }

    /// Returns the response of a method that the state knows, and the messages of the change. `None` for another method.
    pub(crate) fn respond(
        &self,
        method: &Method,
        parameters: &Parameters<'_>,
        now: SystemTime,
    ) -> Option<Result<(Members, Vec<Event>), Refusal>> {
        let route = route_of(&method.spec.method.value)?;
        Some(self.run(route, &Call { method, parameters }, DateTime::from(now)))
    }

    fn run(&self, route: &Route, call: &Call<'_>, now: DateTime) -> Result<(Members, Vec<Event>), Refusal> {
        let mut store = self.lock();
        let mut transaction = Transaction::new(&store, now);
        let members = route.run(&mut transaction, call)?;
        let (changes, events) = transaction.finish();
        store.commit(changes)?;
        Ok((members, events))
    }

    /// Returns what the state knows of a session.
    pub(crate) fn session(&self, session: &str, app_key: &str, now: SystemTime) -> SessionStatus {
        sessions::status(&self.lock(), session, app_key, now)
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.0.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns what a method does to the state.
fn route_of(method: &str) -> Option<&'static Route> {
    TABLES.iter().copied().flatten().find(|route| route.method == method)
}

const TABLES: &[&[Route]] = &[
    items::ROUTES,
    images::ROUTES,
    trades::ROUTES,
    shipments::ROUTES,
    refunds::ROUTES,
    shop::ROUTES,
    sessions::ROUTES,
];

/// Why a record was not inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PutRecordError {
    /// The record is not a JSON object.
    NoObject,
    /// The state has 100,000 records or 64 MiB.
    Full,
}

impl fmt::Display for PutRecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject => f.write_str("invalid record: expected a JSON object"),
            Self::Full => f.write_str("the state is full: expected at most 100000 records and 64 MiB"),
        }
    }
}

impl std::error::Error for PutRecordError {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path as FilePath;
    use std::time::Duration;

    use codegen::spec::{self, Parameter};

    use super::route::Action;
    use super::*;

    fn has_path(fields: &[Parameter], path: &str) -> bool {
        let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let field = fields.iter().find(|field| field.name.value == name);
        field.is_some_and(|field| rest.is_none_or(|rest| has_path(&field.fields, rest)))
    }

    /// Each route names a shipped method, its parameters and a field of its response, and a shipped topic.
    #[test]
    fn routes_agree_with_the_specs() {
        let specs = spec::read(&FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../specs")).unwrap();
        let topics: BTreeSet<_> = specs.topics.iter().map(|topic| topic.spec.topic.value.as_str()).collect();
        let mut names = BTreeSet::new();
        for route in TABLES.iter().copied().flatten() {
            assert!(names.insert(route.method), "{} twice", route.method);
            let method = specs.methods.iter().find(|method| method.spec.method.value == route.method);
            let spec = &method.unwrap_or_else(|| panic!("no spec of {}", route.method)).spec;
            let key = match route.action {
                Action::Get(_, key) | Action::Update(_, key, _) | Action::Delete(_, key, _) => key,
                _ => &[],
            };
            for (parameter, _) in key.iter().filter(|(parameter, _)| *parameter != "app_key") {
                assert!(has_path(&spec.request, parameter), "{}: {parameter}", route.method);
            }
            if let Some(node) = route.node.filter(|node| !node.is_empty()) {
                let path = spec.pages.as_ref().map_or(node, |pages| &pages.items.value);
                assert!(has_path(&spec.response.fields, path), "{}: {path}", route.method);
            }
            assert!(route.topic.is_none_or(|topic| topics.contains(topic)), "{}: {:?}", route.method, route.topic);
        }
    }

    #[test]
    fn generated_data_depends_on_the_seed_and_the_time() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let text = |seed, now| file::text(&ShopState::generate(seed, now).lock()).unwrap();
        assert_eq!(text(7, now), text(7, now));
        assert_ne!(text(7, now), text(8, now));
        assert_ne!(text(7, now), text(7, now + Duration::from_secs(1)));
    }

    /// Every status and every relation of generated data agrees with the other records.
    #[test]
    fn generated_data_is_consistent() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        for seed in 0..20 {
            let state = ShopState::generate(seed, now);
            let store = state.lock();
            let (mut statuses, limit) = (BTreeSet::new(), DateTime::from(now).to_string());
            for trade in store.records(Resource::Trade) {
                let text = |field| record::text(trade, field);
                assert!(text("created") <= text("modified") && text("modified") <= limit, "{trade:?}");
                let is_paid = !["WAIT_BUYER_PAY", "TRADE_CLOSED_BY_TAOBAO"].contains(&text("status").as_str());
                assert_eq!(is_paid, !text("pay_time").is_empty(), "{trade:?}");
                let is_sent = ["WAIT_BUYER_CONFIRM_GOODS", "TRADE_FINISHED"].contains(&text("status").as_str());
                let shipped = store.records(Resource::Shipment).any(|shipment| shipment.get("tid") == trade.get("tid"));
                assert!(is_sent == shipped && is_sent != text("consign_time").is_empty(), "{trade:?}");
                for order in record::objects(trade, "orders") {
                    let item = record::integer(order, "num_iid").and_then(|id| store.get(Resource::Item, id));
                    assert_eq!(record::text(item.unwrap(), "title"), record::text(order, "title"));
                }
                statuses.insert(text("status"));
            }
            assert!(statuses.contains("WAIT_BUYER_PAY") && statuses.contains("WAIT_SELLER_SEND_GOODS"), "{statuses:?}");
            for refund in store.records(Resource::Refund) {
                let trade = record::integer(refund, "tid").and_then(|id| store.get(Resource::Trade, id)).unwrap();
                assert!(record::has_text(trade, "orders.refund_id", &record::text(refund, "refund_id")));
            }
            for item in store.records(Resource::Item) {
                let skus = store.records(Resource::Sku).filter(|sku| sku.get("num_iid") == item.get("num_iid"));
                let stock: i64 = skus.filter_map(|sku| record::integer(sku, "quantity")).sum();
                assert!(stock == 0 || record::integer(item, "num") == Some(stock), "{item:?}");
            }
        }
    }

    #[test]
    fn files_keep_the_state() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let state = ShopState::open(&path, || ShopState::generate(1, now)).unwrap();
        state.save().unwrap();
        let id = state.put(Resource::Item, serde_json::json!({ "title": "杯子" })).unwrap();
        state.save().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let again = ShopState::open(&path, || panic!("the file exists")).unwrap();
        assert_eq!(again.get(Resource::Item, id), state.get(Resource::Item, id));
        assert_eq!(file::text(&again.lock()).unwrap(), text);
        // Nothing has changed, so the file is not written.
        std::fs::remove_file(&path).unwrap();
        again.save().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn damaged_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        for (text, expected) in [
            ("", "invalid state: expected a file that the gateway saved"),
            ("{\"version\":1,\"resources\":{\"items\":{}}}", "invalid state: expected a file that the gateway saved"),
            (
                "{\"version\":2,\"resources\":{}}",
                "unsupported version 2 of the state: expected 1; delete the file to start anew",
            ),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(ShopState::open(&path, ShopState::new).unwrap_err().to_string(), expected, "{text}");
        }
        let error = ShopState::open(folder.path(), ShopState::new).unwrap_err();
        assert_eq!(error.to_string(), "cannot read the state");
    }
}
