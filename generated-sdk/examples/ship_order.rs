//! Shipment of an order: allocate a waybill, mark the order as shipped, make the task that prints the waybill.
//!
//! The address of the sender must be one that `cainiao.waybill.ii.search` returns, and the template one that
//! `cainiao.cloudprint.stdtemplates.get` returns.

use std::error::Error;

use generated_sdk::Client;
use generated_sdk::api::logistics::LogisticsOfflineSendRequest;
use generated_sdk::api::waybill::cainiao_waybill_ii_get::{
    AddressDto, Item, OrderInfoDto, PackageInfoDto, RecipientInfoDto, TradeOrderInfoDto, TradeOrderInfoDtoRequired,
    UserInfoDto, WaybillCloudPrintApplyNewRequest,
};
use generated_sdk::api::waybill::{CainiaoWaybillIiCancelRequest, CainiaoWaybillIiGetRequest};
use serde_json::{Value, json};

/// What to ship, and how.
#[derive(Clone, Debug)]
pub struct Shipment {
    /// The order.
    pub tid: i64,
    /// The code of the logistics company, such as `ZTO`.
    pub company: String,
    /// The sender.
    pub sender: UserInfoDto,
    /// The recipient; of an encrypted order, with its `oaid` and `tid`.
    pub recipient: RecipientInfoDto,
    /// The goods.
    pub goods: Vec<Item>,
    /// The URL of the waybill's template.
    pub template_url: String,
    /// The seller who owns the waybill account.
    pub seller_id: i64,
}

/// The waybill of a shipped order.
#[derive(Clone, Debug)]
pub struct Waybill {
    /// The number of the waybill.
    pub code: String,
    /// The data to print, as JSON. It may be encrypted; pass it on unchanged.
    pub print_data: Value,
}

/// Allocates a waybill and marks the order as shipped with it.
///
/// If the platform refuses the shipment, the waybill is cancelled. After any other error the shipment may have been
/// processed: query the order before a new attempt.
pub async fn ship(client: &Client, shipment: Shipment) -> Result<Waybill, Box<dyn Error>> {
    let (tid, company) = (shipment.tid, shipment.company.clone());
    let response = client.execute(&waybill_request(shipment)).await?.into_value();
    let allocated = response.modules.into_iter().next().ok_or("the response has no waybill")?;
    let code = allocated.waybill_code.ok_or("the response has no waybill code")?;
    let print_data = serde_json::from_str(&allocated.print_data.ok_or("the response has no print data")?)?;

    let shipped = client.execute(&LogisticsOfflineSendRequest::new(company.as_str(), code.as_str(), tid)).await;
    if let Err(generated_sdk::Error::Platform(refusal)) = shipped {
        client.execute(&CainiaoWaybillIiCancelRequest::new(company, code)).await?;
        return Err(refusal.into());
    }
    shipped?;
    Ok(Waybill { code, print_data })
}

fn waybill_request(shipment: Shipment) -> CainiaoWaybillIiGetRequest {
    let order = TradeOrderInfoDto::new(TradeOrderInfoDtoRequired {
        object_id: shipment.tid.to_string(),
        order_info: OrderInfoDto::new("TB", [shipment.tid.to_string()]),
        package_info: PackageInfoDto::new(shipment.goods),
        recipient: shipment.recipient,
        template_url: shipment.template_url,
        user_id: shipment.seller_id,
    });
    CainiaoWaybillIiGetRequest::new(WaybillCloudPrintApplyNewRequest::new(shipment.company, shipment.sender, [order]))
}

/// Returns the message that the print component on the packing station reads from its WebSocket (`ws://localhost:13528`).
pub fn print_task(waybill: &Waybill, printer: &str) -> Value {
    json!({
        "cmd": "print",
        "version": "1.0",
        "requestID": waybill.code,
        "task": {
            "taskID": waybill.code,
            "preview": false,
            "printer": printer,
            "documents": [{ "documentID": waybill.code, "contents": [waybill.print_data] }],
        },
    })
}

/// A shipment of the local gateway's example order.
pub fn example() -> Shipment {
    let sender = UserInfoDto::new(AddressDto::new("文一西路***", "浙江省"), "李**").mobile("139****0000");
    let recipient = RecipientInfoDto::new(AddressDto::new("文一西路***", "浙江省"), "王**")
        .oaid("1Nw9bXk0")
        .tid("2001000000000001");
    Shipment {
        tid: 2_001_000_000_000_001,
        company: "ZTO".to_owned(),
        sender,
        recipient,
        goods: vec![Item::new(1, "不锈钢保温杯")],
        template_url: "https://example.com/template/303".to_owned(),
        seller_id: 200_000_001,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?.build()?;
    let waybill = ship(&client, example()).await?;
    println!("{:#}", print_task(&waybill, ""));
    Ok(())
}
