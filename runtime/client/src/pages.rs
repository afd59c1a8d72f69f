//! Lists, page after page: the next page is asked for when somebody wants what is on it.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::vec;

use futures_core::Stream;

use super::Client;
use super::session::Session;
use super::turned::Page;
use super::walk::{Answered, Walk};
use crate::error::Error;
use top_protocol::{DecodeError, Mismatch, Paged, Paging, Request, Response};

impl Client {
    /// The items of the list that `request` asks for, from its page to the last, whatever the list is paged by. A page is
    /// asked for when the items before it are used up.
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
    /// An error says that a page could not be had. Nothing is lost by it: if it is one that can go away, the next call of
    /// [`next`](Items::next) asks for the same page again. Whoever does not want that stops at the first error, as `?` does
    /// above. An error that the same call would only get again, as for a request that is not valid or an application
    /// without the right, comes once and ends the walk, so that a loop which passes over errors has an end. One that can
    /// go away is [retryable](Error::is_retryable), or one of a [session](Error::is_session_invalid) in whose
    /// place a [provider](Self::with_session_from) can put a new one: what was given to
    /// [`with_session`](Self::with_session) stays refused. Such a loop is to pause after it.
    ///
    /// # What the walk can and cannot promise
    ///
    /// Every item of a list that stands still comes once. A list that changes while it is walked is another matter, which
    /// no client can mend: items that are added before the present page push others to the next one, so that some come
    /// twice; items that go away from before it pull others to where the walk has been, so that some do not come. So ask
    /// for a span of time that is over, and keep track of what you have by its id.
    ///
    /// A list that changed items leave, as that of `taobao.trades.sold.increment.get`, is walked from its last page to its
    /// first, because its spec says so: what leaves the list then pulls items only to where the walk is still to come. The
    /// first page is asked for how many there are, and comes again at the end. Which page is the last follows from how many
    /// items a page is asked to hold. If the first has fewer, the page behind that one is looked at: some may be withheld
    /// from it, or the gateway may give no more than it did. The items of a page come as it has them.
    ///
    /// A list that says that there is more, and of which only empty pages come, ten in a row, ends with an
    /// [`Error::Decode`] that says so: its items did not all come.
    ///
    /// So does one whose gateway gives the same page whatever page it is asked for. A page with the items of the one before
    /// is no proof of that, as items may be alike where few fields are asked for, or new ones may have pushed them on. So
    /// it is held back, and the walk asks for a page that must be behind the end of the list. If that is the same as well,
    /// the walk ends with the error. If there is nothing, the page comes, and no later one is suspected. If that page
    /// is refused, or cannot be had three times over, its error is not told, and the page comes.
    ///
    /// A gateway that gives its last page for every page behind it is no trouble where the list says whether there are
    /// more, or has a total that is reached, nor where a list is walked backwards past such pages to others: they are left
    /// out. Of another list, the walk ends with the same error, behind the last item, or with another that says that one
    /// page came for all. A total that more items came than is not believed.
    /// What is not noticed: pages that come again in turns, and pages of alike items that a cursor leads to without a word
    /// on whether there are more.
    ///
    /// A span of time that is longer than the platform allows is walked in slices, the earliest first.
    pub fn items<R: Paged>(&self, request: R) -> Items<R> {
        Items { pages: self.pages(request), ready: Vec::new().into_iter() }
    }

    /// The same list page by page, each as the response that it is. See [`items`](Self::items).
    ///
    /// The last page may be empty: some lists say in no other way that they end.
    pub fn pages<R: Paged>(&self, request: R) -> Pages<R> {
        let walk = Walk::new(const { &R::PAGING }, &request);
        Pages { client: self.clone(), request: Arc::new(request), walk, answer: None, problem: None, ended: false }
    }
}

type Answer<R> = Pin<Box<dyn Future<Output = Result<Response<<R as Request>::Response>, Error>> + Send>>;

/// The pages of a list. What [`Client::pages`] returns.
#[must_use = "no page is asked for until `next` is called"]
pub struct Pages<R: Paged> {
    client: Client,
    request: Arc<R>,
    walk: Walk,
    /// The call for the present page, if it is on its way. Between two polls of a stream it stays.
    answer: Option<Answer<R>>,
    /// Why the walk was given up: it comes behind the last page.
    problem: Option<Error>,
    /// Whether there was an error that the same call would only get again.
    ended: bool,
}

impl<R: Paged> Pages<R> {
    /// The next page, or `None` behind the last. After an error that can go away, the same page again; after another,
    /// `None`. See [`Client::items`].
    ///
    /// Not to wait for what this returns, as when a `select!` takes another branch, loses nothing: the call is dropped,
    /// with its connection and its place in a [limiter](super::Limits), and the next one asks for the same page. So let
    /// `next` be in the loop as a whole where the other branch is a quick one, or each turn sends a call for nothing. Of a
    /// [`Stream`], the call goes on with the stream, and holds its place in the limiter until that is polled or dropped.
    ///
    /// # Errors
    ///
    /// Every way in which a call can fail.
    pub async fn next(&mut self) -> Option<Result<Response<R::Response>, Error>> {
        self.wait(false).await
    }

    async fn wait(&mut self, whole: bool) -> Option<Result<Response<R::Response>, Error>> {
        let mut waiting = Waiting(self);
        let waiting = &mut waiting;
        poll_fn(|context| waiting.0.poll(context, whole)).await
    }

    /// The same with slices of time no longer than this, where the list is one over a span of time and the platform takes
    /// less than its documents say, as on the days of a sale.
    ///
    /// Slices longer than the documents say are cut to that. It is for a list that nothing was asked of yet: later, it
    /// changes nothing.
    pub fn slices_of(mut self, longest: Duration) -> Self {
        // A call on its way is one for the slice as it is.
        if self.answer.is_none() {
            self.walk.slices_of(longest);
        }
        self
    }

    /// With `whole`, a page of which items are left out is an error, and the last thing that comes.
    fn poll(&mut self, context: &mut Context<'_>, whole: bool) -> Poll<Option<Result<Response<R::Response>, Error>>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            if self.answer.is_none() && self.walk.is_over() {
                return Poll::Ready(self.problem.take().map(Err));
            }
            let answer = self.answer.get_or_insert_with(|| {
                let (client, request) = (self.client.clone(), Arc::clone(&self.request));
                let changes = self.walk.changes(&*request);
                Box::pin(async move { client.execute(&Page::new(&*request, &changes)).await })
            });
            let response = ready!(answer.as_mut().poll(context));
            self.answer = None;
            let response = response.and_then(|response| match lost(&R::PAGING, response.mismatches()) {
                Some(misfit) if whole => Err(Error::mismatch(misfit, response.body())),
                _ => Ok(response),
            });
            let response = match response {
                Ok(response) => response,
                Err(error) => {
                    let is_final = self.client.is_final(&error);
                    if self.walk.failed(is_final) {
                        continue;
                    }
                    self.ended = is_final;
                    return Poll::Ready(Some(Err(error)));
                }
            };
            let Answered { counts, problem } = self.walk.answered(&*response);
            if let Some(problem) = problem {
                let error = DecodeError::new(problem, "the rest of the list", "none of it").in_body(response.body());
                self.problem = Some(Error::Decode(error));
            }
            if counts {
                return Poll::Ready(Some(Ok(response)));
            }
        }
    }
}

/// Somebody who waits for a page. A call that nobody polls would keep its place in the limiter from all others, so it goes
/// when its waiter does; one that changes something is not to be made twice, and stays.
struct Waiting<'p, R: Paged>(&'p mut Pages<R>);

impl<R: Paged> Drop for Waiting<'_, R> {
    fn drop(&mut self) {
        if R::READS {
            self.0.answer = None;
        }
    }
}

impl Client {
    /// Whether to make the call again that failed with `error` is of no use. A session that has ended may be another one
    /// at the next call, if there is somebody to ask for it.
    fn is_final(&self, error: &Error) -> bool {
        let asked_for = matches!(self.session, Session::From(..));
        let renewable = asked_for && error.is_session_invalid() && !error.needs_authorization();
        !error.is_retryable() && !renewable
    }
}

/// A value that did not fit and that the walk cannot be without: the list, one of its items, or what says where it goes on.
/// Each of them left out looks like an end of the list.
fn lost<'m>(paging: &Paging, mismatches: &'m [Mismatch]) -> Option<&'m Mismatch> {
    let next = paging.cursor.map(|(_, next)| next);
    mismatches.iter().find(|mismatch| {
        let needed = [Some(paging.items).filter(|_| !mismatch.replaced), next, paging.total, paging.has_next];
        let names = mismatch.path.split('.').map(|name| name.split_once('[').map_or(name, |(name, _)| name));
        let place: Vec<_> = names.filter(|name| !name.is_empty()).collect();
        needed.into_iter().flatten().any(|way| way.starts_with(&place))
    })
}

impl<R: Paged> Stream for Pages<R> {
    type Item = Result<Response<R::Response>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(context, false)
    }
}

impl<R: Paged> fmt::Debug for Pages<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("method", &R::METHOD).finish_non_exhaustive()
    }
}

/// The items of a list. What [`Client::items`] returns.
#[must_use = "no page is asked for until `next` is called"]
pub struct Items<R: Paged> {
    pages: Pages<R>,
    ready: vec::IntoIter<R::Item>,
}

/// Nothing in it is pinned in its place.
impl<R: Paged> Unpin for Items<R> {}

impl<R: Paged> Items<R> {
    /// The next item, or `None` behind the last. After an error that can go away, the items of the same page; after
    /// another, `None`. See [`Client::items`].
    ///
    /// A page whose list, or an item of it, or what tells where the list goes on does not fit its documented type is an
    /// [`Error::Decode`]: without it items would be missing, and nothing would say so. [`Client::pages`] gives such a page
    /// as it came. A field of an item that does not fit is only left empty, as in every response.
    ///
    /// Not to wait for what this returns, as when a `select!` takes another branch, loses nothing: the call is dropped,
    /// with its connection and its place in a [limiter](super::Limits), and the next one asks for the same page. So let
    /// `next` be in the loop as a whole where the other branch is a quick one, or each turn sends a call for nothing. Of a
    /// [`Stream`], the call goes on with the stream, and holds its place in the limiter until that is polled or dropped.
    ///
    /// # Errors
    ///
    /// Every way in which a call can fail.
    pub async fn next(&mut self) -> Option<Result<R::Item, Error>> {
        loop {
            if let Some(item) = self.ready.next() {
                return Some(Ok(item));
            }
            match self.pages.wait(true).await? {
                Ok(page) => self.ready = R::items(page.into_value()).into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The same with slices of time no longer than this. See [`Pages::slices_of`].
    pub fn slices_of(mut self, longest: Duration) -> Self {
        self.pages = self.pages.slices_of(longest);
        self
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<R::Item, Error>>> {
        loop {
            if let Some(item) = self.ready.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.pages.poll(context, true)) {
                Some(Ok(page)) => self.ready = R::items(page.into_value()).into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<R: Paged> Stream for Items<R> {
    type Item = Result<R::Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(context)
    }
}

impl<R: Paged> fmt::Debug for Items<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("method", &R::METHOD).finish_non_exhaustive()
    }
}

#[cfg(feature = "blocking")]
pub(super) mod blocking {
    //! The same for programs that are not async: lists as iterators.

    use std::fmt;
    use std::time::Duration;

    use crate::blocking::Client;
    use crate::error::Error;
    use top_protocol::{Paged, Response};

    impl Client {
        /// The items of the list that `request` asks for: see [`items`](crate::Client::items) of the async client.
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
            Items { client: self.clone(), items: self.client.items(request), ended: false }
        }

        /// The same list page by page, each as the response that it is.
        pub fn pages<R: Paged>(&self, request: R) -> Pages<R> {
            Pages { client: self.clone(), pages: self.client.pages(request), ended: false }
        }
    }

    /// What comes next, unless there was an error that the same call would only get again.
    fn waited<T: Send>(
        client: &Client,
        ended: &mut bool,
        next: impl Future<Output = Option<Result<T, Error>>> + Send,
    ) -> Option<Result<T, Error>> {
        if *ended {
            return None;
        }
        let next = client.wait(async { next.await.transpose() }).transpose();
        // The error may be one of waiting, of which the walk knows nothing.
        *ended = matches!(&next, Some(Err(error)) if client.client.is_final(error));
        next
    }

    /// The items of a list. What [`Client::items`] returns.
    ///
    /// An error says that a page could not be had. If it can go away, the next call of `next` asks for the same page again;
    /// another comes once and is the last thing that comes. See [`items`](crate::Client::items) of the async client.
    #[must_use = "no page is asked for until `next` is called"]
    pub struct Items<R: Paged> {
        client: Client,
        items: crate::Items<R>,
        ended: bool,
    }

    impl<R: Paged> Items<R> {
        /// The same with slices of time no longer than this. See [`slices_of`](crate::Pages::slices_of) of the async
        /// client.
        pub fn slices_of(mut self, longest: Duration) -> Self {
            self.items = self.items.slices_of(longest);
            self
        }
    }

    impl<R: Paged> Iterator for Items<R> {
        type Item = Result<R::Item, Error>;

        fn next(&mut self) -> Option<Self::Item> {
            waited(&self.client, &mut self.ended, self.items.next())
        }
    }

    impl<R: Paged> fmt::Debug for Items<R> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.items.fmt(f)
        }
    }

    /// The pages of a list. What [`Client::pages`] returns.
    ///
    /// An error says that a page could not be had. If it can go away, the next call of `next` asks for the same page again;
    /// another comes once and is the last thing that comes. See [`items`](crate::Client::items) of the async client.
    #[must_use = "no page is asked for until `next` is called"]
    pub struct Pages<R: Paged> {
        client: Client,
        pages: crate::Pages<R>,
        ended: bool,
    }

    impl<R: Paged> Pages<R> {
        /// The same with slices of time no longer than this. See [`slices_of`](crate::Pages::slices_of) of the async
        /// client.
        pub fn slices_of(mut self, longest: Duration) -> Self {
            self.pages = self.pages.slices_of(longest);
            self
        }
    }

    impl<R: Paged> Iterator for Pages<R> {
        type Item = Result<Response<R::Response>, Error>;

        fn next(&mut self) -> Option<Self::Item> {
            waited(&self.client, &mut self.ended, self.pages.next())
        }
    }

    impl<R: Paged> fmt::Debug for Pages<R> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.pages.fmt(f)
        }
    }
}
