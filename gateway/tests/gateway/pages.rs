//! Every pagination strategy of the client, against the local gateway with failing calls.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use codegen::spec;
use gateway::{Gateway, GatewayBuilder};
use generated_sdk::api::item::ItemsOnsaleGetRequest;
use generated_sdk::api::refund::{RefundMessagesGetRequest, RefundsReceiveGetRequest};
use generated_sdk::api::tbk::tbk_relation_refund::{TopApiRefundRptOption, TopApiRefundRptOptionRequired};
use generated_sdk::api::tbk::{TbkDgNewuserOrderSumRequest, TbkOrderDetailsGetRequest, TbkRelationRefundRequest};
use generated_sdk::api::trade::{TradesSoldGetRequest, TradesSoldIncrementGetRequest};
use generated_sdk::client::{BoxFuture, Limits, PaginationErrorKind, SessionProvider};
use generated_sdk::protocol::{Paged, SessionError};
use generated_sdk::{Client, DateTime, Error, Format, RetryPolicy};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::fixture::fixture_pages_get::PageOption;
use crate::fixture::{self, FixtureCursorGetRequest, FixtureOffsetGetRequest, FixturePagesGetRequest};
use crate::support::script::{Step, complete, scripted};
use crate::support::{self, KEY, SECRET};

/// A gateway whose every third call fails: a refusal, a reset connection or an HTTP error.
struct Flaky {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
}

impl Flaky {
    async fn start(gateway: GatewayBuilder) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let flaky = Self { address: listener.local_addr().unwrap(), calls: Arc::default() };
        let (gateway, calls) = (Arc::new(gateway.build()), Arc::clone(&flaky.calls));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (gateway, calls) = (Arc::clone(&gateway), Arc::clone(&calls));
                let service = service_fn(move |request| {
                    let (gateway, call) = (Arc::clone(&gateway), calls.fetch_add(1, Ordering::Relaxed));
                    async move { respond(&gateway, call, request).await }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        flaky
    }

    fn client(&self) -> Client {
        support::client(self.address).build().unwrap().with_session("a session")
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

async fn respond(
    gateway: &Gateway,
    call: usize,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let text = |text: &str| Response::new(Full::new(Bytes::from(text.to_owned())));
    match (call % 3, call / 3 % 3) {
        (2, 0) => return Ok(text(r#"{"error_response":{"code":10,"msg":"Service Currently Unavailable"}}"#)),
        (2, 1) => {
            let mut response = text("<html>try later</html>");
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            return Ok(response);
        }
        (2, _) => return Err(io::ErrorKind::ConnectionReset.into()),
        _ => {}
    }
    let content_type = head.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request =
        gateway::Request { verb: head.method.as_str(), query: "", content_type, body: &body, ..Default::default() };
    Ok(text(&gateway.respond(&request).body))
}

fn moment(text: &str) -> DateTime {
    text.parse().unwrap()
}

/// Reads a list to its end, continuing after every failure. Returns the number of each item, and the failures.
async fn read_all<R: Paged>(client: &Client, request: R, number: impl Fn(R::Item) -> i64) -> (Vec<i64>, usize) {
    let (mut items, mut numbers, mut failures) = (client.items(request), Vec::new(), 0);
    while let Some(item) = items.next().await {
        match item {
            Ok(item) => numbers.push(number(item)),
            Err(Error::Platform(_) | Error::Status(_) | Error::Transport(_)) => failures += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(items.next().await.is_none(), "a list ends once");
    (numbers, failures)
}

/// Returns `count` numbers from `first`.
fn numbers(first: i64, count: i64) -> Vec<i64> {
    (first..first + count).collect()
}

#[tokio::test]
async fn shipped_lists_return_every_item_once() {
    let flaky = Flaky::start(support::gateway().list_length(345)).await;
    let client = flaky.client();
    let whole = |first| numbers(first, 345);

    // By number, with a total.
    let request = ItemsOnsaleGetRequest::new(["num_iid"]).page_size(20);
    let (items, failures) = read_all(&client, request, |item| item.num_iid.unwrap()).await;
    assert_eq!((items, failures), (whole(610_000_000_001), 8));
    let request = RefundMessagesGetRequest::new(["id"], 3_001_000_000_000_001).page_size(40);
    let (items, failures) = read_all(&client, request, |item| item.id.unwrap()).await;
    assert_eq!((items.len(), items.windows(2).all(|pair| pair[1] == pair[0] + 1)), (345, true));
    assert!(failures > 3, "{failures}");
    // By number, with `has_next` or with the total.
    for use_has_next in [None, Some(true), Some(false)] {
        let request = |mut request: TradesSoldGetRequest| {
            request.use_has_next = use_has_next;
            request
        };
        let request = request(TradesSoldGetRequest::new(["tid"]).page_size(50));
        assert_eq!(read_all(&client, request, |trade| trade.tid.unwrap()).await.0, whole(2_001_000_000_000_001));
    }
    let request = RefundsReceiveGetRequest::new(["refund_id"]).page_size(100);
    let (items, _) = read_all(&client, request, |refund| refund.refund_id.unwrap().parse().unwrap()).await;
    assert_eq!(items, whole(items[0]));
    // By a required number, with `has_next`.
    let request = TbkDgNewuserOrderSumRequest::new(40, 1, "119013_2");
    let (items, _) = read_all(&client, request, |day| day.relation_id.unwrap().parse().unwrap()).await;
    assert_eq!(items, whole(123_123));
    // By a number in an object of the request, with a total of type String.
    for (page_no, from) in [(1, 0), (3, 80)] {
        let (start_time, page_size) = (moment("2024-06-18 00:00:00"), 40);
        let request = TbkRelationRefundRequest::new(TopApiRefundRptOption::new(TopApiRefundRptOptionRequired {
            page_size,
            search_type: 1,
            refund_type: 1,
            start_time,
            page_no,
            biz_type: 1,
        }));
        let (items, _) = read_all(&client, request, |refund| refund.tb_trade_id.unwrap()).await;
        assert_eq!(items, whole(2_001_000_000_000_002)[from..]);
    }
}

#[tokio::test]
async fn time_windows_return_every_item_once() {
    let flaky = Flaky::start(support::gateway()).await;
    let client = flaky.client();
    // By number and cursor, in windows of three hours that exclude their end: an item for every minute.
    let (from, to) = ("2024-06-18 10:00:00", "2024-06-18 20:20:30");
    let request = TbkOrderDetailsGetRequest::new(to, from).page_size(100);
    let order = |order: generated_sdk::api::tbk::tbk_order_details_get::PublisherOrderDto| -> i64 {
        order.trade_id.unwrap().parse().unwrap()
    };
    let (items, failures) = read_all(&client, request, order).await;
    assert_eq!((items.clone(), failures), (numbers(items[0], 621), 3));
    // From the second page of the first window. Its cursor is not sent for later windows.
    let request = || TbkOrderDetailsGetRequest::new(to, from).page_size(100);
    let index = client.pages(request()).next().await.unwrap().unwrap().data.as_ref().unwrap().position_index.clone();
    let (rest, _) = read_all(&client, request().page_no(2).position_index(index.unwrap()), order).await;
    assert_eq!(rest, items[100..]);
    // In shorter windows, as on the days of a sale.
    let request = TbkOrderDetailsGetRequest::new(to, from);
    let mut orders = client.items(request).max_window(Duration::from_secs(20 * 60));
    let mut shorter = Vec::new();
    while let Some(item) = orders.next().await {
        shorter.extend(item.ok().map(order));
    }
    assert_eq!(shorter, items);

    // By number from the last page to the first, in windows of a day.
    let (from, to) = (moment("2024-06-18 00:00:00"), moment("2024-06-20 08:59:59"));
    let request = TradesSoldIncrementGetRequest::new(["tid"], from, to).page_size(100);
    let (items, failures) = read_all(&client, request, |trade| trade.tid.unwrap()).await;
    assert!(failures > 10, "{failures}");
    let (all, mut expected) = (numbers(*items.iter().min().unwrap(), 2 * 1440 + 540), Vec::new());
    for day in all.chunks(1440) {
        day.chunks(100).rev().for_each(|page| expected.extend_from_slice(page));
    }
    assert_eq!(items, expected);
}

#[tokio::test]
async fn fixture_lists_return_every_item_once() {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../codegen/tests/fixtures/specs");
    let gateway = || Gateway::builder(spec::read(&specs).unwrap()).application(KEY, SECRET);
    for count in [0, 1, 19, 20, 21, 40, 345] {
        let flaky = Flaky::start(gateway().list_length(count)).await;
        let whole = |first| numbers(first, count.into());
        for (format, simplify) in [(Format::Json, false), (Format::Json, true), (Format::Xml, false)] {
            let client = support::client(flaky.address).format(format).simplify(simplify).build().unwrap();
            // By number from 0, in an object that the request does not have; the items are texts.
            let name = |name: String| name.strip_prefix("端-").unwrap().parse().unwrap();
            assert_eq!(read_all(&client, FixturePagesGetRequest::new(), name).await.0, whole(0));
            let request = FixturePagesGetRequest::new().option(PageOption::new().size(7));
            assert_eq!(read_all(&client, request, name).await.0, whole(0));
            // By offset, without a total.
            let request = FixtureOffsetGetRequest::new("0", 20);
            assert_eq!(read_all(&client, request, |id| id).await.0, whole(7_104_300_007_405_429_232));
            // By cursor: the id of the last item.
            let record = |record: fixture::fixture_cursor_get::PagedRecord| record.record_id.unwrap();
            assert_eq!(read_all(&client, FixtureCursorGetRequest::new(), record).await.0, whole(9_007_199_254_740_993));
        }
    }
}

#[tokio::test]
async fn pages_are_responses() {
    let flaky = Flaky::start(support::gateway().list_length(45)).await;
    let client = flaky.client();
    let mut pages = client.pages(TradesSoldGetRequest::new(["tid"]).page_size(20));
    let (mut sizes, mut has_next) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let Ok(page) = page else { continue };
        assert!(page.request_id().is_some() && page.mismatches().is_empty());
        sizes.push(page.trades.len());
        has_next.push(page.has_next);
    }
    assert_eq!(sizes, [20, 20, 5]);
    assert_eq!(has_next, [Some(true), Some(true), Some(false)]);
    assert_eq!(flaky.calls(), 4, "three pages, and one call that failed");
}

#[tokio::test]
async fn retries_hide_failures() {
    let flaky = Flaky::start(support::gateway().list_length(345)).await;
    let client = flaky.client().with_retry(RetryPolicy::new().first_pause(Duration::from_millis(1)));
    let request = TradesSoldGetRequest::new(["tid"]).page_size(50);
    let read = read_all(&client, request, |trade| trade.tid.unwrap()).await;
    assert_eq!(read, (numbers(2_001_000_000_000_001, 345), 0));
    for _ in 0..9 {
        assert!(client.call("taobao.time.get", ()).await.unwrap()["time"].is_string());
    }
}

#[test]
fn blocking_lists() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let flaky = runtime.block_on(Flaky::start(support::gateway().list_length(45)));
    let client = support::client(flaky.address).build_blocking().unwrap().with_session("a session");
    let request = || TradesSoldGetRequest::new(["tid"]).page_size(20);
    let tids: Vec<_> = client.items(request()).filter_map(|trade| trade.ok()?.tid).collect();
    assert_eq!(tids, numbers(2_001_000_000_000_001, 45));
    let sizes: Vec<_> = client.pages(request()).flatten().map(|page| page.trades.len()).collect();
    assert_eq!(sizes, [20, 20, 5]);
    let mut pages = client.pages(request());
    let position = pages.find(Result::is_ok).map(|_| pages.position()).unwrap();
    assert_eq!(position.number, Some(2));
    let rest: Vec<_> = client.items(request()).start_at(position).filter_map(|trade| trade.ok()?.tid).collect();
    assert_eq!(rest, tids[20..]);
    // A final error ends a loop that ignores errors.
    let invalid = || TradesSoldGetRequest::new(["tid"]).page_size(400);
    assert_eq!((client.items(invalid()).flatten().count(), client.pages(invalid()).count()), (0, 1));
    let refused = br#"{"error_response":{"code":11,"msg":"Insufficient ISV Permissions"}}"#;
    let address = runtime.block_on(scripted(move |_| complete("200 OK", "", refused)));
    let other = support::client(address).build_blocking().unwrap().with_session("a session");
    assert_eq!((other.items(request()).count(), other.pages(request()).flatten().count()), (1, 0));
    let ended = br#"{"error_response":{"code":27,"msg":"Invalid session"}}"#;
    let address = runtime.block_on(scripted(move |_| complete("200 OK", "", ended)));
    let other = support::client(address).build_blocking().unwrap().with_session("a session");
    assert_eq!((other.items(request()).take(9).count(), other.pages(request()).take(9).count()), (1, 1));
    let answers = std::iter::repeat_with(|| client.call("taobao.time.get", ()));
    assert!(answers.take(2).flatten().next().unwrap()["time"].is_string());
}

#[tokio::test]
async fn a_dropped_future_loses_no_item() {
    let flaky = Flaky::start(support::gateway().list_length(45)).await;
    let mut items = flaky.client().items(TradesSoldGetRequest::new(["tid"]).page_size(40));
    for _ in 0..3 {
        tokio::select! {
            biased;
            _ = items.next() => panic!("a response before the request"),
            () = std::future::ready(()) => {}
        }
    }
    assert!(items.next().await.unwrap().is_ok());
    assert_eq!(flaky.calls(), 1);
}

#[tokio::test]
async fn a_final_error_ends_the_list() {
    let flaky = Flaky::start(support::gateway()).await;
    let mut items = flaky.client().items(TradesSoldGetRequest::new(["tid"]).page_size(400));
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "taobao.trades.sold.get was not sent: page_size is greater than 100");
    assert!(items.next().await.is_none() && items.next().await.is_none());
    assert_eq!(flaky.calls(), 0);
    assert_eq!(format!("{items:?}"), r#"Items { method: "taobao.trades.sold.get", .. }"#);
}

/// A refused session is a final error, unless a provider can return another.
#[tokio::test]
async fn a_refused_session_ends_the_list_without_a_provider() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let address = scripted(move |request| {
        counter.fetch_add(1, Ordering::Relaxed);
        match request.parameter("session").as_str() {
            "good" => complete("200 OK", "", trades(1, 2, r#","has_next":false"#)),
            _ => complete("200 OK", "", br#"{"error_response":{"code":27,"msg":"Invalid session"}}"#),
        }
    })
    .await;
    let client = support::client(address).build().unwrap();
    let mut items = client.with_session("bad").items(TradesSoldGetRequest::new(["tid"]));
    assert!(items.next().await.unwrap().unwrap_err().is_session_invalid());
    assert!(items.next().await.is_none());
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    let client = client.with_session_from(Arc::new(Granted(AtomicUsize::new(0))), "a seller");
    let mut items = client.items(TradesSoldGetRequest::new(["tid"]));
    assert!(items.next().await.unwrap().unwrap_err().is_session_invalid());
    assert_eq!(items.next().await.unwrap().unwrap().tid, Some(1));
}

/// A provider whose second session is valid.
struct Granted(AtomicUsize);

impl SessionProvider for Granted {
    fn session<'a>(&'a self, _user: &'a str) -> BoxFuture<'a, Result<String, SessionError>> {
        let asked = self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move { Ok(if asked == 0 { "bad" } else { "good" }.to_owned()) })
    }
}

/// A page of trades with more fields.
fn trades(first: i64, count: i64, beside: &str) -> String {
    let trades: Vec<_> = numbers(first, count).iter().map(|tid| format!("{{\"tid\":{tid}}}")).collect();
    format!("{{\"trades_sold_get_response\":{{\"trades\":{{\"trade\":[{}]}}{beside}}}}}", trades.join(","))
}

/// A page with a value of another type is an error, not the end of the list.
#[tokio::test]
async fn a_type_mismatch_of_a_page_is_an_error() {
    let root = |fields: &str| format!("{{\"trades_sold_get_response\":{{{fields}}}}}");
    for (page, expected) in [
        (
            root(r#""trades":{"trade":[{"tid":41}],"count":2},"has_next":true"#),
            "trades: expected object[], found an object with several members",
        ),
        (
            root(r#""trades":{"trade":[{"tid":41},"oops"]},"has_next":true"#),
            r#"trades[1]: expected object, found "oops""#,
        ),
        (trades(41, 40, r#","has_next":"maybe""#), r#"has_next: expected Boolean, found "maybe""#),
        // A field of an item is left empty.
        (root(r#""trades":{"trade":[{"tid":"abc"}]},"has_next":false"#), ""),
    ] {
        let address = scripted(move |request| match request.parameter("page_no").as_str() {
            "1" => complete("200 OK", "", trades(1, 40, r#","has_next":true"#)),
            _ => complete("200 OK", "", page.clone()),
        })
        .await;
        let client = support::client(address).build().unwrap().with_session("a session");
        let mut items = client.items(TradesSoldGetRequest::new(["tid"]));
        for _ in 0..40 {
            assert!(items.next().await.unwrap().is_ok());
        }
        let next = items.next().await.unwrap();
        assert!(items.next().await.is_none());
        match next {
            Ok(trade) => assert_eq!((trade.tid, expected), (None, "")),
            Err(Error::Decode(error)) => assert_eq!(error.problem, expected),
            Err(error) => panic!("{error}"),
        }
        let mut pages = client.pages(TradesSoldGetRequest::new(["tid"]).page_no(2));
        assert_eq!(pages.next().await.unwrap().unwrap().mismatches().len(), 1);
    }
}

/// A gateway that ignores the page number, and a list whose items have identical fields.
#[tokio::test]
async fn a_repeated_page_ends_the_list() {
    let numbers = Arc::new(Mutex::new(Vec::new()));
    let requested = Arc::clone(&numbers);
    let address = scripted(move |request| {
        let number: i64 = request.parameter("page_no").parse().unwrap();
        requested.lock().unwrap().push(number);
        complete("200 OK", "", trades(7, 1, if number == 4 { r#","has_next":false"# } else { r#","has_next":true"# }))
    })
    .await;
    let client = support::client(address).build().unwrap().with_session("a session");
    let request = || TradesSoldGetRequest::new(["tid"]);
    let mut items = client.items(request());
    assert_eq!(items.next().await.unwrap().unwrap().tid, Some(7));
    let error = items.next().await.unwrap().unwrap_err();
    assert!(items.next().await.is_none());
    assert_eq!(
        error.to_string(),
        "the list ends early at page 2: expected other items than those of the page before, found the same; request a \
         field that differs between items, such as an id, or allow it with `accept_repeated_pages`"
    );
    assert!(!error.is_retryable() && error.body().is_none());
    let Error::Pagination(error) = error else { panic!("{error}") };
    assert_eq!(error.kind, PaginationErrorKind::Repeated);
    // The same list and another one continue at the position of the error, and the list stops after it again.
    let mut items = items.start_at(error.position.clone());
    assert_eq!(items.next().await.unwrap().unwrap().tid, Some(7));
    assert!(items.next().await.unwrap().is_err());
    let mut pages = client.pages(request()).start_at(error.position).accept_repeated_pages();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        count += page.unwrap().trades.len();
    }
    assert_eq!((count, pages.position().number), (3, Some(4)));
    assert_eq!(*numbers.lock().unwrap(), [1, 2, 2, 3, 2, 3, 4]);
}

/// A dropped future releases its permit of the limiter.
#[tokio::test]
async fn a_dropped_future_releases_its_permit() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let address = scripted(move |_| match counter.fetch_add(1, Ordering::Relaxed) {
        0 => vec![Step::Hang],
        _ => complete("200 OK", "", trades(1, 2, r#","has_next":false"#)),
    })
    .await;
    let limits = Limits::new().concurrency(1);
    let client = support::client(address).limiter(limits).build().unwrap().with_session("a session");
    let mut items = client.items(TradesSoldGetRequest::new(["tid"]));
    tokio::select! {
        _ = items.next() => panic!("a response before the server sent one"),
        () = async { while calls.load(Ordering::Relaxed) == 0 { tokio::task::yield_now().await } } => {}
    }
    client.execute(&TradesSoldGetRequest::new(["tid"])).await.unwrap();
    let mut count = 0;
    while let Some(item) = items.next().await {
        count += usize::from(item.is_ok());
    }
    assert_eq!((count, calls.load(Ordering::Relaxed)), (2, 3));
}

/// Both lists are streams that can move to another task.
#[test]
fn lists_are_streams() {
    fn stream<S: futures_core::Stream + Send + Unpin>() {}
    stream::<generated_sdk::client::Pages<TradesSoldGetRequest>>();
    stream::<generated_sdk::client::Items<TradesSoldGetRequest>>();
}

#[tokio::test]
async fn gateway_refuses_invalid_positions() {
    let (address, _) = support::start().await;
    let client = support::client(address).validate(false).build().unwrap().with_session("a session");
    let refused = async |request: TbkOrderDetailsGetRequest| match client.execute(&request).await {
        Err(Error::Platform(error)) => format!("{}: {}", error.msg, error.sub_msg.unwrap_or_default()),
        other => panic!("{other:?}"),
    };
    let span = |from: &str, to: &str| TbkOrderDetailsGetRequest::new(to, from);
    let hour = || span("2024-06-18 10:00:00", "2024-06-18 11:00:00");
    for (request, expected) in [
        (
            span("2024-06-18 10:00:00", "2024-06-18 13:00:01"),
            "Invalid arguments:end_time: end_time must be at most 180 minutes after start_time",
        ),
        (
            span("2024-06-18 10:00:00", "2024-06-18 09:00:00"),
            "Invalid arguments:end_time: end_time must not be before start_time",
        ),
        (
            span("today", "2024-06-18 09:00:00"),
            "Invalid arguments:start_time: start_time must be a date in the form yyyy-MM-dd HH:mm:ss",
        ),
        (hour().page_no(2), "Missing required arguments:position_index: position_index is required"),
        (
            hour().page_no(2).position_index("what"),
            "Invalid arguments:position_index: position_index must be data.position_index of the previous page",
        ),
        (hour().page_no(0), "Invalid arguments:page_no: page_no must be at least 1"),
    ] {
        assert_eq!(refused(request).await, expected);
    }
}
