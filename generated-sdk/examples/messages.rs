//! Messages of the platform (TMC): each is stored once, and confirmed after it was stored.
//!
//! The platform delivers a message again until it is confirmed, and sometimes although it was. A message whose storage failed
//! is not confirmed, and arrives again.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use generated_sdk::AppCredentials;
use generated_sdk::messages::{Consumer, Deduplicator, Message};

/// The stored messages by topic. An application stores them in its database, with the id as a unique key.
pub struct Inbox {
    handled: Deduplicator<i64>,
    contents: Mutex<BTreeMap<String, Vec<String>>>,
}

impl Inbox {
    /// Returns an empty inbox. It remembers the ids of messages for a day, as long as the platform keeps messages.
    pub fn new() -> Self {
        Self { handled: Deduplicator::new(1_000_000, Duration::from_secs(24 * 60 * 60)), contents: Mutex::default() }
    }

    /// Returns the stored contents of a topic.
    pub fn contents(&self, topic: &str) -> Vec<String> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner).get(topic).cloned().unwrap_or_default()
    }

    /// Stores a message unless it is stored.
    ///
    /// After an error, the message is not confirmed, and the platform delivers it again.
    pub async fn store(&self, message: Message) -> Result<(), String> {
        if self.handled.contains(&message.id) {
            return Ok(());
        }
        if message.content.is_empty() {
            return Err("the message has no content".to_owned());
        }
        println!("{} {} {}", message.id, message.topic, message.content);
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        contents.entry(message.topic).or_default().push(message.content);
        self.handled.insert(message.id);
        Ok(())
    }
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new()
    }
}

/// Stores the messages of a consumer until it is shut down.
pub async fn receive(consumer: Consumer, inbox: Arc<Inbox>) -> Result<(), Box<dyn Error>> {
    let store = move |message| {
        let inbox = Arc::clone(&inbox);
        async move { inbox.store(message).await }
    };
    Ok(consumer.run(store).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("TOP_MESSAGES").map_err(|_| "set TOP_MESSAGES to the URL of the message channel")?;
    let group = env::args().nth(1).unwrap_or_else(|| "default".to_owned());
    let consumer = Consumer::builder(url, AppCredentials::from_env()?).group(group).build()?;
    let handle = consumer.handle();
    tokio::spawn(async move {
        // Without a signal, the program runs until it is killed.
        if tokio::signal::ctrl_c().await.is_ok() {
            handle.shutdown();
        }
    });
    receive(consumer, Arc::new(Inbox::new())).await
}
