//! Pages and items as streams: the next page is requested when it is needed.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::vec;

use futures_core::Stream;

use super::overlay::RequestOverlay;
use super::page::PageInfo;
use super::paginator::{Paginator, PaginatorState};
use super::position::PagePosition;
use crate::client::Client;
use crate::error::Error;
use crate::session::provider::SessionSource;
use top_protocol::generated::Paging;
use top_protocol::{Mismatch, Paged, Request, Response};

impl Client {
    /// Returns the items of the list that `request` asks for, from its page to the last. Requests a page when the items of
    /// the page before are used up.
    ///
    /// ```no_run
    /// # #[cfg(feature = "trade")]
    /// # async fn example(client: &generated_sdk::Client) -> Result<(), generated_sdk::Error> {
    /// use generated_sdk::api::trade::TradesSoldGetRequest;
    ///
    /// let mut trades = client.items(TradesSoldGetRequest::new(["tid", "status"]).page_size(100));
    /// while let Some(trade) = trades.next().await {
    ///     println!("{:?}", trade?.tid);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Pagination
    ///
    /// - Every item of a list that does not change is returned once. If items are added or leave during the requests, the
    ///   others move between pages, and some are returned twice or not at all: request a time span that is over.
    /// - A list that items leave (spec key `backwards`) is read from the last page to the first, so that none is missed.
    /// - A time span that is longer than the platform allows is read in consecutive time windows, the earliest first.
    /// - Two consecutive non-empty pages with identical items end the list with [`Error::Pagination`], and so does a
    ///   list that reports more items and returns ten empty pages. The error has the position to continue from.
    /// - Not detected: a gateway that returns a few pages in turn, or counts fewer items than it has.
    ///
    /// # Errors
    ///
    /// After an error that [can go away](Error::is_retryable), the next call of [`next`](Items::next) requests the same page
    /// again, and no item is lost. So does one after a refused session, if a
    /// [provider](Self::with_session_from) can return another. Wait before the next call. Any other error is returned once,
    /// and `None` after it.
    pub fn items<R: Paged>(&self, request: R) -> Items<R> {
        Items { pages: self.pages(request), ready: Vec::new().into_iter() }
    }

    /// Returns the pages of the list that `request` asks for, each as a response. See [`items`](Self::items).
    ///
    /// The last page may be empty.
    pub fn pages<R: Paged>(&self, request: R) -> Pages<R> {
        let paginator = Paginator::new(const { &R::PAGING }, &request);
        Pages { client: self.clone(), request: Arc::new(request), paginator, call: None, ended: false }
    }

    /// Returns whether the call that failed with `error` would fail again. A provider may return another session.
    pub(crate) fn is_final(&self, error: &Error) -> bool {
        let has_provider = matches!(self.session, SessionSource::From(..));
        let is_renewable = has_provider && error.is_session_invalid() && !error.needs_authorization();
        !error.is_retryable() && !is_renewable
    }
}

type PageCall<R> = Pin<Box<dyn Future<Output = Result<Response<<R as Request>::Response>, Error>> + Send>>;

/// The pages of a list. Returned by [`Client::pages`].
#[must_use = "no page is requested until `next` is called"]
pub struct Pages<R: Paged> {
    client: Client,
    request: Arc<R>,
    paginator: Paginator,
    /// The call for the current page. It continues between two polls of the stream.
    call: Option<PageCall<R>>,
    /// Whether a call failed with an error that it would fail with again.
    ended: bool,
}

impl<R: Paged> Pages<R> {
    /// Returns the next page, or `None` after the last. After an error that can go away, requests the same page again.
    ///
    /// The returned future can be dropped, as by `select!`: no page is lost. The call is cancelled, and the next one
    /// requests the same page. A [`Stream`] continues its call instead, which holds its permit of the
    /// [limiter](crate::Limits) until the stream is polled or dropped.
    ///
    /// # Errors
    ///
    /// Every error of a call, and [`Error::Pagination`]. See [`Client::items`].
    pub async fn next(&mut self) -> Option<Result<Response<R::Response>, Error>> {
        self.next_page(false).await
    }

    /// Limits the length of the time windows, if the platform accepts less than its documents say, as on the days of a
    /// sale. The limit of the documents remains.
    ///
    /// It has no effect after the first page and after [`start_at`](Self::start_at).
    pub fn max_window(mut self, longest: Duration) -> Self {
        // A call in flight is for the current window.
        if self.call.is_none() {
            self.paginator.limit_windows(longest);
        }
        self
    }

    /// Continues at `position`, which is one of the same list. It can be used before the first page and after an error.
    pub fn start_at(mut self, position: PagePosition) -> Self {
        self.paginator.start_at(position);
        (self.call, self.ended) = (None, false);
        self
    }

    /// Accepts consecutive pages that are identical. Use it if the requested fields do not tell the items apart.
    ///
    /// If the gateway ignores the position of a page, the list may then never end.
    pub fn accept_repeated_pages(mut self) -> Self {
        self.paginator.accept_repeated = true;
        self
    }

    /// Returns the position to [continue from](Self::start_at): that of the page that [`next`](Self::next) requests. After
    /// the end, that of the last page.
    pub fn position(&self) -> PagePosition {
        self.paginator.position.clone()
    }

    async fn next_page(&mut self, strict: bool) -> Option<Result<Response<R::Response>, Error>> {
        let mut guard = CancelOnDrop(self);
        let guard = &mut guard;
        poll_fn(|context| guard.0.poll_page(context, strict)).await
    }

    /// With `strict`, a page that lost an item or its place in the list in decoding is an error.
    fn poll_page(
        &mut self,
        context: &mut Context<'_>,
        strict: bool,
    ) -> Poll<Option<Result<Response<R::Response>, Error>>> {
        while !self.ended && (self.call.is_some() || self.paginator.state == PaginatorState::Reading) {
            let call = self.call.get_or_insert_with(|| {
                let (client, request) = (self.client.clone(), Arc::clone(&self.request));
                let overrides = self.paginator.overrides(&*request);
                Box::pin(async move { client.execute(&RequestOverlay::new(&*request, &overrides)).await })
            });
            let result = ready!(call.as_mut().poll(context));
            self.call = None;
            let result = result.and_then(|response| match lost(&R::PAGING, response.mismatches()) {
                Some(mismatch) if strict => Err(Error::mismatch(mismatch, response.body())),
                _ => Ok(response),
            });
            match result {
                Err(error) => {
                    self.ended = self.client.is_final(&error);
                    return Poll::Ready(Some(Err(error)));
                }
                Ok(response) => {
                    if self.paginator.advance(&PageInfo::of(&R::PAGING, &*response)) {
                        return Poll::Ready(Some(Ok(response)));
                    }
                }
            }
        }
        Poll::Ready(self.paginator.take_error().map(|error| Err(error.into())))
    }
}

/// Cancels the call of a future that is dropped, so that it does not keep its permit of the limiter. A call that changes
/// something must not be made twice, and continues.
struct CancelOnDrop<'p, R: Paged>(&'p mut Pages<R>);

impl<R: Paged> Drop for CancelOnDrop<'_, R> {
    fn drop(&mut self) {
        if R::READS {
            self.0.call = None;
        }
    }
}

/// Returns the mismatch of a value that is needed for completeness: the list, an item, or the facts for the next page.
fn lost<'m>(paging: &Paging, mismatches: &'m [Mismatch]) -> Option<&'m Mismatch> {
    let next = paging.cursor.map(|(_, next)| next);
    mismatches.iter().find(|mismatch| {
        // A text item with replaced characters is not missing.
        let needed = [Some(paging.items).filter(|_| !mismatch.replaced), next, paging.total, paging.has_next];
        let names = mismatch.path.split('.').map(|name| name.split_once('[').map_or(name, |(name, _)| name));
        let path: Vec<_> = names.filter(|name| !name.is_empty()).collect();
        needed.into_iter().flatten().any(|needed| needed.starts_with(&path))
    })
}

impl<R: Paged> Stream for Pages<R> {
    type Item = Result<Response<R::Response>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_page(context, false)
    }
}

impl<R: Paged> fmt::Debug for Pages<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("method", &R::METHOD)
            .field("position", &self.paginator.position)
            .finish_non_exhaustive()
    }
}

/// The items of a list. Returned by [`Client::items`].
#[must_use = "no page is requested until `next` is called"]
pub struct Items<R: Paged> {
    pages: Pages<R>,
    ready: vec::IntoIter<R::Item>,
}

/// Items are moved out, never pinned.
impl<R: Paged> Unpin for Items<R> {}

impl<R: Paged> Items<R> {
    /// Returns the next item, or `None` after the last. After an error that can go away, requests the same page again.
    ///
    /// A page is [`Error::Decode`] if its list, an item or a fact about the next page does not have its documented
    /// type, because items would be missing. [`Client::pages`] returns such a page. A field of an item with another
    /// type is left empty, as in every response.
    ///
    /// The returned future can be dropped, as by `select!`: no item is lost. See [`Pages::next`].
    ///
    /// # Errors
    ///
    /// Every error of a call, and [`Error::Pagination`]. See [`Client::items`].
    pub async fn next(&mut self) -> Option<Result<R::Item, Error>> {
        loop {
            if let Some(item) = self.ready.next() {
                return Some(Ok(item));
            }
            match self.pages.next_page(true).await? {
                Ok(page) => self.ready = R::items(page.into_value()).into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Limits the length of the time windows. See [`Pages::max_window`].
    pub fn max_window(mut self, longest: Duration) -> Self {
        self.pages = self.pages.max_window(longest);
        self
    }

    /// Continues at the first item of the page at `position`. See [`Pages::start_at`].
    pub fn start_at(self, position: PagePosition) -> Self {
        Self { pages: self.pages.start_at(position), ready: Vec::new().into_iter() }
    }

    /// Accepts consecutive pages that are identical. See [`Pages::accept_repeated_pages`].
    pub fn accept_repeated_pages(mut self) -> Self {
        self.pages = self.pages.accept_repeated_pages();
        self
    }
}

impl<R: Paged> Stream for Items<R> {
    type Item = Result<R::Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.ready.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.pages.poll_page(context, true)) {
                Some(Ok(page)) => self.ready = R::items(page.into_value()).into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<R: Paged> fmt::Debug for Items<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("method", &R::METHOD).finish_non_exhaustive()
    }
}
