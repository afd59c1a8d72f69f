//! Incremental order synchronization, with overlap and deduplication.
//!
//! The platform may publish a modification late, so each run also reads the last minutes of the run before it. An order that
//! two runs return is stored once: by its `tid`, and only if its `modified` is later than the stored one.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use generated_sdk::api::trade::TradesSoldIncrementGetRequest;
use generated_sdk::{Client, DateTime};

/// The time that consecutive runs have in common.
const OVERLAP: Duration = Duration::from_secs(10 * 60);

/// The stored orders. An application keeps them in its database.
#[derive(Debug)]
pub struct OrderStore {
    synced_until: DateTime,
    modified: HashMap<i64, DateTime>,
}

impl OrderStore {
    /// Returns an empty store whose first run starts at `since`.
    pub fn new(since: DateTime) -> Self {
        Self { synced_until: since, modified: HashMap::new() }
    }

    /// Returns the number of stored orders.
    pub fn count(&self) -> usize {
        self.modified.len()
    }

    /// Stores the orders that were modified since the last run, and returns how many are new or newer.
    ///
    /// After an error the next run starts where this one started, so no order is missed.
    pub async fn sync(&mut self, client: &Client, now: DateTime) -> Result<usize, generated_sdk::Error> {
        let start = self.synced_until.to_system_time();
        let from = start.checked_sub(OVERLAP).unwrap_or(start).into();
        let request = TradesSoldIncrementGetRequest::new(["tid", "status", "modified"], from, now).page_size(50);
        let mut trades = client.items(request);
        let mut stored = 0;
        while let Some(trade) = trades.next().await {
            let trade = trade?;
            if let (Some(tid), Some(modified)) = (trade.tid, trade.modified)
                && self.store(tid, modified)
            {
                stored += 1;
            }
        }
        self.synced_until = now;
        Ok(stored)
    }

    /// Stores an order unless the store has the same or a newer version of it.
    fn store(&mut self, tid: i64, modified: DateTime) -> bool {
        let is_newer = self.modified.get(&tid).is_none_or(|stored| *stored < modified);
        if is_newer {
            self.modified.insert(tid, modified);
        }
        is_newer
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?.build()?;
    let now = DateTime::now();
    let hour_ago = now.to_system_time() - Duration::from_secs(3600);
    let mut orders = OrderStore::new(hour_ago.into());
    let stored = orders.sync(&client, now).await?;
    println!("{stored} of {} orders are new or newer", orders.count());
    Ok(())
}
