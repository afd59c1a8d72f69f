//! Items and their SKUs: stock, prices and sale.

use serde_json::Value as Json;
use top_protocol::Decimal;

use super::record::{self, Record};
use super::route::{Action, Call, Change, Filter, Key, Order, Route};
use super::store::{Resource, Transaction};
use crate::refusal::Refusal;

const BY_ID: Key = &[("num_iid", "num_iid")];
const BY_ITEM_ID: Key = &[("item_id", "num_iid")];
const BY_PROPERTIES: Key = &[("num_iid", "num_iid"), ("properties", "properties")];

const ONSALE: &[Filter] = &filters("onsale");
const INSTOCK: &[Filter] = &filters("instock");

const fn filters(status: &'static str) -> [Filter; 8] {
    [
        Filter::always("approve_status", status),
        Filter::contains("q", "title"),
        Filter::equals("cid", "cid"),
        Filter::one_of("seller_cids", "seller_cids"),
        Filter::equals("has_showcase", "has_showcase"),
        Filter::equals("auction_type", "type"),
        Filter::from("start_modified", "modified"),
        Filter::to("end_modified", "modified"),
    ]
}

const BY_MODIFIED: Order = Order::Requested("order_by", "modified");
const BY_IDS: Order = Order::Descending("num_iid");

const CREATE: Action = Action::Create(
    Resource::Item,
    &[
        Change::CopyAll,
        Change::Apply(set_seller),
        Change::Default("approve_status", "onsale"),
        Change::Copy("pic_path", "pic_url"),
        Change::Now("list_time"),
        Change::Apply(set_skus),
    ],
);
const UPDATE: Action = Action::Update(
    Resource::Item,
    BY_ID,
    &[Change::CopyAll, Change::Copy("pic_path", "pic_url"), Change::Apply(set_skus)],
);
const LIST: &[Change] =
    &[Change::Set("approve_status", "onsale"), Change::Now("list_time"), Change::Apply(set_listed_stock)];
const DELIST: &[Change] = &[Change::Set("approve_status", "instock"), Change::Now("delist_time")];
const UPDATE_SKU: Action = Action::Update(
    Resource::Sku,
    BY_PROPERTIES,
    &[
        Change::Copy("price", "price"),
        Change::Copy("quantity", "quantity"),
        Change::Copy("outer_id", "outer_id"),
        Change::Apply(set_item_of_sku),
    ],
);

const ITEM_ADD: &str = "taobao_item_ItemAdd";
pub(super) const ITEM_UPDATE: &str = "taobao_item_ItemUpdate";
const ITEM_DELETE: &str = "taobao_item_ItemDelete";
const ITEM_UPSHELF: &str = "taobao_item_ItemUpshelf";
const ITEM_DOWNSHELF: &str = "taobao_item_ItemDownshelf";

pub(super) const ROUTES: &[Route] = &[
    Route::new("taobao.item.add", CREATE, "item").emits(ITEM_ADD),
    Route::new("taobao.item.seller.get", Action::Get(Resource::Item, BY_ID), "item"),
    Route::new(
        "taobao.items.seller.list.get",
        Action::List(Resource::Item, &[Filter::one_of("num_iids", "num_iid")], BY_IDS),
        "items",
    ),
    Route::new(
        "taobao.items.custom.get",
        Action::List(Resource::Item, &[Filter::one_of("outer_id", "outer_id")], BY_IDS),
        "items",
    ),
    Route::new("taobao.items.onsale.get", Action::List(Resource::Item, ONSALE, BY_MODIFIED), "items"),
    Route::new("taobao.items.inventory.get", Action::List(Resource::Item, INSTOCK, BY_MODIFIED), "items"),
    Route::new("taobao.item.update", UPDATE, "item").emits(ITEM_UPDATE),
    Route::new("taobao.item.price.update", UPDATE, "item").emits(ITEM_UPDATE),
    Route::silent(
        "tmall.item.price.update",
        Action::Update(
            Resource::Item,
            BY_ITEM_ID,
            &[Change::Copy("item_price", "price"), Change::Apply(set_sku_prices)],
        ),
    )
    .emits(ITEM_UPDATE),
    Route::silent(
        "tmall.item.outerid.update",
        Action::Update(
            Resource::Item,
            BY_ITEM_ID,
            &[Change::Copy("outer_id", "outer_id"), Change::Apply(set_sku_outer_ids)],
        ),
    )
    .emits(ITEM_UPDATE),
    Route::new(
        "taobao.item.barcode.update",
        Action::Update(
            Resource::Item,
            BY_ITEM_ID,
            &[Change::Copy("item_barcode", "barcode"), Change::Apply(set_sku_barcodes)],
        ),
        "item",
    )
    .emits(ITEM_UPDATE),
    Route::new("taobao.item.update.listing", Action::Update(Resource::Item, BY_ID, LIST), "item").emits(ITEM_UPSHELF),
    Route::new("taobao.item.update.listing.tmall", Action::Update(Resource::Item, BY_ID, LIST), "item")
        .emits(ITEM_UPSHELF),
    Route::silent("alibaba.item.operate.upshelf", Action::Update(Resource::Item, BY_ITEM_ID, LIST)).emits(ITEM_UPSHELF),
    Route::new("taobao.item.update.delisting", Action::Update(Resource::Item, BY_ID, DELIST), "item")
        .emits(ITEM_DOWNSHELF),
    Route::new("taobao.item.update.delisting.tmall", Action::Update(Resource::Item, BY_ID, DELIST), "item")
        .emits(ITEM_DOWNSHELF),
    Route::silent("alibaba.item.operate.downshelf", Action::Update(Resource::Item, BY_ITEM_ID, DELIST))
        .emits(ITEM_DOWNSHELF),
    Route::new("taobao.item.delete", Action::Delete(Resource::Item, BY_ID, &[]), "item").emits(ITEM_DELETE),
    Route::silent("alibaba.item.operate.delete", Action::Delete(Resource::Item, BY_ITEM_ID, &[])).emits(ITEM_DELETE),
    Route::new(
        "taobao.item.quantity.update",
        Action::Update(Resource::Item, BY_ID, &[Change::Apply(set_quantity)]),
        "item",
    ),
    Route::new(
        "taobao.skus.quantity.update",
        Action::Update(Resource::Item, BY_ID, &[Change::Apply(set_quantities)]),
        "item",
    ),
    Route::silent(
        "tmall.item.quantity.update",
        Action::Update(Resource::Item, BY_ITEM_ID, &[Change::Apply(set_tmall_quantities)]),
    ),
    Route::new(
        "taobao.item.sku.add",
        Action::Create(Resource::Sku, &[Change::CopyAll, Change::Apply(add_to_item)]),
        "sku",
    ),
    Route::new(
        "taobao.item.sku.get",
        Action::Get(Resource::Sku, &[("sku_id", "sku_id"), ("num_iid", "num_iid")]),
        "sku",
    ),
    Route::new(
        "taobao.item.skus.get",
        Action::List(Resource::Sku, &[Filter::one_of("num_iids", "num_iid")], Order::Descending("sku_id")),
        "skus",
    ),
    Route::new(
        "taobao.skus.custom.get",
        Action::List(Resource::Sku, &[Filter::equals("outer_id", "outer_id")], Order::Descending("sku_id")),
        "skus",
    ),
    Route::new("taobao.item.sku.update", UPDATE_SKU, "sku"),
    Route::new("taobao.item.sku.price.update", UPDATE_SKU, "sku"),
    Route::new(
        "taobao.item.sku.delete",
        Action::Delete(Resource::Sku, BY_PROPERTIES, &[Change::Apply(set_item_of_sku)]),
        "sku",
    ),
];

/// Sets the nick of the seller.
fn set_seller(transaction: &mut Transaction<'_>, item: &mut Record, _call: &Call<'_>) -> Result<(), Refusal> {
    if let Some(shop) = transaction.records(Resource::Shop).next() {
        item.insert("nick".to_owned(), record::text(shop, "nick").into());
    }
    Ok(())
}

/// Sets the SKUs that `sku_properties`, `sku_quantities`, `sku_prices` and `sku_outer_ids` describe.
fn set_skus(transaction: &mut Transaction<'_>, item: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let list = |name: &str| call.get(name).map(|text| text.split(',').map(str::trim).collect::<Vec<_>>());
    let Some(properties) = list("sku_properties") else { return update_stock(transaction, item) };
    let mut columns = Vec::new();
    for (name, field) in [("sku_quantities", "quantity"), ("sku_prices", "price"), ("sku_outer_ids", "outer_id")] {
        let Some(values) = list(name) else { continue };
        // The last outer id may be empty.
        if values.len() != properties.len() {
            let reason =
                format!("{name} has {} items: expected {} as in sku_properties", values.len(), properties.len());
            let sub_code = format!("isv.parameters-mismatch:sku_properties-and-{name}");
            return Err(Refusal::with_reason(41, &sub_code, reason));
        }
        columns.push((field, values));
    }
    let now = Json::from(transaction.now.to_string());
    for (index, properties) in properties.iter().enumerate() {
        let known = skus(transaction, item).into_iter().find(|sku| record::text(sku, "properties") == *properties);
        let mut sku = known.unwrap_or_else(|| {
            let price = item.get("price").cloned().unwrap_or_default();
            [("created", now.clone()), ("properties", (*properties).into()), ("price", price), ("quantity", 0.into())]
                .into_iter()
                .chain(item.get("num_iid").map(|id| ("num_iid", id.clone())))
                .map(|(name, value)| (name.to_owned(), value))
                .collect()
        });
        for (field, values) in &columns {
            sku.insert((*field).to_owned(), values.get(index).copied().unwrap_or_default().into());
        }
        sku.insert("modified".to_owned(), now.clone());
        transaction.put(Resource::Sku, sku);
    }
    update_stock(transaction, item)
}

/// Returns the SKUs of an item.
fn skus(transaction: &Transaction<'_>, item: &Record) -> Vec<Record> {
    let id = record::integer(item, "num_iid");
    transaction.records(Resource::Sku).filter(|sku| record::integer(sku, "num_iid") == id).cloned().collect()
}

/// Sets the stock of an item with SKUs to the sum of theirs.
fn update_stock(transaction: &Transaction<'_>, item: &mut Record) -> Result<(), Refusal> {
    let skus = skus(transaction, item);
    if !skus.is_empty() {
        let stock: i64 = skus.iter().filter_map(|sku| record::integer(sku, "quantity")).fold(0, i64::saturating_add);
        item.insert("num".to_owned(), stock.into());
    }
    Ok(())
}

/// Sets the stock with which an item is listed. One without stock cannot be listed.
fn set_listed_stock(transaction: &mut Transaction<'_>, item: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let has_skus = !skus(transaction, item).is_empty();
    if let Some(num) = call.integer("num").or_else(|| call.integer("quantity")).filter(|_| !has_skus) {
        item.insert("num".to_owned(), num.into());
    }
    if record::integer(item, "num").unwrap_or_default() < 1 {
        return Err(Refusal::with_reason(
            15,
            "isv.item-is-out-of-stock",
            "the item has no stock: expected num of at least 1",
        ));
    }
    Ok(())
}

/// How a quantity changes a stock.
#[derive(Clone, Copy)]
enum Mode {
    Full,
    Increment,
}

impl Mode {
    fn of(number: Option<i64>) -> Self {
        if number == Some(2) { Self::Increment } else { Self::Full }
    }
}

/// Selects a SKU of an item.
enum SkuKey<'k> {
    Id(&'k str),
    Properties(&'k str),
    OuterId(&'k str),
}

impl SkuKey<'_> {
    fn field_and_value(&self) -> (&'static str, &str) {
        match self {
            Self::Id(value) => ("sku_id", value),
            Self::Properties(value) => ("properties", value),
            Self::OuterId(value) => ("outer_id", value),
        }
    }

    /// Returns the SKU of an item.
    fn find(&self, transaction: &Transaction<'_>, item: &Record) -> Result<Record, Refusal> {
        let (field, value) = self.field_and_value();
        let found = skus(transaction, item).into_iter().find(|sku| record::has_text(sku, field, value));
        found.ok_or_else(|| Resource::Sku.not_found(&format!("{field} {value}")))
    }
}

/// Returns the key of an object of a list parameter: `sku_id`, `properties` or `outer_id`.
fn key_of(object: &Record) -> Option<(String, String)> {
    let key =
        ["sku_id", "properties", "outer_id"].into_iter().map(|name| (name.to_owned(), record::text(object, name)));
    key.into_iter().find(|(_, value)| !value.is_empty())
}

fn sku_key<'k>(name: &str, value: &'k str) -> SkuKey<'k> {
    match name {
        "sku_id" => SkuKey::Id(value),
        "properties" => SkuKey::Properties(value),
        _ => SkuKey::OuterId(value),
    }
}

/// `taobao.item.quantity.update`: the stock of an item, or of one of its SKUs.
fn set_quantity(transaction: &mut Transaction<'_>, item: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let mode = Mode::of(call.integer("type"));
    let quantity = call.integer("quantity").unwrap_or_default();
    let key = call.get("sku_id").map(SkuKey::Id).or_else(|| call.get("outer_id").map(SkuKey::OuterId));
    match key {
        Some(key) => {
            let sku = match (key.find(transaction, item), &key) {
                // The outer id of the item itself.
                (Err(_), SkuKey::OuterId(own)) if record::text(item, "outer_id") == *own => None,
                (found, _) => Some(found?),
            };
            change_stock(transaction, item, sku, quantity, mode)
        }
        None => change_stock(transaction, item, None, quantity, mode),
    }
}

/// `taobao.skus.quantity.update`: `SKU:QUANTITY;SKU:QUANTITY`.
fn set_quantities(transaction: &mut Transaction<'_>, item: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let mode = Mode::of(call.integer("type"));
    let lists = [("skuid_quantities", "sku_id"), ("outerid_quantities", "outer_id")];
    let sent = lists.into_iter().find_map(|(parameter, key)| Some((parameter, key, call.get(parameter)?)));
    let Some((parameter, key, list)) = sent else { return Err(Refusal::missing("skuid_quantities")) };
    for entry in list.split(';').map(str::trim).filter(|entry| !entry.is_empty()) {
        let pair = entry.rsplit_once(':').and_then(|(key, quantity)| Some((key, quantity.trim().parse::<i64>().ok()?)));
        let (value, quantity) =
            pair.ok_or_else(|| Refusal::invalid(parameter, "must be in the form SKU:QUANTITY;SKU:QUANTITY"))?;
        let sku = sku_key(key, value.trim()).find(transaction, item)?;
        change_stock(transaction, item, Some(sku), quantity, mode)?;
    }
    Ok(())
}

/// `tmall.item.quantity.update`: JSON.
fn set_tmall_quantities(transaction: &mut Transaction<'_>, item: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let options: Option<Record> = call.get("options").and_then(|text| serde_json::from_str(text).ok());
    let mode = Mode::of(options.and_then(|options| record::integer(&options, "type")));
    for (sku, object) in named_skus(transaction, item, call, "sku_quantities")? {
        let quantity = record::integer(&object, "quantity").unwrap_or_default();
        change_stock(transaction, item, Some(sku), quantity, mode)?;
    }
    match call.integer("item_quantity") {
        Some(quantity) => change_stock(transaction, item, None, quantity, mode),
        None => Ok(()),
    }
}

/// Returns the SKUs that the objects of a list parameter name, with the objects.
fn named_skus(
    transaction: &Transaction<'_>,
    item: &Record,
    call: &Call<'_>,
    parameter: &str,
) -> Result<Vec<(Record, Record)>, Refusal> {
    let named = call.objects(parameter).into_iter().map(|object| {
        let (name, value) = key_of(&object)
            .ok_or_else(|| Refusal::invalid(parameter, "must name each SKU with sku_id, properties or outer_id"))?;
        Ok((sku_key(&name, &value).find(transaction, item)?, object))
    });
    named.collect()
}

/// Changes the stock of a SKU, or of an item without SKUs, and emits the messages of the change.
fn change_stock(
    transaction: &mut Transaction<'_>,
    item: &mut Record,
    sku: Option<Record>,
    quantity: i64,
    mode: Mode,
) -> Result<(), Refusal> {
    let field = if sku.is_some() { "quantity" } else { "num" };
    let before = record::integer(sku.as_ref().unwrap_or(item), field).unwrap_or_default();
    let after = match mode {
        Mode::Full => quantity,
        Mode::Increment => before.saturating_add(quantity),
    };
    if after < 0 {
        let reason = format_args!("must leave a stock of at least 0, found {after}");
        return Err(Refusal::invalid("quantity", reason));
    }
    let now = Json::from(transaction.now.to_string());
    let mut message = item.clone();
    match sku {
        Some(mut sku) => {
            sku.insert("quantity".to_owned(), after.into());
            sku.insert("modified".to_owned(), now);
            message.extend(sku.get("sku_id").map(|id| ("sku_id".to_owned(), id.clone())));
            message.insert("sku_num".to_owned(), after.into());
            transaction.put(Resource::Sku, sku);
            update_stock(transaction, item)?;
        }
        None if skus(transaction, item).is_empty() => {
            item.insert("num".to_owned(), after.into());
        }
        None => {
            let reason = "the item has SKUs: expected sku_id or outer_id of one of them";
            return Err(Refusal::with_reason(15, "isv.missing-parameter:sku_id", reason));
        }
    }
    let stock = item.get("num").cloned().unwrap_or_default();
    message.insert("num".to_owned(), stock.clone());
    message.insert("increment".to_owned(), after.saturating_sub(before).into());
    message.insert("changed_fields".to_owned(), "num".into());
    let is_sku_empty = after == 0 && message.contains_key("sku_id");
    transaction.emit("taobao_item_ItemStockChanged", message.clone());
    if is_sku_empty {
        transaction.emit("taobao_item_ItemSkuZeroStock", message.clone());
    }
    if record::integer_of(&stock) == Some(0) {
        transaction.emit("taobao_item_ItemZeroStock", message);
    }
    Ok(())
}

fn set_sku_prices(transaction: &mut Transaction<'_>, item: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    set_of_skus(transaction, item, call, "sku_prices", "price")
}

fn set_sku_outer_ids(transaction: &mut Transaction<'_>, item: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    for (mut sku, object) in named_skus_by_id(transaction, item, call)? {
        sku.extend(object.get("outer_id").map(|value| ("outer_id".to_owned(), value.clone())));
        transaction.put(Resource::Sku, sku);
    }
    Ok(())
}

/// Returns the SKUs of `sku_outers`, whose `outer_id` is the new value and not a key.
fn named_skus_by_id(
    transaction: &Transaction<'_>,
    item: &Record,
    call: &Call<'_>,
) -> Result<Vec<(Record, Record)>, Refusal> {
    let named = call.objects("sku_outers").into_iter().map(|object| {
        let key = key_of(&object).filter(|(name, _)| name != "outer_id");
        let (name, value) =
            key.ok_or_else(|| Refusal::invalid("sku_outers", "must name each SKU with sku_id or properties"))?;
        Ok((sku_key(&name, &value).find(transaction, item)?, object))
    });
    named.collect()
}

/// Copies a field of each object of a list parameter to the SKU that the object names.
fn set_of_skus(
    transaction: &mut Transaction<'_>,
    item: &Record,
    call: &Call<'_>,
    parameter: &str,
    field: &str,
) -> Result<(), Refusal> {
    for (mut sku, object) in named_skus(transaction, item, call, parameter)? {
        if let Some(value) = object.get(field) {
            let is_price = record::text_of(value).is_some_and(|text| Decimal::from_str_exact(&text).is_ok());
            if field == "price" && !is_price {
                return Err(Refusal::invalid(parameter, "must have a decimal number as price"));
            }
            sku.insert(field.to_owned(), value.clone());
        }
        transaction.put(Resource::Sku, sku);
    }
    Ok(())
}

/// Sets the barcodes of `sku_ids`, in the order of `sku_barcodes`.
fn set_sku_barcodes(transaction: &mut Transaction<'_>, item: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    for (id, barcode) in call.items("sku_ids").zip(call.items("sku_barcodes")) {
        let mut sku = SkuKey::Id(id).find(transaction, item)?;
        sku.insert("barcode".to_owned(), barcode.into());
        transaction.put(Resource::Sku, sku);
    }
    Ok(())
}

/// Checks the item of a new SKU, and adds the SKU's stock to the item's.
fn add_to_item(transaction: &mut Transaction<'_>, sku: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let (item, properties) = (call.get("num_iid").unwrap_or_default(), record::text(sku, "properties"));
    let is_same =
        |other: &&Record| record::has_text(other, "num_iid", item) && record::text(other, "properties") == properties;
    if transaction.records(Resource::Sku).filter(is_same).count() > 0 {
        let reason = format!("the item has a SKU with the properties {properties}: expected other properties");
        return Err(Refusal::with_reason(15, "isv.sku-exists", reason));
    }
    set_item_of_sku(transaction, sku, call)
}

/// Sets the stock, and the price if `item_price` is sent, of the item of a SKU.
fn set_item_of_sku(transaction: &mut Transaction<'_>, sku: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let id = record::text(sku, "num_iid");
    let item = transaction.records(Resource::Item).find(|item| record::has_text(item, "num_iid", &id)).cloned();
    let mut item = item.ok_or_else(|| Resource::Item.not_found(&format!("num_iid {id}")))?;
    if let Some(price) = call.get("item_price") {
        item.insert("price".to_owned(), price.into());
    }
    item.insert("modified".to_owned(), transaction.now.to_string().into());
    let is_deleted = !transaction.records(Resource::Sku).any(|other| other.get("sku_id") == sku.get("sku_id"));
    if !is_deleted {
        // The stock of the item is the sum of the written records.
        transaction.put(Resource::Sku, sku.clone());
    }
    update_stock(transaction, &mut item)?;
    transaction.put(Resource::Item, item);
    Ok(())
}
