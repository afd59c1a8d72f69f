//! Trades: lists, and changes by the seller.

use std::time::Duration;

use serde_json::Value as Json;
use top_protocol::{DateTime, Decimal};

use super::record::{self, Record};
use super::route::{self, Action, Call, Change, Filter, Key, Order, Route};
use super::store::{Resource, Transaction};
use super::words;
use crate::refusal::Refusal;

pub(super) const BY_TID: Key = &[("tid", "tid")];

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

const WAIT_PAY: &str = "WAIT_BUYER_PAY";
pub(super) const WAIT_SEND: &str = "WAIT_SELLER_SEND_GOODS";
pub(super) const WAIT_CONFIRM: &str = "WAIT_BUYER_CONFIRM_GOODS";

const MEMO: &[Change] =
    &[Change::Copy("memo", "seller_memo"), Change::Copy("flag", "seller_flag"), Change::Apply(reset_memo)];

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
    if call.is_true("reset") {
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
