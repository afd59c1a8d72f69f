//! The recipes in generated-sdk/examples, run against the gateway.

/// Includes examples as modules. Their `main` functions are not called.
macro_rules! recipes {
    ($($name:ident $path:literal,)*) => {
        $(#[path = $path] #[allow(dead_code, unreachable_pub, reason = "an example is a program of its own")] mod $name;)*
    };
}

recipes! {
    sync_orders "../../../generated-sdk/examples/sync_orders.rs",
    ship_order "../../../generated-sdk/examples/ship_order.rs",
    agree_refund "../../../generated-sdk/examples/agree_refund.rs",
    cancel_delivery "../../../generated-sdk/examples/cancel_delivery.rs",
    update_stock "../../../generated-sdk/examples/update_stock.rs",
    decrypt_receiver "../../../generated-sdk/examples/decrypt_receiver.rs",
    search_promotions "../../../generated-sdk/examples/search_promotions.rs",
    upload_picture "../../../generated-sdk/examples/upload_picture.rs",
}

use std::path::Path;

use codegen::spec::{self, Parameter, Specs};
use gateway::Gateway;
use generated_sdk::{Client, DateTime};
use serde_json::json;

use crate::support::{self, Console, KEY, SECRET, client, start, start_with};

/// An example of the specs.
const TID: i64 = 2_001_000_000_000_001;
/// An example of the specs.
const REFUND: i64 = 3_001_000_000_000_001;

async fn calls() -> (Client, Console) {
    let (address, console) = start().await;
    (client(address).session("a session").strict(true).build().unwrap(), console)
}

/// Starts a gateway whose specs are changed.
async fn calls_with(change: impl FnOnce(&mut Specs)) -> (Client, Console) {
    let mut specs = spec::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")).unwrap();
    change(&mut specs);
    let (address, console) = start_with(Gateway::builder(specs).application(KEY, SECRET).list_length(30)).await;
    (client(address).session("a session").strict(true).build().unwrap(), console)
}

/// Sets the example of each response field `name` of a method.
fn set_example(specs: &mut Specs, method: &str, name: &str, example: &str) {
    fn set(fields: &mut [Parameter], name: &str, example: &str) -> usize {
        let mut count = 0;
        for field in fields {
            if field.name.value == name {
                field.facts.example = Some(example.to_owned());
                count += 1;
            }
            count += set(&mut field.fields, name, example);
        }
        count
    }
    let method = specs.methods.iter_mut().find(|other| other.spec.method.value == method).unwrap();
    assert!(set(&mut method.spec.response.fields, name, example) > 0, "no field {name}");
}

/// Returns the methods that the gateway processed, in order.
fn methods(console: &Console) -> Vec<String> {
    console.lines().iter().map(|line| line.split("  ").next().unwrap().to_owned()).collect()
}

fn time(text: &str) -> DateTime {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_warehouse_cancels_an_order_or_refuses() {
    let running = support::gateway().start().await.unwrap();
    let dialect = generated_sdk::Gateway::QIMEN_WAREHOUSE.dialect().clone();
    let url = format!("http://{}/router/qimen/service", running.address());
    let warehouse = generated_sdk::Gateway::from(url).with_dialect(dialect);
    let credentials = generated_sdk::AppCredentials::new(KEY, SECRET);
    let client = Client::builder(warehouse, credentials).customer_id("c1").build().unwrap();
    cancel_delivery::cancel(&client, "WH01", "JY1", "取消").await.unwrap();
    let refusal = json!({ "response": { "flag": "failure", "code": "S001", "message": "the order is sent" } });
    running.on("taobao.qimen.order.cancel").respond(refusal);
    let error = cancel_delivery::cancel(&client, "WH01", "JY1", "取消").await.unwrap_err();
    assert_eq!(error.platform().unwrap().code.to_string(), "S001", "{error}");
}

#[tokio::test]
async fn overlapping_runs_store_each_order_once() {
    let (client, _) = calls().await;
    // The gateway has an order for each minute.
    let mut orders = sync_orders::OrderStore::new(time("2024-06-18 10:00:00"));
    let first = orders.sync(&client, time("2024-06-18 12:00:00")).await.unwrap();
    assert!(first >= 130, "{first}");
    assert_eq!(orders.count(), first);
    // The second run also reads the last 10 minutes of the first one.
    let second = orders.sync(&client, time("2024-06-18 12:30:00")).await.unwrap();
    assert_eq!(second, 30);
    assert_eq!(orders.sync(&client, time("2024-06-18 12:30:00")).await.unwrap(), 0);
}

#[tokio::test]
async fn a_failed_run_is_repeated_from_its_start() {
    let (address, _) = start().await;
    let refused = client(address).strict(true).build().unwrap();
    let client = client(address).session("a session").build().unwrap();
    let mut orders = sync_orders::OrderStore::new(time("2024-06-18 10:00:00"));
    // Without a session the method is refused.
    orders.sync(&refused, time("2024-06-18 11:00:00")).await.unwrap_err();
    assert_eq!(orders.count(), 0);
    let stored = orders.sync(&client, time("2024-06-18 12:00:00")).await.unwrap();
    assert!(stored >= 130, "{stored}");
}

#[tokio::test]
async fn ships_an_order_and_prints_its_waybill() {
    let (client, console) = calls().await;
    let waybill = ship_order::ship(&client, ship_order::example()).await.unwrap();
    assert_eq!(waybill.code, "75000000000001");
    assert_eq!(methods(&console), ["cainiao.waybill.ii.get", "taobao.logistics.offline.send"]);
    let task = ship_order::print_task(&waybill, "printer 1");
    assert_eq!(task["task"]["printer"], "printer 1");
    let document = json!({ "documentID": "75000000000001", "contents": [{ "encryptedData": "AES:mA1b" }] });
    assert_eq!(task["task"]["documents"], json!([document]));
}

#[tokio::test]
async fn cancels_the_waybill_of_a_refused_shipment() {
    let without =
        |specs: &mut Specs| specs.methods.retain(|method| method.spec.method.value != "taobao.logistics.offline.send");
    let (client, console) = calls_with(without).await;
    let error = ship_order::ship(&client, ship_order::example()).await.unwrap_err();
    assert!(error.to_string().contains("22"), "{error}");
    assert_eq!(methods(&console).last().unwrap(), "cainiao.waybill.ii.cancel");
}

#[tokio::test]
async fn agrees_to_a_refund() {
    let (client, console) = calls().await;
    agree_refund::agree(&client, REFUND, None, None).await.unwrap();
    assert_eq!(methods(&console), ["taobao.refund.get", "taobao.rp.refunds.agree"]);
}

#[tokio::test]
async fn reviews_a_tmall_refund_before_agreeing() {
    let (client, console) = calls().await;
    agree_refund::agree(&client, REFUND, Some("测试店铺:客服"), Some("123456")).await.unwrap();
    assert_eq!(methods(&console), ["taobao.refund.get", "taobao.rp.refund.review", "taobao.rp.refunds.agree"]);
}

#[tokio::test]
async fn agrees_only_to_refunds_that_wait_for_the_seller() {
    let (client, console) = calls_with(|specs| set_example(specs, "taobao.refund.get", "status", "CLOSED")).await;
    let error = agree_refund::agree(&client, REFUND, None, None).await.unwrap_err();
    assert!(error.to_string().contains("does not wait"), "{error}");
    assert_eq!(methods(&console), ["taobao.refund.get"]);
}

#[tokio::test]
async fn reports_a_refund_that_failed() {
    let (client, _) = calls_with(|specs| set_example(specs, "taobao.rp.refunds.agree", "succ", "false")).await;
    let error = agree_refund::agree(&client, REFUND, None, None).await.unwrap_err();
    assert!(error.to_string().contains("failed"), "{error}");
}

#[test]
fn converts_yuan_to_cents_exactly() {
    for (yuan, cents) in [("58.90", "5890"), ("0.01", "1"), ("100", "10000"), ("0", "0")] {
        assert_eq!(agree_refund::cents(yuan).unwrap().to_string(), cents);
    }
    for yuan in ["", "1.001", "x", "79228162514264337593543950335"] {
        agree_refund::cents(yuan).unwrap_err();
    }
}

#[tokio::test]
async fn updates_stock_in_batches() {
    let (client, console) = calls().await;
    let stock: Vec<_> = (0..45).map(|number| (4_200_000_000_001 + number, 7)).collect();
    assert_eq!(update_stock::set_stock(&client, 610_000_000_001, &stock).await.unwrap(), 3);
    assert_eq!(methods(&console), ["taobao.skus.quantity.update"; 3]);
    assert_eq!(update_stock::set_stock(&client, 610_000_000_001, &[]).await.unwrap(), 0);
}

#[tokio::test]
async fn decrypts_a_receiver_and_hides_it_in_debug() {
    let (client, console) = calls().await;
    let receiver = decrypt_receiver::receiver(&client, TID, "1001").await.unwrap();
    assert_eq!(receiver.name.as_deref(), Some("王**"));
    assert_eq!(methods(&console), ["taobao.trade.fullinfo.get", "taobao.top.oaid.decrypt"]);
    let debug = format!("{receiver:?}");
    assert!(!debug.contains("王**") && debug.contains("浙江省"), "{debug}");
}

#[tokio::test]
async fn refuses_a_receiver_that_has_changed() {
    let (client, _) = calls_with(|specs| set_example(specs, "taobao.top.oaid.decrypt", "matched", "false")).await;
    let error = decrypt_receiver::receiver(&client, TID, "1001").await.unwrap_err();
    assert!(error.to_string().contains("read the order again"), "{error}");
}

#[tokio::test]
async fn converts_found_items_to_links() {
    let (client, console) = calls_with(|specs| {
        set_example(specs, "taobao.tbk.dg.general.link.convert", "input_item_id", "AbCd1234-EfGh5678-2");
    })
    .await;
    let found = search_promotions::search(&client, 12_345_678, "保温杯", 25).await.unwrap();
    assert_eq!(found.len(), 25);
    let linked: Vec<_> = found.iter().filter(|promotion| promotion.link.is_some()).collect();
    assert_eq!(linked.len(), 1);
    assert_eq!(linked[0].item_id, "AbCd1234-EfGh5678-2");
    let pages = "taobao.tbk.dg.material.optional.upgrade";
    assert_eq!(methods(&console), [pages, pages, "taobao.tbk.dg.general.link.convert"]);
}

#[tokio::test]
async fn uploads_a_picture() {
    let (client, console) = calls().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cup.gif");
    std::fs::write(&path, b"GIF89a").unwrap();
    assert_eq!(upload_picture::upload(&client, &path).await.unwrap(), "https://img.example.com/cup.jpg");
    assert_eq!(methods(&console), ["taobao.picture.upload"]);
    upload_picture::upload(&client, &folder.path().join("missing.gif")).await.unwrap_err();
}
