//! The state of a gateway over HTTP: sessions, items, trades, refunds and their messages.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use gateway::{Resource, RunningGateway, Server, ShopState};
use generated_sdk::api::item::{ItemSellerGetRequest, ItemsOnsaleGetRequest};
use generated_sdk::api::refund::RpRefundsAgreeRequest;
use generated_sdk::api::trade::{TradeGetRequest, TradesSoldGetRequest};
use generated_sdk::messages::Consumer;
use generated_sdk::protocol::{AppCredentials, Application, DateTime};
use generated_sdk::{Client, Error, Format};
use serde_json::{Value as Json, json};
use tokio::sync::oneshot;

use crate::support::{self, KEY, SECRET};

const SHIP: &str = "taobao.logistics.offline.send";

async fn start_with(state: &ShopState) -> RunningGateway {
    support::gateway().state(state.clone()).start().await.unwrap()
}

async fn start() -> (RunningGateway, ShopState) {
    let state = ShopState::generate(7, SystemTime::now());
    (start_with(&state).await, state)
}

fn client(gateway: &RunningGateway) -> Client {
    support::client(gateway.address()).format(Format::Json).simplify(true).session("s1").build().unwrap()
}

/// Makes a call. Returns the response, or the code and the sub code of its refusal.
async fn call(client: &Client, method: &str, parameters: &[(&str, &str)]) -> Result<Json, (i64, String)> {
    match client.call(method, parameters.to_vec()).await {
        Ok(response) => Ok(response.into_value()),
        Err(Error::Platform(error)) => Err((error.code.number().unwrap(), error.sub_code.clone().unwrap_or_default())),
        Err(error) => panic!("{method}: {}", support::chain(&error)),
    }
}

async fn refusal(client: &Client, method: &str, parameters: &[(&str, &str)]) -> (i64, String) {
    call(client, method, parameters).await.unwrap_err()
}

fn missing(sub_code: &str) -> (i64, String) {
    (15, sub_code.to_owned())
}

/// Returns the id of the first trade with a status.
fn trade_with(state: &ShopState, status: &str) -> i64 {
    let has_status = |id: &i64| state.get(Resource::Trade, *id).unwrap()["status"] == status;
    state.ids(Resource::Trade).into_iter().find(has_status).unwrap()
}

const ITEM: &[(&str, &str)] = &[
    ("cid", "50003949"),
    ("num", "10"),
    ("price", "59.90"),
    ("type", "fixed"),
    ("stuff_status", "new"),
    ("title", "不锈钢保温杯"),
    ("desc", "六小时保温"),
    ("location.state", "浙江"),
    ("location.city", "杭州"),
];

/// Adds an item. Returns its id.
async fn add_item(client: &Client, more: &[(&str, &str)]) -> String {
    let response = call(client, "taobao.item.add", &[ITEM, more].concat()).await.unwrap();
    response["item"]["num_iid"].to_string()
}

#[tokio::test]
async fn a_created_item_is_fetched_listed_changed_and_deleted() {
    let gateway = start_with(&ShopState::new()).await;
    let client = client(&gateway);
    let id = add_item(&client, &[("outer_id", "CUP-1")]).await;
    let get = async |fields: &str| {
        call(&client, "taobao.item.seller.get", &[("num_iid", &id), ("fields", fields)])
            .await
            .map(|json| json["item"].clone())
    };
    let item = get("num_iid,title,num,price,location,approve_status").await.unwrap();
    let expected = json!({
        "approve_status": "onsale", "location": { "city": "杭州", "state": "浙江" }, "num": 10,
        "num_iid": id.parse::<i64>().unwrap(), "price": "59.90", "title": "不锈钢保温杯",
    });
    assert_eq!(item, expected);
    // `fields` selects members of members.
    assert_eq!(get("location.city").await.unwrap(), json!({ "location": { "city": "杭州" } }));

    let listed = async |method: &str, parameter: (&str, &str)| {
        let response = call(&client, method, &[("fields", "num_iid"), parameter]).await.unwrap();
        (response["total_results"].as_i64(), response["items"].as_array().map_or(0, Vec::len))
    };
    let (onsale, inventory) = ("taobao.items.onsale.get", "taobao.items.inventory.get");
    assert_eq!(listed(onsale, ("q", "保温杯")).await, (Some(1), 1));
    assert_eq!(listed(onsale, ("q", "马克杯")).await, (Some(0), 0));
    assert_eq!(listed("taobao.items.custom.get", ("outer_id", "CUP-0,CUP-1")).await.1, 1);
    assert_eq!(listed("taobao.items.seller.list.get", ("num_iids", &id)).await.1, 1);

    call(&client, "taobao.item.update", &[("num_iid", &id), ("title", "保温壶")]).await.unwrap();
    assert_eq!(get("title").await.unwrap()["title"], "保温壶");
    call(&client, "taobao.item.update.delisting", &[("num_iid", &id)]).await.unwrap();
    assert_eq!((listed(onsale, ("page_no", "1")).await.1, listed(inventory, ("page_no", "1")).await.1), (0, 1));
    call(&client, "alibaba.item.operate.upshelf", &[("item_id", &id), ("quantity", "3")]).await.unwrap();
    assert_eq!(get("num,approve_status").await.unwrap(), json!({ "approve_status": "onsale", "num": 3 }));
    call(&client, "tmall.item.price.update", &[("item_id", &id), ("item_price", "49.90")]).await.unwrap();
    assert_eq!(get("price").await.unwrap()["price"], "49.90");

    let deleted = call(&client, "taobao.item.delete", &[("num_iid", &id)]).await.unwrap();
    assert_eq!(deleted["item"]["num_iid"].to_string(), id);
    assert_eq!(get("title").await, Err(missing("isv.item-not-exist")));
    for method in ["taobao.item.delete", "taobao.item.update.delisting"] {
        assert_eq!(refusal(&client, method, &[("num_iid", &id)]).await, missing("isv.item-not-exist"));
    }
    assert_eq!(listed(onsale, ("page_no", "1")).await, (Some(0), 0));
}

#[tokio::test]
async fn stock_changes_by_item_and_by_sku() {
    let gateway = start_with(&ShopState::new()).await;
    let client = client(&gateway);
    let properties = ("sku_properties", "1627207:28341,1627207:28320");
    let skus = [properties, ("sku_quantities", "5,6"), ("sku_prices", "59.90,69.90"), ("sku_outer_ids", "A,B")];
    let (plain, id) = (add_item(&client, &[]).await, add_item(&client, &skus).await);
    let stock = async |id: &str| {
        let parameters = [("num_iid", id), ("fields", "num,sku.sku_id,skus.quantity,skus.outer_id")];
        call(&client, "taobao.item.seller.get", &parameters).await.unwrap()["item"].clone()
    };
    assert_eq!(stock(&plain).await, json!({ "num": 10 }));
    let item = stock(&id).await;
    assert_eq!(item["num"], 11);
    let sku = |outer_id: &str| {
        let skus = item["skus"].as_array().unwrap();
        skus.iter().find(|sku| sku["outer_id"] == outer_id).unwrap()["sku_id"].to_string()
    };
    let (a, b) = (sku("A"), sku("B"));

    let quantity = "taobao.item.quantity.update";
    let changed = call(&client, quantity, &[("num_iid", &id), ("sku_id", &a), ("quantity", "-2"), ("type", "2")]).await;
    assert_eq!(changed.unwrap()["item"]["num"], 9);
    let lists = [("skuid_quantities", format!("{a}:1;{b}:2"), 3), ("outerid_quantities", "A:7;B:8".to_owned(), 15)];
    for (name, list, sum) in lists {
        let changed = call(&client, "taobao.skus.quantity.update", &[("num_iid", &id), (name, &list)]).await.unwrap();
        assert_eq!(changed["item"]["num"], sum);
    }
    let json = json!([{ "sku_id": a.parse::<i64>().unwrap(), "quantity": 1 }, { "outer_id": "B", "quantity": 0 }]);
    let parameters = [("item_id", id.as_str()), ("sku_quantities", &json.to_string())];
    call(&client, "tmall.item.quantity.update", &parameters).await.unwrap();
    assert_eq!(stock(&id).await["num"], 1);
    call(&client, quantity, &[("num_iid", &plain), ("quantity", "0")]).await.unwrap();
    assert_eq!(stock(&plain).await, json!({ "num": 0 }));

    // A refused call changes nothing, not even the SKUs before the wrong one.
    let list = format!("{a}:9;4699999999999:1");
    let refused =
        refusal(&client, "taobao.skus.quantity.update", &[("num_iid", &id), ("skuid_quantities", &list)]).await;
    assert_eq!((refused, &stock(&id).await["num"]), (missing("isv.sku-not-exist"), &json!(1)));
    let refused = refusal(&client, quantity, &[("num_iid", &plain), ("quantity", "-1"), ("type", "2")]).await;
    assert_eq!(refused, (41, "isv.invalid-parameter:quantity".to_owned()));
    let refused = refusal(&client, "taobao.item.update.listing", &[("num_iid", &plain), ("num", "0")]).await;
    assert_eq!(refused, missing("isv.item-is-out-of-stock"));
    let mismatch = [("num_iid", id.as_str()), properties, ("sku_quantities", "1")];
    let refused = refusal(&client, "taobao.item.update", &mismatch).await;
    assert_eq!(refused, (41, "isv.parameters-mismatch:sku_properties-and-sku_quantities".to_owned()));
}

#[tokio::test]
async fn skus_are_added_changed_and_deleted() {
    let gateway = start_with(&ShopState::new()).await;
    let client = client(&gateway);
    let id = add_item(&client, &[]).await;
    let key = [("num_iid", id.as_str()), ("properties", "1627207:28341")];
    let with = |more: &[(&'static str, &'static str)]| [&key[..], more].concat();
    let added = call(&client, "taobao.item.sku.add", &with(&[("quantity", "4"), ("price", "9.90")])).await.unwrap();
    let sku = added["sku"]["sku_id"].to_string();
    let again = refusal(&client, "taobao.item.sku.add", &with(&[("quantity", "4"), ("price", "9.90")])).await;
    assert_eq!(again, missing("isv.sku-exists"));
    let get = async || {
        let parameters = [("sku_id", sku.as_str()), ("fields", "quantity,price,properties")];
        call(&client, "taobao.item.sku.get", &parameters).await.map(|response| response["sku"].clone())
    };
    let num = async || {
        let parameters = [("num_iid", id.as_str()), ("fields", "num")];
        call(&client, "taobao.item.seller.get", &parameters).await.unwrap()["item"]["num"].clone()
    };
    assert_eq!(get().await.unwrap(), json!({ "price": "9.90", "properties": "1627207:28341", "quantity": 4 }));
    assert_eq!(num().await, 4);
    call(&client, "taobao.item.sku.update", &with(&[("quantity", "8")])).await.unwrap();
    assert_eq!((&get().await.unwrap()["quantity"], num().await), (&json!(8), json!(8)));
    let list = call(&client, "taobao.item.skus.get", &[("num_iids", &id), ("fields", "sku_id")]).await.unwrap();
    assert_eq!(list["skus"].as_array().unwrap().len(), 1);
    call(&client, "taobao.item.sku.delete", &key).await.unwrap();
    assert_eq!(get().await, Err(missing("isv.sku-not-exist")));
    assert_eq!(refusal(&client, "taobao.item.sku.update", &key).await, missing("isv.sku-not-exist"));
    let unknown = [("num_iid", "1"), ("properties", "1:1"), ("quantity", "1"), ("price", "1.00")];
    assert_eq!(refusal(&client, "taobao.item.sku.add", &unknown).await, missing("isv.item-not-exist"));
}

/// Every format has the values of the state, and lists have the shape of the format.
#[tokio::test]
async fn typed_responses_have_the_values_in_each_format() {
    let (gateway, state) = start().await;
    let tid = trade_with(&state, "WAIT_SELLER_SEND_GOODS");
    let trade = state.get(Resource::Trade, tid).unwrap();
    for (format, simplify) in [(Format::Xml, false), (Format::Json, false), (Format::Json, true)] {
        let client = support::client(gateway.address()).format(format).simplify(simplify).session("s1").strict(true);
        let client = client.build().unwrap();
        let response =
            client.execute(&TradeGetRequest::new(["tid", "orders", "receiver_name", "status"], tid)).await.unwrap();
        let found = response.trade.as_ref().unwrap();
        assert_eq!((found.tid, found.payment.as_deref()), (Some(tid), None));
        let orders = &found.orders;
        let titles: Vec<_> = orders.iter().map(|order| order.title.as_deref().unwrap()).collect();
        let expected: Vec<_> =
            trade["orders"].as_array().unwrap().iter().map(|order| order["title"].as_str().unwrap()).collect();
        assert_eq!(titles, expected);
        let id = state.ids(Resource::Item)[0];
        let response = client.execute(&ItemSellerGetRequest::new(["num_iid", "title", "skus"], id)).await.unwrap();
        let item = response.item.as_ref().unwrap();
        assert_eq!(item.title.as_deref(), state.get(Resource::Item, id).unwrap()["title"].as_str());
        assert_eq!(item.skus.len(), 4);
    }
}

#[tokio::test]
async fn lists_have_filters_windows_order_and_pages() {
    let (gateway, state) = start().await;
    let client = client(&gateway);
    let all = state.count(Resource::Trade);
    let mut seen = Vec::new();
    for page in 1.. {
        let page = page.to_string();
        let parameters = [("fields", "tid,created"), ("page_no", page.as_str()), ("page_size", "50")];
        let response = call(&client, "taobao.trades.sold.get", &parameters).await.unwrap();
        assert_eq!(response["total_results"], all);
        match response["trades"].as_array() {
            Some(trades) => {
                seen.extend(trades.iter().map(|trade| (trade["created"].clone(), trade["tid"].as_i64().unwrap())))
            }
            None => break,
        }
    }
    assert_eq!(seen.len(), all);
    assert!(seen.is_sorted_by(|left, right| left.0.as_str() >= right.0.as_str()), "newest first");
    let ids: std::collections::BTreeSet<_> = seen.iter().map(|(_, tid)| tid).collect();
    assert_eq!(ids.len(), all);

    let request = TradesSoldGetRequest::new(["tid", "status"]).status("WAIT_SELLER_SEND_GOODS").page_size(100);
    let response = client.execute(&request).await.unwrap();
    let trades = &response.trades;
    assert!(trades.iter().all(|trade| trade.status.as_ref().unwrap().as_str() == "WAIT_SELLER_SEND_GOODS"));
    let expected =
        seen.iter().filter(|(_, tid)| state.get(Resource::Trade, *tid).unwrap()["status"] == "WAIT_SELLER_SEND_GOODS");
    assert_eq!(trades.len(), expected.count());

    // Both ends of a window are inside.
    let window = [("start_created", seen[9].0.as_str().unwrap()), ("end_created", seen[3].0.as_str().unwrap())];
    let parameters = [&[("fields", "tid"), ("use_has_next", "true")][..], &window].concat();
    let response = call(&client, "taobao.trades.sold.get", &parameters).await.unwrap();
    let found: Vec<_> =
        response["trades"].as_array().unwrap().iter().map(|trade| trade["tid"].as_i64().unwrap()).collect();
    assert_eq!(found, seen[3..=9].iter().map(|(_, tid)| *tid).collect::<Vec<_>>());
    assert_eq!((response.get("total_results"), &response["has_next"]), (None, &json!(false)));

    // The platform's limit of a window applies.
    let window =
        [("fields", "tid"), ("start_modified", "2024-01-01 00:00:00"), ("end_modified", "2024-01-03 00:00:00")];
    let refused = refusal(&client, "taobao.trades.sold.increment.get", &window).await;
    assert_eq!(refused, (41, "isv.invalid-parameter:end_modified".to_owned()));

    let request = ItemsOnsaleGetRequest::new(["num_iid", "price"]).order_by("price:asc");
    let items = client.execute(&request).await.unwrap();
    assert!(!items.items.is_empty());
}

#[tokio::test]
async fn unpaid_trades_are_closed_and_changed() {
    let (gateway, state) = start().await;
    let client = client(&gateway);
    let (unpaid, paid) = (trade_with(&state, "WAIT_BUYER_PAY"), trade_with(&state, "WAIT_SELLER_SEND_GOODS"));
    let (unpaid, paid) = (unpaid.to_string(), paid.to_string());
    let get = async |tid: &str, fields: &str| {
        call(&client, "taobao.trade.fullinfo.get", &[("tid", tid), ("fields", fields)]).await.unwrap()["trade"].clone()
    };
    let before = state.get(Resource::Trade, unpaid.parse().unwrap()).unwrap();
    let cents = |amount: &Json| amount.as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
    let changed =
        call(&client, "taobao.trade.postage.update", &[("tid", &unpaid), ("post_fee", "12.5")]).await.unwrap();
    assert_eq!(changed["trade"]["post_fee"], "12.50");
    assert_eq!(cents(&changed["trade"]["payment"]), cents(&before["payment"]) - cents(&before["post_fee"]) + 1250);

    let closed = call(&client, "taobao.trade.close", &[("tid", &unpaid), ("close_reason", "缺货")]).await.unwrap();
    assert_eq!(closed["trade"]["tid"].to_string(), unpaid);
    let trade = get(&unpaid, "status,orders.status").await;
    assert_eq!(trade["status"], "TRADE_CLOSED_BY_TAOBAO");
    assert!(trade["orders"].as_array().unwrap().iter().all(|order| order["status"] == "TRADE_CLOSED_BY_TAOBAO"));
    for tid in [&unpaid, &paid] {
        let refused = refusal(&client, "taobao.trade.close", &[("tid", tid), ("close_reason", "缺货")]).await;
        assert_eq!(refused, missing("isv.trade-status-error"));
    }

    call(&client, "taobao.trade.memo.add", &[("tid", &paid), ("memo", "易碎"), ("flag", "3")]).await.unwrap();
    assert_eq!(get(&paid, "seller_memo,seller_flag").await, json!({ "seller_flag": 3, "seller_memo": "易碎" }));
    call(&client, "taobao.trade.memo.update", &[("tid", &paid), ("reset", "true")]).await.unwrap();
    assert_eq!(get(&paid, "seller_memo").await["seller_memo"], "");
    let address = [("tid", paid.as_str()), ("receiver_city", "宁波市"), ("receiver_address", "中山路1号")];
    call(&client, "taobao.trade.shippingaddress.update", &address).await.unwrap();
    assert_eq!(get(&paid, "receiver_city,receiver_address").await["receiver_address"], "中山路1号");
    for method in ["taobao.trade.get", "taobao.trade.fullinfo.get", "taobao.trade.amount.get"] {
        assert_eq!(refusal(&client, method, &[("tid", "1"), ("fields", "tid")]).await, missing("isv.trade-not-exist"));
    }
    let refused = refusal(&client, SHIP, &[("tid", "1"), ("out_sid", "1"), ("company_code", "ZTO")]).await;
    assert_eq!(refused, missing("isv.trade-not-exist"));
}

/// A trade with two orders of the item `item`, for tests of parts.
fn two_orders(tid: i64) -> Json {
    let order = |oid: i64| json!({ "oid": oid, "title": "杯子", "status": "WAIT_SELLER_SEND_GOODS", "num": 1 });
    json!({
        "tid": tid, "status": "WAIT_SELLER_SEND_GOODS", "seller_nick": "卖家", "buyer_nick": "买家", "type": "guarantee_trade",
        "created": "2026-01-01 10:00:00", "modified": "2026-01-01 10:00:00", "payment": "9.90",
        "orders": [order(tid + 1), order(tid + 2)],
    })
}

#[tokio::test]
async fn orders_are_shipped_in_parts_and_resent() {
    let state = ShopState::new();
    let tid = state.put(Resource::Trade, two_orders(1000)).unwrap();
    assert_eq!(tid, 1000);
    let gateway = start_with(&state).await;
    let client = client(&gateway);
    let ship = async |order: &str, waybill: &str| {
        let parameters =
            [("tid", "1000"), ("sub_tid", order), ("is_split", "1"), ("out_sid", waybill), ("company_code", "ZTO")];
        call(&client, SHIP, &parameters).await
    };
    let status = || state.get(Resource::Trade, 1000).unwrap()["status"].as_str().unwrap().to_owned();
    assert_eq!(ship("1003", "75").await, Err(missing("isv.trade-not-exist")));
    assert_eq!(ship("1001", "75").await.unwrap()["shipping"]["is_success"], true);
    assert_eq!(status(), "SELLER_CONSIGNED_PART");
    assert_eq!(ship("1001", "75").await, Err(missing("isv.trade-status-error")));
    ship("1002", "76").await.unwrap();
    assert_eq!(status(), "WAIT_BUYER_CONFIRM_GOODS");
    assert_eq!(ship("1002", "76").await, Err(missing("isv.trade-status-error")));

    let resend = [("tid", "1000"), ("sub_tid", "1002"), ("is_split", "1"), ("out_sid", "77"), ("company_code", "SF")];
    call(&client, "taobao.logistics.consign.resend", &resend).await.unwrap();
    let parameters = [("tid", "1000"), ("fields", "out_sid,company_name,sub_tids,is_split")];
    let response = call(&client, "taobao.logistics.orders.get", &parameters).await.unwrap();
    let mut shippings = response["shippings"].as_array().unwrap().clone();
    shippings.sort_by_key(|shipping| shipping["out_sid"].to_string());
    let expected = [
        json!({ "company_name": "中通快递", "is_split": 1, "out_sid": "75", "sub_tids": [1001] }),
        json!({ "company_name": "顺丰速运", "is_split": 1, "out_sid": "77", "sub_tids": [1002] }),
    ];
    assert_eq!(shippings, expected);
    call(&client, "taobao.trade.receivetime.delay", &[("tid", "1000"), ("days", "3")]).await.unwrap();
}

#[tokio::test]
async fn refunds_are_agreed_refused_and_discussed() {
    let state = ShopState::new();
    state.put(Resource::Trade, two_orders(1000)).unwrap();
    let refund = |order: i64| {
        json!({
            "tid": 1000, "oid": order, "status": "WAIT_SELLER_AGREE", "refund_fee": "9.90", "refund_version": 1,
            "refund_phase": "onsale", "seller_nick": "卖家", "buyer_nick": "买家", "modified": "2026-01-01 10:00:00",
        })
    };
    let ids = [1001, 1002, 1002].map(|order| state.put(Resource::Refund, refund(order)).unwrap());
    let gateway = start_with(&state).await;
    let client = client(&gateway);
    let status = |id: i64| state.get(Resource::Refund, id).unwrap()["status"].as_str().unwrap().to_owned();

    let infos = format!("{}|990|1|onsale,{}|1|1|onsale,7|1|1|onsale", ids[0], ids[1]);
    // In simplified JSON, the client takes this response for a refusal.
    let typed = support::client(gateway.address()).session("s1").build().unwrap();
    let response = typed.execute(&RpRefundsAgreeRequest::new(infos)).await.unwrap();
    assert_eq!(response.succ, Some(false));
    let results: Vec<_> = response.results.iter().map(|result| result.succ.unwrap()).collect();
    assert_eq!(results, [true, false, false]);
    assert_eq!((status(ids[0]).as_str(), status(ids[1]).as_str()), ("SUCCESS", "WAIT_SELLER_AGREE"));
    let trade = state.get(Resource::Trade, 1000).unwrap();
    assert_eq!(
        (&trade["orders"][0]["status"], &trade["status"]),
        (&json!("TRADE_CLOSED"), &json!("WAIT_SELLER_SEND_GOODS"))
    );

    let id = ids[1].to_string();
    let refuse = [("refund_id", id.as_str()), ("refuse_message", "商品完好")];
    let response = call(&client, "taobao.refund.refuse", &refuse).await.unwrap();
    assert_eq!(response["refund"]["status"], "SELLER_REFUSE_BUYER");
    assert_eq!(response["refund"]["refund_id"], id.as_str());
    assert_eq!(refusal(&client, "taobao.refund.refuse", &refuse).await, missing("isv.refund-status-error"));
    let version = state.get(Resource::Refund, ids[1]).unwrap()["refund_version"].as_i64();
    assert!(version > Some(1));
    call(&client, "taobao.rp.returngoods.agree", &[("refund_id", &id)]).await.unwrap();
    assert_eq!(status(ids[1]), "WAIT_BUYER_RETURN_GOODS");
    let waybill = [("logistics_waybill_no", "75"), ("logistics_company_code", "SF"), ("refund_phase", "onsale")];
    call(&client, "taobao.rp.returngoods.refill", &[&[("refund_id", id.as_str())], &waybill[..]].concat())
        .await
        .unwrap();
    let fields = ("fields", "refund_id,status,sid,company_name");
    let response = call(&client, "taobao.refund.get", &[("refund_id", &id), fields]).await.unwrap();
    let expected =
        json!({ "company_name": "顺丰速运", "refund_id": id, "sid": "75", "status": "WAIT_SELLER_CONFIRM_GOODS" });
    assert_eq!(response["refund"], expected);

    let response =
        call(&client, "taobao.refunds.receive.get", &[("status", "WAIT_SELLER_AGREE"), fields]).await.unwrap();
    assert_eq!(
        (&response["total_results"], &response["refunds"][0]["refund_id"]),
        (&json!(1), &json!(ids[2].to_string()))
    );

    let image = generated_sdk::protocol::File::new(*b"GIF89a");
    let parameters = generated_sdk::protocol::UntypedParameters::new()
        .text("refund_id", &*id)
        .text("content", "已收到")
        .file("image", image);
    client.call("taobao.refund.message.add", parameters).await.unwrap();
    let list = [("refund_id", id.as_str()), ("fields", "content,owner_role")];
    let response = call(&client, "taobao.refund.messages.get", &list).await.unwrap();
    assert_eq!(response["refund_messages"], json!([{ "content": "已收到", "owner_role": "SELLER" }]));
    assert_eq!(
        refusal(&client, "taobao.refund.get", &[("refund_id", "1"), fields]).await,
        missing("isv.refund-not-exist")
    );
}

/// The clock of a gateway, in seconds since 1970.
static CLOCK: AtomicU64 = AtomicU64::new(1_800_000_000);

fn clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(CLOCK.load(Ordering::Relaxed))
}

/// Makes a call that is signed at the time of the gateway. Returns the simplified JSON.
async fn call_at(
    gateway: &RunningGateway,
    app: &AppCredentials,
    session: Option<&str>,
    method: &str,
    own: &[(&str, &str)],
) -> Json {
    let mut application = Application::new(app.clone());
    application.simplify = true;
    let parameters = own.to_vec().into();
    let signed = application.sign_untyped(method, &parameters, session, DateTime::from(clock())).unwrap();
    let query = signed.parameters().to_form();
    let text = reqwest::get(format!("{}?{query}", gateway.url())).await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn sessions_are_created_used_refreshed_and_expire() {
    let other = AppCredentials::new("2", "another secret");
    let app = AppCredentials::new(KEY, SECRET);
    let settings = support::gateway().application("2", "another secret").session("fixed").clock(clock);
    let gateway = settings.state(ShopState::generate(1, clock())).start().await.unwrap();
    let tokens = |response: &Json| -> (String, String) {
        let result: Json = serde_json::from_str(response["token_result"].as_str().unwrap()).unwrap();
        assert_eq!(result["expires_in"], 86_400);
        let text = |name: &str| result[name].as_str().unwrap().to_owned();
        (text("access_token"), text("refresh_token"))
    };
    let error =
        |response: Json| (response["error_response"]["code"].as_i64(), response["error_response"]["sub_code"].clone());
    let use_session = async |app: &AppCredentials, session: &str| {
        error(call_at(&gateway, app, Some(session), "taobao.trades.sold.get", &[("fields", "tid")]).await)
    };
    let accepted = (None, Json::Null);
    let unknown = (Some(27), json!("invalid-sessionkey"));
    let create = ("taobao.top.auth.token.create", [("code", "c1")]);
    let (first, refresh) = tokens(&call_at(&gateway, &app, None, create.0, &create.1).await);
    let again = call_at(&gateway, &app, None, create.0, &create.1).await;
    assert_eq!(error(again), (Some(15), json!("isv.invalid-auth-code")));
    assert_eq!(use_session(&app, &first).await, accepted);
    assert_eq!(use_session(&app, "fixed").await, accepted);
    assert_eq!(use_session(&app, "other").await, unknown);
    assert_eq!(use_session(&other, &first).await, unknown, "the session of another application");

    let refreshing = async |app: &AppCredentials, token: &str| {
        call_at(&gateway, app, None, "taobao.top.auth.token.refresh", &[("refresh_token", token)]).await
    };
    let invalid = (Some(15), json!("isv.invalid-refresh-token"));
    assert_eq!(error(refreshing(&other, &refresh).await), invalid);
    let (second, next) = tokens(&refreshing(&app, &refresh).await);
    assert_ne!((&first, &refresh), (&second, &next));
    assert_eq!(
        (use_session(&app, &first).await, use_session(&app, &second).await),
        (unknown.clone(), accepted.clone())
    );
    assert_eq!(error(refreshing(&app, &refresh).await), invalid, "a replaced refresh token");

    CLOCK.fetch_add(86_399, Ordering::Relaxed);
    assert_eq!(use_session(&app, &second).await, accepted);
    CLOCK.fetch_add(1, Ordering::Relaxed);
    assert_eq!(use_session(&app, &second).await, unknown);
    let (third, last) = tokens(&refreshing(&app, &next).await);
    assert_eq!(use_session(&app, &third).await, accepted);
    CLOCK.fetch_add(30 * 86_400, Ordering::Relaxed);
    assert_eq!(error(refreshing(&app, &last).await), invalid, "an expired refresh token");
}

#[tokio::test]
async fn changes_emit_messages() {
    let state = ShopState::new();
    state.put(Resource::Trade, two_orders(1000)).unwrap();
    let item = json!({ "title": "杯子", "nick": "卖家", "num": 3, "approve_status": "onsale" });
    let item = state.put(Resource::Item, item).unwrap().to_string();
    let gateway = start_with(&state).await;
    let client = client(&gateway);
    let ship = |order| [("tid", "1000"), ("sub_tid", order), ("out_sid", "75"), ("company_code", "ZTO")];
    // Without a client of the channel, nothing waits in the queues.
    call(&client, SHIP, &ship("1001")).await.unwrap();
    assert_eq!(gateway.messages().unclaimed(), 0);

    let received = Arc::new(Mutex::new(Vec::new()));
    let handler = {
        let received = Arc::clone(&received);
        move |message: generated_sdk::messages::Message| {
            let content: Json = serde_json::from_str(&message.content).unwrap();
            received.lock().unwrap().push((message.topic.clone(), content));
            async { Ok::<_, std::io::Error>(()) }
        }
    };
    let url = format!("ws://{}/", gateway.address());
    let consumer = Consumer::builder(url.as_str(), AppCredentials::new(KEY, SECRET)).group("g").build().unwrap();
    let handle = consumer.handle();
    let consumer = tokio::spawn(consumer.run(handler));
    while gateway.messages().groups().is_empty() {
        tokio::task::yield_now().await;
    }
    call(&client, SHIP, &ship("1002")).await.unwrap();
    call(&client, "taobao.item.quantity.update", &[("num_iid", &item), ("quantity", "0")]).await.unwrap();
    while gateway.messages().groups().first().is_none_or(|group| group.confirmed < 3) {
        tokio::task::yield_now().await;
    }
    handle.shutdown();
    consumer.await.unwrap().unwrap();
    let received = received.lock().unwrap().clone();
    let topic =
        |name: &str| received.iter().find(|(topic, _)| topic == name).map(|(_, content)| content.clone()).unwrap();
    let expected = json!({
        "buyer_nick": "买家", "oid": 1002, "payment": "9.90", "seller_nick": "卖家", "status": "WAIT_BUYER_CONFIRM_GOODS",
        "tid": 1000, "type": "guarantee_trade",
    });
    assert_eq!(topic("taobao_trade_TradeSellerShip"), expected);
    let stock = topic("taobao_item_ItemStockChanged");
    assert_eq!((&stock["increment"], &stock["num"], &stock["status"]), (&json!(-3), &json!(0), &json!("onsale")));
    topic("taobao_item_ItemZeroStock");
}

/// The state survives a restart of the server, and programmed responses go before it.
#[tokio::test]
async fn a_stopped_server_has_saved_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop/state.json");
    let state = ShopState::open(&path, ShopState::new).unwrap();
    let server = Server::bind(support::gateway().state(state).build(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let (address, gateway) = (server.address().unwrap(), Arc::clone(server.gateway()));
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(server.serve_until(|_| {}, async { drop(stopped.await) }));
    let client = support::client(address).session("s1").format(Format::Json).simplify(true).build().unwrap();
    let id = add_item(&client, &[]).await;
    gateway.on("taobao.item.seller.get").once().respond(json!({ "item": { "title": "programmed" } }));
    let parameters = [("num_iid", id.as_str()), ("fields", "title")];
    let get = async || call(&client, "taobao.item.seller.get", &parameters).await.unwrap()["item"]["title"].clone();
    assert_eq!((get().await, get().await), (json!("programmed"), json!("不锈钢保温杯")));
    stop.send(()).unwrap();
    server.await.unwrap();

    let state = ShopState::open(&path, || panic!("the file exists")).unwrap();
    assert_eq!(state.ids(Resource::Item), [id.parse::<i64>().unwrap()]);
    let gateway = start_with(&state).await;
    let client = support::client(gateway.address()).session("s1").format(Format::Json).simplify(true).build().unwrap();
    assert_eq!(call(&client, "taobao.item.seller.get", &parameters).await.unwrap()["item"]["title"], "不锈钢保温杯");
}

/// Other programs on this machine insert and read records, as buyers and the platform would.
#[tokio::test]
async fn records_are_inserted_over_http() {
    let gateway = start_with(&ShopState::new()).await;
    let url = |path: &str| format!("http://{}{path}", gateway.address());
    let http = reqwest::Client::new();
    let put = async |resource: &str, body: &str| {
        let response = http.put(url(&format!("/_state/{resource}"))).body(body.to_owned()).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let (status, text) = put("trade", &two_orders(1000).to_string()).await;
    assert_eq!((status, serde_json::from_str::<Json>(&text).unwrap()), (200, json!({ "id": 1000 })));
    let read = http.get(url("/_state/trade/1000")).send().await.unwrap().json::<Json>().await.unwrap();
    assert_eq!(read, two_orders(1000));
    let trade = call(&client(&gateway), "taobao.trade.get", &[("tid", "1000"), ("fields", "payment")]).await.unwrap();
    assert_eq!(trade["trade"]["payment"], "9.90");
    let counts = http.get(url("/_state")).send().await.unwrap().json::<Json>().await.unwrap();
    assert_eq!(counts, json!({ "trade": 1 }));
    for (resource, body) in [("trade", "[]"), ("trade", "{"), ("trades", "{}")] {
        let (status, text) = put(resource, body).await;
        assert!([400, 404].contains(&status) && text.contains("expected") || text.contains("invalid"), "{text}");
    }
    assert_eq!(http.get(url("/_state/trade/1")).send().await.unwrap().status().as_u16(), 404);
    let foreign = http.put(url("/_state/trade")).header("Origin", "http://evil.test").body("{}").send().await.unwrap();
    assert_eq!(foreign.status().as_u16(), 403);
    let without = support::gateway().start().await.unwrap();
    assert_eq!(reqwest::get(format!("http://{}/_state", without.address())).await.unwrap().status().as_u16(), 404);
}

#[tokio::test]
async fn images_of_an_item_are_added_replaced_and_deleted() {
    let gateway = start_with(&ShopState::new()).await;
    let client = client(&gateway);
    let id = add_item(&client, &[]).await;
    let item = async || {
        let parameters = [("num_iid", id.as_str()), ("fields", "pic_url,item_imgs,prop_imgs")];
        call(&client, "taobao.item.seller.get", &parameters).await.unwrap()["item"].clone()
    };
    let join = async |more: &[(&str, &str)]| {
        let parameters = [&[("num_iid", id.as_str())], more].concat();
        call(&client, "taobao.item.joint.img", &parameters).await.map(|json| json["item_img"].clone())
    };
    let second = join(&[("pic_path", "i1/b.jpg"), ("position", "2")]).await.unwrap();
    assert_eq!((&second["id"], &second["url"]), (&json!(1), &json!("https://img.example.com/i1/b.jpg")));
    join(&[("pic_path", "i1/a.jpg"), ("position", "1"), ("is_major", "true")]).await.unwrap();
    let urls = |item: &Json, list: &str| -> Vec<String> {
        let images = item[list].as_array().cloned().unwrap_or_default();
        images.iter().map(|image| image["url"].as_str().unwrap().replace("https://img.example.com/", "")).collect()
    };
    let stored = item().await;
    assert_eq!(urls(&stored, "item_imgs"), ["i1/a.jpg", "i1/b.jpg"]);
    assert_eq!(stored["pic_url"], "https://img.example.com/i1/a.jpg");

    // PHP prints `true` as `1`.
    join(&[("pic_path", "i1/c.jpg"), ("id", "1"), ("position", "2"), ("is_major", "1")]).await.unwrap();
    let stored = item().await;
    assert_eq!(urls(&stored, "item_imgs"), ["i1/a.jpg", "i1/c.jpg"]);
    assert_eq!(stored["pic_url"], "https://img.example.com/i1/c.jpg");
    assert_eq!(join(&[("pic_path", "i1/d.jpg"), ("id", "9")]).await, Err(missing("isv.item-img-not-exist")));

    let delete =
        async |id_of_image| call(&client, "taobao.item.img.delete", &[("num_iid", &id), ("id", id_of_image)]).await;
    assert_eq!(delete("1").await.unwrap()["item_img"]["id"], 1);
    assert_eq!(urls(&item().await, "item_imgs"), ["i1/a.jpg"]);
    assert_eq!(delete("1").await, Err(missing("isv.item-img-not-exist")));

    let property = [("num_iid", id.as_str()), ("properties", "1627207:28329"), ("pic_path", "i1/red.jpg")];
    let image = call(&client, "taobao.item.joint.propimg", &property).await.unwrap()["prop_img"].clone();
    assert_eq!(item().await["prop_imgs"][0]["properties"], "1627207:28329");
    let parameters = [("num_iid", id.clone()), ("id", image["id"].to_string())];
    let parameters = parameters.each_ref().map(|(name, value)| (*name, value.as_str()));
    call(&client, "taobao.item.propimg.delete", &parameters).await.unwrap();
    assert_eq!(urls(&item().await, "prop_imgs"), [""; 0]);
}

#[tokio::test]
async fn an_order_of_a_logistics_company_is_cancelled_confirmed_and_traced() {
    let (gateway, state) = start().await;
    let client = client(&gateway);
    let tid = trade_with(&state, "WAIT_SELLER_SEND_GOODS").to_string();
    let status = || state.get(Resource::Trade, tid.parse().unwrap()).unwrap()["status"].clone();
    let trace = async |method| call(&client, method, &[("tid", &tid)]).await;
    let confirm = [("tid", tid.as_str()), ("out_sid", "75000000000009")];

    let nothing = missing("isv.logistics-order-not-exist");
    assert_eq!(refusal(&client, "taobao.logistics.online.confirm", &confirm).await, nothing);
    call(&client, "taobao.logistics.online.send", &[("tid", &tid), ("company_code", "ZTO")]).await.unwrap();
    assert_eq!(status(), "WAIT_SELLER_SEND_GOODS");
    assert_eq!(trace("taobao.logistics.trace.search").await, Err(nothing.clone()));

    let cancelled = call(&client, "taobao.logistics.online.cancel", &[("tid", &tid)]).await.unwrap();
    let recreated: i64 = cancelled["recreated_order_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(state.get(Resource::Shipment, recreated).unwrap()["status"], "CREATED");
    assert_eq!(state.get(Resource::Shipment, recreated - 1).unwrap()["status"], "CANCELLED");

    call(&client, "taobao.logistics.online.confirm", &confirm).await.unwrap();
    assert_eq!(status(), "WAIT_BUYER_CONFIRM_GOODS");
    assert_eq!(refusal(&client, "taobao.logistics.online.cancel", &[("tid", &tid)]).await, nothing);

    let found = trace("taobao.logistics.trace.search").await.unwrap();
    assert_eq!((&found["out_sid"], &found["company_name"]), (&json!("75000000000009"), &json!("中通快递")));
    assert_eq!(found["trace_list"].as_array().unwrap().len(), 1);
    let mut trade = state.get(Resource::Trade, tid.parse().unwrap()).unwrap();
    trade["status"] = json!("TRADE_FINISHED");
    trade["end_time"] = json!("2030-01-01 00:00:00");
    state.put(Resource::Trade, trade).unwrap();
    let all = trace("taobao.logistics.trace.get").await.unwrap();
    assert_eq!(all["result"].as_array().unwrap().len(), 1);
    assert_eq!(all["result"][0]["trace_list"][1]["status_time"], "2030-01-01 00:00:00");
    assert_eq!(trace("taobao.logistics.trace.get").await.unwrap()["result"][0]["status"], "对方已签收");
}

#[tokio::test]
async fn the_refunds_of_a_trade_have_their_statuses() {
    let (gateway, state) = start().await;
    let client = client(&gateway);
    let refund = state.get(Resource::Refund, state.ids(Resource::Refund)[0]).unwrap();
    let query = format!("{{\"biz_order_id\":{}}}", refund["tid"]);
    let found = call(&client, "taobao.refund.status.get", &[("query_param", &query)]).await.unwrap();
    let list = found["result_package"]["result_list"].as_array().unwrap();
    let of_trade = |id: &&i64| state.get(Resource::Refund, **id).unwrap()["tid"] == refund["tid"];
    assert_eq!(list.len(), state.ids(Resource::Refund).iter().filter(of_trade).count());
    assert!(list.iter().any(|one| one["status"] == refund["status"] && one["tid"] == refund["tid"]), "{list:?}");
}
