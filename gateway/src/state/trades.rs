//! Trades: lists, changes by the seller, and shipments.

use std::time::Duration;

use serde_json::Value as Json;
use top_protocol::{DateTime, Decimal};

use super::record::{self, Record};
use super::route::{self, Action, Call, Change, Filter, Key, Order, Route};
use super::store::{Resource, Transaction};
use super::words;
use crate::refusal::Refusal;

const BY_TID: Key = &[("tid", "tid")];

const FILTERS: &[Filter] = &[
    Filter::equals("status", "status"),
    Filter::one_of("type", "type"),
    Filter::equals("buyer_nick", "buyer_nick"),
    Filter::equals("buyer_open_id", "buyer_open_uid"),
    Filter::equals("buyer_open_uid", "buyer_open_uid"),
    Filter::from("start_created", "created"),
    Filter::to("end_created", "created"),
    Filter::from("start_create", "created"),
    Filter::to("end_create", "created"),
    Filter::from("start_modified", "modified"),
    Filter::to("end_modified", "modified"),
];

const SHIPMENT_FILTERS: &[Filter] = &[
    Filter::equals("tid", "tid"),
    Filter::equals("status", "status"),
    Filter::equals("buyer_nick", "buyer_nick"),
    Filter::equals("receiver_name", "receiver_name"),
    Filter::equals("seller_confirm", "seller_confirm"),
    Filter::equals("type", "type"),
    Filter::equals("freight_payer", "freight_payer"),
    Filter::from("start_created", "created"),
    Filter::to("end_created", "created"),
];

const WAIT_PAY: &str = "WAIT_BUYER_PAY";
const WAIT_SEND: &str = "WAIT_SELLER_SEND_GOODS";
const SENT_PART: &str = "SELLER_CONSIGNED_PART";
const WAIT_CONFIRM: &str = "WAIT_BUYER_CONFIRM_GOODS";

const SEND: Action =
    Action::Update(Resource::Trade, BY_TID, &[Change::Require(&[WAIT_SEND, SENT_PART]), Change::Apply(send)]);
const RESEND: Action =
    Action::Update(Resource::Trade, BY_TID, &[Change::Require(&[WAIT_CONFIRM]), Change::Apply(resend)]);
const MEMO: &[Change] =
    &[Change::Copy("memo", "seller_memo"), Change::Copy("flag", "seller_flag"), Change::Apply(reset_memo)];
const SHIPMENTS: Action = Action::List(Resource::Shipment, SHIPMENT_FILTERS, Order::Descending("created"));

pub(super) const ROUTES: &[Route] = &[
    Route::new("taobao.trade.get", Action::Get(Resource::Trade, BY_TID), "trade"),
    Route::new("taobao.trade.fullinfo.get", Action::Get(Resource::Trade, BY_TID), "trade"),
    Route::new("taobao.trade.amount.get", Action::Get(Resource::Trade, BY_TID), "trade_amount"),
    Route::new(
        "taobao.trades.sold.get",
        Action::List(Resource::Trade, FILTERS, Order::Descending("created")),
        "trades",
    ),
    Route::new(
        "taobao.trades.sold.increment.get",
        Action::List(Resource::Trade, FILTERS, Order::Descending("modified")),
        "trades",
    ),
    Route::new(
        "taobao.trades.sold.incrementv.get",
        Action::List(Resource::Trade, FILTERS, Order::Descending("created")),
        "trades",
    ),
    Route::new(
        "taobao.trade.close",
        Action::Update(Resource::Trade, BY_TID, &[Change::Require(&[WAIT_PAY]), Change::Apply(close)]),
        "trade",
    )
    .emits("taobao_trade_TradeClose"),
    Route::new("taobao.trade.memo.add", Action::Update(Resource::Trade, BY_TID, MEMO), "trade")
        .emits("taobao_trade_TradeMemoModified"),
    Route::new("taobao.trade.memo.update", Action::Update(Resource::Trade, BY_TID, MEMO), "trade")
        .emits("taobao_trade_TradeMemoModified"),
    Route::new(
        "taobao.trade.postage.update",
        Action::Update(Resource::Trade, BY_TID, &[Change::Require(&[WAIT_PAY]), Change::Apply(set_postage)]),
        "trade",
    )
    .emits("taobao_trade_TradeModifyFee"),
    Route::new(
        "taobao.trade.shippingaddress.update",
        Action::Update(Resource::Trade, BY_TID, &[Change::Require(&[WAIT_PAY, WAIT_SEND]), Change::CopyAll]),
        "trade",
    )
    .emits("taobao_trade_TradeLogisticsAddressChanged"),
    Route::new(
        "taobao.trade.receivetime.delay",
        Action::Update(Resource::Trade, BY_TID, &[Change::Require(&[WAIT_CONFIRM]), Change::Apply(delay)]),
        "trade",
    ),
    Route::new("taobao.trade.ordersku.update", Action::Batch(set_sku), "order"),
    Route::silent("taobao.logistics.offline.send", SEND),
    Route::silent("taobao.logistics.online.send", SEND),
    Route::silent("taobao.logistics.dummy.send", SEND),
    Route::silent("alibaba.ascp.logistics.offline.send", SEND),
    Route::silent("alibaba.ascp.logistics.seller.send", SEND),
    Route::silent("taobao.logistics.consign.resend", RESEND),
    Route::silent("alibaba.ascp.logistics.consign.resend", RESEND),
    Route::new("taobao.logistics.orders.get", SHIPMENTS, "shippings"),
    Route::new("taobao.logistics.orders.detail.get", SHIPMENTS, "shippings"),
];

/// Closes a trade that is not paid.
fn close(transaction: &mut Transaction<'_>, trade: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let now = Json::from(transaction.now.to_string());
    let closed = [("status", "TRADE_CLOSED_BY_TAOBAO".into()), ("end_time", now)];
    for (field, value) in &closed {
        record::objects_mut(trade, "orders").for_each(|order| record::set(order, field, value.clone()));
        record::set(trade, field, value.clone());
    }
    record::set(trade, "close_reason", call.get("close_reason").unwrap_or_default().into());
    Ok(())
}

fn reset_memo(_transaction: &mut Transaction<'_>, trade: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    if call.get("reset").is_some_and(|reset| reset.eq_ignore_ascii_case("true") || reset == "1") {
        record::set(trade, "seller_memo", "".into());
    }
    Ok(())
}

/// Sets the postage, and adds the difference to the payment.
fn set_postage(_transaction: &mut Transaction<'_>, trade: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let amount = |text: &str| Decimal::from_str_exact(text.trim());
    let fee = call.get("post_fee").and_then(|fee| amount(fee).ok()).filter(|fee| !fee.is_sign_negative());
    let mut fee = fee.ok_or_else(|| Refusal::invalid("post_fee", "must be an amount such as 8.00"))?;
    let old = amount(&record::text(trade, "post_fee")).unwrap_or_default();
    let payment = amount(&record::text(trade, "payment")).unwrap_or_default();
    let sum = payment.checked_sub(old).and_then(|rest| rest.checked_add(fee));
    let mut payment = sum.ok_or_else(|| Refusal::invalid("post_fee", "must be an amount such as 8.00"))?;
    fee.rescale(2);
    payment.rescale(2);
    record::set(trade, "post_fee", fee.to_string().into());
    record::set(trade, "payment", payment.to_string().into());
    Ok(())
}

/// Delays the time at which a shipped trade is finished.
fn delay(transaction: &mut Transaction<'_>, trade: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let days = call.integer("days").and_then(|days| u64::try_from(days).ok()).filter(|days| (1..=30).contains(days));
    let days = days.ok_or_else(|| Refusal::invalid("days", "must be from 1 to 30"))?;
    let due: DateTime = record::text(trade, "timeout_action_time").parse().unwrap_or(transaction.now);
    let due = DateTime::from(due.to_system_time() + Duration::from_secs(days * 86_400));
    record::set(trade, "timeout_action_time", due.to_string().into());
    Ok(())
}

/// `taobao.trade.ordersku.update`: changes the SKU of an order. Returns the order.
fn set_sku(transaction: &mut Transaction<'_>, call: &Call<'_>) -> Result<Record, Refusal> {
    let mut trade = route::find(transaction, Resource::Trade, &[("oid", "orders.oid")], call)?;
    route::require(Resource::Trade, &trade, &[WAIT_PAY, WAIT_SEND])?;
    let oid = call.get("oid").unwrap_or_default().trim();
    let order = record::objects(&trade, "orders").find(|order| record::has_text(order, "oid", oid));
    let item = order.map(|order| record::text(order, "num_iid")).unwrap_or_default();
    let selected = |sku: &&Record| {
        record::has_text(sku, "num_iid", &item)
            && call.get("sku_id").is_none_or(|id| record::has_text(sku, "sku_id", id.trim()))
            && call.get("sku_props").is_none_or(|properties| record::has_text(sku, "properties", properties.trim()))
    };
    let sku = transaction.records(Resource::Sku).find(selected).cloned();
    let sku = sku.ok_or_else(|| Resource::Sku.not_found("the sku_id or sku_props of the item"))?;
    let modified = Json::from(transaction.now.to_string());
    let mut changed = Record::new();
    for order in record::objects_mut(&mut trade, "orders").filter(|order| record::has_text(order, "oid", oid)) {
        record::set(order, "sku_id", record::text(&sku, "sku_id").into());
        let name = words::properties_name(&record::text(&sku, "properties_name"));
        record::set(order, "sku_properties_name", name.into());
        record::set(order, "outer_sku_id", record::text(&sku, "outer_id").into());
        changed.clone_from(order);
    }
    record::set(&mut trade, "modified", modified.clone());
    record::set(&mut changed, "modified", modified);
    transaction.put(Resource::Trade, trade);
    Ok(changed)
}

/// A package that a call sends.
pub(super) struct Package {
    pub(super) out_sid: String,
    pub(super) company_code: String,
}

/// Returns the package of a call: its own parameters, or the first of `consign_pkgs`.
fn package(call: &Call<'_>) -> Package {
    let first = call.objects("consign_pkgs").into_iter().next().unwrap_or_default();
    let sent = |name: &str| call.get(name).map_or_else(|| record::text(&first, name), str::to_owned);
    Package { out_sid: sent("out_sid"), company_code: sent("company_code") }
}

/// Ships the orders of `sub_tid`, or all of them. A trade is shipped with its last order.
fn send(transaction: &mut Transaction<'_>, trade: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let package = package(call);
    let company = words::company(&package.company_code);
    let requested: Vec<String> =
        ["sub_tid", "sub_tids"].into_iter().flat_map(|name| call.items(name)).map(str::to_owned).collect();
    for oid in &requested {
        if !record::has_text(trade, "orders.oid", oid) {
            return Err(Resource::Trade.not_found(&format!("tid {} and sub_tid {oid}", record::text(trade, "tid"))));
        }
    }
    let now = Json::from(transaction.now.to_string());
    let mut sent = Vec::new();
    for order in record::objects_mut(trade, "orders") {
        let oid = record::text(order, "oid");
        if record::text(order, "status") != WAIT_SEND || !(requested.is_empty() || requested.contains(&oid)) {
            continue;
        }
        for (field, value) in [
            ("status", WAIT_CONFIRM.into()),
            ("consign_time", now.clone()),
            ("invoice_no", package.out_sid.as_str().into()),
            ("logistics_company", company.into()),
            ("shipping_type", "express".into()),
        ] {
            record::set(order, field, value);
        }
        sent.push(Json::from(record::integer_of(&oid.into()).unwrap_or_default()));
    }
    if sent.is_empty() {
        let reason = "the orders are shipped: expected an order with the status WAIT_SELLER_SEND_GOODS";
        return Err(Refusal::with_reason(15, "isv.trade-status-error", reason));
    }
    let is_complete = !record::objects(trade, "orders").any(|order| record::text(order, "status") == WAIT_SEND);
    let status = if is_complete { WAIT_CONFIRM } else { SENT_PART };
    record::set(trade, "status", status.into());
    record::set(trade, "is_part_consign", (!is_complete).into());
    record::set(trade, "consign_time", now.clone());
    if is_complete {
        let due = DateTime::from(transaction.now.to_system_time() + Duration::from_secs(10 * 86_400));
        record::set(trade, "timeout_action_time", due.to_string().into());
    }
    let shipment = shipment(trade, &package, &now, sent.clone());
    transaction.put(Resource::Shipment, shipment);
    let topic = if is_complete { "taobao_trade_TradeSellerShip" } else { "taobao_trade_TradePartlySellerShip" };
    let mut message = trade.clone();
    message.extend(sent.first().map(|oid| ("oid".to_owned(), oid.clone())));
    transaction.emit(topic, message);
    Ok(())
}

/// Returns the shipment of some orders of a trade.
pub(super) fn shipment(trade: &Record, package: &Package, created: &Json, orders: Vec<Json>) -> Record {
    let copied = ["tid", "buyer_nick", "buyer_open_uid", "seller_nick", "receiver_name", "receiver_mobile"];
    let copied = copied.into_iter().filter_map(|field| Some((field, trade.get(field)?.clone())));
    let title = record::objects(trade, "orders").next().map(|order| record::text(order, "title")).unwrap_or_default();
    let is_split = orders.len() < record::objects(trade, "orders").count();
    let own = [
        ("out_sid", Json::from(package.out_sid.as_str())),
        ("company_name", words::company(&package.company_code).into()),
        ("item_title", title.into()),
        ("status", "CREATED".into()),
        ("type", "free".into()),
        ("freight_payer", "seller".into()),
        ("seller_confirm", "yes".into()),
        ("is_split", i64::from(is_split).into()),
        ("sub_tids", orders.into()),
        ("created", created.clone()),
        ("modified", created.clone()),
        ("delivery_start", created.clone()),
        ("delivery_end", created.clone()),
    ];
    copied.chain(own).map(|(field, value)| (field.to_owned(), value)).collect()
}

/// Replaces the package of a shipped trade.
fn resend(transaction: &mut Transaction<'_>, trade: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let package = package(call);
    let company = words::company(&package.company_code);
    let requested: Vec<&str> = ["sub_tid", "sub_tids"].into_iter().flat_map(|name| call.items(name)).collect();
    let is_selected = |oid: &str| requested.is_empty() || requested.contains(&oid);
    for order in record::objects_mut(trade, "orders").filter(|order| is_selected(&record::text(order, "oid"))) {
        record::set(order, "invoice_no", package.out_sid.as_str().into());
        record::set(order, "logistics_company", company.into());
    }
    let tid = record::text(trade, "tid");
    let shipments: Vec<Record> = transaction.records(Resource::Shipment).cloned().collect();
    let of_trade = shipments.into_iter().filter(|shipment| record::has_text(shipment, "tid", &tid));
    for mut shipment in of_trade {
        let ids = shipment.get("sub_tids").and_then(Json::as_array).into_iter().flatten();
        if ids.filter_map(record::text_of).any(|oid| is_selected(&oid)) {
            record::set(&mut shipment, "out_sid", package.out_sid.as_str().into());
            record::set(&mut shipment, "company_name", company.into());
            record::set(&mut shipment, "modified", transaction.now.to_string().into());
            transaction.put(Resource::Shipment, shipment);
        }
    }
    Ok(())
}
