//! Responses of `taobao.trades.sold.get`: 40 trades with the fields that a seller's program reads.

use generated_sdk::api::trade::trades_sold_get::{Trade, TradesSoldGetResponse};
use generated_sdk::generated::{Record, RecordMut, Slot, View};

/// The form of a response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Form {
    Json,
    Simplified,
    Xml,
}

/// The fields of trades and orders that have a value.
const FIELDS: &[&str] = &[
    "trades",
    "orders",
    "tid",
    "oid",
    "status",
    "type",
    "title",
    "created",
    "pay_time",
    "modified",
    "consign_time",
    "end_time",
    "payment",
    "total_fee",
    "discount_fee",
    "adjust_fee",
    "post_fee",
    "price",
    "num",
    "num_iid",
    "pic_path",
    "seller_nick",
    "buyer_nick",
    "buyer_open_uid",
    "seller_flag",
    "has_buyer_message",
    "buyer_rate",
    "seller_rate",
    "trade_from",
    "shipping_type",
    "receiver_name",
    "receiver_state",
    "receiver_city",
    "receiver_district",
    "receiver_address",
    "receiver_zip",
    "receiver_mobile",
    "oaid",
    "sku_id",
    "outer_iid",
    "outer_sku_id",
    "refund_status",
    "sku_properties_name",
    "divide_order_fee",
    "cid",
];

const TEXTS: [&str; 6] = [
    "58.90",
    "guarantee_trade",
    "AAEq5vLhADx9t0aC2f",
    "纯棉短袖T恤 圆领宽松 夏季新款",
    "https://img.example.com/bao/uploaded/i4/main.jpg",
    "浙江省杭州市余杭区文一西路969号",
];

/// Returns a response in this form: about 70 KB.
pub(crate) fn body(form: Form) -> String {
    let mut response = TradesSoldGetResponse::default();
    (response.total_results, response.has_next) = (Some(128), Some(true));
    for item in 0..40 {
        let mut trade = Trade::default();
        fill(&mut trade, item);
        response.trades.push(trade);
    }
    let fields = object(&response, form);
    match form {
        Form::Json => format!(r#"{{"trades_sold_get_response":{fields}}}"#),
        Form::Simplified => fields,
        Form::Xml => format!("<trades_sold_get_response>{fields}</trades_sold_get_response>"),
    }
}

fn fill(record: &mut dyn RecordMut, item: usize) {
    for (index, _) in record.schema().fields.iter().enumerate().filter(|(_, field)| FIELDS.contains(&field.name)) {
        match record.slot(index) {
            Slot::Text(text) => *text = Some(TEXTS[(item + index) % TEXTS.len()].to_owned()),
            Slot::OpenEnum(value) => value.set("WAIT_SELLER_SEND_GOODS".to_owned()),
            Slot::Number(number) => *number = i64::try_from(2_231_958_349_000_000 + item * 1000 + index).ok(),
            Slot::Boolean(boolean) => *boolean = Some(index % 2 == 0),
            Slot::Date(date) => *date = "2024-06-18 10:05:00".parse().ok(),
            Slot::Objects(list) => fill(list.push(), item),
            _ => {}
        }
    }
}

fn object(record: &dyn Record, form: Form) -> String {
    let mut members = Vec::new();
    for (index, field) in record.schema().fields.iter().enumerate() {
        if let Some(value) = value(record.view(index), form) {
            members.push(match form {
                Form::Xml => format!("<{name}>{value}</{name}>", name = field.name),
                Form::Json | Form::Simplified => format!("\"{}\":{value}", field.name),
            });
        }
    }
    if form == Form::Xml { members.concat() } else { format!("{{{}}}", members.join(",")) }
}

fn value(view: View<'_>, form: Form) -> Option<String> {
    let text = match view {
        View::Text(text) => text.to_owned(),
        View::Date(date) => date.to_string(),
        View::Number(number) => return Some(number.to_string()),
        View::Boolean(boolean) => return Some(boolean.to_string()),
        View::Objects(list) => {
            let items: Vec<_> = list.iter().map(|item| (item.schema().name, object(item, form))).collect();
            let joined = || items.iter().map(|(_, item)| item.as_str()).collect::<Vec<_>>().join(",");
            return Some(match form {
                Form::Json => format!("{{\"{}\":[{}]}}", items.first()?.0, joined()),
                Form::Simplified => format!("[{}]", joined()),
                Form::Xml => items.iter().map(|(name, item)| format!("<{name}>{item}</{name}>")).collect(),
            });
        }
        _ => return None,
    };
    Some(if form == Form::Xml { text } else { format!("\"{text}\"") })
}
