//! Lists as iterators, for the blocking client.

use std::fmt;
use std::time::Duration;

use super::client::Client;
use crate::error::Error;
use crate::pagination::position::PagePosition;
use top_protocol::{Paged, Response};

impl Client {
    /// Returns the items of the list that `request` asks for. See [`items`](crate::Client::items) of the async client.
    ///
    /// ```no_run
    /// # #[cfg(feature = "trade")]
    /// # fn example(client: &generated_sdk::blocking::Client) -> Result<(), generated_sdk::Error> {
    /// use generated_sdk::api::trade::TradesSoldGetRequest;
    ///
    /// for trade in client.items(TradesSoldGetRequest::new(["tid", "status"]).page_size(100)) {
    ///     println!("{:?}", trade?.tid);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn items<R: Paged>(&self, request: R) -> Items<R> {
        Items { client: self.clone(), list: self.client.items(request), ended: false }
    }

    /// Returns the pages of the list that `request` asks for, each as a response.
    pub fn pages<R: Paged>(&self, request: R) -> Pages<R> {
        Pages { client: self.clone(), list: self.client.pages(request), ended: false }
    }
}

/// Defines the iterator over the async list of the same name.
macro_rules! iterator {
    ($name:ident, $item:ty, $summary:literal) => {
        #[doc = $summary]
        ///
        /// After an error that can go away, `next` requests the same page again. Any other error is the last item, unless
        #[doc = concat!("[`start_at`](Self::start_at) continues. See [`", stringify!($name), "`](crate::", stringify!($name), ") of the async client.")]
        #[must_use = "no page is requested until `next` is called"]
        pub struct $name<R: Paged> {
            client: Client,
            list: crate::$name<R>,
            ended: bool,
        }

        impl<R: Paged> $name<R> {
            /// Limits the length of the time windows. See [`max_window`](crate::Pages::max_window) of the async client.
            pub fn max_window(self, longest: Duration) -> Self {
                Self { list: self.list.max_window(longest), ..self }
            }

            /// Continues at `position`. See [`start_at`](crate::Pages::start_at) of the async client.
            pub fn start_at(self, position: PagePosition) -> Self {
                Self { list: self.list.start_at(position), ended: false, ..self }
            }

            /// Accepts consecutive pages that are identical. See
            /// [`accept_repeated_pages`](crate::Pages::accept_repeated_pages) of the async client.
            pub fn accept_repeated_pages(self) -> Self {
                Self { list: self.list.accept_repeated_pages(), ..self }
            }
        }

        impl<R: Paged> Iterator for $name<R> {
            type Item = Result<$item, Error>;

            fn next(&mut self) -> Option<Self::Item> {
                if self.ended {
                    return None;
                }
                let next = self.client.wait(async { self.list.next().await.transpose() }).transpose();
                // The error may come from the runtime of the blocking client.
                self.ended = matches!(&next, Some(Err(error)) if self.client.client.is_final(error));
                next
            }
        }

        impl<R: Paged> fmt::Debug for $name<R> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.list.fmt(f)
            }
        }
    };
}

iterator!(Items, R::Item, "The items of a list. Returned by [`Client::items`].");
iterator!(Pages, Response<R::Response>, "The pages of a list. Returned by [`Client::pages`].");

impl<R: Paged> Pages<R> {
    /// Returns the position to continue from. See [`position`](crate::Pages::position) of the async client.
    pub fn position(&self) -> PagePosition {
        self.list.position()
    }
}
