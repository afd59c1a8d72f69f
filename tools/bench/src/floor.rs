//! The floor of decoding: the fields of the measured responses as types that derive serde's `Deserialize`, with dates and
//! prices as text. Types with all documented fields would compile for two minutes.

#![allow(dead_code, reason = "the fields are only decoded")]

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The envelope of JSON.
#[derive(Deserialize)]
pub(crate) struct Root {
    pub(crate) trades_sold_get_response: TradesSold<Json>,
}

/// The form of lists in a format.
pub(crate) trait Form {
    /// Whether a list is an element with one child element per item, and not `{"trade": [...]}` or `[...]`.
    const XML: bool;
}

pub(crate) struct Json;

impl Form for Json {
    const XML: bool = false;
}

pub(crate) struct Xml;

impl Form for Xml {
    const XML: bool = true;
}

/// A list.
pub(crate) struct List<T, F>(pub(crate) Vec<T>, PhantomData<F>);

impl<'de, T: Deserialize<'de>, F: Form> Deserialize<'de> for List<T, F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = List(Vec::new(), PhantomData);
        if F::XML { deserializer.deserialize_map(visitor) } else { deserializer.deserialize_any(visitor) }
    }
}

impl<'de, T: Deserialize<'de>, F: Form> Visitor<'de> for List<T, F> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Self, A::Error> {
        while let Some(item) = items.next_element()? {
            self.0.push(item);
        }
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(IgnoredAny) = map.next_key()? {
            if F::XML {
                self.0.push(map.next_value()?);
            } else {
                self.0 = map.next_value()?;
            }
        }
        Ok(self)
    }
}

#[derive(Deserialize)]
#[serde(bound = "F: Form")]
pub(crate) struct TradesSold<F> {
    total_results: Option<i64>,
    pub(crate) trades: Option<List<Trade<F>, F>>,
    has_next: Option<bool>,
}

#[derive(Deserialize)]
#[serde(bound = "F: Form")]
pub(crate) struct Trade<F> {
    seller_nick: Option<String>,
    buyer_open_uid: Option<String>,
    title: Option<String>,
    r#type: Option<String>,
    created: Option<String>,
    tid: Option<i64>,
    seller_rate: Option<bool>,
    buyer_rate: Option<bool>,
    status: Option<String>,
    payment: Option<String>,
    discount_fee: Option<String>,
    adjust_fee: Option<String>,
    post_fee: Option<String>,
    total_fee: Option<String>,
    pay_time: Option<String>,
    end_time: Option<String>,
    modified: Option<String>,
    consign_time: Option<String>,
    pic_path: Option<String>,
    num_iid: Option<i64>,
    price: Option<String>,
    shipping_type: Option<String>,
    num: Option<i64>,
    receiver_name: Option<String>,
    receiver_state: Option<String>,
    receiver_city: Option<String>,
    receiver_district: Option<String>,
    receiver_address: Option<String>,
    receiver_zip: Option<String>,
    receiver_mobile: Option<String>,
    seller_flag: Option<i64>,
    has_buyer_message: Option<bool>,
    trade_from: Option<String>,
    orders: Option<List<Order, F>>,
    oaid: Option<String>,
    buyer_nick: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Order {
    title: Option<String>,
    pic_path: Option<String>,
    price: Option<String>,
    num_iid: Option<i64>,
    sku_id: Option<String>,
    outer_iid: Option<String>,
    outer_sku_id: Option<String>,
    refund_status: Option<String>,
    status: Option<String>,
    oid: Option<i64>,
    total_fee: Option<String>,
    payment: Option<String>,
    discount_fee: Option<String>,
    adjust_fee: Option<String>,
    divide_order_fee: Option<String>,
    sku_properties_name: Option<String>,
    num: Option<i64>,
    buyer_rate: Option<bool>,
    seller_rate: Option<bool>,
    cid: Option<i64>,
    end_time: Option<String>,
    consign_time: Option<String>,
    shipping_type: Option<String>,
}
