//! Shipments of trades: sending, orders of a logistics company, and traces.

use std::time::Duration;

use serde_json::{Value as Json, json};
use top_protocol::DateTime;

use super::record::{self, Record};
use super::route::{self, Action, Call, Change, Filter, Order, Route};
use super::store::{Resource, Transaction};
use super::trades::{BY_TID, WAIT_CONFIRM, WAIT_SEND};
use super::words;
use crate::excerpt::excerpt;
use crate::refusal::Refusal;

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

const SENT_PART: &str = "SELLER_CONSIGNED_PART";
/// The status of a shipment without a waybill number, and of others.
const CREATED: &str = "CREATED";

const SEND: Action =
    Action::Update(Resource::Trade, BY_TID, &[Change::Require(&[WAIT_SEND, SENT_PART]), Change::Apply(send)]);
const RESEND: Action =
    Action::Update(Resource::Trade, BY_TID, &[Change::Require(&[WAIT_CONFIRM]), Change::Apply(resend)]);
const SHIPMENTS: Action = Action::List(Resource::Shipment, SHIPMENT_FILTERS, Order::Descending("created"));

pub(super) const ROUTES: &[Route] = &[
    Route::silent("taobao.logistics.offline.send", SEND),
    Route::silent(
        "taobao.logistics.online.send",
        Action::Update(
            Resource::Trade,
            BY_TID,
            &[Change::Require(&[WAIT_SEND, SENT_PART]), Change::Apply(order_or_send)],
        ),
    ),
    Route::silent(
        "taobao.logistics.online.confirm",
        Action::Update(Resource::Trade, BY_TID, &[Change::Require(&[WAIT_SEND, SENT_PART]), Change::Apply(confirm)]),
    ),
    Route::new("taobao.logistics.online.cancel", Action::Batch(cancel), ""),
    Route::silent("taobao.logistics.dummy.send", SEND),
    Route::silent("alibaba.ascp.logistics.offline.send", SEND),
    Route::silent("alibaba.ascp.logistics.seller.send", SEND),
    Route::silent("taobao.logistics.consign.resend", RESEND),
    Route::silent("alibaba.ascp.logistics.consign.resend", RESEND),
    Route::new("taobao.logistics.orders.get", SHIPMENTS, "shippings"),
    Route::new("taobao.logistics.orders.detail.get", SHIPMENTS, "shippings"),
    Route::new("taobao.logistics.trace.search", Action::Batch(trace), ""),
    Route::new("taobao.logistics.trace.get", Action::Batch(traces), ""),
];

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
    send_package(transaction, trade, call, &package(call))
}

/// Ships a trade, or without a waybill number creates an order of the logistics company, which `confirm` ships.
fn order_or_send(transaction: &mut Transaction<'_>, trade: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let package = package(call);
    if !package.out_sid.is_empty() {
        return send_package(transaction, trade, call, &package);
    }
    let now = Json::from(transaction.now.to_string());
    let waiting = record::objects(trade, "orders").filter(|order| record::text(order, "status") == WAIT_SEND);
    let orders = waiting.filter_map(|order| record::integer(order, "oid")).map(Json::from).collect();
    let shipment = shipment(trade, &package, &now, orders);
    transaction.put(Resource::Shipment, shipment);
    Ok(())
}

/// Ships a trade with the waybill number of its order of a logistics company.
fn confirm(transaction: &mut Transaction<'_>, trade: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let order = pending(transaction, &record::text(trade, "tid"))?;
    let package = Package { company_code: record::text(&order, "company_code"), ..package(call) };
    transaction.delete(Resource::Shipment, &order);
    send_package(transaction, trade, call, &package)
}

/// `taobao.logistics.online.cancel`: cancels the order of a logistics company, and creates another one.
fn cancel(transaction: &mut Transaction<'_>, call: &Call<'_>) -> Result<Record, Refusal> {
    let mut order = pending(transaction, call.get("tid").unwrap_or_default().trim())?;
    let now = Json::from(transaction.now.to_string());
    let mut recreated = order.clone();
    recreated.remove(Resource::Shipment.id());
    record::set(&mut recreated, "created", now.clone());
    record::set(&mut recreated, "modified", now.clone());
    record::set(&mut order, "status", "CANCELLED".into());
    record::set(&mut order, "modified", now.clone());
    transaction.put(Resource::Shipment, order);
    let recreated = transaction.put(Resource::Shipment, recreated);
    let id = record::text(&recreated, Resource::Shipment.id());
    let members = [("modify_time", now), ("recreated_order_id", id.into()), ("is_success", true.into())];
    Ok(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Returns the order of a logistics company that is not shipped.
fn pending(transaction: &Transaction<'_>, tid: &str) -> Result<Record, Refusal> {
    let is_pending = |shipment: &&Record| {
        record::has_text(shipment, "tid", tid)
            && record::text(shipment, "status") == CREATED
            && record::text(shipment, "out_sid").is_empty()
    };
    let order = transaction.records(Resource::Shipment).find(is_pending).cloned();
    order.ok_or_else(|| Resource::Shipment.not_found(&format!("tid {} and no waybill number", excerpt(tid))))
}

/// `taobao.logistics.trace.search`: the trace of one shipment.
fn trace(transaction: &mut Transaction<'_>, call: &Call<'_>) -> Result<Record, Refusal> {
    let trade = route::find(transaction, Resource::Trade, BY_TID, call)?;
    let requested: Vec<&str> = call.items("sub_tid").collect();
    let has_order = |shipment: &&Record| {
        let ids = shipment.get("sub_tids").and_then(Json::as_array).into_iter().flatten().filter_map(record::text_of);
        requested.is_empty() || ids.into_iter().any(|oid| requested.contains(&oid.as_str()))
    };
    let shipment = shipped(transaction, &trade).find(has_order);
    shipment.map(|shipment| trace_of(&trade, shipment)).ok_or_else(|| {
        Resource::Shipment.not_found(&format!("tid {} and a waybill number", record::text(&trade, "tid")))
    })
}

/// `taobao.logistics.trace.get`: the traces of all shipments of a trade.
fn traces(transaction: &mut Transaction<'_>, call: &Call<'_>) -> Result<Record, Refusal> {
    let trade = route::find(transaction, Resource::Trade, BY_TID, call)?;
    let traces: Vec<_> =
        shipped(transaction, &trade).map(|shipment| Json::Object(trace_of(&trade, shipment))).collect();
    Ok([("result".to_owned(), Json::from(traces))].into_iter().collect())
}

/// Returns the shipments of a trade that have a waybill number.
fn shipped<'t>(transaction: &'t Transaction<'_>, trade: &Record) -> impl Iterator<Item = &'t Record> {
    let tid = record::text(trade, "tid");
    let of_trade =
        transaction.records(Resource::Shipment).filter(move |shipment| record::has_text(shipment, "tid", &tid));
    of_trade.filter(|shipment| !record::text(shipment, "out_sid").is_empty())
}

/// Returns the trace of a shipment: its departure, and its arrival once the trade is finished.
fn trace_of(trade: &Record, shipment: &Record) -> Record {
    let step = |time: String, description: &str, action: &str| json!({ "status_time": time, "status_desc": description, "action": action });
    let mut steps = vec![step(record::text(shipment, "created"), "卖家已发货", "CONSIGN")];
    let is_signed = record::text(trade, "status") == "TRADE_FINISHED";
    if is_signed {
        steps.push(step(record::text(trade, "end_time"), "包裹已签收", "SIGN"));
    }
    let copied = ["out_sid", "company_name", "tid"];
    let copied = copied.into_iter().filter_map(|field| Some((field, shipment.get(field)?.clone())));
    let status = if is_signed { "对方已签收" } else { "运输中" };
    let own = [("status", Json::from(status)), ("trace_list", steps.into())];
    copied.chain(own).map(|(field, value)| (field.to_owned(), value)).collect()
}

/// Ships the orders of `sub_tid`, or all of them, in a package.
fn send_package(
    transaction: &mut Transaction<'_>,
    trade: &mut Record,
    call: &Call<'_>,
    package: &Package,
) -> Result<(), Refusal> {
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
    let shipment = shipment(trade, package, &now, sent.clone());
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
        ("company_code", package.company_code.as_str().into()),
        ("item_title", title.into()),
        ("status", CREATED.into()),
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
