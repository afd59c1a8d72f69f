//! Update of the stock of an item's SKUs.

use std::error::Error;

use generated_sdk::Client;
use generated_sdk::api::item::SkusQuantityUpdateRequest;

/// The largest number of SKUs in a call.
const BATCH: usize = 20;

/// Sets the stock of SKUs to absolute quantities, and returns the number of calls.
///
/// Absolute quantities make the update safe to repeat after an error. Increments (`type` 2) are not: after a timeout they may
/// have been added already.
pub async fn set_stock(client: &Client, num_iid: i64, stock: &[(i64, u32)]) -> Result<usize, generated_sdk::Error> {
    let batches = stock.chunks(BATCH);
    let calls = batches.len();
    for batch in batches {
        let quantities: Vec<_> = batch.iter().map(|(sku, quantity)| format!("{sku}:{quantity}")).collect();
        let request = SkusQuantityUpdateRequest::new(num_iid).skuid_quantities(quantities.join(";")).r#type(1);
        client.execute(&request).await?;
    }
    Ok(calls)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?.build()?;
    let calls = set_stock(&client, 610_000_000_001, &[(4_200_000_000_001, 100), (4_200_000_000_002, 0)]).await?;
    println!("updated in {calls} call(s)");
    Ok(())
}
