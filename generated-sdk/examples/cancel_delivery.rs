//! Cancellation of a delivery order in a warehouse of Qimen.

use std::env;
use std::error::Error;

use generated_sdk::Client;
use generated_sdk::api::qimen::QimenOrderCancelRequest;
use generated_sdk::api::qimen::qimen_order_cancel::OrderCancelRequest;

/// Cancels a delivery order that the warehouse has not sent yet.
///
/// A warehouse that refuses is an [`Error::Platform`](generated_sdk::Error::Platform) with its code and message.
pub async fn cancel(client: &Client, warehouse: &str, order: &str, reason: &str) -> Result<(), generated_sdk::Error> {
    let order = OrderCancelRequest::new(warehouse, order).order_type("JYCK").cancel_reason(reason);
    client.execute(&QimenOrderCancelRequest::new().request(order)).await?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().ok_or("usage: cancel_delivery CUSTOMER_ID WAREHOUSE ORDER");
    let (customer, warehouse, order) = (next()?, next()?, next()?);
    // TOP_GATEWAY is `qimen-warehouse`, which also selects the dialect.
    let client = Client::from_env()?.customer_id(customer).build()?;
    cancel(&client, &warehouse, &order, "买家取消").await?;
    println!("order {order} is cancelled");
    Ok(())
}
