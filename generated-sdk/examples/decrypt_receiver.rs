//! Decryption of an order's receiver by its OAID.
//!
//! The receiver of an order is encrypted. Its OAID identifies the name, the address and the telephone numbers, and is exchanged
//! for the plain text in a scene, such as the printing of a waybill.

use std::env;
use std::error::Error;

use generated_sdk::Client;
use generated_sdk::api::privacy::TopOaidDecryptRequest;
use generated_sdk::api::privacy::top_oaid_decrypt::{Receiver, ReceiverQuery};
use generated_sdk::api::trade::TradeFullinfoGetRequest;

/// Returns the receiver of an order in plain text.
///
/// `Debug` hides the personal fields of the result. Keep them out of logs and delete them after use.
pub async fn receiver(client: &Client, tid: i64, scene: &str) -> Result<Receiver, Box<dyn Error>> {
    let request = TradeFullinfoGetRequest::new(["tid", "oaid"], tid).include_oaid("true");
    let trade = client.execute(&request).await?.into_value().trade.ok_or("the response has no order")?;
    let oaid = trade.oaid.ok_or("the order has no OAID: it is not encrypted")?;
    let request = TopOaidDecryptRequest::new([ReceiverQuery::new(oaid, tid.to_string(), scene)]);
    let receivers = client.execute(&request).await?.into_value().receiver_list;
    let receiver = receivers.into_iter().next().ok_or("the response has no receiver")?;
    if receiver.matched == Some(false) {
        return Err("the receiver has changed since the order was read: read the order again".into());
    }
    Ok(receiver)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?.build()?;
    let tid = env::args().nth(1).ok_or("usage: decrypt_receiver TID SCENE")?.parse()?;
    let scene = env::args().nth(2).ok_or("usage: decrypt_receiver TID SCENE")?;
    println!("{:?}", receiver(&client, tid, &scene).await?);
    Ok(())
}
