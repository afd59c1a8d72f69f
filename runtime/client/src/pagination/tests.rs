//! Tables and properties of the strategies, over lists of a simulated gateway.

use std::time::Duration;

use proptest::prelude::*;

use super::overlay::{RecordOverlay, lookup};
use super::page::{PageInfo, boolean, cursor, integer};
use super::paginator::{Paginator, PaginatorState, strategy};
use super::position::PagePosition;
use super::progress::EMPTY_PAGES;
use super::strategy::Step;
use super::windows::{TimeWindows, later, time};
use crate::error::{PaginationError, PaginationErrorKind};
use top_protocol::generated::{DateTime, Paging, Record, record};

#[derive(Clone, Default)]
struct ListRequest {
    number: Option<i64>,
    offset: Option<i64>,
    cursor: Option<String>,
    size: Option<i64>,
    ask: Option<bool>,
    from: Option<DateTime>,
    to: Option<DateTime>,
}

record! {
    ListRequest {
        0 => number: Number("number", Number);
        1 => offset: Number("offset", Number);
        2 => cursor: Text("cursor", String);
        3 => size: Number("size", Number);
        4 => ask: Boolean("ask", Boolean);
        5 => from: Date("from", Date);
        6 => to: Date("to", Date);
    }
}

#[derive(Clone, Default)]
struct ListResponse {
    items: Vec<i64>,
    total: Option<i64>,
    has_next: Option<bool>,
    next: Option<String>,
}

record! {
    ListResponse {
        0 => items: Numbers("items", Number, list);
        1 => total: Number("total", Number);
        2 => has_next: Boolean("has_next", Boolean);
        3 => next: Text("next", String);
    }
}

const LIST: Paging = Paging::new(&["items"]);
const NUMBER: Paging = LIST.number(&["number"], 1);
const NUMBER_TOTAL: Paging = NUMBER.total(&["total"]);
const NUMBER_HAS_NEXT: Paging = LIST.number(&["number"], 0).has_next(&["has_next"]);
const NUMBER_BOTH: Paging = NUMBER_TOTAL.has_next(&["has_next"]).ask_has_next(&["ask"]);
const NUMBER_CURSOR: Paging = NUMBER.cursor(&["cursor"], &["next"]).has_next(&["has_next"]);
const OFFSET: Paging = LIST.offset(&["offset"]);
const OFFSET_TOTAL: Paging = OFFSET.total(&["total"]);
const CURSOR: Paging = LIST.cursor(&["cursor"], &["next"]);
const CURSOR_TOTAL: Paging = CURSOR.total(&["total"]);
const CURSOR_HAS_NEXT: Paging = CURSOR.has_next(&["has_next"]);
const BACKWARD: Paging = NUMBER_TOTAL.backwards();
const BACKWARD_BOTH: Paging =
    LIST.number(&["number"], 0).total(&["total"]).has_next(&["has_next"]).ask_has_next(&["ask"]).backwards();
const ALL: [Paging; 12] = [
    NUMBER,
    NUMBER_TOTAL,
    NUMBER_HAS_NEXT,
    NUMBER_BOTH,
    NUMBER_CURSOR,
    OFFSET,
    OFFSET_TOTAL,
    CURSOR,
    CURSOR_TOTAL,
    CURSOR_HAS_NEXT,
    BACKWARD,
    BACKWARD_BOTH,
];

fn leaked(paging: Paging) -> &'static Paging {
    Box::leak(Box::new(paging))
}

/// A gateway with one list.
#[derive(Clone, Debug)]
struct Server {
    paging: &'static Paging,
    list: Vec<i64>,
    /// Which items are withheld, repeated for longer lists.
    withheld: Vec<bool>,
    /// The page size if the request has none.
    size: usize,
    max_size: usize,
}

impl Server {
    fn new(paging: &'static Paging, list: Vec<i64>, size: usize) -> Self {
        Self { paging, list, withheld: Vec::new(), size, max_size: usize::MAX }
    }

    fn page_size(&self, request: &dyn Record) -> usize {
        let requested = integer(lookup(request, &["size"])).and_then(|size| usize::try_from(size).ok());
        requested.unwrap_or(self.size).min(self.max_size)
    }

    fn visible(&self, start: usize, end: usize) -> Vec<i64> {
        let is_withheld = |index| !self.withheld.is_empty() && self.withheld[index % self.withheld.len()];
        (start..end.min(self.list.len())).filter(|index| !is_withheld(*index)).map(|index| self.list[index]).collect()
    }

    /// The items from the page that `request` asks for, page by page. Backward: up to this page, if it is not the first.
    fn expected(&self, request: &dyn Record) -> Vec<Vec<i64>> {
        let (size, start) = (self.page_size(request), self.start(request));
        let pages =
            |start: usize, end: usize| (start..end).step_by(size).map(|at| self.visible(at, at + size)).collect();
        match self.paging.backwards {
            false => pages(start, self.list.len()),
            true if start == 0 => pages(0, self.list.len()),
            true => pages(0, (start + size).min(self.list.len())),
        }
    }

    fn start(&self, request: &dyn Record) -> usize {
        let cursor: Option<usize> = cursor(lookup(request, &["cursor"])).map(|cursor| cursor.parse().unwrap());
        let number = integer(lookup(request, &["number"]));
        let offset = integer(lookup(request, &["offset"])).unwrap_or(0).try_into().unwrap();
        match self.paging {
            Paging { cursor: Some(_), .. } => cursor.unwrap_or(0),
            Paging { number: Some((_, first)), .. } => {
                usize::try_from(number.unwrap_or(*first) - first).unwrap() * self.page_size(request)
            }
            _ => offset,
        }
    }

    fn respond(&self, request: &dyn Record) -> ListResponse {
        let (length, start) = (self.list.len(), self.start(request));
        let end = (start + self.page_size(request)).min(length);
        let asked = self.paging.ask_has_next.is_none() || boolean(lookup(request, &["ask"])) == Some(true);
        ListResponse {
            items: self.visible(start.min(end), end),
            total: self.paging.total.filter(|_| self.paging.ask_has_next.is_none() || !asked).map(|_| length as i64),
            has_next: self.paging.has_next.filter(|_| asked).map(|_| end < length),
            // Half of the lists end with a cursor.
            next: self.paging.cursor.filter(|_| end < length || length.is_multiple_of(2)).map(|_| end.to_string()),
        }
    }
}

#[derive(Debug, Default)]
struct Read {
    pages: Vec<Vec<i64>>,
    error: Option<PaginationErrorKind>,
    requests: usize,
}

impl Read {
    /// The items in the order of the list.
    fn items(&self, paging: &Paging) -> Vec<i64> {
        let pages = self.pages.iter().map(Vec::as_slice);
        match paging.backwards {
            true => pages.rev().collect::<Vec<_>>().concat(),
            false => pages.collect::<Vec<_>>().concat(),
        }
    }
}

/// Reads a list to its end, or up to `limit` pages.
fn read_pages(
    paginator: &mut Paginator,
    request: &ListRequest,
    limit: usize,
    mut respond: impl FnMut(&dyn Record) -> ListResponse,
) -> Read {
    let mut read = Read::default();
    while paginator.state == PaginatorState::Reading && read.pages.len() < limit {
        assert!(read.requests < 10_000, "the list does not end: {paginator:?}");
        read.requests += 1;
        let response = respond(&RecordOverlay::new(request, &paginator.overrides(request)));
        if paginator.advance(&PageInfo::of(paginator.paging, &response)) {
            read.pages.push(response.items);
        }
    }
    read.error = paginator.take_error().map(|error| error.kind);
    assert_eq!(paginator.take_error(), None);
    read
}

fn read_all(paging: &'static Paging, request: &ListRequest, respond: impl FnMut(&dyn Record) -> ListResponse) -> Read {
    read_pages(&mut Paginator::new(paging, request), request, usize::MAX, respond)
}

/// The request for the page after `pages` others.
fn request_at(paging: &Paging, pages: i64, size: usize) -> ListRequest {
    let items = pages * size as i64;
    let mut request = ListRequest::default();
    if pages > 0 {
        request.number = paging.number.map(|(_, first)| first + pages);
        request.offset = paging.offset.map(|_| items);
        request.cursor = paging.cursor.map(|_| items.to_string());
    }
    request
}

proptest! {
    /// By number, forward: short pages, withheld items, and any start.
    #[test]
    fn number_returns_every_item_once(
        paging in prop::sample::select(vec![NUMBER, NUMBER_TOTAL, NUMBER_HAS_NEXT, NUMBER_BOTH, NUMBER_CURSOR]),
        total in 0_usize..200,
        size in 1_usize..60,
        requested in prop::option::of(1_i64..60),
        documented in any::<bool>(),
        max_size in prop::option::of(1_usize..60),
        withheld in prop::collection::vec(prop::bool::weighted(0.3), 0..50),
        ask in any::<Option<bool>>(),
        start in prop_oneof![Just(0), 0_i64..8],
    ) {
        let paging = leaked(paging.size(&["size"], documented.then_some(size as i64)));
        let mut server = Server::new(paging, (0..total as i64).collect(), size);
        // An empty page is not the end only if the list says so.
        match max_size {
            Some(max_size) => server.max_size = max_size,
            None if paging.total.is_some() || paging.has_next.is_some() => server.withheld = withheld,
            None => {}
        }
        let mut request = ListRequest { size: requested, ask, ..ListRequest::default() };
        let size = server.page_size(&request);
        request = ListRequest { size: requested, ask, ..request_at(paging, start, size) };
        let expected = server.expected(&request);
        prop_assume!(!expected.windows(EMPTY_PAGES as usize).any(|pages| pages.iter().all(Vec::is_empty)));
        let read = read_all(paging, &request, |request| server.respond(request));
        prop_assert_eq!(read.items(paging), expected.concat());
        // Without a page size, items that are withheld or before the start look like missing ones. So do those of several
        // pages at the end.
        let has_size = requested.is_some() || documented;
        let withheld_pages = expected.iter().rev().take_while(|page| page.is_empty()).count();
        let is_ambiguous = (!has_size && (start > 0 || server.withheld.contains(&true))) || withheld_pages > 1;
        prop_assert!(read.error.is_none() || is_ambiguous, "{:?}", read.error);
    }

    /// By offset: short pages, and any start. Withheld items make pages overlap.
    #[test]
    fn offset_returns_every_item(
        paging in prop::sample::select(vec![OFFSET, OFFSET_TOTAL]),
        total in 0_usize..200,
        size in 1_usize..60,
        requested in prop::option::of(1_i64..60),
        max_size in prop::option::of(1_usize..60),
        withheld in prop::collection::vec(prop::bool::weighted(0.3), 0..50),
        offset in prop_oneof![Just(None), (0_i64..220).prop_map(Some)],
    ) {
        let paging = leaked(paging.size(&["size"], Some(size as i64)));
        let mut server = Server::new(paging, (0..total as i64).collect(), size);
        match max_size {
            Some(max_size) => server.max_size = max_size,
            None if paging.total.is_some() => server.withheld = withheld,
            None => {}
        }
        let request = ListRequest { size: requested, offset, ..ListRequest::default() };
        let expected = server.expected(&request);
        prop_assume!(!expected.windows(EMPTY_PAGES as usize).any(|pages| pages.iter().all(Vec::is_empty)));
        let mut paginator = Paginator::new(paging, &request);
        // Pages that overlap may have the same visible items.
        paginator.accept_repeated = server.withheld.contains(&true);
        let read = read_pages(&mut paginator, &request, usize::MAX, |request| server.respond(request));
        let mut items = read.items(paging);
        if server.withheld.contains(&true) {
            items.sort_unstable();
            items.dedup();
        } else {
            prop_assert_eq!(read.error, None);
        }
        prop_assert_eq!(items, expected.concat());
    }

    /// By cursor: short pages, an end with and without a cursor, and any start.
    #[test]
    fn cursor_returns_every_item_once(
        paging in prop::sample::select(vec![CURSOR, CURSOR_TOTAL, CURSOR_HAS_NEXT]),
        total in 0_usize..200,
        size in 1_usize..60,
        withheld in prop::collection::vec(prop::bool::weighted(0.3), 0..50),
        start in prop_oneof![Just(0), 0_i64..8],
    ) {
        let paging = leaked(paging);
        let mut server = Server::new(paging, (0..total as i64).collect(), size);
        if paging.has_next.is_some() {
            server.withheld = withheld;
        }
        let request = request_at(paging, start.min(total as i64 / size as i64), size);
        let expected = server.expected(&request);
        prop_assume!(!expected.windows(EMPTY_PAGES as usize).any(|pages| pages.iter().all(Vec::is_empty)));
        let read = read_all(paging, &request, |request| server.respond(request));
        prop_assert_eq!(read.items(paging), expected.concat());
        prop_assert_eq!(read.error, None);
    }

    /// By number, backward: short pages, withheld items, and any start.
    #[test]
    fn backward_returns_every_item_once(
        paging in prop::sample::select(vec![BACKWARD, BACKWARD_BOTH]),
        total in 0_usize..200,
        size in 1_usize..60,
        requested in prop::option::of(1_i64..60),
        documented in any::<bool>(),
        max_size in prop::option::of(1_usize..60),
        withheld in prop::collection::vec(prop::bool::weighted(0.3), 0..50),
        start in prop_oneof![Just(0), 0_i64..8],
    ) {
        let paging = leaked(paging.size(&["size"], documented.then_some(size as i64)));
        let mut server = Server::new(paging, (0..total as i64).collect(), size);
        match max_size {
            Some(max_size) => server.max_size = max_size,
            None if documented || requested.is_some() => server.withheld = withheld,
            None => {}
        }
        let mut request = ListRequest { size: requested, ..ListRequest::default() };
        let size = server.page_size(&request);
        request = ListRequest { size: requested, ..request_at(paging, start.min((total / size) as i64), size) };
        let expected = server.expected(&request);
        prop_assume!(!expected.windows(EMPTY_PAGES as usize).any(|pages| pages.iter().all(Vec::is_empty)));
        let read = read_all(paging, &request, |request| server.respond(request));
        prop_assert_eq!(read.items(paging), expected.concat());
        prop_assert_eq!(read.error, None);
    }

    /// A list over a time span, with an item for every second.
    #[test]
    fn windows_return_every_second_once(
        paging in prop::sample::select(ALL.to_vec()),
        excluded in any::<bool>(),
        longest in 1_u64..500,
        span in 0_u64..2000,
        size in 1_usize..60,
    ) {
        let paging = paging.window(&["from"], &["to"], 10);
        let paging = leaked(if excluded { paging.to_excluded() } else { paging });
        let begin: DateTime = "2024-02-28 23:50:00".parse().unwrap();
        let request = ListRequest { from: Some(begin), to: later(begin, span), ..ListRequest::default() };
        let mut paginator = Paginator::new(paging, &request);
        paginator.limit_windows(Duration::from_secs(longest));
        let read = read_pages(&mut paginator, &request, usize::MAX, |request| {
            let (from, to) = (seconds(begin, request, "from"), seconds(begin, request, "to"));
            assert!(to - from <= longest as i64, "{from} to {to}");
            window_server(paging, from, to, size).respond(request)
        });
        let mut items = read.pages.concat();
        items.sort_unstable();
        prop_assert_eq!(items, (0..span as i64 + i64::from(!excluded)).collect::<Vec<_>>());
        prop_assert_eq!(read.error, None);
    }

    /// A list that is continued at its position returns what it would have returned.
    #[test]
    fn every_list_continues_at_its_position(
        paging in prop::sample::select(ALL.to_vec()),
        has_windows in any::<bool>(),
        span in 0_u64..500,
        size in 1_usize..60,
        max_size in 1_usize..60,
        requests in 0_usize..30,
    ) {
        let paging = paging.size(&["size"], Some(size as i64));
        let paging = leaked(if has_windows { paging.window(&["from"], &["to"], 2) } else { paging });
        let begin: DateTime = "2024-02-28 23:50:00".parse().unwrap();
        let request = ListRequest { from: Some(begin), to: later(begin, span), ..ListRequest::default() };
        let respond = |request: &dyn Record| {
            let (from, to) = (seconds(begin, request, "from"), seconds(begin, request, "to"));
            let server = window_server(paging, from, to, size);
            Server { max_size, ..server }.respond(request)
        };
        let mut paginator = Paginator::new(paging, &request);
        let mut items = Vec::new();
        for _ in 0..requests {
            if paginator.state == PaginatorState::Reading {
                let response = respond(&RecordOverlay::new(&request, &paginator.overrides(&request)));
                if paginator.advance(&PageInfo::of(paging, &response)) {
                    items.extend(response.items);
                }
            }
        }
        if paginator.state == PaginatorState::Reading {
            let mut continued = Paginator::new(paging, &request);
            continued.start_at(paginator.position.clone());
            items.extend(read_pages(&mut continued, &request, usize::MAX, respond).pages.concat());
        }
        prop_assert_eq!(items, read_all(paging, &request, respond).pages.concat());
    }
}

fn seconds(begin: DateTime, request: &dyn Record, name: &'static str) -> i64 {
    let moment = time(lookup(request, &[name])).unwrap().to_system_time();
    moment.duration_since(begin.to_system_time()).unwrap().as_secs() as i64
}

fn window_server(paging: &'static Paging, from: i64, to: i64, size: usize) -> Server {
    let is_excluded = paging.window.is_some_and(|window| window.to_excluded);
    Server::new(paging, (from..to + i64::from(!is_excluded)).collect(), size)
}

fn page(count: i64) -> PageInfo {
    PageInfo { count, ..PageInfo::default() }
}

fn with_total(count: i64, total: i64) -> PageInfo {
    PageInfo { total: Some(total), ..page(count) }
}

fn with_has_next(count: i64, has_next: bool) -> PageInfo {
    PageInfo { has_next: Some(has_next), ..page(count) }
}

fn with_next(count: i64, next: &str) -> PageInfo {
    PageInfo { next: Some(next.to_owned()), ..page(count) }
}

/// What a strategy does after the last of these pages. Each one before must be followed by another.
fn after(paging: Paging, start: PagePosition, pages: &[PageInfo]) -> Result<Step, PaginationErrorKind> {
    let size = paging.size.and_then(|(_, default)| default);
    let mut strategy = strategy(&paging, size);
    let (last, before) = pages.split_last().unwrap();
    let mut at = start;
    for page in before {
        at = match strategy.advance(&at, page) {
            Ok(Step::Next(next) | Step::Skip(next)) => next,
            other => panic!("{other:?} after {page:?} of {pages:?}"),
        };
    }
    strategy.advance(&at, last)
}

fn number(number: i64) -> PagePosition {
    PagePosition { number: Some(number), ..PagePosition::default() }
}

fn offset(offset: i64) -> PagePosition {
    PagePosition { offset: Some(offset), ..PagePosition::default() }
}

fn to_cursor(cursor: &str) -> PagePosition {
    PagePosition { cursor: Some(cursor.to_owned()), ..PagePosition::default() }
}

#[test]
fn number_ends() {
    use PaginationErrorKind::EmptyPages;
    let start = PagePosition::default;
    let empty = |count, page: PageInfo| vec![page; count];
    let both = |count, total, has_next| PageInfo { has_next: Some(has_next), ..with_total(count, total) };
    let sized = NUMBER_TOTAL.size(&["size"], Some(40));
    for (paging, start, pages, expected) in [
        // A short page is not the end.
        (NUMBER, start(), vec![page(40), page(10)], Ok(Step::Next(number(3)))),
        (NUMBER, start(), vec![page(40), page(10), page(0)], Ok(Step::End)),
        // The last reported total is used.
        (NUMBER_TOTAL, start(), vec![with_total(40, 80), with_total(40, 90)], Ok(Step::Next(number(3)))),
        (NUMBER_TOTAL, start(), vec![with_total(40, 200), with_total(40, 80)], Ok(Step::End)),
        (NUMBER_TOTAL, start(), vec![with_total(40, 200), with_total(0, 80)], Ok(Step::Next(number(3)))),
        (NUMBER_TOTAL, start(), vec![with_total(40, 200), with_total(0, 40)], Ok(Step::End)),
        // A total below the number of received items is ignored.
        (NUMBER_TOTAL, start(), vec![with_total(40, 10)], Ok(Step::Next(number(2)))),
        (NUMBER_TOTAL, start(), vec![with_total(40, 10), with_total(0, 10)], Ok(Step::End)),
        // Withheld items are part of the total.
        (NUMBER_TOTAL, start(), vec![with_total(40, 75), with_total(30, 75)], Ok(Step::Next(number(3)))),
        (NUMBER_TOTAL, start(), vec![with_total(40, 75), with_total(30, 75), with_total(0, 75)], Ok(Step::End)),
        (NUMBER_HAS_NEXT, start(), vec![with_has_next(40, true), with_has_next(0, true)], Ok(Step::Next(number(2)))),
        (NUMBER_HAS_NEXT, start(), vec![with_has_next(40, true), with_has_next(40, false)], Ok(Step::End)),
        (NUMBER_HAS_NEXT, start(), vec![with_has_next(40, true), page(40)], Ok(Step::Next(number(2)))),
        // `false` may be a default beside a total.
        (NUMBER_BOTH, start(), vec![both(40, 80, false)], Ok(Step::Next(number(2)))),
        (NUMBER_BOTH, start(), vec![both(40, 80, false), both(40, 80, false)], Ok(Step::End)),
        (NUMBER_BOTH, start(), vec![both(40, 0, true)], Ok(Step::Next(number(2)))),
        (NUMBER_BOTH, start(), vec![both(40, 0, false)], Ok(Step::End)),
        // Ten empty pages of a list that reports more items.
        (NUMBER_HAS_NEXT, start(), empty(9, with_has_next(0, true)), Ok(Step::Next(number(9)))),
        (NUMBER_HAS_NEXT, start(), empty(10, with_has_next(0, true)), Err(EmptyPages)),
        (NUMBER_TOTAL, start(), empty(10, with_total(0, 30)), Err(EmptyPages)),
        (sized, start(), empty(10, with_total(0, 30)), Ok(Step::End)),
        (sized, start(), empty(10, with_total(0, 200)), Err(EmptyPages)),
        // The last page is short, and the start hides how many items are before it.
        (sized, number(5), [vec![with_total(5, 165)], empty(10, with_total(0, 165))].concat(), Ok(Step::End)),
        (NUMBER, number(i64::MAX), vec![page(40)], Ok(Step::Next(number(i64::MAX)))),
        (NUMBER_TOTAL, number(i64::MIN), vec![with_total(40, i64::MAX)], Ok(Step::Next(number(i64::MIN + 1)))),
        (NUMBER_TOTAL, start(), vec![with_total(0, i64::MIN)], Ok(Step::End)),
    ] {
        assert_eq!(after(paging, start, &pages), expected, "{pages:?}");
    }
    // A cursor stays if a page returns none.
    let next = PagePosition { cursor: Some("a".to_owned()), ..number(3) };
    let pages = [PageInfo { has_next: Some(true), ..with_next(40, "a") }, with_has_next(40, true)];
    assert_eq!(after(NUMBER_CURSOR, start(), &pages), Ok(Step::Next(next)));
}

#[test]
fn offset_ends() {
    use PaginationErrorKind::EmptyPages;
    for (pages, expected) in [
        (vec![page(40), page(10)], Ok(Step::Next(offset(50)))),
        (vec![page(40), page(0)], Ok(Step::End)),
        (vec![with_total(40, 80), with_total(40, 80)], Ok(Step::End)),
        (vec![with_total(40, 200), with_total(10, 200), with_total(0, 200)], Ok(Step::Next(offset(90)))),
        ([vec![with_total(40, 200)], vec![with_total(0, 200); 10]].concat(), Err(EmptyPages)),
    ] {
        assert_eq!(after(OFFSET_TOTAL, PagePosition::default(), &pages), expected, "{pages:?}");
    }
    assert_eq!(after(OFFSET, offset(i64::MIN), &[page(40)]), Ok(Step::Next(offset(i64::MIN + 40))));
    assert_eq!(after(OFFSET, offset(i64::MAX), &[page(40)]), Ok(Step::Next(offset(i64::MAX))));
}

#[test]
fn cursor_ends() {
    use PaginationErrorKind::{CursorCycle, EmptyPages, MissingCursor};
    let more = |page: PageInfo| PageInfo { has_next: Some(true), ..page };
    for (pages, expected) in [
        (vec![with_next(40, "a"), with_next(40, "b")], Ok(Step::Next(to_cursor("b")))),
        (vec![with_next(40, "a"), page(40)], Ok(Step::End)),
        (vec![with_next(40, "a"), with_next(39, "a")], Ok(Step::End)),
        (vec![with_next(40, "a"), with_next(0, "b")], Ok(Step::End)),
        (vec![more(with_next(40, "a")), more(with_next(0, "b"))], Ok(Step::Next(to_cursor("b")))),
        (vec![more(with_next(40, "a")), more(page(40))], Err(MissingCursor)),
        (vec![more(with_next(40, "a")), more(with_next(39, "a"))], Err(CursorCycle)),
        (vec![PageInfo { has_next: Some(false), ..with_next(40, "a") }], Ok(Step::End)),
        ((0..10).map(|index| more(with_next(0, &index.to_string()))).collect(), Err(EmptyPages)),
    ] {
        assert_eq!(after(CURSOR_HAS_NEXT, PagePosition::default(), &pages), expected, "{pages:?}");
    }
}

#[test]
fn cursor_finds_cycles_of_any_length() {
    for length in 1..40 {
        let mut items = 0;
        let read = read_all(&CURSOR, &ListRequest::default(), |request| {
            items += 1;
            let at: usize = cursor(lookup(request, &["cursor"])).map_or(0, |cursor| cursor.parse().unwrap());
            let next = if at == length + 2 { 3 } else { at + 1 };
            ListResponse { items: vec![items], next: Some(next.to_string()), ..ListResponse::default() }
        });
        assert!(read.requests < 5 * (length + 3), "{length}: {}", read.requests);
        // In a cycle of one page, the cursor stays the same, which is an end.
        let expected = (length > 1).then_some(PaginationErrorKind::CursorCycle);
        assert_eq!(read.error, expected, "{length}");
    }
}

#[test]
fn backward_finds_the_last_page() {
    use PaginationErrorKind::{EmptyPages, UnknownLastPage};
    let start = PagePosition::default;
    let sized = BACKWARD.size(&["size"], Some(40));
    for (paging, start, pages, expected) in [
        (BACKWARD, start(), vec![with_total(0, 0)], Ok(Step::End)),
        (BACKWARD, start(), vec![page(0)], Ok(Step::End)),
        (BACKWARD, start(), vec![with_total(3, 3)], Ok(Step::End)),
        (BACKWARD, start(), vec![with_has_next(3, false)], Ok(Step::End)),
        (BACKWARD, start(), vec![with_total(40, 41)], Ok(Step::Skip(number(2)))),
        (BACKWARD, start(), vec![with_total(40, 80)], Ok(Step::Skip(number(2)))),
        (BACKWARD, start(), vec![with_total(40, 81)], Ok(Step::Skip(number(3)))),
        (BACKWARD, start(), vec![page(40)], Err(UnknownLastPage)),
        (BACKWARD, start(), vec![with_total(40, 3)], Err(UnknownLastPage)),
        (BACKWARD, start(), vec![with_total(0, 81)], Err(UnknownLastPage)),
        (sized, start(), vec![with_total(40, 81)], Ok(Step::Skip(number(3)))),
        // The gateway returns more than requested.
        (sized, start(), vec![with_total(60, 121)], Ok(Step::Skip(number(3)))),
        // The last page is the same for both page sizes.
        (sized, start(), vec![with_total(39, 75)], Ok(Step::Skip(number(2)))),
        // A probe of the page after the last one.
        (sized, start(), vec![with_total(39, 200)], Ok(Step::Skip(number(6)))),
        (sized, start(), vec![with_total(39, 200), with_total(0, 200)], Ok(Step::Skip(number(5)))),
        (sized, start(), vec![with_total(20, 200), with_total(20, 200)], Ok(Step::Skip(number(10)))),
        (sized, start(), vec![with_total(10, 200), with_total(20, 200)], Ok(Step::Skip(number(10)))),
        (sized, start(), vec![with_total(0, 200), with_total(0, 200)], Ok(Step::Skip(number(5)))),
        (sized, start(), vec![with_total(1, i64::MAX)], Ok(Step::Skip(number(i64::MAX / 40 + 2)))),
        // Pages are read up to the first.
        (BACKWARD, number(2), vec![page(40)], Ok(Step::Next(number(1)))),
        (BACKWARD, number(2), vec![page(40), page(40)], Ok(Step::End)),
        (BACKWARD, number(1), vec![page(40)], Ok(Step::End)),
        (BACKWARD, number(50), vec![page(0); 9], Ok(Step::Next(number(41)))),
        (BACKWARD, number(50), vec![page(0); 10], Err(EmptyPages)),
        (BACKWARD, number(10), vec![page(0); 10], Ok(Step::End)),
        (BACKWARD, number(i64::MIN), vec![page(0)], Ok(Step::End)),
    ] {
        assert_eq!(after(paging, start, &pages), expected, "{pages:?}");
    }
}

/// A gateway that ignores the position of a page.
#[test]
fn a_repeated_page_ends_the_list() {
    for (index, paging) in ALL.iter().enumerate() {
        for items in [vec![1], vec![7, 7, 7], (0..40).collect()] {
            let respond = |request: &dyn Record| {
                let asked = paging.ask_has_next.is_none() || boolean(lookup(request, &["ask"])) == Some(true);
                ListResponse {
                    items: items.clone(),
                    total: paging.total.filter(|_| paging.has_next.is_none() || !asked).map(|_| 1000),
                    has_next: paging.has_next.filter(|_| asked).map(|_| true),
                    next: paging.cursor.map(|_| "a".to_owned()),
                }
            };
            let request = ListRequest::default();
            let mut paginator = Paginator::new(paging, &request);
            let read = read_pages(&mut paginator, &request, usize::MAX, respond);
            assert_eq!(
                (&read.pages, read.error),
                (&vec![items.clone()], Some(PaginationErrorKind::Repeated)),
                "{index}"
            );
            // The position is that of the page that was not returned.
            let mut continued = Paginator::new(paging, &request);
            continued.start_at(paginator.position.clone());
            let overrides = |paginator: &Paginator| paginator.position.overrides(paging, &request);
            assert_eq!(overrides(&continued), overrides(&paginator));
            assert_eq!(read_pages(&mut continued, &request, 1, respond).pages, read.pages, "{index}");
        }
    }
}

#[test]
fn pages_repeat_only_if_consecutive_and_not_empty() {
    for (pages, expected) in [
        (vec![vec![1], vec![2], vec![1], vec![]], (3, None)),
        (vec![vec![1], vec![1]], (1, Some(PaginationErrorKind::Repeated))),
        (vec![vec![1, 2], vec![2, 1], vec![]], (4, None)),
        (vec![vec![]], (0, None)),
    ] {
        let mut rest = pages.clone().into_iter();
        let items = |_: &dyn Record| ListResponse { items: rest.next().unwrap(), ..ListResponse::default() };
        let read = read_all(&NUMBER, &ListRequest::default(), items);
        assert_eq!((read.pages.concat().len(), read.error), expected, "{pages:?}");
    }
}

#[test]
fn repeated_pages_are_accepted_on_request() {
    let server = Server::new(&NUMBER, vec![7; 320], 40);
    let request = ListRequest::default();
    let mut paginator = Paginator::new(&NUMBER, &request);
    paginator.accept_repeated = true;
    let read = read_pages(&mut paginator, &request, usize::MAX, |request| server.respond(request));
    assert_eq!((read.pages.concat().len(), read.error), (320, None));
}

/// An item at the end of a window may be the first of the next one too.
#[test]
fn pages_of_different_windows_may_be_identical() {
    const WINDOWS: Paging = NUMBER_TOTAL.window(&["from"], &["to"], 60).to_excluded();
    let (from, to) = ("2024-06-18 00:00:00".parse().ok(), "2024-06-18 03:00:00".parse().ok());
    let server = Server::new(&WINDOWS, vec![1], 40);
    let read =
        read_all(&WINDOWS, &ListRequest { from, to, ..ListRequest::default() }, |request| server.respond(request));
    assert_eq!((read.pages, read.error), (vec![vec![1]; 3], None));
}

#[test]
fn windows_of_a_time_span() {
    let moment = |text: &str| -> DateTime { format!("2024-06-18 {text}").parse().unwrap() };
    let request = |from, to| ListRequest { from: Some(from), to: Some(to), ..ListRequest::default() };
    let windows = |paging: Paging, from: DateTime, to: DateTime, longest: Duration| {
        let mut windows = TimeWindows::of(&request(from, to), paging.window.unwrap()).unwrap();
        windows.longest = longest.min(windows.longest);
        std::iter::successors(Some(windows.first()), |(_, to)| windows.after(*to)).collect::<Vec<_>>()
    };
    let hour = LIST.window(&["from"], &["to"], 60);
    let (from, to) = (moment("10:00:00"), moment("12:00:00"));
    let times = |pairs: &[(&str, &str)]| pairs.iter().map(|(from, to)| (moment(from), moment(to))).collect::<Vec<_>>();
    let included = [("10:00:00", "10:59:59"), ("11:00:00", "11:59:59"), ("12:00:00", "12:00:00")];
    assert_eq!(windows(hour, from, to, Duration::MAX), times(&included));
    let excluded = [("10:00:00", "11:00:00"), ("11:00:00", "12:00:00")];
    assert_eq!(windows(hour.to_excluded(), from, to, Duration::MAX), times(&excluded));
    // A span that ends before it starts is sent unchanged, and so is one within the limit.
    assert_eq!(windows(hour, to, from, Duration::MAX), [(to, from)]);
    assert_eq!(windows(LIST.window(&["from"], &["to"], u64::MAX / 60), from, to, Duration::MAX), [(from, to)]);
    assert_eq!(windows(hour, from, moment("10:00:02"), Duration::ZERO).len(), 3);
    let last: DateTime = "9999-12-31 23:59:59".parse().unwrap();
    assert!(windows(hour, "9999-12-31 20:00:00".parse().unwrap(), last, Duration::MAX).len() < 6);
    assert!(
        TimeWindows::of(&ListRequest { from: Some(from), ..ListRequest::default() }, hour.window.unwrap()).is_none()
    );
}

#[test]
fn windows_are_fixed_after_the_first_page() {
    const WINDOWS: Paging = NUMBER.window(&["from"], &["to"], 60);
    let (from, to) = ("2024-06-18 00:00:00".parse().ok(), "2024-06-18 23:59:59".parse().ok());
    let request = ListRequest { from, to, ..ListRequest::default() };
    let mut paginator = Paginator::new(&WINDOWS, &request);
    paginator.advance(&page(3));
    let before = paginator.overrides(&request);
    paginator.limit_windows(Duration::from_secs(60));
    assert_eq!(paginator.overrides(&request), before);
}

#[test]
fn positions_are_readable() {
    let moment = |text: &str| -> DateTime { text.parse().unwrap() };
    let window = Some((moment("2024-06-18 00:00:00"), moment("2024-06-18 23:59:59")));
    for (position, expected) in [
        (PagePosition::default(), "the first page"),
        (number(3), "page 3"),
        (offset(40), "offset 40"),
        (to_cursor("a"), "cursor \"a\""),
        (
            PagePosition { window, ..number(3) },
            "page 3 of the time window from 2024-06-18 00:00:00 to 2024-06-18 23:59:59",
        ),
    ] {
        assert_eq!(position.to_string(), expected);
    }
    let error = PaginationError { kind: PaginationErrorKind::EmptyPages, position: number(3) };
    assert_eq!(
        error.to_string(),
        "the list ends early at page 3: expected items, found the last of ten empty pages; check the permissions for the \
         items, and continue from this page with `start_at`"
    );
}
