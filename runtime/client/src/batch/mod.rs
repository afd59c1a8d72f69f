//! Batches: many calls in one request (docs/protocol.md section 7.1).
//!
//! ```no_run
//! use generated_sdk::api::top::TopClientTokenGetRequest;
//! use generated_sdk::client::batch::BatchError;
//!
//! # async fn example(client: &generated_sdk::Client) -> Result<(), BatchError> {
//! let one = TopClientTokenGetRequest::new("sec_token");
//! let many = [TopClientTokenGetRequest::new("a"), TopClientTokenGetRequest::new("b")];
//! let (one, many) = client.batch().add(&one).add_all(&many).send().await;
//! println!("{:?}", one?.token);
//! for response in many {
//!     match response {
//!         Ok(response) => println!("{:?}", response.token),
//!         Err(error) => eprintln!("{error}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The gateway processes the calls of a batch in parallel. Each has its own result: a refused call does not affect
//! the others. A batch cannot send files; a call with a file fails before anything is sent.

mod chunk;
mod error;
mod items;
mod send;

use std::fmt;

use secrecy::SecretString;

use crate::client::Client;
use top_protocol::Request;

pub use self::error::BatchError;
pub use self::items::{Append, BatchItem, BatchItems, BatchResult, CallList, SingleCall};

use self::send::{BatchSender, send};

/// The default number of calls per request. The platform documents no limit.
const CHUNK_SIZE: usize = 20;

/// A batch of calls. `T` is the tuple of what was added; [`send`](Self::send) returns a tuple of their results.
#[must_use = "a batch does nothing until `send` is called"]
pub struct Batch<T> {
    client: Client,
    items: T,
    chunk_size: usize,
    url: Option<String>,
}

impl Client {
    /// Creates an empty batch of calls. [The module](crate::batch) has an example.
    pub fn batch(&self) -> Batch<()> {
        Batch { client: self.clone(), items: (), chunk_size: CHUNK_SIZE, url: None }
    }
}

impl<T> Batch<T> {
    /// Adds a call. Up to 12 calls and lists of calls can be added.
    #[expect(clippy::should_implement_trait, reason = "a batch is not a number")]
    pub fn add<'r, R: Request>(self, request: &'r R) -> Batch<T::Output>
    where
        T: Append<SingleCall<'r, R>>,
    {
        self.append(SingleCall { request, session: None })
    }

    /// Adds a call on behalf of the user who granted `session`. Other calls have the session of the client.
    pub fn add_with_session<'r, R: Request>(self, request: &'r R, session: impl Into<String>) -> Batch<T::Output>
    where
        T: Append<SingleCall<'r, R>>,
    {
        self.append(SingleCall { request, session: Some(SecretString::from(session.into())) })
    }

    /// Adds any number of calls of one method. Their results are a list.
    pub fn add_all<'r, R: Request>(self, requests: &'r [R]) -> Batch<T::Output>
    where
        T: Append<CallList<'r, R>>,
    {
        self.append(CallList { requests })
    }

    fn append<I>(self, item: I) -> Batch<T::Output>
    where
        T: Append<I>,
    {
        let Self { client, items, chunk_size, url } = self;
        Batch { client, items: items.append(item), chunk_size, url }
    }

    /// Sets how many calls one request has at most. A larger batch is sent as several requests, one after another.
    /// Default: 20. 0 is taken as 1.
    pub fn chunk_size(self, chunk_size: usize) -> Self {
        Self { chunk_size: chunk_size.max(1), ..self }
    }

    /// Sets the URL of the gateway for batches. Default: the URL of the client's gateway with `/router/batch` instead of
    /// `/router/rest`.
    pub fn url(self, url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..self }
    }
}

impl<T: BatchItems> Batch<T> {
    /// Validates and signs the calls, sends them, and reads the responses.
    ///
    /// Every call of the batch counts for the limiter. A request that fails as a whole is retried if the client's
    /// retry policy allows it for every call in it. A refused call alone is not retried. A refused session of a
    /// provider is not replaced.
    ///
    /// # Errors
    ///
    /// Each call has its own [`BatchError`].
    pub async fn send(self) -> T::Results {
        let Self { client, items, chunk_size, url } = self;
        let sender = BatchSender { client: &client, chunk_size, url: url.as_deref() };
        let mut outcomes = send(&sender, &items).await.into_iter();
        let mut bans = Vec::new();
        let results = items.results(&mut items::Outcomes { client: &client, outcomes: &mut outcomes, bans: &mut bans });
        for ban in bans {
            client.report_ban(ban, client.deadline()).await;
        }
        results
    }
}

impl<T> fmt::Debug for Batch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("client", &self.client)
            .field("chunk_size", &self.chunk_size)
            .finish_non_exhaustive()
    }
}
