//! Generated data: a shop with items, trades of the last 30 days, shipments and refunds. The same seed and the same time
//! give the same data.

use std::time::{Duration, SystemTime};

use serde_json::{Value as Json, json};
use top_protocol::DateTime;

use super::record::Record;
use super::store::{Resource, Store};
use super::words::{self, Goods};
use crate::refusal::Refusal;

/// The number of trades.
const TRADES: u32 = 120;

/// The age of the oldest trade.
const SPAN: Duration = Duration::from_secs(30 * 86_400);

const DAY: Duration = Duration::from_secs(86_400);

/// Returns the data of a seed, as of `now`.
pub(super) fn generate(seed: u64, now: SystemTime) -> Result<Store, Refusal> {
    let mut generator = Generator { random: fastrand::Rng::with_seed(seed), now, store: Store::default() };
    let shop = generator.shop()?;
    let items = words::GOODS.iter().map(|goods| generator.item(goods, &shop)).collect::<Result<Vec<_>, _>>()?;
    for index in 0..TRADES {
        generator.trade(index, &shop, &items)?;
    }
    Ok(generator.store)
}

struct Generator {
    random: fastrand::Rng,
    now: SystemTime,
    store: Store,
}

struct Shop {
    nick: String,
}

/// An item as trades need it.
struct Item {
    id: i64,
    goods: &'static Goods,
    pic_url: String,
    skus: Vec<Sku>,
}

struct Sku {
    id: i64,
    name: &'static str,
    outer_id: String,
}

/// The stage of a trade.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Unpaid,
    Paid,
    Sent,
    Finished,
    Closed,
}

impl Stage {
    fn status(self) -> &'static str {
        match self {
            Self::Unpaid => "WAIT_BUYER_PAY",
            Self::Paid => "WAIT_SELLER_SEND_GOODS",
            Self::Sent => "WAIT_BUYER_CONFIRM_GOODS",
            Self::Finished => "TRADE_FINISHED",
            Self::Closed => "TRADE_CLOSED_BY_TAOBAO",
        }
    }
}

fn object(json: Json) -> Record {
    match json {
        Json::Object(members) => members,
        _ => Record::new(),
    }
}

fn date(time: SystemTime) -> String {
    DateTime::from(time).to_string()
}

impl Generator {
    fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        self.random.choice(of).copied()
    }

    fn word(&mut self, of: &[&'static str]) -> &'static str {
        self.pick(of).unwrap_or_default()
    }

    /// Returns whether an event of this probability happens.
    fn happens(&mut self, percent: u32) -> bool {
        self.random.u32(0..100) < percent
    }

    fn ago(&self, time: Duration) -> SystemTime {
        self.now.checked_sub(time).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    fn digits(&mut self, count: usize) -> String {
        std::iter::repeat_with(|| self.random.digit(10)).take(count).collect()
    }

    fn shop(&mut self) -> Result<Shop, Refusal> {
        let nick = self.word(words::SHOPS).to_owned();
        let sid = 60_000_000 + self.random.i64(1..1_000_000);
        let opened = date(self.ago(SPAN * 20));
        let shop = object(json!({
            "nick": nick, "title": nick, "sid": sid, "open_uid": format!("AAH{}", self.digits(20)), "status": "normal",
            "type": "B", "has_shop": true, "bulletin": "七天无理由退换，十六点前付款当天发货", "desc": "专注日常好物",
            "pic_path": "https://img.example.com/shop/logo.jpg", "created": opened, "modified": opened,
        }));
        self.store.insert(Resource::Shop, shop)?;
        Ok(Shop { nick })
    }

    fn item(&mut self, goods: &'static Goods, shop: &Shop) -> Result<Item, Refusal> {
        let age = SPAN * 4 + DAY * self.random.u32(0..60);
        let created = date(self.ago(age));
        let age = DAY * self.random.u32(1..30) + Duration::from_secs(self.random.u64(0..86_400));
        let modified = date(self.ago(age));
        let pic_url = format!("https://img.example.com/{}.jpg", goods.code.to_ascii_lowercase());
        let is_onsale = !self.happens(15);
        let place = words::DISTRICTS.first();
        let stock = self.random.i64(20..400);
        let item = object(json!({
            "title": goods.title, "nick": shop.nick, "cid": goods.cid, "price": words::amount(goods.cents), "num": stock,
            "outer_id": goods.code, "type": "fixed", "stuff_status": "new", "sell_point": goods.sell_point,
            "desc": format!("<p>{}：{}。</p>", goods.title, goods.sell_point), "pic_url": pic_url, "props": "20000:84533669",
            "approve_status": if is_onsale { "onsale" } else { "instock" }, "created": created, "modified": modified,
            "list_time": created, "delist_time": null, "has_showcase": self.happens(20), "has_discount": self.happens(50),
            "valid_thru": 7, "sold_quantity": self.random.i64(0..5000), "seller_cids": "1001,1002",
            "location": { "state": place.map(|place| place.state), "city": place.map(|place| place.city) },
            "detail_url": "https://item.example.com/item.htm", "violation": false,
        }));
        let id = self.store.insert(Resource::Item, item)?;
        let mut skus = Vec::new();
        let mut total = 0;
        for (index, option) in goods.options.iter().enumerate() {
            let quantity = self.random.i64(5..120);
            total += quantity;
            let outer_id = format!("{}-{}", goods.code, index + 1);
            let sku = object(json!({
                "num_iid": id, "properties": option.ids, "properties_name": format!("{}:{}", option.ids, option.name),
                "quantity": quantity, "price": words::amount(goods.cents), "outer_id": outer_id, "status": "normal",
                "created": created, "modified": modified, "barcode": format!("69{}", self.digits(11)),
            }));
            let sku = self.store.insert(Resource::Sku, sku)?;
            skus.push(Sku { id: sku, name: option.name, outer_id });
        }
        if total > 0 {
            self.update_item(id, "num", total.into())?;
        }
        Ok(Item { id, goods, pic_url, skus })
    }

    fn update_item(&mut self, id: i64, field: &str, value: Json) -> Result<(), Refusal> {
        let item = self.store.records(Resource::Item).find(|item| item.get("num_iid") == Some(&id.into())).cloned();
        if let Some(mut item) = item {
            item.insert(field.to_owned(), value);
            self.store.insert(Resource::Item, item)?;
        }
        Ok(())
    }

    /// Returns the stage of a trade by its age. The last two trades wait for payment and for shipment, so that there is
    /// always one of each.
    fn stage(&mut self, index: u32, age: Duration) -> Stage {
        match index {
            index if index + 1 == TRADES => Stage::Unpaid,
            index if index + 2 == TRADES => Stage::Paid,
            _ if self.happens(6) => Stage::Closed,
            _ if age < DAY / 8 => {
                if self.happens(40) {
                    Stage::Unpaid
                } else {
                    Stage::Paid
                }
            }
            _ if age < DAY * 2 => {
                if self.happens(70) {
                    Stage::Paid
                } else {
                    Stage::Sent
                }
            }
            _ if age < DAY * 9 => Stage::Sent,
            _ => Stage::Finished,
        }
    }

    fn trade(&mut self, index: u32, shop: &Shop, items: &[Item]) -> Result<(), Refusal> {
        // Trades become more frequent, so that the last day has several.
        let left = f64::from(TRADES - index) / f64::from(TRADES);
        let age = SPAN.mul_f64(left * left);
        let stage = self.stage(index, age);
        let created = self.ago(age);
        let paid = created + Duration::from_secs(self.random.u64(20..600));
        let sent = created + Duration::from_secs(self.random.u64(3_600..80_000));
        let finished = sent + DAY * 6 + Duration::from_secs(self.random.u64(0..86_400));
        // No event is in the future.
        let past = |time: SystemTime| date(time.min(self.now));
        let (paid, sent, finished) = (past(paid), past(sent), past(finished));
        let created = date(created);
        let is_paid = !matches!(stage, Stage::Unpaid | Stage::Closed);
        let is_sent = matches!(stage, Stage::Sent | Stage::Finished);
        let modified = match stage {
            Stage::Unpaid => &created,
            Stage::Paid | Stage::Closed => &paid,
            Stage::Sent => &sent,
            Stage::Finished => &finished,
        };
        let end_time = if matches!(stage, Stage::Finished | Stage::Closed) { json!(modified) } else { Json::Null };

        // The ids of the orders follow the id of the trade. A single order has the id of its trade.
        let tid = Resource::Trade.first_id() + i64::from(index) * 10;
        let company = self.word(words::COMPANY_CODES);
        let waybill = format!("7{}", self.digits(13));
        let count = if self.happens(70) { 1 } else { self.random.usize(2..4) };
        let mut orders = Vec::new();
        let mut total = 0;
        for number in 0..count {
            let Some(item) = items.get(self.random.usize(0..items.len().max(1))) else { continue };
            let sku = item.skus.get(self.random.usize(0..item.skus.len().max(1)));
            let num = if self.happens(80) { 1 } else { self.random.i64(2..4) };
            let fee = item.goods.cents * num;
            total += fee;
            let oid = if count == 1 { tid } else { tid + 1 + i64::try_from(number).unwrap_or_default() };
            orders.push(json!({
                "oid": oid, "num_iid": item.id, "title": item.goods.title, "price": words::amount(item.goods.cents), "num": num,
                "total_fee": words::amount(fee), "payment": words::amount(fee), "discount_fee": "0.00", "adjust_fee": "0.00",
                "divide_order_fee": words::amount(fee), "part_mjz_discount": "0.00", "status": stage.status(),
                "refund_status": "NO_REFUND", "refund_id": null, "outer_iid": item.goods.code, "pic_path": item.pic_url,
                "sku_id": sku.map(|sku| sku.id.to_string()), "sku_properties_name": sku.map(|sku| sku.name),
                "outer_sku_id": sku.map(|sku| sku.outer_id.as_str()), "cid": item.goods.cid, "seller_type": "B",
                "buyer_rate": false, "seller_rate": false, "end_time": end_time,
                "consign_time": is_sent.then_some(&sent), "invoice_no": is_sent.then_some(&waybill),
                "logistics_company": is_sent.then(|| words::company(company)),
                "shipping_type": "express",
            }));
        }
        let postage = if self.happens(30) { 800 } else { 0 };
        let first = orders.first().cloned().unwrap_or_default();
        let place = self.random.choice(words::DISTRICTS);
        let address = format!(
            "{}{}号{}{}幢{}室",
            self.word(words::STREETS),
            self.random.u32(1..999),
            self.word(words::ESTATES),
            self.random.u32(1..30),
            self.random.u32(1..28) * 100 + self.random.u32(1..5)
        );
        let name = format!("{}{}", self.word(words::SURNAMES), self.word(words::GIVEN_NAMES));
        let nick = format!("{}{}", self.word(words::NICK_HEADS), self.word(words::NICK_TAILS));
        let message = if self.happens(20) { json!(self.word(words::BUYER_MESSAGES)) } else { Json::Null };
        let mut trade = object(json!({
            "tid": tid, "tid_str": tid.to_string(), "status": stage.status(), "type": "guarantee_trade", "title": shop.nick,
            "seller_nick": shop.nick, "buyer_nick": nick, "buyer_open_uid": format!("AAE{}", self.digits(18)),
            "created": created, "modified": modified, "pay_time": is_paid.then_some(&paid),
            "consign_time": is_sent.then_some(&sent), "end_time": end_time, "timeout_action_time": null,
            "num": orders.iter().filter_map(|order| order["num"].as_i64()).sum::<i64>(),
            "num_iid": first["num_iid"], "price": first["price"], "pic_path": first["pic_path"],
            "total_fee": words::amount(total), "payment": words::amount(total + postage), "post_fee": words::amount(postage),
            "discount_fee": "0.00", "adjust_fee": "0.00",
            "received_payment": words::amount(if stage == Stage::Finished { total + postage } else { 0 }),
            "has_post_fee": postage > 0, "alipay_no": is_paid.then(|| format!("2026{}", self.digits(24))),
        "seller_memo": null, "seller_flag": 0, "shipping_type": "express",
            "step_trade_status": null, "step_paid_fee": null, "is_part_consign": false, "buyer_rate": false,
            "seller_rate": false, "trade_from": "WAP", "orders": orders,
        }));
        trade.extend(object(json!({
            "receiver_name": name, "receiver_country": "中国", "receiver_state": place.map(|place| place.state),
            "receiver_city": place.map(|place| place.city), "receiver_district": place.map(|place| place.district),
            "receiver_town": place.map(|place| place.town), "receiver_zip": place.map(|place| place.zip),
            "receiver_address": address, "receiver_mobile": format!("170{:08}", self.random.u32(0..100_000_000)),
            "receiver_phone": null, "oaid": format!("1{}", self.digits(40)), "buyer_message": message,
            "has_buyer_message": !message.is_null(),
        })));
        if is_sent {
            let package = super::shipments::Package { out_sid: waybill, company_code: company.to_owned() };
            let ids = orders.iter().map(|order| order["oid"].clone()).collect();
            let shipment = super::shipments::shipment(&trade, &package, &json!(sent), ids);
            self.store.insert(Resource::Shipment, shipment)?;
        }
        let is_refunded = is_paid && self.happens(20);
        let refund = if is_refunded { self.refund(&trade, stage)? } else { None };
        self.store.insert(Resource::Trade, refund.unwrap_or(trade))?;
        Ok(())
    }

    /// Creates a refund of the first order of a trade. Returns the trade with the status of the refund.
    fn refund(&mut self, trade: &Record, stage: Stage) -> Result<Option<Record>, Refusal> {
        let mut trade = trade.clone();
        let Some(order) = trade.get("orders").and_then(|orders| orders.get(0)).and_then(Json::as_object).cloned()
        else {
            return Ok(None);
        };
        let statuses: &[&str] = match stage {
            Stage::Finished => &["SUCCESS", "SELLER_REFUSE_BUYER", "CLOSED"],
            Stage::Sent => &["WAIT_SELLER_AGREE", "WAIT_BUYER_RETURN_GOODS", "WAIT_SELLER_CONFIRM_GOODS"],
            _ => &["WAIT_SELLER_AGREE"],
        };
        let status = self.word(statuses);
        let is_returned = matches!(status, "WAIT_SELLER_CONFIRM_GOODS");
        let version =
            DateTime::from(self.now).to_system_time().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let company = self.word(words::COMPANY_CODES);
        let times = trade.get("modified").cloned();
        let refund = object(json!({
            "tid": trade.get("tid"), "oid": order.get("oid"), "num_iid": order.get("num_iid"), "num": order.get("num"),
            "title": order.get("title"), "price": order.get("price"), "outer_id": order.get("outer_iid"),
            "sku": order.get("sku_properties_name"), "status": status, "type": "guarantee_trade",
            "order_status": trade.get("status"), "refund_fee": order.get("total_fee"), "total_fee": order.get("total_fee"),
            "payment": "0.00", "reason": self.word(words::REFUND_REASONS), "desc": "麻烦处理一下，谢谢",
            "good_status": if stage == Stage::Paid { "BUYER_NOT_RECEIVED" } else { "BUYER_RECEIVED" },
            "has_good_return": is_returned || status == "WAIT_BUYER_RETURN_GOODS",
            "refund_phase": if stage == Stage::Finished { "aftersale" } else { "onsale" },
            "refund_version": i64::try_from(version.as_millis()).unwrap_or_default(), "dispute_type": "REFUND",
            "buyer_nick": trade.get("buyer_nick"), "buyer_open_uid": trade.get("buyer_open_uid"),
            "seller_nick": trade.get("seller_nick"), "alipay_no": trade.get("alipay_no"), "created": times, "modified": times,
            "company_name": is_returned.then(|| words::company(company)),
            "sid": is_returned.then(|| format!("7{}", self.digits(13))), "good_return_time": null, "address": null,
        }));
        let id = self.store.insert(Resource::Refund, refund)?;
        if let Some(order) = trade.get_mut("orders").and_then(|orders| orders.get_mut(0)).and_then(Json::as_object_mut)
        {
            order.insert("refund_status".to_owned(), status.into());
            order.insert("refund_id".to_owned(), id.to_string().into());
        }
        Ok(Some(trade))
    }
}
