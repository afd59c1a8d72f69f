//! Refunds: lists, agreement, refusal and messages.

use std::time::UNIX_EPOCH;

use serde_json::{Value as Json, json};

use super::record::{self, Record};
use super::route::{self, Action, Call, Change, Filter, Key, Order, Route};
use super::store::{Resource, Transaction};
use super::words;
use crate::refusal::Refusal;

const BY_ID: Key = &[("refund_id", "refund_id")];

const FILTERS: &[Filter] = &[
    Filter::equals("refund_id", "refund_id"),
    Filter::equals("status", "status"),
    Filter::one_of("type", "type"),
    Filter::equals("buyer_nick", "buyer_nick"),
    Filter::equals("seller_nick", "seller_nick"),
    Filter::equals("buyer_open_uid", "buyer_open_uid"),
    Filter::equals("ouid", "buyer_open_uid"),
    Filter::from("start_modified", "modified"),
    Filter::to("end_modified", "modified"),
];

const MESSAGE_FILTERS: &[Filter] =
    &[Filter::equals("refund_id", "refund_id"), Filter::equals("refund_phase", "refund_phase")];

const WAIT_AGREE: &str = "WAIT_SELLER_AGREE";
const WAIT_RETURN: &str = "WAIT_BUYER_RETURN_GOODS";
const WAIT_CONFIRM: &str = "WAIT_SELLER_CONFIRM_GOODS";
const REFUSED: &str = "SELLER_REFUSE_BUYER";

const LIST: Action = Action::List(Resource::Refund, FILTERS, Order::Descending("modified"));
const AGREED: &str = "taobao_refund_RefundSellerAgreeAgreement";
const REFUSED_TOPIC: &str = "taobao_refund_RefundSellerRefuseAgreement";

pub(super) const ROUTES: &[Route] = &[
    Route::new("taobao.refund.get", Action::Get(Resource::Refund, BY_ID), "refund"),
    Route::new("taobao.refunds.receive.get", LIST, "refunds"),
    Route::new("taobao.refunds.apply.get", LIST, "refunds"),
    Route::new("taobao.refund.status.get", Action::Batch(statuses), ""),
    Route::new(
        "taobao.refund.refuse",
        Action::Update(
            Resource::Refund,
            BY_ID,
            &[
                Change::Require(&[WAIT_AGREE, WAIT_CONFIRM]),
                Change::Set("status", REFUSED),
                Change::Copy("refuse_message", "refuse_message"),
                Change::Apply(set_version),
            ],
        ),
        "refund",
    )
    .emits(REFUSED_TOPIC),
    Route::new("taobao.rp.refunds.agree", Action::Batch(agree_all), ""),
    Route::silent(
        "taobao.rp.returngoods.agree",
        Action::Update(
            Resource::Refund,
            BY_ID,
            &[
                Change::Require(&[WAIT_AGREE, REFUSED]),
                Change::Set("status", WAIT_RETURN),
                Change::Copy("address", "address"),
                Change::Apply(set_version),
            ],
        ),
    )
    .emits(AGREED),
    Route::silent(
        "taobao.rp.returngoods.refuse",
        Action::Update(
            Resource::Refund,
            BY_ID,
            &[Change::Require(&[WAIT_CONFIRM]), Change::Set("status", REFUSED), Change::Apply(set_version)],
        ),
    )
    .emits(REFUSED_TOPIC),
    Route::silent(
        "taobao.rp.returngoods.refill",
        Action::Update(
            Resource::Refund,
            BY_ID,
            &[
                Change::Require(&[WAIT_RETURN, WAIT_CONFIRM]),
                Change::Set("status", WAIT_CONFIRM),
                Change::Copy("logistics_waybill_no", "sid"),
                Change::Apply(set_returned),
            ],
        ),
    )
    .emits("taobao_refund_RefundBuyerReturnGoods"),
    Route::new(
        "taobao.refund.message.add",
        Action::Create(
            Resource::RefundMessage,
            &[
                Change::CopyAll,
                Change::Set("owner_role", "SELLER"),
                Change::Set("message_type", "NORMAL"),
                Change::Apply(set_refund),
            ],
        ),
        "refund_message",
    ),
    Route::new(
        "taobao.refund.messages.get",
        Action::List(Resource::RefundMessage, MESSAGE_FILTERS, Order::Descending("id")),
        "refund_messages",
    ),
];

/// `taobao.refund.status.get`: the refunds of a trade, which `query_param` names.
fn statuses(transaction: &mut Transaction<'_>, call: &Call<'_>) -> Result<Record, Refusal> {
    let query = call.get("query_param").and_then(|text| serde_json::from_str::<Record>(text).ok()).unwrap_or_default();
    let tid = record::text(&query, "biz_order_id");
    let refunds = transaction.records(Resource::Refund).filter(|refund| record::has_text(refund, "tid", &tid));
    let list: Vec<Json> = refunds.cloned().map(Json::Object).collect();
    let package = json!({ "result_list": list, "error_code": null, "error_msg": null });
    Ok([("result_package".to_owned(), package)].into_iter().collect())
}

/// Sets the version of a changed refund: the milliseconds since 1970.
fn set_version(transaction: &mut Transaction<'_>, refund: &mut Record, _call: &Call<'_>) -> Result<(), Refusal> {
    let elapsed = transaction.now.to_system_time().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
    let old = record::integer(refund, "refund_version").unwrap_or_default();
    record::set(refund, "refund_version", now.max(old.saturating_add(1)).into());
    Ok(())
}

/// Sets the company and the version of a refund whose goods the buyer returned.
fn set_returned(transaction: &mut Transaction<'_>, refund: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let company = words::company(call.get("logistics_company_code").unwrap_or_default());
    record::set(refund, "company_name", company.into());
    record::set(refund, "has_good_return", true.into());
    record::set(refund, "good_return_time", transaction.now.to_string().into());
    set_version(transaction, refund, call)
}

/// Checks the refund of a new message, and sets its fields.
fn set_refund(transaction: &mut Transaction<'_>, message: &mut Record, call: &Call<'_>) -> Result<(), Refusal> {
    let id = call.get("refund_id").unwrap_or_default();
    let refund = transaction.records(Resource::Refund).find(|refund| record::has_text(refund, "refund_id", id.trim()));
    let refund = refund.ok_or_else(|| Resource::Refund.not_found(&format!("refund_id {id}")))?;
    for (field, from) in [("owner_nick", "seller_nick"), ("refund_phase", "refund_phase")] {
        message.extend(refund.get(from).map(|value| (field.to_owned(), value.clone())));
    }
    Ok(())
}

/// `taobao.rp.refunds.agree`: refunds of the form `ID|CENTS|VERSION|PHASE`, joined by commas. Each has its own result.
fn agree_all(transaction: &mut Transaction<'_>, call: &Call<'_>) -> Result<Record, Refusal> {
    let mut results = Vec::new();
    for info in call.items("refund_infos") {
        let mut parts = info.split('|').map(str::trim);
        let id = parts.next().unwrap_or_default();
        let cents = parts.next().and_then(|cents| cents.parse::<i64>().ok());
        let cents =
            cents.ok_or_else(|| Refusal::invalid("refund_infos", "must have the form ID|CENTS|VERSION|PHASE"))?;
        let problem = agree(transaction, id, cents).err();
        let message = problem.as_ref().and_then(|problem| problem.sub_msg.clone());
        results.push(json!({ "refund_id": id, "succ": problem.is_none(), "message": message.unwrap_or_default() }));
    }
    let succeeded = results.iter().all(|result| result["succ"] == json!(true));
    let (message, code) = if succeeded { ("操作成功", "OP_SUCC") } else { ("部分退款失败", "OP_FAILURE") };
    let members = [
        ("succ", Json::Bool(succeeded)),
        ("message", message.into()),
        ("msg_code", code.into()),
        ("results", results.into()),
    ];
    Ok(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Agrees to a refund, which succeeds, and marks the order of its trade.
fn agree(transaction: &mut Transaction<'_>, id: &str, cents: i64) -> Result<(), Refusal> {
    let refund =
        transaction.records(Resource::Refund).find(|refund| record::has_text(refund, "refund_id", id)).cloned();
    let mut refund = refund.ok_or_else(|| Resource::Refund.not_found(&format!("refund_id {id}")))?;
    route::require(Resource::Refund, &refund, &[WAIT_AGREE, WAIT_CONFIRM])?;
    let due = record::text(&refund, "refund_fee");
    if words::amount(cents) != due {
        let reason = format!("the amount is {}: expected the refund_fee {due}", words::amount(cents));
        return Err(Refusal::with_reason(15, "isv.refund-fee-mismatch", reason));
    }
    let now = Json::from(transaction.now.to_string());
    record::set(&mut refund, "status", "SUCCESS".into());
    record::set(&mut refund, "modified", now.clone());
    let oid = record::text(&refund, "oid");
    let trade = transaction.records(Resource::Trade).find(|trade| record::has_text(trade, "orders.oid", &oid)).cloned();
    if let Some(mut trade) = trade {
        for order in record::objects_mut(&mut trade, "orders").filter(|order| record::has_text(order, "oid", &oid)) {
            record::set(order, "refund_status", "SUCCESS".into());
            record::set(order, "status", "TRADE_CLOSED".into());
        }
        if !record::objects(&trade, "orders").any(|order| record::text(order, "status") != "TRADE_CLOSED") {
            record::set(&mut trade, "status", "TRADE_CLOSED".into());
            record::set(&mut trade, "end_time", now.clone());
        }
        record::set(&mut trade, "modified", now);
        transaction.put(Resource::Trade, trade);
    }
    transaction.put(Resource::Refund, refund.clone());
    transaction.emit("taobao_refund_RefundSuccess", refund);
    Ok(())
}
